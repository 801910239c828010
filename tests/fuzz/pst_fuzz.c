/*
 * The .pst reader and the checker: everything in the file is looked at, and
 * given as mail. What begins with "{rtf", "LZFu", "REC " or "ZONE" is rich
 * text, compressed or not, a recurrence or a time zone. All else is taken for a
 * message, written into a file, and must give one without fault.
 */
#include "pst/check.h"
#include "pst/contact-read.h"
#include "pst/format.h"
#include "pst/mime-from-mapi.h"
#include "pst/recurrence-read.h"
#include "pst/rtf-read.h"
#include "pst/rtf-text.h"
#include "pst/timezone-read.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LOOK_MAX 2000 /* objects of one input: long loops teach nothing */

static guint looked;
static PstContent *content;
static struct pst_card card; /* what is no contact, too: all is read as one */

static void
look_at_props(const PstProps *props)
{
	guint8 buf[512];
	gsize got;

	for (guint i = 0; i < pst_props_n(props) && looked < LOOK_MAX; i++) {
		g_auto(PstValue) value = {0};
		char *text;

		looked++;
		if (pst_props_value(
			props, pst_props_at(props, i), &value, NULL) < 0)
			continue;
		pst_value_read(
		    &value, value.len / 2, buf, sizeof buf, &got, NULL);
		if (value.len < 4096 &&
		    pst_value_text(&value, 1252, &text, NULL) == ST_OK)
			g_free(text);
	}
}

static void
look_at_message(PstMessage *message)
{
	PstAttachment *a;
	PstTable *table;
	enum status st;

	look_at_props(pst_message_props(message));
	if (pst_message_recipients(message, &table, NULL) == ST_OK) {
		g_auto(PstRow) row = {0};

		while (looked++ < LOOK_MAX &&
		       pst_table_next(table, &row, NULL) == ST_OK)
			g_free(pst_row_text(
			    table, &row, PST_P_DISPLAY_NAME, 1252));
	}
	while (looked++ < LOOK_MAX && (st = pst_message_next_attachment(
					   message, &a, NULL)) != ST_END) {
		PstMessage *inner;

		if (st < 0)
			continue;
		look_at_props(pst_attachment_props(a));
		if (pst_attachment_message(a, &inner, NULL) == ST_OK) {
			look_at_message(inner);
			pst_message_close(inner);
		}
		pst_attachment_close(a);
	}
}

static void
look_at_folder(Pst *pst, guint32 nid, guint depth)
{
	PstFolder *folder;
	guint32 id;
	enum status st;

	if (depth > 20)
		return;
	pst_folder_open(&folder, pst, nid, NULL);
	look_at_props(pst_folder_props(folder));
	while (looked++ < LOOK_MAX &&
	       (st = pst_folder_next_message(folder, &id, NULL)) != ST_END) {
		PstMessage *message;

		if (st < 0 || pst_message_open(&message, pst, id, NULL) < 0)
			continue;
		pst_content_read(content, pst, message, NULL);
		pst_card_read(&card, pst, message, NULL);
		look_at_message(message);
		pst_message_close(message);
	}
	while (looked++ < LOOK_MAX &&
	       (st = pst_folder_next_child(folder, &id, NULL)) != ST_END)
		if (st == ST_OK)
			look_at_folder(pst, id, depth + 1);
	pst_folder_close(folder);
}

/* One message into a file; the file must keep every rule. */
static void
write_mail(const guint8 *data, gsize len)
{
	struct pst_writer_params params = {
	    .name = "x", .spool_dir = "/dev/shm"};
	struct pst_mail mail = {.raw = blob_from_mem(data, len)};
	g_autofree char *path =
	    g_strdup_printf("/dev/shm/pst-fuzz-%d", (int)getpid());
	g_autoptr(PstWriter) w = NULL;
	g_autoptr(PstMapper) mapper = pst_mapper_new("/dev/shm");
	g_autoptr(PstReport) report = NULL;
	guint32 folder;

	unlink(path);
	if (pst_writer_open(&w, path, &params, NULL) < 0)
		return;
	pst_writer_folder(w, PST_NID_TOP, "x", NULL, &folder, NULL);
	pst_mapper_write(mapper, w, folder, &mail, NULL, NULL);
	if (pst_writer_finish(w, NULL) < 0 ||
	    pst_check(&report, path, true, NULL) < 0)
		g_error("no file");
	if (pst_report_n(report) > 0)
		g_error("%s: %s", pst_report_at(report, 0)->rule,
		    pst_report_at(report, 0)->what);
	unlink(path);
}

/* Values with a form of their own. False when it is none. */
static bool
look_at_value(const guint8 *data, gsize len)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GByteArray) rtf = NULL;
	enum pst_rtf_kind kind;

	if (memcmp(data, "{\\rt", 4) == 0) {
		pst_rtf_text(data, len, &kind, out, NULL);
	} else if (memcmp(data, "LZFu", 4) == 0) {
		if (pst_rtf_decompress(data + 4, len - 4, &rtf, NULL) == ST_OK)
			pst_rtf_text(rtf->data, rtf->len, &kind, out, NULL);
	} else if (memcmp(data, "REC ", 4) == 0) {
		g_auto(PstPattern) pattern = {0};

		if (pst_pattern_read(&pattern, data + 4, len - 4, len % 2, 1252,
			NULL) == ST_OK)
			pst_pattern_rule(&pattern, "X", out);
	} else if (memcmp(data, "ZONE", 4) == 0) {
		g_auto(PstZone) zone = {0};

		if (pst_zone_from_definition(
			&zone, data + 4, len - 4, len % 2) ||
		    pst_zone_from_struct(&zone, data + 4, len - 4, NULL)) {
			pst_zone_write(&zone, out);
			pst_zone_to_utc(
			    &zone, pst_zone_to_local(&zone, 1234567890));
		}
	} else {
		return false;
	}
	if (!g_utf8_validate(out->str, (gssize)out->len, NULL))
		g_error("no UTF-8");
	return true;
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	static int fd = -1;
	static char path[64];
	struct pst_walk walk;
	struct pst_block block;
	struct pst_name name;
	Pst *pst;

	if (len >= 4 && look_at_value(data, len))
		return 0;
	if (len < 4 || memcmp(data, "!BDN", 4) != 0) {
		write_mail(data, len);
		return 0;
	}
	if (content == NULL)
		content = pst_content_new("/dev/shm");
	if (card.vcard == NULL)
		pst_card_init(&card);
	if (fd < 0) {
		fd = memfd_create("pst", MFD_CLOEXEC);
		g_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	}
	if (ftruncate(fd, 0) < 0 || pwrite(fd, data, len, 0) != (ssize_t)len)
		return 0;
	looked = 0;
	if (pst_open(&pst, path, NULL) < 0)
		return 0;
	pst_name_of(pst, 0x8000, &name);
	look_at_folder(pst, pst_top_folder(pst), 0);
	look_at_folder(pst, PST_NID_ROOT, 0);
	pst_walk_init(&walk, pst_ndb(pst), PST_PAGE_BBT);
	while (looked++ < 2 * LOOK_MAX &&
	       pst_walk_block(&walk, &block, NULL) != ST_END) {
		g_autoptr(GBytes) bytes = NULL;

		pst_ndb_block(pst_ndb(pst), block.bid, &bytes, NULL);
	}
	pst_close(pst);
	if (len > 0 && data[len - 1] % 4 == 0) {
		g_autoptr(PstReport) report = NULL;

		pst_check(&report, path, true, NULL);
	}
	return 0;
}
