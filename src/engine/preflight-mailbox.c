/*
 * The check of one mailbox. The source is read as `show` reads it: by a filter
 * that lets nothing pass, so that messages are told of and no body travels.
 */
#include "engine/preflight-private.h"

#include "dest/dest.h"
#include "engine/boxes.h"
#include "engine/people.h"
#include "source/source.h"

#include <string.h>

#define READ_TOLD 500 /* messages between two events of progress */

/* A folder of the source, and where it will go. */
struct shelf {
	const struct folder *folder;
	char *text;		/* its path */
	gint64 messages, bytes; /* that pass the filter */
};

struct look {
	const struct preflight_look *p;
	struct plan_route route;
	struct job job;
	struct mailbox mailbox;
	struct filter tell_only;
	GPtrArray *shelves; /* of struct shelf */
	GHashTable *by_folder;
	Source *source;
	Dest *dest;
	Boxes *boxes;
	struct dest_place place;
	gint64 messages, bytes, left_out, largest, unreadable;
	gint64 too_large, too_large_bytes;
	char *largest_folder, *first_unreadable;
	gint64 sampled_messages, sampled_bytes, sampled_us;
	guint renamed;
	guint reads; /* messages counted since progress was told */
};

static void
shelf_free(void *data)
{
	struct shelf *shelf = data;

	g_free(shelf->text);
	g_free(shelf);
}

static Event *
finding(struct look *l, enum event_id id)
{
	Event *event = event_new(id);

	event_text(event, "mailbox", l->p->wanted->mailbox);
	event_text(event, "destination", l->p->wanted->destination);
	return event;
}

static void
tell(struct look *l, Event *event)
{
	l->p->tell(event, l->p->user);
}

/* For progress, now and then. */
static void
tell_read(struct look *l, const struct folder *folder)
{
	Event *event;

	if (l->reads == 0)
		return;
	event = finding(l, EVENT_MESSAGES_READ);
	if (folder != NULL)
		event_path(event, "folder", folder->path);
	event_number(event, "n", l->reads);
	event_number(event, "ends", 1);
	tell(l, event);
	l->reads = 0;
}

static void
tell_size(struct look *l)
{
	gint64 messages = source_expect(l->source);
	Event *event;

	if (messages < 0)
		messages = l->p->wanted->messages;
	if (messages < 0)
		return;
	event = finding(l, EVENT_JOB_SIZED);
	event_number(event, "messages", messages);
	event_number(event, "parts", 1);
	tell(l, event);
}

static void
remark(void *ctx, const struct remark *r)
{
	struct look *l = ctx;

	if (r->level != REMARK_ERROR)
		return;
	if (l->unreadable++ == 0)
		l->first_unreadable = g_strdup(r->text);
}

static struct shelf *
shelf_of(struct look *l, const struct folder *folder)
{
	struct shelf *shelf = g_hash_table_lookup(l->by_folder, folder);

	if (shelf != NULL)
		return shelf;
	shelf = g_new0(struct shelf, 1);
	shelf->folder = folder;
	shelf->text = folder_path_to_text(folder->path);
	g_ptr_array_add(l->shelves, shelf);
	g_hash_table_insert(l->by_folder, (void *)folder, shelf);
	return shelf;
}

static void
count_message(struct look *l, const struct message *message)
{
	gint64 size = MAX(message->size, 0);
	struct shelf *shelf = shelf_of(l, message->folder);

	if (filter_folder(&l->p->plan->filter, message->folder) !=
		FILTER_PASS ||
	    filter_message(&l->p->plan->filter, message) != FILTER_PASS) {
		l->left_out++;
		return;
	}
	l->messages++;
	l->bytes += size;
	shelf->messages++;
	shelf->bytes += size;
	if (size > l->largest) {
		l->largest = size;
		g_free(l->largest_folder);
		l->largest_folder = g_strdup(shelf->text);
	}
	if (l->place.message_max >= 0 && size > l->place.message_max) {
		l->too_large++;
		l->too_large_bytes += size;
	}
}

static void
no_cause(struct look *l, const GError *why)
{
	if (l->unreadable++ == 0)
		l->first_unreadable = g_strdup(why->message);
}

static enum status
count_all(struct look *l, GError **error)
{
	for (;;) {
		struct record record = {0};
		g_autoptr(GError) why = NULL;
		enum status st = source_next(l->source, &record, &why);

		if (st == ST_END)
			return ST_OK;
		if (st == ST_ITEM) {
			no_cause(l, why);
		} else if (st < 0) {
			g_propagate_error(error, g_steal_pointer(&why));
			return st;
		} else if (record.kind == RECORD_FOLDER) {
			shelf_of(l, record.folder);
		} else if (record.kind == RECORD_MESSAGE) {
			count_message(l, &record.message);
			if (++l->reads >= READ_TOLD)
				tell_read(l, record.message.folder);
		}
	}
}

