/*
 * Numbers and text as people read them on a terminal.
 */
#ifndef MAILMIG_BASE_HUMAN_H
#define MAILMIG_BASE_HUMAN_H

#include <glib.h>

/* Every result is freed with g_free(). */
char *human_count(gint64 n); /* "1 234 567": the same in every country */
char *human_bytes(gint64 n); /* "3.4 MiB"; "?" when negative */
char *human_duration(gint64 seconds); /* "12 s", "2:05 min", "1:02:03 h" */

/* Columns that UTF-8 text takes on a terminal. */
int human_width(const char *text);
/* Text filled with blanks to width columns; a negative width fills on the left.
 * Longer text stays as it is. */
char *human_pad(const char *text, int width);
/* At most width columns of text, the last of them an ellipsis where something
 * was cut; control characters become blanks, what is not UTF-8 '?'. */
char *human_cut(const char *text, int width);

#endif
