/*
 * Which code page an old text is in, when nobody says so. A guess, made of how
 * often bytes stand where letters stand; the option of the driver wins.
 */
#ifndef MAILMIG_BASE_CODEPAGE_GUESS_H
#define MAILMIG_BASE_CODEPAGE_GUESS_H

#include <glib.h>

/* Counts of what was seen; zeroed before the first call. */
struct codepage_guess {
	guint64 high;		/* bytes above 7F */
	guint64 utf8, bad_utf8; /* characters; bytes that are none */
	guint64 kana,
	    bad_932;	   /* pairs of Shift-JIS kana; bytes no pair holds */
	guint64 oem, ansi; /* between letters: 80-A5, and C0-FF */
};

void codepage_guess_add(
    struct codepage_guess *guess, const guint8 *data, gsize len);

/*
 * 65001, 932, 1252, or oem (437, 850, ...) for everything else: what DOS wrote
 * is the rule. 0 when no byte above 7F was seen.
 */
guint codepage_guess_number(const struct codepage_guess *guess, guint oem);

#endif