/* How fast the source gives bodies: the first messages, for a moment. */
static enum status
sample(struct look *l, GError **error)
{
	gint64 begun_us = g_get_monotonic_time(), spent = 0;
	gint64 limit_us = MIN(PREFLIGHT_SAMPLE_US, *l->p->sampling_us);
	enum status st;

	if (l->messages == 0 || limit_us <= 0)
		return ST_OK;
	l->job.filter = &l->p->plan->filter;
	st = source_begin(l->source, &l->job, error);
	if (st < 0)
		return st;
	while (l->sampled_messages < PREFLIGHT_SAMPLES_MAX) {
		struct record record = {0};
		g_autoptr(GError) why = NULL;

		st = source_next(l->source, &record, &why);
		spent = g_get_monotonic_time() - begun_us;
		if (st == ST_END || (st < 0 && st != ST_ITEM))
			break;
		if (st == ST_OK && record.kind == RECORD_MESSAGE &&
		    record.message.has_body) {
			l->sampled_messages++;
			l->sampled_bytes += record.message.raw.len > 0
						? record.message.raw.len
						: MAX(record.message.size, 0);
		}
		if (spent > limit_us)
			break;
	}
	l->sampled_us = MAX(spent, 1);
	*l->p->sampling_us -= spent;
	source_end(l->source);
	return ST_OK; /* a guess is no reason to fail */
}

static enum status
look_at_source(struct look *l, GError **error)
{
	const struct source_driver *driver =
	    source_driver_find(l->route.from_url.scheme);
	enum status st = source_open(&l->source, driver, &l->route.from, error);

	if (st < 0)
		return st;
	l->job.filter = &l->tell_only;
	st = source_begin(l->source, &l->job, error);
	if (st == ST_OK) {
		tell_size(l);
		st = count_all(l, error);
		tell_read(l, NULL);
	}
	return st;
}

/* The log-on itself, what the place says of itself, and the names that it
 * will give: begin() of a destination with accounts only looks. */
static enum status
look_at_destination(struct look *l, GError **error)
{
	const struct dest_driver *driver =
	    dest_driver_find(l->route.to_url.scheme);
	enum status st;

	if (!driver->accounts)
		return ST_OK;
	st = dest_open(&l->dest, driver, &l->route.to, error);
	if (st == ST_OK)
		st = dest_place(l->dest, &l->place, error);
	if (st == ST_OK && driver->map != NULL)
		st = dest_begin(l->dest, &l->job, error);
	return st;
}

static void
tell_place(struct look *l)
{
	const struct dest_place *p = &l->place;
	Event *event;

	if (l->too_large > 0) {
		event = finding(l, EVENT_CHECK_TOO_LARGE);
		event_number(event, "n", l->too_large);
		event_number(event, "bytes", l->too_large_bytes);
		event_number(event, "limit", p->message_max);
		event_number(event, "largest", l->largest);
		event_text(event, "in", l->largest_folder);
		tell(l, event);
	}
	if ((p->bytes_left >= 0 && l->bytes > p->bytes_left) ||
	    (p->messages_left >= 0 && l->messages > p->messages_left)) {
		event = finding(l, EVENT_CHECK_QUOTA);
		event_number(event, "needed", l->bytes);
		event_number(event, "left", p->bytes_left);
		event_number(event, "messages", l->messages);
		event_number(event, "messages_left", p->messages_left);
		tell(l, event);
	}
	if (p->missing_rights[0] != '\0') {
		event = finding(l, EVENT_CHECK_RIGHTS);
		event_text(event, "rights", p->missing_rights);
		tell(l, event);
	}
}

/* Where a folder goes, after the plan's map and the destination's rules. */
static char *const *
place_of(struct look *l, const struct folder *folder)
{
	struct box *box = boxes_of(l->boxes, folder);

	return l->dest != NULL ? dest_map(l->dest, &box->dst) : box->dst.path;
}

static bool
is_too_long(char *const *path)
{
	for (; *path != NULL; path++)
		if (strlen(*path) > PREFLIGHT_NAME_MAX)
			return true;
	return false;
}

static void
tell_folder(struct look *l, enum event_id id, const struct shelf *shelf,
    char *const *to, const char *other)
{
	Event *event;

	if (l->renamed++ >= PREFLIGHT_FINDINGS_MAX)
		return;
	event = finding(l, id);
	event_path(event, "folder", shelf->folder->path);
	event_path(event, "to", to);
	event_text(event, "other", other);
	event_number(event, "messages", shelf->messages);
	tell(l, event);
}

/* Which folders lose their name, or fall together with another one. INBOX is
 * the same in any case, and special folders go to the one that is there. */
