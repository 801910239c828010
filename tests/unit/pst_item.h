/* A .pst that items are put into, for the tests of what is more than mail. */
#ifndef MAILMIG_TESTS_PST_ITEM_H
#define MAILMIG_TESTS_PST_ITEM_H

#include "pst/check.h"
#include "pst/format.h"
#include "pst/mapi-from-mime.h"
#include "pst/messaging-read.h"

#include <glib/gstdio.h>
#include <string.h>

#define CRLF "\r\n"

struct fixture {
	char *dir, *path;
	PstWriter *writer;
	PstMapper *mapper;
	guint32 folder;
	GString *remarks; /* their codes */
};

static void
set_up(struct fixture *f)
{
	struct pst_writer_params params = {.name = "Anna"};

	f->dir = g_dir_make_tmp("pst-items-XXXXXX", NULL);
	f->path = g_build_filename(f->dir, "anna.pst", NULL);
	f->remarks = g_string_new(NULL);
	params.spool_dir = f->dir;
	g_assert_cmpint(
	    pst_writer_open(&f->writer, f->path, &params, NULL), ==, ST_OK);
	f->mapper = pst_mapper_new(f->dir);
	g_assert_cmpint(pst_writer_folder(f->writer, PST_NID_TOP, "Folder",
			    NULL, &f->folder, NULL),
	    ==, ST_OK);
}

static void
remark(void *ctx, const char *code, const char *text)
{
	struct fixture *f = ctx;

	g_test_message("remark %s: %s", code, text);
	g_string_append_printf(f->remarks, "%s ", code);
}

static guint32
put(struct fixture *f, const void *raw, gsize len, enum pst_place place)
{
	struct pst_mail mail = {.raw = blob_from_mem(raw, len),
	    .place = place,
	    .remark = remark,
	    .remark_ctx = f};
	g_autoptr(GError) error = NULL;
	guint32 nid = 0;

	g_assert_cmpint(pst_mapper_write(f->mapper, f->writer, f->folder, &mail,
			    &nid, &error),
	    ==, ST_OK);
	g_assert_no_error(error);
	return nid;
}

static Pst *
finish(struct fixture *f)
{
	g_autoptr(PstReport) report = NULL;
	Pst *pst;

	g_assert_cmpint(pst_writer_finish(f->writer, NULL), ==, ST_OK);
	pst_writer_close(f->writer);
	pst_mapper_free(f->mapper);
	g_assert_cmpint(pst_check(&report, f->path, true, NULL), ==, ST_OK);
	for (guint i = 0; i < pst_report_n(report) && i < 20; i++)
		g_test_message("%s: %s", pst_report_at(report, i)->rule,
		    pst_report_at(report, i)->what);
	g_assert_cmpint(pst_report_n(report), ==, 0);
	g_assert_cmpint(pst_open(&pst, f->path, NULL), ==, ST_OK);
	return pst;
}

static void
tear_down(struct fixture *f)
{
	g_unlink(f->path);
	g_assert_cmpint(g_rmdir(f->dir), ==, 0);
	g_string_free(f->remarks, TRUE);
	g_free(f->path);
	g_free(f->dir);
}

static void
expect_text(const PstProps *props, guint id, const char *want)
{
	g_autofree char *got = pst_props_text(props, id);

	g_test_message("property %04x", id);
	g_assert_cmpstr(got, ==, want);
}

static guint
named(Pst *pst, const guint8 set[16], guint32 lid)
{
	guint id = pst_name_id(pst, set, lid, NULL);

	g_test_message("named property %x", lid);
	g_assert_cmpuint(id, !=, 0);
	return id;
}

#endif
