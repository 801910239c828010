/*
 * The engine between a source and a destination of its own: a source that
 * deals out messages by rule and fails where it is told, and a destination
 * that keeps lines in files and forgets nothing that it called stored. Its
 * workers are made as those of mailmig are.
 */
#include "dest/dest.h"
#include "engine/run.h"
#include "source/source.h"
#include "state/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* How things go wrong: "SIDE:REACH:N[:once]" in TEST_TROUBLE, at the Nth
 * record of the process; once: a file in the directory remembers. */
struct trouble {
	const char *side;
	enum status reach;
	gint64 at;
	bool once;
};

static bool
trouble_at(const char *side, gint64 n, enum status *reach)
{
	const char *text = g_getenv("TEST_TROUBLE");
	g_auto(GStrv) words = NULL;

	if (text == NULL)
		return false;
	words = g_strsplit(text, ":", -1);
	if (strcmp(words[0], side) != 0 ||
	    g_ascii_strtoll(words[2], NULL, 10) != n)
		return false;
	*reach = strcmp(words[1], "item") == 0	    ? ST_ITEM
		 : strcmp(words[1], "mailbox") == 0 ? ST_MAILBOX
		 : strcmp(words[1], "link") == 0    ? ST_LINK
						    : ST_RUN;
	if (words[3]) {
		int fd = open(words[3], O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		if (fd < 0)
			return false;
		close(fd);
	}
	return true;
}

/* The source: mailboxes m0.., folders f0.., messages whose keys count from 1.
 */

static const struct option deal_options[] = {
    {"mailboxes", OPTION_NUMBER, "1", NULL, "how many"},
    {"folders", OPTION_NUMBER, "2", NULL, "in each"},
    {"messages", OPTION_NUMBER, "5", NULL, "in each folder"},
    {"identity", OPTION_TEXT, "1", NULL, "of the folders"},
    {"seen", OPTION_BOOL, "no", NULL, "the first message was read"},
    {"lie", OPTION_BOOL, "no", NULL, "one more than there are"},
    {"simple", OPTION_BOOL, "no", NULL, "knows nothing of the past"},
    {"address", OPTION_BOOL, "no", NULL, "an address book of one"},
    {NULL},
};

struct deal {
	struct source_base base;
	gint64 mailboxes, folders, messages;
	bool seen, lie, simple, address;
	const char *identity;
	const struct job *job;
	GPtrArray *made;		 /* struct folder */
	gint64 folder, message, records; /* where it is */
	gint64 skipped;
	GString *body, *key, *state;
};

static enum status
deal_open(Source **out, const struct end *end, GError **error)
{
	struct deal *deal = g_new0(struct deal, 1);
	extern const struct source_driver source_deal;

	deal->base.driver = &source_deal;
	deal->mailboxes = options_number(end->options, "mailboxes");
	deal->folders = options_number(end->options, "folders");
	deal->messages = options_number(end->options, "messages");
	deal->identity = options_text(end->options, "identity");
	deal->seen = options_bool(end->options, "seen");
	deal->lie = options_bool(end->options, "lie");
	deal->simple = options_bool(end->options, "simple");
	deal->address = options_bool(end->options, "address");
	deal->body = g_string_new(NULL);
	deal->key = g_string_new(NULL);
	deal->state = g_string_new(NULL);
	*out = (Source *)deal;
	return ST_OK;
}

static enum status
deal_list(Source *source, GPtrArray *out, GError **error)
{
	struct deal *deal = (struct deal *)source;

	for (gint64 i = 0; i < deal->mailboxes; i++) {
		g_autofree char *name = g_strdup_printf("m%d", (int)i);

		g_ptr_array_add(out, mailbox_new(name, NULL));
	}
	return ST_OK;
}

static enum status
deal_begin(Source *source, const struct job *job, GError **error)
{
	struct deal *deal = (struct deal *)source;

	deal->job = job;
	deal->made = g_ptr_array_new();
	deal->folder = deal->message = -1;
	for (gint64 i = 0; i < deal->folders; i++) {
		struct folder *folder = g_new0(struct folder, 1);

		folder->path = g_new0(char *, 3);
		folder->path[0] = g_strdup(i == 0 ? "INBOX" : "box");
		if (i > 0)
			folder->path[1] = g_strdup_printf("f%d", (int)i);
		folder->use = i == 0 ? FOLDER_INBOX : FOLDER_PLAIN;
		folder->identity = g_strdup(deal->identity);
		g_ptr_array_add(deal->made, folder);
	}
	return ST_OK;
}

static void
deal_end(Source *source)
{
	struct deal *deal = (struct deal *)source;

	for (guint i = 0; i < deal->made->len; i++) {
		struct folder *folder = deal->made->pdata[i];

		g_strfreev(folder->path);
		g_free(folder->identity);
		g_free(folder);
	}
	g_ptr_array_unref(deal->made);
}

static void
deal_close(Source *source)
{
	struct deal *deal = (struct deal *)source;

	g_string_free(deal->body, TRUE);
	g_string_free(deal->key, TRUE);
	g_string_free(deal->state, TRUE);
	g_free(deal);
}

/* Messages 0 and 1 of a folder are equal: twins must both arrive. Under
 * another identity the same messages have other keys. */
static void
deal_message(struct deal *deal, struct record *record)
{
	gint64 i = deal->message;

	record->kind = RECORD_MESSAGE;
	record->key = deal->key->str;
	record->message.folder = deal->made->pdata[deal->folder];
	record->message.received =
	    (struct stamp){.utc = 1000000000 + i, .known = true};
	record->message.flags = deal->seen && i == 0 ? MESSAGE_SEEN : 0;
	record->message.size = -1;
	g_string_printf(deal->body,
	    "Subject: %d\r\nMessage-ID: <%s.%d.%d@x>\r\n\r\nbody\r\n",
	    (int)MAX(i, 1), deal->job->mailbox->name, (int)deal->folder,
	    (int)MAX(i, 1));
	record->message.raw = blob_from_mem(deal->body->str, deal->body->len);
	record->message.size = (gint64)deal->body->len;
	record->message.has_body = true;
}

static enum status
deal_next(Source *source, struct record *record, GError **error)
{
	struct deal *deal = (struct deal *)source;
	const struct known *known = deal->job->known;
	const struct folder *folder;
	enum status reach;

	if (deal->address) {
		static const char *const fields[ADDRESS_FIELDS] = {"Anna"};

		deal->address = false;
		record->kind = RECORD_ADDRESS;
		record->key = "anna";
		record->address.fields = fields;
		return ST_OK;
	}
	for (;;) {
		if (deal->message < 0) { /* the next folder */
			if (++deal->folder == deal->folders)
				return ST_END;
			folder = deal->made->pdata[deal->folder];
			if (!deal->simple && !known->claim(known->ctx, folder))
				continue;
			deal->message = 0;
			deal->skipped = 0;
			record->kind = RECORD_FOLDER;
			record->folder = folder;
			return ST_OK;
		}
		folder = deal->made->pdata[deal->folder];
		if (deal->message == deal->messages) {
			deal->message = -1;
			g_string_printf(deal->state, "all %d%d",
			    (int)deal->messages, deal->seen);
			record->kind = RECORD_FOLDER_END;
			record->folder = folder;
			record->found = deal->messages + deal->lie;
			record->skipped = deal->skipped;
			record->state = deal->state->str;
			return ST_OK;
		}
		g_string_printf(
		    deal->state, "all %d%d", (int)deal->messages, deal->seen);
		if (!deal->simple && deal->message == 0 &&
		    g_strcmp0(known->state(known->ctx, folder),
			deal->state->str) == 0 &&
		    known->settled(known->ctx, folder) == deal->messages) {
			deal->message = deal->skipped = deal->messages;
			continue;
		}
		g_string_printf(deal->key, "%d",
		    (int)(deal->message + 1 + 1000 * atoi(deal->identity)));
		deal_message(deal, record);
		deal->message++;
		if (!deal->simple &&
		    known->is_settled(known->ctx, folder, record->key)) {
			deal->skipped++;
			record->known = true;
			record->message.has_body = false;
			return ST_OK;
		}
		if (trouble_at("source", ++deal->records, &reach)) {
			record->message.has_body = false;
			return fail(reach, error, ERR_IO, RETRY_NOW,
			    "the source was told to fail");
		}
		return ST_OK;
	}
}

static const char *const deal_schemes[] = {"deal", NULL};
const struct source_driver source_deal = {
    .name = "deal",
    .schemes = deal_schemes,
    .summary = "messages by rule",
    .options = deal_options,
    .gives = 1u << RECORD_FOLDER | 1u << RECORD_MESSAGE |
	     1u << RECORD_FOLDER_END | 1u << RECORD_ADDRESS,
    .open = deal_open,
    .list = deal_list,
    .begin = deal_begin,
    .next = deal_next,
    .end = deal_end,
    .close = deal_close,
};

/* The destination: DIR/MAILBOX, a line for each message: folder, digest. It
 * stores in threes, so that outcomes come later than put(). */

enum { HEAP_BUFFER = 3 };

struct heap_item {
	guint64 seq;
	const struct folder *folder;
	char *line, *body;
	enum status st;
	char *dest_key;
	bool again;
};

struct heap {
	struct dest_base base;
	char *dir, *path, *temporary;
	int fd;
	guint lines;	     /* in the file */
	GHashTable *claimed; /* lines of this attempt, stored or found */
	gint64 records;
	GQueue waiting, ended;
	struct heap_item *told;
	GError *refusal;
	const struct job *job;
};

static const struct option heap_options[] = {
    {"x", OPTION_TEXT, NULL, NULL, "nothing"},
    {NULL},
};

static void
heap_item_free(struct heap_item *item)
{
	if (item == NULL)
		return;
	g_free(item->line);
	g_free(item->body);
	g_free(item->dest_key);
	g_free(item);
}

static enum status
heap_open_as(
    const struct dest_driver *driver, Dest **out, const struct end *end)
{
	struct heap *heap = g_new0(struct heap, 1);

	heap->base.driver = driver;
	heap->dir = g_strdup(end->url->path);
	heap->fd = -1;
	g_mkdir_with_parents(heap->dir, 0700);
	*out = (Dest *)heap;
	return ST_OK;
}

static bool
is_whole(const struct heap *heap)
{
	return heap->base.driver->whole;
}

static enum status
heap_begin(Dest *dest, const struct job *job, GError **error)
{
	struct heap *heap = (struct heap *)dest;
	g_autofree char *content = NULL;
	int flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC;

	heap->job = job;
	heap->claimed =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (is_whole(heap))
		heap->path = g_strdup_printf(
		    "%s/%s.%d", heap->dir, job->destination, (int)job->pass);
	else
		heap->path =
		    g_strdup_printf("%s/%s", heap->dir, job->destination);
	heap->temporary = g_strconcat(heap->path, ".new", NULL);
	heap->fd = open(is_whole(heap) ? heap->temporary : heap->path,
	    flags | (is_whole(heap) ? O_TRUNC : 0), 0600);
	g_assert_cmpint(heap->fd, >=, 0);
	heap->lines = 0;
	if (!is_whole(heap))
		g_file_get_contents(heap->path, &content, NULL, NULL);
	for (const char *p = content; p && *p; p++)
		heap->lines += *p == '\n';
	return ST_OK;
}

/* The number of a line with this text that no message has yet. */
static char *
heap_find(struct heap *heap, const struct heap_item *item)
{
	const struct known *known = heap->job->known;
	g_autofree char *content = NULL;
	g_auto(GStrv) lines = NULL;

	if (!item->again)
		return NULL;
	g_file_get_contents(heap->path, &content, NULL, NULL);
	lines = g_strsplit(content, "\n", -1);
	for (guint i = 0; lines[i]; i++) {
		g_autofree char *key = g_strdup_printf("line %u", i);

		if (strcmp(lines[i], item->line) == 0 &&
		    !known->dest_key_taken(known->ctx, item->folder, key) &&
		    g_hash_table_add(heap->claimed, g_strdup(key)))
			return g_steal_pointer(&key);
	}
	return NULL;
}

static void
heap_store(struct heap *heap)
{
	struct heap_item *item;

	while ((item = g_queue_pop_head(&heap->waiting)) != NULL) {
		if (item->st == ST_OK) {
			g_autofree char *line =
			    g_strconcat(item->line, "\n", NULL);

			item->dest_key =
			    g_strdup_printf("line %u", heap->lines++);
			g_hash_table_add(
			    heap->claimed, g_strdup(item->dest_key));
			g_assert_cmpint(write(heap->fd, line, strlen(line)), ==,
			    (gssize)strlen(line));
		}
		g_queue_push_tail(&heap->ended, item);
	}
}

static enum status
heap_put(Dest *dest, const struct record *record, guint64 seq, GError **error)
{
	struct heap *heap = (struct heap *)dest;
	struct heap_item *item;
	struct digest digest;
	char hex[DIGEST_HEX];
	g_autofree char *text = NULL;
	enum status reach = ST_OK;
	bool late;

	if (record->kind != RECORD_MESSAGE)
		return ST_OK;
	late = trouble_at("late", ++heap->records, &reach);
	if (!late && trouble_at("dest", heap->records, &reach))
		return fail(reach, error, ERR_REFUSED, RETRY_NOW,
		    "the destination was told to fail");
	digest_blob(&record->message.raw, &digest, NULL);
	digest_to_hex(&digest, hex);
	text = folder_path_to_text(record->message.folder->path);
	item = g_new0(struct heap_item, 1);
	item->seq = seq;
	item->line = g_strdup_printf("%s %s", text, hex);
	item->folder = record->message.folder;
	/* One of a piece begins anew. */
	item->again = record->again && !is_whole(heap);
	item->st = late ? ST_ITEM : ST_OK;
	item->body = g_strndup((const char *)record->message.raw.mem,
	    (gsize)record->message.raw.len);
	if (item->again) {
		heap_store(heap); /* what waits has lines too */
		item->dest_key = heap_find(heap, item);
	}
	if (item->dest_key) {
		item->st = ST_THERE;
		g_queue_push_tail(&heap->ended, item);
		return ST_OK;
	}
	g_queue_push_tail(&heap->waiting, item);
	if (heap->waiting.length >= HEAP_BUFFER && !is_whole(heap))
		heap_store(heap);
	return ST_OK;
}

static enum status
heap_outcome(Dest *dest, struct outcome *out, GError **error)
{
	struct heap *heap = (struct heap *)dest;

	heap_item_free(heap->told);
	heap->told = NULL;
	g_clear_error(&heap->refusal);
	heap->told = g_queue_pop_head(&heap->ended);
	if (heap->told == NULL)
		return ST_END;
	memset(out, 0, sizeof *out);
	out->seq = heap->told->seq;
	out->st = heap->told->st;
	out->dest_key = heap->told->dest_key;
	if (out->st == ST_ITEM) {
		fail(ST_ITEM, &heap->refusal, ERR_REFUSED, RETRY_NEVER,
		    "refused later");
		out->error = heap->refusal;
		out->body =
		    blob_from_mem(heap->told->body, strlen(heap->told->body));
	}
	return ST_OK;
}

static enum status
heap_update(Dest *dest, const struct record *record, const char *dest_key,
    guint32 old_flags, const char *const *old_keywords, GError **error)
{
	struct heap *heap = (struct heap *)dest;
	g_autofree char *path = g_strconcat(heap->dir, "/updates", NULL);
	g_autofree char *line = g_strdup_printf(
	    "%s %u>%u\n", dest_key, old_flags, record->message.flags);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	g_assert_cmpint(
	    write(fd, line, strlen(line)), ==, (gssize)strlen(line));
	close(fd);
	return ST_OK;
}

static enum status
heap_commit(Dest *dest, bool last, GError **error)
{
	struct heap *heap = (struct heap *)dest;

	if (is_whole(heap) && !last)
		return ST_OK;
	heap_store(heap);
	if (is_whole(heap))
		g_assert_cmpint(g_rename(heap->temporary, heap->path), ==, 0);
	return ST_OK;
}

static void
heap_end(Dest *dest)
{
	struct heap *heap = (struct heap *)dest;

	if (is_whole(heap))
		g_unlink(heap->temporary);
	close(heap->fd);
	g_hash_table_unref(heap->claimed);
	g_queue_clear_full(&heap->waiting, (GDestroyNotify)heap_item_free);
	g_queue_clear_full(&heap->ended, (GDestroyNotify)heap_item_free);
}

static void
heap_close(Dest *dest)
{
	struct heap *heap = (struct heap *)dest;

	heap_item_free(heap->told);
	g_clear_error(&heap->refusal);
	g_free(heap->dir);
	g_free(heap->path);
	g_free(heap->temporary);
	g_free(heap);
}

static enum status heap_open(Dest **out, const struct end *end, GError **e);
static enum status pile_open(Dest **out, const struct end *end, GError **e);

#define HEAP_CALLS                                                             \
	.options = heap_options, .begin = heap_begin, .put = heap_put,         \
	.outcome = heap_outcome, .commit = heap_commit, .end = heap_end,       \
	.close = heap_close,                                                   \
	.takes = 1u << RECORD_FOLDER | 1u << RECORD_MESSAGE |                  \
		 1u << RECORD_FOLDER_END

static const char *const heap_schemes[] = {"heap", NULL};
static const char *const pile_schemes[] = {"pile", NULL};
static const struct dest_driver dest_heap = {
    .name = "heap",
    .schemes = heap_schemes,
    .summary = "lines in files",
    .open = heap_open,
    .update = heap_update,
    HEAP_CALLS,
};
static const struct dest_driver dest_pile = {
    .name = "pile",
    .schemes = pile_schemes,
    .summary = "one file for a pass",
    .open = pile_open,
    .whole = true,
    HEAP_CALLS,
};

static enum status
heap_open(Dest **out, const struct end *end, GError **error)
{
	return heap_open_as(&dest_heap, out, end);
}

static enum status
pile_open(Dest **out, const struct end *end, GError **error)
{
	return heap_open_as(&dest_pile, out, end);
}

const struct source_driver *const source_drivers[] = {&source_deal, NULL};
const struct dest_driver *const dest_drivers[] = {&dest_heap, &dest_pile, NULL};

/* A place to run in. */

struct place {
	char *dir, *state, *to;
	struct books books;
	GHashTable *seen; /* event id: how many */
	Plan *plan;
};

static Starter *starter;

static void
count_event(const Event *event, void *user)
{
	struct place *p = user;
	gpointer id = GINT_TO_POINTER(event_id_of(event));
	gpointer n = g_hash_table_lookup(p->seen, id);

	g_hash_table_insert(
	    p->seen, id, GINT_TO_POINTER(GPOINTER_TO_INT(n) + 1));
	if (event_level_of(event) >= EVENT_WARNING) {
		g_autofree char *text = event_to_text(event);

		g_test_message("%d %s", event_id_of(event), text);
	}
}

static guint
seen(const struct place *p, enum event_id id)
{
	return (guint)GPOINTER_TO_INT(
	    g_hash_table_lookup(p->seen, GINT_TO_POINTER(id)));
}

static void
setup(struct place *p, const void *unused)
{
	p->dir = g_dir_make_tmp("mailmig-engine-XXXXXX", NULL);
	p->state = g_build_filename(p->dir, "state", NULL);
	p->to = g_build_filename(p->dir, "to", NULL);
	p->seen = g_hash_table_new(NULL, NULL);
	g_unsetenv("TEST_TROUBLE");
	g_unsetenv("MAILMIG_CUT");
}

static void
remove_tree(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *child = g_build_filename(path, name, NULL);

		if (g_unlink(child) < 0)
			remove_tree(child);
	}
	g_rmdir(path);
}

