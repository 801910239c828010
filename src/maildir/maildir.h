/*
 * Maildir as people keep it: file names and their flags (D. J. Bernstein's
 * maildir(5)), folders as Maildir++ and Dovecot's LAYOUT=fs lay them out,
 * keywords of Dovecot and Courier, and the octets in a file. A format library:
 * it knows files and names, nothing of records.
 */
#ifndef MAILMIG_MAILDIR_MAILDIR_H
#define MAILMIG_MAILDIR_MAILDIR_H

#include "base/spool.h"

#include <stdbool.h>

enum maildir_flag {
	MAILDIR_DRAFT = 1 << 0,	  /* D */
	MAILDIR_FLAGGED = 1 << 1, /* F */
	MAILDIR_PASSED = 1 << 2,  /* P: forwarded */
	MAILDIR_REPLIED = 1 << 3, /* R */
	MAILDIR_SEEN = 1 << 4,	  /* S */
	MAILDIR_TRASHED = 1 << 5, /* T */
};
#define MAILDIR_KEYWORDS_MAX 26 /* letters a to z, per folder */

/* A file name taken apart. */
struct maildir_name {
	gsize base_len;	  /* bytes before the flags: the unique name */
	guint32 flags;	  /* enum maildir_flag, or-ed */
	guint32 keywords; /* bit n: letter 'a' + n */
	gint64 file_size, wire_size; /* octets of ,S= and ,W=; -1: not said */
};
/* Any name is one; ':', ';' and '!' are known before "2,". */
void maildir_name_parse(const char *file, struct maildir_name *out);
/* ":2," and the letters in byte order, as maildir(5) asks; appends. */
void maildir_name_add_info(GString *name, guint32 flags, guint32 keywords);

/*
 * Folder names: modified UTF-7 (RFC 3501 5.1.3), where dots, slashes, control
 * characters and what a file system or Maildir itself would take for something
 * else are encoded too, so that any name can be a directory and comes back.
 */
char *maildir_name_encode(const char *name, bool dots);
/* Never NULL; what is not modified UTF-7 is taken as UTF-8, else as
 * Windows-1252. */
char *maildir_name_decode(const char *text, gsize len);

enum maildir_layout { MAILDIR_AUTO, MAILDIR_PLUSPLUS, MAILDIR_FS };
#define MAILDIR_NAME_MAX  255 /* bytes of one directory's name */
#define MAILDIR_DEPTH_MAX 100 /* directories below each other */

/*
 * The directory of a folder below its maildir: "" for { "INBOX" }, ".A.B" or
 * "A/B". A name that would be too long is cut and gets a digest of all of it.
 * *shortened may be NULL.
 */
char *maildir_folder_to_dir(
    char *const *path, enum maildir_layout layout, bool *shortened);
/* Its inverse, as far as there is one; g_strfreev(). */
char **maildir_folder_from_dir(const char *dir, enum maildir_layout layout);

/* Does dir, below dirfd, hold a maildir (cur and new)? */
bool maildir_is_one(int dirfd, const char *dir);

/*
 * The folders of a maildir, sorted by name, INBOX first: appends char *, each a
 * directory below root ("" for the inbox). Links are not followed into. *layout
 * of each: dirs[i][0] == '.' means Maildir++.
 * ST_MAILBOX when root cannot be read.
 */
enum status maildir_folders(
    int rootfd, enum maildir_layout layout, GPtrArray *dirs, GError **error);

/* Keyword names by letter, NULL where none is set. dir is below dirfd. */
struct maildir_keywords {
	char *names[MAILDIR_KEYWORDS_MAX];
};
void maildir_keywords_clear(struct maildir_keywords *keywords);
/* Dovecot's file; a folder without one has none. */
void maildir_keywords_read(
    int dirfd, const char *dir, struct maildir_keywords *out);
/* Writes beside, syncs, renames. ST_MAILBOX on failure. */
enum status maildir_keywords_write(int dirfd, const char *dir,
    const struct maildir_keywords *keywords, GError **error);
/* Courier keeps keywords in files beside the mail, one per message: the
 * keywords of the message with this unique name, or NULL; g_strfreev(). */
char **maildir_courier_keywords(int dirfd, const char *dir, const char *base);

/*
 * The octets of a message in wire form. A file is taken octet for octet when
 * its first line ends in CR LF, or when its name says that it has as many
 * octets as the message (,W=); else each bare LF becomes CR LF. gzip files
 * (Dovecot's zlib plugin) are read; zstd, bzip2, xz and lz4 are refused by
 * name.
 */
typedef struct MaildirReader MaildirReader;

#define MAILDIR_MESSAGE_MAX (G_GINT64_CONSTANT(4) << 30) /* octets unpacked */

MaildirReader *maildir_reader_new(const char *spool_dir);
void maildir_reader_free(MaildirReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MaildirReader, maildir_reader_free)
/*
 * file: below dirfd. *out and *mtime (seconds) live until the next call.
 * ST_ITEM: not there, not readable, packed in an unknown way, damaged.
 */
enum status maildir_read(MaildirReader *reader, int dirfd, const char *file,
    struct blob *out, gint64 *mtime, GError **error);

#endif
