#include "directory/ldif.h"

#include "directory/dn.h"
#include "directory/wire.h"

#include <string.h>

#define COLUMN_MAX 76

struct Ldif {
	GMappedFile *map;
	char *path;
	const char *at, *end;
	int line;      /* of at */
	GString *text; /* the logical line */
	int text_line;
};

void
ldif_record_free(struct ldif_record *record)
{
	if (record == NULL)
		return;
	g_free(record->dn);
	g_clear_pointer(&record->attributes, g_ptr_array_unref);
	g_clear_pointer(&record->mods, g_ptr_array_unref);
	g_free(record);
}

static void
mod_free(void *data)
{
	struct ldif_mod *mod = data;

	g_free(mod->attribute->name);
	g_ptr_array_unref(mod->attribute->values);
	g_free(mod->attribute);
	g_free(mod);
}

enum status
ldif_open(Ldif **out, const char *path, GError **error)
{
	g_autoptr(GError) why = NULL;
	GMappedFile *map = g_mapped_file_new(path, FALSE, &why);
	Ldif *ldif;

	*out = NULL;
	if (map == NULL)
		return fail(ST_RUN, error, ERR_IO, RETRY_NEVER, "ldif %s: %s",
		    path, why->message);
	if (g_mapped_file_get_length(map) > LDIF_FILE_MAX) {
		g_mapped_file_unref(map);
		return fail(ST_RUN, error, ERR_LIMIT, RETRY_NEVER,
		    "ldif %s: larger than 4 GiB", path);
	}
	ldif = g_new0(Ldif, 1);
	ldif->map = map;
	ldif->path = g_strdup(path);
	ldif->at = g_mapped_file_get_contents(map);
	ldif->end = ldif->at ? ldif->at + g_mapped_file_get_length(map) : NULL;
	ldif->line = 1;
	ldif->text = g_string_new(NULL);
	*out = ldif;
	return ST_OK;
}

void
ldif_close(Ldif *ldif)
{
	if (ldif == NULL)
		return;
	g_mapped_file_unref(ldif->map);
	g_string_free(ldif->text, TRUE);
	g_free(ldif->path);
	g_free(ldif);
}

/* A physical line without its end. */
static gsize
physical(Ldif *ldif, const char **start)
{
	const char *nl = memchr(ldif->at, '\n', (gsize)(ldif->end - ldif->at));
	gsize len = nl ? (gsize)(nl - ldif->at) : (gsize)(ldif->end - ldif->at);

	*start = ldif->at;
	ldif->at = nl ? nl + 1 : ldif->end;
	ldif->line++;
	if (len > 0 && (*start)[len - 1] == '\r')
		len--;
	return len;
}

/* A logical line, comments left out. ST_END at the end of the file. */
static enum status
logical(Ldif *ldif, GError **error)
{
	for (;;) {
		const char *start;
		gsize len;

		if (ldif->at >= ldif->end)
			return ST_END;
		ldif->text_line = ldif->line;
		len = physical(ldif, &start);
		g_string_truncate(ldif->text, 0);
		g_string_append_len(ldif->text, start, (gssize)len);
		while (ldif->at < ldif->end && *ldif->at == ' ' && len > 0) {
			gsize more = physical(ldif, &start);

			if (ldif->text->len + more > LDIF_LINE_MAX)
				return fail(ST_ITEM, error, ERR_LIMIT,
				    RETRY_NEVER, "ldif %s:%d: line too long",
				    ldif->path, ldif->text_line);
			g_string_append_len(
			    ldif->text, start + 1, (gssize)more - 1);
		}
		if (ldif->text->len == 0 || ldif->text->str[0] != '#')
			return ST_OK;
	}
}

static enum status
bad(Ldif *ldif, GError **error, const char *what)
{
	return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER, "ldif %s:%d: %s",
	    ldif->path, ldif->text_line, what);
}

/* RFC 4512 2.5: a letter or digit, then these, '-', a number's dots, options
 * behind ';'. */
static bool
is_name(const char *text, gsize len)
{
	for (gsize i = 0; i < len; i++)
		if (!g_ascii_isalnum(text[i]) &&
		    (text[i] == 0 || !strchr("-.;_", text[i])))
			return false;
	return len > 0 && g_ascii_isalnum(*text);
}

