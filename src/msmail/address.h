/*
 * Microsoft Mail's addresses as text: what IMPORT, GIMPORT and directory
 * synchronisation read and write, and the user list of the original wizard
 * (spec/msmail.md 1, 6.3, 7). Text is UTF-8, already decoded.
 */
#ifndef MAILMIG_MSMAIL_ADDRESS_H
#define MAILMIG_MSMAIL_ADDRESS_H

#include <glib.h>
#include <stdbool.h>

/*
 * "type:address", "address" (CSI: this system). type: upper case; "MS" for the
 * system's own, however they are spelled (CSI, PCM, MS; Q94410, Q116466). Of
 * X.400 the fields that say something, ';' between them (Q145585, Q159292).
 * False when nothing is behind the colon. Both g_free().
 */
bool msmail_address_parse(const char *text, char **type, char **address);
/* NETWORK/POSTOFFICE/MAILBOX: the last part, within the text; or NULL. */
const char *msmail_address_user(const char *address);

struct msmail_row {
	char
	    action; /* A add, D delete, M modify, R replace, P purge, G group */
	char *alias; /* the name; or NULL in an A line of a group */
	char *type, *address;
};
void msmail_row_clear(struct msmail_row *row);
/*
 * A line of IMPORT or GIMPORT: the action in column 1, the alias in columns 3
 * to 32 or up to a tab, type:address from column 34 or behind the tab (Q104869,
 * Q99419). False for comments, blank lines, and what is none.
 */
bool msmail_row_parse(const char *line, struct msmail_row *out);

#endif
