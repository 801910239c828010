/* What groupwise.c (directories, the order of things), groupwise-message.c (a
 * header file as a message or a recipient) and groupwise-calendar.c (one as an
 * entry of a calendar) share. */
#ifndef MAILMIG_SOURCE_GROUPWISE_PRIVATE_H
#define MAILMIG_SOURCE_GROUPWISE_PRIVATE_H

#include "base/codepage.h"
#include "groupwise/api.h"
#include "source/filing.h"
#include "source/source.h"

#define GW_ATTRIBUTES_MAX 16

/* A header file and a mailbox that it belongs to. */
struct gw_entry {
	char *file;    /* path */
	char *mailbox; /* NULL: of the directory */
};

struct groupwise_source {
	struct source_base base;
	char *root, *headers_dir;
	char *att_dirs[3]; /* where bodies and attachments may be; or NULL */
	guint codepage;	   /* 0: UTF-8 where it is that, else 1252 */
	GTimeZone *zone;
	bool by_sender, unread, calendar;
	GPtrArray *entries; /* of struct gw_entry */

	/* one job */
	const struct job *job;
	Filing *filing;
	GPtrArray *mine; /* of struct gw_entry */
	guint at;
	bool told_inbox, directory;
	struct api_file api;
	bool open;  /* api is that of mine[at] */
	guint node; /* of a directory file: the next one to look at */
	Spool *spool;
	GArray *parts; /* of struct part */
	struct envelope envelope;
	GString *head, *text, *ical;
	GArray *fds; /* of int: files that the record's parts lie in */
	char key[80];
	GPtrArray *kept;
	struct attribute given[GW_ATTRIBUTES_MAX];
	guint n_given;
};

/* Text of the header file's character set, on one line. g_free() */
char *gw_text(const struct groupwise_source *s, const char *octets);
/* That of a keyword among the nodes; NULL when there is none. g_free() */
char *gw_value(
    const struct groupwise_source *s, const GPtrArray *nodes, const char *name);
/* A date of the header file. False, and unknown, when there is none. */
bool gw_stamp(
    struct groupwise_source *s, const char *keyword, struct stamp *out);
/* "GWISE:DOMAIN.PO.USER" of an address element, or NULL when it names no local
 * user. g_free() */
char *gw_mailbox(const struct groupwise_source *s, const GPtrArray *element);
/* Is it mail, a phone message (or, asked for, an appointment, note, task)? */
bool gw_is_message(const struct api_file *api);
/* Of a Msg-Type: APPT, NOTE or TASK; TASK. */
bool gw_is_calendar(const char *type);
bool gw_is_task(const char *type);
/* The file as an iCalendar object with one item, the envelope being taken
 * already; description: its text. False: it has no date to put it at. */
bool gw_calendar_write(struct groupwise_source *s, const char *type,
    const char *uid, const char *description, GString *out);
enum status gw_message_give(struct groupwise_source *s,
    const struct gw_entry *entry, struct record *record, GError **error);
/* The node of a directory file as a recipient. False: it is none. */
bool gw_recipient(struct groupwise_source *s, const struct api_node *node,
    struct record *record);
void gw_close_files(struct groupwise_source *s);
/* A file of the name, without case; or NULL. g_free() */
char *gw_find(const char *dir, const char *name);

void gw_say(struct groupwise_source *s, enum remark_level level,
    const char *code, const char *text, const struct filing_box *box,
    const char *key);

#endif
