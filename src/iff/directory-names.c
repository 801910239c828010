/*
 * Names of directory columns: spec/migration-files.md 7.4, 7.8 and appendix B.
 */
#include "iff/directory-private.h"

#include <string.h>

const struct directory_attribute directory_attributes[] = {
    /* name, limit in characters (7.8), several values, seven bits */
    {"Obj-Class", 0, false, false},
    {"Mode", 0, false, false},
    {"Common-Name", 64, false, true},
    {"Home-Server", 0, false, false},
    {"Obj-Container", 0, false, false},
    {"Target-Address", 1123, false, false},
    {"Proxy-Addresses", 1123, true, true},
    {"Secondary-Proxy-Addresses", 1123, true, true},
    {"Member", 0, true, false},
    {"Obj-Admins", 0, true, false},
    {"Obj-Perm-Admins", 0, true, false},
    {"Obj-Users", 0, true, false},
    {"Obj-Search", 0, true, false},
    {"Display-Name", 256, false, false},
    {"Surname", 64, false, false},
    {"Mail-nickname", 64, false, false},
    {"Initials", 6, false, false},
    {"Telephone-Office1", 64, false, false},
    {"Comment", 1024, false, false},
    {"Extension-Attribute-1", 1024, false, false},
    {"Extension-Attribute-2", 1024, false, false},
    {"Extension-Attribute-3", 1024, false, false},
    {"Extension-Attribute-4", 1024, false, false},
    {"Extension-Attribute-5", 1024, false, false},
    {"Extension-Attribute-6", 1024, false, false},
    {"Extension-Attribute-7", 1024, false, false},
    {"Extension-Attribute-8", 1024, false, false},
    {"Extension-Attribute-9", 1024, false, false},
    {"Extension-Attribute-10", 1024, false, false},
    {"Extension-Attribute-11", 1024, false, false},
    {"Extension-Attribute-12", 1024, false, false},
    {"Extension-Attribute-13", 1024, false, false},
    {"Extension-Attribute-14", 1024, false, false},
    {"Extension-Attribute-15", 1024, false, false},
    {"Auth-Orig", 0, true, false},
    {"DL-Mem-Reject-Perms", 0, true, false},
    {"DL-Mem-Submit-Perms", 0, true, false},
    {"Unauth-Orig", 0, true, false},
    {"Public-Delegates", 0, true, false},
    {"Business-Roles", 0, true, false},
    {"Deliv-EITs", 0, true, false},
    {"Deliv-Ext-Cont-Types", 0, true, false},
    {"Protocol-Settings", 0, true, false},
    {"User-Cert", 0, true, false},
    {"X509-Cert", 0, true, false},
    {"Telephone-Office2", 0, true, false},
    {"Telephone-Home2", 0, true, false},
    {"International-ISDN-Number", 0, true, false},
    {"Telex-Number", 0, true, false},
    {"Teletex-Terminal-Identifier", 0, true, false},
    {"X121-Address", 0, true, false},
    {"Imported-From", 0, false, false},
    {"Given-Name", 0, false, false},
    {"Assoc-NT-Account", 0, false, false},
    {"Hide-From-Address-Book", 0, false, false},
    {"Display-Name-Printable", 0, false, false},
    {"Telephone-Fax", 0, false, false},
    {"Telephone-Assistant", 0, false, false},
    {"Telephone-Home", 0, false, false},
    {"Telephone-Home-Fax", 0, false, false},
    {"Telephone-Mobile", 0, false, false},
    {"Telephone-Pager", 0, false, false},
    {"Telephone-Personal-Mobile", 0, false, false},
    {"Telephone-Personal-Pager", 0, false, false},
    {"Telephone-Number", 0, false, false},
    {"Physical-Delivery-Office-Name", 0, false, false},
    {"Locality-Name", 0, false, false},
    {"State-Or-Province-Name", 0, false, false},
    {"Text-Country", 0, false, false},
    {"Alt-Recipient", 0, false, false},
    {"AutoReply", 0, false, false},
    {"AutoReply-Message", 0, false, false},
    {"AutoReply-Subject", 0, false, false},
    {"Deliv-Cont-Length", 0, false, false},
    {"Deliver-And-Redirect", 0, false, false},
    {"Expiration-Time", 0, false, false},
    {"Forwarding-Address", 0, false, false},
    {"Garbage-Coll-Period", 0, false, false},
    {"Home-MDB", 0, false, false},
    {"Home-MTA", 0, false, false},
    {"Incoming-Msg-Size-Limit", 0, false, false},
    {"Internet-Encoding", 0, false, false},
    {"LabeledURI", 0, false, false},
    {"Language", 0, false, false},
    {"Language-ISO639", 0, false, false},
    {"Mail-Drop", 0, false, false},
    {"Maintain-AutoReply-History", 0, false, false},
    {"MAPI-Recipient", 0, false, false},
    {"Owner", 0, false, false},
    {"Replication-Sensitivity", 0, false, false},
    {"Report-To-Originator", 0, false, false},
    {"Report-To-Owner", 0, false, false},
    {"Security-Protocol", 0, false, false},
    {"Submission-Cont-Length", 0, false, false},
    {"Supported-Algorithms", 0, false, false},
    {"Use-Server-Values", 0, false, false},
    {"View-Container-1", 0, false, false},
    {"View-Container-2", 0, false, false},
    {"View-Container-3", 0, false, false},
    {"View-Site", 0, false, false},
    {"Voice-Mail-Flags", 0, false, false},
    {"Voice-Mail-Greetings", 0, false, false},
    {"Voice-Mail-Password", 0, false, false},
    {"Voice-Mail-Recorded-Name", 0, false, false},
    {"Voice-Mail-Recording-Length", 0, false, false},
    {"Voice-Mail-Speed", 0, false, false},
    {"Voice-Mail-System-GUID", 0, false, false},
    {"Voice-Mail-User-ID", 0, false, false},
    {"Voice-Mail-Volume", 0, false, false},
    {"WWW-Home-Page", 0, false, false},
    {"X500-NC", 0, false, false},
    {"Address", 0, false, false},
    {"Address-Home", 0, false, false},
    {"Assistant-Name", 0, false, false},
    {"Company", 0, false, false},
    {"Delivery-Mechanism", 0, false, false},
    {"Department", 0, false, false},
    {"DXA-Task", 0, false, false},
    {"Employee-Number", 0, false, false},
    {"Employee-Type", 0, false, false},
    {"Enabled-Protocols", 0, false, false},
    {"Folder-Pathname", 0, false, false},
    {"Form-Data", 0, false, false},
    {"Generation-Qualifier", 0, false, false},
    {"Help-Data32", 0, false, false},
    {"House-Identifier", 0, false, false},
    {"Manager", 0, false, false},
    {"MDB-Over-Quota-Limit", 0, false, false},
    {"MDB-Storage-Quota", 0, false, false},
    {"MDB-Use-Defaults", 0, false, false},
    {"OWA-Server", 0, false, false},
    {"Personal-Title", 0, false, false},
    {"Postal-Code", 0, false, false},
    {"Street-Address", 0, false, false},
    {"Title", 0, false, false},
    {NULL, 0, false, false},
};

