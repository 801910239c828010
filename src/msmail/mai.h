/*
 * Message files of a Microsoft Mail post office (.MAI; spec/msmail.md 4):
 * elements of FIPS PUB 98, whose strings went through a transform. Both were
 * derived from one file of which 128 octets were printed (Q104423). So nothing
 * that comes out of here is believed before it has proven itself: addresses
 * must be ones, text must be text.
 */
#ifndef MAILMIG_MSMAIL_MAI_H
#define MAILMIG_MSMAIL_MAI_H

#include <glib.h>
#include <stdbool.h>

#define MAI_FILE_MAX   (64 << 20) /* octets */
#define MAI_FIELDS_MAX 1000	  /* elements of a message */
#define MAI_PEOPLE_MAX 100000

/* An element of FIPS PUB 98; contents lie in the data. */
struct mai_element {
	guint8 kind;	 /* identifier octet */
	guint qualifier; /* bit 6: of a field, which one; 0 when it has none */
	const guint8 *contents;
	gsize len;
};
/* The element at *at, which moves behind it. False: there is none, or it
 * reaches beyond len. */
bool mai_element(
    const guint8 *data, gsize len, gsize *at, struct mai_element *out);

/* The transform of strings (4.1), taken back: len octets into out. */
void mai_string(const guint8 *cipher, gsize len, guint8 *out);

struct mai_person {
	char *address; /* "NETWORK/POSTOFFICE/MAILBOX": octets */
	char *name;    /* full name; or NULL */
};

struct mai {
	GArray *from, *to, *cc;	    /* of struct mai_person */
	guint references;	    /* mailbags that point to it; 0: not said */
	GByteArray *subject, *text; /* empty when there is none */
	bool has_files;		    /* an element for attachments */
	guint unread;		    /* fields that no reader knows */
};
void mai_clear(struct mai *mai);
/*
 * Read a file. subject: what the mailbag's clear record says of it, NUL-ended
 * octets. False, *why says what did not prove itself (a constant): structure,
 * an address that is none, a subject that is another one.
 * text is only filled when all of it can be text.
 */
bool mai_read(const guint8 *data, gsize len, const char *subject,
    struct mai *out, const char **why);

#endif
