/*
 * Comma-separated values as spreadsheets write them (RFC 4180): accounts files,
 * directory lists. A quoted field may hold separators, doubled quotation marks
 * and line ends. The separator is a comma, or a semicolon or tab when the first
 * line holds one of these and no comma outside quotes (spreadsheets of many
 * countries). A byte order mark is skipped; text that is not UTF-8 is taken as
 * Windows-1252. Blank lines, and lines that begin with '#', are skipped.
 */
#ifndef MAILMIG_BASE_CSV_H
#define MAILMIG_BASE_CSV_H

#include "base/status.h"

#define CSV_FILE_MAX   (256 << 20) /* bytes: 1,000,000 accounts are 100 MB */
#define CSV_FIELDS_MAX 4096	   /* of one record */

typedef struct Csv Csv;

/* ST_RUN with ERR_IO when the file cannot be read, ERR_LIMIT when too large. */
enum status csv_open(Csv **out, const char *path, GError **error);
/* The same over memory, which is copied; name is for messages. */
enum status csv_open_mem(
    Csv **out, const char *name, const void *data, gsize len, GError **error);
void csv_close(Csv *csv);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Csv, csv_close)

/*
 * The next record: *fields is NULL-ended, *n its length; both until the next
 * call. ST_END after the last. ST_ITEM with ERR_FORMAT: this record is not
 * valid (open quotation mark, text after a closing one, too many fields, a NUL
 * byte); the next call goes on with the line behind its first.
 */
enum status csv_next(Csv *csv, char *const **fields, guint *n, GError **error);
/* The line on which the last record began, from 1. */
int csv_line(const Csv *csv);

/* Append a field to a line, quoted where it must be; no separator. */
void csv_put(GString *out, const char *text, char separator);

#endif