static void
check_ledger(struct place *p)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Ledger) ledger = NULL;

	ledger_open(&ledger, p->state, &error);
	g_assert_no_error(error);
	ledger_check(ledger, &error);
	g_assert_no_error(error);
}

static void
teardown(struct place *p, const void *unused)
{
	check_ledger(p);
	remove_tree(p->dir);
	g_free(p->dir);
	g_free(p->state);
	g_free(p->to);
	g_hash_table_unref(p->seen);
}

/* One pass; gives its exit status. keys: group, key, value in threes. */
static int
pass_with(struct place *p, const char *from, const char *scheme, bool resume,
    const char *const *keys)
{
	g_autoptr(Plan) plan = plan_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *to = g_strconcat(scheme, ":", p->to, NULL);
	volatile int stop = 0;
	struct run_params params = {
	    .plan = plan,
	    .command = "test",
	    .starter = starter,
	    .sink = count_event,
	    .user = p,
	    .retry_failed_only = resume,
	    .stop = &stop,
	};

	plan_set(plan, "from", "url", from, &error);
	g_assert_no_error(error);
	plan_set(plan, "to", "url", to, &error);
	g_assert_no_error(error);
	plan_set(plan, "run", "state", p->state, &error);
	g_assert_no_error(error);
	plan_set(plan, "run", "retry-pause", "0", &error);
	g_assert_no_error(error);
	for (; keys && keys[0]; keys += 3) {
		plan_set(plan, keys[0], keys[1], keys[2], &error);
		g_assert_no_error(error);
	}
	plan_finish(plan, true, &error);
	g_assert_no_error(error);
	g_hash_table_remove_all(p->seen);
	run_pass(&params, &p->books, &error);
	g_assert_no_error(error);
	g_assert_true(books_balance(&p->books));
	return run_exit_status(&p->books);
}

