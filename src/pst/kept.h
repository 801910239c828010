/*
 * The calendar object or card that an item was made of, kept beside it as an
 * attachment because the item cannot say all of it. On the way back it is given
 * in the place of what the item's properties say, or there would be two of it;
 * but not of an item that somebody changed since.
 */
#ifndef MAILMIG_PST_KEPT_H
#define MAILMIG_PST_KEPT_H

#include "pst/messaging-read.h"

/* What PidTagAttachContentLocation of such an attachment says. */
#define PST_KEPT_LOCATION "mailmig:item"
#define PST_KEPT_MAX	  (16 << 20) /* bytes, as many as are made an item */

/* Its bytes, when the attachment is one of this item and of the MIME type; else
 * NULL. g_bytes_unref(). */
GBytes *pst_kept_bytes(
    const PstProps *item, const PstProps *attachment, const char *const *types);

#endif
