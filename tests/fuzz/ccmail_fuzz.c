#include "old_fuzz.h"
#include "source/ccmail.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

const struct source_driver *const source_drivers[] = {
    &source_ccmail_driver, NULL};

/* The first byte chooses: an export or a directory, and how it is read. */
int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	static const char *const options[] = {"zone=0",
	    "zone=0&codepage=932&dates=dmy",
	    "zone=0&post-office=P&settings=yes", "zone=0&unread=yes&dates=ymd"};
	static const char list[] =
	    "file,kind,name\nA,mail,Ann\nB,board,Board\nL,lists,Ann\n";
	static char *dir, *spool;

	if (len == 0)
		return 0;
	if (dir == NULL) {
		dir = g_dir_make_tmp("mailmig-fuzz-XXXXXX", NULL);
		spool = g_dir_make_tmp("mailmig-fuzz-XXXXXX", NULL);
		old_fuzz_write(dir, "MAILBOXES.CSV", list, sizeof list - 1);
	}
	old_fuzz_write(dir, "A", data + 1, len - 1);
	old_fuzz_write(dir, "B", data + 1, data[0] & 4 ? len - 1 : 0);
	old_fuzz_write(dir, "L", data + 1, data[0] & 8 ? len - 1 : 0);
	old_fuzz_write(dir, "CCMDIR.EXP", data + 1, data[0] & 8 ? len - 1 : 0);
	old_fuzz_read(&source_ccmail_driver, dir, options[data[0] & 3], spool);
	if (data[0] & 8)
		old_fuzz_read(
		    &source_ccmail_driver, dir, "directory=yes", spool);
	return 0;
}