static const struct {
	const char *other, *name;
} aliases[] = {
    {"Directory Name", "Common-Name"},
    {"First Name", "Given-Name"},
    {"Last name", "Surname"},
    {"Alias Name", "Mail-nickname"},
    {"Primary Windows NT Account", "Assoc-NT-Account"},
    {"E-mail address", "Target-Address"},
    {"E-mail Addresses", "Proxy-Addresses"},
    {"Hide from AB", "Hide-From-Address-Book"},
    {"Simple display name", "Display-Name-Printable"},
    {"Custom Attribute 1", "Extension-Attribute-1"},
    {"Custom Attribute 2", "Extension-Attribute-2"},
    {"Custom Attribute 3", "Extension-Attribute-3"},
    {"Custom Attribute 4", "Extension-Attribute-4"},
    {"Custom Attribute 5", "Extension-Attribute-5"},
    {"Custom Attribute 6", "Extension-Attribute-6"},
    {"Custom Attribute 7", "Extension-Attribute-7"},
    {"Custom Attribute 8", "Extension-Attribute-8"},
    {"Custom Attribute 9", "Extension-Attribute-9"},
    {"Custom Attribute 10", "Extension-Attribute-10"},
    {"Phone number", "Telephone-Office1"},
    {"Business phone number 2", "Telephone-Office2"},
    {"Fax number", "Telephone-Fax"},
    {"Assistant phone number", "Telephone-Assistant"},
    {"Home phone number", "Telephone-Home"},
    {"Home phone number 2", "Telephone-Home2"},
    {"Mobile number", "Telephone-Mobile"},
    {"Pager number", "Telephone-Pager"},
    {"Office", "Physical-Delivery-Office-Name"},
    {"City", "Locality-Name"},
    {"State", "State-Or-Province-Name"},
    {"Country", "Text-Country"},
    {"Notes", "Comment"},
    {"Members", "Member"},
};

