/* What the files of the writer share. */
#ifndef MAILMIG_IFF_WRITER_PRIVATE_H
#define MAILMIG_IFF_WRITER_PRIVATE_H

#include "iff/writer.h"

struct Writer {
	Out *pri, *sec;
	struct writer_options opts;
	struct writer_losses losses;
	enum pri_kind section; /* the current one */
	bool begun;	       /* something but comments is in the primary */
	GString *row;	       /* UTF-8, being built */
	GString *value, *bytes, *id;
	Spool *text;	 /* a body in the set's code page */
	Spool *store;	 /* what a raw message was split into */
	GArray *parts;	 /* of struct part, of a raw message */
	GPtrArray *list; /* of char *: values of a list */
	struct envelope envelope;
	gint64 mark;	    /* of the secondary before the current message */
	GPtrArray *columns; /* of the current DIRECTORY heading, schema names */
	GString *schedule;  /* of the message: a calendar item as .SC2 */
};

/* Write the row with its line end in the set's code page. */
enum status writer_row_out(Writer *writer, GError **error);
/* A field of the row, with the comma before it unless it is the first. Long
 * values and values with line ends go to an Other section. */
enum status writer_field(Writer *writer, const char *text, GError **error);
enum status writer_list(
    Writer *writer, char *const *values, guint n, GError **error);
void writer_comma(Writer *writer);
/* An Other section; the pointer to it is the field. */
enum status writer_other(
    Writer *writer, const struct blob *blob, GError **error);

/* The sections of a message (writer-body.c). */
enum status writer_body(Writer *writer, const struct message *message,
    const struct part *parts, guint n, const char *headers, GError **error);
/* Header line, data, line end. */
enum status writer_section_out(Writer *writer, const char *type,
    const struct blob *blob, const char *encoding, bool last, const char *name,
    const char *position, const char *format, GError **error);

#endif
