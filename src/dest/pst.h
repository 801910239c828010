/*
 * The driver of Outlook personal folder files, for src/drivers.c.
 *
 * Remarks it makes, all of them warnings about an item that was stored:
 *	PST_TNEF_KEPT	   winmail.dat is damaged or too large: still a file
 *	PST_CALENDAR_KEPT  a calendar object says more than an item can (the
 *			   text says what), or is damaged: still a file
 *	PST_CONTACT_KEPT   the same of a vCard
 *	PST_BROKEN_MIME	   a multipart without end or parts, or base64 that is
 *			   none: as much as could be read of it
 *	PST_BAD_CHARSET	   HTML of an unknown charset, taken as Windows-1252
 *	PST_NO_DATE	   nothing dates the message: it got the time of now
 *	PST_HEADER_CUT	   a header block of more than 1 MiB was cut
 *	PST_NO_HEADER	   text without a header was taken as the message's
 *	PST_SUBJECT_CUT	   a subject of more than 253 characters was cut
 *	PST_NUL		   NUL characters of a text or header are not there
 *	PST_TOO_DEEP	   messages within messages: from the 32nd on a file
 *	PST_PROPERTIES_CUT winmail.dat has more properties than an object may
 *	PST_NAMES_FULL	   the file has 4,096 named properties: one less
 */
#ifndef MAILMIG_DEST_PST_H
#define MAILMIG_DEST_PST_H

#include "dest/dest.h"

extern const struct dest_driver dest_pst_driver;

#endif
