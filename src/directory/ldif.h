/*
 * LDIF (RFC 2849): content and change records, read and written. A value given
 * by a URL (attr:< file:...) is refused: files named by files are not opened.
 */
#ifndef MAILMIG_DIRECTORY_LDIF_H
#define MAILMIG_DIRECTORY_LDIF_H

#include "directory/entry.h"

#define LDIF_FILE_MAX ((gsize)4 << 30) /* bytes; the file is mapped, not read  \
					*/
#define LDIF_LINE_MAX (64 << 20)       /* bytes of one value */

enum ldif_change { LDIF_CONTENT, LDIF_ADD, LDIF_DELETE, LDIF_MODIFY };
struct ldif_mod {
	enum { LDIF_MOD_ADD, LDIF_MOD_DELETE, LDIF_MOD_REPLACE } op;
	struct entry_attribute *attribute;
};
struct ldif_record {
	enum ldif_change change;
	char *dn;
	int line;
	GPtrArray *attributes; /* CONTENT, ADD: of struct entry_attribute */
	GPtrArray *mods;       /* MODIFY: of struct ldif_mod */
};
void ldif_record_free(struct ldif_record *record);

typedef struct Ldif Ldif;
/* ST_RUN with ERR_IO when it cannot be read. */
enum status ldif_open(Ldif **out, const char *path, GError **error);
void ldif_close(Ldif *ldif);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ldif, ldif_close)
/* ST_END at the end; ST_ITEM with the line: this record is not valid, the next
 * call goes on behind it. */
enum status ldif_next(Ldif *ldif, struct ldif_record **out, GError **error);

/* "name: value", in base64 where it must be, folded at 76 columns. */
void ldif_put(GString *out, const char *name, const void *data, gsize len);
/* dn, and the attributes of a record. changetype may be NULL. */
void ldif_put_entry(GString *out, const char *dn, const char *changetype,
    const GPtrArray *attributes);
/* What makes old of new: a modify record; false: no difference. */
bool ldif_put_difference(
    GString *out, const char *dn, const GPtrArray *from, const GPtrArray *to);

#endif
