/*
 * The clear parts of a Microsoft Mail post office (spec/msmail.md 2, 3): users
 * by ADMIN.NME, and the listing of a mailbag. Message bodies and attachments
 * are in files nobody has described, and are not read.
 */
#ifndef MAILMIG_MSMAIL_OFFICE_H
#define MAILMIG_MSMAIL_OFFICE_H

#include "base/blob.h"

#include <stdbool.h>

#define MSMAIL_MBG_RECORD 116 /* bytes (Q77926) */
#define MSMAIL_NME_RECORD 45
#define MSMAIL_USERS_MAX   100000
#define MSMAIL_MEMBERS_MAX 2000 /* of a group (2) */

/* Four octets, the low one first, as every number here. */
guint32 msmail_le32(const guint8 *p);

/* A record of a mailbag (3.2: derived from the two that were printed). Octets
 * of the post office's code page, NUL-ended. */
struct msmail_mbg {
	char sender[12]; /* mailbox */
	char subject[44];
	char file[9]; /* eight hexadecimal digits: the message file */
	int year, month, day, hour, minute;
	gint64 size; /* octets; believed */
};
/* bytes: MSMAIL_MBG_RECORD of them. False when it is no record: the name of
 * its file is none. */
bool msmail_mbg_parse(const guint8 *bytes, struct msmail_mbg *out);

/* A record of ADMIN.NME (3.5): full name and id; its kind is not known. */
struct msmail_nme {
	char name[31];
	guint32 id; /* the name of the mailbag, if it is a user's */
};
bool msmail_nme_parse(const guint8 *bytes, struct msmail_nme *out);

/* What a file of the post office should be: multiple of a record, or a fixed
 * size (2, 3.1). NULL-ended table. */
struct msmail_size {
	const char *file;    /* "GLB/ACCESS.GLB" */
	gint64 head, record; /* size = head + n * record; record 0: fixed */
	const char *what;
};
extern const struct msmail_size msmail_sizes[];

#endif
