/* What message.c, body.c and body-text.c share. */
#ifndef MAILMIG_IFF_MESSAGE_PRIVATE_H
#define MAILMIG_IFF_MESSAGE_PRIVATE_H

#include "iff/message.h"

/* One section of a chain. */
struct body_section {
	enum sec_type type;
	struct blob data;
	gint64 at; /* of its header line */
	char *encoding, *name, *position, *format;
	gint64 place; /* characters, made from position; -1: none */
	gint64
	    byte_place; /* in the body as it is in the file; -1: at the end */
};

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

/*
 * The text of all sections with the text's encoding, one behind the other, to
 * the end of the spool. places: the sections (struct body_section) whose place
 * is asked for, in order of byte_place, or NULL. file is for diagnostics.
 */
enum status body_text_decode(struct body *body, Set *set,
    struct body_text *text, GPtrArray *places, Diags *diags, const char *file,
    GError **error);
/* The same as it is: HTML and RTF stay in their charset, byte for byte. */
enum status body_text_copy(
    struct body *body, struct body_text *text, GError **error);

#endif
