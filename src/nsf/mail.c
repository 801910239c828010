#include "nsf/mail.h"

#include "nsf/bytes.h"
#include "nsf/mail-private.h"
#include "nsf/object.h"
#include "nsf/richtext.h"

#include "mime/encode.h"

#include <string.h>

#define HEADER_GUESS 400 /* octets of header fields, and of those of parts */

static int
by_text(gconstpointer a, gconstpointer b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;

	if (x == NULL || y == NULL)
		return (x == NULL) - (y == NULL);
	return strcmp(x, y);
}

enum nsf_form
nsf_form_of(const struct nsf_note *note)
{
	static const struct {
		const char *form;
		enum nsf_form is;
	} forms[] = {
	    {"Memo", NSF_FORM_MAIL},
	    {"Reply", NSF_FORM_MAIL},
	    {"Reply With History", NSF_FORM_MAIL},
	    {"Phone Message", NSF_FORM_MAIL},
	    {"NonDelivery Report", NSF_FORM_MAIL},
	    {"Delivery Report", NSF_FORM_MAIL},
	    {"Return Receipt", NSF_FORM_MAIL},
	    {"Trace Report", NSF_FORM_MAIL},
	    {"Notice", NSF_FORM_NOTICE},
	    {"ReplyNotice", NSF_FORM_NOTICE},
	    {"Appointment", NSF_FORM_CALENDAR},
	    {"Task", NSF_FORM_TASK},
	    {"Person", NSF_FORM_PERSON},
	    {"Group", NSF_FORM_GROUP},
	    {"Bookmark", NSF_FORM_SKIP},
	};
	static const char *const signs[] = {
	    "PostedDate", "DeliveredDate", "SendTo", "$MessageID"};
	g_autofree char *form = nsf_note_text(note, "Form");
	g_autofree char *type = NULL;

	if (note->status & NSF_STATUS_PROFILE)
		return NSF_FORM_SKIP;
	for (guint i = 0; form && i < G_N_ELEMENTS(forms); i++)
		if (g_ascii_strcasecmp(form, forms[i].form) == 0)
			return forms[i].is;
	/* Other templates have forms of their own (Q240873). */
	type = nsf_note_text(note, "Type");
	if (type && g_ascii_strcasecmp(type, "Person") == 0)
		return NSF_FORM_PERSON;
	if (type && g_ascii_strcasecmp(type, "Group") == 0)
		return NSF_FORM_GROUP;
	for (guint i = 0; i < G_N_ELEMENTS(signs); i++)
		if (nsf_note_item(note, signs[i]))
			return NSF_FORM_MAIL;
	return NSF_FORM_OTHER;
}

void
nsf_mail_init(struct nsf_mail *mail, const char *spool_dir)
{
	memset(mail, 0, sizeof *mail);
	envelope_init(&mail->envelope);
	mail->keywords = g_ptr_array_new_with_free_func(g_free);
	mail->lost = g_ptr_array_new_with_free_func(g_free);
	mail->parts = g_array_new(FALSE, TRUE, sizeof(struct part));
	g_array_set_clear_func(mail->parts, (GDestroyNotify)part_clear);
	mail->store = spool_new(spool_dir);
	mail->dir = g_strdup(spool_dir);
}

void
nsf_mail_clear(struct nsf_mail *mail)
{
	if (mail->store == NULL)
		return;
	envelope_clear(&mail->envelope);
	g_ptr_array_unref(mail->keywords);
	g_ptr_array_unref(mail->lost);
	g_array_unref(mail->parts);
	g_free(mail->headers);
	spool_free(mail->store);
	g_free(mail->dir);
	memset(mail, 0, sizeof *mail);
}

void
nsf_lose(struct nsf_mail *mail, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_ptr_array_add(mail->lost, g_strdup_vprintf(format, args));
	va_end(args);
}

static bool
plausible(const struct stamp *stamp)
{
	/* 1984, before Notes, to 2107: a UNID may be any number. */
	return stamp->known && stamp->utc > G_GINT64_CONSTANT(441763200) &&
	       stamp->utc < G_GINT64_CONSTANT(4323369600);
}

/* The first of these items that is a date, then the note's own (Q193533). */
static struct stamp
first_date(const struct nsf_note *note, const char *const *names)
{
	const struct stamp *own[] = {
	    &note->created, &note->modified, &note->added};
	struct stamp stamp = {0};

	for (; *names; names++)
		if (nsf_note_time(note, *names, &stamp))
			return stamp;
	for (guint i = 0; i < G_N_ELEMENTS(own); i++)
		if (plausible(own[i]))
			return *own[i];
	return (struct stamp){0};
}