static void
tell_names(struct look *l)
{
	g_autoptr(GHashTable) taken =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	bool is_path = l->dest == NULL;

	for (guint i = 0; i < l->shelves->len; i++) {
		const struct shelf *shelf = l->shelves->pdata[i];
		char *const *to = place_of(l, shelf->folder);
		g_autofree char *text = folder_path_to_text(to);
		g_autofree char *folded = g_utf8_casefold(text, -1);
		const struct shelf *other = g_hash_table_lookup(taken, folded);

		if (other != NULL)
			tell_folder(
			    l, EVENT_CHECK_CLASH, shelf, to, other->text);
		else if (is_path && is_too_long(to))
			tell_folder(l, EVENT_CHECK_LONG_NAME, shelf, to, NULL);
		else if (shelf->folder->use == FOLDER_PLAIN &&
			 !folder_path_equal(shelf->folder->path, to))
			tell_folder(l, EVENT_CHECK_RENAMED, shelf, to, NULL);
		if (other == NULL)
			g_hash_table_insert(
			    taken, g_steal_pointer(&folded), (void *)shelf);
	}
}

static void
tell_counts(struct look *l)
{
	Event *event = finding(l, EVENT_CHECK_MAILBOX);

	event_number(event, "folders", l->shelves->len);
	event_number(event, "messages", l->messages);
	event_number(event, "bytes", l->bytes);
	event_number(event, "left_out", l->left_out);
	event_number(event, "largest", l->largest);
	if (l->place.bytes_left >= 0)
		event_number(event, "quota_left", l->place.bytes_left);
	if (l->place.message_max >= 0)
		event_number(event, "message_max", l->place.message_max);
	event_text(event, "server", l->place.server);
	event_text(event, "capabilities", l->place.capabilities);
	event_number(event, "sampled_messages", l->sampled_messages);
	event_number(event, "sampled_bytes", l->sampled_bytes);
	event_number(event, "sampled_us", l->sampled_us);
	tell(l, event);
	if (l->unreadable > 0) {
		event = finding(l, EVENT_CHECK_UNREADABLE);
		event_number(event, "n", l->unreadable);
		event_text(event, "reason", l->first_unreadable);
		tell(l, event);
	}
}

static void
tell_no(struct look *l, enum event_id id, const GError *why)
{
	Event *event = finding(l, id);

	event_text(event, "error", error_kind_name(error_kind(why)));
	event_text(event, "reason", why->message);
	tell(l, event);
}

static void
clear(struct look *l)
{
	if (l->source != NULL)
		source_end(l->source);
	source_close(l->source);
	if (l->dest != NULL)
		dest_end(l->dest);
	dest_close(l->dest);
	boxes_free(l->boxes);
	plan_route_clear(&l->route);
	g_ptr_array_unref(l->shelves);
	g_hash_table_unref(l->by_folder);
	dest_place_clear(&l->place);
	g_free(l->largest_folder);
	g_free(l->first_unreadable);
}

enum status
preflight_mailbox(const struct preflight_look *p, GError **error)
{
	static const struct ledger_share no_share = {.parts = 1};
	const struct wanted *w = p->wanted;
	struct account room;
	struct look l = {.p = p};
	g_autoptr(GError) source_why = NULL;
	g_autoptr(GError) dest_why = NULL;
	enum status st, there = ST_OK;

	l.mailbox = (struct mailbox){.name = w->mailbox,
	    .ref = w->ref,
	    .is_public = w->is_public,
	    .no_mail = w->no_mail};
	/* No message is that small: all of them are told of, none is read. */
	l.tell_only = p->plan->filter;
	l.tell_only.size_max = -1;
	l.tell_only.since = G_MININT64;
	l.tell_only.until = G_MAXINT64;
	l.tell_only.deleted = true;
	l.shelves = g_ptr_array_new_with_free_func(shelf_free);
	l.by_folder = g_hash_table_new(NULL, NULL);
	dest_place_init(&l.place);
	l.boxes = boxes_new(NULL, &no_share, p->plan->folder_map);
	l.job = (struct job){.id = 1,
	    .pass = 1,
	    .mailbox = &l.mailbox,
	    .destination = w->destination,
	    .parts = 1,
	    .filter = &l.tell_only,
	    .known = &boxes_nothing,
	    .spool_dir = g_get_tmp_dir(),
	    .remark = remark,
	    .remark_ctx = &l};
	tell(&l, finding(&l, EVENT_MAILBOX_READ));
	st = plan_route(p->plan, people_account(p->plan, w, &room), w->mailbox,
	    &l.route, &source_why);
	if (st == ST_OK && p->plan->to.text != NULL)
		there = look_at_destination(&l, &dest_why);
	if (st == ST_OK)
		st = look_at_source(&l, &source_why);
	if (st == ST_OK) {
		if (there == ST_OK && p->plan->to.text != NULL)
			tell_names(&l);
		source_end(l.source);
		st = sample(&l, &source_why);
	}
	if (st < 0)
		tell_no(&l, EVENT_CHECK_NO_SOURCE, source_why);
	if (there < 0)
		tell_no(&l, EVENT_CHECK_NO_DESTINATION, dest_why);
	if (there == ST_OK)
		tell_place(&l);
	if (st == ST_OK)
		tell_counts(&l);
	clear(&l);
	return ST_OK;
}