static int
pass(struct place *p, const char *from, const char *scheme, bool resume)
{
	return pass_with(p, from, scheme, resume, NULL);
}

static gint
compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All lines of a mailbox at the destination, sorted, as one text. */
static char *
lines_of(struct place *p, const char *mailbox)
{
	g_autoptr(GDir) dir = g_dir_open(p->to, 0, NULL);
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *prefix = g_strconcat(mailbox, ".", NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename(p->to, name, NULL);
		g_autofree char *content = NULL;
		g_auto(GStrv) each = NULL;

		if (strcmp(name, mailbox) != 0 &&
		    !g_str_has_prefix(name, prefix))
			continue;
		g_assert_false(g_str_has_suffix(name, ".new"));
		g_file_get_contents(path, &content, NULL, NULL);
		each = g_strsplit(content, "\n", -1);
		for (guint i = 0; each[i]; i++)
			if (*each[i])
				g_ptr_array_add(lines, g_strdup(each[i]));
	}
	g_ptr_array_sort(lines, compare);
	g_ptr_array_add(lines, NULL);
	return g_strjoinv("\n", (char **)lines->pdata);
}

/* What it must be: every message as often as the source has it. */
static void
assert_arrived(struct place *p, const char *mailbox, guint folders,
    guint messages, guint missing)
{
	g_autofree char *text = lines_of(p, mailbox);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	guint n = *text ? g_strv_length(lines) : 0, twins = 0;

	g_assert_cmpuint(n, ==, folders * messages - missing);
	for (guint i = 1; i < n; i++)
		twins += strcmp(lines[i], lines[i - 1]) == 0;
	if (missing == 0 && messages > 1)
		g_assert_cmpuint(twins, ==, folders);
	else
		g_assert_cmpuint(twins, <=, folders);
}