static void
take_keywords(struct nsf_mail *mail, const struct nsf_note *note)
{
	g_auto(GStrv) texts = nsf_note_texts(note, "Categories");

	for (guint i = 0; texts[i]; i++) {
		/* A keyword is an atom (RFC 9051 2.3.2). */
		g_strstrip(texts[i]);
		g_strdelimit(texts[i], " \r\n\t(){%*\"\\]", '_');
		if (texts[i][0] &&
		    !g_ptr_array_find_with_equal_func(
			mail->keywords, texts[i], g_str_equal, NULL))
			g_ptr_array_add(mail->keywords, g_strdup(texts[i]));
	}
	g_ptr_array_sort(mail->keywords, by_text);
	g_ptr_array_add(mail->keywords, NULL);
}

void
nsf_mail_meta(struct nsf_mail *mail, const struct nsf_note *note)
{
	static const char *const sent[] = {
	    "PostedDate", "ComposedDate", "$Created", NULL};
	static const char *const received[] = {
	    "DeliveredDate", "PostedDate", "ComposedDate", "$Created", NULL};
	g_autofree char *responded = nsf_note_text(note, "$RespondedTo");
	struct stamp stamp;

	g_ptr_array_set_size(mail->keywords, 0);
	mail->form = nsf_form_of(note);
	mail->posted = nsf_note_time(note, "PostedDate", &stamp);
	mail->delivered = nsf_note_time(note, "DeliveredDate", &stamp);
	mail->draft =
	    mail->form == NSF_FORM_MAIL && !mail->posted && !mail->delivered;
	mail->answered = responded && strcmp(responded, "2") == 0;
	mail->sent = first_date(note, sent);
	mail->received = first_date(note, received);
	take_keywords(mail, note);
}

gint64
nsf_mail_size(const struct nsf_note *note, gint64 *least)
{
	bool mime = nsf_is_mime(note);
	gint64 files = 0, encoded = 0;

	for (struct nsf_item *i = nsf_note_item(note, "$FILE"); i;
	     i = nsf_note_next(note, i)) {
		struct nsf_file file;

		if (nsf_file_read(i, &file, NULL) != ST_OK)
			continue;
		files += MAX(file.size, 0);
		encoded += encode_base64_len(MAX(file.size, 0));
		nsf_file_clear(&file);
	}
	/* A part of a message that came as MIME need not be base64. */
	*least = mime ? files : encoded;
	/* Rich text is given twice, as text and as HTML, and has about as many
	 * octets that are neither. */
	return encoded + (gint64)note->others +
	       (mime ? HEADER_GUESS : 2 * HEADER_GUESS);
}

enum status
nsf_mail_add(struct nsf_mail *mail, enum part_kind kind, const void *data,
    gsize len, const char *name, const char *type, GError **error)
{
	struct part part = {.kind = kind,
	    .blob = {.fd = -1,
		.off = spool_blob(mail->store).len,
		.len = (gint64)len},
	    .name = g_strdup(name),
	    .type = g_strdup(type),
	    .position = -1};

	g_array_append_val(mail->parts, part);
	return spool_write(mail->store, data, len, error);
}

/* Blobs of a spool are good when nothing more is written to it. */
void
nsf_mail_settle(struct nsf_mail *mail)
{
	struct blob all = spool_blob(mail->store);

	for (guint i = 0; i < mail->parts->len; i++) {
		struct blob *b =
		    &g_array_index(mail->parts, struct part, i).blob;

		if (b->mem == NULL && b->fd == -1)
			*b = blob_range(&all, b->off, b->len);
	}
}

/* Body text wants CR LF. */
static enum status
add_text(struct nsf_mail *mail, enum part_kind kind, const char *text,
    GError **error)
{
	g_autoptr(GString) lines = g_string_sized_new(strlen(text) + 16);

	for (; *text; text++) {
		if (*text == '\r')
			continue;
		if (*text == '\n')
			g_string_append_c(lines, '\r');
		g_string_append_c(lines, *text);
	}
	if (lines->len > 0 && lines->str[lines->len - 1] != '\n')
		g_string_append(lines, "\r\n");
	return nsf_mail_add(
	    mail, kind, lines->str, lines->len, NULL, NULL, error);
}

/* Items that a message shows elsewhere, or that say nothing to people. */
static bool
is_shown(const char *name)
{
	static const char *const names[] = {"Form", "From", "Principal",
	    "INetFrom", "SendTo", "CopyTo", "BlindCopyTo", "InetSendTo",
	    "InetCopyTo", "InetBlindCopyTo", "Recipients", "PostedDate",
	    "DeliveredDate", "ComposedDate", "Subject", "Body", "Categories",
	    "In_Reply_To", "References", "Importance", "DeliveryPriority",
	    "Logo", "tmpImp", "DefaultMailSaveOptions", "RouteServers",
	    "RouteTimes", "useApplet", "ExpandPersonalGroups", "Sign",
	    "Encrypt", "MIME_Version", "MIMEMailHeaderCharset",
	    "OriginalModTime", "DeliveryReport", "ReturnReceipt"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_ascii_strcasecmp(name, names[i]) == 0)
			return true;
	return name[0] == '$' || name[0] == '\0';
}

