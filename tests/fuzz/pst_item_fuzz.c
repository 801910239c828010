/*
 * iCalendar objects and vCards on their way into a .pst and back: whatever they
 * say, the file keeps every rule, its one item can be read, and what it is made
 * into is an item of the same kind again.
 */
#include "pst/check.h"
#include "pst/contact-read.h"
#include "pst/format.h"
#include "pst/mapi-from-mime.h"
#include "pst/mime-from-mapi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

static const char dir[] = "/dev/shm";

/* g_error() traps, which the fuzzer takes for no finding. */
static void G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN bad(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

/* The class of the item; NULL: it was refused. */
static char *
write_item(const char *path, const struct blob *raw, enum pst_place place)
{
	struct pst_writer_params params = {.name = "x", .spool_dir = dir};
	struct pst_mail mail = {.raw = *raw,
	    .place = place,
	    .received = {.utc = 1234567890, .known = true}};
	g_autoptr(PstWriter) w = NULL;
	g_autoptr(PstMapper) mapper = pst_mapper_new(dir);
	g_autoptr(PstReport) report = NULL;
	guint32 folder;
	char *class = NULL;

	unlink(path);
	if (pst_writer_open(&w, path, &params, NULL) < 0)
		return NULL;
	pst_writer_folder(w, PST_NID_TOP, "x", NULL, &folder, NULL);
	if (pst_mapper_write(mapper, w, folder, &mail, NULL, NULL) == ST_OK)
		class = g_strdup(pst_mapper_class(mapper));
	if (pst_writer_finish(w, NULL) < 0 ||
	    pst_check(&report, path, true, NULL) < 0)
		bad("no file");
	if (pst_report_n(report) > 0)
		bad("%s: %s", pst_report_at(report, 0)->rule,
		    pst_report_at(report, 0)->what);
	return class;
}

/* The one message of the file, as mail; or as a card. */
static void
read_item(const char *path, PstContent *content, struct pst_card *card)
{
	g_autoptr(PstFolder) top = NULL;
	g_autoptr(PstFolder) folder = NULL;
	g_autoptr(PstMessage) message = NULL;
	guint32 nid = 0;
	Pst *pst;

	if (pst_open(&pst, path, NULL) < 0)
		bad("cannot be opened");
	pst_folder_open(&top, pst, pst_top_folder(pst), NULL);
	while (pst_folder_next_child(top, &nid, NULL) == ST_OK &&
	       nid == PST_NID_DELETED)
		;
	pst_folder_open(&folder, pst, nid, NULL);
	if (pst_folder_next_message(folder, &nid, NULL) != ST_OK ||
	    pst_message_open(&message, pst, nid, NULL) != ST_OK)
		bad("no message");
	if (pst_content_read(content, pst, message, NULL) != ST_OK)
		bad("cannot be read");
	if (pst_card_is(pst_content_get(content)->class) &&
	    pst_card_read(card, pst, message, NULL) != ST_OK)
		bad("no card");
	g_clear_pointer(&message, pst_message_close);
	pst_close(pst);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	static PstContent *content;
	static struct pst_card card;
	bool is_card = len >= 11 && memcmp(data, "BEGIN:VCARD", 11) == 0;
	g_autofree char *path =
	    g_strdup_printf("%s/item-fuzz-%d", dir, (int)getpid());
	g_autoptr(GString) raw = g_string_new(NULL);
	g_autofree char *class = NULL;
	g_autofree char *again = NULL;
	struct blob blob;

	if (content == NULL) {
		content = pst_content_new(dir);
		pst_card_init(&card);
	}
	g_string_append_printf(raw, "Content-Type: text/%s\r\n\r\n",
	    is_card ? "vcard" : "calendar");
	g_string_append_len(raw, (const char *)data, (gssize)len);
	blob = blob_from_mem(raw->str, raw->len);
	class = write_item(
	    path, &blob, is_card ? PST_PLACE_CONTACTS : PST_PLACE_CALENDAR);
	if (class == NULL)
		return 0;
	read_item(path, content, &card);
	blob = pst_content_get(content)->raw;
	/* Stored items and meetings come as one message. */
	if (blob.len > 0 && !is_card) {
		again = write_item(path, &blob, PST_PLACE_MAIL);
		if (g_strcmp0(class, again) != 0)
			bad("%s became %s", class, again);
	}
	unlink(path);
	return 0;
}
