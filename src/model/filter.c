#include "model/filter.h"

#include <fnmatch.h>

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
}

void
filter_clear(struct filter *filter)
{
	g_clear_pointer(&filter->include, g_ptr_array_unref);
	g_clear_pointer(&filter->exclude, g_ptr_array_unref);
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

enum filter_reason
filter_folder(const struct filter *filter, const struct folder *folder)
{
	g_autofree char *text = NULL;

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
