/* Envelope and header fields of a note: spec/notes.md 5.1, 7.2. */
#include "nsf/mail-private.h"

#include "nsf/bytes.h"

#include "mime/address.h"
#include "mime/encode.h"

#include <string.h>

#define REFERENCES_MAX                                                         \
	100		/* ids: a thread longer than that is known by them     \
			 */
#define TEXT_MAX 100000 /* chars of one field */

char *
nsf_message_id_of(const char *unid)
{
	return g_strdup_printf("<%s@notes.invalid>", unid);
}

char *
nsf_name_abbreviate(const char *name)
{
	g_auto(GStrv) parts = g_strsplit(name, "/", 0);
	GString *out = g_string_new(NULL);

	for (guint i = 0; parts[i]; i++) {
		const char *p = strchr(parts[i], '=');
		bool known = p && p - parts[i] <= 3;

		if (i > 0)
			g_string_append_c(out, '/');
		g_string_append(out, known ? p + 1 : parts[i]);
	}
	return g_string_free(out, FALSE);
}

/* An Internet address, not a Notes name with its domain: a local part without
 * blanks and slashes, and a domain with a dot. */
bool
nsf_name_is_internet(const char *value)
{
	const char *at = strrchr(value, '@');

	if (at == NULL || at == value)
		return false;
	if (strchr(value, '<') && strchr(value, '>'))
		return true;
	return strchr(at, '.') != NULL && strpbrk(value, "/= \t") == NULL &&
	       address_is_smtp(value);
}

void
nsf_person_add(GPtrArray *out, const char *value, const char *internet,
    const struct nsf_resolver *resolver, guint *unresolved)
{
	g_autofree char *clean = g_strdup(value);
	g_autofree char *smtp = NULL;
	g_autofree char *name = NULL;

	g_strdelimit(clean, "\r\n\t", ' ');
	g_strstrip(clean);
	if (*clean == '\0' || out->len >= ENVELOPE_PERSONS_MAX)
		return;
	if (nsf_name_is_internet(clean)) {
		address_parse(clean, strlen(clean), out);
		return;
	}
	name = nsf_name_abbreviate(clean);
	/* "." in the parallel list means: use the Notes value. */
	if (internet && strcmp(internet, ".") != 0 &&
	    nsf_name_is_internet(internet)) {
		guint before = out->len;

		address_parse(internet, strlen(internet), out);
		if (out->len == before + 1) {
			struct person *p = out->pdata[before];

			if (p->name == NULL)
				p->name = g_strdup(name);
		}
		return;
	}
	if (resolver && resolver->smtp)
		smtp = resolver->smtp(resolver->ctx, clean);
	if (smtp) {
		g_ptr_array_add(out, person_new(name, "SMTP", smtp));
		return;
	}
	++*unresolved;
	g_ptr_array_add(out, person_new(name, "NOTES", clean));
}

static void
add_people(struct nsf_mail *mail, const struct nsf_note *note, const char *item,
    const char *internet, const struct nsf_resolver *resolver, GPtrArray *out)
{
	g_auto(GStrv) names = nsf_note_texts(note, item);
	g_auto(GStrv) inet = nsf_note_texts(note, internet);
	guint n = g_strv_length(inet);
	/* Item by item, or not at all. */
	bool parallel = n == g_strv_length(names);

	for (guint i = 0; names[i]; i++)
		nsf_person_add(out, names[i], parallel ? inet[i] : NULL,
		    resolver, &mail->unresolved);
}

/* If Principal differs: From = Principal, Sender = From. */
static void
take_sender(struct nsf_mail *mail, const struct nsf_note *note,
    const struct nsf_resolver *resolver)
{
	struct envelope *e = &mail->envelope;
	g_autofree char *from = nsf_note_text(note, "From");
	g_autofree char *principal = nsf_note_text(note, "Principal");
	g_autofree char *inet = nsf_note_text(note, "INetFrom");
	g_autoptr(GPtrArray) sender = NULL;

	if (from == NULL && principal == NULL)
		from = nsf_note_text(note, "$UpdatedBy");
	if (principal == NULL ||
	    (from && g_ascii_strcasecmp(from, principal) == 0)) {
		if (from == NULL)
			return;
		nsf_person_add(
		    e->from, from, inet, resolver, &mail->unresolved);
		return;
	}
	/* The domain that routing adds makes no other person of it. */
	nsf_person_add(e->from, principal,
	    from && g_str_has_prefix(principal, from) ? inet : NULL, resolver,
	    &mail->unresolved);
	if (from == NULL || g_str_has_prefix(principal, from))
		return;
	sender = g_ptr_array_new_with_free_func((GDestroyNotify)person_free);
	nsf_person_add(sender, from, inet, resolver, &mail->unresolved);
	if (sender->len > 0)
		e->sender = g_ptr_array_steal_index(sender, 0);
}

