/* What the files of the cc:Mail source share: ccmail.c (places, the order of
 * things), ccmail-places.c (which file is whose), ccmail-message.c (a message
 * to parts), ccmail-people.c (directory, lists). */
#ifndef MAILMIG_SOURCE_CCMAIL_PRIVATE_H
#define MAILMIG_SOURCE_CCMAIL_PRIVATE_H

#include "base/codepage.h"
#include "ccmail/directory.h"
#include "ccmail/export.h"
#include "ccmail/value.h"
#include "source/filing.h"
#include "source/source.h"

#define CC_DIRECTORY_NAME "(directory)"
#define CC_DIRECTORY_REF  "directory"
#define CC_BOARDS_NAME	  "PublicMessages"
#define CC_BOARDS_REF	  "boards"

enum cc_kind {
	CC_MAIL,    /* a mailbox's export */
	CC_BOARD,   /* a bulletin board's */
	CC_LISTS,   /* somebody's private directory and mailing lists */
	CC_ENTRIES, /* CCMDIR.EXP, CCMLIST.EXP, CCMBB.EXP */
};

/* One file of the address, or one that should be there. */
struct cc_place {
	enum cc_kind kind;
	char *file;  /* relative to the directory; may not exist */
	char *owner; /* name of the user or board, UTF-8 */
	char *
	    mailbox; /* name of the mailbox it goes to; NULL: public, or none */
	bool exists;
};

struct cc_options {
	guint codepage; /* 0: guess */
	int order;	/* enum ccmail_order, or -1: guess */
	GTimeZone *zone;
	const char *post_office, *office_path, *boards_root;
	const char *folder_word, *priority_word, *status_word;
	bool unread, settings, people;
};

/* A message on its way out. */
struct cc_letter {
	Spool *spool;
	GArray *parts; /* of struct part */
	struct envelope envelope;
	GString *headers, *text, *line;
	char key[33];
};

struct ccmail_source {
	struct source_base base;
	char *dir;
	GPtrArray *places; /* of struct cc_place */
	struct cc_options opts;

	/* one job */
	const struct job *job;
	Filing *filing;
	GPtrArray *mine; /* of struct cc_place, those of the job */
	guint at;
	const struct cc_place *place; /* the one that is open, or NULL */
	int fd;
	struct blob data;
	CcExport *export;
	Codepage *page;
	enum ccmail_order order;
	const struct ccmail_message *held; /* behind the RECORD_FOLDER given */
	struct cc_letter letter;
	guint settings_seen; /* messages of client settings left out */
	guint said;	     /* oddities of this place */
	GPtrArray *entries;  /* of struct ccmail_entry, of this place */
	GHashTable *by_name; /* entries by name in small letters; or NULL */
	guint entry;
	GPtrArray *attributes; /* texts of the record given */
	struct attribute given[8];
	char *values[8][2];
	const char *fields[ADDRESS_FIELDS];
	GArray *members; /* of struct person */
	bool told_inbox;
};

/* ccmail-places.c: all places of the address, into s->places. */
enum status cc_places_find(
    struct ccmail_source *s, const char *path, GError **error);
void cc_place_free(void *place);
/* Open the place's file: fd, data. ST_MAILBOX when it cannot be read. */
enum status cc_place_open(struct ccmail_source *s, GError **error);
void cc_place_close(struct ccmail_source *s);
/* The command line that makes the file of the place. g_free(). */
char *cc_place_command(
    const struct ccmail_source *s, const struct cc_place *place);

/* ccmail-message.c. Decoded text of octets, appended; and as a string. */
void cc_decode(
    const struct ccmail_source *s, const void *data, gsize len, GString *out);
char *cc_text(const struct ccmail_source *s, const void *data, gsize len);
/* Whose folder the message is in. */
struct filing_box *cc_message_box(
    struct ccmail_source *s, const struct ccmail_message *message);
/* A settings message of the release 8 client: no subject, no body (Q174255). */
bool cc_message_is_settings(
    const struct ccmail_source *s, const struct ccmail_message *message);
/* The message as a record. ST_THERE: settled earlier, nothing to give. */
enum status cc_message_give(struct ccmail_source *s, struct filing_box *box,
    const struct ccmail_message *message, struct record *record,
    GError **error);

/* ccmail-people.c: the next entry of s->entries. ST_END: none left. */
enum status cc_people_read(struct ccmail_source *s, GError **error);
enum status cc_people_next(struct ccmail_source *s, struct record *record);

void cc_say(struct ccmail_source *s, enum remark_level level, const char *code,
    const char *text, gint64 offset, const struct filing_box *box,
    const char *key);

#endif
