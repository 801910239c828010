#include "directory/rows.h"

#include "directory/dn.h"
#include "iff/directory.h"
#include "iff/field.h"

#include <string.h>

#define HEADING_WITHIN 3 /* a user list has two lines before its heading */

struct column {
	const char *name; /* of the schema; NULL: not known, or not for us */
	enum { PLAIN, USER_NAME, MIGRATE_USER } what;
};

struct Rows {
	char *path, *text, *at, *end;
	char *container, *base;
	int line, row_line; /* physical, from 1 */
	GString *raw;
	char *heading;
	GArray *columns; /* of struct column */
	GArray *fields;
	GString *store;
	GArray *offsets;
	GByteArray *tokens;
	void (*complain)(void *user, int line, const char *text);
	void *user;
};

void
rows_close(Rows *rows)
{
	if (rows == NULL)
		return;
	g_free(rows->path);
	g_free(rows->text);
	g_free(rows->container);
	g_free(rows->base);
	g_string_free(rows->raw, TRUE);
	g_free(rows->heading);
	g_array_free(rows->columns, TRUE);
	g_array_free(rows->fields, TRUE);
	g_string_free(rows->store, TRUE);
	g_array_free(rows->offsets, TRUE);
	g_byte_array_free(rows->tokens, TRUE);
	g_free(rows);
}

const char *
rows_raw(const Rows *rows)
{
	return rows->raw->str;
}

const char *
rows_heading(const Rows *rows)
{
	return rows->heading;
}

int
rows_line(const Rows *rows)
{
	return rows->row_line;
}

/* The next line that is no comment and not blank, into raw. */
static bool
take_line(Rows *rows)
{
	while (rows->at < rows->end) {
		char *nl =
		    memchr(rows->at, '\n', (gsize)(rows->end - rows->at));
		char *stop = nl ? nl : rows->end;
		char *start = rows->at;

		rows->at = nl ? nl + 1 : rows->end;
		rows->row_line = rows->line++;
		if (stop > start && stop[-1] == '\r')
			stop--;
		if (stop == start || *start == '!')
			continue;
		g_string_truncate(rows->raw, 0);
		g_string_append_len(rows->raw, start, stop - start);
		return true;
	}
	return false;
}