#define DEAL "deal:x?mailboxes=1&folders=3&messages=7"

static void
test_plain(struct place *p, const void *scheme)
{
	g_assert_cmpint(pass(p, DEAL, scheme, false), ==, 0);
	g_assert_cmpint(p->books.found, ==, 21);
	g_assert_cmpint(p->books.moved, ==, 21);
	g_assert_cmpint(p->books.folders, ==, 3);
	g_assert_cmpint(p->books.mailboxes, ==, 1);
	assert_arrived(p, "m0", 3, 7, 0);
	/* Nothing new. */
	g_assert_cmpint(pass(p, DEAL, scheme, false), ==, 0);
	g_assert_cmpint(p->books.found, ==, 21);
	g_assert_cmpint(p->books.there, ==, 21);
	g_assert_cmpint(p->books.moved, ==, 0);
	g_assert_cmpuint(seen(p, EVENT_FOLDER_UNCHANGED), ==, 3);
	g_assert_cmpint(p->books.folders, ==, 0);
	assert_arrived(p, "m0", 3, 7, 0);
	/* Two more in each folder. */
	g_assert_cmpint(
	    pass(p, "deal:x?folders=3&messages=9", scheme, false), ==, 0);
	g_assert_cmpint(p->books.found, ==, 27);
	g_assert_cmpint(p->books.there, ==, 21);
	g_assert_cmpint(p->books.moved, ==, 6);
	assert_arrived(p, "m0", 3, 9, 0);
}

