/*
 * mailmig show URL: what a source holds. A tree of folders with counts and
 * sizes, or every record.
 */
#include "cli/command.h"

#include "base/human.h"
#include "base/nearest.h"
#include "engine/boxes.h"
#include "model/dump.h"
#include "source/source.h"

#include <jansson.h>
#include <signal.h>
#include <string.h>

#define TREE_WIDTH	  36 /* columns of the names, at least: mailboxes align */
#define TREE_NAME_MAX	  60 /* columns of one name */
#define TREE_DEPTH_MAX	  20 /* levels that are indented */
#define TREE_NUMBER_WIDTH 10 /* columns, at least */
#define TREE_COLUMNS	  4

static volatile int stop;

/* Counts of one folder. */
struct shelf {
	const struct folder *folder; /* until the end of the job */
	gint64 messages, bytes, unseen, deleted;
};

struct show {
	const struct cli *cli;
	struct filter tell_only; /* makes sources tell, and not read bodies */
	GPtrArray *shelves;	 /* of struct shelf, of this mailbox */
	Spool *scratch;
	GString *line;
	gint64 others; /* recipients, address book entries of this mailbox */
	gint64 failed; /* records that could not be read */
};

static void
on_signal(int signum)
{
	stop = 1;
	signal(signum, SIG_DFL);
}

static void
remark(void *ctx, const struct remark *r)
{
	struct show *show = ctx;

	if (r->level == REMARK_ERROR)
		show->failed++;
	if (r->level != REMARK_INFO)
		cli_say("%s: %s: %s",
		    r->level == REMARK_ERROR ? "error" : "warning", r->code,
		    r->text);
}

static struct shelf *
shelf_of(struct show *show, const struct folder *folder)
{
	struct shelf *shelf;

	for (guint i = show->shelves->len; i-- > 0;) {
		shelf = show->shelves->pdata[i];
		if (shelf->folder == folder)
			return shelf;
	}
	shelf = g_new0(struct shelf, 1);
	shelf->folder = folder;
	g_ptr_array_add(show->shelves, shelf);
	return shelf;
}

/* A message without a size says it when its octets are looked at. */
static gint64
message_size(struct show *show, const struct message *message)
{
	struct blob raw;

	if (message->size >= 0)
		return message->size;
	if (!message->has_body ||
	    message_raw(message, show->scratch, &raw, NULL) < 0)
		return 0;
	return raw.len;
}

static void
count(struct show *show, const struct record *record)
{
	const struct message *message = &record->message;
	struct shelf *shelf;

	switch (record->kind) {
	case RECORD_FOLDER:
		shelf_of(show, record->folder);
		return;
	case RECORD_MESSAGE:
		if (filter_message(&show->cli->plan->filter, message) !=
		    FILTER_PASS)
			return;
		shelf = shelf_of(show, message->folder);
		shelf->messages++;
		shelf->bytes += message_size(show, message);
		shelf->unseen += (message->flags & MESSAGE_SEEN) == 0;
		shelf->deleted += (message->flags & MESSAGE_DELETED) != 0;
		return;
	case RECORD_FOLDER_END:
		return;
	case RECORD_RECIPIENT:
	case RECORD_ADDRESS:
		show->others++;
		return;
	}
}

static const char *
first_person(const GPtrArray *people)
{
	const struct person *person;

	if (people->len == 0)
		return "";
	person = people->pdata[0];
	return person->name	 ? person->name
	       : person->address ? person->address
				 : "";
}

/* "INBOX  2026-11-21 03:15  S----  1.2 KiB  Anna: subject" */
static void
put_message(
    struct show *show, const struct message *message, struct envelope *scratch)
{
	static const char letters[] = "SAFDd";
	g_autofree char *path = folder_path_to_text(message->folder->path);
	g_autofree char *date = stamp_to_iso(&message->received);
	g_autofree char *size = human_bytes(message_size(show, message));
	g_autofree char *line = NULL;
	g_autofree char *clean = NULL;
	const struct envelope *envelope;
	char flags[sizeof letters];