static void say(Rows *rows, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void
say(Rows *rows, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	if (rows->complain == NULL)
		return;
	va_start(ap, format);
	text = g_strdup_vprintf(format, ap);
	va_end(ap);
	rows->complain(rows->user, rows->row_line, text);
}

static bool
is_heading(const char *line)
{
	return g_ascii_strncasecmp(line, "Obj-Class", 9) == 0 ||
	       g_ascii_strncasecmp(line, "\"Obj-Class", 10) == 0 ||
	       g_ascii_strncasecmp(line, "SFS_UserName", 12) == 0;
}

static enum status
read_heading(Rows *rows, GError **error)
{
	g_autofree char *line = g_strdup(rows->raw->str);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	bool name = false;

	rows->heading = g_strdup(rows->raw->str);
	field_split(line, rows->raw->len, FIELD_DIRECTORY, rows->fields, NULL);
	for (guint i = 0; i < rows->fields->len; i++) {
		struct field *field =
		    &g_array_index(rows->fields, struct field, i);
		const char *text = field_text(field, FIELD_DIRECTORY);
		struct column column = {directory_column(text), PLAIN};

		if (g_ascii_strcasecmp(text, "SFS_UserName") == 0)
			column.what = USER_NAME;
		else if (g_ascii_strcasecmp(text, "MigrateUser") == 0)
			column.what = MIGRATE_USER;
		else if (column.name == NULL &&
			 g_ascii_strcasecmp(text, "SFS_FullName") != 0)
			say(rows, "column \"%s\" is not known and left out",
			    text);
		if (column.name &&
		    !g_hash_table_add(seen, (char *)column.name)) {
			say(rows,
			    "column \"%s\" is there twice; the first one "
			    "counts",
			    text);
			column.name = NULL;
		}
		if (g_strcmp0(column.name, "Common-Name") == 0)
			name = true;
		g_array_append_val(rows->columns, column);
	}
	if (!name)
		return fail(ST_RUN, error, ERR_FORMAT, RETRY_NEVER,
		    "%s:%d: the heading has no column Common-Name", rows->path,
		    rows->row_line);
	return ST_OK;
}

enum status
rows_open(Rows **out, const char *path, const char *container, const char *base,
    void (*complain)(void *user, int line, const char *text), void *user,
    GError **error)
{
	g_autoptr(Rows) rows = g_new0(Rows, 1);
	g_autoptr(GError) why = NULL;
	bool found = false;
	gsize len;
	enum status st;

	*out = NULL;
	rows->raw = g_string_new(NULL);
	rows->columns = g_array_new(FALSE, FALSE, sizeof(struct column));
	rows->fields = g_array_new(FALSE, FALSE, sizeof(struct field));
	rows->store = g_string_new(NULL);
	rows->offsets = g_array_new(FALSE, FALSE, sizeof(gsize));
	rows->tokens = g_byte_array_new();
	rows->path = g_strdup(path);
	rows->container = g_strdup(container);
	rows->base = g_strdup(base);
	rows->complain = complain;
	rows->user = user;
	rows->line = 1;
	if (!g_file_get_contents(path, &rows->text, &len, &why))
		return fail(
		    ST_RUN, error, ERR_IO, RETRY_NEVER, "%s", why->message);
	if (len > ROWS_FILE_MAX)
		return fail(ST_RUN, error, ERR_LIMIT, RETRY_NEVER,
		    "%s: larger than 1 GiB", path);
	/* As spreadsheets of Windows write it, when it is not UTF-8. */
	if (!g_utf8_validate_len(rows->text, len, NULL)) {
		char *utf8 =
		    memchr(rows->text, '\0', len)
			? NULL
			: g_convert_with_fallback(rows->text, (gssize)len,
			      "UTF-8", "WINDOWS-1252", "?", NULL, &len, NULL);

		if (utf8 == NULL)
			return fail(ST_RUN, error, ERR_FORMAT, RETRY_NEVER,
			    "%s: this is no text", path);
		g_free(rows->text);
		rows->text = utf8;
	}
	rows->at = rows->text;
	rows->end = rows->text + len;
	if (g_str_has_prefix(rows->at, "\xEF\xBB\xBF"))
		rows->at += 3;
	for (int i = 0; !found && i < HEADING_WITHIN && take_line(rows); i++)
		found = is_heading(rows->raw->str);
	if (!found)
		return fail(ST_RUN, error, ERR_FORMAT, RETRY_NEVER,
		    "%s: no heading; a directory file begins with "
		    "Obj-Class,Mode,Common-Name",
		    path);
	st = read_heading(rows, error);
	if (st == ST_OK)
		*out = g_steal_pointer(&rows);
	return st;
}

/* 7.7: \\ \r \n; a backslash before anything else is dropped. In place. */
static guint
unescape(char *text)
{
	char *to = text;
	guint dropped = 0;

	for (; *text; text++) {
		if (*text != '\\')
			*to++ = *text;
		else if (text[1] == '\\')
			*to++ = *++text;
		else if (text[1] == 'r' || text[1] == 'n')
			*to++ = *++text == 'r' ? '\r' : '\n';
		else
			dropped++;
	}
	*to = '\0';
	return dropped;
}

static bool
is_delete(const char *text)
{
	return g_ascii_strncasecmp(text, "~DEL", 4) == 0 &&
	       (text[4] == '\0' || text[4] == '<');
}

struct row {
	struct recipient recipient;
	GPtrArray *deletes; /* name, value or "", in pairs */
	GArray *attributes; /* of struct attribute */
	bool leave, escapes;
	const char *user_name;
};

static enum status
bad(Rows *rows, GError **error, const char *what, const char *text)
{
	return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER, "%s:%d: %s%s%s",
	    rows->path, rows->row_line, what, text ? ": " : "",
	    text ? text : "");
}

static enum status
take_class(Rows *rows, struct row *row, const char *text, GError **error)
{
	static const char *const names[][2] = {
	    [RECIPIENT_MAILBOX] = {"mailbox", "mailbox"},
	    [RECIPIENT_CONTACT] = {"remote", "contact"},
	    [RECIPIENT_LIST] = {"dl", "list"}};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_ascii_strcasecmp(text, names[i][0]) == 0 ||
		    g_ascii_strcasecmp(text, names[i][1]) == 0) {
			row->recipient.class = (enum recipient_class)i;
			return ST_OK;
		}
	return bad(
	    rows, error, "the class is none of mailbox, remote, dl", text);
}

static enum status
take_mode(Rows *rows, struct row *row, const char *text, GError **error)
{
	static const char *const names[] = {[MODE_CREATE] = "create",
	    [MODE_UPDATE] = "update",
	    [MODE_MODIFY] = "modify",
	    [MODE_DELETE] = "delete"};

	/* Blank is update: make it or change it (Q152321, Q186742). */
	row->recipient.mode = MODE_UPDATE;
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_ascii_strcasecmp(text, names[i]) == 0) {
			row->recipient.mode = (enum recipient_mode)i;
			return ST_OK;
		}
	return *text == '\0' ? ST_OK
			     : bad(rows, error,
				   "the mode is none of create, "
				   "update, modify, delete",
				   text);
}