/* A source that gives everything on every pass. */
static void
test_simple(struct place *p, const void *scheme)
{
	const char *from = "deal:x?folders=3&messages=7&simple=yes";

	for (guint i = 0; i < 2; i++) {
		g_assert_cmpint(pass(p, from, scheme, false), ==, 0);
		g_assert_cmpint(p->books.found, ==, 21);
		g_assert_cmpint(p->books.moved, ==, i == 0 ? 21 : 0);
		assert_arrived(p, "m0", 3, 7, 0);
	}
}

static void
test_many_mailboxes(struct place *p, const void *scheme)
{
	static const char *const keys[] = {"run", "workers", "3", NULL};

	g_assert_cmpint(
	    pass_with(p, "deal:x?mailboxes=7", scheme, false, keys), ==, 0);
	g_assert_cmpint(p->books.mailboxes, ==, 7);
	g_assert_cmpint(p->books.moved, ==, 70);
	for (guint i = 0; i < 7; i++) {
		g_autofree char *name = g_strdup_printf("m%u", i);

		assert_arrived(p, name, 2, 5, 0);
	}
}

/* Several workers at one mailbox; a source that deals out folders, and one
 * that leaves it to the engine. */
static void
test_parts(struct place *p, const void *scheme)
{
	static const char *const keys[] = {
	    "run", "connections", "3", "run", "workers", "1", NULL};
	static const char *const from[] = {"deal:x?folders=8&messages=6",
	    "deal:x?folders=8&messages=8&simple=yes"};

	g_assert_cmpint(pass_with(p, from[0], scheme, false, keys), ==, 0);
	g_assert_cmpint(p->books.moved, ==, 48);
	g_assert_cmpint(p->books.mailboxes, ==, 1);
	assert_arrived(p, "m0", 8, 6, 0);
	g_assert_cmpint(pass_with(p, from[1], scheme, false, keys), ==, 0);
	g_assert_cmpint(p->books.found, ==, 64);
	g_assert_cmpint(p->books.moved, ==, 16);
	assert_arrived(p, "m0", 8, 8, 0);
}

static void
test_flags(struct place *p, const void *scheme)
{
	g_autofree char *path = g_build_filename(p->to, "updates", NULL);
	g_autofree char *content = NULL;
	const char *from = "deal:x?folders=1&messages=7&seen=yes";

	pass(p, "deal:x?folders=1&messages=7", scheme, false);
	g_assert_cmpint(pass(p, from, scheme, false), ==, 0);
	g_assert_cmpint(p->books.updated, ==, 1);
	g_assert_cmpint(p->books.there, ==, 7);
	g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
	g_assert_cmpstr(content, ==, "line 0 0>1\n");
	/* Once. */
	g_assert_cmpint(pass(p, from, scheme, false), ==, 0);
	g_assert_cmpint(p->books.updated, ==, 0);
}

