#include "iff/directory.h"
#include "iff/directory-private.h"
#include "iff/pri.h"
#include "iff/value.h"

#include <string.h>

#define TYPE_MAX 8 /* characters of an address type (7.9) */

struct value {
	gsize at;   /* in store */
	bool token; /* was an unquoted run */
};

struct column {
	const struct directory_attribute *attribute; /* NULL: ignored */
	GArray *values;				     /* of struct value */
};

struct pending {
	char *file, *member;
	gint64 line;
};

struct Directory {
	bool lenient;
	struct directory_lookup lookup;
	GArray *columns;       /* of struct column */
	guint n_columns;       /* of this section */
	GHashTable *names;     /* folded "container/name" */
	GHashTable *members;   /* folded name without container */
	GHashTable *addresses; /* folded */
	GArray *pending;       /* of struct pending */
	GString *store;	       /* values, each NUL-terminated */
	GArray *offsets;
	GByteArray *tokens;
	GArray *result;	     /* of struct attribute */
	GPtrArray *pointers; /* the values arrays, freed with the row */
	GString *key;
	guint backslashes, mapped, truncated; /* of the row */
};

static void
column_clear(void *p)
{
	g_array_free(((struct column *)p)->values, TRUE);
}

static void
pending_clear(void *p)
{
	g_free(((struct pending *)p)->file);
	g_free(((struct pending *)p)->member);
}

Directory *
directory_new(bool lenient, const struct directory_lookup *lookup)
{
	Directory *dir = g_new0(Directory, 1);

	dir->lenient = lenient;
	if (lookup)
		dir->lookup = *lookup;
	dir->columns = g_array_new(FALSE, TRUE, sizeof(struct column));
	g_array_set_clear_func(dir->columns, column_clear);
	dir->names =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	dir->members =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	dir->addresses =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	dir->pending = g_array_new(FALSE, FALSE, sizeof(struct pending));
	g_array_set_clear_func(dir->pending, pending_clear);
	dir->store = g_string_new(NULL);
	dir->offsets = g_array_new(FALSE, FALSE, sizeof(gsize));
	dir->tokens = g_byte_array_new();
	dir->result = g_array_new(FALSE, TRUE, sizeof(struct attribute));
	dir->pointers = g_ptr_array_new_with_free_func(g_free);
	dir->key = g_string_new(NULL);
	return dir;
}

void
directory_free(Directory *dir)
{
	if (dir == NULL)
		return;
	g_array_free(dir->columns, TRUE);
	g_hash_table_destroy(dir->names);
	g_hash_table_destroy(dir->members);
	g_hash_table_destroy(dir->addresses);
	g_array_free(dir->pending, TRUE);
	g_string_free(dir->store, TRUE);
	g_array_free(dir->offsets, TRUE);
	g_byte_array_free(dir->tokens, TRUE);
	g_array_free(dir->result, TRUE);
	g_ptr_array_free(dir->pointers, TRUE);
	g_string_free(dir->key, TRUE);
	g_free(dir);
}

void
directory_section(Directory *dir, const struct pri_section *section)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	g_array_set_size(dir->columns, 0);
	dir->n_columns = section->columns->len;
	for (guint i = 0; i < dir->n_columns; i++) {
		struct column column = {.attribute = directory_attribute_find(
					    section->columns->pdata[i])};

		if (column.attribute &&
		    !g_hash_table_add(seen, (char *)column.attribute->name))
			column.attribute = NULL; /* the first one counts */
		column.values = g_array_new(FALSE, FALSE, sizeof(struct value));
		g_array_append_val(dir->columns, column);
	}
}

static struct column *
column_at(Directory *dir, guint i)
{
	return &g_array_index(dir->columns, struct column, i);
}

