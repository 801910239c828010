#include "directory/schema.h"

#include <string.h>

const struct schema_row schema_rows[] = {
    {"Common-Name", "cn", false, false, 64},
    {"Display-Name", "displayName", false, false, 256},
    {"Given-Name", "givenName", false, false, 64},
    {"Surname", "sn", false, false, 64},
    {"Initials", "initials", false, false, 6},
    {"Mail-nickname", "mailNickname", false, false, 64},
    {"Assoc-NT-Account", "sAMAccountName", false, false, 20},
    {"Target-Address", "targetAddress", false, false, 1123},
    {"Proxy-Addresses", "proxyAddresses", false, false, 1123},
    {"Legacy-Exchange-DN", "legacyExchangeDN", false, false, 0},
    {"Hide-From-Address-Book", "msExchHideFromAddressLists", true, false, 0},
    {"Display-Name-Printable", "displayNamePrintable", false, false, 256},
    {"Imported-From", "importedFrom", false, false, 0},
    {"Comment", "info", false, false, 1024},
    {"Member", "member", false, false, 0},
    {"Owner", "managedBy", false, false, 0},
    {"Alt-Recipient", "altRecipient", false, false, 0},
    {"Deliver-And-Redirect", "deliverAndRedirect", true, false, 0},
    {"Auth-Orig", "authOrig", false, false, 0},
    {"Unauth-Orig", "unauthOrig", false, false, 0},
    {"DL-Mem-Submit-Perms", "dLMemSubmitPerms", false, false, 0},
    {"DL-Mem-Reject-Perms", "dLMemRejectPerms", false, false, 0},
    {"Public-Delegates", "publicDelegates", false, false, 0},
    {"Home-MDB", "homeMDB", false, false, 0},
    {"Home-MTA", "homeMTA", false, false, 0},
    {"Home-Server", "msExchHomeServerName", false, false, 0},
    {"MAPI-Recipient", "mAPIRecipient", true, false, 0},
    {"Internet-Encoding", "internetEncoding", false, false, 0},
    {"Deliv-Cont-Length", "delivContLength", false, false, 0},
    {"Submission-Cont-Length", "submissionContLength", false, false, 0},
    {"MDB-Use-Defaults", "mDBUseDefaults", true, false, 0},
    {"MDB-Storage-Quota", "mDBStorageQuota", false, false, 0},
    {"MDB-Over-Quota-Limit", "mDBOverQuotaLimit", false, false, 0},
    {"Folder-Pathname", "folderPathname", false, false, 0},
    {"Garbage-Coll-Period", "garbageCollPeriod", false, false, 0},
    {"Report-To-Originator", "reportToOriginator", true, false, 0},
    {"Report-To-Owner", "reportToOwner", true, false, 0},
    {"Extension-Attribute-1", "extensionAttribute1", false, false, 1024},
    {"Extension-Attribute-2", "extensionAttribute2", false, false, 1024},
    {"Extension-Attribute-3", "extensionAttribute3", false, false, 1024},
    {"Extension-Attribute-4", "extensionAttribute4", false, false, 1024},
    {"Extension-Attribute-5", "extensionAttribute5", false, false, 1024},
    {"Extension-Attribute-6", "extensionAttribute6", false, false, 1024},
    {"Extension-Attribute-7", "extensionAttribute7", false, false, 1024},
    {"Extension-Attribute-8", "extensionAttribute8", false, false, 1024},
    {"Extension-Attribute-9", "extensionAttribute9", false, false, 1024},
    {"Extension-Attribute-10", "extensionAttribute10", false, false, 1024},
    {"Extension-Attribute-11", "extensionAttribute11", false, false, 2048},
    {"Extension-Attribute-12", "extensionAttribute12", false, false, 2048},
    {"Extension-Attribute-13", "extensionAttribute13", false, false, 2048},
    {"Extension-Attribute-14", "extensionAttribute14", false, false, 2048},
    {"Extension-Attribute-15", "extensionAttribute15", false, false, 2048},
    {"Telephone-Office1", "telephoneNumber", false, false, 64},
    {"Telephone-Office2", "otherTelephone", false, false, 64},
    {"Telephone-Fax", "facsimileTelephoneNumber", false, false, 64},
    {"Telephone-Home", "homePhone", false, false, 64},
    {"Telephone-Home2", "otherHomePhone", false, false, 64},
    {"Telephone-Mobile", "mobile", false, false, 64},
    {"Telephone-Pager", "pager", false, false, 64},
    {"Telephone-Assistant", "telephoneAssistant", false, false, 64},
    {"Physical-Delivery-Office-Name", "physicalDeliveryOfficeName", false,
	false, 128},
    {"Address", "street", false, false, 1024},
    {"Address-Home", "homePostalAddress", false, false, 4096},
    {"Locality-Name", "l", false, false, 128},
    {"State-Or-Province-Name", "st", false, false, 128},
    {"Postal-Code", "postalCode", false, false, 40},
    {"Text-Country", "co", false, false, 128},
    {"Company", "company", false, false, 64},
    {"Department", "department", false, false, 64},
    {"Title", "title", false, false, 128},
    {"Manager", "manager", false, false, 0},
    {"Assistant-Name", "msExchAssistantName", false, false, 256},
    {"Employee-Number", "employeeNumber", false, false, 512},
    {"Employee-Type", "employeeType", false, false, 256},
    {"Generation-Qualifier", "generationQualifier", false, false, 3},
    {"WWW-Home-Page", "wWWHomePage", false, false, 2048},
    {"LabeledURI", "labeledURI", false, false, 0},
    /* What the server makes: told in the undo file, never written. */
    {NULL, "memberOf", false, true, 0},
    {NULL, "objectGUID", false, true, 0},
    {NULL, "objectSid", false, true, 0},
    {NULL, "objectCategory", false, true, 0},
    {NULL, "distinguishedName", false, true, 0},
    {NULL, "instanceType", false, true, 0},
    {NULL, "whenCreated", false, true, 0},
    {NULL, "whenChanged", false, true, 0},
    {NULL, "uSNCreated", false, true, 0},
    {NULL, "uSNChanged", false, true, 0},
    {NULL, "name", false, true, 0},
    {NULL, "primaryGroupID", false, true, 0},
    {NULL, "sAMAccountType", false, true, 0},
    {NULL, "badPwdCount", false, true, 0},
    {NULL, "badPasswordTime", false, true, 0},
    {NULL, "codePage", false, true, 0},
    {NULL, "countryCode", false, true, 0},
    {NULL, "lastLogon", false, true, 0},
    {NULL, "lastLogoff", false, true, 0},
    {NULL, "logonCount", false, true, 0},
    {NULL, "pwdLastSet", false, true, 0},
    {NULL, "accountExpires", false, true, 0},
    {NULL, "dSCorePropagationData", false, true, 0},
    {NULL, NULL, false, false, 0},
};

