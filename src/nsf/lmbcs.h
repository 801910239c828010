/*
 * LMBCS, the character set of Notes (spec/notes.md 5.2), to UTF-8, by ICU's
 * converter LMBCS-1. A NUL is a line break in item values and becomes LF; bytes
 * that mean nothing become U+FFFD. The result is always valid UTF-8.
 */
#ifndef MAILMIG_NSF_LMBCS_H
#define MAILMIG_NSF_LMBCS_H

#include <glib.h>

void nsf_lmbcs_append(GString *out, const void *data, gsize len);
char *nsf_lmbcs_text(const void *data, gsize len); /* g_free() */

#endif