/* The values of one field, into rows->store from offset on. */
static enum status
take_field(Rows *rows, struct row *row, const struct column *column,
    struct field *field, GError **error)
{
	bool multi = directory_is_multi(column->name);
	struct attribute attribute = {.name = (char *)column->name};
	GPtrArray *values;

	g_string_truncate(rows->store, 0);
	g_array_set_size(rows->offsets, 0);
	g_byte_array_set_size(rows->tokens, 0);
	if (multi) {
		if (!field_list(field, FIELD_DIRECTORY, rows->store,
			rows->offsets, rows->tokens))
			return bad(
			    rows, error, "too many values", column->name);
	} else {
		guint8 token = field->raw[0] != '"';
		const char *text = field_text(field, FIELD_DIRECTORY);
		gsize at = 0;

		if (*text != '\0') {
			g_string_assign(rows->store, text);
			g_array_append_val(rows->offsets, at);
			g_byte_array_append(rows->tokens, &token, 1);
		}
	}
	values = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < rows->offsets->len; i++) {
		char *text =
		    rows->store->str + g_array_index(rows->offsets, gsize, i);
		bool token = rows->tokens->data[i];

		if (token && is_delete(text)) {
			gsize len = strlen(text);

			g_ptr_array_add(row->deletes, g_strdup(column->name));
			g_ptr_array_add(row->deletes,
			    text[4] == '<'
				? g_strndup(text + 5,
				      len - 5 - (text[len - 1] == '>'))
				: g_strdup(""));
			continue;
		}
		if (token && (*text == '=' || *text == '#')) {
			g_ptr_array_unref(values);
			return bad(rows, error,
			    "files named by values are not opened", text);
		}
		if (unescape(text) > 0)
			row->escapes = true;
		g_ptr_array_add(values, g_strdup(text));
	}
	g_ptr_array_add(values, NULL);
	if (values->len == 1) {
		g_ptr_array_unref(values);
		return ST_OK;
	}
	attribute.values = (char **)g_ptr_array_free(values, FALSE);
	g_array_append_val(row->attributes, attribute);
	return ST_OK;
}

static enum status
take_fields(Rows *rows, struct row *row, GError **error)
{
	enum status st = ST_OK;

	row->recipient.mode = MODE_UPDATE;
	for (guint i = 0; st == ST_OK && i < rows->columns->len; i++) {
		const struct column *column =
		    &g_array_index(rows->columns, struct column, i);
		struct field *field =
		    &g_array_index(rows->fields, struct field, i);

		if (column->what == USER_NAME)
			row->user_name = field_text(field, FIELD_DIRECTORY);
		else if (column->what == MIGRATE_USER)
			row->leave =
			    g_ascii_strcasecmp(
				field_text(field, FIELD_DIRECTORY), "N") == 0;
		else if (column->name == NULL)
			continue;
		else if (strcmp(column->name, "Obj-Class") == 0)
			st = take_class(rows, row,
			    field_text(field, FIELD_DIRECTORY), error);
		else if (strcmp(column->name, "Mode") == 0)
			st = take_mode(rows, row,
			    field_text(field, FIELD_DIRECTORY), error);
		else
			st = take_field(rows, row, column, field, error);
	}
	return st;
}

/* The addresses of a row: each has a type of 1 to 8 letters (230-232, 237). */
static enum status
check_addresses(Rows *rows, const Entry *entry, GError **error)
{
	static const char *const names[] = {
	    "Proxy-Addresses", "Target-Address"};

	for (guint n = 0; n < G_N_ELEMENTS(names); n++) {
		const struct entry_attribute *a = entry_find(entry, names[n]);

		for (guint i = 0; a && i < a->values->len; i++)
			if (!entry_address_ok(a->values->pdata[i]))
				return bad(rows, error,
				    "an address is TYPE:address, with a type "
				    "of 1 to 8 letters or digits",
				    a->values->pdata[i]);
	}
	if (entry_get(entry, "Common-Name") == NULL)
		return bad(rows, error, "no Common-Name", NULL);
	if (entry->class == RECIPIENT_CONTACT && entry->mode == MODE_CREATE &&
	    entry_get(entry, "Target-Address") == NULL)
		return bad(
		    rows, error, "a remote needs a Target-Address", NULL);
	return ST_OK;
}

/* MS Mail's own accounts (E2K-help: migratefrommicrosoftmail): ADMIN is of the
 * post office and takes its name, ADMINSCH is a robot. */
