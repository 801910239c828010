#include "model/filter.h"

#include <fnmatch.h>

const char *const filter_kinds[] = {"mail", "calendar", "contacts", "tasks",
    "notes", "journal", "public", NULL};

const char *
filter_reason_name(enum filter_reason reason)
{
	switch (reason) {
	case FILTER_PASS:
		return "pass";
	case FILTER_BEFORE:
		return "before";
	case FILTER_AFTER:
		return "after";
	case FILTER_SIZE:
		return "size";
	case FILTER_DELETED:
		return "deleted";
	case FILTER_FOLDER:
		return "folder";
	}
	g_assert_not_reached();
}

void
filter_init(struct filter *filter)
{
	filter->since = G_MININT64;
	filter->until = G_MAXINT64;
	filter->size_max = G_MAXINT64;
	filter->deleted = true;
	filter->include = g_ptr_array_new_with_free_func(g_free);
	filter->exclude = g_ptr_array_new_with_free_func(g_free);
	filter->without = g_ptr_array_new_with_free_func(g_free);
}

void
filter_clear(struct filter *filter)
{
	g_clear_pointer(&filter->include, g_ptr_array_unref);
	g_clear_pointer(&filter->exclude, g_ptr_array_unref);
	g_clear_pointer(&filter->without, g_ptr_array_unref);
}

enum filter_reason
filter_message(const struct filter *filter, const struct message *message)
{
	const struct stamp *when = &message->received;

	if (when->known && when->utc < filter->since)
		return FILTER_BEFORE;
	if (when->known && when->utc >= filter->until)
		return FILTER_AFTER;
	if (message->size >= 0 && message->size > filter->size_max)
		return FILTER_SIZE;
	if (!filter->deleted && (message->flags & MESSAGE_DELETED))
		return FILTER_DELETED;
	return FILTER_PASS;
}

static bool
matches(const GPtrArray *patterns, const char *text)
{
	for (guint i = 0; i < patterns->len; i++) {
		const char *pattern = patterns->pdata[i];
		g_autofree char *below = g_strconcat(pattern, "/*", NULL);

		if (fnmatch(pattern, text, FNM_CASEFOLD) == 0 ||
		    fnmatch(below, text, FNM_CASEFOLD) == 0)
			return true;
	}
	return false;
}

bool
filter_without(const struct filter *filter, const char *kind)
{
	return g_ptr_array_find_with_equal_func(
	    filter->without, kind, g_str_equal, NULL);
}

/* By its use, else by its class, else by the name that it has in English: an
 * IMAP server has no word for calendars (RFC 6154). */
static const char *
kind_of(const struct folder *folder)
{
	static const struct {
		const char *kind;
		enum folder_use use;
		const char *class, *name;
	} kinds[] = {
	    {"calendar", FOLDER_CALENDAR, "IPF.Appointment", "calendar"},
	    {"contacts", FOLDER_CONTACTS, "IPF.Contact", "contacts"},
	    {"tasks", FOLDER_TASKS, "IPF.Task", "tasks"},
	    {"notes", FOLDER_NOTES, "IPF.StickyNote", "notes"},
	    {"journal", FOLDER_JOURNAL, "IPF.Journal", "journal"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (folder->use == kinds[i].use)
			return kinds[i].kind;
		if (folder->use != FOLDER_PLAIN)
			continue;
		if (folder->class
			? g_ascii_strcasecmp(folder->class, kinds[i].class) == 0
			: g_ascii_strcasecmp(folder->path[0], kinds[i].name) ==
			      0)
			return kinds[i].kind;
	}
	return "mail";
}

enum filter_reason
filter_folder(const struct filter *filter, const struct folder *folder)
{
	g_autofree char *text = NULL;

	if (filter->without->len > 0 &&
	    filter_without(filter, kind_of(folder)))
		return FILTER_FOLDER;
	if (filter->include->len == 0 && filter->exclude->len == 0)
		return FILTER_PASS;
	text = folder_path_to_text(folder->path);
	if (filter->include->len > 0 && !matches(filter->include, text))
		return FILTER_FOLDER;
	if (matches(filter->exclude, text))
		return FILTER_FOLDER;
	return FILTER_PASS;
}

bool
filter_needs_metadata(const struct filter *filter)
{
	return filter->since != G_MININT64 || filter->until != G_MAXINT64 ||
	    filter->size_max != G_MAXINT64 || !filter->deleted;
}
