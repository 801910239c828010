#include "source/generate.h"

#include <string.h>

/* Also the first rows of fail:, which wraps this driver. */
static const struct option options[] = {
    {"mailboxes", OPTION_NUMBER, "1", NULL, "how many mailboxes"},
    {"messages", OPTION_NUMBER, "100", NULL, "messages per mailbox"},
    {"size", OPTION_SIZE, "2KiB", NULL, "size of a message, about"},
    {"folders", OPTION_NUMBER, "3", NULL, "folders per mailbox"},
    {"seed", OPTION_NUMBER, "1", NULL, "another number, other messages"},
    {"big", OPTION_SIZE, "0", NULL, "one more message of this size"},
    {"fail-at", OPTION_NUMBER, "0", NULL,
	"this message (from 1) cannot be read"},
    {NULL}};

#define BOXES_MAX  10000 /* folders; a test needs a handful */
#define LINE_LEN   72	 /* octets of a body line, without CR LF */
#define FIRST_DATE G_GINT64_CONSTANT(1577836800) /* 2020-01-01 */

struct generate {
	struct source_base base;
	gint64 mailboxes, messages, size, boxes, big, fail_at;
	guint64 seed;
	const struct job *job;
	struct folder *folders;
	gint64 box;  /* folder that is given */
	gint64 next; /* number of its next message, from 1 over all folders */
	bool opened;
	gint64 found, skipped;
	GString *text;
	Spool *spool;
	char key[24];
	char state[64];
};

static enum status
generate_open(Source **out, const struct end *end, GError **error)
{
	struct generate *g = g_new0(struct generate, 1);

	g->mailboxes = options_number(end->options, "mailboxes");
	g->messages = options_number(end->options, "messages");
	g->size = MIN(options_number(end->options, "size"), SPOOL_MEMORY_MAX);
	g->boxes = CLAMP(options_number(end->options, "folders"), 1, BOXES_MAX);
	g->seed = (guint64)options_number(end->options, "seed");
	g->big = options_number(end->options, "big");
	g->fail_at = options_number(end->options, "fail-at");
	g->text = g_string_new(NULL);
	g->base.driver = &source_generate_driver;
	*out = (Source *)g;
	return ST_OK;
}

static enum status
generate_list(Source *source, GPtrArray *out, GError **error)
{
	struct generate *g = (struct generate *)source;

	for (gint64 i = 1; i <= g->mailboxes; i++) {
		g_autofree char *name =
		    g_strdup_printf("user%" G_GINT64_FORMAT, i);
		struct mailbox *mailbox = mailbox_new(name, NULL);

		mailbox->messages = g->messages + (g->big > 0);
		g_ptr_array_add(out, mailbox);
	}
	return ST_OK;
}

static void
generate_end(Source *source)
{
	struct generate *g = (struct generate *)source;

	for (gint64 i = 0; g->folders && i < g->boxes; i++) {
		g_strfreev(g->folders[i].path);
		g_free(g->folders[i].identity);
	}
	g_clear_pointer(&g->folders, g_free);
	g_clear_pointer(&g->spool, spool_free);
}

static enum status
generate_begin(Source *source, const struct job *job, GError **error)
{
	struct generate *g = (struct generate *)source;

	g->job = job;
	g->box = 0;
	g->next = 1;
	g->opened = false;
	g->spool = spool_new(job->spool_dir);
	g->folders = g_new0(struct folder, (gsize)g->boxes);
	for (gint64 i = 0; i < g->boxes; i++) {
		struct folder *f = &g->folders[i];

		f->identity = g_strdup_printf("%" G_GUINT64_FORMAT, g->seed);
		f->path = g_new0(char *, 3);
		if (i == 0) {
			f->path[0] = g_strdup("INBOX");
			f->use = FOLDER_INBOX;
			continue;
		}
		/* every second one lies below its predecessor */
		f->path[0] = g_strdup_printf(
		    "Ordner ä%" G_GINT64_FORMAT, i % 2 ? i : i - 1);
		if (i % 2 == 0)
			f->path[1] =
			    g_strdup_printf("Sub %" G_GINT64_FORMAT, i);
	}
	for (gint64 i = 0; i < g->boxes; i++)
		if (job->known && job->known->announce)
			job->known->announce(job->known->ctx, &g->folders[i]);
	return ST_OK;
}