/* The first value of a column by its schema name, or "". */
static const char *
first_value(Directory *dir, const char *name, bool *token)
{
	for (guint i = 0; i < dir->n_columns; i++) {
		const struct column *column = column_at(dir, i);
		const struct value *value;

		if (column->attribute == NULL ||
		    strcmp(column->attribute->name, name) != 0)
			continue;
		if (column->values->len == 0)
			return "";
		value = &g_array_index(column->values, struct value, 0);
		if (token)
			*token = value->token;
		return dir->store->str + value->at;
	}
	return "";
}

/* Split every field into its values. */
static void
read_values(Directory *dir, struct pri_item *item)
{
	g_string_truncate(dir->store, 0);
	for (guint i = 0; i < dir->n_columns; i++) {
		struct column *column = column_at(dir, i);
		struct field *field = &item->fields[i];

		g_array_set_size(column->values, 0);
		if (column->attribute == NULL)
			continue;
		if (!column->attribute->multi) {
			struct value value = {
			    dir->store->len, field->raw[0] != '"'};
			const char *text = field_text(field, FIELD_DIRECTORY);

			if (text[0] == '\0')
				continue;
			g_string_append_len(
			    dir->store, text, (gssize)strlen(text) + 1);
			g_array_append_val(column->values, value);
			continue;
		}
		g_array_set_size(dir->offsets, 0);
		g_byte_array_set_size(dir->tokens, 0);
		field_list(field, FIELD_DIRECTORY, dir->store, dir->offsets,
		    dir->tokens);
		for (guint j = 0; j < dir->offsets->len; j++) {
			struct value value = {
			    g_array_index(dir->offsets, gsize, j),
			    dir->tokens->data[j]};

			g_array_append_val(column->values, value);
		}
	}
}

static bool
is_delete(const char *text)
{
	return g_ascii_strncasecmp(text, "~DEL", 4) == 0 &&
	       (text[4] == '\0' || text[4] == '<');
}

static bool
tokens_ok(Directory *dir, bool create, Diags *diags)
{
	for (guint i = 0; i < dir->n_columns; i++) {
		struct column *column = column_at(dir, i);

		for (guint j = 0; j < column->values->len; j++) {
			const struct value *value =
			    &g_array_index(column->values, struct value, j);
			const char *text = dir->store->str + value->at;
			enum diag_code code;

			if (!value->token)
				continue;
			if (text[0] == '#')
				code = DIAG_DIR_POINTER;
			else if (text[0] == '=')
				code = DIAG_DIR_VALUE_FILE;
			else if (create && is_delete(text))
				code = DIAG_DIR_DEL_IN_CREATE;
			else
				continue;
			diags_add(diags, code, NULL, -1, "%s \"%.60s\": %s",
			    column->attribute->name, text,
			    diag_table[code].meaning);
			return false;
		}
	}
	return true;
}

/* 7.7: \\ \r \n; a backslash before anything else is dropped. In place. */
static guint
unescape(char *text)
{
	char *to = text;
	guint dropped = 0;

	for (; *text; text++) {
		if (*text != '\\') {
			*to++ = *text;
			continue;
		}
		switch (text[1]) {
		case '\\':
			*to++ = *++text;
			break;
		case 'r':
			*to++ = '\r';
			text++;
			break;
		case 'n':
			*to++ = '\n';
			text++;
			break;
		default:
			dropped++;
			break;
		}
	}
	*to = '\0';
	return dropped;
}

/* Backslashes, seven bits, limits of one value; its place may move. */
static void
mend(Directory *dir, const struct directory_attribute *attribute,
    struct value *value)
{
	char *text = dir->store->str + value->at;

