/*
 * Encoded words (RFC 2047, RFC 2231 5), decoded as people write them. GMime
 * decodes them too, but takes neighbours of one charset as one base64 run and
 * loses what follows a padded one (3.2.13); every second long subject is such.
 */
#ifndef MAILMIG_MIME_WORDS_H
#define MAILMIG_MIME_WORDS_H

#include <glib.h>

/* text: UTF-8. Words that cannot be read stay as they are. Neighbours of one
 * charset are joined before they are converted, because many mailers cut
 * characters in two. The result may hold any character but is UTF-8 without
 * NUL; g_free(). */
char *mime_words_decode(const char *text);

#endif
