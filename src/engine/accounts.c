/*
 * Accounts files: which mailbox goes where, and who opens it.
 */
#include "engine/plan.h"

#include "base/csv.h"
#include "base/nearest.h"

#include <string.h>
#include <sys/stat.h>

/* What a column says. */
enum field {
	SOURCE,
	SOURCE_USER,
	SOURCE_AUTH_USER,
	SOURCE_PASSWORD,
	SOURCE_TOKEN_COMMAND,
	SOURCE_HOST,
	SOURCE_PORT,
	SOURCE_TLS,
	DESTINATION,
	DESTINATION_ALIAS,
	DESTINATION_USER,
	DESTINATION_AUTH_USER,
	DESTINATION_PASSWORD,
	DESTINATION_TOKEN_COMMAND,
	DESTINATION_HOST,
	DESTINATION_PORT,
	IGNORED,
	FIELDS,
};

struct column {
	const char *name;
	enum field field;
	bool needed;
};

static const struct column ours[] = {
    {"source", SOURCE, true},
    {"source_user", SOURCE_USER},
    {"source_auth_user", SOURCE_AUTH_USER},
    {"source_password", SOURCE_PASSWORD},
    {"source_token_command", SOURCE_TOKEN_COMMAND},
    {"source_host", SOURCE_HOST},
    {"source_port", SOURCE_PORT},
    {"destination", DESTINATION},
    {"destination_user", DESTINATION_USER},
    {"destination_auth_user", DESTINATION_AUTH_USER},
    {"destination_password", DESTINATION_PASSWORD},
    {"destination_token_command", DESTINATION_TOKEN_COMMAND},
    {"destination_host", DESTINATION_HOST},
    {"destination_port", DESTINATION_PORT},
    {NULL},
};
/* Imapusr.csv of the original (wizard.md 6.4, Q259525). */
static const struct column original[] = {
    {"IMAP_Mailbox", SOURCE, true},
    {"IMAP_Password", SOURCE_PASSWORD, true},
    {"SMTP_Address", DESTINATION, true},
    {"IMAP_Server", SOURCE_HOST, true},
    {"Ex_Mailbox", DESTINATION_ALIAS},
    {"IMAP_Port", SOURCE_PORT},
    {"IMAP_SSL", SOURCE_TLS},
    {NULL},
};
/* The CSV of an IMAP migration to Microsoft 365. */
static const struct column microsoft[] = {
    {"EmailAddress", DESTINATION, true},
    {"UserName", SOURCE, true},
    {"Password", SOURCE_PASSWORD, true},
    {"UserRoot", IGNORED},
    {NULL},
};
static const struct {
	const char *name;
	const struct column *columns;
} headings[] = {
    {"mailmig", ours},
    {"Migration Wizard", original},
    {"Microsoft 365", microsoft},
};

/* How to read a row: the field of each column. */
struct heading {
	const struct column *columns;
	enum field *fields;
	guint n;
};

static const struct column *
find_column(const struct column *columns, const char *name)
{
	for (; columns->name != NULL; columns++)
		if (g_ascii_strcasecmp(columns->name, name) == 0)
			return columns;
	return NULL;
}

/* The heading that knows most of the names. */
static guint
recognise(char *const *names)
{
	guint best = 0, best_hits = 0;

	for (guint h = 0; h < G_N_ELEMENTS(headings); h++) {
		guint hits = 0;

		for (guint i = 0; names[i] != NULL; i++)
			hits +=
			    find_column(headings[h].columns, names[i]) != NULL;
		if (hits > best_hits) {
			best = h;
			best_hits = hits;
		}
	}
	return best_hits > 0 ? best : G_N_ELEMENTS(headings);
}

static enum status
unknown_column(const char *path, int line, const struct column *columns,
    const char *name, GError **error)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	const char *near;

	for (; columns->name != NULL; columns++)
		g_ptr_array_add(words, (char *)columns->name);
	g_ptr_array_add(words, NULL);
	near = nearest_word(name, (const char *const *)words->pdata);
	return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
	    "%s line %d: unknown column '%s'%s%s%s", path, line, name,
	    near ? "; did you mean '" : "", near ? near : "",
	    near ? "'?" : "; remove it or correct its name");
}