void
nsf_fields_list(const struct nsf_note *note, GString *out)
{
	for (guint i = 0; i < note->items->len; i++) {
		const struct nsf_item *item =
		    &g_array_index(note->items, struct nsf_item, i);
		g_auto(GStrv) texts = NULL;
		g_autofree char *value = NULL;

		if (is_shown(item->name) ||
		    nsf_note_item(note, item->name) != item)
			continue;
		texts = nsf_note_texts(note, item->name);
		value = g_strjoinv(", ", texts);
		if (*value)
			g_string_append_printf(
			    out, "%s: %s\n", item->name, value);
	}
}

/* All rich text of the note: Body, or whatever fields there are. */
static struct nsf_rich *
read_rich(const struct nsf_note *note)
{
	struct nsf_rich *rich = nsf_rich_new();

	if (nsf_rich_read(rich, note, "Body"))
		return rich;
	for (guint i = 0; i < note->items->len; i++) {
		const struct nsf_item *item =
		    &g_array_index(note->items, struct nsf_item, i);

		if (item->type == NSF_TYPE_COMPOSITE && item->name[0] != '$' &&
		    nsf_note_item(note, item->name) == item)
			nsf_rich_read(rich, note, item->name);
	}
	return rich;
}

static enum status
add_bodies(struct nsf_mail *mail, const struct nsf_note *note,
    struct nsf_rich *rich, GError **error)
{
	g_autofree char *form = nsf_note_text(note, "Form");
	g_autoptr(GString) html = NULL;
	enum status st;

	if (mail->encrypted)
		g_string_append(rich->text,
		    "[This note is encrypted: its body can only be read in "
		    "Notes, with the ID file of its owner.]\n");
	/* What is no memo has more to say than its body. */
	if (mail->form != NSF_FORM_MAIL ||
	    (form && g_ascii_strcasecmp(form, "Phone Message") == 0)) {
		g_autoptr(GString) fields = g_string_new(NULL);

		nsf_fields_list(note, fields);
		if (fields->len > 0 && rich->text->len > 0)
			g_string_append_c(rich->text, '\n');
		g_string_append(rich->text, fields->str);
		if (rich->html->len > 0) {
			g_string_append(rich->html, "<p>");
			nsf_html_escape(rich->html, fields->str);
			g_string_append(rich->html, "</p>\n");
		}
	}
	st = add_text(mail, PART_TEXT, rich->text->str, error);
	if (st < 0 || rich->html->len == 0 || mail->encrypted)
		return st;
	html = g_string_new("<html><head><meta http-equiv=\"Content-Type\" "
			    "content=\"text/html; charset=utf-8\"></head>"
			    "<body>\n");
	g_string_append(html, rich->html->str);
	g_string_append(html, "</body></html>\n");
	return add_text(mail, PART_HTML, html->str, error);
}

static enum status
add_pictures(struct nsf_mail *mail, struct nsf_rich *rich, GError **error)
{
	for (guint i = 0; i < rich->pictures->len; i++) {
		struct nsf_picture *p = rich->pictures->pdata[i];
		g_autofree char *name = g_strdup_printf(
		    "picture%u.%s", i + 1, strchr(p->type, '/') + 1);
		struct part *part;
		enum status st;

		st = nsf_mail_add(mail, PART_FILE, p->data->data, p->data->len,
		    name, p->type, error);
		if (st < 0)
			return st;
		part = &g_array_index(
		    mail->parts, struct part, mail->parts->len - 1);
		part->content_id = g_strdup(p->content_id);
		part->is_inline = true;
	}
	return ST_OK;
}

enum status
nsf_file_blob(struct nsf_mail *mail, Nsf *nsf, const struct nsf_file *file,
    Spool *files, struct blob *out, GError **error)
{
	bool verified = true;
	enum status st;

	if ((file->compression & 0x0f) == NSF_LZ1 && !mail->lz1)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "it is compressed by LZ1, whose reader was never checked "
		    "against a real one: left out; lz1=yes reads it all the "
		    "same");
	if (file->from_dxl) {
		struct blob all = spool_blob(files), stored;

		if (file->from_dxl->len < 0)
			return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
			    "it was left out when the file was exported");
		stored =
		    blob_range(&all, file->from_dxl->at, file->from_dxl->len);
		st = nsf_file_decode(file->compression, file->size, &stored,
		    mail->store, out, &verified, error);
	} else if (nsf) {
		st = nsf_file_content(
		    nsf, file, mail->store, out, &verified, error);
	} else {
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "its content is not in the file");
	}
	if (st == ST_OK && !verified)
		nsf_lose(mail,
		    "attachment %s is compressed by LZ1, whose reader was "
		    "never checked against a real one: compare it",
		    file->name);
	return st;
}

