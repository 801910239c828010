/*
 * Writing one primary and its secondary (spec/migration-files.md 15), in the
 * plain profile, which every original version reads, or in ext1.
 *
 * Offsets are taken from the output position. A message goes to the secondary
 * first; its row is kept back until writer_keep(), so that the caller can look
 * whether it is there already, and writer_drop() undoes it. No memory per
 * message is kept.
 */
#ifndef MAILMIG_IFF_WRITER_H
#define MAILMIG_IFF_WRITER_H

#include "base/codepage.h"
#include "iff/out.h"
#include "iff/pri.h"
#include "model/record.h"

#define WRITER_LINE_MAX 32000 /* characters of a line, 15.1 rule 12 */
#define WRITER_PLAIN_MAX                                                       \
	G_GINT64_CONSTANT(0x7fffffff) /* bytes of a section                    \
				       */

struct writer_options {
	bool ext1;
	bool headers; /* plain: keep the header block as HEADERS.TXT */
	const Codepage *page;
	GTimeZone *zone; /* of dates in the plain profile */
	const char *spool_dir;
	const char *sec_name; /* as pointers name it */
};

/* What the plain profile lost (15.3), and what was mended. */
struct writer_losses {
	gint64 characters; /* replaced: not in the code page */
	gint64 flags;	   /* messages with flags or keywords dropped */
	gint64 empty_folders;
	gint64 names; /* folder names changed */
};

typedef struct Writer Writer;

/* The two outputs and the options' texts live as long as the writer. The
 * heading of the secondary is written at once. */
enum status writer_new(Writer **out, Out *pri, Out *sec,
    const struct writer_options *options, GError **error);
void writer_free(Writer *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Writer, writer_free)

/* A comment line. */
enum status writer_comment(Writer *writer, const char *text, GError **error);
/* Section line and heading of MAILMESSAGE or PAB, if it is not the current
 * one. owner: the source address; is_public: PublicMessages. */
enum status writer_section(Writer *writer, enum pri_kind kind,
    const char *owner, bool is_public, GError **error);

/* A Kind=folder row (ext1), in a MAILMESSAGE section. In the plain profile
 * nothing is written. */
enum status writer_folder(Writer *writer, const struct folder *folder,
    bool is_public, GError **error);
/*
 * A message: sections now, the row on writer_keep(). *offset: of its Body.
 * *row_id: what tells the row from others of the mailbox, the same for the same
 * record, until the next call. ST_ITEM: the body cannot be read or is too large
 * for the profile; nothing remains of it.
 */
enum status writer_message(Writer *writer, const struct record *record,
    bool is_public, gint64 *offset, const char **row_id, GError **error);
enum status writer_keep(Writer *writer, GError **error);
enum status writer_drop(Writer *writer, GError **error);
/* The same text for a row that was read; appended. */
void writer_row_id(const struct pri_item *row, bool ext1, GString *out);

/* An address-book entry, in a PAB section. */
enum status writer_address(
    Writer *writer, const struct address *address, GError **error);
/* A directory row, in a DIRECTORY section of its own making. */
enum status writer_recipient(
    Writer *writer, const struct recipient *recipient, GError **error);

const struct writer_losses *writer_losses(const Writer *writer);

/*
 * The code page for texts that one alone must hold: 1252 if everything fits,
 * else the smallest of 850, 1250-1258, 932, 936, 949, 950 that does (15.1 rule
 * 2), else 1252. A set has one code page for all of its files, so this helps
 * only who knows all texts beforehand.
 */
guint writer_choose_codepage(const char *const *texts, guint n);

#endif
