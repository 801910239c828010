/* What the files of the Notes driver share. */
#ifndef MAILMIG_SOURCE_NOTES_PRIVATE_H
#define MAILMIG_SOURCE_NOTES_PRIVATE_H

#include "nsf/dxl.h"
#include "nsf/mail.h"
#include "nsf/structured.h"
#include "source/filing.h"
#include "source/source.h"

#define NOTES_FOLDERS_MAX 60000	    /* folders of a database: a word each */
#define NOTES_MEMBERS_MAX 100000000 /* notes in all folders together */

/* What a database is taken for. */
enum notes_as {
	NOTES_AUTO,
	NOTES_MAIL,
	NOTES_PUBLIC,	 /* a discussion: one public folder */
	NOTES_DIRECTORY, /* persons and groups are recipients */
	NOTES_CONTACTS,	 /* they are entries of a personal address book */
};

/* A document of the database, on the way. */
struct notes_entry {
	guint64 place; /* struct nsf_place, packed */
	guint64 hash;  /* of its UNID */
	guint32 id;
	guint32 order; /* as it was found */
	guint32 sequence;
	guint16 box;  /* index into folders */
	guint8 form;  /* enum nsf_form */
	bool broken;  /* could not be read */
	bool twin;    /* another one has its UNID */
	bool parent;  /* of a series */
	bool dropped; /* there is a newer one, or its instances are there */
};

/* Who is in a directory, by every name that is known of them. */
typedef struct NotesNames NotesNames;

struct notes_counts {
	gint64 stubs, profiles, others, access, parents, encrypted, unresolved,
	    shared;
};

struct notes_source {
	struct source_base base;
	char *dir, *file; /* file: the only one, or NULL */
	enum notes_as as;
	bool rescue, copies, calendar, unread, lz1;
	bool text_too; /* structured text is read */
	enum nsf_date_order dates;
	guint8 separator;
	char *directory;
	/* The job: */
	const struct job *job;
	enum notes_as kind;
	char *path, *title;
	Filing *filing;
	Nsf *nsf;
	NsfDxl *dxl;
	NsfStructured *text;
	GArray *entries;    /* of struct notes_entry */
	GPtrArray *folders; /* of struct filing_box * */
	guint at, told;	    /* next entry; folders told of */
	struct nsf_note note;
	struct nsf_mail mail;
	Spool *joined;
	struct filing_box *box; /* of the note at hand, its folder told of */
	NotesNames *names;
	struct nsf_resolver resolver;
	struct notes_counts counts;
	bool ended;
	GString *key;
	/* What a record of a person points to: */
	GPtrArray *held; /* char * */
	struct attribute attributes[40];
	const char *fields[ADDRESS_FIELDS];
	GArray *members; /* of struct person */
	GString *card;
};

void notes_say(struct notes_source *s, enum remark_level level,
    const char *code, const struct filing_box *box, const char *key,
    const char *format, ...) G_GNUC_PRINTF(6, 7);

/* Folders and documents of a database, before the first record:
 * notes-folders.c */
enum status notes_survey(struct notes_source *s, GError **error);
void notes_place_unpack(guint64 packed, struct nsf_place *out);
/* Where a document goes that no folder holds. */
struct filing_box *notes_box_by_state(
    struct notes_source *s, const struct nsf_mail *mail, bool has_inbox);
enum notes_as notes_guess(Nsf *nsf);

/* Persons and groups: notes-people.c. False: this note gives no record. */
bool notes_person(struct notes_source *s, const struct nsf_note *note,
    enum nsf_form form, struct record *record);
/* The Internet address, as the item or as MailAddress says it; NULL: none.
 * g_free(). */
char *notes_internet_address(const struct nsf_note *note);
/* An access list, not one for mail (GroupType). */
bool notes_is_access(const struct nsf_note *note);

/* Names of a directory: notes-names.c. */
enum status notes_names_open(
    NotesNames **out, const char *path, GError **error);
/* Those of the database at hand. */
NotesNames *notes_names_of(Nsf *nsf);
void notes_names_close(NotesNames *names);
char *notes_names_smtp(void *ctx, const char *name); /* struct nsf_resolver */
/*
 * What the entry of the person or group is called that has full as the first of
 * its names: the common name, with the rest in parentheses where two share it;
 * never a '/', which parts names in directory files. names may be NULL.
 * g_free().
 */
char *notes_names_common(NotesNames *names, const char *full, bool group);
/* The same of a member of a group: of the entry that has this name, alias,
 * short name or address; of nobody's name what cannot be taken for somebody
 * else's; an Internet address as it is. NULL for an empty one. g_free(). */
char *notes_names_entry(NotesNames *names, const char *name);

#endif
