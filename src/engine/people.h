/*
 * People: the directory beside the mail (directory/store.h). Before a run it
 * says which recipient each source mailbox belongs to, converts those who are
 * custom recipients, and names who has none, with what can be done about it
 * (Q256199); for `mailmig directory` it does the same without any mail.
 */
#ifndef MAILMIG_ENGINE_PEOPLE_H
#define MAILMIG_ENGINE_PEOPLE_H

#include "directory/import.h"
#include "engine/jobs.h"

/* The directory that the plan names; dry: nothing is written. */
enum status people_open(Changes **out, const Plan *plan, bool dry,
    void (*tell)(Event *event, void *user), void *user, GError **error);
/* The policy of the plan; texts are the plan's. Free ->addresses with g_free().
 * ST_RUN with ERR_CONFIG. */
enum status people_policy(const Plan *plan, struct policy *out, GError **error);
/* Mailboxes of a source; appended to out (of struct mailbox). */
enum status people_list(const Plan *plan, GPtrArray *out, GError **error);
/* The recipients that a source holds beside its mail, into the directory. */
enum status people_import(const Plan *plan, Import *import, GError **error);
/* One source mailbox: its recipient, converted if need be. *destination: its
 * name there; NULL: it has none, and it has been told why. left_out: because
 * the map says so. */
enum status people_place(const Plan *plan, Changes *changes,
    const MatchMap *map, const char *mailbox, char **destination,
    bool *left_out, GError **error);
enum people_how {
	PEOPLE_WRITE, /* a run */
	PEOPLE_TRY,   /* what a run would do, in a copy of the directory */
	PEOPLE_FIND,  /* the same, for mail that is there: nobody is made */
};
/*
 * All of a run. Mailboxes without a recipient are taken from wanted and told
 * (8074), the others get their destination. Does nothing when the plan names no
 * directory.
 */
enum status people_place_all(const Plan *plan, GPtrArray *wanted,
    enum people_how how, void (*tell)(Event *event, void *user), void *user,
    GError **error);
/* As whom a mailbox is opened: its account; or, when the directory named its
 * place, that one, in *room (whose texts are wanted's); NULL: neither. */
const struct account *people_account(
    const Plan *plan, const struct wanted *wanted, struct account *room);
/* Why a match gives nobody, and the remedies that apply; g_free(). */
char *people_remedies(const Plan *plan, const struct match *match);

#endif
