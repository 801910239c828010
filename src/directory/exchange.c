#include "directory/exchange.h"

#include "directory/directory-resources.h"
#include "directory/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* How a column comes from the entry. */
enum how {
	TEXT,	 /* its first value */
	YES_NO,	 /* a number or TRUE; empty when it is not there */
	ACCOUNT, /* without the domain before it */
	PRIMARY, /* the primary Internet address, without its type */
	PROXIES, /* all other addresses, a line each */
	KEY,	 /* its name */
	KIND,
};
static const struct {
	const char *column, *attribute;
	enum how how;
} columns[] = {
    {"Key", NULL, KEY},
    {"Kind", NULL, KIND},
    {"Name", "Common-Name", TEXT},
    {"Alias", "Mail-nickname", TEXT},
    {"DisplayName", "Display-Name", TEXT},
    {"FirstName", "Given-Name", TEXT},
    {"LastName", "Surname", TEXT},
    {"Initials", "Initials", TEXT},
    {"SimpleDisplayName", "Display-Name-Printable", TEXT},
    {"PrimarySmtpAddress", NULL, PRIMARY},
    {"ExternalEmailAddress", "Target-Address", TEXT},
    {"EmailAddresses", "Proxy-Addresses", PROXIES},
    {"Hidden", "Hide-From-Address-Book", YES_NO},
    {"Account", "Assoc-NT-Account", ACCOUNT},
    {"UserPrincipalName", "userPrincipalName", TEXT},
    {"DeliverAndForward", "Deliver-And-Redirect", YES_NO},
    {"Company", "Company", TEXT},
    {"Department", "Department", TEXT},
    {"Title", "Title", TEXT},
    {"Office", "Physical-Delivery-Office-Name", TEXT},
    {"Phone", "Telephone-Office1", TEXT},
    {"HomePhone", "Telephone-Home", TEXT},
    {"MobilePhone", "Telephone-Mobile", TEXT},
    {"Pager", "Telephone-Pager", TEXT},
    {"Fax", "Telephone-Fax", TEXT},
    {"AssistantName", "Assistant-Name", TEXT},
    {"StreetAddress", "Address", TEXT},
    {"City", "Locality-Name", TEXT},
    {"StateOrProvince", "State-Or-Province-Name", TEXT},
    {"PostalCode", "Postal-Code", TEXT},
    {"CountryOrRegion", "Text-Country", TEXT},
    {"WebPage", "WWW-Home-Page", TEXT},
    {"Notes", "Comment", TEXT},
    {"CustomAttribute1", "Extension-Attribute-1", TEXT},
    {"CustomAttribute2", "Extension-Attribute-2", TEXT},
    {"CustomAttribute3", "Extension-Attribute-3", TEXT},
    {"CustomAttribute4", "Extension-Attribute-4", TEXT},
    {"CustomAttribute5", "Extension-Attribute-5", TEXT},
    {"CustomAttribute6", "Extension-Attribute-6", TEXT},
    {"CustomAttribute7", "Extension-Attribute-7", TEXT},
    {"CustomAttribute8", "Extension-Attribute-8", TEXT},
    {"CustomAttribute9", "Extension-Attribute-9", TEXT},
    {"CustomAttribute10", "Extension-Attribute-10", TEXT},
    {"CustomAttribute11", "Extension-Attribute-11", TEXT},
    {"CustomAttribute12", "Extension-Attribute-12", TEXT},
    {"CustomAttribute13", "Extension-Attribute-13", TEXT},
    {"CustomAttribute14", "Extension-Attribute-14", TEXT},
    {"CustomAttribute15", "Extension-Attribute-15", TEXT},
};

/* Words of the script for the attributes that hold other recipients. */
static const struct {
	const char *attribute, *relation;
} relations[] = {
    {"Member", "member"},
    {"Owner", "owner"},
    {"Manager", "manager"},
    {"Alt-Recipient", "forward"},
    {"Public-Delegates", "delegate"},
    {"Auth-Orig", "accept"},
    {"DL-Mem-Submit-Perms", "accept"},
    {"Unauth-Orig", "reject"},
    {"DL-Mem-Reject-Perms", "reject"},
};

/* Of the old server, or our own: the new one makes its own. */
static const char *const of_no_use[] = {"objectClass", "Home-Server",
    "Home-MDB", "Home-MTA", "Obj-Container", "Imported-From",
    "Legacy-Exchange-DN", "userAccountControl", "groupType",
    "userPrincipalName", WIRE_PASSWORD, NULL};