static void
name_admin(Rows *rows, struct row *row, Entry *entry)
{
	const struct entry_attribute *a = entry_find(entry, "Proxy-Addresses");

	if (row->user_name == NULL)
		return;
	if (g_ascii_strcasecmp(row->user_name, "ADMINSCH") == 0) {
		say(rows, "ADMINSCH is the scheduling robot of the post "
			  "office; it is left out");
		row->leave = true;
	}
	if (g_ascii_strcasecmp(row->user_name, "ADMIN") != 0)
		return;
	for (guint i = 0; a && i < a->values->len; i++) {
		const char *ms = strstr(a->values->pdata[i], "MS:");
		g_auto(GStrv) parts = g_strsplit(ms ? ms + 3 : "", "/", 3);

		if (g_strv_length(parts) < 3)
			continue;
		say(rows, "ADMIN becomes %s, the name of its post office",
		    parts[1]);
		entry_set(entry, "Common-Name", parts[1]);
		return;
	}
}

static Entry *
to_entry(Rows *rows, struct row *row)
{
	Entry *entry;

	row->recipient.attributes =
	    (const struct attribute *)row->attributes->data;
	row->recipient.n_attributes = row->attributes->len;
	entry =
	    entry_from_recipient(&row->recipient, rows->container, rows->base);
	entry->line = rows->row_line;
	for (guint i = 0; i + 1 < row->deletes->len; i += 2)
		entry_delete(entry, row->deletes->pdata[i],
		    row->deletes->pdata[i + 1], rows->container, rows->base);
	return entry;
}

static void
attribute_clear(void *data)
{
	g_strfreev(((struct attribute *)data)->values);
}

enum status
rows_next(Rows *rows, Entry **out, GError **error)
{
	*out = NULL;
	while (take_line(rows)) {
		g_autoptr(GPtrArray) deletes =
		    g_ptr_array_new_with_free_func(g_free);
		g_autoptr(GArray) attributes =
		    g_array_new(FALSE, FALSE, sizeof(struct attribute));
		struct row row = {.deletes = deletes, .attributes = attributes};
		g_autofree char *line = g_strdup(rows->raw->str);
		g_autoptr(Entry) entry = NULL;
		enum status st = ST_OK;

		g_array_set_clear_func(attributes, attribute_clear);
		if (!field_split(line, rows->raw->len, FIELD_DIRECTORY,
			rows->fields, NULL))
			return bad(
			    rows, error, "quotation marks do not fit", NULL);
		if (rows->fields->len != rows->columns->len) {
			g_autofree char *n = g_strdup_printf("%u instead of %u",
			    rows->fields->len, rows->columns->len);

			return bad(rows, error, "wrong number of fields", n);
		}
		st = take_fields(rows, &row, error);
		if (st < 0)
			return st;
		entry = to_entry(rows, &row);
		if (deletes->len > 0 && entry->mode == MODE_CREATE)
			return bad(rows, error,
			    "~DEL has no meaning for a new object", NULL);
		name_admin(rows, &row, entry);
		if (row.leave)
			continue;
		st = check_addresses(rows, entry, error);
		if (st < 0)
			return st;
		if (row.escapes)
			say(rows, "lone backslashes are dropped");
		*out = g_steal_pointer(&entry);
		return ST_OK;
	}
	return ST_END;
}

/* Every heading begins so (7.2). */
static const char *const first_columns[] = {"Obj-Class", "Mode", "Common-Name",
    "Display-Name", "Target-Address", "Proxy-Addresses",
    "Secondary-Proxy-Addresses", "Home-Server", "Obj-Container"};

static void
put_value(GString *line, const char *value, bool *first)
{
	if (!*first)
		g_string_append_c(line, FIELD_DIRECTORY);
	*first = false;
	field_put_directory(line, value);
}

static void
put_addresses(GString *line, const Entry *entry, bool primaries)
{
	const struct entry_attribute *a = entry_find(entry, "Proxy-Addresses");
	const char *legacy = entry_get(entry, "Legacy-Exchange-DN");
	bool first = true;

	for (guint i = 0; a && i < a->values->len; i++)
		if (entry_is_primary(a->values->pdata[i]) == primaries)
			put_value(line, a->values->pdata[i], &first);
	/* The file has no column for the name under which others answer to old
	 * mail: as an address it works the same. */
	if (!primaries && legacy) {
		g_autofree char *x500 = g_strconcat("x500:", legacy, NULL);

		if (!entry_has_address(entry, x500))
			put_value(line, x500, &first);
	}
}

