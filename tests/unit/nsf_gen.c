/*
 * nsf_gen FILE MESSAGES [BYTES]: a Notes mail file of so many memos, as
 * nsf_make.c writes them, with attachments that make it at least BYTES long;
 * for end-to-end tests and measurements.
 */
#include "nsf_make.h"

#include <string.h>

#define PIECE (1 << 20) /* bytes of an attachment */

int
main(int argc, char **argv)
{
	g_autofree guint8 *content = g_malloc(PIECE);
	guint n = argc > 2 ? (guint)g_ascii_strtoull(argv[2], NULL, 10) : 0;
	guint64 bytes = argc > 3 ? g_ascii_strtoull(argv[3], NULL, 10) : 0;
	guint files = (guint)(bytes / PIECE);
	NsfMake *m;

	if (argc < 3) {
		g_printerr("usage: nsf_gen FILE MESSAGES [BYTES]\n");
		return 64;
	}
	for (guint i = 0; i < PIECE; i++)
		content[i] = (guint8)(i * 31 + i / 251);
	m = nsf_make_new(argv[1], 43, "Generated\n#2StdR50Mail");
	for (guint i = 0; i < n; i++) {
		g_autofree char *subject = g_strdup_printf("message %u", i);
		g_autoptr(GByteArray) cd = g_byte_array_new();
		/* As many as are due by now. */
		guint here = (guint)((guint64)files * (i + 1) / n -
				     (guint64)files * i / n);
		g_autofree guint32 *ids = g_new(guint32, here + 1);

		for (guint k = 0; k < here; k++)
			ids[k] = nsf_make_object(m, content, PIECE);
		for (guint k = 0; k < 20; k++) {
			nsf_make_cd_text(cd, k % 3, "A line of the message ");
			nsf_make_cd_text(cd, 0, subject);
			nsf_make_cd(cd, 0x81, 'b', NULL, 0);
		}
		nsf_make_begin(m, NSF_CLASS_DOCUMENT, here ? 4 : 0, 0);
		nsf_make_text(m, "Form", "Memo");
		nsf_make_text(m, "From", "CN=Mia Holm/O=Fjord");
		nsf_make_text(m, "SendTo", "ann@example.org");
		nsf_make_text(m, "Subject", subject);
		nsf_make_time(m, "PostedDate", 1000000000 + i, 1, FALSE);
		if (i % 4)
			nsf_make_time(
			    m, "DeliveredDate", 1000000060 + i, 1, FALSE);
		for (guint k = 0; k < here; k++)
			nsf_make_file(m, "file.bin", ids[k], 0, PIECE);
		nsf_make_rich(m, "Body", cd);
		nsf_make_end(m, FALSE, 0);
	}
	nsf_make_close(m);
	return 0;
}