/* Numbers that depend on the seed and on n alone (splitmix64). */
static guint64
mix(guint64 seed, guint64 n)
{
	guint64 z = seed * G_GUINT64_CONSTANT(0xd1342543de82ef95) +
		    (n + 1) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void
add_line(GString *out, guint64 seed, guint64 n, gsize len)
{
	for (gsize i = 0; i < len; i++) {
		if (i % 10 == 0)
			seed = mix(seed, n + i);
		g_string_append_c(out, (char)('a' + (seed >> i % 10 * 5) % 26));
	}
	g_string_append(out, "\r\n");
}

static void
make_header(struct generate *g, gint64 n)
{
	g_string_printf(g->text,
	    "From: Sender %" G_GINT64_FORMAT " <sender%" G_GINT64_FORMAT
	    "@example.org>\r\nTo: %s@example.net\r\n"
	    "Subject: Message %" G_GINT64_FORMAT "\r\n"
	    "Date: Wed, 01 Jan 2020 00:00:00 +0000\r\n"
	    "Message-ID: <%" G_GINT64_FORMAT ".%" G_GUINT64_FORMAT
	    ".%s@example.org>\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n",
	    n % 7, n % 7, g->job->mailbox->name, n, n, g->seed,
	    g->job->mailbox->name);
}

static void
make_small(struct generate *g, gint64 n)
{
	make_header(g, n);
	while ((gint64)g->text->len < g->size)
		add_line(g->text, mix(g->seed, (guint64)n), g->text->len,
		    (gsize)CLAMP(
			g->size - (gint64)g->text->len - 2, 1, LINE_LEN));
}

static enum status
make_big(struct generate *g, gint64 n, GError **error)
{
	gint64 len = 0;
	enum status st = ST_OK;

	spool_reset(g->spool);
	make_header(g, n);
	while (st == ST_OK && len < g->big) {
		if (len > 0)
			g_string_truncate(g->text, 0);
		while (g->text->len < 64 << 10 &&
		       len + (gint64)g->text->len < g->big)
			add_line(g->text, mix(g->seed, (guint64)n),
			    (guint64)len + g->text->len, LINE_LEN);
		len += (gint64)g->text->len;
		st = spool_write(g->spool, g->text->str, g->text->len, error);
	}
	return st;
}

static enum status
give_message(struct generate *g, struct folder *folder, gint64 n,
    struct record *record, GError **error)
{
	static const char *const some[] = {"$Forwarded", "invoice", NULL};
	const struct known *known = g->job->known;
	struct message *m = &record->message;
	guint64 r = mix(g->seed, (guint64)n);
	enum status st = ST_OK;

	g_snprintf(g->key, sizeof(g->key), "%" G_GINT64_FORMAT, n);
	record->kind = RECORD_MESSAGE;
	record->key = g->key;
	m->folder = folder;
	m->flags =
	    (guint32)(r & (MESSAGE_SEEN | MESSAGE_ANSWERED | MESSAGE_FLAGGED));
	if (r >> 8 & 1)
		m->keywords = some;
	m->received = (struct stamp){.utc = FIRST_DATE + n * 60,
	    .known = true,
	    .zone = 60,
	    .has_zone = true};
	g->found++;
	if (known && known->is_settled &&
	    known->is_settled(known->ctx, folder, g->key)) {
		record->known = true;
		g->skipped++;
		return ST_OK;
	}
	if (n == g->fail_at)
		return fail(ST_ITEM, error, ERR_IO, RETRY_NEVER,
		    "generate: message %" G_GINT64_FORMAT
		    " cannot be read, as asked for",
		    n);
	if (n > g->messages) {
		st = make_big(g, n, error);
		m->raw = spool_blob(g->spool);
	} else {
		make_small(g, n);
		m->raw = blob_from_mem(g->text->str, g->text->len);
	}
	m->size = m->raw.len;
	if (st == ST_OK && g->job->filter &&
	    filter_message(g->job->filter, m) != FILTER_PASS)
		return ST_OK;
	m->has_body = true;
	return st;
}

/* Messages are dealt to the folders in turns; the big one is the inbox's last.
 */
static gint64
next_number(const struct generate *g)
{
	if (g->next <= g->messages)
		return g->next;
	return g->box == 0 && g->big > 0 && g->next <= g->messages + g->boxes
		   ? g->messages + 1
		   : 0;
}

/* The folder at hand to its end, without its messages. */
static void
count_all(struct generate *g)
{
	if (g->next <= g->messages)
		g->found = (g->messages - g->next) / g->boxes + 1;
	if (g->box == 0 && g->big > 0)
		g->found++;
	g->next = G_MAXINT64 - g->boxes;
}

static enum status
generate_next(Source *source, struct record *record, GError **error)
{
	struct generate *g = (struct generate *)source;
	const struct known *known = g->job->known;
	struct folder *folder;
	gint64 n;

	memset(record, 0, sizeof(*record));
	for (;; g->box++) {
		if (g->box >= g->boxes)
			return ST_END;
		if (g->job->stop && *g->job->stop)
			return fail(ST_RUN, error, ERR_CANCELLED, RETRY_LATER,
			    "stopped by the user");
		folder = &g->folders[g->box];
		if (g->opened)
			break;
		if (!known || !known->claim || known->claim(known->ctx, folder))
			break;
	}
	if (!g->opened) {
		g->opened = true;
		g->next = g->box + 1;
		g->found = g->skipped = 0;
		/* it is named and counted, and nothing of it is made */
		if (g->job->filter &&
		    filter_folder(g->job->filter, folder) != FILTER_PASS)
			count_all(g);
		record->kind = RECORD_FOLDER;
		record->folder = folder;
		return ST_OK;
	}
	n = next_number(g);
	if (n > 0) {
		g->next = n > g->messages ? G_MAXINT64 - g->boxes
					  : g->next + g->boxes;
		return give_message(g, folder, n, record, error);
	}
	record->kind = RECORD_FOLDER_END;
	record->folder = folder;
	record->found = g->found;
	record->skipped = g->skipped;
	g_snprintf(
	    g->state, sizeof(g->state), "generate %" G_GINT64_FORMAT, g->found);
	record->state = g->state;
	g->opened = false;
	g->box++;
	return ST_OK;
}

static void
generate_close(Source *source)
{
	struct generate *g = (struct generate *)source;

	g_string_free(g->text, TRUE);
	g_free(g);
}

static const char *const schemes[] = {"generate", NULL};

static gint64
generate_expect(const Source *source)
{
	const struct generate *g = (const struct generate *)source;

	return g->messages + (g->big > 0);
}

const struct source_driver source_generate_driver = {
    .name = "generate",
    .schemes = schemes,
    .summary = "messages made up on the spot, for tests and measures",
    .options = options,
    .gives =
	1u << RECORD_FOLDER | 1u << RECORD_MESSAGE | 1u << RECORD_FOLDER_END,
    .announces = true,
    .open = generate_open,
    .list = generate_list,
    .begin = generate_begin,
    .expect = generate_expect,
    .next = generate_next,
    .end = generate_end,
    .close = generate_close,
};
