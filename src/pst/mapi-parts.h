/* Bodies and attachments of a message on its way into a .pst; for
 * pst/mapi-from-mime.c. */
#ifndef MAILMIG_PST_MAPI_PARTS_H
#define MAILMIG_PST_MAPI_PARTS_H

#include "pst/mapi-private.h"

struct pst_parts_context {
	const struct pst_mapi *mapi;
	struct blob raw; /* the whole message; empty for one in parts */
	const struct part *parts;
	guint n_parts;
	const char *content_type;  /* the whole field, or NULL */
	const char *content_class; /* the same */
	const struct envelope *envelope;
	char *tnef_bytes;	 /* while it is being written */
	const struct part *kept; /* what the item was made of, or NULL */
};

/* What becomes of a part that was read as an item. */
enum pst_item_kept {
	PST_ITEM_NONE,	  /* it is no item: an attachment like others */
	PST_ITEM_WHOLE,	  /* the properties say all of it */
	PST_ITEM_HIDDEN,  /* they do; it is kept besides, not shown */
	PST_ITEM_VISIBLE, /* they do not: it is kept, and shown */
};

enum status pst_parts_write(struct pst_parts_context *context, GError **error);

/* mapi-body.c */
enum status pst_parts_bodies(struct pst_parts_context *context, GError **error);
/* The part that is shown as HTML, or NULL. */
const struct part *pst_parts_html(const struct pst_parts_context *context);
/* Is the part shown as the message's own text? */
bool pst_parts_is_body(
    const struct pst_parts_context *context, const struct part *part);
/* Blobs of the body texts of a kind; g_array_unref(). */
GArray *pst_parts_body(
    const struct pst_parts_context *context, enum part_kind kind);
/* The beginning of some blobs in memory, at most max bytes, NUL-terminated. */
char *pst_parts_text(const GArray *blobs, gsize max, gsize *len);

/* mapi-parts.c: one attachment. */
enum status pst_parts_name(PstBag *bag, const char *name, GError **error);
enum status pst_parts_file(struct pst_parts_context *context,
    const struct part *part, guint number, bool shown, bool hidden,
    GError **error);

#endif
