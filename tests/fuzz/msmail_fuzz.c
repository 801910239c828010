#include "old_fuzz.h"
#include "source/msmail.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

const struct source_driver *const source_drivers[] = {
    &source_msmail_driver, NULL};

/* Q108027: the record of message 00000062. */
static const char record[] =
    "\x00\x00Martian\0\0\0\0This is the subject\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    "\0\0\0\0\0\0\0\0\x19\0\x10\0\x08\0\x0a\0\xc9\x07\0"
    "00000062\0\0\0\x28\x02\0\0\0\0\0\0\0\0\x18\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    "\0\0\0\0\x98\xc9\x5b\0\0\0\0";

/* The first byte chooses: messages or Schedule+ text, a user list, addresses, a
 * mailbag, one of its messages, or the people of a post office. */
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
		g_free(mbg);
		mbg = g_build_filename(bags, "MAI", "MA2", NULL);
		g_mkdir_with_parents(mbg, 0700);
		g_free(mbg);
		mbg = g_build_filename(bags, "NME", NULL);
		g_mkdir_with_parents(mbg, 0700);
		g_free(mbg);
		mbg = g_build_filename(bags, "MEM", NULL);
		g_mkdir_with_parents(mbg, 0700);
		g_mkdir_with_parents(glb, 0700);
		users = g_strdup_printf(
		    "zone=0&post-office=N/P&users=%s/U.CSV", spool);
		addresses = g_strdup_printf(
		    "zone=0&post-office=N/P&addresses=%s/U.CSV", spool);
	}
	old_fuzz_write(dir, "A.MSG", data + 1, len - 1);
	switch (data[0] % 6) {
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
	case 4:
		old_fuzz_write(bags, "MBG/00000001.MBG", record, 116);
		old_fuzz_write(
		    bags, "MAI/MA2/00000062.MAI", data + 1, len - 1);
		old_fuzz_read(
		    &source_msmail_driver, bags, "zone=0&mai=yes", spool);
		break;
	case 5:
		old_fuzz_write(bags, "NME/ADMIN.NME", data + 1, len - 1);
		old_fuzz_write(bags, "MEM/00000020.MEM", data + 1, len - 1);
		old_fuzz_read(&source_msmail_driver, bags, "zone=0", spool);
		break;
	default:
		old_fuzz_write(bags, "MBG/00000001.MBG", data + 1, len - 1);
		old_fuzz_read(&source_msmail_driver, bags, "zone=0", spool);
	}
	return 0;
}