static void
test_flags_not_carried(struct place *p, const void *scheme)
{
	const char *from = "deal:x?folders=1&messages=7&seen=yes";

	pass(p, "deal:x?folders=1&messages=7", scheme, false);
	g_assert_cmpint(pass(p, from, scheme, false), ==, 1);
	g_assert_cmpuint(seen(p, EVENT_FLAGS_NOT_CARRIED), ==, 1);
	g_assert_cmpint(pass(p, from, scheme, false), ==, 0);
}

/* UIDVALIDITY changed: the same mail under other keys is not moved again. */
static void
test_identity(struct place *p, const void *scheme)
{
	pass(p, DEAL, scheme, false);
	g_assert_cmpint(
	    pass(p, "deal:x?folders=3&messages=9&identity=2", scheme, false),
	    ==, 0);
	g_assert_cmpint(p->books.found, ==, 27);
	g_assert_cmpint(p->books.there, ==, 21);
	g_assert_cmpint(p->books.moved, ==, 6);
	assert_arrived(p, "m0", 3, 9, 0);
	/* And the new keys are known now. */
	g_assert_cmpint(
	    pass(p, "deal:x?folders=3&messages=9&identity=2", scheme, false),
	    ==, 0);
	g_assert_cmpuint(seen(p, EVENT_FOLDER_UNCHANGED), ==, 3);
}

static void
test_filter(struct place *p, const void *scheme)
{
	static const char *const keys[] = {"filter", "since",
	    "2001-09-09T01:46:42Z", "filter", "exclude", "box/f2", NULL};

	g_assert_cmpint(pass_with(p, DEAL, scheme, false, keys), ==, 0);
	g_assert_cmpint(p->books.found, ==, 21);
	g_assert_cmpint(p->books.filtered, ==, 2 * 2 + 7);
	g_assert_cmpint(p->books.moved, ==, 10);
	g_assert_cmpuint(seen(p, EVENT_MESSAGE_FILTERED), ==, 4);
	g_assert_cmpuint(seen(p, EVENT_FOLDER_FILTERED), ==, 1);
	/* Without the filter the rest comes. */
	g_assert_cmpint(pass(p, DEAL, scheme, false), ==, 0);
	g_assert_cmpint(p->books.moved, ==, 11);
	assert_arrived(p, "m0", 3, 7, 0);
}

static void
test_map(struct place *p, const void *scheme)
{
	g_autofree char *path = g_build_filename(p->dir, "map.csv", NULL);
	const char *const keys[] = {"folders", "map", path, NULL};
	g_autofree char *lines = NULL;

	g_assert_true(
	    g_file_set_contents(path, "box,old/box\nbox/f2,INBOX\n", -1, NULL));
	g_assert_cmpint(pass_with(p, DEAL, scheme, false, keys), ==, 1);
	g_assert_cmpuint(seen(p, EVENT_FOLDER_JOINED), ==, 1);
	g_assert_cmpuint(seen(p, EVENT_FOLDER_RENAMED), ==, 2);
	lines = lines_of(p, "m0");
	g_assert_nonnull(strstr(lines, "old/box/f1 "));
	g_assert_null(strstr(lines, "box/f2 "));
}

/* The source's own count is more than it gives. */
static void
test_lie(struct place *p, const void *scheme)
{
	g_assert_cmpint(p->books.found, ==, 0);
	{
		g_autoptr(Plan) plan = plan_new();
		g_autofree char *to =
		    g_strconcat((const char *)scheme, ":", p->to, NULL);
		volatile int stop = 0;
		struct run_params params = {.plan = plan,
		    .command = "test",
		    .starter = starter,
		    .sink = count_event,
		    .user = p,
		    .stop = &stop};

		plan_set(plan, "from", "url", "deal:x?folders=1&lie=yes", NULL);
		plan_set(plan, "to", "url", to, NULL);
		plan_set(plan, "run", "state", p->state, NULL);
		plan_finish(plan, true, NULL);
		g_assert_cmpint(run_pass(&params, &p->books, NULL), ==, ST_OK);
	}
	g_assert_cmpint(p->books.found, ==, 6);
	g_assert_cmpint(p->books.moved, ==, 5);
	g_assert_false(books_balance(&p->books));
	g_assert_cmpuint(seen(p, EVENT_COUNT_MISMATCH), ==, 1);
	g_assert_cmpint(run_exit_status(&p->books), ==, 2);
}

static void
test_not_taken(struct place *p, const void *scheme)
{
	g_assert_cmpint(
	    pass(p, "deal:x?folders=1&address=yes", scheme, false), ==, 0);
	g_assert_cmpuint(seen(p, EVENT_RECORD_NOT_TAKEN), ==, 0);
	g_assert_cmpint(p->books.found, ==, 6);
	g_assert_cmpint(p->books.moved, ==, 6);
	g_assert_true(books_balance(&p->books));
	g_assert_cmpint(
	    pass(p, "deal:x?folders=1&address=yes", scheme, false), ==, 0);
	g_assert_cmpint(p->books.moved, ==, 0);
	g_assert_cmpint(p->books.there, ==, 6);
	g_assert_true(books_balance(&p->books));
}

/* Where trouble comes: the first and last of folders and of threes. */
static const guint positions[] = {1, 2, 3, 4, 7, 8, 14, 15, 20, 21};

