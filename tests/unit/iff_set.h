/*
 * For the tests of migration files: sets made from strings, and what the source
 * driver says of them as text, one line per record or remark.
 */
#ifndef MAILMIG_TESTS_IFF_SET_H
#define MAILMIG_TESTS_IFF_SET_H

#include "base/url.h"
#include "source/files.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

/* What src/drivers.c is to the program. */
const struct source_driver *const source_drivers[]
    = { &source_files_driver, NULL };

static inline char *
set_dir_new(void)
{
	char *dir = g_dir_make_tmp("mailmig-iff-XXXXXX", NULL);

	g_assert_nonnull(dir);
	return dir;
}

static inline void
set_dir_remove(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		char *inner = g_build_filename(path, name, NULL);

		if (g_file_test(inner, G_FILE_TEST_IS_DIR)
		    && !g_file_test(inner, G_FILE_TEST_IS_SYMLINK))
			set_dir_remove(inner);
		else
			g_unlink(inner);
		g_free(inner);
	}
	if (dir)
		g_dir_close(dir);
	g_rmdir(path);
}

static inline void
set_write(const char *dir, const char *name, const void *data, gssize len)
{
	char *path = g_build_filename(dir, name, NULL);
	GError *error = NULL;

	g_file_set_contents(path, data, len, &error);
	g_assert_no_error(error);
	g_free(path);
}

/* A body as a string with CR, LF and what is not printable shown. */
static inline void
set_show_blob(const struct blob *blob, GString *out)
{
	gint64 at = 0;
	guint8 scratch[4096];
	const guint8 *data;
	gsize len;
	GError *error = NULL;
	enum status st;

	while ((st = blob_next(blob, &at, scratch, sizeof scratch, &data, &len,
		    &error))
	    == ST_OK)
		for (gsize i = 0; i < len; i++) {
			if (data[i] == '\r')
				g_string_append(out, "\\r");
			else if (data[i] == '\n')
				g_string_append(out, "\\n");
			else if (data[i] < 0x20)
				g_string_append_printf(out, "\\x%02x",
				    data[i]);
			else
				g_string_append_c(out, (char)data[i]);
		}
	g_assert_no_error(error);
	g_assert_cmpint(st, ==, ST_END);
}

static inline void
set_show_people(const char *what, const GPtrArray *people, GString *out)
{
	for (guint i = 0; i < people->len; i++) {
		const struct person *p = people->pdata[i];

		g_string_append_printf(out, " %s=%s", what,
		    p->name ? p->name : "-");
		if (p->address)
			g_string_append_printf(out, "<%s:%s>", p->type,
			    p->address);
	}
}

static inline void
set_show_message(const struct message *m, GString *out)
{
	static const char *const kinds[] = { "text", "html", "rtf", "file",
		"message", "ole", "document", "schedule", "macbinary" };
	char *text = folder_path_to_text(m->folder->path);

	g_string_append_printf(out, "message %s", text);
	g_free(text);
	if (m->envelope) {
		const struct envelope *e = m->envelope;

		set_show_people("from", e->from, out);
		set_show_people("to", e->to, out);
		set_show_people("cc", e->cc, out);
		set_show_people("bcc", e->bcc, out);
		g_string_append_printf(out, " subject=%s",
		    e->subject ? e->subject : "-");
		if (e->message_id)
			g_string_append_printf(out, " id=%s", e->message_id);
		text = stamp_to_iso(&e->sent);
		g_string_append_printf(out, " sent=%s", text);
		g_free(text);
		if (e->priority)
			g_string_append_printf(out, " priority=%d",
			    e->priority);
	}
	text = stamp_to_iso(&m->received);
	g_string_append_printf(out, " received=%s flags=%s%s%s%s%s", text,
	    m->flags & MESSAGE_SEEN ? "S" : "",
	    m->flags & MESSAGE_ANSWERED ? "A" : "",
	    m->flags & MESSAGE_FLAGGED ? "F" : "",
	    m->flags & MESSAGE_DELETED ? "D" : "",
	    m->flags & MESSAGE_DRAFT ? "T" : "");
	g_free(text);
	for (guint i = 0; m->keywords && m->keywords[i]; i++)
		g_string_append_printf(out, " +%s", m->keywords[i]);
	if (m->class)
		g_string_append_printf(out, " class=%s", m->class);
	if (!m->has_body)
		g_string_append(out, " bodyless");
	else if (m->envelope == NULL) {
		g_string_append(out, " raw=");
		set_show_blob(&m->raw, out);
	}
	for (guint i = 0; i < m->n_parts; i++) {
		const struct part *p = &m->parts[i];

		g_string_append_printf(out, " [%s", kinds[p->kind]);
		if (p->name)
			g_string_append_printf(out, " %s", p->name);
		if (p->position >= 0)
			g_string_append_printf(out, " @%" G_GINT64_FORMAT,
			    p->position);
		if (p->type)
			g_string_append_printf(out, " type=%s", p->type);
		if (p->content_id)
			g_string_append_printf(out, " cid=%s", p->content_id);
		if (p->charset)
			g_string_append_printf(out, " charset=%s", p->charset);
		if (p->is_inline)
			g_string_append(out, " inline");
		g_string_append_c(out, ':');
		set_show_blob(&p->blob, out);
		g_string_append_c(out, ']');
	}
	if (m->headers)
		g_string_append_printf(out, " headers=%zu",
		    strlen(m->headers));
	g_string_append_c(out, '\n');
}

