/*
 * Primary files: logical lines, sections, headings and rows
 * (spec/migration-files.md 3, 4, 6). A cursor; constant memory whatever the
 * size of the file. What the rows mean is the business of directory.h, pab.h
 * and message.h.
 */
#ifndef MAILMIG_IFF_PRI_H
#define MAILMIG_IFF_PRI_H

#include "base/blob.h"
#include "base/codepage.h"
#include "iff/field.h"

enum pri_kind {
	PRI_OUTSIDE, /* before any section, or an unknown section */
	PRI_DIRECTORY,
	PRI_PAB,
	PRI_MAIL,
};

struct pri_section {
	enum pri_kind kind;
	char *owner;	    /* source address without MIGRATE:, or NULL */
	bool is_public;	    /* MAILMESSAGE,PublicMessages */
	bool bad;	    /* heading missing or wrong: all rows are skipped */
	enum diag_code why; /* when bad */
	gint64 line;	    /* of the section line */
	struct blob raw;    /* bytes of the section line, with its end */
	struct blob heading_raw; /* len 0 when there is none */
	GPtrArray *columns;	 /* of char *; the heading */
};

enum pri_what {
	PRI_SECTION, /* a section begins; its heading has been read */
	PRI_ROW,     /* a row; diags is within it until the caller ends it */
	PRI_SKIPPED, /* a logical line that is not usable */
};

struct pri_item {
	enum pri_what what;
	const struct pri_section *section; /* never NULL; until the next one */
	gint64 line;			   /* the first physical one */
	struct blob raw;		   /* the logical line, byte for byte */
	/* Of a row: as many as the heading, if diags_row_error() is NULL. */
	struct field *fields;
	guint n_fields;
	enum diag_code why; /* of a skipped line */
};

typedef struct Pri Pri;

/*
 * fd stays open and the caller's while the Pri lives. ext1: the set is in the
 * extended profile. at, line: 0, 1, or where a section line begins (its line's
 * start and number, from an earlier pri_section): then nothing is said about
 * the lines before it.
 */
Pri *pri_new(int fd, const Codepage *page, bool ext1, Diags *diags, gint64 at,
    gint64 line);
void pri_free(Pri *pri);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pri, pri_free)

/*
 * The next thing. For PRI_ROW the caller must call diags_row_end() before the
 * next call; quoting and field count have been checked (diags_row_error()).
 * ST_END at the end; ST_MAILBOX when the file cannot be read.
 */
enum status pri_next(Pri *pri, struct pri_item *out, GError **error);

/* Skip the rows of the current section as unusable, for this reason (no
 * mailbox): the following ones come as PRI_SKIPPED. */
void pri_skip_section(Pri *pri, enum diag_code why);

/* The 12 columns of 9.2. */
#define PRI_MAIL_COLUMNS 12
extern const char *const pri_mail_columns[PRI_MAIL_COLUMNS];

#endif