static enum status
add_file(struct nsf_mail *mail, Nsf *nsf, struct nsf_item *item, Spool *files,
    GError **error)
{
	g_autoptr(GError) why = NULL;
	struct nsf_file file;
	struct part part = {.kind = PART_FILE, .position = -1};
	enum status st;

	st = nsf_file_read(item, &file, &why);
	if (st == ST_END)
		return ST_OK;
	if (st == ST_OK)
		st = nsf_file_blob(mail, nsf, &file, files, &part.blob, &why);
	if (st == ST_ITEM) { /* the message is worth more than this */
		nsf_lose(mail, "attachment %s: %s",
		    file.name ? file.name : "without a name", why->message);
		nsf_file_clear(&file);
		return ST_OK;
	}
	if (st < 0) {
		g_propagate_error(error, g_steal_pointer(&why));
		nsf_file_clear(&file);
		return st;
	}
	part.name = g_strdup(file.name);
	g_array_append_val(mail->parts, part);
	nsf_file_clear(&file);
	return ST_OK;
}

/* In the order in which the text shows them, then the others (4.3). */
static enum status
add_files(struct nsf_mail *mail, Nsf *nsf, const struct nsf_note *note,
    const struct nsf_rich *rich, Spool *files, GError **error)
{
	g_autoptr(GPtrArray) items = g_ptr_array_new();
	guint placed = 0;
	enum status st = ST_OK;

	for (struct nsf_item *i = nsf_note_item(note, "$FILE"); i;
	     i = nsf_note_next(note, i))
		g_ptr_array_add(items, i);
	for (guint i = 0; i < rich->files->len; i++)
		for (guint k = placed; k < items->len; k++) {
			struct nsf_file file;
			bool same;

			if (nsf_file_read(items->pdata[k], &file, NULL) !=
			    ST_OK)
				continue;
			same = g_ascii_strcasecmp(
				   file.name, rich->files->pdata[i]) == 0;
			nsf_file_clear(&file);
			if (!same)
				continue;
			g_ptr_array_insert(items, (gint)placed++,
			    g_ptr_array_remove_index(items, k));
			break;
		}
	for (guint k = 0; st == ST_OK && k < items->len; k++)
		st = mail->parts->len < PARTS_MAX
			 ? add_file(mail, nsf, items->pdata[k], files, error)
			 : fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
			       "more than %d attachments", PARTS_MAX);
	return st;
}

static void
reset(struct nsf_mail *mail)
{
	envelope_reset(&mail->envelope);
	g_clear_pointer(&mail->headers, g_free);
	g_array_set_size(mail->parts, 0);
	g_ptr_array_set_size(mail->lost, 0);
	mail->raw = (struct blob){0};
	mail->unresolved = 0;
	mail->encrypted = false;
	spool_reset(mail->store);
}

enum status
nsf_mail_read(struct nsf_mail *mail, Nsf *nsf, const struct nsf_note *note,
    Spool *files, const struct nsf_resolver *resolver, GError **error)
{
	struct nsf_rich *rich;
	enum status st;

	reset(mail);
	nsf_mail_meta(mail, note);
	nsf_mail_head(mail, nsf, note, resolver);
	mail->encrypted = nsf_note_item(note, "$Seal") != NULL ||
			  nsf_note_item(note, "$SealData") != NULL;
	if (note->whole_len > 0 && files) {
		struct blob all = spool_blob(files);

		mail->raw = blob_range(&all, note->whole_at, note->whole_len);
		return ST_OK;
	}
	if (nsf_is_mime(note) && !mail->encrypted) {
		st = nsf_mime_join(mail, nsf, note, files, error);
		if (st != ST_END)
			return st;
	}
	if (mail->encrypted)
		nsf_lose(mail, "the note is encrypted: its headers come, its "
			       "body cannot be read");
	rich = read_rich(note);
	if (rich->damaged)
		nsf_lose(mail, "its rich text is damaged: what was readable "
			       "comes");
	if (rich->dropped)
		nsf_lose(mail,
		    "%u pictures in Notes' own bitmap form are left out",
		    rich->dropped);
	st = add_bodies(mail, note, rich, error);
	if (st == ST_OK)
		st = add_pictures(mail, rich, error);
	if (st == ST_OK)
		st = add_files(mail, nsf, note, rich, files, error);
	nsf_rich_free(rich);
	nsf_mail_settle(mail);
	return st;
}
