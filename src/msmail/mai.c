#include "msmail/mai.h"

#include <string.h>

#define QUALIFIED 0x40 /* bits of an identifier octet (FIPS PUB 98) */
#define LISTED	  0x80

#define STRING	0x02
#define INTEGER 0x20
#define DATE	0x28
#define FIELD	0x4c
#define MESSAGE 0x4d
#define VENDOR	0x7f

enum { /* qualifiers of fields (FIPS PUB 98) */
	FROM = 0x01,
	TEXT = 0x04,
	TO = 0x05,
	CC = 0x06,
	SUBJECT = 0x07,
	ATTACHMENTS = 0x08,
};

#define REFERENCES 0x31 /* vendor's: mailbags that point here (Q104423) */
#define SUBJECT_SHOWN                                                          \
	40 /* octets of it that a mailbag has (spec/msmail.md 3.2) */

/* 0 to 127 in one octet, else so many octets, the high one first. */
static bool
take_length(const guint8 *data, gsize len, gsize *at, gsize *out)
{
	guint n;

	if (*at >= len)
		return false;
	*out = data[(*at)++];
	if (*out < 0x80)
		return true;
	n = (guint)*out & 0x7f;
	/* 0 octets: an element without a length, which was not seen. */
	if (n == 0 || n > 4 || len - *at < n)
		return false;
	for (*out = 0; n > 0; n--)
		*out = *out << 8 | data[(*at)++];
	return true;
}

bool
mai_element(const guint8 *data, gsize len, gsize *at, struct mai_element *out)
{
	gsize n, in = 0, qualifier = 0;

	if (*at >= len)
		return false;
	*out = (struct mai_element){.kind = data[(*at)++]};
	if (!take_length(data, len, at, &n) || n > len - *at)
		return false;
	out->contents = data + *at;
	*at += n;
	/* Counted in the length: the qualifier, coded like one. */
	if ((out->kind & QUALIFIED) &&
	    !take_length(out->contents, n, &in, &qualifier))
		return false;
	if (out->kind & LISTED) {
		struct mai_element list;

		if (!mai_element(out->contents, n, &in, &list))
			return false;
	}
	out->qualifier = (guint)MIN(qualifier, G_MAXUINT);
	out->contents += in;
	out->len = n - in;
	return true;
}

void
mai_string(const guint8 *cipher, gsize len, guint8 *out)
{
	static const guint8 key[] = {'X', 'p', 'u', 'Y', 'b', 't', 'f', 'Z'};
	guint8 last = 0;

	for (gsize i = 0; i < len; i++) {
		guint8 one = cipher[i];

		out[i] = (guint8)(one ^ last ^ i ^ key[i % sizeof key]);
		last = one;
	}
}

static void
person_clear(void *p)
{
	struct mai_person *person = p;

	g_free(person->address);
	g_free(person->name);
}

void
mai_clear(struct mai *mai)
{
	g_clear_pointer(&mai->from, g_array_unref);
	g_clear_pointer(&mai->to, g_array_unref);
	g_clear_pointer(&mai->cc, g_array_unref);
	g_clear_pointer(&mai->subject, g_byte_array_unref);
	g_clear_pointer(&mai->text, g_byte_array_unref);
}

static GArray *
people_new(void)
{
	GArray *out = g_array_new(FALSE, TRUE, sizeof(struct mai_person));

	g_array_set_clear_func(out, person_clear);
	return out;
}

/* Every octet could be text of a code page: no control but of lines. */
static bool
is_text(const guint8 *p, gsize len)
{
	for (gsize i = 0; i < len; i++)
		if ((p[i] < 0x20 && !strchr("\t\r\n\f\x1a", p[i])) ||
		    p[i] == 0 || p[i] == 0x7f)
			return false;
	return true;
}

/* Its kind, the address, NUL, an octet of flags, the full name, NUL. The
 * check: two slashes in an address of nothing but text. */
