/* What the files of the Maildir destination share. */
#ifndef MAILMIG_DEST_MAILDIR_PRIVATE_H
#define MAILMIG_DEST_MAILDIR_PRIVATE_H

#include "dest/dest.h"
#include "maildir/maildir.h"

#define MAILDIR_HASH_LEN 24 /* hexadecimal digits in a name: 96 bits */

/* A folder of the job. */
struct maildir_place {
	const struct folder *folder;
	char *dir;    /* below the mailbox; "" for the inbox */
	char **path;  /* as a reader of it sees the folder */
	bool existed; /* before this job: may hold our messages */
	bool touched; /* its directories need a sync */
	bool keywords_read, keywords_new, keywords_full;
	struct maildir_keywords keywords;
	/* Files that mailmig wrote, by the hash in their names: "cur/<file>";
	 * NULL until somebody asks. */
	GHashTable *index;
};

/* A message in tmp. */
struct maildir_pending {
	struct maildir_place *place;
	guint64 seq;
	char hash[MAILDIR_HASH_LEN + 1];
	char *tmp, *cur; /* below the mailbox */
};

struct maildir_dest {
	struct dest_base base;
	char *root;
	enum maildir_layout layout;
	bool mailbox_dir, lf;
	/* The job: */
	const struct job *job;
	int fd;		    /* the mailbox's directory */
	bool made;	    /* directories that no sync has seen */
	GHashTable *places; /* struct folder * to struct maildir_place * */
	GHashTable *maps;   /* struct folder * to char **: map() before put() */
	GHashTable *dirs;   /* the directories they took */
	GHashTable *announced; /* struct folder * to char *: directory chosen */
	GArray *pending;       /* of struct maildir_pending */
	GArray *ready;	       /* of struct maildir_ready */
	guint ready_at;
	Spool *joined;	       /* a message that came in parts */
	MaildirReader *reader; /* to compare with what is there */
	GString *path, *name;
	guint8 *buf; /* a small message with LF */
	gsize room;  /* bytes */
};

struct maildir_ready {
	guint64 seq;
	char hash[MAILDIR_HASH_LEN + 1];
};

/* maildir-folder.c */
enum status maildir_place_find(struct maildir_dest *d,
    const struct folder *folder, struct maildir_place **out, GError **error);
/* Choose its directory, and make nothing. */
void maildir_place_announce(
    struct maildir_dest *d, const struct folder *folder);
void maildir_place_free(gpointer place);
/* "cur/file" or "new/file" of the message with that hash, or NULL; again: read
 * the directories anew. */
const char *maildir_place_look(struct maildir_dest *d,
    struct maildir_place *place, const char *hash, bool again);
/* The letters of these keywords; new ones get a letter while there are any. */
guint32 maildir_place_keywords(struct maildir_dest *d,
    struct maildir_place *place, const char *const *keywords);
/* A failure of the operating system, with its reach. */
enum status maildir_io_fail(struct maildir_dest *d, const char *what,
    const char *path, int err, GError **error);

#endif
