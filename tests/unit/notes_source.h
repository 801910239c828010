/*
 * For the tests of notes as a source: a database that is written, read through
 * the driver, and everything it gives and says, as text.
 */
#ifndef MAILMIG_TESTS_NOTES_SOURCE_H
#define MAILMIG_TESTS_NOTES_SOURCE_H

#include "base/url.h"
#include "nsf_make.h"
#include "source/notes.h"

#include <glib/gstdio.h>
#include <string.h>

#define MIA "CN=Mia Holm/O=Fjord"

struct fixture {
	char *dir, *path;
	struct url url;
	Options *options;
	struct login login;
	struct mailbox *mailbox;
	struct job job;
	Source *source;
	GError *error;
	GString *remarks; /* codes */
	GString *seen;	  /* folders with their counts */
	GPtrArray *mail;  /* char *: "folder|subject|date|flags" */
	GPtrArray *raw;	  /* char *: the octets */
	guint failed, people;
	GString *card;
};

static inline void
take_remark(void *ctx, const struct remark *remark)
{
	struct fixture *f = ctx;

	g_assert_nonnull(remark->text);
	g_string_append_printf(f->remarks, "%s ", remark->code);
}

static inline void
start(struct fixture *f, const char *more)
{
	g_autofree char *text = g_strdup_printf("notes:%s%s", f->path, more);
	g_autoptr(GPtrArray) boxes =
	    g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_free);
	struct end end;

	g_assert_cmpint(url_parse(text, &f->url, NULL), ==, ST_OK);
	f->options = options_new(source_notes_driver.options);
	for (guint i = 0; f->url.names && f->url.names[i]; i++)
		g_assert_cmpint(options_set(f->options, f->url.names[i],
				    f->url.values[i], &f->error),
		    ==, ST_OK);
	end = (struct end){&f->url, f->options, &f->login};
	g_assert_cmpint(
	    source_open(&f->source, &source_notes_driver, &end, &f->error), ==,
	    ST_OK);
	g_assert_cmpint(source_list(f->source, boxes, &f->error), ==, ST_OK);
	g_assert_cmpint(boxes->len, ==, 1);
	f->mailbox = g_ptr_array_steal_index(boxes, 0);
	f->job.mailbox = f->mailbox;
	f->job.pass = 1;
	f->job.spool_dir = f->dir;
	f->job.remark = take_remark;
	f->job.remark_ctx = f;
}

static inline void
take_message(struct fixture *f, const struct message *m)
{
	struct envelope scratch;
	const struct envelope *e;
	g_autofree char *path = folder_path_to_text(m->folder->path);
	g_autofree char *date = stamp_to_iso(&m->received);
	g_autoptr(Spool) spool = spool_new(f->dir);
	struct blob raw;
	char *bytes;
	gsize got;

	g_assert_true(m->has_body);
	envelope_init(&scratch);
	g_assert_cmpint(message_envelope(m, &scratch, &e, NULL), ==, ST_OK);
	g_ptr_array_add(
	    f->mail, g_strdup_printf("%s|%s|%s|%s%s%s", path, e->subject, date,
			 m->flags & MESSAGE_SEEN ? "S" : "",
			 m->flags & MESSAGE_DRAFT ? "D" : "",
			 m->flags & MESSAGE_ANSWERED ? "A" : ""));
	g_assert_cmpint(message_raw(m, spool, &raw, NULL), ==, ST_OK);
	bytes = g_malloc0((gsize)raw.len + 1);
	g_assert_cmpint(
	    blob_read(&raw, 0, bytes, (gsize)raw.len, &got, NULL), ==, ST_OK);
	g_ptr_array_add(f->raw, bytes);
	envelope_clear(&scratch);
}

