#include "directory/import.h"

#include "directory/dn.h"
#include "directory/userlist.h"

#include <string.h>

/* Passwords stay where they are. */
static const char *const kept_back[] = {"userPassword", "unicodePwd", NULL};

enum status
import_store(Import *import, Store *from, GError **error)
{
	Changes *changes = import_changes(import);
	enum status st = store_scan(from, error);

	while (st == ST_OK) {
		g_autoptr(Entry) row = NULL;
		g_autoptr(GError) why = NULL;

		st = store_next(from, &row, &why);
		if (st == ST_ITEM)
			changes_tell(changes, EVENT_DIRECTORY_UNREADABLE, NULL,
			    0, why->message);
		else if (st < 0)
			g_propagate_error(error, g_steal_pointer(&why));
		else if (st == ST_OK) {
			for (guint i = 0; kept_back[i]; i++)
				entry_set(row, kept_back[i], NULL);
			if (entry_get(row, "Common-Name") == NULL) {
				g_autofree char *name = dn_name(row->id);

				entry_set(row, "Common-Name", name);
			}
			row->mode = MODE_UPDATE;
			st = import_row(import, row, error);
		}
		if (st == ST_ITEM || st == ST_THERE)
			st = ST_OK;
	}
	return st == ST_END ? import_end(import, error) : st;
}

enum status
import_userlist(Import *import, const char *path, GError **error)
{
	Changes *changes = import_changes(import);
	g_autoptr(Userlist) list = NULL;
	enum status st = userlist_open(&list, path, error);

	while (st == ST_OK) {
		g_autoptr(Entry) row = NULL;
		g_autoptr(GError) why = NULL;

		st = userlist_next(list, &row, &why);
		if (st == ST_ITEM)
			changes_tell(changes, EVENT_DIRECTORY_FAILED, "row", 0,
			    why->message);
		else if (st < 0)
			g_propagate_error(error, g_steal_pointer(&why));
		else if (st == ST_OK)
			st = import_row(import, row, error);
		if (st == ST_ITEM || st == ST_THERE)
			st = ST_OK;
	}
	return st == ST_END ? import_end(import, error) : st;
}

char *
import_source_of(const Entry *entry)
{
	const struct entry_attribute *a = entry_find(entry, "Proxy-Addresses");
	const char *target = entry_get(entry, "Target-Address");
	const char *const names[] = {entry_primary(entry, "SMTP"),
	    entry_get(entry, "Mail-nickname"), entry_get(entry, "Common-Name"),
	    entry->id};

	for (guint i = 0; a && i < a->values->len; i++)
		if (g_ascii_strncasecmp(a->values->pdata[i], "MIGRATE:", 8) ==
		    0)
			return g_strdup((char *)a->values->pdata[i] + 8);
	if (target && g_ascii_strncasecmp(target, "SMTP:", 5) != 0)
		return g_strdup(target);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (names[i])
			return g_strdup(names[i]);
	return g_strdup("");
}