struct save {
	GString *recipients, *links;
	void (*complain)(void *user, const char *recipient, const char *text);
	void *user;
	struct exchange_counts *counts;
};

static void
put_field(GString *out, const char *text, bool first)
{
	if (!first)
		g_string_append_c(out, ',');
	g_string_append_c(out, '"');
	for (const char *p = text; *p; p++) {
		if (*p == '"')
			g_string_append_c(out, '"');
		g_string_append_c(out, *p);
	}
	g_string_append_c(out, '"');
}

static void
grumble(
    struct save *s, const Entry *entry, const char *format, const char *text)
{
	g_autofree char *line = g_strdup_printf("%s: %s", format, text);

	if (s->complain)
		s->complain(s->user, entry_title(entry), line);
}

/* One more address: a line. X500 addresses are always written in capitals, all
 * others as secondary ones: the script adds, it moves no primary address. */
static void
add_line(struct save *s, const Entry *entry, GString *out, const char *address)
{
	gsize type = strcspn(address, ":");
	g_autofree char *small = g_ascii_strdown(address, (gssize)type);

	if (strpbrk(address, "\r\n")) {
		grumble(s, entry, "an address with a line end is left out",
		    address);
		return;
	}
	if (out->len > 0)
		g_string_append_c(out, '\n');
	g_string_append(out, strcmp(small, "x500") == 0 ? "X500" : small);
	g_string_append(out, address + type);
}

static char *
proxies(struct save *s, const Entry *entry)
{
	const struct entry_attribute *a = entry_find(entry, "Proxy-Addresses");
	const char *legacy = entry_get(entry, "Legacy-Exchange-DN");
	const char *primary = entry_primary(entry, "SMTP");
	GString *out = g_string_new(NULL);

	for (guint i = 0; a && i < a->values->len; i++) {
		const char *address = a->values->pdata[i];

		if (primary && g_ascii_strncasecmp(address, "SMTP:", 5) == 0 &&
		    g_ascii_strcasecmp(address + 5, primary) == 0)
			continue;
		add_line(s, entry, out, address);
	}
	/* Old mail and other people's completion lists answer to this name. */
	if (legacy) {
		g_autofree char *x500 = g_strconcat("X500:", legacy, NULL);

		if (!entry_has_address(entry, x500))
			add_line(s, entry, out, x500);
	}
	return g_string_free(out, FALSE);
}

static const char *
kind_of(const Entry *entry)
{
	static const char *const kinds[] = {[RECIPIENT_MAILBOX] = "mailbox",
	    [RECIPIENT_CONTACT] = "contact",
	    [RECIPIENT_LIST] = "group"};

	return kinds[entry->class];
}

static char *
value_of(struct save *s, const Entry *entry, guint i)
{
	const struct entry_attribute *a =
	    columns[i].attribute ? entry_find(entry, columns[i].attribute)
				 : NULL;
	const char *text =
	    a && !a->binary && a->values->len > 0 ? a->values->pdata[0] : NULL;
	const char *slash;

	switch (columns[i].how) {
	case KEY:
		return g_strdup(entry->id);
	case KIND:
		return g_strdup(kind_of(entry));
	case PRIMARY:
		return g_strdup(entry_primary(entry, "SMTP"));
	case PROXIES:
		return proxies(s, entry);
	case YES_NO:
		return g_strdup(text == NULL ? NULL
				: g_ascii_strcasecmp(text, "FALSE") == 0 ||
					strcmp(text, "0") == 0
				    ? "no"
				    : "yes");
	case ACCOUNT:
		slash = text ? strrchr(text, '\\') : NULL;
		return g_strdup(slash ? slash + 1 : text);
	case TEXT:
		break;
	}
	/* A custom recipient alone has a target. */
	if (strcmp(columns[i].column, "ExternalEmailAddress") == 0 &&
	    entry->class != RECIPIENT_CONTACT)
		return NULL;
	if (a && a->values->len > 1)
		grumble(s, entry, "has more than one, the first is written",
		    a->name);
	return g_strdup(text);
}

static bool
has_place(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
		if (columns[i].attribute &&
		    g_ascii_strcasecmp(columns[i].attribute, name) == 0)
			return true;
	return g_strv_contains(of_no_use, name) || entry_is_link(name);
}

