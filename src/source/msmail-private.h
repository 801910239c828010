/* What the files of the Microsoft Mail source share: msmail.c (the order of
 * things), msmail-places.c (which file is whose), msmail-office.c (a post
 * office), msmail-message.c (a message to parts), msmail-mai.c (one of a post
 * office), msmail-schedule.c (calendars), msmail-people.c (user lists, address
 * files), msmail-users.c (a user list written). */
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

#define MS_SAID_MAX 20 /* oddities of one file that are told */

enum ms_kind { MS_MESSAGES, MS_MAILBAG, MS_SCHEDULE };

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
	const char *post_office, *users, *addresses, *make_users;
	bool unread, mai;
};

struct msmail_source {
	struct source_base base;
	char *root;
	bool is_office;
	guint strangers; /* names of the office that are nobody's we know */
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
	struct ms_schedule *schedule;
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
struct ms_person *ms_person_add(struct msmail_source *s);
/* A user list as the original wizard made one (1), into the file of the option,
 * which must not be there with another content. */
enum status ms_users_write(struct msmail_source *s, GError **error);
/* Names of mailboxes are compared without case (Q169130). */
bool ms_is_same(const char *a, const char *b);
enum status ms_places_find(
    struct msmail_source *s, const char *path, GError **error);
/* The mailbags of a post office as places, and its users and groups as people
 * when no list says who they are (3.5). */
enum status ms_office_find(struct msmail_source *s, GError **error);
/* The sizes of its files, and names that are nobody's: remarks (3.1). */
void ms_office_check(struct msmail_source *s);
void ms_place_add(struct msmail_source *s, enum ms_kind kind, const char *path,
    const char *user);
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

/* Schedule+ text, of either kind (.SCH, .SC2). */
bool ms_schedule_probe(const struct blob *data);
void ms_schedule_open(struct msmail_source *s);
void ms_schedule_close(struct msmail_source *s);
enum status ms_schedule_next(
    struct msmail_source *s, struct record *record, GError **error);

/* Text into the spool: UTF-8, CR LF. */
enum status ms_text_put(
    struct msmail_source *s, const struct blob *blob, GError **error);
/* The file of that record, its envelope being taken; ST_ITEM when it does not
 * prove itself. */
enum status ms_mai_give(struct msmail_source *s, const struct filing_box *box,
    const struct msmail_mbg *bag, struct record *record, GError **error);

void ms_say(struct msmail_source *s, enum remark_level level, const char *code,
    const char *text, gint64 offset, const struct filing_box *box,
    const char *key);

#endif
