#include "model/record.h"

#include <string.h>

static const char *const use_names[] = {
	[FOLDER_PLAIN] = "",
	[FOLDER_INBOX] = "inbox",
	[FOLDER_SENT] = "sent",
	[FOLDER_DRAFTS] = "drafts",
	[FOLDER_TRASH] = "trash",
	[FOLDER_JUNK] = "junk",
	[FOLDER_ARCHIVE] = "archive",
	[FOLDER_OUTBOX] = "outbox",
	[FOLDER_FLAGGED] = "flagged",
	[FOLDER_ALL] = "all",
	[FOLDER_CALENDAR] = "calendar",
	[FOLDER_CONTACTS] = "contacts",
	[FOLDER_TASKS] = "tasks",
	[FOLDER_NOTES] = "notes",
	[FOLDER_JOURNAL] = "journal",
};

const char *const address_field_names[ADDRESS_FIELDS] = { "Obj-class",
	"Display-Name", "Email-Address", "First", "Last", "Address", "City",
	"State", "Zip", "Country", "Title", "Company", "Department", "Office",
	"Assistant", "Bus-Num", "Bus2-Num", "Assist-Num", "Fax-Num", "Home-Num",
	"Home2-Num", "Mobile-Num", "Pager-Num", "Note" };

const char *
folder_use_name(enum folder_use use)
{
	g_assert((gsize)use < G_N_ELEMENTS(use_names));
	return use_names[use];
}

bool
folder_use_from_name(const char *name, enum folder_use *out)
{
	for (gsize i = 0; i < G_N_ELEMENTS(use_names); i++)
		if (g_ascii_strcasecmp(name, use_names[i]) == 0) {
			*out = (enum folder_use)i;
			return true;
		}
	return false;
}

const char *
record_kind_name(enum record_kind kind)
{
	switch (kind) {
	case RECORD_FOLDER:
		return "folder";
	case RECORD_MESSAGE:
		return "message";
	case RECORD_FOLDER_END:
		return "folder-end";
	case RECORD_RECIPIENT:
		return "recipient";
	case RECORD_ADDRESS:
		return "address";
	}
	g_assert_not_reached();
}

char *
folder_path_to_text(char *const *path)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; path[i]; i++) {
		if (i > 0)
			g_string_append_c(out, '/');
		for (const char *p = path[i]; *p; p++) {
			if (*p == '/')
				g_string_append(out, "%2F");
			else if (*p == '%')
				g_string_append(out, "%25");
			else
				g_string_append_c(out, *p);
		}
	}
	return g_string_free(out, FALSE);
}

char **
folder_path_from_text(const char *text)
{
	char **path = g_strsplit(text, "/", -1);

	for (guint i = 0; path[i]; i++) {
		char *to = path[i];

		for (const char *p = path[i]; *p;) {
			if (g_ascii_strncasecmp(p, "%2F", 3) == 0) {
				*to++ = '/';
				p += 3;
			} else if (strncmp(p, "%25", 3) == 0) {
				*to++ = '%';
				p += 3;
			} else {
				*to++ = *p++;
			}
		}
		*to = '\0';
	}
	return path;
}

bool
folder_path_equal(char *const *a, char *const *b)
{
	guint i;

	for (i = 0; a[i] && b[i]; i++) {
		/* RFC 9051 5.1: INBOX is one name in any case */
		if (i == 0 && g_ascii_strcasecmp(a[0], "INBOX") == 0 &&
		    g_ascii_strcasecmp(b[0], "INBOX") == 0)
			continue;
		if (strcmp(a[i], b[i]) != 0)
			return false;
	}
	return a[i] == NULL && b[i] == NULL;
}

enum status
message_envelope(const struct message *message, struct envelope *scratch,
    const struct envelope **out, GError **error)
{
	enum status st;

	if (message->envelope) {
		*out = message->envelope;
		return ST_OK;
	}
	envelope_reset(scratch);
	*out = scratch;
	if (!message->has_body)
		return ST_OK;
	st = envelope_parse(&message->raw, scratch, error);
	return st;
}

enum status
message_raw(const struct message *message, Spool *scratch, struct blob *out,
    GError **error)
{
	enum status st;

	g_assert(message->has_body);
	if (message->n_parts == 0 && message->envelope == NULL) {
		*out = message->raw;
		return ST_OK;
	}
	st = part_join(message->envelope, message->headers, message->parts,
	    message->n_parts, scratch, error);
	if (st < 0)
		return st;
	*out = spool_blob(scratch);
	return ST_OK;
}
