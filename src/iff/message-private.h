/* What message.c and body.c share. */
#ifndef MAILMIG_IFF_MESSAGE_PRIVATE_H
#define MAILMIG_IFF_MESSAGE_PRIVATE_H

#include "iff/message.h"

/* One kind of text of a body: equal Encodings are concatenated. */
struct body_text {
	enum part_kind kind;
	char *encoding; /* as written, "" for plain text */
	char *charset;	/* or NULL: the set's code page */
	gint64 at, len; /* bytes in the spool, once written */
};

/* Reads the chain of a message. Memory is used again for the next. */
struct body {
	GArray *sections; /* of struct body_section, in order */
	GArray *texts;	  /* of struct body_text */
	GArray *parts;	  /* of struct part, the result */
	Spool *spool;
	struct blob raw; /* the MIME body */
	bool is_mime;
	bool is_document;
	char *document; /* its name */
	GString *chunk; /* decoded text on its way to the spool */
};
void body_init(struct body *body, const char *spool_dir);
void body_clear(struct body *body);
void body_reset(struct body *body);
/*
 * Follow the chain from the offset and make the parts. False after an error in
 * diags (what could be read is there in lenient policy). note: text to add at
 * the end of the body for the reader, or NULL.
 */
enum status body_read(struct body *body, Set *set,
    const struct message_options *opts, Sec *sec, gint64 offset, Diags *diags,
    bool *ok, GError **error);

#endif
