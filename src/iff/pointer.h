/*
 * Pointers from a primary into secondaries, and the values of fields that may
 * be one (spec/migration-files.md 4.4, 10.6).
 */
#ifndef MAILMIG_IFF_POINTER_H
#define MAILMIG_IFF_POINTER_H

#include "iff/set.h"

#define OTHER_VALUE_MAX (16 << 20) /* bytes of a field value in a secondary */

/* Find what the pointer in field names: the secondary and the offset in it.
 * False after an error in diags; the field is changed. */
bool pointer_find(
    Set *set, struct field *field, Sec **sec, gint64 *offset, Diags *diags);
/* The section of type Other a field points to. */
bool pointer_other(
    Set *set, struct field *field, struct blob *out, Diags *diags);
/*
 * If field is a pointer, put the value it points to in its place: the text is
 * kept in store, which must live as long as the field and is not shared.
 * What is in the section follows the quoting rules of fields. list: EOLs after
 * a ';' are ignored. False after an error in diags (the field is empty then).
 */
bool pointer_resolve(
    Set *set, struct field *field, bool list, GString *store, Diags *diags);

#endif
