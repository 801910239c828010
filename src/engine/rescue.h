/*
 * The recovery set of one attempt at a mailbox: what failed and could be read,
 * as migration files in state_dir/recovery/RUN/MAILBOX, which `mailmig import`
 * takes like any other set. It is written with the destination driver "files",
 * so it counts only when the attempt ended, and a cut one leaves nothing.
 */
#ifndef MAILMIG_ENGINE_RESCUE_H
#define MAILMIG_ENGINE_RESCUE_H

#include "model/job.h"

typedef struct Rescue Rescue;

/* Where it lies; nothing is made. parts > 1: each part has its own. g_free() */
char *rescue_dir(const char *state_dir, guint64 run, const char *mailbox,
    guint part, guint parts);

/* job: of the attempt; must live as long. Makes nothing before the first put.
 */
Rescue *rescue_new(const struct job *job);
void rescue_free(Rescue *rescue); /* unfinished: undone */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rescue, rescue_free)

/* A record with its body. ST_MAILBOX: it cannot be kept. */
enum status rescue_put(
    Rescue *rescue, const struct record *record, GError **error);
/* A message that is kept, and its place: the packing list names a primary file,
 * whose line leads to the entry in the secondary file. */
struct rescue_item {
	char **folder, *key; /* at the source */
	char *entry;	     /* "00000001.SEC(50)"; NULL: not known */
	char *list, *file;   /* names in the directory; NULL: not found */
	gint64 line;	     /* from 1 */
};

/* End it; *n: how many records it holds, 0: there is none. */
enum status rescue_finish(Rescue *rescue, guint64 *n, GError **error);
/* After it: of struct rescue_item, at most RESCUE_ITEMS_MAX; the caller's. */
#define RESCUE_ITEMS_MAX 20000 /* as many as a report's page shows */
GPtrArray *rescue_items(Rescue *rescue);

#endif
