#include "event/terminal.h"

#include "base/human.h"

#include <string.h>

#define LINE_MAX_WIDTH 2000 /* columns: a server's words can be endless */

struct Terminal {
	FILE *out;
	bool colour;
	GHashTable *counts; /* event id: how often it came */
};

Terminal *
terminal_new(FILE *out, bool colour)
{
	Terminal *terminal = g_new0(Terminal, 1);

	terminal->out = out;
	terminal->colour = colour;
	terminal->counts = g_hash_table_new(NULL, NULL);
	return terminal;
}

void
terminal_free(Terminal *terminal)
{
	if (terminal == NULL)
		return;
	g_hash_table_unref(terminal->counts);
	g_free(terminal);
}

static guint
count_of(const Terminal *terminal, const Event *event)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(
	    terminal->counts, GINT_TO_POINTER(event_id_of(event))));
}

bool
terminal_wants(const Terminal *terminal, const Event *event)
{
	return event_level_of(event) >= EVENT_WARNING &&
	       count_of(terminal, event) <= TERMINAL_REPEAT_MAX;
}

void
terminal_event(Terminal *terminal, const Event *event)
{
	const struct event_entry *entry = event_entry_find(event_id_of(event));
	bool is_error = event_level_of(event) == EVENT_ERROR;
	const char *mailbox = event_get_text(event, "mailbox");
	g_autofree char *text = NULL;
	g_autofree char *line = NULL;
	g_autoptr(GString) whole = NULL;
	guint before;

	if (!terminal_wants(terminal, event))
		return;
	before = count_of(terminal, event);
	g_hash_table_insert(terminal->counts,
	    GINT_TO_POINTER(event_id_of(event)), GUINT_TO_POINTER(before + 1));
	if (before == TERMINAL_REPEAT_MAX) {
		fprintf(terminal->out,
		    "mailmig: more of these (%s) are only in the event log\n",
		    entry->name);
		return;
	}
	text = event_to_text(event);
	whole = g_string_new(NULL);
	if (mailbox != NULL && strstr(entry->text, "{mailbox}") == NULL)
		g_string_append_printf(whole, "%s: ", mailbox);
	g_string_append(whole, text);
	/* What to do is said once for each kind. */
	if (before == 0 && *entry->remedy != '\0')
		g_string_append_printf(whole, "%s %s",
		    g_str_has_suffix(whole->str, ".") ? "" : ".",
		    entry->remedy);
	line = human_cut(whole->str, LINE_MAX_WIDTH);
	fprintf(terminal->out, "mailmig: %s%s:%s %s\n",
	    !terminal->colour ? ""
	    : is_error	      ? "\033[31m"
			      : "\033[33m",
	    is_error ? "error" : "warning", terminal->colour ? "\033[0m" : "",
	    line);
	fflush(terminal->out);
}
