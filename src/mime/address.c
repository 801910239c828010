#include "mime/address.h"

#include "mime/encode.h"
#include "mime/text.h"

#include <string.h>

#define COMMENT_DEPTH_MAX 100 /* nested comments; deeper is hostile */
#define TYPE_MAX	  8   /* chars; spec/migration-files.md 9.5 */

/* One entry of a list while it is read. */
struct entry {
	GString *text; /* words as they mean: quotes and backslashes resolved */
	GString *plain;	  /* the same as written, for an address without < > */
	GString *angle;	  /* between < and > */
	GString *comment; /* the last one */
	bool has_angle;
	bool has_comment;
	bool has_at; /* outside quotes: it is no group's name */
};

struct cursor {
	const char *p, *end;
};

struct person *
person_new(const char *name, const char *type, const char *address)
{
	struct person *person = g_new(struct person, 1);

	person->name = name ? g_strdup(name) : NULL;
	person->type = type ? g_strdup(type) : NULL;
	person->address = address ? g_strdup(address) : NULL;
	return person;
}

void
person_free(struct person *person)
{
	if (!person)
		return;
	g_free(person->name);
	g_free(person->type);
	g_free(person->address);
	g_free(person);
}

static void
entry_reset(struct entry *e)
{
	g_string_truncate(e->text, 0);
	g_string_truncate(e->plain, 0);
	g_string_truncate(e->angle, 0);
	g_string_truncate(e->comment, 0);
	e->has_angle = e->has_comment = e->has_at = false;
}

static void
space(GString *s)
{
	if (s->len > 0 && s->str[s->len - 1] != ' ')
		g_string_append_c(s, ' ');
}

static void
take_comment(struct cursor *c, struct entry *e)
{
	guint depth = 0;

	g_string_truncate(e->comment, 0);
	e->has_comment = true;
	for (; c->p < c->end; c->p++) {
		if (*c->p == '\\' && c->p + 1 < c->end) {
			c->p++;
		} else if (*c->p == '(') {
			if (depth < COMMENT_DEPTH_MAX)
				depth++;
			if (depth == 1)
				continue;
		} else if (*c->p == ')') {
			if (depth <= 1 || --depth == 0) {
				c->p++;
				return;
			}
		}
		g_string_append_c(e->comment, *c->p);
	}
}

/* A quotation mark that has no other is passed over. */
static void
take_quoted(struct cursor *c, struct entry *e)
{
	const char *from = c->p, *to = from + 1;

	while (to < c->end && *to != '"')
		to += *to == '\\' && to + 1 < c->end ? 2 : 1;
	if (to >= c->end) {
		c->p++;
		return;
	}
	for (c->p++; c->p < to; c->p++) {
		if (*c->p == '\\')
			c->p++;
		g_string_append_c(e->text, *c->p);
	}
	c->p++;
	g_string_append_len(e->plain, from, c->p - from);
}

static void
take_angle(struct cursor *c, struct entry *e)
{
	bool quoted = false;
	guint depth = 0; /* of comments, RFC 5322 A.5 */

	g_string_truncate(e->angle, 0);
	e->has_angle = true;
	for (c->p++; c->p < c->end; c->p++) {
		if (!quoted && (*c->p == '(' || (depth > 0 && *c->p == ')')))
			depth = *c->p == '(' ? MIN(depth + 1, COMMENT_DEPTH_MAX)
					     : depth - 1;
		if (depth > 0 || (!quoted && *c->p == ')'))
			continue;
		if (*c->p == '"')
			quoted = !quoted;
		else if (*c->p == '\\' && quoted && c->p + 1 < c->end)
			g_string_append_c(e->angle, *c->p++);
		else if (*c->p == '>' && !quoted)
			break;
		/* "<<a@b>>" */
		if (*c->p != '<' || quoted)
			g_string_append_c(e->angle, *c->p);
	}
	while (c->p < c->end && *c->p == '>')
		c->p++;
}

