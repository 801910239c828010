#include "dest/imap-private.h"
#include "base/step.h"
#include "dest/imap.h"
#include "imap/options.h"

#include <string.h>

#define STREAM_MAX_US	(5 * G_USEC_PER_SEC) /* an open batch is ended after */
#define BATCH_BYTES_MIN (64 << 10)
#define BATCH_BYTES_MAX (64 << 20)

static const struct option dest_imap_options[] = {
    IMAP_OPTIONS,
    {"batch-bytes", OPTION_SIZE, "6MiB", NULL,
	"octets of one APPEND of many messages at most"},
    {"batch-messages", OPTION_NUMBER, "200", NULL,
	"messages of one APPEND at most"},
    {"settle", OPTION_NUMBER, "2", NULL,
	"seconds that a folder must be quiet after a cut, before it is compared"},
    {"remove-late", OPTION_BOOL, "yes", NULL,
	"remove what arrives of a cut run after it was sent again, where it is "
	"proven to be that; no: only name it"},
    {"subscribe", OPTION_BOOL, "yes", NULL,
	"subscribe to the folders that are created"},
    {NULL},
};

void
dest_imap_remark(DestImap *d, enum remark_level level, const char *code,
    const struct folder *folder, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list ap;
	struct remark remark = {
	    .level = level,
	    .code = code,
	    .line = -1,
	    .offset = -1,
	    .folder = folder,
	};

	if (!d->job || !d->job->remark)
		return;
	va_start(ap, format);
	text = g_strdup_vprintf(format, ap);
	va_end(ap);
	remark.text = text;
	d->job->remark(d->job->remark_ctx, &remark);
}

enum status
dest_imap_broke(DestImap *d, enum status st, GError **error)
{
	if (d->failed == ST_OK)
		d->failed = d->quota ? ST_MAILBOX : st;
	if (!d->error && error && *error)
		d->error = g_error_copy(*error);
	return st;
}

void
dest_imap_ended(DestImap *d, guint64 seq, enum status st, guint32 uidvalidity,
    guint32 uid, GError *error, guint8 *body, gsize len)
{
	struct done *done = g_new(struct done, 1);

	done->seq = seq;
	done->st = st;
	done->uidvalidity = uidvalidity;
	done->uid = uid;
	done->error = error;
	done->body = body;
	done->len = len;
	g_queue_push_tail(&d->outcomes, done);
}

static void
done_free(struct done *done)
{
	if (!done)
		return;
	g_clear_error(&done->error);
	g_free(done->body);
	g_free(done);
}

static enum status
dest_imap_open(Dest **out, const struct end *end, GError **error)
{
	const Options *options = end->options;
	struct imap_params params = {0};
	DestImap *d;
	gint64 bytes, messages;
	enum status st;

	st = imap_params_from(&params, end->url, options, error);
	if (st < 0)
		return st;
	/* With UTF8=ACCEPT a message with raw UTF-8 in its header would have to
	 * be sent as UTF8 (~{n}), and a server may alter it for readers that
	 * did not ask for UTF-8 (RFC 6855 4, RFC 6858). Names do without. */
	params.hide |= IMAP_CAP_UTF8_ACCEPT;
	params.conn.stop = end->stop;
	params.user =
	    end->login && end->login->user ? end->login->user : end->url->user;
	params.authuser = end->login ? end->login->authuser : NULL;
	params.password = end->login && end->login->password
			      ? end->login->password
			      : end->url->password;
	params.token_command = end->login ? end->login->token_command : NULL;
	bytes = options_number(options, "batch-bytes");
	messages = options_number(options, "batch-messages");
	if (bytes < BATCH_BYTES_MIN || bytes > BATCH_BYTES_MAX || messages < 1)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "imap: batch-bytes is from 64KiB to 64MiB, batch-messages "
		    "from 1");

	d = g_new0(DestImap, 1);
	d->base.driver = &dest_imap_driver;
	d->batch_bytes = (gsize)bytes;
	d->settle_us = MIN(options_number(options, "settle"), 3600) *
		       G_USEC_PER_SEC;
	d->batch_messages = (guint)MIN(messages, 100000);
	d->subscribe = options_bool(options, "subscribe");
	d->remove_late = options_bool(options, "remove-late");
	d->head = g_string_new(NULL);
	d->uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	d->sizes = g_array_new(FALSE, FALSE, sizeof(guint64));
	d->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_queue_init(&d->sends);
	g_queue_init(&d->flight);
	g_queue_init(&d->outcomes);
	imap_params_copy(&d->address, &params);
	st = imap_open(&d->session, &params, error);
	if (st < 0) {
		dest_close((Dest *)d);
		return st;
	}
	d->caps = imap_caps(d->session);
	d->multi = d->caps & IMAP_CAP_MULTIAPPEND;
	d->plus = d->caps & IMAP_CAP_LITERAL_PLUS;
	d->minus = d->caps & (IMAP_CAP_LITERAL_MINUS | IMAP_CAP_IMAP4REV2);
	d->ask_names = !(d->caps & (IMAP_CAP_UIDPLUS | IMAP_CAP_IMAP4REV2));
	*out = (Dest *)d;
	return ST_OK;
}

