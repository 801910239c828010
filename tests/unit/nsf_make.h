/*
 * A small writer of Notes databases, for tests and measurements: only what the
 * reader needs, in the layouts of spec/notes.md (sections in brackets). It is
 * no proof of the layouts: those were measured on databases that Notes wrote.
 *
 * header [2.2], superblock [2.4] and descriptor block [2.5] compressed [2.3],
 * ids [2.6], summary buckets with sector tags [2.7], notes [3.1-3.3], large
 * items appended or in a record of their own, objects [3.5] of ODS 43 or 52.
 */
#ifndef MAILMIG_TESTS_NSF_MAKE_H
#define MAILMIG_TESTS_NSF_MAKE_H

#include "nsf/note.h"

typedef struct NsfMake NsfMake;

/* ods: 43 or 52. */
NsfMake *nsf_make_new(const char *path, guint ods, const char *title);
/* Writes the tables; frees. */
void nsf_make_close(NsfMake *make);

/* A note begins; what follows are its items. parent: note id, or 0. */
void nsf_make_begin(NsfMake *make, guint class, guint status, guint32 parent);
void nsf_make_item(NsfMake *make, const char *name, guint16 type, guint16 flags,
    const void *data, gsize len);
void nsf_make_text(NsfMake *make, const char *name, const char *text);
void nsf_make_texts(NsfMake *make, const char *name, const char *const *texts);
/* zone: hours east; dst: one of them is daylight saving. */
void nsf_make_time(
    NsfMake *make, const char *name, gint64 utc, int zone, gboolean dst);
void nsf_make_number(NsfMake *make, const char *name, double number);
/* An item of type rich text, not summary. */
void nsf_make_rich(NsfMake *make, const char *name, const GByteArray *records);
/* A $FILE item for an object. */
void nsf_make_file(NsfMake *make, const char *name, guint32 object,
    guint compression, guint32 size);
/* The note is whole: its id. alone: not in a bucket, at a place of its own.
 * lie: bytes added to the length of the last item, which then is wrong. */
guint32 nsf_make_end(NsfMake *make, gboolean alone, int lie);
/* UNID of the last note, as it is printed. */
const char *nsf_make_unid(const NsfMake *make);

guint32 nsf_make_object(NsfMake *make, const void *data, gsize len);
/* A folder note with a table of these notes [7.3]. */
void nsf_make_folder(
    NsfMake *make, const char *title, const guint32 *ids, guint n);
/* 64 bytes with the signature of a note [3.1]. */
void nsf_make_stub(NsfMake *make);

/* CD records [4.1]: header of the width that the record has. */
void nsf_make_cd(GByteArray *to, guint8 signature, char width /* b w d */,
    const void *data, gsize len);
void nsf_make_cd_text(GByteArray *to, guint8 font, const char *text);
/* Streams. */
GByteArray *nsf_make_cx(const guint8 *data, gsize len);
GByteArray *nsf_make_huffman(const guint8 *data, gsize len);
void nsf_make_timedate(guint8 out[8], gint64 utc, int zone, gboolean dst);

#endif