/* Spaces around the dots and the at sign are obsolete syntax (RFC 5322 4.4);
 * so is a route "@a,@b:" before the address. */
static char *
tidy_address(const char *text)
{
	GString *out = g_string_new(NULL);
	bool quoted = false;
	const char *colon;

	if (*text == '@' && (colon = strchr(text, ':')))
		text = colon + 1;
	if (!g_ascii_strncasecmp(text, "mailto:", 7))
		text += 7;
	for (; *text; text++) {
		if (*text == '"')
			quoted = !quoted;
		if (*text != ' ' || quoted)
			g_string_append_c(out, *text);
	}
	return g_string_free(out, FALSE);
}

static char *
name_of(const GString *words)
{
	char *name;

	if (words->len == 0)
		return NULL;
	name = mime_text_decode(words->str, words->len);
	if (!*name)
		g_clear_pointer(&name, g_free);
	return name;
}

static void
add(GPtrArray *out, char *name, const char *type, char *address)
{
	struct person *person;

	if (out->len >= ENVELOPE_PERSONS_MAX || (!name && !address)) {
		g_free(name);
		g_free(address);
		return;
	}
	person = g_new(struct person, 1);
	person->name = name;
	person->type = g_strdup(type);
	person->address = address;
	g_ptr_array_add(out, person);
}

/* Bytes of local@domain without quotes; exactly one at sign inside. */
static bool
is_simple_address(const char *p, gsize len)
{
	gsize at = 0, ats = 0;

	for (gsize i = 0; i < len; i++) {
		guint8 c = (guint8)p[i];

		if (c == '@') {
			at = i;
			ats++;
		} else if (c <= 32 || c > 126 || strchr("\"\\()<>[]:;,", c)) {
			return false;
		}
	}
	return ats == 1 && at > 0 && at + 1 < len;
}

/* "anna@example.org bo@example.org": the comma between them is missing. False:
 * that is not what it is. */
static bool
add_all(const char *plain, GPtrArray *out)
{
	g_auto(GStrv) words = g_strsplit(plain, " ", -1);
	guint n = g_strv_length(words);

	for (guint i = 0; i < n; i++)
		if (!is_simple_address(words[i], strlen(words[i])) ||
		    (i > 0 && g_ascii_strcasecmp(words[i], words[i - 1]) == 0))
			return false;
	for (guint i = 0; i < n && n > 1; i++)
		add(out, NULL, "SMTP", g_strdup(words[i]));
	return n > 1;
}

static void
finish(struct entry *e, GPtrArray *out)
{
	char *address, *space_at;
	char *name = NULL;

	if (e->has_angle) {
		address = tidy_address(g_strstrip(e->angle->str));
		name = name_of(e->text);
		if (!name && e->has_comment)
			name = name_of(e->comment);
		if (!*address)
			g_clear_pointer(&address, g_free);
		add(out, name, address ? "SMTP" : NULL, address);
	} else if (e->plain->len > 0) {
		g_strchomp(e->plain->str);
		e->plain->len = strlen(e->plain->str);
		if (!e->has_comment && add_all(e->plain->str, out)) {
			entry_reset(e);
			return;
		}
		if (e->has_comment)
			name = name_of(e->comment);
		address = tidy_address(e->plain->str);
		/* "Anna Berg anna@example.org": the brackets are missing */
		space_at = strrchr(e->plain->str, ' ');
		if (!e->has_at) {
			g_free(address);
			g_free(name);
			add(out, name_of(e->text), NULL, NULL);
		} else if (space_at && space_at[1] != '@' &&
			   space_at[-1] != '@' && strchr(space_at, '@') &&
			   !strchr(e->plain->str, '"')) {
			g_free(address);
			g_free(name);
			address = g_strdup(space_at + 1);
			*space_at = '\0';
			name = mime_text_decode(
			    e->plain->str, strlen(e->plain->str));
			add(out, name, "SMTP", address);
		} else {
			add(out, name, "SMTP", address);
		}
	}
	/* A comment alone is nobody: RFC 5322 4.4, obs-addr-list. */
	entry_reset(e);
}