static enum status
dest_imap_begin(Dest *dest, const struct job *job, GError **error)
{
	DestImap *d = (DestImap *)(void *)dest;
	enum status st;

	if (d->failed < 0)
		return dest_imap_failure(d, error);
	g_assert(!d->boxes);
	d->job = job;
	d->scratch = spool_new(job->spool_dir);
	st = dest_imap_folders_begin(d, error);
	d->begun_us = g_get_monotonic_time();
	d->rights_told = false;
	d->careful = d->recoveries = 0;
	return st < 0 ? dest_imap_broke(d, st, error) : st;
}

/* Everything sent and answered, and every message has the name it got. */
static enum status
finish(DestImap *d, GError **error)
{
	enum status st = dest_imap_settle(d, error);

	d->finishing = true;
	for (guint i = 0; st == ST_OK && i < d->boxes->len; i++) {
		struct box *box = d->boxes->pdata[i];

		if (box->nameless && box->nameless->len > 0)
			st = dest_imap_ask_names(d, box, error);
	}
	if (st == ST_OK)
		st = dest_imap_settle(d, error);
	d->finishing = false;
	return st;
}

enum status
dest_imap_failure(DestImap *d, GError **error)
{
	if (d->quota && d->failed == ST_OK) {
		/* what went out before may still have been stored */
		g_autoptr(GError) ignored = NULL;

		finish(d, &ignored);
		d->failed = ST_MAILBOX;
	}
	if (error && !*error)
		*error = g_error_copy(d->error);
	return d->failed;
}

static enum status
put_message(
    DestImap *d, const struct record *record, guint64 seq, GError **error)
{
	const struct message *m = &record->message;
	struct box *box = dest_imap_box(d, m->folder);
	gint64 limit = imap_append_limit(d->session);
	struct blob raw;
	enum status st;

	box->filled = true;
	if (!box->listed && !box->asked) {
		st = dest_imap_make(d, box, error);
		if (st == ST_OK)
			st = dest_imap_make_public(d, box, error);
		if (st < 0)
			return st;
	}
	if (box->refused)
		return fail(ST_ITEM, error, ERR_REFUSED, RETRY_NEVER,
		    "folder %s: %s", box->wire, box->refused);
	if (!m->has_body)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "the message came without its content");
	st = message_raw(m, d->scratch, &raw, error);
	if (st < 0)
		return st;
	if (raw.len == 0)
		/* RFC 3502 6.3.11: an empty literal cancels the command */
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "the message is empty, which IMAP cannot store");
	if (limit >= 0 && raw.len > limit)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "the message has %" G_GINT64_FORMAT
		    " octets and the server takes %" G_GINT64_FORMAT
		    " (APPENDLIMIT); raise its limit, then import the "
		    "recovery set",
		    raw.len, limit);
	st = dest_imap_look(d, box, record->again, error);
	if (st < 0)
		return st;
	if (record->again && box->arrived) {
		struct digest digest;
		guint32 uid;

		st = digest_blob(&raw, &digest, error);
		if (st < 0)
			return st;
		uid = dest_imap_arrived(box, &digest);
		if (uid) {
			dest_imap_ended(d, seq, ST_THERE, box->uidvalidity, uid,
			    NULL, NULL, 0);
			return ST_OK;
		}
	}
	return dest_imap_append(d, box, record, &raw, seq, error);
}

static enum status
dest_imap_put(
    Dest *dest, const struct record *record, guint64 seq, GError **error)
{
	DestImap *d = (DestImap *)(void *)dest;
	struct box *box;
	enum status st = ST_OK;

	g_clear_pointer(&d->given, done_free);
	if (d->failed < 0 || d->quota)
		return dest_imap_failure(d, error);
	switch (record->kind) {
	case RECORD_FOLDER:
		box = dest_imap_box(d, record->folder);
		box->seq = seq;
		box->filled = true;
		dest_imap_tell_renamed(d, box);
		if (box->refused) /* when it was announced */
			return fail(ST_ITEM, error, ERR_REFUSED, RETRY_NEVER,
			    "folder %s: %s", box->wire, box->refused);
		st = dest_imap_make(d, box, error);
		if (st == ST_OK)
			st = dest_imap_make_public(d, box, error);
		break;
	case RECORD_MESSAGE:
		st = put_message(d, record, seq, error);
		break;
	case RECORD_FOLDER_END:
		dest_imap_append_close(d);
		break;
	case RECORD_RECIPIENT:
	case RECORD_ADDRESS:
		return fail(ST_ITEM, error, ERR_CONFIG, RETRY_NEVER,
		    "imap takes no %s records", record_kind_name(record->kind));
	}
	if (d->quota && st != ST_ITEM)
		st = ST_MAILBOX;
	if (st < ST_ITEM) {
		dest_imap_broke(d, st, error);
		return dest_imap_failure(d, error);
	}
	return st;
}