static enum status
read_heading(struct heading *out, char *const *names, guint n, const char *path,
    int line, GError **error)
{
	g_autofree bool *seen = g_new0(bool, FIELDS);
	guint which;

	for (guint i = 0; i < n; i++)
		g_strstrip(names[i]);
	which = recognise(names);
	if (which == G_N_ELEMENTS(headings))
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s line %d: the first line must name the columns, such as "
		    "source,source_password,destination,destination_password",
		    path, line);
	out->columns = headings[which].columns;
	out->fields = g_new(enum field, n);
	out->n = n;
	for (guint i = 0; i < n; i++) {
		const struct column *column =
		    find_column(out->columns, names[i]);

		if (column == NULL && *names[i] == '\0') {
			out->fields[i] = IGNORED;
			continue;
		}
		if (column == NULL)
			return unknown_column(
			    path, line, out->columns, names[i], error);
		if (seen[column->field] && column->field != IGNORED)
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "%s line %d: column %s is there twice", path, line,
			    column->name);
		seen[column->field] = true;
		out->fields[i] = column->field;
	}
	for (const struct column *c = out->columns; c->name != NULL; c++)
		if (c->needed && !seen[c->field])
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "%s line %d: the %s heading has no column %s; add "
			    "it", /* Q259525 */
			    path, line, headings[which].name, c->name);
	return ST_OK;
}

static void
take(char **out, const char *value)
{
	g_free(*out);
	*out = g_strdup(value);
}

static enum status
take_port(int *out, const char *value, GError **error)
{
	char *end;
	gint64 port = g_ascii_strtoll(value, &end, 10);

	if (!g_ascii_isdigit(*value) || *end != '\0' || port < 1 ||
	    port > 65535)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "'%s' is no port (1 to 65535)", value);
	*out = (int)port;
	return ST_OK;
}

/* IMAP_SSL: Y, Yes, T, True / N, No, F, False; default no (wizard.md 6.4). */
static enum status
take_tls(struct account *account, const char *value, GError **error)
{
	static const char *const words[] = {
	    "n", "y", "no", "yes", "f", "t", "false", "true"};

	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (g_ascii_strcasecmp(words[i], value) == 0) {
			take(&account->source_scheme, i % 2 ? "imaps" : "imap");
			return ST_OK;
		}
	return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
	    "'%s' is not Yes or No", value);
}

static enum status
take_field(struct account *account, enum field field, const char *value,
    GError **error)
{
	switch (field) {
	case SOURCE:
		take(&account->source, value);
		break;
	case SOURCE_USER:
		take(&account->source_login.user, value);
		break;
	case SOURCE_AUTH_USER:
		take(&account->source_login.authuser, value);
		break;
	case SOURCE_PASSWORD:
		take(&account->source_login.password, value);
		break;
	case SOURCE_TOKEN_COMMAND:
		take(&account->source_login.token_command, value);
		break;
	case SOURCE_HOST:
		take(&account->source_host, value);
		break;
	case SOURCE_PORT:
		return take_port(&account->source_port, value, error);
	case SOURCE_TLS:
		return take_tls(account, value, error);
	case DESTINATION:
		/* An alias wins, wherever its column stands. */
		if (account->destination == NULL)
			take(&account->destination, value);
		break;
	case DESTINATION_ALIAS:
		take(&account->destination, value);
		break;
	case DESTINATION_USER:
		take(&account->destination_login.user, value);
		break;
	case DESTINATION_AUTH_USER:
		take(&account->destination_login.authuser, value);
		break;
	case DESTINATION_PASSWORD:
		take(&account->destination_login.password, value);
		break;
	case DESTINATION_TOKEN_COMMAND:
		take(&account->destination_login.token_command, value);
		break;
	case DESTINATION_HOST:
		take(&account->destination_host, value);
		break;
	case DESTINATION_PORT:
		return take_port(&account->destination_port, value, error);
	case IGNORED:
		break;
	case FIELDS:
		g_assert_not_reached();
	}
	return ST_OK;
}

static const char *
column_name(const struct heading *heading, enum field field)
{
	const struct column *column = heading->columns;

	while (column->name != NULL && column->field != field)
		column++;
	return column->name;
}