/* "name: value" of the logical line; *data is g_free()d. */
static enum status
take(Ldif *ldif, char **name, guint8 **data, gsize *len, GError **error)
{
	const char *colon = memchr(ldif->text->str, ':', ldif->text->len);
	const char *value;
	gsize rest;

	*name = NULL;
	*data = NULL;
	if (colon == NULL ||
	    !is_name(ldif->text->str, (gsize)(colon - ldif->text->str)))
		return bad(ldif, error, "no attribute and value");
	value = colon + 1;
	rest = ldif->text->len - (gsize)(value - ldif->text->str);
	if (*value == '<')
		return bad(ldif, error,
		    "a value that names a file or URL is not taken");
	if (*value == ':') {
		value++;
		while (*value == ' ')
			value++;
		*data = g_base64_decode(value, len);
	} else {
		while (rest > 0 && *value == ' ') {
			value++;
			rest--;
		}
		*data = g_malloc(rest + 1);
		if (rest > 0)
			memcpy(*data, value, rest);
		(*data)[rest] = '\0';
		*len = rest;
	}
	*name = g_strndup(ldif->text->str, (gsize)(colon - ldif->text->str));
	return ST_OK;
}

/* To the blank line behind a record that is not valid. */
static void
skip_record(Ldif *ldif)
{
	const char *start;

	while (ldif->at < ldif->end && physical(ldif, &start) > 0)
		;
}

static enum status
read_modify(Ldif *ldif, struct ldif_record *record, GError **error)
{
	static const char *const ops[] = {"add", "delete", "replace"};
	struct ldif_mod *mod = NULL;
	enum status st;

	record->mods = g_ptr_array_new_with_free_func(mod_free);
	while ((st = logical(ldif, error)) == ST_OK && ldif->text->len > 0) {
		g_autofree char *name = NULL;
		g_autofree guint8 *data = NULL;
		gsize len;

		if (strcmp(ldif->text->str, "-") == 0) {
			mod = NULL;
			continue;
		}
		st = take(ldif, &name, &data, &len, error);
		if (st < 0)
			return st;
		if (mod == NULL) {
			guint op = 0;

			while (op < 3 && g_ascii_strcasecmp(ops[op], name) != 0)
				op++;
			if (op < 3 && !is_name((char *)data, len))
				return bad(ldif, error, "no attribute name");
			if (op == 3)
				return bad(ldif, error,
				    "not one of add:, delete:, replace:");
			mod = g_new0(struct ldif_mod, 1);
			mod->op = op == 0   ? LDIF_MOD_ADD
				  : op == 1 ? LDIF_MOD_DELETE
					    : LDIF_MOD_REPLACE;
			mod->attribute = g_new0(struct entry_attribute, 1);
			mod->attribute->name = g_strndup((char *)data, len);
			mod->attribute->values =
			    g_ptr_array_new_with_free_func(g_free);
			g_ptr_array_add(record->mods, mod);
			continue;
		}
		if (!g_utf8_validate_len((char *)data, len, NULL)) {
			mod->attribute->binary = true;
			g_ptr_array_add(
			    mod->attribute->values, g_base64_encode(data, len));
		} else
			g_ptr_array_add(mod->attribute->values,
			    g_strndup((char *)data, len));
	}
	return st == ST_END ? ST_OK : st;
}

static enum status
read_record(Ldif *ldif, struct ldif_record *record, GError **error)
{
	enum status st;

	record->attributes = wire_attributes_new();
	while ((st = logical(ldif, error)) == ST_OK && ldif->text->len > 0) {
		g_autofree char *name = NULL;
		g_autofree guint8 *data = NULL;
		char *semicolon;
		gsize len;

		st = take(ldif, &name, &data, &len, error);
		if (st < 0)
			return st;
		if (g_ascii_strcasecmp(name, "changetype") == 0) {
			const char *type = (char *)data;

			if (g_ascii_strcasecmp(type, "add") == 0)
				record->change = LDIF_ADD;
			else if (g_ascii_strcasecmp(type, "delete") == 0)
				record->change = LDIF_DELETE;
			else if (g_ascii_strcasecmp(type, "modify") == 0) {
				record->change = LDIF_MODIFY;
				return read_modify(ldif, record, error);
			} else
				return bad(ldif, error,
				    "only add, delete and modify are known");
			continue;
		}
		if (g_ascii_strcasecmp(name, "control") == 0)
			continue;
		/* "userCertificate;binary" is userCertificate here. */
		semicolon = strchr(name, ';');
		if (semicolon && g_ascii_strcasecmp(semicolon, ";binary") == 0)
			*semicolon = '\0';
		if (record->attributes->len > ENTRY_ATTRIBUTES_MAX)
			return bad(ldif, error, "too many attributes");
		wire_add(record->attributes, name, data, len);
	}
	return st == ST_END ? ST_OK : st;
}