static void
put_row(GString *out, const Entry *entry, const GPtrArray *columns,
    const char *base)
{
	static const char *const classes[] = {[RECIPIENT_MAILBOX] = "mailbox",
	    [RECIPIENT_CONTACT] = "remote",
	    [RECIPIENT_LIST] = "dl"};
	const char *smtp = entry_primary(entry, "SMTP");

	/* A remote that nobody can write to is no row of mode create: this
	 * keeps it all the same. */
	bool whole = entry->class != RECIPIENT_CONTACT || smtp ||
		     entry_get(entry, "Target-Address");

	g_string_append_printf(
	    out, "%s,%s", classes[entry->class], whole ? "create" : "update");
	for (guint i = 2; i < columns->len; i++) {
		const char *name = columns->pdata[i];
		const struct entry_attribute *a = entry_find(entry, name);
		bool link = entry_is_link(name), first = true;

		g_string_append_c(out, ',');
		if (strcmp(name, "Proxy-Addresses") == 0 ||
		    strcmp(name, "Secondary-Proxy-Addresses") == 0) {
			put_addresses(out, entry, *name == 'P');
			continue;
		}
		if (strcmp(name, "Obj-Container") == 0) {
			g_autofree char *path =
			    dn_to_path(dn_parent(entry->id), base);

			if (*path)
				put_value(out, path, &first);
			continue;
		}
		for (guint j = 0; a && !a->binary && j < a->values->len; j++) {
			g_autofree char *path =
			    link ? dn_to_path(a->values->pdata[j], base) : NULL;

			put_value(
			    out, path ? path : a->values->pdata[j], &first);
		}
		/* A remote needs one (7.2); AD without Exchange's schema has
		 * the address alone. */
		if (a == NULL && smtp && entry->class == RECIPIENT_CONTACT &&
		    strcmp(name, "Target-Address") == 0) {
			g_autofree char *text =
			    g_strconcat("SMTP:", smtp, NULL);

			put_value(out, text, &first);
		}
		if (a == NULL && strcmp(name, "Home-Server") == 0 &&
		    entry->class == RECIPIENT_MAILBOX)
			g_string_append(out, "~Server");
	}
	g_string_append(out, "\r\n");
}

static enum status
collect_columns(Store *store, GPtrArray *columns, GError **error)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	enum status st = store_scan(store, error);

	for (guint i = 0; i < G_N_ELEMENTS(first_columns); i++) {
		g_ptr_array_add(columns, (char *)first_columns[i]);
		g_hash_table_add(seen, (char *)first_columns[i]);
	}
	while (st == ST_OK) {
		g_autoptr(Entry) entry = NULL;

		st = store_next(store, &entry, error);
		if (st == ST_ITEM) {
			g_clear_error(error);
			st = ST_OK;
			continue;
		}
		for (guint i = 0; st == ST_OK && i < entry->attributes->len;
		     i++) {
			const struct entry_attribute *a =
			    entry->attributes->pdata[i];
			const char *name = directory_column(a->name);

			if (name && g_hash_table_add(seen, (char *)name))
				g_ptr_array_add(columns, (char *)name);
		}
	}
	return st == ST_END ? ST_OK : st;
}

enum status
rows_save(Store *store, const char *path, GError **error)
{
	struct rows_count count;

	return rows_write(store, path, &count, error);
}

enum status
rows_write(
    Store *store, const char *path, struct rows_count *count, GError **error)
{
	g_autoptr(GPtrArray) columns = g_ptr_array_new();
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) why = NULL;
	enum status st = collect_columns(store, columns, error);

	memset(count, 0, sizeof *count);
	if (st == ST_OK)
		st = store_scan(store, error);
	for (guint i = 0; i < columns->len; i++)
		g_string_append_printf(
		    out, "%s%s", i ? "," : "", (char *)columns->pdata[i]);
	g_string_append(out, "\r\n");
	while (st == ST_OK) {
		g_autoptr(Entry) entry = NULL;

		st = store_next(store, &entry, error);
		if (st == ST_OK && entry->account_only &&
		    entry->class != RECIPIENT_CONTACT)
			count->accounts++;
		else if (st == ST_OK) {
			put_row(out, entry, columns, store_base_dn(store));
			count->written++;
		} else if (st == ST_ITEM) {
			g_clear_error(error);
			st = ST_OK;
		}
	}
	if (st < 0)
		return st;
	if (!g_file_set_contents_full(path, out->str, (gssize)out->len,
		G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
		0600, &why))
		return fail(
		    ST_RUN, error, ERR_IO, RETRY_NEVER, "%s", why->message);
	return ST_OK;
}
