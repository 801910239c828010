/* DIRECTORY sections: spec/migration-files.md 7, 15.1 rule 5. */
#include "iff/directory.h"
#include "iff/field.h"
#include "iff/writer-private.h"

#include <string.h>

/* Every heading has these, in this order (7.2). */
static const char *const first_columns[] = {"Obj-Class", "Mode", "Common-Name",
    "Display-Name", "Target-Address", "Secondary-Proxy-Addresses",
    "Home-Server"};

static const struct attribute *
find(const struct recipient *recipient, const char *name)
{
	for (guint i = 0; i < recipient->n_attributes; i++)
		if (g_ascii_strcasecmp(recipient->attributes[i].name, name) ==
		    0)
			return &recipient->attributes[i];
	return NULL;
}

static bool
has_column(const Writer *w, const char *name)
{
	for (guint i = 0; i < w->columns->len; i++)
		if (g_ascii_strcasecmp(w->columns->pdata[i], name) == 0)
			return true;
	return false;
}

/* A section whose heading has every attribute of the recipient: the current
 * one, or a new one with all that it had and the new ones. */
static enum status
heading(Writer *w, const struct recipient *recipient, GError **error)
{
	bool fits = w->section == PRI_DIRECTORY;

	for (guint i = 0; i < recipient->n_attributes && fits; i++)
		fits = has_column(w, recipient->attributes[i].name);
	if (fits)
		return ST_OK;
	for (guint i = 0; i < G_N_ELEMENTS(first_columns); i++)
		if (!has_column(w, first_columns[i]))
			g_ptr_array_add(w->columns, g_strdup(first_columns[i]));
	for (guint i = 0; i < recipient->n_attributes; i++)
		if (!has_column(w, recipient->attributes[i].name))
			g_ptr_array_add(w->columns,
			    g_strdup(recipient->attributes[i].name));
	g_string_assign(w->row, w->begun ? "\r\n" : "");
	g_string_append(w->row, "DIRECTORY\r\n");
	for (guint i = 0; i < w->columns->len; i++) {
		if (i > 0)
			writer_comma(w);
		field_put_directory(w->row, w->columns->pdata[i]);
	}
	w->begun = true;
	w->section = PRI_DIRECTORY;
	return writer_row_out(w, error);
}

enum status
writer_recipient(Writer *w, const struct recipient *recipient, GError **error)
{
	static const char *const classes[] = {[RECIPIENT_MAILBOX] = "mailbox",
	    [RECIPIENT_CONTACT] = "remote",
	    [RECIPIENT_LIST] = "dl"};
	enum status st = heading(w, recipient, error);

	if (st < 0)
		return st;
	g_string_assign(w->row, classes[recipient->class]);
	g_string_append(w->row, ",create");
	for (guint i = 2; i < w->columns->len; i++) {
		const char *name = w->columns->pdata[i];
		const struct attribute *attribute = find(recipient, name);

		writer_comma(w);
		for (guint j = 0; attribute && attribute->values[j]; j++) {
			if (j > 0)
				g_string_append_c(w->row, FIELD_DIRECTORY);
			field_put_directory(w->row, attribute->values[j]);
		}
		/* Required for a mailbox: the server chosen at import. */
		if (attribute == NULL &&
		    recipient->class == RECIPIENT_MAILBOX &&
		    strcmp(name, "Home-Server") == 0)
			g_string_append(w->row, "~Server");
	}
	return writer_row_out(w, error);
}
