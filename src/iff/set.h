/*
 * A set of migration files to read: its directory, packing list, files and the
 * mailboxes in them (spec/migration-files.md 2, 5, 6). Nothing is written here;
 * read-only media will do.
 */
#ifndef MAILMIG_IFF_SET_H
#define MAILMIG_IFF_SET_H

#include "iff/pkl.h"
#include "iff/pri.h"
#include "iff/sec.h"

#define SET_MISSES_MIN 3
#define SET_SECS_OPEN  8 /* secondaries kept open between messages */

struct set_options {
	guint codepage;	      /* instead of that of the packing list, or 0 */
	guint names_codepage; /* of the packing list itself, or 0: 1252 */
	bool lenient;
};

typedef struct Set Set;

/*
 * path: a packing list, or a directory that holds exactly one. What is wrong
 * with the list is kept for set_report(). ST_RUN: no such thing, or the list is
 * not usable (its fatal diagnostic is in the error).
 */
enum status set_open(Set **out, const char *path,
    const struct set_options *options, GError **error);
void set_close(Set *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Set, set_close)

const Pkl *set_pkl(const Set *set);
const char *set_pkl_name(const Set *set);  /* "HOLMEN.PKL" */
const char *set_directory(const Set *set); /* its path */
const Codepage *set_page(const Set *set);
bool set_is_ext1(const Set *set);
bool set_is_lenient(const Set *set);

/* The diagnostics of the packing list, and PKL_FILE_MISSING of its files. */
void set_report(Set *set, Diags *diags);

/* Open a listed file for reading, by its exact name or a unique match without
 * case; -1 when there is none. The caller closes it. */
int set_open_file(Set *set, const char *name);
/* Its name on the file system; NULL when missing. Free with g_free(). */
char *set_file_name(Set *set, const char *name);

/* A secondary by the name of a pointer. NULL after MSG_SEC_NOT_LISTED or
 * MSG_SEC_MISSING. Valid until set_trim(). */
Sec *set_sec(Set *set, const char *name, Diags *diags);
/*
 * A pointer into the secondary (its name as listed) has been followed. hit:
 * there was a section header. set_suspects() reports SEC_TRANSFER, once, for
 * every secondary with at least SET_MISSES_MIN pointers that missed, if those
 * are more than half of all (3.2): a transfer as text has moved its bytes.
 */
void set_pointed(Set *set, const char *name, bool hit);
void set_suspects(Set *set, Diags *diags);
/* Between two messages: blobs handed out before are void. */
void set_trim(Set *set);

/* Where sections of one mailbox begin. */
struct set_place {
	guint file; /* index in pkl->files */
	gint64 at, line;
};
struct set_mailbox {
	char *name; /* owner as first written, without MIGRATE: */
	bool is_public;
	gint64 messages; /* rows, usable or not, without Kind=folder */
	GArray *places;	 /* of struct set_place, in order of the set */
};
/* All mailboxes of the set in order of appearance (struct set_mailbox, the
 * set's own), found by reading every primary once. Errors of reading a file
 * leave it out: they come again when it is read in earnest. */
const GPtrArray *set_mailboxes(Set *set);
/* A word that changes when the packing list or one of these files does. */
char *set_stamp(Set *set, const struct set_mailbox *mailbox);

#endif
