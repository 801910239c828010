/*
 * What people read: sentences on stderr, tables on stdout.
 */
#include "cli/command.h"

#include "base/human.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

void
cli_say(const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, format);
	text = g_strdup_vprintf(format, ap);
	va_end(ap);
	/* Names come from servers and files: no control character of theirs
	 * reaches the terminal. */
	for (char *p = text; *p != '\0'; p++)
		if (g_ascii_iscntrl(*p))
			*p = ' ';
	fprintf(stderr, "mailmig: %s\n", text);
}

int
cli_fail(const GError *error)
{
	cli_say("%s", error->message);
	return error_kind(error) == ERR_CONFIG ? CLI_USAGE : 2;
}

bool
cli_colour(int fd)
{
	const char *term = g_getenv("TERM"), *no = g_getenv("NO_COLOR");

	return isatty(fd) && (no == NULL || *no == '\0') && term != NULL &&
	       strcmp(term, "dumb") != 0;
}

void
cli_table(FILE *out, const GPtrArray *cells, guint n, guint32 right)
{
	g_autofree int *widths = g_new0(int, n);

	for (guint i = 0; i < cells->len; i++)
		widths[i % n] =
		    MAX(widths[i % n], human_width(cells->pdata[i]));
	for (guint i = 0; i < cells->len; i++) {
		guint column = i % n;
		bool is_right = (right & 1u << column) != 0;
		bool is_last = column == n - 1;
		g_autofree char *cell =
		    human_pad(cells->pdata[i], is_right	 ? -widths[column]
					       : is_last ? 0
							 : widths[column]);

		fprintf(out, "%s%s", cell, is_last ? "\n" : "  ");
	}
}
