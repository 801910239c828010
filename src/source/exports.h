/*
 * What sources share that read directories of files which another system's
 * export wrote: which files are there, whose they are, what they are in.
 */
#ifndef MAILMIG_SOURCE_EXPORTS_H
#define MAILMIG_SOURCE_EXPORTS_H

#include "base/blob.h"
#include "base/option.h"

/* The names in a directory, in byte order, so that every run sees the same.
 * Empty when it cannot be read. Free with g_ptr_array_unref(). */
GPtrArray *exports_names(const char *dir);
/* A file's name without directory and ending, valid UTF-8. g_free() it. */
char *exports_stem(const char *file);
/* Is path a regular file of which probe says yes? */
bool exports_probe(const char *path, bool (*probe)(const struct blob *data));
/* The option "codepage": a number, or "auto", which leaves *out as it is.
 * ST_RUN with ERR_CONFIG when it is not known; name: of the driver, for it. */
enum status exports_codepage(
    const Options *options, const char *name, guint *out, GError **error);

#endif
