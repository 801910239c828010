/*
 * Finding the recipient that the mail of a source mailbox belongs to
 * (spec/migration-files.md 12.2, and beyond). The first rule that finds
 * anything decides, over all containers:
 *
 *	map		a row of the mapping file: somebody decided
 *	stamp		our own mark of an earlier run (Imported-From)
 *	migrate		the address MIGRATE:source
 *	native		the source's own address, among all addresses
 *	smtp		the Internet address that the source's name is
 *	alias		the user's name in the source's address
 *	display		the display name in it, also "Last, First"
 *
 * More than one hit is ambiguous: all are listed, none is taken.
 */
#ifndef MAILMIG_DIRECTORY_MATCH_H
#define MAILMIG_DIRECTORY_MATCH_H

#include "directory/store.h"

#define MATCH_STAMP "mailmig:" /* what Imported-From begins with */

enum match_rule {
	MATCH_NONE,
	MATCH_MAP,
	MATCH_BY_STAMP,
	MATCH_MIGRATE,
	MATCH_NATIVE,
	MATCH_SMTP,
	MATCH_ALIAS,
	MATCH_DISPLAY,
};
const char *match_rule_name(enum match_rule rule);
bool match_is_weak(enum match_rule rule); /* by a name, not by an address */

/* Rows of a mapping file: "source,mailbox" (CSV; further columns are for
 * people): the second is a name (DN), an address, an alias, or "-": leave out.
 */
typedef struct MatchMap MatchMap;
enum status match_map_load(MatchMap **out, const char *path, GError **error);
void match_map_free(MatchMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MatchMap, match_map_free)

struct match {
	enum match_rule rule;
	bool left_out;	       /* the map says so */
	Entry *entry;	       /* or NULL: none, or more than one */
	GPtrArray *candidates; /* of Entry, when more than one */
	char *why;	       /* "address MIGRATE:CCMAIL:Anna at PO1" */
};
void match_clear(struct match *match);

/* map may be NULL. ST_OK in any case but a store that cannot be asked. */
enum status match_find(Store *store, const MatchMap *map, const char *source,
    struct match *out, GError **error);
/* The user's part and the person's name in a source address; NULL: none. */
char *match_alias_of(const char *source);
char *match_display_of(const char *source);

#endif
