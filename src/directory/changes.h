/*
 * Changes of a directory: one at a time, its undoing in the journal first, then
 * the store, then what is known of the store. With dry, nothing is written but
 * a copy, so that a plan is what a run would do.
 */
#ifndef MAILMIG_DIRECTORY_CHANGES_H
#define MAILMIG_DIRECTORY_CHANGES_H

#include "directory/journal.h"
#include "directory/match.h"
#include "directory/passwords.h"
#include "event/event.h"

struct changes_counts {
	guint created, converted, changed, removed, linked;
	guint there, failed, warnings;
};

typedef struct Changes Changes;
struct changes_params {
	const char *url; /* of the store; NULL: STATE/directory.sqlite */
	const char *user, *password;
	const char *state_dir;
	bool dry;
	/* For mailboxes that are made; NULL: they get none. Taken over, also
	 * on failure. */
	Passwords *passwords;
	void (*tell)(Event *event, void *user); /* takes the event */
	void *tell_user;
};
/* Opens the store and the journal, ends conversions that an earlier run began,
 * and looks at everything that is there. */
enum status changes_open(
    Changes **out, const struct changes_params *params, GError **error);
/* ST_RUN: what was written is not durable. */
enum status changes_commit(Changes *changes, GError **error);
void changes_close(Changes *changes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Changes, changes_close)

/* To look things up in. */
Store *changes_store(Changes *changes);
struct changes_counts *changes_counts(Changes *changes);
/* The undo file; NULL when nothing was written. */
const char *changes_undo_path(const Changes *changes);
/* Of params; NULL: none are made. */
const Passwords *changes_passwords(const Changes *changes);

/* Tell: key and text of an entry, or a row of a file (line > 0). */
void changes_tell(Changes *changes, enum event_id id, const char *name,
    int line, const char *reason);

/* Each returns ST_ITEM after an event that says what was refused. */
enum status changes_create(Changes *changes, Entry *entry, GError **error);
/* Would the store keep the same of both? */
bool changes_same(const Changes *changes, const Entry *old, const Entry *new);
/* ST_THERE: no difference, nothing written (Q170540). */
enum status changes_modify(
    Changes *changes, const Entry *old, const Entry *new, GError **error);
enum status changes_remove(Changes *changes, const Entry *old, GError **error);
/* Links of one holder to all targets (of char *), some at a time; those that
 * are there already are left alone. What is refused is told one by one, and the
 * others go on. ST_THERE: nothing was written. */
enum status changes_link(Changes *changes, const char *holder,
    const char *attribute, const GPtrArray *targets, bool add, GError **error);

/*
 * A custom recipient becomes a mailbox (migration-files.md 12.3, Q194218):
 * directory data, all addresses, the old legacyExchangeDN as an X500 address,
 * membership in every list, hidden ones too. source: the mailbox its mail comes
 * from, or NULL; extra: a row whose attributes it also gets, or NULL. Also for
 * what is a mailbox already: then only what is missing is added, ST_THERE when
 * nothing is. id (may be NULL): its name now; g_free().
 */
enum status changes_convert(Changes *changes, const Entry *old,
    const char *source, const Entry *extra, char **id, GError **error);

#endif
