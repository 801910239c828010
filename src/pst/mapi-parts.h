/* Bodies and attachments of a message on its way into a .pst; for
 * pst/mapi-from-mime.c. */
#ifndef MAILMIG_PST_MAPI_PARTS_H
#define MAILMIG_PST_MAPI_PARTS_H

#include "pst/mapi-from-mime.h"

struct pst_parts_context {
	PstMapper *mapper;
	PstWriter *writer;
	struct blob raw; /* the whole message; empty for one in parts */
	const struct part *parts;
	guint n_parts;
	const char *content_type; /* the whole field, or NULL */
	const char *class;	  /* given, or NULL: by content */
	/* Writes a message into the embedded object that was begun. */
	enum status (*embed)(struct pst_parts_context *context,
	    const struct blob *raw, GError **error);
};

enum status pst_parts_write(struct pst_parts_context *context, GError **error);

#endif
