/*
 * The contract of a source driver: a cursor over what it holds. It never
 * writes to what it reads and knows nothing of the destination. One Source
 * serves one job at a time; each worker opens its own.
 */
#ifndef MAILMIG_SOURCE_SOURCE_H
#define MAILMIG_SOURCE_SOURCE_H

#include "model/job.h"

/* One place where a file at rest breaks a rule of its format. */
struct finding {
	const char *rule; /* its name: "block" */
	const char *words; /* the rule, one sentence without a dot */
	char *where; /* the place, and how it is broken; one line */
	bool broken; /* else a warning: nothing relies on the rule */
};
/* What a strict check found in one mailbox; free with source_check_clear(). */
struct source_check {
	GPtrArray *findings; /* of struct finding; NULL: none. The first only */
	guint64 broken, warnings; /* all of them */
	char *summary; /* what was looked at: "3 folders, 17 messages" */
};
void source_check_add(struct source_check *check, const char *rule,
    const char *words, const char *where, bool broken);
void source_check_clear(struct source_check *check);

typedef struct Source Source; /* each driver defines its own, first member: */
struct source_driver {
	const char *name; /* "imap"; also the file name and man page section */
	const char *const *schemes; /* { "imap", "imaps", NULL } */
	const char *summary;
	const struct option *options;
	guint32 gives; /* 1u << enum record_kind, or-ed */
	bool accounts; /* needs a login for each mailbox (IMAP) */
	/* It knows all folders of a job before begin() returns, and announces
	 * them (struct known). Where names can clash, a mailbox of one that
	 * does not gets one connection. */
	bool announces;

	/* Errors: ST_RUN (wrong address, no such directory), ST_LINK, or
	 * ST_MAILBOX with ERR_AUTH (this login is refused; others may be fine). */
	enum status (*open)(Source **out, const struct end *end, GError **error);
	/* The mailboxes; appends struct mailbox *. An accounts driver gives the
	 * one that it is logged on to. */
	enum status (*list)(Source *source, GPtrArray *out, GError **error);
	/* job lives until end(). */
	enum status (*begin)(Source *source, const struct job *job,
	    GError **error);
	/*
	 * One more record. ST_END: all given. ST_ITEM: this one could not be
	 * read; kind, key and as much as is known are in *record, the next call
	 * goes on behind it. The engine counts it as found and failed.
	 */
	enum status (*next)(Source *source, struct record *record,
	    GError **error);
	/* After begin(): the messages of this job, those of earlier passes
	 * included, when the source knows without a longer look; -1 when not.
	 * For progress alone. May be NULL: not known. */
	gint64 (*expect)(const Source *source);
	void (*end)(Source *source);
	void (*close)(Source *source);
	/*
	 * A strict check of one of the mailboxes, as a file at rest, by the
	 * rules of its format; no job is begun. *out is empty before. ST_OK
	 * also when rules are broken; ST_MAILBOX when it cannot be opened at
	 * all. May be NULL: there is none.
	 */
	enum status (*check)(Source *source, const struct mailbox *mailbox,
	    struct source_check *out, GError **error);
};
struct source_base {
	const struct source_driver *driver;
};
/* A driver's struct begins with a struct source_base; these call through it. */
enum status source_open(Source **out, const struct source_driver *driver,
    const struct end *end, GError **error);
enum status source_list(Source *source, GPtrArray *out, GError **error);
enum status source_begin(Source *source, const struct job *job, GError **error);
enum status source_next(Source *source, struct record *record, GError **error);
gint64 source_expect(const Source *source);
void source_end(Source *source);
enum status source_check(Source *source, const struct mailbox *mailbox,
    struct source_check *out, GError **error);
void source_close(Source *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Source, source_close)

/* The table, in src/drivers.c. */
extern const struct source_driver *const source_drivers[]; /* NULL-ended */
const struct source_driver *source_driver_find(const char *scheme);

#endif
