/* What the files of the Microsoft Mail source share: msmail.c (the order of
 * things), msmail-places.c (which file is whose), msmail-message.c (a message
 * to parts), msmail-people.c (user lists, address files). */
#ifndef MAILMIG_SOURCE_MSMAIL_PRIVATE_H
#define MAILMIG_SOURCE_MSMAIL_PRIVATE_H

#include "base/codepage.h"
#include "msmail/address.h"
#include "msmail/mmff.h"
#include "msmail/office.h"
#include "source/filing.h"
#include "source/source.h"

#define MS_DIRECTORY_NAME "(directory)"
#define MS_DIRECTORY_REF  "directory"

enum ms_kind { MS_MESSAGES, MS_MAILBAG };

struct ms_place {
	enum ms_kind kind;
	char *path; /* as it is opened; NULL: a user without a file */
	char *user; /* alias; UTF-8 */
	char *mailbox;
};

/* A row of a user list or an address file. */
struct ms_person {
	char *user, *full_name; /* alias; full name or NULL */
	char *type, *address;	/* "MS", "NET/PO/USER"; NULL: not said */
	bool is_group, is_local;
	GPtrArray *names, *values; /* more columns, in parallel */
	GPtrArray *members;	   /* of a group: char * */
};

struct ms_options {
	guint codepage; /* 0: guess */
	GTimeZone *zone;
	const char *post_office, *users, *addresses;
	bool unread;
};

struct msmail_source {
	struct source_base base;
	char *root;
	bool is_office;
	struct ms_options opts;
	GPtrArray *places; /* of struct ms_place */
	GPtrArray *people; /* of struct ms_person */

	/* one job */
	const struct job *job;
	Filing *filing;
	GPtrArray *mine; /* of struct ms_place */
	guint at;
	const struct ms_place *place;
	int fd;
	struct blob data;
	Codepage *page;
	Mmff *mmff;
	const struct mmff_message *held;
	gint64 record; /* of a mailbag: the next one, from 0 */
	guint said;
	bool told_inbox, directory;
	guint person;
	Spool *spool;
	GArray *parts; /* of struct part */
	struct envelope envelope;
	GString *headers, *text;
	char key[48];
	GPtrArray *kept;    /* texts of the recipient given */
	GArray *attributes; /* of struct attribute */
};

void ms_place_free(void *place);
void ms_person_free(void *person);
enum status ms_places_find(
    struct msmail_source *s, const char *path, GError **error);
/* The sizes of a post office's files: remarks (3.1). */
void ms_office_check(struct msmail_source *s);
/* Full names by id, from ADMIN.NME: of guint32 to char *; may be empty. */
GHashTable *ms_office_names(const char *root, const Codepage *page);
/* A name in the directory without regard to case; NULL: not there. g_free() */
char *ms_find(const char *dir, const char *name);

/* Read the user list and the address file of the options, if there are any. */
enum status ms_people_find(struct msmail_source *s, GError **error);
/* The next person as a recipient. ST_END: none left. */
enum status ms_people_next(struct msmail_source *s, struct record *record);

char *ms_text(const struct msmail_source *s, const void *data, gsize len);
enum status ms_message_give(struct msmail_source *s, struct filing_box *box,
    const struct mmff_message *message, struct record *record, GError **error);
/* A record of a mailbag: what it tells, and that its body is not read. */
enum status ms_mailbag_give(struct msmail_source *s, struct filing_box *box,
    const struct msmail_mbg *bag, struct record *record, GError **error);

void ms_say(struct msmail_source *s, enum remark_level level, const char *code,
    const char *text, gint64 offset, const struct filing_box *box,
    const char *key);

#endif