	for (guint i = 0; i < sizeof letters - 1; i++)
		flags[i] = (message->flags & 1u << i) != 0 ? letters[i] : '-';
	flags[sizeof letters - 1] = '\0';
	if (!message->has_body && message->envelope == NULL)
		envelope = NULL;
	else if (message_envelope(message, scratch, &envelope, NULL) < 0)
		envelope = NULL;
	line = g_strdup_printf("%-20s  %-25s  %s  %10s  %s: %s", path, date,
	    flags, size, envelope ? first_person(envelope->from) : "?",
	    envelope && envelope->subject ? envelope->subject : "");
	clean = human_cut(line, 1000);
	printf("%s\n", clean);
}

static enum status
put_record(struct show *show, const struct record *record, const char *mailbox,
    struct envelope *scratch, GError **error)
{
	g_autofree char *path = NULL;
	enum status st;

	if (show->cli->on[CLI_JSON]) {
		g_string_truncate(show->line, 0);
		st = record_dump(
		    record, mailbox, show->scratch, show->line, error);
		if (st < 0)
			return st;
		fwrite(show->line->str, 1, show->line->len, stdout);
		return ST_OK;
	}
	switch (record->kind) {
	case RECORD_FOLDER:
		path = folder_path_to_text(record->folder->path);
		printf("%s\n", path);
		break;
	case RECORD_MESSAGE:
		put_message(show, &record->message, scratch);
		break;
	case RECORD_FOLDER_END:
		break;
	case RECORD_RECIPIENT:
	case RECORD_ADDRESS:
		printf("%s  %s\n", record_kind_name(record->kind), record->key);
		break;
	}
	return ST_OK;
}

static enum status
read_records(struct show *show, Source *source, const struct mailbox *mailbox,
    GError **error)
{
	bool records = show->cli->on[CLI_RECORDS];
	struct envelope scratch;
	enum status st = ST_OK;

	envelope_init(&scratch);
	while (!stop) {
		g_autoptr(GError) item = NULL;
		struct record record = {0};

		st = source_next(source, &record, &item);
		if (st == ST_OK && records)
			st = put_record(
			    show, &record, mailbox->name, &scratch, &item);
		else if (st == ST_OK)
			count(show, &record);
		if (st == ST_ITEM) {
			show->failed++;
			cli_say("error: %s: %s: %s", mailbox->name,
			    record.key ? record.key : "?", item->message);
		} else if (st != ST_OK) {
			if (item != NULL)
				g_propagate_error(
				    error, g_steal_pointer(&item));
			break;
		}
	}
	envelope_clear(&scratch);
	return st == ST_END || stop ? ST_OK : st;
}

