/*
 * Secondary files: sections and where their data lies
 * (spec/migration-files.md 10). Data is never read here, only found; nothing is
 * ever searched for in it (10.3 point 9).
 */
#ifndef MAILMIG_IFF_SEC_H
#define MAILMIG_IFF_SEC_H

#include "base/blob.h"
#include "base/codepage.h"
#include "iff/diag.h"

#include <stdbool.h>

#define SEC_HEADER_MAX (64 << 10) /* bytes of a section header line */
#define SEC_HEADING    "Type,Length,Encoding,Islast,Name,Position,Format"

enum sec_type {
	SEC_BODY,
	SEC_ATTACHMENT,
	SEC_SCHEDULE,
	SEC_DOCUMENT,
	SEC_OTHER,
};

struct sec_section {
	enum sec_type type;
	gint64 at;	  /* bytes, where its header line begins */
	struct blob data; /* a range of the file */
	bool truncated; /* the file ends before Length; data is what is there */
	bool last;
	gint64 next; /* where the next header line begins, if not last */
	const char *encoding, *name, *position,
	    *format; /* until the next read */
};

typedef struct Sec Sec;

/* Takes over fd. name is for diagnostics. lenient: a bare LF may end a header
 * line. ST_MAILBOX when its size cannot be known. */
enum status sec_open(Sec **out, int fd, const char *name, const Codepage *page,
    bool lenient, GError **error);
void sec_close(Sec *sec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sec, sec_close)
const char *sec_name(const Sec *sec);
gint64 sec_size(const Sec *sec);

/*
 * The section whose header line begins at the offset, with the repairs of 10.3
 * points 1-3. in_chain: it was promised by the one before (what is missing is
 * SEC_CHAIN_BROKEN). False after an error, which is in diags; *out is valid
 * even then when only the data was short (truncated).
 */
bool sec_read(
    Sec *sec, gint64 at, bool in_chain, struct sec_section *out, Diags *diags);

#endif
