/*
 * vCard content lines: 4.0 (RFC 6350) and 3.0 (RFC 2426) read as they are, 2.1
 * (versit 1996) with its quoted-printable, charsets and bare parameters; 4.0
 * written. What the properties mean is the business of whoever asks.
 */
#ifndef MAILMIG_MIME_VCARD_H
#define MAILMIG_MIME_VCARD_H

#include "base/status.h"

#include <stdbool.h>

#define VCARD_LINES_MAX	 10000	    /* of one card */
#define VCARD_LINE_MAX	 (16 << 20) /* bytes, unfolded; a photograph has less */
#define VCARD_PARAMS_MAX 64	    /* of a line, and values of a parameter */
#define VCARD_NAME_MAX	 64	    /* bytes of a name or a group */
#define VCARD_DEPTH_MAX	 16	    /* cards within cards (AGENT of 2.1) */

struct vcard_param {
	char *name;	   /* upper case; "TYPE" for a bare one of 2.1 */
	GPtrArray *values; /* char *, UTF-8, without quotes; at least one */
};

struct vcard_line {
	char *group;	   /* "item1", or NULL */
	char *name;	   /* upper case: "EMAIL", "X-ABLABEL" */
	GPtrArray *params; /* of struct vcard_param */
	/* UTF-8 as 4.0 writes it: backslash escapes in it, no line end. What
	 * was quoted-printable or of another charset is that no more. */
	char *value;
};

struct vcard {
	guint version; /* 21, 30 or 40 */
	GPtrArray
	    *lines; /* of struct vcard_line; without BEGIN, VERSION, END */
};

void vcard_init(struct vcard *card);
void vcard_clear(struct vcard *card);
typedef struct vcard Vcard;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Vcard, vcard_clear)

/*
 * The next card of len bytes from *pos on, which is moved behind it; out is
 * cleared first. What lies between cards, and lines that are none, are passed
 * over; a card without END ends with the bytes, or where the next one begins.
 * The lines of a card within a card are left out.
 * ST_END: no more. ST_ITEM, ERR_LIMIT: the card is larger than the limits; *pos
 * is at its end all the same.
 */
enum status vcard_next(
    const char *data, gsize len, gsize *pos, struct vcard *out, GError **error);

/* The first line of that name (upper case) from *at on, which is moved behind
 * it; NULL when there is none. Start with *at = 0. */
const struct vcard_line *vcard_find(
    const struct vcard *card, const char *name, guint *at);
/* First value of a parameter (upper case), or NULL. */
const char *vcard_line_param(const struct vcard_line *line, const char *name);
/* Is it of that TYPE? Case does not matter; PREF=1 counts as "pref". */
bool vcard_line_is(const struct vcard_line *line, const char *type);

/* The value as text: escapes undone, line ends are LF. g_free(). */
char *vcard_line_text(const struct vcard_line *line);
/* Components of a structured value (';') or a list (','), escapes undone.
 * char *, at least one; g_ptr_array_unref(). */
GPtrArray *vcard_line_split(const struct vcard_line *line, char separator);
/* The bytes of a value in base64 (ENCODING=b, BASE64, or data: of 4.0); NULL
 * when it is no such value. */
GBytes *vcard_line_bytes(const struct vcard_line *line);

/* Writing: lines end with CR LF and are folded at 75 octets (RFC 6350 3.2),
 * never within a character. */
void vcard_write_begin(GString *out); /* BEGIN and VERSION:4.0 */
void vcard_write_end(GString *out);
/*
 * One line. params: "TYPE=work;PREF=1" ready made, or NULL; value: as it is to
 * stand there, escapes done. Characters that no line can hold are left out.
 */
void vcard_write_raw(
    GString *out, const char *name, const char *params, const char *value);
/* The same of a text that is not escaped yet. */
void vcard_write_text(
    GString *out, const char *name, const char *params, const char *text);
/* The same of n texts, NULL: empty, with a separator between them. */
void vcard_write_list(GString *out, const char *name, const char *params,
    const char *const *texts, guint n, char separator);
void vcard_write_line(GString *out, const struct vcard_line *line);
/* Append text with its backslashes, commas, semicolons and line ends escaped.
 */
void vcard_escape(GString *out, const char *text);
/* Append ";NAME=value" (no ";" when params is empty), quoted where it must be
 * (RFC 6868). */
void vcard_param(GString *params, const char *name, const char *value);

#endif