enum status
ldif_next(Ldif *ldif, struct ldif_record **out, GError **error)
{
	struct ldif_record *record;
	g_autofree char *name = NULL;
	g_autofree guint8 *data = NULL;
	gsize len;
	enum status st;

	*out = NULL;
	for (;;) {
		st = logical(ldif, error);
		if (st != ST_OK)
			goto failed;
		if (ldif->text->len == 0)
			continue;
		g_clear_pointer(&name, g_free);
		g_clear_pointer(&data, g_free);
		st = take(ldif, &name, &data, &len, error);
		if (st < 0)
			goto failed;
		if (g_ascii_strcasecmp(name, "version") != 0)
			break;
		if (strcmp((char *)data, "1") != 0) {
			st = bad(ldif, error, "not version 1");
			goto failed;
		}
	}
	if (g_ascii_strcasecmp(name, "dn") != 0) {
		st = bad(ldif, error, "a record begins with dn:");
		goto failed;
	}
	if (memchr(data, '\0', len) ||
	    !g_utf8_validate((char *)data, (gssize)len, NULL)) {
		st = bad(ldif, error, "the name is not UTF-8");
		goto failed;
	}
	record = g_new0(struct ldif_record, 1);
	record->line = ldif->text_line;
	record->dn = g_strndup((char *)data, len);
	st = read_record(ldif, record, error);
	if (st < 0) {
		ldif_record_free(record);
		goto failed;
	}
	*out = record;
	return ST_OK;
failed:
	if (st == ST_ITEM)
		skip_record(ldif);
	return st;
}

/* RFC 2849: SAFE-STRING, and no blank at the end. */
static bool
is_safe(const guint8 *data, gsize len)
{
	if (len > 0 && (data[0] == ' ' || data[0] == ':' || data[0] == '<' ||
			   data[len - 1] == ' '))
		return false;
	for (gsize i = 0; i < len; i++)
		if (data[i] == 0 || data[i] == '\n' || data[i] == '\r' ||
		    data[i] > 0x7e)
			return false;
	return true;
}

void
ldif_put(GString *out, const char *name, const void *data, gsize len)
{
	g_autoptr(GString) line = g_string_new(name);

	if (is_safe(data, len)) {
		g_string_append(line, ": ");
		g_string_append_len(line, data, (gssize)len);
	} else {
		g_autofree char *text = g_base64_encode(data, len);

		g_string_append_printf(line, ":: %s", text);
	}
	for (gsize at = 0; at < line->len;) {
		gsize n = MIN(line->len - at, COLUMN_MAX - (at > 0));

		if (at > 0)
			g_string_append_c(out, ' ');
		g_string_append_len(out, line->str + at, (gssize)n);
		g_string_append_c(out, '\n');
		at += n;
	}
}

static void
put_values(GString *out, const struct entry_attribute *a)
{
	for (guint i = 0; i < a->values->len; i++) {
		gsize len;
		g_autofree guint8 *data = wire_octets(a, i, &len);

		ldif_put(out, a->name, data, len);
	}
}

void
ldif_put_entry(GString *out, const char *dn, const char *changetype,
    const GPtrArray *attributes)
{
	ldif_put(out, "dn", dn, strlen(dn));
	if (changetype)
		g_string_append_printf(out, "changetype: %s\n", changetype);
	for (guint i = 0; attributes && i < attributes->len; i++)
		put_values(out, attributes->pdata[i]);
	g_string_append_c(out, '\n');
}

static struct entry_attribute *
find(const GPtrArray *attributes, const char *name)
{
	for (guint i = 0; i < attributes->len; i++) {
		struct entry_attribute *a = attributes->pdata[i];

		if (g_ascii_strcasecmp(a->name, name) == 0)
			return a;
	}
	return NULL;
}

static bool
equal(const struct entry_attribute *a, const struct entry_attribute *b)
{
	if (a->values->len != b->values->len || a->binary != b->binary)
		return false;
	for (guint i = 0; i < a->values->len; i++)
		if (strcmp(a->values->pdata[i], b->values->pdata[i]) != 0)
			return false;
	return true;
}

bool
ldif_put_difference(
    GString *out, const char *dn, const GPtrArray *from, const GPtrArray *to)
{
	bool any = false;

	for (guint pass = 0; pass < 2; pass++)
		for (guint i = 0; i < (pass ? from : to)->len; i++) {
			const struct entry_attribute *a =
			    (pass ? from : to)->pdata[i];
			const struct entry_attribute *other =
			    find(pass ? to : from, a->name);

			if (pass ? other != NULL : other && equal(a, other))
				continue;
			if (!any) {
				ldif_put(out, "dn", dn, strlen(dn));
				g_string_append(out, "changetype: modify\n");
			}
			any = true;
			g_string_append_printf(out, "replace: %s\n", a->name);
			if (pass == 0)
				put_values(out, a);
			g_string_append(out, "-\n");
		}
	if (any)
		g_string_append_c(out, '\n');
	return any;
}
