/*
 * Schedule+ 1.0 interchange text (.SCH; spec/msmail.md 9): a heading, then
 * blocks of named fields. Only the beginning of its description was ever
 * public: what a field means is known for a few of them, so all are given by
 * name, and nothing here decodes text.
 */
#ifndef MAILMIG_MSMAIL_SCH_H
#define MAILMIG_MSMAIL_SCH_H

#include "base/blob.h"

#include <stdbool.h>

#define SCH_HEADING    "SCHEDULE+ EXPORT BY "
#define SCH_FIELDS_MAX 1000	 /* of one block */
#define SCH_BLOCK_MAX  (1 << 20) /* octets of one block's values */

struct sch_field {
	char *name;  /* "szText" */
	char *value; /* octets, NUL behind them; lines with LF between */
	gsize len;
};

struct sch_block {
	char *kind;	/* "FixedAppt" */
	GArray *fields; /* of struct sch_field, in order */
	gint64 at;	/* offset of its first line */
	bool ended;	/* its End was there */
	bool cut;	/* more than SCH_FIELDS_MAX or SCH_BLOCK_MAX */
};

typedef struct Sch Sch;

/* data lives as long as the cursor. */
Sch *sch_new(const struct blob *data);
void sch_free(Sch *sch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sch, sch_free)
/* The next block, valid until the next call. ST_ITEM with ERR_IO when the data
 * cannot be read. */
enum status sch_next(Sch *sch, const struct sch_block **out, GError **error);
/* Lines so far that belong to no block. */
guint sch_loose(const Sch *sch);
/* Does the data begin with the heading? */
bool sch_probe(const struct blob *data);
/* The first field of the name, without case; or NULL. */
const struct sch_field *sch_field(
    const struct sch_block *block, const char *name);

#endif