static enum status
dest_imap_outcome(Dest *dest, struct outcome *out, GError **error)
{
	DestImap *d = (DestImap *)(void *)dest;
	struct done *done;

	g_clear_pointer(&d->given, done_free);
	done = d->given = g_queue_pop_head(&d->outcomes);
	if (!done)
		return ST_END;
	memset(out, 0, sizeof(*out));
	out->seq = done->seq;
	out->st = done->st;
	out->error = done->error;
	out->body = blob_from_mem(done->body, done->len);
	if (done->uid) {
		g_snprintf(d->key, sizeof(d->key), "%u.%u", done->uidvalidity,
		    done->uid);
		out->dest_key = d->key;
	}
	return ST_OK;
}

static enum status
dest_imap_commit(Dest *dest, bool last, GError **error)
{
	DestImap *d = (DestImap *)(void *)dest;
	enum status st = ST_OK;

	g_clear_pointer(&d->given, done_free);
	if (d->failed < 0 || d->quota)
		return dest_imap_failure(d, error);
	st = dest_imap_send_held(d, error);
	if (st == ST_OK && last) {
		st = dest_imap_settle(d, error);
		if (st == ST_OK)
			st = dest_imap_update_send(d, error);
		if (st == ST_OK)
			st = finish(d, error);
		if (st == ST_OK)
			st = dest_imap_late(d, error);
		if (st == ST_OK)
			dest_imap_note_names(d);
	} else if (st == ST_OK) {
		/* A slow source: the server should not wait for ever for the
		 * end of a command, nor its messages for their outcome. */
		if (d->open && d->open->begun &&
		    g_get_monotonic_time() - d->open->begun_us > STREAM_MAX_US)
			dest_imap_append_close(d);
		d->unflushed = G_MAXSIZE / 2;
		st = dest_imap_tend(d, error);
	}
	if (d->quota)
		st = ST_MAILBOX;
	if (st < 0) {
		dest_imap_broke(d, st, error);
		return dest_imap_failure(d, error);
	}
	return ST_OK;
}

static char *const *
dest_imap_map(Dest *dest, const struct folder *folder)
{
	DestImap *d = (DestImap *)(void *)dest;

	return dest_imap_box(d, folder)->path;
}

static void
dest_imap_end(Dest *dest)
{
	DestImap *d = (DestImap *)(void *)dest;
	struct done *done;

	g_clear_pointer(&d->given, done_free);
	while ((done = g_queue_pop_head(&d->outcomes)))
		done_free(done);
	if (d->sends.head || d->flight.head) {
		/* given up in the middle of a command: only a cut undoes it,
		 * and the queue may point into the slabs */
		g_clear_pointer(&d->session, imap_close);
		if (d->failed == ST_OK) {
			g_clear_error(&d->error);
			d->failed = fail(ST_LINK, &d->error, ERR_CANCELLED,
			    RETRY_NOW, "imap: the last job was given up");
		}
	}
	dest_imap_append_clear(d);
	if (d->boxes)
		dest_imap_folders_clear(d);
	g_clear_pointer(&d->scratch, spool_free);
	d->job = NULL;
}

static void
dest_imap_close(Dest *dest)
{
	DestImap *d = (DestImap *)(void *)dest;

	dest_imap_end(dest);
	g_clear_pointer(&d->session, imap_close);
	imap_params_clear(&d->address);
	g_hash_table_unref(d->told);
	g_array_unref(d->uids);
	g_array_unref(d->sizes);
	g_string_free(d->head, TRUE);
	g_clear_error(&d->error);
	g_free(d);
}

static const char *const dest_imap_schemes[] = {"imap", "imaps", NULL};

const struct dest_driver dest_imap_driver = {
    .name = "imap",
    .schemes = dest_imap_schemes,
    .summary = "any IMAP server (Exchange, Dovecot, Cyrus, hosted)",
    .options = dest_imap_options,
    .takes =
	1u << RECORD_FOLDER | 1u << RECORD_MESSAGE | 1u << RECORD_FOLDER_END,
    .accounts = true,
    .rights = true,
    .open = dest_imap_open,
    .begin = dest_imap_begin,
    .announce = dest_imap_announce,
    .put = dest_imap_put,
    .outcome = dest_imap_outcome,
    .update = dest_imap_update,
    .commit = dest_imap_commit,
    .map = dest_imap_map,
    .place = dest_imap_place,
    .end = dest_imap_end,
    .close = dest_imap_close,
};