static void
put_json(const struct shelf *shelf, const char *mailbox)
{
	json_t *path = json_array(), *object;

	for (guint i = 0; shelf->folder->path[i] != NULL; i++)
		json_array_append_new(
		    path, json_string(shelf->folder->path[i]));
	object = json_pack("{s:s,s:o,s:s,s:I,s:I,s:I,s:I}", "mailbox", mailbox,
	    "folder", path, "use", folder_use_name(shelf->folder->use),
	    "messages", (json_int_t)shelf->messages, "bytes",
	    (json_int_t)shelf->bytes, "unseen", (json_int_t)shelf->unseen,
	    "deleted", (json_int_t)shelf->deleted);
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void
put_cells(
    GPtrArray *cells, char *name, gint64 messages, gint64 bytes, gint64 unseen)
{
	g_autofree char *count = human_count(messages);
	g_autofree char *size = human_bytes(bytes);

	g_ptr_array_add(cells, name);
	g_ptr_array_add(cells, human_pad(count, -TREE_NUMBER_WIDTH));
	g_ptr_array_add(cells, human_pad(size, -TREE_NUMBER_WIDTH));
	g_ptr_array_add(cells,
	    unseen > 0 ? g_strdup_printf("%" G_GINT64_FORMAT " unread", unseen)
		       : g_strdup(""));
}

static int
compare_shelves(const void *a, const void *b)
{
	const struct shelf *x = *(const struct shelf *const *)a;
	const struct shelf *y = *(const struct shelf *const *)b;
	char *const *p = x->folder->path, *const *q = y->folder->path;

	/* The inbox is what people look for first. */
	if ((x->folder->use == FOLDER_INBOX) !=
	    (y->folder->use == FOLDER_INBOX))
		return x->folder->use == FOLDER_INBOX ? -1 : 1;
	for (; *p != NULL && *q != NULL; p++, q++) {
		int order = g_utf8_collate(*p, *q);

		if (order != 0)
			return order;
	}
	return (*p != NULL) - (*q != NULL);
}

static char *
tree_name(const char *name, guint depth, const char *use)
{
	g_autofree char *cut = human_cut(name, TREE_NAME_MAX);
	g_autofree char *text =
	    g_strdup_printf("%*s%s%s%s%s", (int)MIN(depth, TREE_DEPTH_MAX) * 2,
		"", cut, *use ? " (" : "", use, *use ? ")" : "");

	return human_pad(text, TREE_WIDTH);
}

static void
put_shelf(GPtrArray *cells, const struct shelf *shelf)
{
	char *const *path = shelf->folder->path;
	guint depth = g_strv_length((char **)path);
	const char *use = shelf->folder->use == FOLDER_INBOX
			      ? ""
			      : folder_use_name(shelf->folder->use);

	put_cells(cells, tree_name(path[depth - 1], depth, use),
	    shelf->messages, shelf->bytes, shelf->unseen);
}

/* The folders above this one that hold nothing themselves and were not printed
 * above the one before. */
static void
put_parents(
    GPtrArray *cells, const struct shelf *shelf, const struct shelf *before)
{
	char *const *path = shelf->folder->path;
	char *const *other = before ? before->folder->path : NULL;
	bool same = other != NULL;

	for (guint i = 0; path[i] != NULL && path[i + 1] != NULL; i++) {
		same =
		    same && other[i] != NULL && strcmp(path[i], other[i]) == 0;
		if (same)
			continue;
		g_ptr_array_add(cells, tree_name(path[i], i + 1, ""));
		for (guint c = 1; c < TREE_COLUMNS; c++)
			g_ptr_array_add(cells, g_strdup(""));
	}
}

static void
put_tree(struct show *show, const char *mailbox)
{
	g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
	gint64 messages = 0, bytes = 0, unseen = 0;

	g_ptr_array_sort(show->shelves, compare_shelves);
	for (guint i = 0; i < show->shelves->len; i++) {
		const struct shelf *shelf = show->shelves->pdata[i];

		messages += shelf->messages;
		bytes += shelf->bytes;
		unseen += shelf->unseen;
	}
	put_cells(cells, tree_name(mailbox, 0, ""), messages, bytes, unseen);
	for (guint i = 0; i < show->shelves->len; i++) {
		const struct shelf *shelf = show->shelves->pdata[i];
		const struct shelf *before =
		    i > 0 ? show->shelves->pdata[i - 1] : NULL;

		put_parents(cells, shelf, before);
		put_shelf(cells, shelf);
	}
	cli_table(stdout, cells, TREE_COLUMNS, 0x6);
	if (show->others > 0)
		printf("  and %" G_GINT64_FORMAT
		       " entries of address books and directories\n",
		    show->others);
}

static enum status
show_mailbox(struct show *show, Source *source, const struct mailbox *mailbox,
    GError **error)
{
	const Plan *plan = show->cli->plan;
	struct job job = {
	    .id = 1,
	    .pass = 1,
	    .mailbox = mailbox,
	    .destination = mailbox->name,
	    .parts = 1,
	    .filter =
		show->cli->on[CLI_RECORDS] ? &plan->filter : &show->tell_only,
	    .known = &boxes_nothing,
	    .spool_dir = g_get_tmp_dir(),
	    .remark = remark,
	    .remark_ctx = show,
	    .stop = &stop,
	};
	enum status st;

	g_ptr_array_set_size(show->shelves, 0);
	show->others = 0;
	st = source_begin(source, &job, error);
	if (st < 0)
		return st;
	st = read_records(show, source, mailbox, error);
	if (!show->cli->on[CLI_RECORDS]) {
		if (show->cli->on[CLI_JSON])
			for (guint i = 0; i < show->shelves->len; i++)
				put_json(
				    show->shelves->pdata[i], mailbox->name);
		else
			put_tree(show, mailbox->name);
	}
	source_end(source);
	return st;
}

static bool
is_wanted(const Plan *plan, const struct mailbox *mailbox)
{
	if (plan->accounts->len == 0)
		return true;
	for (guint i = 0; i < plan->accounts->len; i++) {
		const struct account *account = plan->accounts->pdata[i];

		if (strcmp(account->source, mailbox->name) == 0)
			return true;
	}
	return false;
}

/* Accounts that the source does not hold, each with the nearest that it does.
 */
static void
tell_missing(struct show *show, const GPtrArray *boxes)
{
	const Plan *plan = show->cli->plan;
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (guint i = 0; i < boxes->len; i++)
		g_ptr_array_add(
		    names, ((struct mailbox *)boxes->pdata[i])->name);
	g_ptr_array_add(names, NULL);
	for (guint i = 0; i < plan->accounts->len; i++) {
		const struct account *account = plan->accounts->pdata[i];
		const char *near;

		if (g_strv_contains(
			(const char *const *)names->pdata, account->source))
			continue;
		near = nearest_word(
		    account->source, (const char *const *)names->pdata);
		cli_say("error: %s holds no mailbox '%s'%s%s%s",
		    plan->from.text, account->source,
		    near ? "; did you mean '" : "", near ? near : "",
		    near ? "'?" : "");
		show->failed++;
	}
}

/* One login, or the whole of a source that needs none. */
static enum status
show_end(struct show *show, const struct account *account, GError **error)
{
	const Plan *plan = show->cli->plan;
	g_autoptr(GPtrArray) boxes =
	    g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_free);
	g_autoptr(Source) source = NULL;
	struct plan_route route;
	enum status st;

	st = plan_route(plan, account, NULL, &route, error);
	if (st < 0)
		return st;
	route.from.stop = &stop;
	st = source_open(&source, source_driver_find(route.from_url.scheme),
	    &route.from, error);
	if (st == ST_OK)
		st = source_list(source, boxes, error);
	if (st == ST_OK && account == NULL)
		tell_missing(show, boxes);
	for (guint i = 0; st == ST_OK && !stop && i < boxes->len; i++) {
		const struct mailbox *mailbox = boxes->pdata[i];

		if (account != NULL || is_wanted(plan, mailbox))
			st = show_mailbox(show, source, mailbox, error);
	}
	g_clear_pointer(&source, source_close);
	plan_route_clear(&route);
	return st;
}