static bool
is_secret(enum field field)
{
	return field == SOURCE_PASSWORD || field == DESTINATION_PASSWORD;
}

static enum status
read_row(struct account *account, const struct heading *heading,
    char *const *fields, guint n, GError **error)
{
	if (n > heading->n)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%u values for %u columns; a value with a comma stands in "
		    "\"quotation marks\"",
		    n, heading->n);
	for (guint i = 0; i < n; i++) {
		enum status st;

		/* A password's blanks are its own. */
		if (!is_secret(heading->fields[i]))
			g_strstrip(fields[i]);
		if (*fields[i] == '\0')
			continue;
		st = take_field(account, heading->fields[i], fields[i], error);
		if (st < 0) {
			g_prefix_error(error, "column %s: ",
			    column_name(heading, heading->fields[i]));
			return st;
		}
	}
	if (account->source == NULL)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "no mailbox is named in column %s",
		    heading->columns == microsoft  ? "UserName"
		    : heading->columns == original ? "IMAP_Mailbox"
						   : "source");
	/* IMAP_SSL decides; without it, the server is what it is by default. */
	if (heading->columns == original && account->source_scheme == NULL)
		take(&account->source_scheme,
		    account->source_port == 993 ? "imaps" : "imap");
	if (account->destination == NULL)
		account->destination = g_strdup(account->source);
	return ST_OK;
}

/* A mailbox named twice at either end: it would be moved twice, or two people's
 * mail would become one's. */
static enum status
check_unique(GHashTable *seen, const char *what, const char *name,
    const char *host, int port, int line, GError **error)
{
	g_autofree char *id = g_strdup_printf(
	    "%s\n%s\n%s\n%d", what, name, host ? host : "", port);
	gpointer other = g_hash_table_lookup(seen, id);

	if (other != NULL)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s %s is in line %d already", what, name,
		    GPOINTER_TO_INT(other));
	g_hash_table_insert(seen, g_steal_pointer(&id), GINT_TO_POINTER(line));
	return ST_OK;
}

static enum status
read_rows(GPtrArray *out, Csv *csv, const struct heading *heading,
    const char *path, GError **error)
{
	g_autoptr(GHashTable) seen =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	char *const *fields;
	enum status st;
	guint n;

	while ((st = csv_next(csv, &fields, &n, error)) == ST_OK) {
		struct account *account = g_new0(struct account, 1);

		g_ptr_array_add(out, account);
		account->line = csv_line(csv);
		st = read_row(account, heading, fields, n, error);
		if (st == ST_OK)
			st = check_unique(seen, "source mailbox",
			    account->source, account->source_host,
			    account->source_port, account->line, error);
		if (st == ST_OK)
			st = check_unique(seen, "destination mailbox",
			    account->destination, account->destination_host,
			    account->destination_port, account->line, error);
		if (st < 0) {
			g_prefix_error(
			    error, "%s line %d: ", path, csv_line(csv));
			return ST_RUN;
		}
	}
	return st == ST_END ? ST_OK : ST_RUN;
}

enum status
accounts_load(GPtrArray *out, const char *path, bool *exposed, GError **error)
{
	struct heading heading = {NULL};
	g_autofree enum field *keep = NULL;
	g_autoptr(Csv) csv = NULL;
	char *const *names;
	struct stat sb;
	enum status st;
	guint n, before = out->len;

	*exposed = false;
	st = csv_open(&csv, path, error);
	if (st < 0) {
		g_prefix_error(error, "accounts file: ");
		return st;
	}
	st = csv_next(csv, &names, &n, error);
	if (st == ST_END)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s is empty: its first line must name the columns", path);
	if (st < 0)
		return ST_RUN;
	st = read_heading(&heading, names, n, path, csv_line(csv), error);
	keep = heading.fields;
	if (st < 0)
		return st;
	st = read_rows(out, csv, &heading, path, error);
	if (st < 0)
		return st;
	if (out->len == before)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s has a heading and no mailbox below it", path);
	for (guint i = 0; i < heading.n; i++)
		if (is_secret(heading.fields[i]) && stat(path, &sb) == 0)
			*exposed = S_ISREG(sb.st_mode) &&
				   (sb.st_mode & (S_IRGRP | S_IROTH)) != 0;
	return ST_OK;
}
