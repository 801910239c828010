#include "ccmail/directory.h"

#include "base/window.h"

#include <string.h>

void
ccmail_entry_free(void *p)
{
	struct ccmail_entry *entry = p;

	if (entry == NULL)
		return;
	g_free(entry->name);
	g_free(entry->address);
	g_free(entry->comment);
	g_ptr_array_free(entry->members, TRUE);
	g_free(entry);
}

/* "Xxxx: value" at the line's start: the length of the name, or 0. */
static gsize
field_name(const char *text)
{
	gsize n = strspn(text, "abcdefghijklmnopqrstuvwxyz"
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return n > 0 && n <= 16 && text[n] == ':' ? n : 0;
}

static bool
is_field(const char *text, gsize n, const char *name)
{
	return strlen(name) == n && g_ascii_strncasecmp(text, name, n) == 0;
}

static struct ccmail_entry *
begin(
    GPtrArray *out, enum ccmail_entry_kind kind, const char *name, gint64 line)
{
	struct ccmail_entry *entry = g_new0(struct ccmail_entry, 1);

	entry->kind = kind;
	entry->name = g_strdup(name);
	entry->members = g_ptr_array_new_with_free_func(g_free);
	entry->line = line;
	g_ptr_array_add(out, entry);
	return entry;
}

static void
set(char **where, const char *value)
{
	g_free(*where);
	*where = g_strdup(value);
}

/* One line into the entries; false when nobody knows it. */
static bool
take(GPtrArray *out, struct ccmail_entry **entry, const char *text, gint64 line)
{
	gsize n = field_name(text);
	g_autofree char *value = g_strstrip(g_strdup(text + (n ? n + 1 : 0)));

	if (*value == '\0')
		return true;
	if (is_field(text, n, "Name"))
		*entry = begin(out, CCMAIL_ENTRY, value, line);
	else if (is_field(text, n, "List"))
		*entry = begin(out, CCMAIL_LIST, value, line);
	else if (is_field(text, n, "Board"))
		*entry = begin(out, CCMAIL_BOARD, value, line);
	else if (*entry == NULL)
		return false;
	else if (is_field(text, n, "Locn"))
		(*entry)->type = *value;
	else if (is_field(text, n, "Addr"))
		set(&(*entry)->address, value);
	else if (is_field(text, n, "Cmts"))
		set(&(*entry)->comment, value);
	else if ((*entry)->kind == CCMAIL_LIST &&
		 (is_field(text, n, "Memb") ||
		     (n == 0 && (*text == ' ' || *text == '\t'))))
		/* "Last, First" is one member (Q214838). */
		g_ptr_array_add((*entry)->members, g_steal_pointer(&value));
	else
		return false;
	return true;
}

enum status
ccmail_directory_read(const struct blob *data, const Codepage *page,
    GPtrArray *out, guint *unknown, GError **error)
{
	g_autoptr(Window) window = window_new(data);
	g_autoptr(GString) text = g_string_new(NULL);
	struct ccmail_entry *entry = NULL;
	struct window_line line;
	gint64 at = 0, number = 0;
	enum status st;

	*unknown = 0;
	while ((st = window_line(window, at, &line, error)) == ST_OK) {
		at = line.next;
		number++;
		g_string_truncate(text, 0);
		codepage_decode(
		    page, line.text, line.len, true, false, NULL, text);
		if (!take(out, &entry, text->str, number))
			(*unknown)++;
		if (out->len > CCMAIL_ENTRIES_MAX)
			return fail(ST_MAILBOX, error, ERR_LIMIT, RETRY_NEVER,
			    "a directory of more than %d entries",
			    CCMAIL_ENTRIES_MAX);
	}
	return st < 0 ? st : ST_OK;
}
