/*
 * The two tables of drivers, and nothing else. A new source or destination is
 * one file in its folder and one line here.
 */
#include "dest/fail.h"
#include "dest/files.h"
#include "dest/imap.h"
#include "dest/maildir.h"
#include "dest/null.h"
#include "dest/pst.h"
#include "source/ccmail.h"
#include "source/fail.h"
#include "source/files.h"
#include "source/generate.h"
#include "source/groupwise.h"
#include "source/imap.h"
#include "source/maildir.h"
#include "source/msmail.h"
#include "source/notes.h"
#include "source/pst.h"

const struct source_driver *const source_drivers[] = {
    &source_imap_driver,
    &source_files_driver,
    &source_maildir_driver,
    &source_pst_driver,
    &source_notes_driver,
    &source_ccmail_driver,
    &source_msmail_driver,
    &source_groupwise_driver,
    &source_generate_driver,
    &source_fail_driver,
    NULL,
};

const struct dest_driver *const dest_drivers[] = {
    &dest_imap_driver,
    &dest_files_driver,
    &dest_maildir_driver,
    &dest_pst_driver,
    &dest_null_driver,
    &dest_fail_driver,
    NULL,
};
