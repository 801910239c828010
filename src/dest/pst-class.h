/* Which class the folders of a .pst get that the source knows as plain ones;
 * for dest/pst.c. */
#ifndef MAILMIG_DEST_PST_CLASS_H
#define MAILMIG_DEST_PST_CLASS_H

#include "model/record.h"
#include "pst/messaging-write.h"

/*
 * A server that knows nothing but mail keeps contacts and appointments as
 * messages. They become items again by what they are; the folder becomes one of
 * theirs if it holds nothing else. Its name alone says nothing: mail that lies
 * in "Contacts" would not be shown there.
 */
typedef struct PstClasses PstClasses;
PstClasses *pst_classes_new(void);
void pst_classes_free(PstClasses *classes);

/* An item of that class was written into a folder. */
void pst_classes_add(PstClasses *classes, const struct folder *folder,
    guint32 nid, const char *class);
/* The file is complete: give its folders their classes, and forget them. */
void pst_classes_settle(PstClasses *classes, PstWriter *writer);

#endif