	dir->backslashes += unescape(text);
	/* The MIGRATE address ties the row to the mail of the user: changed,
	 * it would tie nothing. */
	if (attribute->seven_bit &&
	    g_ascii_strncasecmp(text, "MIGRATE:", 8) != 0) {
		g_autoptr(GString) plain = g_string_new(NULL);
		gsize n = codepage_to_ascii(text, plain);

		if (n > 0) {
			dir->mapped++;
			value->at = dir->store->len;
			g_string_append_len(
			    dir->store, plain->str, (gssize)plain->len + 1);
			text = dir->store->str + value->at;
		}
	}
	if (attribute->limit &&
	    g_utf8_strlen(text, -1) > (glong)attribute->limit) {
		*g_utf8_offset_to_pointer(text, (glong)attribute->limit) = '\0';
		dir->truncated++;
	}
}

static void
mend_all(Directory *dir)
{
	dir->backslashes = dir->mapped = dir->truncated = 0;
	for (guint i = 0; i < dir->n_columns; i++) {
		struct column *column = column_at(dir, i);

		for (guint j = 0; j < column->values->len; j++)
			mend(dir, column->attribute,
			    &g_array_index(column->values, struct value, j));
	}
}

static bool
class_of(Directory *dir, enum recipient_class *out)
{
	static const char *const names[] = {[RECIPIENT_MAILBOX] = "mailbox",
	    [RECIPIENT_CONTACT] = "remote",
	    [RECIPIENT_LIST] = "dl"};
	const char *text = first_value(dir, "Obj-Class", NULL);

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_ascii_strcasecmp(text, names[i]) == 0) {
			*out = (enum recipient_class)i;
			return true;
		}
	return false;
}

static bool
mode_of(const char *text, enum recipient_mode *out)
{
	static const char *const names[] = {[MODE_CREATE] = "create",
	    [MODE_UPDATE] = "update",
	    [MODE_MODIFY] = "modify",
	    [MODE_DELETE] = "delete"};

	*out = MODE_UPDATE; /* the default of the underlying import */
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_ascii_strcasecmp(text, names[i]) == 0) {
			*out = (enum recipient_mode)i;
			return true;
		}
	return text[0] == '\0';
}

static char *
name_key(Directory *dir, const char *name)
{
	g_autofree char *whole = g_strconcat(
	    first_value(dir, "Obj-Container", NULL), "/", name, NULL);

	return g_utf8_casefold(whole, -1);
}

static bool
exists(Directory *dir, const char *name)
{
	g_autofree char *key = name_key(dir, name);

	if (g_hash_table_contains(dir->names, key))
		return true;
	return dir->lookup.exists &&
	       dir->lookup.exists(dir->lookup.ctx,
		   first_value(dir, "Obj-Container", NULL), name);
}

static bool
address_column(const char *name)
{
	return strcmp(name, "Proxy-Addresses") == 0 ||
	       strcmp(name, "Secondary-Proxy-Addresses") == 0 ||
	       strcmp(name, "Target-Address") == 0;
}

static bool
address_ok(Directory *dir, const char *column, const char *address, bool create,
    Diags *diags)
{
	const char *colon = strchr(address, ':');
	bool target = strcmp(column, "Target-Address") == 0, taken;
	g_autofree char *key = NULL;
	enum diag_code code;

	if (colon == NULL || colon == address) {
		diags_add(diags, DIAG_DIR_ADDR_NO_TYPE, NULL, -1,
		    "%s \"%.80s\" has no type", column, address);
		return false;
	}
	if (g_utf8_strlen(address, colon - address) > TYPE_MAX) {
		diags_add(diags, DIAG_DIR_ADDR_TYPE_LEN, NULL, -1,
		    "%s \"%.80s\": the type has more than %d characters",
		    column, address, TYPE_MAX);
		return false;
	}
	if (!create)
		return true;
	key = g_utf8_casefold(address, -1);
	taken = g_hash_table_contains(dir->addresses, key) ||
		(dir->lookup.address_taken &&
		    dir->lookup.address_taken(dir->lookup.ctx, address));
	if (!taken)
		return true;
	code = target ? DIAG_DIR_TARGET_NOT_UNIQUE : DIAG_DIR_ADDR_NOT_UNIQUE;
	diags_add(diags, code, NULL, -1, "%s \"%.80s\" is in use already",
	    column, address);
	return false;
}