static char *
one_line(char *text)
{
	if (text == NULL)
		return NULL;
	g_strdelimit(text, "\r\n\t\v\f", ' ');
	for (char *p = text; *p; p++)
		if ((guint8)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	return g_strstrip(text);
}

/* Its own, or made from its UNID. */
static char *
message_id(const struct nsf_note *note)
{
	char *id = one_line(nsf_note_text(note, "$MessageID"));

	if (id && id[0] == '<' && strchr(id, '>') && g_str_is_ascii(id) &&
	    !strchr(id, ' '))
		return id;
	g_free(id);
	return nsf_message_id_of(note->unid);
}

/* The Message-ID of the note that this one answers, or NULL. */
static char *
parent_id(Nsf *nsf, const struct nsf_note *note)
{
	struct nsf_item *ref = nsf_note_item(note, "$REF");
	const guint8 *data;
	char unid[NSF_UNID_HEX], *id = NULL;
	gsize len;

	if (ref && ref->texts && ref->texts[0])
		return nsf_message_id_of(ref->texts[0]);
	if (ref == NULL || ref->type != NSF_TYPE_REFERENCES ||
	    nsf_item_value(ref, &data, &len, NULL) < 0 || len < 18 ||
	    get_le16(data) == 0)
		return NULL;
	nsf_unid_print(data + 2, unid);
	if (nsf && note->parent) {
		struct nsf_place place;
		struct nsf_note parent;

		nsf_note_init(&parent);
		if (nsf_locate(nsf, note->parent, &place, NULL) == ST_OK &&
		    nsf_note_read(&parent, nsf, note->parent, &place, true,
			NULL) == ST_OK &&
		    strcmp(parent.unid, unid) == 0)
			id = message_id(&parent);
		nsf_note_clear(&parent);
	}
	return id ? id : nsf_message_id_of(unid);
}

static void
put_field(GString *out, const char *name, const char *text)
{
	if (text && *text && strlen(text) < TEXT_MAX)
		encode_text_field(out, name, text);
}

static void
put_item(GString *out, const struct nsf_note *note, const char *item,
    const char *field)
{
	g_autofree char *text = one_line(nsf_note_text(note, item));

	put_field(out, field, text);
}

/* In-Reply-To and References: text that looks like ids. */
static void
put_thread(GString *out, Nsf *nsf, const struct nsf_note *note)
{
	g_autofree char *reply = one_line(nsf_note_text(note, "In_Reply_To"));
	g_auto(GStrv) refs = nsf_note_texts(note, "References");
	bool any = false;

	if (reply == NULL)
		reply = parent_id(nsf, note);
	if (reply && g_str_is_ascii(reply))
		g_string_append_printf(out, "In-Reply-To: %s\r\n", reply);
	for (guint i = 0; refs[i] && i < REFERENCES_MAX; i++) {
		one_line(refs[i]);
		if (refs[i][0] != '<' || !g_str_is_ascii(refs[i]) ||
		    strlen(refs[i]) > 900)
			continue;
		g_string_append_printf(
		    out, "%s%s", any ? "\r\n\t" : "References: ", refs[i]);
		any = true;
	}
	if (any)
		g_string_append(out, "\r\n");
}

static void
put_receipts(
    GString *out, const struct nsf_mail *mail, const struct nsf_note *note)
{
	g_autofree char *read = nsf_note_text(note, "ReturnReceipt");

	if (read == NULL || strcmp(read, "1") != 0 ||
	    mail->envelope.from->len == 0)
		return;
	g_string_append(out, "Disposition-Notification-To: ");
	address_format(mail->envelope.from->pdata[0], out);
	g_string_append(out, "\r\n");
}

void
nsf_mail_head(struct nsf_mail *mail, Nsf *nsf, const struct nsf_note *note,
    const struct nsf_resolver *resolver)
{
	struct envelope *e = &mail->envelope;
	g_autofree char *importance = nsf_note_text(note, "Importance");
	g_autoptr(GString) more = g_string_new(NULL);

	take_sender(mail, note, resolver);
	add_people(mail, note, "SendTo", "InetSendTo", resolver, e->to);
	add_people(mail, note, "CopyTo", "InetCopyTo", resolver, e->cc);
	add_people(
	    mail, note, "BlindCopyTo", "InetBlindCopyTo", resolver, e->bcc);
	add_people(mail, note, "ReplyTo", "InetReplyTo", resolver, e->reply_to);
	e->subject = one_line(nsf_note_text(note, "Subject"));
	if (e->subject == NULL)
		e->subject = one_line(nsf_note_text(note, "Title"));
	e->message_id = message_id(note);
	e->sent = mail->sent;
	if (importance && strcmp(importance, "1") == 0)
		e->priority = PRIORITY_HIGH;
	else if (importance && strcmp(importance, "3") == 0)
		e->priority = PRIORITY_LOW;
	put_thread(more, nsf, note);
	put_receipts(more, mail, note);
	put_item(more, note, "$Mailer", "X-Mailer");
	if (more->len > 0)
		mail->headers = g_string_free(g_steal_pointer(&more), FALSE);
}
