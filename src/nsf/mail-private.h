/* What the files of mail share. */
#ifndef MAILMIG_NSF_MAIL_PRIVATE_H
#define MAILMIG_NSF_MAIL_PRIVATE_H

#include "nsf/mail.h"
#include "nsf/object.h"

void nsf_lose(struct nsf_mail *mail, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
/* Envelope and further header fields. */
void nsf_mail_head(struct nsf_mail *mail, Nsf *nsf, const struct nsf_note *note,
    const struct nsf_resolver *resolver);
/* Fields of the envelope that the block has not yet, MIME-Version too. */
void nsf_mail_fields(const struct nsf_mail *mail, GString *block);
/* The content of an attachment; fd -1 when it lies in mail->store, where it is
 * found again by nsf_mail_settle(). */
enum status nsf_file_blob(struct nsf_mail *mail, Nsf *nsf,
    const struct nsf_file *file, Spool *files, struct blob *out,
    GError **error);

#endif