/* "Name [X400:c=de;a=x]" as address_format() writes it. */
static bool
split_foreign(char *name, char **type, char **address)
{
	gsize len = strlen(name);
	char *open = strrchr(name, '['), *p;

	if (!open || len == 0 || name[len - 1] != ']')
		return false;
	for (p = open + 1; g_ascii_isalnum(*p); p++)
		;
	if (*p != ':' || p == open + 1 || p - open - 1 > TYPE_MAX)
		return false;
	*type = g_ascii_strup(open + 1, p - open - 1);
	*address = g_strndup(p + 1, (gsize)(name + len - 1 - (p + 1)));
	*open = '\0';
	g_strchomp(name);
	return true;
}

static bool
is_nobody(const char *name)
{
	static const char *const words[] = {"undisclosed", "unlisted",
	    "recipient list not shown", "recipient list suppressed"};

	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (!g_ascii_strncasecmp(name, words[i], strlen(words[i])))
			return true;
	return false;
}

/* The ';' of a group: with nothing in it, its name is all there is. */
static void
end_group(GString *group, guint members, GPtrArray *out)
{
	g_autofree char *type = NULL;
	char *name, *address = NULL;

	name = members == 0 ? name_of(group) : NULL;
	g_string_truncate(group, 0);
	if (!name || is_nobody(name)) {
		g_free(name);
		return;
	}
	if (split_foreign(name, &type, &address) && !*name)
		g_clear_pointer(&name, g_free);
	add(out, name, type, address);
}

static void
parse(struct cursor *c, struct entry *e, GString *group, GPtrArray *out)
{
	bool in_group = false;
	guint before = 0;

	while (c->p < c->end && out->len < ENVELOPE_PERSONS_MAX) {
		switch (*c->p) {
		case '(':
			take_comment(c, e);
			space(e->text);
			break;
		case '"':
			take_quoted(c, e);
			break;
		case '<':
			take_angle(c, e);
			break;
		case ' ':
		case '\t':
		case '\r':
		case '\n':
			space(e->text);
			space(e->plain);
			c->p++;
			break;
		case ':':
			if (!in_group && !e->has_angle && !e->has_at &&
			    e->text->len > 0) {
				in_group = true;
				before = out->len;
				g_string_assign(group, e->text->str);
				entry_reset(e);
			} else {
				g_string_append_c(e->text, ':');
				g_string_append_c(e->plain, ':');
			}
			c->p++;
			break;
		case ';':
		case ',':
			finish(e, out);
			if (*c->p == ';' && in_group) {
				end_group(group, out->len - before, out);
				in_group = false;
			}
			c->p++;
			break;
		case '[': /* a domain literal may hold ':' (RFC 5321 4.1.3) */
			if (e->plain->len > 0 &&
			    e->plain->str[e->plain->len - 1] == '@')
				while (c->p < c->end && *c->p != ']')
					g_string_append_c(e->plain, *c->p++);
			/* fall through */
		default:
			if (c->p == c->end)
				break;
			if (*c->p == '@')
				e->has_at = true;
			g_string_append_c(e->text, *c->p);
			g_string_append_c(e->plain, *c->p++);
			break;
		}
	}
	finish(e, out);
	if (in_group)
		end_group(group, out->len - before, out);
}

static bool
is_simple_name(const char *p, gsize len)
{
	for (gsize i = 0; i < len; i++)
		if ((guint8)p[i] < 32 || (guint8)p[i] > 126 ||
		    strchr("\"\\()<>[]:;@=", p[i]))
			return false;
	return true;
}