static inline int
by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Everything that the source gives. */
static inline void
read_all(struct fixture *f)
{
	struct record r;
	gint64 found = 0, messages = 0;
	enum status st;

	g_assert_cmpint(source_begin(f->source, &f->job, &f->error), ==, ST_OK);
	while ((st = source_next(f->source, &r, &f->error)) != ST_END) {
		if (st == ST_ITEM) {
			g_assert_nonnull(r.key);
			g_assert_cmpstr(r.key, !=, "");
			f->failed++;
			messages += r.kind == RECORD_MESSAGE;
			g_clear_error(&f->error);
			continue;
		}
		g_assert_no_error(f->error);
		g_assert_cmpint(st, ==, ST_OK);
		switch (r.kind) {
		case RECORD_MESSAGE:
			messages++;
			take_message(f, &r.message);
			break;
		case RECORD_FOLDER_END: {
			g_autofree char *path =
			    folder_path_to_text(r.folder->path);

			found += r.found;
			g_string_append_printf(f->seen,
			    "%s(%s)=%" G_GINT64_FORMAT " ", path,
			    folder_use_name(r.folder->use), r.found);
			break;
		}
		case RECORD_RECIPIENT:
		case RECORD_ADDRESS:
			f->people++;
			g_string_append_printf(
			    f->card, "[%s]", record_kind_name(r.kind));
			for (guint i = 0; r.kind == RECORD_RECIPIENT &&
					  i < r.recipient.n_attributes;
			     i++) {
				g_autofree char *values = g_strjoinv(
				    "%", r.recipient.attributes[i].values);

				g_string_append_printf(f->card, "%s=%s;",
				    r.recipient.attributes[i].name, values);
			}
			if (r.kind == RECORD_ADDRESS)
				g_string_append_len(f->card,
				    (const char *)r.address.vcard.mem,
				    (gssize)r.address.vcard.len);
			break;
		case RECORD_FOLDER:
			break;
		}
	}
	g_assert_cmpint(found, ==, messages);
	g_ptr_array_sort(f->mail, by_text);
}

static inline void
set_up(struct fixture *f, gconstpointer data)
{
	f->dir = g_dir_make_tmp("notes-XXXXXX", NULL);
	f->path = g_build_filename(f->dir, "mia.nsf", NULL);
	f->remarks = g_string_new(NULL);
	f->seen = g_string_new(NULL);
	f->card = g_string_new(NULL);
	f->mail = g_ptr_array_new_with_free_func(g_free);
	f->raw = g_ptr_array_new_with_free_func(g_free);
}

static inline void
stop(struct fixture *f)
{
	g_clear_pointer(&f->source, source_close);
	g_clear_pointer(&f->mailbox, mailbox_free);
	g_clear_pointer(&f->options, options_free);
	url_clear(&f->url);
	memset(&f->url, 0, sizeof f->url);
	g_clear_error(&f->error);
	g_string_truncate(f->remarks, 0);
	g_string_truncate(f->seen, 0);
	g_string_truncate(f->card, 0);
	g_ptr_array_set_size(f->mail, 0);
	g_ptr_array_set_size(f->raw, 0);
	f->failed = f->people = 0;
}

static inline void
tear_down(struct fixture *f, gconstpointer data)
{
	stop(f);
	g_unlink(f->path);
	g_assert_cmpint(g_rmdir(f->dir), ==, 0);
	g_string_free(f->remarks, TRUE);
	g_string_free(f->seen, TRUE);
	g_string_free(f->card, TRUE);
	g_ptr_array_unref(f->mail);
	g_ptr_array_unref(f->raw);
	g_free(f->path);
	g_free(f->dir);
}

/* A memo: what is 0 or NULL is left out. */
static inline guint32
memo(NsfMake *m, const char *subject, gint64 posted, gint64 delivered)
{
	g_autoptr(GByteArray) cd = g_byte_array_new();

	nsf_make_begin(m, NSF_CLASS_DOCUMENT, 0, 0);
	nsf_make_text(m, "Form", "Memo");
	nsf_make_text(m, "From", MIA);
	nsf_make_text(m, "SendTo", "ann@example.org");
	nsf_make_text(m, "Subject", subject);
	if (posted)
		nsf_make_time(m, "PostedDate", posted, 8, FALSE);
	if (delivered)
		nsf_make_time(m, "DeliveredDate", delivered, 8, FALSE);
	nsf_make_cd_text(cd, 0, "body of ");
	nsf_make_cd_text(cd, 1, subject);
	nsf_make_rich(m, "Body", cd);
	return nsf_make_end(m, FALSE, 0);
}

#endif
