/*
 * Who an entry id means: one-off addresses ([MS-OXCDATA] 2.2.5.1), those
 * wrapped for a list ([MS-OXOCNTC] 2.2.2.2.5), people of an Exchange directory
 * (2.2.5.2), and contacts of the same file.
 */
#ifndef MAILMIG_PST_ENTRY_ID_H
#define MAILMIG_PST_ENTRY_ID_H

#include "mime/envelope.h"
#include "pst/messaging-read.h"

/* NULL when it cannot be told. person_free() */
struct person *pst_entry_person(Pst *pst, GBytes *id);
/*
 * The people of a FLATENTRYLIST ([MS-OXCDATA] 2.3.3), such as those that
 * answers go to: appends struct person *.
 */
void pst_entry_people(Pst *pst, GBytes *list, GPtrArray *out);

#endif
