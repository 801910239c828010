#include "old_fuzz.h"
#include "source/msmail.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

const struct source_driver *const source_drivers[] = {
    &source_msmail_driver, NULL};

/* The first byte chooses: messages, a user list, addresses, or a mailbag. */
int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	static char *dir, *spool, *bags, *users, *addresses;

	if (len == 0)
		return 0;
	if (dir == NULL) {
		g_autofree char *mbg = NULL, *glb = NULL;

		dir = g_dir_make_tmp("mailmig-fuzz-XXXXXX", NULL);
		spool = g_dir_make_tmp("mailmig-fuzz-XXXXXX", NULL);
		bags = g_dir_make_tmp("mailmig-fuzz-XXXXXX", NULL);
		mbg = g_build_filename(bags, "MBG", NULL);
		glb = g_build_filename(bags, "GLB", NULL);
		g_mkdir_with_parents(mbg, 0700);
		g_mkdir_with_parents(glb, 0700);
		users = g_strdup_printf(
		    "zone=0&post-office=N/P&users=%s/U.CSV", spool);
		addresses = g_strdup_printf(
		    "zone=0&post-office=N/P&addresses=%s/U.CSV", spool);
	}
	old_fuzz_write(dir, "A.MSG", data + 1, len - 1);
	switch (data[0] & 3) {
	case 0:
		old_fuzz_read(&source_msmail_driver, dir, "zone=0", spool);
		break;
	case 1:
		old_fuzz_write(spool, "U.CSV", data + 1, len - 1);
		old_fuzz_read(&source_msmail_driver, dir, users, spool);
		break;
	case 2:
		old_fuzz_write(spool, "U.CSV", data + 1, len - 1);
		old_fuzz_read(&source_msmail_driver, dir, addresses, spool);
		break;
	default:
		old_fuzz_write(bags, "MBG/00000001.MBG", data + 1, len - 1);
		old_fuzz_read(&source_msmail_driver, bags, "zone=0", spool);
	}
	return 0;
}
