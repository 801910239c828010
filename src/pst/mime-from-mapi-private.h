/* What the files of the way from MAPI to MIME share. */
#ifndef MAILMIG_PST_MIME_FROM_MAPI_PRIVATE_H
#define MAILMIG_PST_MIME_FROM_MAPI_PRIVATE_H

#include "pst/mime-from-mapi.h"

struct PstContent {
	struct pst_content out;
	char *spool_dir;
	Spool *store;	   /* contents of the parts */
	Spool *whole;	   /* raw messages, and inner ones joined */
	PstContent *inner; /* for a message within the message */
};

/* Something of the message that is gone; takes the error over. */
void pst_content_lose(PstContent *content, const char *what, GError *error);

/* Parts, in this order. ST_MAILBOX when the spool cannot be written; what is
 * damaged is left out and named. Their blobs are ranges of the store, made
 * blobs by pst_content_read() when all are there. */
enum status pst_content_bodies(
    PstContent *content, const PstProps *props, GError **error);
enum status pst_content_attachment(
    PstContent *content, Pst *pst, PstAttachment *attachment, GError **error);
/* A part of our own making: text into the store. */
enum status pst_content_made(PstContent *content, struct part *part,
    const char *data, gsize len, GError **error);

/* Calendar items: mime-from-mapi-calendar.c. The calendar of a meeting message
 * is appended to out, and *method is set; that of a stored item becomes a part,
 * and *stored is set. */
enum status pst_content_calendar(PstContent *content, Pst *pst,
    PstMessage *message, const char **method, GString *out, bool *stored,
    GError **error);
/* Is the attachment the object that a meeting message was made from? It says
 * more than the properties: it takes the place of calendar where it can be read
 * and has the same method. */
bool pst_content_calendar_kept(const PstProps *item, const PstProps *attachment,
    const char *method, GString *calendar);
/* Is it the one that a stored item was made from (pst/kept.h)? It becomes the
 * first part. */
bool pst_content_calendar_stored(PstContent *content, const PstProps *item,
    const PstProps *attachment, enum status *st, GError **error);
/* The parts, and the calendar where there is a method, as a raw message. A
 * stored item, whose calendar is the first part, says that it is one. */
enum status pst_content_calendar_raw(PstContent *content, const char *method,
    const GString *calendar, GError **error);
/* A report with its parts as a raw message that is a report: RFC 6522. Does
 * nothing to other messages. */
enum status pst_content_report(PstContent *content, GError **error);
/* What a journal entry says besides its text, as a text before it. */
enum status pst_content_journal(
    PstContent *content, Pst *pst, const PstProps *props, GError **error);

#endif