static bool
same(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		char x = *a == ' ' ? '-' : g_ascii_tolower(*a);
		char y = *b == ' ' ? '-' : g_ascii_tolower(*b);

		if (x != y)
			return false;
	}
	return *a == *b;
}

const struct directory_attribute *
directory_attribute_find(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(aliases); i++)
		if (same(name, aliases[i].other)) {
			name = aliases[i].name;
			break;
		}
	for (guint i = 0; directory_attributes[i].name; i++)
		if (same(name, directory_attributes[i].name))
			return &directory_attributes[i];
	return NULL;
}

const char *
directory_column(const char *name)
{
	const struct directory_attribute *attribute =
	    directory_attribute_find(name);

	return attribute ? attribute->name : NULL;
}

bool
directory_is_multi(const char *schema_name)
{
	const struct directory_attribute *attribute =
	    directory_attribute_find(schema_name);

	return attribute && attribute->multi;
}

/* Can be exported but not imported (Q156734: 154). */
static bool
not_importable(const char *name)
{
	return same(name, "Member Of") || same(name, "Is-Member-Of-DL");
}

bool
directory_heading(const GPtrArray *columns, gint64 line, Diags *diags)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	const char *why = NULL;
	bool name = false;

	if (columns->len < 1 || !same(columns->pdata[0], "Obj-Class"))
		why = "the first column is not Obj-Class";
	else if (columns->len < 2 || !same(columns->pdata[1], "Mode"))
		why = "the second column is not Mode";
	for (guint i = 0; i < columns->len && !why; i++)
		name |= g_strcmp0(directory_column(columns->pdata[i]),
			    "Common-Name") == 0;
	if (!why && !name)
		why = "there is no column Common-Name";
	if (why) {
		diags_add_at(diags, DIAG_DIR_BAD_HEADING, line,
		    "%s; the section is skipped", why);
		return false;
	}
	for (guint i = 0; i < columns->len; i++) {
		const char *text = columns->pdata[i];
		const char *schema = directory_column(text);

		if (not_importable(text))
			diags_add_at(diags, DIAG_DIR_NOT_IMPORTABLE, line,
			    "column \"%s\" cannot be imported; it is ignored",
			    text);
		else if (schema == NULL)
			diags_add_at(diags, DIAG_DIR_UNKNOWN_ATTR, line,
			    "column \"%s\" is not known; it is ignored", text);
		else if (!g_hash_table_add(seen, (char *)schema))
			diags_add_at(diags, DIAG_DIR_DUP_ATTR, line,
			    "column \"%s\" is given twice; the first one "
			    "counts",
			    text);
	}
	return true;
}
