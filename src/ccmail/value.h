/*
 * Values in cc:Mail exports: addresses, dates, titles of items, highlighting
 * (spec/ccmail.md 3.3-3.5, 6). Text is UTF-8, already decoded.
 */
#ifndef MAILMIG_CCMAIL_VALUE_H
#define MAILMIG_CCMAIL_VALUE_H

#include <glib.h>
#include <stdbool.h>

struct ccmail_address {
	char *name;	   /* or NULL */
	char *post_office; /* or NULL: none was written */
	char *internet;	   /* local@domain, or NULL */
};
void ccmail_address_clear(struct ccmail_address *address);
/*
 * "Name at POSTOFFICE", "Name", "Name at A at B" (routing: all behind the first
 * "at"), "Name <user@host>" and "user@host at GATEWAY" (Q184054). A name may
 * hold commas and is never split at one (3.3).
 */
void ccmail_address_parse(const char *text, struct ccmail_address *out);

enum ccmail_order { CCMAIL_MDY, CCMAIL_DMY, CCMAIL_YMD, CCMAIL_ORDERS };

struct ccmail_date {
	int year, month, day, hour, minute, second;
};
enum ccmail_date_result {
	CCMAIL_DATE_GOOD,
	CCMAIL_DATE_MENDED, /* impossible: the nearest one is given (Q233325) */
	CCMAIL_DATE_NONE,
};
/*
 * "3/9/97 14:05", "3-9-1997 2:01PM", "97/3/9": in the order given. Two digits
 * of a year from 70 on are 19xx, below 20xx; 100 to 169 and 1900 to 1969 are
 * what tools before 8.3 wrote for 2000 and later (Q192595, Q193745).
 */
enum ccmail_date_result ccmail_date_parse(
    const char *text, enum ccmail_order order, struct ccmail_date *out);

/* Votes of a file for the order of its dates: numbers that can be no month, no
 * day. Zeroed before the first. */
struct ccmail_order_votes {
	guint64 dates, against[CCMAIL_ORDERS];
};
void ccmail_order_vote(struct ccmail_order_votes *votes, const char *text);
/* The order that nothing speaks against, fallback when several are left; when
 * none is, the one with the fewest votes against it. */
enum ccmail_order ccmail_order_of(
    const struct ccmail_order_votes *votes, enum ccmail_order fallback);

/*
 * The name of a file item without the date and time that DB6 tools put behind
 * it (Q186216, Q192700), and without any path; digits of an extension stay
 * (Q166610). g_free().
 */
char *ccmail_file_name(const char *title);

/* Take out highlight codes, in place: 1E and 1F, each with the attribute 70
 * behind it (Q181130: ^b1e, ^b1f, ^b70; that it follows both is inferred).
 * Works on octets before they are decoded. Returns the new length. */
gsize ccmail_strip_highlight(guint8 *text, gsize len);

#endif