static bool
take_person(const struct mai_element *e, GArray *list)
{
	g_autofree guint8 *plain = g_malloc(e->len + 1);
	struct mai_person person = {0};
	gsize n, name;

	if (e->len < 2 || e->len > G_MAXUINT16)
		return false;
	mai_string(e->contents, e->len, plain);
	plain[e->len] = 0;
	n = strlen((char *)plain + 1);
	if (plain[0] == 0 || plain[0] > 0x1f || n == 0 ||
	    !is_text(plain + 1, n))
		return false;
	/* 2 is what was seen: NETWORK/POSTOFFICE/MAILBOX. */
	if (plain[0] == 2) {
		const char *slash = strchr((char *)plain + 1, '/');

		if (slash == NULL || strchr(slash + 1, '/') == NULL)
			return false;
	}
	name = 1 + n + 2;
	if (name < e->len &&
	    is_text(plain + name, strlen((char *)plain + name)))
		person.name = g_strdup((char *)plain + name);
	if (person.name && *person.name == '\0')
		g_clear_pointer(&person.name, g_free);
	person.address = g_strdup((char *)plain + 1);
	if (list->len < MAI_PEOPLE_MAX)
		g_array_append_val(list, person);
	else
		person_clear(&person);
	return true;
}

static bool
take_people(const struct mai_element *field, GArray *list)
{
	struct mai_element e;
	gsize at = 0;

	while (mai_element(field->contents, field->len, &at, &e))
		if (e.kind != STRING || !take_person(&e, list))
			return false;
	return at == field->len;
}

/* The strings of a field, one after the other. False: something else is in it,
 * or they are no text. */
static bool
take_text(const struct mai_element *field, GByteArray *out)
{
	struct mai_element e;
	gsize at = 0;

	while (mai_element(field->contents, field->len, &at, &e)) {
		guint before = out->len;

		if (e.kind != STRING)
			return false;
		g_byte_array_set_size(out, before + (guint)e.len);
		mai_string(e.contents, e.len, out->data + before);
		if (e.len > 0 && out->data[out->len - 1] == 0)
			g_byte_array_set_size(out, out->len - 1);
	}
	return at == field->len && is_text(out->data, out->len);
}

/* The clear record has the subject too, cut: the proof that the transform is
 * that of texts as well. */
static bool
is_subject(const GByteArray *got, const char *want)
{
	gsize n = MIN(strlen(want), SUBJECT_SHOWN);

	return n > 0 && got->len >= n && memcmp(got->data, want, n) == 0 &&
	       (strlen(want) >= SUBJECT_SHOWN || got->len == n);
}

static const char *
take_field(const struct mai_element *e, const char *subject, struct mai *out)
{
	switch (e->qualifier) {
	case FROM:
	case TO:
	case CC:
		return take_people(e, e->qualifier == FROM ? out->from
				      : e->qualifier == TO ? out->to
							   : out->cc)
			   ? NULL
			   : "an address does not come out as one";
	case SUBJECT:
		return take_text(e, out->subject) &&
			       is_subject(out->subject, subject)
			   ? NULL
			   : "the subject does not come out as that of the "
			     "mailbag";
	case TEXT:
		return take_text(e, out->text)
			   ? NULL
			   : "the text does not come out as text";
	case ATTACHMENTS:
		out->has_files = true;
		return NULL;
	default:
		out->unread++;
		return NULL;
	}
}

/* 7F 05 31 20 02 2C 01: an integer, the low octet first (Q104423). */
static void
take_vendor(const struct mai_element *e, struct mai *out)
{
	struct mai_element number;
	gsize at = 0;

	if (e->qualifier == REFERENCES &&
	    mai_element(e->contents, e->len, &at, &number) &&
	    number.kind == INTEGER && number.len == 2)
		out->references =
		    (guint)(number.contents[0] | number.contents[1] << 8);
}

bool
mai_read(const guint8 *data, gsize len, const char *subject, struct mai *out,
    const char **why)
{
	struct mai_element message, e;
	gsize at = 0;
	guint n = 0;

	*why = "its beginning is none";
	out->from = people_new();
	out->to = people_new();
	out->cc = people_new();
	out->subject = g_byte_array_new();
	out->text = g_byte_array_new();
	out->references = out->unread = 0;
	out->has_files = false;
	if (!mai_element(data, len, &at, &message) || message.kind != MESSAGE)
		return false;
	at = 0;
	*why = NULL;
	while (*why == NULL && n++ < MAI_FIELDS_MAX &&
	       mai_element(message.contents, message.len, &at, &e)) {
		if (e.kind == FIELD)
			*why = take_field(&e, subject, out);
		else if (e.kind == VENDOR)
			take_vendor(&e, out);
	}
	if (*why == NULL && at != message.len)
		*why = "its elements do not fill it";
	if (*why == NULL && (out->from->len == 0 || out->subject->len == 0 ||
				out->text->len == 0))
		*why = "sender, subject and text are not all in it";
	return *why == NULL;
}
