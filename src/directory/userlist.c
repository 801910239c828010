#include "directory/userlist.h"

#include "base/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {"IMAP_Mailbox", "IMAP_Password",
    "SMTP_Address", "IMAP_Server", "Ex_Mailbox", "IMAP_Port", "IMAP_SSL"};
enum column { MAILBOX, PASSWORD, ADDRESS, SERVER, ALIAS, PORT, SSL, COLUMNS };

struct Userlist {
	Csv *csv;
	char *path;
	guint at[COLUMNS]; /* field of each column, from 1; 0: not there */
};

bool
userlist_is(const char *path)
{
	g_autoptr(Csv) csv = NULL;
	char *const *fields;
	guint n;

	return csv_open(&csv, path, NULL) == ST_OK &&
	       csv_next(csv, &fields, &n, NULL) == ST_OK && n > 0 &&
	       g_ascii_strcasecmp(fields[0], names[MAILBOX]) == 0;
}

void
userlist_close(Userlist *list)
{
	if (list == NULL)
		return;
	csv_close(list->csv);
	g_free(list->path);
	g_free(list);
}

enum status
userlist_open(Userlist **out, const char *path, GError **error)
{
	g_autoptr(Userlist) list = g_new0(Userlist, 1);
	char *const *fields = NULL;
	guint n = 0;
	enum status st = csv_open(&list->csv, path, error);

	*out = NULL;
	list->path = g_strdup(path);
	if (st == ST_OK)
		st = csv_next(list->csv, &fields, &n, error);
	if (st < 0)
		return ST_RUN;
	for (guint i = 0; i < n; i++)
		for (guint k = 0; k < COLUMNS; k++)
			if (g_ascii_strcasecmp(fields[i], names[k]) == 0)
				list->at[k] = i + 1;
	if (list->at[MAILBOX] == 0 || list->at[ADDRESS] == 0)
		return fail(ST_RUN, error, ERR_FORMAT, RETRY_NEVER,
		    "%s: a user list has the columns IMAP_Mailbox and "
		    "SMTP_Address",
		    path);
	*out = g_steal_pointer(&list);
	return ST_OK;
}

static const char *
field(const Userlist *list, char *const *fields, guint n, enum column column)
{
	guint at = list->at[column];

	return at > 0 && at <= n ? fields[at - 1] : "";
}

enum status
userlist_next(Userlist *list, Entry **out, GError **error)
{
	char *const *fields;
	guint n;
	enum status st = csv_next(list->csv, &fields, &n, error);
	const char *login, *address, *alias;
	g_autofree char *local = NULL, *smtp = NULL, *migrate = NULL;
	Entry *entry;

	*out = NULL;
	if (st != ST_OK)
		return st;
	login = field(list, fields, n, MAILBOX);
	address = field(list, fields, n, ADDRESS);
	alias = field(list, fields, n, ALIAS);
	if (*login == '\0' || strchr(address, '@') == NULL)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "%s:%d: a user has an IMAP_Mailbox and an SMTP_Address",
		    list->path, csv_line(list->csv));
	local = g_strndup(address, strcspn(address, "@"));
	smtp = g_strconcat("SMTP:", address, NULL);
	migrate = g_strconcat("MIGRATE:", login, NULL);
	entry = entry_new(RECIPIENT_MAILBOX);
	entry->mode = MODE_UPDATE;
	entry->line = csv_line(list->csv);
	entry_set(entry, "Common-Name", *alias ? alias : local);
	if (*alias)
		entry_set(entry, "Mail-nickname", alias);
	entry_add_address(entry, smtp, true);
	entry_add_address(entry, migrate, false);
	*out = entry;
	return ST_OK;
}

static void
put_row(GString *out, const Entry *entry, const char *address)
{
	const char *login = entry_get(entry, "uid");
	const char *server = entry_get(entry, "mailHost");
	const char *alias = entry_get(entry, "Mail-nickname");
	const char *const values[COLUMNS] = {
	    [MAILBOX] = login	? login
			: alias ? alias
				: entry_get(entry, "Common-Name"),
	    [ADDRESS] = address,
	    [SERVER] = server,
	    [ALIAS] = alias,
	    [PORT] = "143",
	    [SSL] = "N"};

	for (guint i = 0; i < COLUMNS; i++) {
		if (i > 0)
			g_string_append_c(out, ',');
		if (values[i] && *values[i])
			csv_put(out, values[i], ',');
	}
	g_string_append(out, "\r\n");
}

static enum status
put_file(const char *path, const GString *text, GError **error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	gssize n = fd < 0 ? -1 : write(fd, text->str, text->len);
	int why = errno;

	if (fd >= 0 && (fsync(fd) < 0 || n != (gssize)text->len)) {
		why = n >= 0 && n != (gssize)text->len ? ENOSPC : errno;
		n = -1;
	}
	if (fd >= 0)
		close(fd);
	return n < 0 ? fail(ST_RUN, error, ERR_IO, RETRY_NEVER, "%s: %s", path,
			   g_strerror(why))
		     : ST_OK;
}

enum status
userlist_save(Store *store, const char *path,
    void (*complain)(void *user, const char *recipient, const char *text),
    void *user, guint *n, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	enum status st = store_scan(store, error);

	*n = 0;
	for (guint i = 0; i < COLUMNS; i++)
		g_string_append_printf(out, "%s%s", i ? "," : "", names[i]);
	g_string_append(out, "\r\n");
	while (st == ST_OK) {
		g_autoptr(Entry) entry = NULL;
		g_autoptr(GError) why = NULL;
		const char *address;

		st = store_next(store, &entry, &why);
		if (st == ST_ITEM) {
			complain(user, "an entry", why->message);
			st = ST_OK;
		} else if (st < 0) {
			g_propagate_error(error, g_steal_pointer(&why));
		} else if (st == ST_OK && entry->class == RECIPIENT_MAILBOX &&
			   !entry->account_only) {
			address = entry_primary(entry, "SMTP");
			if (address) {
				put_row(out, entry, address);
				++*n;
			} else
				complain(user, entry_title(entry),
				    "it has no Internet address");
		}
	}
	return st == ST_END ? put_file(path, out, error) : st;
}