static bool
simple_one(const char *from, const char *to, GPtrArray *out)
{
	const char *lt = memchr(from, '<', (gsize)(to - from));
	const char *name_end = lt;

	if (!lt) {
		if (!is_simple_address(from, (gsize)(to - from)))
			return false;
		add(out, NULL, "SMTP", g_strndup(from, (gsize)(to - from)));
		return true;
	}
	while (name_end > from && name_end[-1] == ' ')
		name_end--;
	if (to[-1] != '>' ||
	    !is_simple_address(lt + 1, (gsize)(to - 1 - (lt + 1))))
		return false;
	if (name_end - from >= 2 && *from == '"' && name_end[-1] == '"') {
		/* outer spaces are rare enough for the long way */
		from++;
		name_end--;
		if (name_end > from && (*from == ' ' || name_end[-1] == ' '))
			return false;
	}
	if (!is_simple_name(from, (gsize)(name_end - from)))
		return false;
	add(out,
	    name_end > from ? g_strndup(from, (gsize)(name_end - from)) : NULL,
	    "SMTP", g_strndup(lt + 1, (gsize)(to - 1 - (lt + 1))));
	return true;
}

static bool
is_wsp(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What nearly every list holds: name <local@domain> and local@domain, with
 * atoms or one pair of quotes for the name. False: the long way for all of it.
 */
static bool
parse_simple(const char *value, gsize len, GPtrArray *out)
{
	const char *p = value, *end = value + len;
	guint had = out->len;

	while (p < end) {
		const char *from, *to;
		bool quoted = false;

		while (p < end && is_wsp(*p))
			p++;
		for (from = p; p < end && (quoted || *p != ','); p++)
			if (*p == '"')
				quoted = !quoted;
		for (to = p; to > from && is_wsp(to[-1]);)
			to--;
		if (p < end)
			p++;
		if (to == from || !simple_one(from, to, out)) {
			g_ptr_array_set_size(out, (gint)had);
			return false;
		}
	}
	return true;
}

void
address_parse(const char *value, gsize len, GPtrArray *out)
{
	struct entry e;
	struct cursor c;
	GString *group;
	g_autofree char *clean = NULL;

	if (len == 0 || parse_simple(value, len, out))
		return;
	clean = mime_text_clean(value, len);
	c.p = clean;
	c.end = clean + strlen(clean);
	e.text = g_string_new(NULL);
	e.plain = g_string_new(NULL);
	e.angle = g_string_new(NULL);
	e.comment = g_string_new(NULL);
	e.has_angle = e.has_comment = e.has_at = false;
	group = g_string_new(NULL);
	parse(&c, &e, group, out);
	g_string_free(e.text, TRUE);
	g_string_free(e.plain, TRUE);
	g_string_free(e.angle, TRUE);
	g_string_free(e.comment, TRUE);
	g_string_free(group, TRUE);
}

bool
address_is_smtp(const char *address)
{
	const char *at = strrchr(address, '@');
	bool quoted = false; /* "a b"@c is legal, RFC 5321 4.1.2 */

	if (!at || at == address || !at[1])
		return false;
	for (const char *p = address; *p; p++) {
		if (*p == '"' && (p == address || p + 1 == at))
			quoted = !quoted;
		else if ((guint8)*p < 32 || *p == 127 ||
			 (!quoted && strchr(" <>\"()", *p)) ||
			 (p > at && *p == ','))
			return false;
	}
	return !quoted;
}

void
address_format(const struct person *person, GString *out)
{
	g_autofree char *name = NULL;

	if (person->address && address_is_smtp(person->address) &&
	    (!person->type || !g_ascii_strcasecmp(person->type, "SMTP"))) {
		if (person->name) {
			encode_phrase(out, person->name);
			g_string_append_c(out, ' ');
		}
		g_string_append_printf(out, "<%s>", person->address);
		return;
	}
	if (person->address)
		name = g_strdup_printf("%s%s[%s:%s]",
		    person->name ? person->name : "", person->name ? " " : "",
		    person->type ? person->type : "SMTP", person->address);
	encode_phrase(out, name ? name : person->name ? person->name : "");
	g_string_append(out, ":;");
}
