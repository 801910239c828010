/*
 * Fields of migration files: splitting, quoting, lists, pointers
 * (spec/migration-files.md 4), both ways. All text here is UTF-8: code pages
 * are dealt with before, because in double-byte pages a '\' may be half of a
 * character (Q198861).
 *
 * A line is split in place: the fields point into it, and it must outlive them.
 */
#ifndef MAILMIG_IFF_FIELD_H
#define MAILMIG_IFF_FIELD_H

#include "iff/diag.h"

#include <stdbool.h>

#define FIELDS_MAX	4096 /* of one line; directory headings have about 150 */
#define LIST_VALUES_MAX 65535 /* of one field, 4.6 */

/* What separates the values of a list, by section (4.3); FIELD_NO_LIST where
 * lines are split at commas only (section lines, section headers). */
#define FIELD_LIST	';'
#define FIELD_DIRECTORY '%'
#define FIELD_NO_LIST	'\0'

struct field {
	char *raw;   /* as in the line, NUL-terminated */
	gsize len;   /* bytes */
	bool quotes; /* has a quoted run */
};

/*
 * Whether a quoted run is open at the end of text: the state of the splitter
 * carried from one physical line to the next. Begin with FIELD_START.
 */
enum field_state { FIELD_START, FIELD_PLAIN, FIELD_QUOTED, FIELD_CLOSED };
enum field_state field_scan(
    enum field_state state, const char *text, gsize len, char separator);

/*
 * Split a line of len bytes, which is changed; out (struct field) is cleared
 * first. Errors of quoting are added to diags (PRI_UNTERMINATED_QUOTE,
 * PRI_TEXT_AFTER_QUOTE, PRI_STRAY_QUOTE; NULL: nobody asks) and the split goes
 * on as well as it can. False when there was an error.
 */
bool field_split(
    char *line, gsize len, char separator, GArray *out, Diags *diags);

/*
 * The value of a single-valued field: runs unquoted, and joined again with the
 * separator between them (4.7). Done in place: ask once, raw is lost.
 */
char *field_text(struct field *field, char separator);

/*
 * The values of a list field, form A, form B or plain (4.3), appended to store,
 * each NUL-terminated; offsets into store (gsize) to out. Empty ones are
 * dropped. tokens: a guint8 per value, 1 when it was an unquoted run (only
 * there tokens like ~DEL mean something); NULL when nobody asks. False when
 * there are more than LIST_VALUES_MAX.
 */
bool field_list(const struct field *field, char separator, GString *store,
    GArray *out, GByteArray *tokens);

/* Is it a pointer, #NAME(OFFSET), 4.4? Only an unquoted field that begins with
 * '#' is. */
bool field_is_pointer(const struct field *field);
/*
 * Take a pointer apart: *name (until the field is changed; in place) and
 * *offset. False when the grammar is broken or the name forbidden (section 2);
 * an offset beyond 63 bits becomes G_MAXINT64.
 */
bool field_pointer(struct field *field, const char **name, gint64 *offset);

/* Rule 3 of section 2: may a file of a set have this name? */
bool field_name_ok(const char *name);

/* Write a value, quoted where rule 1 of 4.1 asks for it. */
void field_put(GString *out, const char *text);
/* Folder paths keep their single backslashes (9.4): no quotes for these. */
void field_put_path(GString *out, const char *text);
/* A DIRECTORY value: backslash, CR and LF escaped (7.7), then quoted. */
void field_put_directory(GString *out, const char *text);
/* A list in form A where any value needs it, else plain (15.1 rule 10). */
void field_put_list(GString *out, char *const *values, guint n);

#endif
