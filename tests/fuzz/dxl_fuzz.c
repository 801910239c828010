/* Domino XML, and what does not begin like it, as structured text: every
 * document as a message. */
#include "nsf/dxl.h"
#include "nsf/mail.h"
#include "nsf/structured.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

static void
convert(struct nsf_mail *mail, const struct nsf_note *note, Spool *files,
    Spool *out)
{
	if (nsf_mail_read(mail, NULL, note, files, NULL, NULL) == ST_OK &&
	    mail->raw.len == 0)
		part_join(&mail->envelope, mail->headers,
		    (const struct part *)(void *)mail->parts->data,
		    mail->parts->len, out, NULL);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	g_autoptr(NsfDxl) dxl = NULL;
	g_autoptr(Spool) out = spool_new(g_get_tmp_dir());
	struct nsf_note note;
	struct nsf_mail mail;
	char path[32];
	int fd = memfd_create("dxl", 0);

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(write(fd, data, len), ==, (gssize)len);
	g_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	nsf_note_init(&note);
	nsf_mail_init(&mail, g_get_tmp_dir());
	if (len > 0 && data[0] != '<') {
		g_autoptr(NsfStructured) text = NULL;

		g_assert_cmpint(
		    nsf_structured_open(&text, path,
			(enum nsf_date_order)(data[0] % 3), 0x0c, NULL),
		    ==, ST_OK);
		while (nsf_structured_next(text, &note, NULL) == ST_OK)
			convert(&mail, &note, NULL, out);
	} else if (nsf_dxl_open(&dxl, path, g_get_tmp_dir(), NULL) == ST_OK) {
		while (nsf_dxl_next(dxl, &note, NULL) == ST_OK)
			convert(&mail, &note, nsf_dxl_files(dxl), out);
	}
	nsf_mail_clear(&mail);
	nsf_note_clear(&note);
	close(fd);
	return 0;
}
