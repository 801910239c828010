/*
 * A Notes document as a message (spec/notes.md 7.2, 5.1, 6): envelope, flags,
 * body in parts, or the octets of one that is stored as MIME.
 */
#ifndef MAILMIG_NSF_MAIL_H
#define MAILMIG_NSF_MAIL_H

#include "base/spool.h"
#include "mime/envelope.h"
#include "mime/part.h"
#include "nsf/note.h"

enum nsf_form {
	NSF_FORM_OTHER, /* a document of some application */
	NSF_FORM_MAIL,
	NSF_FORM_CALENDAR, /* appointments, meetings, anniversaries */
	NSF_FORM_NOTICE,   /* an invitation or the answer to one: mail */
	NSF_FORM_TASK,
	NSF_FORM_PERSON,
	NSF_FORM_GROUP,
	NSF_FORM_SKIP, /* no content of a user: bookmarks, profiles */
};

/* Needs summary items only. */
enum nsf_form nsf_form_of(const struct nsf_note *note);

/* What an address in Notes form is elsewhere; g_free(), NULL: unknown. */
struct nsf_resolver {
	void *ctx;
	char *(*smtp)(void *ctx, const char *name);
};

/* Everything until the next nsf_mail_meta() or nsf_mail_read(). */
struct nsf_mail {
	/* Set by nsf_mail_meta(): */
	enum nsf_form form;
	struct stamp sent, received;
	bool draft, answered, delivered, posted;
	GPtrArray *keywords; /* char *, in byte order, NULL-ended */
	/* Set by nsf_mail_read(): */
	struct envelope envelope;
	char *headers;	  /* fields that the envelope has not, or NULL */
	GArray *parts;	  /* of struct part; empty when raw is given */
	struct blob raw;  /* len > 0: stored as MIME */
	GPtrArray *lost;  /* char *: what could not be carried, for people */
	guint unresolved; /* addresses in Notes form that stay so */
	bool encrypted;
	/* Set by the owner: read LZ1 attachments, too. No sample of one was
	 * ever seen (spec/notes.md 3.5), so they are left out, and named,
	 * unless. */
	bool lz1;
	Spool *store;
	char *dir;
};
void nsf_mail_init(struct nsf_mail *mail, const char *spool_dir);
void nsf_mail_clear(struct nsf_mail *mail);

/* Stamps, flags, keywords: summary items are enough. */
void nsf_mail_meta(struct nsf_mail *mail, const struct nsf_note *note);
/*
 * About how many octets the message will have; summary items are enough. The
 * attachments are known, the rest is guessed. *least: it will not have less.
 */
gint64 nsf_mail_size(const struct nsf_note *note, gint64 *least);
/*
 * All of it, stamps too. nsf: NULL for a document of DXL, whose files are in
 * files then. resolver may be NULL.
 * ST_ITEM: nothing can be made of it; a part that cannot be read is in lost.
 */
enum status nsf_mail_read(struct nsf_mail *mail, Nsf *nsf,
    const struct nsf_note *note, Spool *files,
    const struct nsf_resolver *resolver, GError **error);

/* Adds a part from memory; its blob is set when nsf_mail_read() ends, or by
 * nsf_mail_settle(). The strings are copied. */
enum status nsf_mail_add(struct nsf_mail *mail, enum part_kind kind,
    const void *data, gsize len, const char *name, const char *type,
    GError **error);
void nsf_mail_settle(struct nsf_mail *mail);

/* "CN=Jo Berry/OU=Sales/O=Acme" to "Jo Berry/Sales/Acme"; g_free(). */
char *nsf_name_abbreviate(const char *name);
/* "jo@acme.example", not "Jo Berry@ACME". */
bool nsf_name_is_internet(const char *value);
/* One address of a note; counts in *unresolved what keeps its Notes form. */
void nsf_person_add(GPtrArray *out, const char *value, const char *internet,
    const struct nsf_resolver *resolver, guint *unresolved);
/* "<UNID@notes.invalid>"; g_free(). */
char *nsf_message_id_of(const char *unid);
/* The items that nobody else shows, one "Name: value" a line, into out. */
void nsf_fields_list(const struct nsf_note *note, GString *out);

/* Stored as MIME? Then put it together into store (spec/notes.md 6). */
bool nsf_is_mime(const struct nsf_note *note);
enum status nsf_mime_join(struct nsf_mail *mail, Nsf *nsf,
    const struct nsf_note *note, Spool *files, GError **error);

#endif
