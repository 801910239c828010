/*
 * cc:Mail's directory, list and board exports (CCMDIR.EXP, CCMLIST.EXP,
 * CCMBB.EXP; spec/ccmail.md 5). The type letters and "Addr:" are documented;
 * the other field names are believed, and the layout of lists is not known:
 * what is read here is written down in the manual, and is experimental.
 *
 * Records of lines "Xxxx: value". A record begins with "Name:" (an entry),
 * "List:" (a mailing list) or "Board:". In a list, lines "Memb:" and lines that
 * are indented are members. Lines that are none of these are counted.
 */
#ifndef MAILMIG_CCMAIL_DIRECTORY_H
#define MAILMIG_CCMAIL_DIRECTORY_H

#include "base/blob.h"
#include "base/codepage.h"

#define CCMAIL_ENTRIES_MAX 1000000 /* of one file */

enum ccmail_entry_kind { CCMAIL_ENTRY, CCMAIL_LIST, CCMAIL_BOARD };

struct ccmail_entry {
	enum ccmail_entry_kind kind;
	char *name;	    /* UTF-8 */
	char type;	    /* the letter of "Locn:": P p L l R r A a; or 0 */
	char *address;	    /* "Addr:", or NULL */
	char *comment;	    /* "Cmts:", or NULL */
	GPtrArray *members; /* of char *, UTF-8 */
	gint64 line;	    /* from 1 */
};

/*
 * All entries of the text, appended to out (struct ccmail_entry *, freed by its
 * free function ccmail_entry_free). *unknown: fields and lines nobody knew.
 * ST_MAILBOX with ERR_LIMIT when there are more than CCMAIL_ENTRIES_MAX.
 */
enum status ccmail_directory_read(const struct blob *data, const Codepage *page,
    GPtrArray *out, guint *unknown, GError **error);
void ccmail_entry_free(void *entry);

#endif
