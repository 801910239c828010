#include "dest/null.h"

#define CHUNK (64 << 10) /* bytes of a body read at a time */

static const struct option options[] = {
    {"read", OPTION_BOOL, "yes", NULL, "read bodies to their end"}, {NULL}};

struct null_dest {
	struct dest_base base;
	bool read;
	Spool *joined;
	guint8 *scratch;
	GArray *ready; /* of guint64: seq */
	guint at;
};

static enum status
null_open(Dest **out, const struct end *end, GError **error)
{
	struct null_dest *d = g_new0(struct null_dest, 1);

	d->read = options_bool(end->options, "read");
	d->base.driver = &dest_null_driver;
	*out = (Dest *)d;
	return ST_OK;
}

static enum status
null_begin(Dest *dest, const struct job *job, GError **error)
{
	struct null_dest *d = (struct null_dest *)dest;

	d->joined = spool_new(job->spool_dir);
	d->scratch = g_malloc(CHUNK);
	d->ready = g_array_new(FALSE, FALSE, sizeof(guint64));
	d->at = 0;
	return ST_OK;
}

static enum status
null_put(Dest *dest, const struct record *record, guint64 seq, GError **error)
{
	struct null_dest *d = (struct null_dest *)dest;
	const guint8 *data;
	struct blob raw;
	gint64 at = 0;
	enum status st;
	gsize len;

	if (record->kind == RECORD_FOLDER || record->kind == RECORD_FOLDER_END)
		return ST_OK;
	if (record->kind == RECORD_MESSAGE && d->read) {
		st = message_raw(&record->message, d->joined, &raw, error);
		while (st == ST_OK)
			st = blob_next(
			    &raw, &at, d->scratch, CHUNK, &data, &len, error);
		if (st < 0)
			return st;
	}
	g_array_append_val(d->ready, seq);
	return ST_OK;
}

static enum status
null_outcome(Dest *dest, struct outcome *out, GError **error)
{
	struct null_dest *d = (struct null_dest *)dest;

	if (d->at >= d->ready->len) {
		g_array_set_size(d->ready, 0);
		d->at = 0;
		return ST_END;
	}
	*out = (struct outcome){
	    .st = ST_OK, .seq = g_array_index(d->ready, guint64, d->at++)};
	return ST_OK;
}

static enum status
null_commit(Dest *dest, bool last, GError **error)
{
	return ST_OK;
}

static void
null_end(Dest *dest)
{
	struct null_dest *d = (struct null_dest *)dest;

	g_clear_pointer(&d->joined, spool_free);
	g_clear_pointer(&d->scratch, g_free);
	g_clear_pointer(&d->ready, g_array_unref);
}

static void
null_close(Dest *dest)
{
	g_free(dest);
}

static const char *const schemes[] = {"null", NULL};

const struct dest_driver dest_null_driver = {
    .name = "null",
    .schemes = schemes,
    .summary = "takes everything and keeps nothing, for tests and measures",
    .options = options,
    .takes = 1u << RECORD_FOLDER | 1u << RECORD_MESSAGE |
	     1u << RECORD_FOLDER_END | 1u << RECORD_RECIPIENT |
	     1u << RECORD_ADDRESS,
    .open = null_open,
    .begin = null_begin,
    .put = null_put,
    .outcome = null_outcome,
    .commit = null_commit,
    .end = null_end,
    .close = null_close,
};
