/*
 * Windows code pages, as old mail systems and migration files use them
 * (spec/migration-files.md 3.1 and appendix A).
 *
 * A page is two tables made once, when it is opened: bytes to Unicode and back.
 * Everything is exact as Windows has it; where iconv differs, a table of
 * exceptions mends it. Text on our side is always valid UTF-8 without NUL: what
 * has no meaning in the page becomes U+FFFD and is counted.
 */
#ifndef MAILMIG_BASE_CODEPAGE_H
#define MAILMIG_BASE_CODEPAGE_H

#include "base/status.h"

#include <stdbool.h>

#define CODEPAGE_UTF8 65001

typedef struct Codepage Codepage;

/*
 * number: as in a packing list. ST_RUN with ERR_CONFIG when it is unknown, or
 * UTF-16 or UTF-7 (1200, 1201, 65000: no code page of bytes).
 */
enum status codepage_open(Codepage **out, guint number, GError **error);
void codepage_close(Codepage *page);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Codepage, codepage_close)
guint codepage_number(const Codepage *page);
bool codepage_is_known(guint number);

/*
 * Append the text of len bytes to out. last: no more bytes follow; without it a
 * character that is cut at the end is left alone, and *used (or NULL) says how
 * many bytes were taken. Returns how many U+FFFD were put in.
 * nul: keep NUL characters (body text); otherwise they become U+FFFD, because
 * a field is a C string.
 */
gsize codepage_decode(const Codepage *page, const void *data, gsize len,
    bool last, bool nul, gsize *used, GString *out);

/*
 * Append the bytes of len bytes of UTF-8 to out. What the page cannot hold
 * becomes a look-alike (the letter without its accent, a plain quotation mark)
 * or '?'. Returns how many characters were replaced; last and used as above.
 */
gsize codepage_encode(const Codepage *page, const char *text, gsize len,
    bool last, gsize *used, GString *out);

/* Can the page hold every character of the text? */
bool codepage_holds(const Codepage *page, const char *text, gsize len);

/*
 * Seven bits for directory names (spec/migration-files.md 7.8): the look-alike
 * of every character beyond 7E, else a space; control characters too. Appends
 * to out; returns how many characters were changed.
 */
gsize codepage_to_ascii(const char *text, GString *out);

#endif