/* Both ends fail with every reach; then they are well. */
static void
test_trouble(struct place *p, const void *scheme)
{
	static const struct {
		const char *side, *reach;
	} rows[] = {
	    {"source", "item"},
	    {"source", "mailbox"},
	    {"source", "link"},
	    {"source", "run"},
	    {"dest", "item"},
	    {"dest", "mailbox"},
	    {"dest", "link"},
	    {"dest", "run"},
	    {"late", "item"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows) * G_N_ELEMENTS(positions);
	     i++) {
		const char *reach = rows[i / G_N_ELEMENTS(positions)].reach;
		g_autofree char *trouble = g_strdup_printf("%s:%s:%u",
		    rows[i / G_N_ELEMENTS(positions)].side, reach,
		    positions[i % G_N_ELEMENTS(positions)]);
		int status;

		g_test_message("%s", trouble);
		remove_tree(p->state);
		remove_tree(p->to);
		g_setenv("TEST_TROUBLE", trouble, TRUE);
		status = pass(p, DEAL, scheme, false);
		g_unsetenv("TEST_TROUBLE");
		check_ledger(p);
		/* A link that breaks at the nth message of every attempt is
		 * overcome while each attempt brings some. */
		if (strcmp(reach, "link") != 0)
			g_assert_cmpint(status, ==, 2);
		if (strcmp(reach, "item") == 0) {
			g_assert_cmpint(p->books.failed, ==, 1);
			g_assert_cmpuint(seen(p, EVENT_MESSAGE_FAILED), ==, 1);
			g_assert_cmpint(p->books.found, ==, 21);
			assert_arrived(p, "m0", 3, 7, 1);
		}
		if (strcmp(reach, "mailbox") == 0)
			g_assert_cmpint(p->books.mailboxes_failed, ==, 1);
		if (strcmp(reach, "run") == 0)
			g_assert_cmpuint(seen(p, EVENT_RUN_FAILED), ==, 1);
		g_assert_cmpint(pass(p, DEAL, scheme, false), ==, 0);
		g_assert_cmpint(p->books.found, ==, 21);
		assert_arrived(p, "m0", 3, 7, 0);
	}
}

/* The link breaks once, anywhere: the run itself overcomes it. */
static void
test_link_once(struct place *p, const void *scheme)
{
	static const char *const sides[] = {"source", "dest"};

	for (guint i = 0; i < 2 * G_N_ELEMENTS(positions); i++) {
		g_autofree char *trouble = g_strdup_printf(
		    "%s:link:%u:%s/once", sides[i / 21], i % 21 + 1, p->dir);
		g_autofree char *once = g_build_filename(p->dir, "once", NULL);

		g_test_message("%s", trouble);
		remove_tree(p->state);
		remove_tree(p->to);
		g_setenv("TEST_TROUBLE", trouble, TRUE);
		g_assert_cmpint(pass(p, DEAL, scheme, false), ==, 0);
		g_assert_cmpuint(seen(p, EVENT_LINK_LOST), ==, 1);
		g_assert_cmpuint(seen(p, EVENT_LINK_RESUMED), ==, 1);
		g_assert_cmpint(p->books.found, ==, 21);
		g_assert_cmpint(p->books.moved + p->books.there, ==, 21);
		assert_arrived(p, "m0", 3, 7, 0);
		g_unlink(once);
	}
	g_unsetenv("TEST_TROUBLE");
}

/* An item that fails, and the link breaks after it: one event, one count. */
static void
test_failed_once(struct place *p, const void *scheme)
{
	static const char *const keys[] = {
	    "filter", "since", "2001-09-09T01:46:41Z", NULL};
	g_autofree char *trouble =
	    g_strdup_printf("source:link:13:%s/once", p->dir);

	g_setenv("TEST_TROUBLE", trouble, TRUE);
	g_assert_cmpint(pass_with(p, DEAL, scheme, false, keys), ==, 0);
	g_assert_cmpint(p->books.found, ==, 21);
	g_assert_cmpint(p->books.filtered, ==, 3);
	g_assert_cmpint(p->books.moved, ==, 18);
	g_assert_cmpuint(seen(p, EVENT_MESSAGE_FILTERED), ==, 3);
}

/* Killed at every step, then resumed: nothing lost, nothing twice. */
static void
test_cut(struct place *p, const void *scheme)
{
	static const char *const once[] = {"run", "retries", "0", NULL};
	guint n;

	for (n = 1; n < 1000; n++) {
		g_autofree char *cut = g_strdup_printf("%u", n);
		int status;

		remove_tree(p->state);
		remove_tree(p->to);
		g_setenv("MAILMIG_CUT", cut, TRUE);
		status = pass_with(p, DEAL, scheme, false, once);
		g_unsetenv("MAILMIG_CUT");
		check_ledger(p);
		if (status == 0)
			break;
		g_test_message("cut at %u", n);
		g_assert_cmpuint(seen(p, EVENT_WORKER_DIED), ==, 1);
		g_assert_cmpint(pass(p, DEAL, scheme, true), ==, 0);
		assert_arrived(p, "m0", 3, 7, 0);
		g_assert_cmpint(pass(p, DEAL, scheme, false), ==, 0);
		g_assert_cmpint(p->books.found, ==, 21);
		g_assert_cmpint(p->books.there, ==, 21);
	}
	g_assert_cmpuint(n, >, 25);
	g_assert_cmpuint(n, <, 1000);
}

/* Killed at the nth step of every attempt, with attempts enough: the run
 * itself comes to its end, and the books hold every message once. */
static void
test_cut_within(struct place *p, const void *scheme)
{
	for (guint n = 30; n < 60; n++) {
		g_autofree char *cut = g_strdup_printf("%u", n);

		remove_tree(p->state);
		remove_tree(p->to);
		g_setenv("MAILMIG_CUT", cut, TRUE);
		pass(p, DEAL, scheme, false);
		g_unsetenv("MAILMIG_CUT");
		g_assert_cmpint(pass(p, DEAL, scheme, true), ==, 0);
		assert_arrived(p, "m0", 3, 7, 0);
	}
}