static inline void
set_show_record(const struct record *r, GString *out)
{
	static const char *const classes[] = { "mailbox", "remote", "dl" };
	char *text;

	switch (r->kind) {
	case RECORD_FOLDER:
		text = folder_path_to_text(r->folder->path);
		g_string_append_printf(out, "folder %s %s", text,
		    folder_use_name(r->folder->use));
		if (r->folder->class)
			g_string_append_printf(out, " %s", r->folder->class);
		g_string_append_c(out, '\n');
		g_free(text);
		break;
	case RECORD_FOLDER_END:
		text = folder_path_to_text(r->folder->path);
		g_string_append_printf(out,
		    "end %s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n", text,
		    r->found, r->skipped);
		g_free(text);
		break;
	case RECORD_MESSAGE:
		set_show_message(&r->message, out);
		break;
	case RECORD_RECIPIENT:
		g_string_append_printf(out, "%s",
		    classes[r->recipient.class]);
		for (guint i = 0; i < r->recipient.n_attributes; i++) {
			text = g_strjoinv("|",
			    r->recipient.attributes[i].values);
			g_string_append_printf(out, " %s=%s",
			    r->recipient.attributes[i].name, text);
			g_free(text);
		}
		g_string_append_c(out, '\n');
		break;
	case RECORD_ADDRESS:
		g_string_append_printf(out, "%s%s",
		    r->address.is_list ? "list" : "entry",
		    r->address.not_sendable ? " unsendable" : "");
		for (guint i = 1; i < ADDRESS_FIELDS; i++)
			if (r->address.fields[i][0]) {
				struct blob blob = blob_from_mem(
				    r->address.fields[i],
				    strlen(r->address.fields[i]));

				g_string_append_printf(out, " %s=",
				    address_field_names[i]);
				set_show_blob(&blob, out);
			}
		for (guint i = 0; i < r->address.n_members; i++) {
			const struct person *p = &r->address.members[i];

			g_string_append_printf(out, " (%s %s:%s)",
			    p->name ? p->name : "-", p->type ? p->type : "-",
			    p->address ? p->address : "-");
		}
		if (r->address.vcard.len > 0) {
			g_string_append(out, " vcard=");
			set_show_blob(&r->address.vcard, out);
		}
		g_string_append_c(out, '\n');
		break;
	}
}

static inline void
set_remark(void *ctx, const struct remark *r)
{
	static const char levels[] = "IWE";

	g_string_append_printf(ctx, "%c %s %s:%" G_GINT64_FORMAT,
	    levels[r->level], r->code, r->file, r->line);
	if (r->other_file && r->offset >= 0)
		g_string_append_printf(ctx, " %s(%" G_GINT64_FORMAT ")",
		    r->other_file, r->offset);
	g_string_append_c(ctx, '\n');
}