static void
put_links(struct save *s, const Entry *entry)
{
	for (guint i = 0; i < G_N_ELEMENTS(relations); i++) {
		const struct entry_attribute *a =
		    entry_find(entry, relations[i].attribute);

		for (guint j = 0; a && j < a->values->len; j++) {
			put_field(s->links, entry->id, true);
			put_field(s->links, relations[i].relation, false);
			put_field(s->links, a->values->pdata[j], false);
			g_string_append(s->links, "\r\n");
			s->counts->links++;
		}
	}
}

static void
put_entry(struct save *s, const Entry *entry)
{
	if (entry->account_only) {
		s->counts->accounts++;
		return;
	}
	for (guint i = 0; i < G_N_ELEMENTS(columns); i++) {
		g_autofree char *text = value_of(s, entry, i);

		put_field(s->recipients, text ? text : "", i == 0);
	}
	g_string_append(s->recipients, "\r\n");
	put_links(s, entry);
	s->counts->mailboxes += entry->class == RECIPIENT_MAILBOX;
	s->counts->contacts += entry->class == RECIPIENT_CONTACT;
	s->counts->groups += entry->class == RECIPIENT_LIST;
	for (guint i = 0; i < entry->attributes->len; i++) {
		const struct entry_attribute *a = entry->attributes->pdata[i];
		gpointer n;

		if (has_place(a->name))
			continue;
		n = g_hash_table_lookup(s->counts->left_out, a->name);
		g_hash_table_replace(s->counts->left_out, g_strdup(a->name),
		    GUINT_TO_POINTER(GPOINTER_TO_UINT(n) + 1));
	}
}

/* Never over what is there: somebody may have edited it. */
static enum status
put_file(const char *dir, const char *name, const void *data, gsize len,
    GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	int fd = g_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	const char *at = data;

	if (fd < 0 && errno == EEXIST)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s is there already; name another directory", path);
	while (fd >= 0 && len > 0) {
		gssize n = write(fd, at, len);

		if (n < 0 && errno != EINTR)
			break;
		at += MAX(n, 0);
		len -= (gsize)MAX(n, 0);
	}
	if (fd < 0 || len > 0 || fsync(fd) < 0) {
		int why = errno;

		if (fd >= 0)
			close(fd);
		return fail(ST_RUN, error, ERR_IO, RETRY_NEVER, "%s: %s", path,
		    g_strerror(why));
	}
	close(fd);
	return ST_OK;
}

static enum status
put_all(const struct save *s, const char *dir, GError **error)
{
	g_autoptr(GBytes) script =
	    g_resource_lookup_data(directory_resources_get_resource(),
		"/mailmig/exchange.ps1", G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	gsize len;
	const void *text = g_bytes_get_data(script, &len);
	enum status st;

	if (g_mkdir_with_parents(dir, 0700) < 0)
		return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
		    "cannot make the directory %s: %s", dir, g_strerror(errno));
	st = put_file(dir, "recipients.csv", s->recipients->str,
	    s->recipients->len, error);
	if (st == ST_OK)
		st = put_file(
		    dir, "links.csv", s->links->str, s->links->len, error);
	return st == ST_OK ? put_file(dir, "recipients.ps1", text, len, error)
			   : st;
}

enum status
exchange_save(Store *store, const char *dir,
    void (*complain)(void *user, const char *recipient, const char *text),
    void *user, struct exchange_counts *out, GError **error)
{
	g_autoptr(GString) recipients = g_string_new("\xEF\xBB\xBF");
	g_autoptr(GString) links = g_string_new("\xEF\xBB\xBF"
						"\"Holder\",\"Relation\","
						"\"Target\"\r\n");
	struct save s = {recipients, links, complain, user, out};
	enum status st;

	memset(out, 0, sizeof *out);
	out->left_out =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
		put_field(recipients, columns[i].column, i == 0);
	g_string_append(recipients, "\r\n");
	st = store_scan(store, error);
	while (st == ST_OK) {
		g_autoptr(Entry) entry = NULL;
		g_autoptr(GError) why = NULL;

		st = store_next(store, &entry, &why);
		if (st == ST_OK)
			put_entry(&s, entry);
		else if (st == ST_ITEM) {
			if (complain)
				complain(user, "an entry", why->message);
			st = ST_OK;
		} else if (st < 0)
			g_propagate_error(error, g_steal_pointer(&why));
	}
	return st == ST_END ? put_all(&s, dir, error) : st;
}

void
exchange_counts_clear(struct exchange_counts *counts)
{
	g_clear_pointer(&counts->left_out, g_hash_table_unref);
}
