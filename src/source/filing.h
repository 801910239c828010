/*
 * What sources share that read items one after the other and learn of folders
 * as they go: folders by their path, keys for items without one, and the
 * records that tell of a folder's beginning and end.
 */
#ifndef MAILMIG_SOURCE_FILING_H
#define MAILMIG_SOURCE_FILING_H

#include "model/job.h"

struct filing_box {
	struct folder folder;
	gint64 found, skipped;
	bool mine; /* claimed by this share of the job */
	bool told; /* its RECORD_FOLDER was given */
};

typedef struct Filing Filing;

/* job lives until filing_free(). */
Filing *filing_new(const struct job *job);
void filing_free(Filing *filing);

/* The folder of the path (names without case where they are INBOX), made and
 * claimed when it is new. */
struct filing_box *filing_box(Filing *filing, const char *const *path,
    enum folder_use use, const char *class);
/* What a folder that every client has is for, by its name in any language;
 * FOLDER_PLAIN where it says nothing. */
enum folder_use filing_use(const char *name);
/* The first time for a box: record tells of it, true; give the item next. */
bool filing_tell(struct filing_box *box, struct record *record);
/*
 * A key that is unique in this job: stem (a digest, an id), with "-n" behind it
 * from the second time on. Until the next call.
 */
const char *filing_key(Filing *filing, const char *stem);
/*
 * The record of an item, its body to come: kind, key, folder; found is counted.
 * ST_OK: go on and read it. ST_THERE: an earlier pass settled it, record->known
 * is set. item->received, size and flags are set by the caller before, for the
 * filter: ST_END: filtered, give the record as it is.
 */
enum status filing_item(Filing *filing, struct filing_box *box, const char *key,
    struct record *record);
/* One RECORD_FOLDER_END after the other; false when there is none left. */
bool filing_end(Filing *filing, struct record *record);

/* A remark of the driver on an item (box, key may be NULL). offset, line: -1
 * when they mean nothing. */
void filing_say(const struct job *job, enum remark_level level,
    const char *code, const char *text, const char *file, gint64 line,
    gint64 offset, const struct filing_box *box, const char *key);

#endif