static bool
missing(Diags *diags, const char *name)
{
	diags_add(diags, DIAG_DIR_MISSING_REQUIRED, NULL, -1,
	    "%s is required and empty", name);
	return false;
}

/* The checks of 7.11 behind the tokens, in its order. */
static bool
row_ok(Directory *dir, struct recipient *out, Diags *diags)
{
	const char *mode = first_value(dir, "Mode", NULL);
	const char *name = first_value(dir, "Common-Name", NULL);
	const char *server = first_value(dir, "Home-Server", NULL);
	bool create, mode_known = mode_of(mode, &out->mode);

	create = out->mode == MODE_CREATE;
	if (!class_of(dir, &out->class)) {
		diags_add(diags, DIAG_DIR_BAD_CLASS, NULL, -1,
		    "class \"%.40s\" is none of mailbox, remote, dl",
		    first_value(dir, "Obj-Class", NULL));
		return false;
	}
	/* An import never deletes. */
	if (!mode_known || out->mode == MODE_DELETE ||
	    (!create && !dir->lenient)) {
		diags_add(diags, DIAG_DIR_MODE_NOT_CREATE, NULL, -1,
		    "mode \"%.40s\" instead of create", mode);
		return false;
	}
	if (create && name[0] && exists(dir, name)) {
		diags_add(diags, DIAG_DIR_EXISTS, NULL, -1,
		    "an object named \"%.64s\" exists; it is left unchanged",
		    name);
		return false;
	}
	if (name[0] == '\0')
		return missing(diags, "Common-Name");
	if (create && out->class == RECIPIENT_MAILBOX && server[0] == '\0')
		return missing(diags, "Home-Server");
	if (create && out->class == RECIPIENT_CONTACT &&
	    first_value(dir, "Target-Address", NULL)[0] == '\0')
		return missing(diags, "Target-Address");
	if (server[0] && g_ascii_strcasecmp(server, "~Server") != 0 &&
	    dir->lookup.server_known &&
	    !dir->lookup.server_known(dir->lookup.ctx, server)) {
		diags_add(diags, DIAG_DIR_SERVER_UNKNOWN, NULL, -1,
		    "the server \"%.64s\" is not known", server);
		return false;
	}
	for (guint i = 0; i < dir->n_columns; i++) {
		const struct column *column = column_at(dir, i);

		for (guint j = 0;
		     column->attribute && j < column->values->len &&
		     address_column(column->attribute->name);
		     j++) {
			const struct value *value =
			    &g_array_index(column->values, struct value, j);
			const char *text = dir->store->str + value->at;

			if (!(value->token && is_delete(text)) &&
			    !address_ok(dir, column->attribute->name, text,
				create, diags))
				return false;
		}
	}
	return true;
}

/* "Recipients/cn=Branch/cn=ToveL" and "/o=x/ou=y/cn=ToveL" end in the name. */
static const char *
member_name(const char *member)
{
	const char *slash = strrchr(member, '/');

	if (slash)
		member = slash + 1;
	if (g_ascii_strncasecmp(member, "cn=", 3) == 0)
		member += 3;
	return member;
}

/* The row is good: remember what it takes, and whom it names. */
static void
enter(Directory *dir, const char *file, gint64 line)
{
	const char *name = first_value(dir, "Common-Name", NULL);

	g_hash_table_add(dir->names, name_key(dir, name));
	g_hash_table_add(dir->members, g_utf8_casefold(name, -1));
	for (guint i = 0; i < dir->n_columns; i++) {
		const struct column *column = column_at(dir, i);

		for (guint j = 0; column->attribute && j < column->values->len;
		     j++) {
			const char *text =
			    dir->store->str +
			    g_array_index(column->values, struct value, j).at;

			if (address_column(column->attribute->name))
				g_hash_table_add(
				    dir->addresses, g_utf8_casefold(text, -1));
			else if (strcmp(column->attribute->name, "Member") ==
				 0) {
				struct pending pending = {
				    g_strdup(file), g_strdup(text), line};

				g_array_append_val(dir->pending, pending);
			}
		}
	}
}

