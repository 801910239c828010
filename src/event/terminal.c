#include "event/terminal.h"

#include "base/human.h"

#include <string.h>

#define LINE_MAX_WIDTH 2000 /* columns: a server's words can be endless */

struct Terminal {
	FILE *out;
	bool colour;
	GHashTable *counts; /* event id: how often it came */
	GQueue kept;	    /* of char *: the last ones, in words */
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
	g_queue_clear_full(&terminal->kept, g_free);
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

/* Whose it is and what happened; without what to do. */
static GString *
sentence(const Event *event)
{
	const struct event_entry *entry = event_entry_find(event_id_of(event));
	const char *mailbox = event_get_text(event, "mailbox");
	g_autofree char *text = event_to_text(event);
	GString *out = g_string_new(NULL);

	if (mailbox != NULL && strstr(entry->text, "{mailbox}") == NULL)
		g_string_append_printf(out, "%s: ", mailbox);
	g_string_append(out, text);
	return out;
}

static void
print(const Terminal *terminal, enum event_level level, const char *text)
{
	g_autofree char *line = human_cut(text, LINE_MAX_WIDTH);
	bool is_error = level == EVENT_ERROR;

	fprintf(terminal->out, "mailmig: %s%s:%s %s\n",
	    !terminal->colour ? ""
	    : is_error	      ? "\033[31m"
			      : "\033[33m",
	    is_error ? "error" : "warning", terminal->colour ? "\033[0m" : "",
	    line);
}

void
terminal_keep(Terminal *terminal, const Event *event)
{
	gpointer id = GINT_TO_POINTER(event_id_of(event));
	g_autoptr(GString) text = NULL;

	if (event_level_of(event) < EVENT_WARNING)
		return;
	g_hash_table_insert(terminal->counts, id,
	    GUINT_TO_POINTER(count_of(terminal, event) + 1));
	if (g_queue_get_length(&terminal->kept) >= TERMINAL_KEPT_MAX)
		g_free(g_queue_pop_head(&terminal->kept));
	text = sentence(event);
	g_string_prepend_c(text, (char)('0' + event_level_of(event)));
	g_queue_push_tail(
	    &terminal->kept, g_string_free(g_steal_pointer(&text), FALSE));
}

void
terminal_event(Terminal *terminal, const Event *event)
{
	const struct event_entry *entry = event_entry_find(event_id_of(event));
	bool wanted = terminal_wants(terminal, event);
	guint before = count_of(terminal, event);
	g_autoptr(GString) whole = NULL;

	terminal_keep(terminal, event);
	if (!wanted)
		return;
	if (before == TERMINAL_REPEAT_MAX) {
		fprintf(terminal->out,
		    "mailmig: more of these (%s) are only in the event log\n",
		    entry->name);
		return;
	}
	whole = sentence(event);
	/* What to do is said once for each kind. */
	if (before == 0 && *entry->remedy != '\0')
		g_string_append_printf(whole, "%s %s",
		    g_str_has_suffix(whole->str, ".") ? "" : ".",
		    entry->remedy);
	print(terminal, event_level_of(event), whole->str);
	fflush(terminal->out);
}

static int
compare_ids(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

void
terminal_show(Terminal *terminal)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int));
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, terminal->counts);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		int id = GPOINTER_TO_INT(key);

		g_array_append_val(ids, id);
	}
	g_array_sort(ids, compare_ids);
	if (ids->len == 0)
		fprintf(
		    terminal->out, "mailmig: no warnings or errors so far\n");
	for (GList *at = terminal->kept.head; at; at = at->next) {
		const char *text = at->data;

		print(terminal, (enum event_level)(text[0] - '0'), text + 1);
	}
	for (guint i = 0; i < ids->len; i++) {
		int id = g_array_index(ids, int, i);
		const struct event_entry *entry = event_entry_find(id);
		guint n = GPOINTER_TO_UINT(
		    g_hash_table_lookup(terminal->counts, GINT_TO_POINTER(id)));

		fprintf(terminal->out, "mailmig: %u %s so far (%s %d)%s%s\n", n,
		    entry->level == EVENT_ERROR
			? (n == 1 ? "error" : "errors")
			: (n == 1 ? "warning" : "warnings"),
		    entry->name, id, *entry->remedy ? ": " : "", entry->remedy);
	}
	fflush(terminal->out);
}