/* Another run has the state directory. */
static void
test_in_use(struct place *p, const void *scheme)
{
	g_autofree char *path = NULL;
	g_autoptr(Plan) plan = plan_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *to = g_strconcat(scheme, ":", p->to, NULL);
	volatile int stop = 0;
	struct run_params params = {
	    .plan = plan, .command = "test", .starter = starter, .stop = &stop};
	int fd;

	g_assert_cmpint(pass(p, DEAL, scheme, false), ==, 0);
	path = g_build_filename(p->state, "lock", NULL);
	fd = open(path, O_RDWR | O_CLOEXEC);
	g_assert_cmpint(flock(fd, LOCK_EX), ==, 0);
	plan_set(plan, "from", "url", DEAL, NULL);
	plan_set(plan, "to", "url", to, NULL);
	plan_set(plan, "run", "state", p->state, NULL);
	plan_finish(plan, true, NULL);
	g_assert_cmpint(run_pass(&params, &p->books, &error), ==, ST_RUN);
	g_assert_cmpint(error_kind(error), ==, ERR_REFUSED);
	close(fd);
	g_assert_cmpint(pass(p, DEAL, scheme, false), ==, 0);
}

/* The user stops the run at its first news of mail: what is under way ends
 * well, and the rest comes with resume. */
static volatile int stop_flag;

static void
stop_at_moved(const Event *event, void *user)
{
	if (event_id_of(event) == EVENT_MESSAGES_MOVED ||
	    event_id_of(event) == EVENT_MESSAGES_STAGED)
		stop_flag = 1;
	count_event(event, user);
}

static void
test_stop(struct place *p, const void *scheme)
{
	static const char from[] = "deal:x?folders=3&messages=1500";
	g_autoptr(Plan) plan = plan_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *to = g_strconcat(scheme, ":", p->to, NULL);
	struct run_params params = {.plan = plan,
	    .command = "test",
	    .starter = starter,
	    .sink = stop_at_moved,
	    .user = p,
	    .stop = &stop_flag};

	stop_flag = 0;
	plan_set(plan, "from", "url", from, NULL);
	plan_set(plan, "to", "url", to, NULL);
	plan_set(plan, "run", "state", p->state, NULL);
	plan_finish(plan, true, NULL);
	run_pass(&params, &p->books, &error);
	g_assert_no_error(error);
	g_assert_true(books_balance(&p->books));
	g_assert_cmpuint(seen(p, EVENT_RUN_STOPPED), ==, 1);
	g_assert_cmpint(run_exit_status(&p->books), ==, 1);
	check_ledger(p);
	g_assert_cmpint(pass(p, from, scheme, false), ==, 0);
	assert_arrived(p, "m0", 3, 1500, 0);
}

/* What the engine costs by itself; printed, not judged. */
static void
test_cost(struct place *p, const void *scheme)
{
	gint64 begun = g_get_monotonic_time();

	g_assert_cmpint(
	    pass(p, "deal:x?folders=1&messages=10000", scheme, false), ==, 0);
	g_test_message("10000 messages in %.3f s",
	    (double)(g_get_monotonic_time() - begun) / 1e6);
	begun = g_get_monotonic_time();
	g_assert_cmpint(
	    pass(p, "deal:x?folders=1&messages=10000", scheme, false), ==, 0);
	g_test_message("nothing new in %.3f s",
	    (double)(g_get_monotonic_time() - begun) / 1e6);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name, *scheme;
		void (*fn)(struct place *p, const void *scheme);
	} tests[] = {
	    {"/engine/plain", "heap", test_plain},
	    {"/engine/plain-whole", "pile", test_plain},
	    {"/engine/simple", "heap", test_simple},
	    {"/engine/simple-whole", "pile", test_simple},
	    {"/engine/mailboxes", "heap", test_many_mailboxes},
	    {"/engine/mailboxes-whole", "pile", test_many_mailboxes},
	    {"/engine/parts", "heap", test_parts},
	    {"/engine/parts-whole", "pile", test_parts},
	    {"/engine/flags", "heap", test_flags},
	    {"/engine/flags-not-carried", "pile", test_flags_not_carried},
	    {"/engine/identity", "heap", test_identity},
	    {"/engine/identity-whole", "pile", test_identity},
	    {"/engine/filter", "heap", test_filter},
	    {"/engine/map", "heap", test_map},
	    {"/engine/lie", "heap", test_lie},
	    {"/engine/not-taken", "heap", test_not_taken},
	    {"/engine/trouble", "heap", test_trouble},
	    {"/engine/trouble-whole", "pile", test_trouble},
	    {"/engine/link-once", "heap", test_link_once},
	    {"/engine/link-once-whole", "pile", test_link_once},
	    {"/engine/failed-once", "heap", test_failed_once},
	    {"/engine/cut", "heap", test_cut},
	    {"/engine/cut-whole", "pile", test_cut},
	    {"/engine/cut-within", "heap", test_cut_within},
	    {"/engine/in-use", "heap", test_in_use},
	    {"/engine/stop", "heap", test_stop},
	    {"/engine/stop-whole", "pile", test_stop},
	    {"/engine/cost", "pile", test_cost},
	};
	int status;

	g_assert_cmpint(starter_new(&starter, NULL), ==, ST_OK);
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].name, struct place, tests[i].scheme, setup,
		    tests[i].fn, teardown);
	status = g_test_run();
	starter_free(starter);
	return status;
}