static void
warn(Directory *dir, Diags *diags)
{
	if (dir->backslashes > 0)
		diags_add(diags, DIAG_DIR_BACKSLASH, NULL, -1,
		    "%u lone backslashes are dropped", dir->backslashes);
	if (dir->mapped > 0)
		diags_add(diags, DIAG_DIR_CHAR_MAPPED, NULL, -1,
		    "characters of %u values are replaced by plain ones",
		    dir->mapped);
	if (dir->truncated > 0)
		diags_add(diags, DIAG_DIR_TRUNCATED, NULL, -1,
		    "%u values are cut to their limit", dir->truncated);
}

static void
build(Directory *dir, struct recipient *out)
{
	g_array_set_size(dir->result, 0);
	g_ptr_array_set_size(dir->pointers, 0);
	for (guint i = 0; i < dir->n_columns; i++) {
		const struct column *column = column_at(dir, i);
		struct attribute attribute;

		/* Class and mode are fields of the recipient. */
		if (column->attribute == NULL || column->values->len == 0 ||
		    column->attribute == &directory_attributes[0] ||
		    column->attribute == &directory_attributes[1])
			continue;
		attribute.name = (char *)column->attribute->name;
		attribute.values = g_new0(char *, column->values->len + 1);
		for (guint j = 0; j < column->values->len; j++)
			attribute.values[j] =
			    dir->store->str +
			    g_array_index(column->values, struct value, j).at;
		g_ptr_array_add(dir->pointers, attribute.values);
		g_array_append_val(dir->result, attribute);
	}
	out->attributes = (const struct attribute *)dir->result->data;
	out->n_attributes = dir->result->len;
}

bool
directory_row(Directory *dir, struct pri_item *item, const char *file,
    Diags *diags, struct recipient *out, const char **key)
{
	enum recipient_mode mode;
	bool ok;

	*out = (struct recipient){.class = RECIPIENT_MAILBOX};
	g_string_printf(dir->key, "line-%" G_GINT64_FORMAT, item->line);
	*key = dir->key->str;
	if (diags_row_error(diags))
		return false;
	read_values(dir, item);
	mode_of(first_value(dir, "Mode", NULL), &mode);
	ok = tokens_ok(dir, mode == MODE_CREATE, diags);
	if (ok) {
		mend_all(dir);
		ok = row_ok(dir, out, diags);
	}
	g_string_printf(dir->key, "%s/%s",
	    first_value(dir, "Obj-Container", NULL),
	    first_value(dir, "Common-Name", NULL));
	for (char *p = dir->key->str; *p; p++)
		if ((guint8)*p < 0x20 || *p == 0x7f)
			*p = '_';
	*key = dir->key->str;
	build(dir, out);
	if (!ok)
		return false;
	enter(dir, file, item->line);
	warn(dir, diags);
	return true;
}

void
directory_end(Directory *dir, Diags *diags)
{
	for (guint i = 0; i < dir->pending->len; i++) {
		const struct pending *pending =
		    &g_array_index(dir->pending, struct pending, i);
		const char *name = member_name(pending->member);
		g_autofree char *key = g_utf8_casefold(name, -1);

		if (g_hash_table_contains(dir->members, key) ||
		    (dir->lookup.exists &&
			dir->lookup.exists(dir->lookup.ctx, "", name)))
			continue;
		diags_file(diags, pending->file);
		diags_add_at(diags, DIAG_DIR_MEMBER_UNRESOLVED, pending->line,
		    "member \"%.80s\" is not in this set", pending->member);
	}
	g_array_set_size(dir->pending, 0);
}