const struct schema_row *
schema_by_name(const char *name)
{
	for (const struct schema_row *r = schema_rows; r->ldap; r++)
		if (r->name && g_ascii_strcasecmp(r->name, name) == 0)
			return r;
	return NULL;
}

const struct schema_row *
schema_by_ldap(const char *ldap)
{
	/* AD writes streetAddress where RFC 4519 has street. */
	if (g_ascii_strcasecmp(ldap, "streetAddress") == 0)
		ldap = "street";
	for (const struct schema_row *r = schema_rows; r->ldap; r++)
		if (g_ascii_strcasecmp(r->ldap, ldap) == 0)
			return r;
	return NULL;
}

bool
schema_class(const struct schema_signs *signs, enum recipient_class *class,
    bool *account_only)
{
	/* Q197330: not inetOrgPerson alone; TN03 aa995747: MDaemonUser. */
	static const struct {
		const char *name;
		enum recipient_class class;
	} known[] = {
	    {"group", RECIPIENT_LIST},
	    {"groupOfNames", RECIPIENT_LIST},
	    {"groupOfUniqueNames", RECIPIENT_LIST},
	    {"groupOfMembers", RECIPIENT_LIST},
	    {"contact", RECIPIENT_CONTACT},
	    {"user", RECIPIENT_MAILBOX},
	    {"MDaemonUser", RECIPIENT_MAILBOX},
	    {"inetOrgPerson", RECIPIENT_MAILBOX},
	    {"organizationalPerson", RECIPIENT_MAILBOX},
	    {"person", RECIPIENT_MAILBOX},
	};

	*account_only = false;
	for (guint i = 0; signs->classes && signs->classes[i]; i++)
		if (g_ascii_strcasecmp(signs->classes[i], "computer") == 0)
			return false;
	for (guint k = 0; k < G_N_ELEMENTS(known); k++)
		for (guint i = 0; signs->classes && signs->classes[i]; i++) {
			if (g_ascii_strcasecmp(
				signs->classes[i], known[k].name) != 0)
				continue;
			*class = known[k].class;
			/* A person with a forwarding address and no store is a
			 * custom recipient that can log in (a mail user). */
			if (*class == RECIPIENT_MAILBOX && signs->target)
				*class = RECIPIENT_CONTACT;
			*account_only = !signs->mail && !signs->target;
			return true;
		}
	return false;
}