/* "files: FILE:LINE: CODE: words (FILE, offset N)" to "E CODE FILE:LINE
 * FILE(N)". */
static inline void
set_show_error(const GError *error, GString *out)
{
	char **w = g_strsplit(error->message, ": ", 4);
	const char *open = strrchr(w[3], '(');
	const char *comma = open ? strstr(open, ", offset ") : NULL;

	g_assert_cmpint(g_strv_length(w), ==, 4);
	g_string_append_printf(out, "E %s %s", w[2], w[1]);
	if (comma)
		g_string_append_printf(out, " %.*s(%d)",
		    (int)(comma - open - 1), open + 1, atoi(comma + 9));
	g_string_append(out, " LOST\n");
	g_strfreev(w);
}

struct set_run {
	const char *options; /* "policy=lenient;zone=0" or NULL */
	const char *recovery; /* directory or NULL */
	const struct known *known;
	const struct filter *filter;
	const char *only; /* mailbox, or NULL for all */
	bool keys; /* show them */
};

static inline Options *
set_options_new(const struct option *table, const char *text)
{
	Options *options = options_new(table);
	char **words = g_strsplit(text ? text : "", ";", -1);
	GError *error = NULL;

	for (guint i = 0; words[i]; i++) {
		char *eq = strchr(words[i], '=');

		if (eq == NULL)
			continue;
		*eq = '\0';
		options_set(options, words[i], eq + 1, &error);
		g_assert_no_error(error);
	}
	g_strfreev(words);
	return options;
}

/* Read a set through the driver, as the engine does. */
static inline char *
set_read(const char *path, const struct set_run *run)
{
	static const struct set_run plain;
	GString *out = g_string_new(NULL);
	Options *options;
	struct url url = { .path = (char *)path };
	struct end end = { .url = &url };
	GPtrArray *mailboxes = g_ptr_array_new_with_free_func(
	    (GDestroyNotify)mailbox_free);
	GError *error = NULL;
	Source *source = NULL;

	run = run ? run : &plain;
	options = set_options_new(source_files_driver.options, run->options);
	if (run->options == NULL || strstr(run->options, "zone=") == NULL)
		options_set(options, "zone", "0", NULL);
	/* The file as it is; its items are asked for by their own test. */
	if (run->options == NULL || strstr(run->options, "calendar=") == NULL)
		options_set(options, "calendar", "file", NULL);
	end.options = options;
	if (source_open(&source, &source_files_driver, &end, &error) < 0) {
		g_string_append_printf(out, "F %s\n",
		    strrchr(error->message, '/'));
		g_error_free(error);
		goto done;
	}
	source_list(source, mailboxes, &error);
	g_assert_no_error(error);
	for (guint i = 0; i < mailboxes->len; i++) {
		struct mailbox *mailbox = mailboxes->pdata[i];
		struct job job = { .id = i + 1,
			.pass = 1,
			.mailbox = mailbox,
			.parts = 1,
			.destination = mailbox->name,
			.known = run->known,
			.filter = run->filter,
			.spool_dir = g_get_tmp_dir(),
			.recovery_dir = run->recovery,
			.remark = set_remark,
			.remark_ctx = out };
		struct record record;
		enum status st;

		if (run->only && strcmp(run->only, mailbox->name) != 0)
			continue;
		g_string_append_printf(out, "== %s %" G_GINT64_FORMAT "%s\n",
		    mailbox->name, mailbox->messages,
		    mailbox->is_public ? " public" : "");
		source_begin(source, &job, &error);
		g_assert_no_error(error);
		while ((st = source_next(source, &record, &error)) != ST_END) {
			if (st == ST_ITEM) {
				set_show_error(error, out);
				g_clear_error(&error);
				continue;
			}
			g_assert_no_error(error);
			g_assert_cmpint(st, ==, ST_OK);
			if (run->keys)
				g_string_append_printf(out, "<%s> ",
				    record.key);
			set_show_record(&record, out);
		}
		source_end(source);
	}
	source_close(source);
done:
	g_ptr_array_free(mailboxes, TRUE);
	options_free(options);
	return g_string_free(out, FALSE);
}

#endif
