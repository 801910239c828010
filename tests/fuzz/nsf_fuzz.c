/*
 * Notes databases. The first byte says what the rest is: a whole file, the
 * items of a note in a sound one, or one of the streams within.
 */
#include "nsf/calendar.h"
#include "nsf/cx.h"
#include "nsf/lmbcs.h"
#include "nsf/mail.h"
#include "nsf/object.h"
#include "nsf/richtext.h"
#include "../unit/nsf_make.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

#define NOTES_MAX 2000 /* looked at in one input */

static void
convert(Nsf *nsf, const struct nsf_note *note)
{
	struct nsf_mail mail;
	g_autoptr(Spool) out = spool_new(g_get_tmp_dir());
	g_autoptr(GString) ical = g_string_new(NULL);

	nsf_mail_init(&mail, g_get_tmp_dir());
	if (nsf_mail_read(&mail, nsf, note, NULL, NULL, NULL) == ST_OK) {
		if (mail.raw.len == 0)
			part_join(&mail.envelope, mail.headers,
			    (const struct part *)(void *)mail.parts->data,
			    mail.parts->len, out, NULL);
		nsf_calendar_write(
		    note, mail.form == NSF_FORM_TASK, NULL, ical);
		nsf_calendar_join(&mail, note, NULL);
	}
	nsf_mail_clear(&mail);
}

static void
read_file(const char *path, bool rescue)
{
	g_autoptr(Nsf) nsf = NULL;
	struct nsf_cursor c = {0};
	struct nsf_place place;
	struct nsf_note note;
	guint32 id;
	enum status st;

	if (nsf_open(&nsf, path, rescue, NULL) < 0)
		return;
	nsf_note_init(&note);
	for (guint n = 0; n < NOTES_MAX; n++) {
		st = nsf_next(nsf, &c, &id, &place, NULL);
		if (st == ST_END)
			break;
		if (st == ST_OK &&
		    nsf_note_read(&note, nsf, id, &place, n % 2, NULL) == ST_OK)
			convert(nsf, &note);
	}
	nsf_note_clear(&note);
}

/* Items: name, type, flags, length, value; what is cut is left out. */
static void
build(const char *path, const guint8 *data, gsize len)
{
	static const char *const names[] = {"Form", "Body", "$FILE", "SendTo",
	    "InetSendTo", "From", "Principal", "PostedDate", "Subject",
	    "$Links", "$REF", "Categories", "StartDateTime", "EndDateTime",
	    "RepeatInstanceDates", "RepeatUnit", "$AlarmOffset", "Chair",
	    "RequiredAttendees", "References", "Received", "$Seal",
	    "AppointmentType", "Title", "StartTimeZone", "RepeatDates",
	    "RepeatAdjust", "RepeatFor", "RepeatUntil", "NoticeType",
	    "$Alarm", "$AlarmTime", "Room", "DueDateTime"};
	static const guint16 types[] = {NSF_TYPE_TEXT, NSF_TYPE_TEXTS,
	    NSF_TYPE_COMPOSITE, NSF_TYPE_OBJECT, NSF_TYPE_TIME, NSF_TYPE_TIMES,
	    NSF_TYPE_NUMBER, NSF_TYPE_NUMBERS, NSF_TYPE_RFC822,
	    NSF_TYPE_MIME_PART, NSF_TYPE_LINKS, NSF_TYPE_REFERENCES,
	    NSF_TYPE_HTML};
	static const guint16 flags[] = {NSF_ITEM_SUMMARY | NSF_ITEM_TYPED,
	    NSF_ITEM_TYPED, NSF_ITEM_SUMMARY,
	    NSF_ITEM_SUMMARY | NSF_ITEM_TYPED | NSF_ITEM_COMPRESSED,
	    NSF_ITEM_COMPRESSED};
	NsfMake *m = nsf_make_new(path, len % 2 ? 43 : 52, "fuzz");
	gsize at = 0;

	nsf_make_object(m, data, MIN(len, 4000));
	nsf_make_begin(m, NSF_CLASS_DOCUMENT, 0, 0x8f6);
	while (at + 5 <= len) {
		gsize n = (gsize)(data[at + 3] | (data[at + 4] & 0x0f) << 8);

		n = MIN(n, len - at - 5);
		nsf_make_item(m, names[data[at] % G_N_ELEMENTS(names)],
		    types[data[at + 1] % G_N_ELEMENTS(types)],
		    flags[data[at + 2] % G_N_ELEMENTS(flags)], data + at + 5,
		    n);
		at += 5 + n;
	}
	nsf_make_end(m, data[0] & 1, 0);
	nsf_make_close(m);
}

static void
streams(const guint8 *data, gsize len)
{
	guint8 out[8192];
	g_autoptr(Spool) spool = spool_new(g_get_tmp_dir());
	g_autofree char *text = nsf_lmbcs_text(data, len);
	struct blob blob = blob_from_mem(data, len), content;
	bool verified;

	g_assert_true(g_utf8_validate(text, -1, NULL));
	nsf_cx_inflate(data, len, out, sizeof out, NULL, NULL);
	nsf_file_decode(
	    NSF_HUFFMAN, 100000, &blob, spool, &content, &verified, NULL);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	char path[32];
	int fd;

	if (len < 8)
		return 0;
	if (data[0] % 3 == 2) {
		streams(data + 1, len - 1);
		return 0;
	}
	fd = memfd_create("nsf", 0);
	g_assert_cmpint(fd, >=, 0);
	g_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (data[0] % 3 == 1)
		build(path, data + 1, len - 1);
	else
		g_assert_cmpint(
		    write(fd, data + 1, len - 1), ==, (gssize)len - 1);
	read_file(path, data[0] & 0x80);
	close(fd);
	return 0;
}
