/*
 * Contacts and personal lists as Outlook's items: [MS-OXOCNTC]. Whoever has a
 * card or a row of an address book fills a struct pst_entry with it.
 */
#ifndef MAILMIG_PST_CONTACT_WRITE_H
#define MAILMIG_PST_CONTACT_WRITE_H

#include "pst/mapi-from-mime.h"

enum pst_contact_text {
	PST_CT_NAME, /* display name */
	PST_CT_GIVEN,
	PST_CT_MIDDLE,
	PST_CT_SURNAME,
	PST_CT_PREFIX,
	PST_CT_SUFFIX,
	PST_CT_NICKNAME,
	PST_CT_COMPANY,
	PST_CT_DEPARTMENT,
	PST_CT_TITLE,
	PST_CT_PROFESSION,
	PST_CT_OFFICE,
	PST_CT_ASSISTANT,
	PST_CT_MANAGER,
	PST_CT_SPOUSE,
	PST_CT_BUSINESS,
	PST_CT_BUSINESS2,
	PST_CT_HOME,
	PST_CT_HOME2,
	PST_CT_MOBILE,
	PST_CT_PAGER,
	PST_CT_CAR,
	PST_CT_OTHER_PHONE,
	PST_CT_BUSINESS_FAX,
	PST_CT_HOME_FAX,
	PST_CT_OTHER_FAX,
	PST_CT_ASSISTANT_PHONE,
	PST_CT_COMPANY_PHONE,
	PST_CT_ISDN,
	PST_CT_TEXT_PHONE,
	PST_CT_PRIMARY_PHONE,
	PST_CT_RADIO,
	PST_CT_CALLBACK,
	PST_CT_TELEX,
	PST_CT_FREE_BUSY,
	PST_CT_SOUND_GIVEN, /* how it is spoken */
	PST_CT_SOUND_SURNAME,
	PST_CT_SOUND_COMPANY,
	PST_CT_USER1,
	PST_CT_USER2,
	PST_CT_USER3,
	PST_CT_USER4,
	PST_CT_WEB,
	PST_CT_HOME_PAGE,
	PST_CT_CHAT,
	PST_CT_NOTE,
	PST_CT_TEXTS,
};

enum pst_contact_place {
	PST_CP_BUSINESS,
	PST_CP_HOME,
	PST_CP_OTHER,
	PST_CP_PLACES
};
enum pst_contact_line {
	PST_CA_STREET, /* lines with LF between them */
	PST_CA_CITY,
	PST_CA_REGION,
	PST_CA_CODE,
	PST_CA_COUNTRY,
	PST_CA_BOX,
	PST_CA_LINES
};

#define PST_CONTACT_EMAILS 3 /* as many as Outlook's form has */

struct pst_entry {
	bool is_list;
	char *text[PST_CT_TEXTS]; /* UTF-8, or NULL */
	char *address[PST_CP_PLACES][PST_CA_LINES];
	GPtrArray *emails;     /* of struct person; of a list: its members */
	GPtrArray *categories; /* char * */
	GDate birthday, anniversary; /* invalid: not known */
	guint gender;		     /* 0 not said, 1 female, 2 male */
	GBytes *photo;		     /* or NULL */
	char *photo_extension;	     /* "jpg" */
	GBytes *search_key; /* of the item that the card was made of, or NULL */
	struct stamp revised; /* when the card was changed last */
};
void pst_entry_init(struct pst_entry *contact);
void pst_entry_clear(struct pst_entry *contact);
typedef struct pst_entry PstEntry;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstEntry, pst_entry_clear)

/*
 * Write one into a folder, as pst_mapper_write() a message. Of mail, received
 * (or now), remark and raw are looked at: raw, if it is not empty, is attached
 * as "contact.vcf".
 */
enum status pst_mapper_contact(PstMapper *mapper, PstWriter *writer,
    guint32 folder, const struct pst_entry *contact,
    const struct pst_mail *mail, guint32 *nid, GError **error);

#endif
