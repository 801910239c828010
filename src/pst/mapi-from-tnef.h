/* What a winmail.dat holds, into the message that it came with. */
#ifndef MAILMIG_PST_MAPI_FROM_TNEF_H
#define MAILMIG_PST_MAPI_FROM_TNEF_H

#include "pst/mapi-parts.h"
#include "pst/tnef.h"

/*
 * The properties of the outer message that its own header and bodies did not
 * give: rich text, HTML, named properties; its class into *class.
 */
enum status pst_tnef_message(struct pst_parts_context *context,
    const Tnef *tnef, char **class, GError **error);
/* Its attachments, messages among them. */
enum status pst_tnef_attachments(
    struct pst_parts_context *context, const Tnef *tnef, GError **error);

#endif
