/*
 * Microsoft Mail's file format for messages, "MMFF": what APPGET, RMTGET,
 * GTWGET and SMTPGET write and the matching PUT programs read, in its basic
 * form (spec/msmail.md 6.1). Tokens, then as many octets of text as TEXT says,
 * then the attachments, each as long as its line says, with nothing between.
 *
 * A cursor over the messages of a file. Counts are verified: behind a message
 * comes the next VERSION line or the end. Nothing here decodes text.
 */
#ifndef MAILMIG_MSMAIL_MMFF_H
#define MAILMIG_MSMAIL_MMFF_H

#include "base/blob.h"

#include <stdbool.h>

#define MMFF_TOKENS_MAX 100000 /* of one message; a line of TO each */

enum mmff_oddity {
	MMFF_BAD_COUNT, /* the counts do not lead to the next message */
	MMFF_TRUNCATED, /* the file ends inside a message */
	MMFF_LOOSE,	/* octets before a message that belong to none */
	MMFF_OUTSIDE,	/* XTEXT, XATTACH: in a file that is not read */
};
const char *mmff_oddity_name(enum mmff_oddity oddity); /* "MS_..." */

struct mmff_token {
	char *name;  /* upper case */
	char *value; /* octets, NUL behind them */
	gsize len;
};

struct mmff_attachment {
	char *name; /* octets, NUL behind them */
	gsize name_len;
	gint64 size; /* as the line says */
	struct blob data;
};

struct mmff_message {
	gint64 at;	/* offset of its VERSION line */
	GArray *tokens; /* of struct mmff_token, in order; not ATTACHMENT */
	GArray *attachments; /* of struct mmff_attachment */
	struct blob text;
	bool has_text; /* a TEXT line was there */
};

typedef void (*mmff_sink)(
    void *ctx, enum mmff_oddity oddity, gint64 offset, const char *text);

typedef struct Mmff Mmff;

Mmff *mmff_new(const struct blob *data, mmff_sink sink, void *ctx);
void mmff_free(Mmff *mmff);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Mmff, mmff_free)
/* The next message, valid until the next call. ST_ITEM with ERR_IO when the
 * data cannot be read. */
enum status mmff_next(
    Mmff *mmff, const struct mmff_message **out, GError **error);
/* Is the first line that is not blank one of VERSION? */
bool mmff_probe(const struct blob *data);
/* The first token of the name, or NULL. */
const struct mmff_token *mmff_token(
    const struct mmff_message *message, const char *name);

#endif