static int
show_all(struct show *show)
{
	const Plan *plan = show->cli->plan;
	bool each = plan->from.accounts && plan->accounts->len > 0;
	int status = 0;

	for (guint i = 0; !stop && i < (each ? plan->accounts->len : 1); i++) {
		g_autoptr(GError) error = NULL;
		const struct account *account =
		    each ? plan->accounts->pdata[i] : NULL;
		enum status st = show_end(show, account, &error);

		if (st >= 0)
			continue;
		if (account != NULL)
			g_prefix_error(&error, "%s: ", account->source);
		status = cli_fail(error);
		if (st == ST_RUN)
			break;
	}
	if (status == 0 && (stop || show->failed > 0))
		status = 2;
	return status;
}

int
cmd_show(struct cli *cli)
{
	struct show show = {.cli = cli};
	int status = cli_finish_plan(cli, false);

	if (status >= 0)
		return status;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	/* No message is that small: all of them are told of, none is read. */
	show.tell_only = cli->plan->filter;
	show.tell_only.size_max = -1;
	show.tell_only.since = G_MININT64;
	show.tell_only.until = G_MAXINT64;
	show.tell_only.deleted = true;
	show.shelves = g_ptr_array_new_with_free_func(g_free);
	show.scratch = spool_new(g_get_tmp_dir());
	show.line = g_string_new(NULL);
	status = show_all(&show);
	g_ptr_array_unref(show.shelves);
	spool_free(show.scratch);
	g_string_free(show.line, TRUE);
	return status;
}
