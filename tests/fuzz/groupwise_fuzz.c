#include "old_fuzz.h"
#include "source/groupwise.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

const struct source_driver *const source_drivers[] = {
    &source_groupwise_driver, NULL};

/* The first byte chooses how it is read. */
int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	static const char *const options[] = {
	    "zone=0", "mailbox=from", "calendar=yes", "codepage=932&unread=no"};
	static char *dir, *spool;

	if (len == 0)
		return 0;
	if (dir == NULL) {
		dir = g_dir_make_tmp("mailmig-fuzz-XXXXXX", NULL);
		spool = g_dir_make_tmp("mailmig-fuzz-XXXXXX", NULL);
		old_fuzz_write(dir, "x", "body", 4);
	}
	old_fuzz_write(dir, "A.API", data + 1, len - 1);
	old_fuzz_read(
	    &source_groupwise_driver, dir, options[data[0] & 3], spool);
	return 0;
}
