/* base: blobs, spools, stamps, options, URLs, errors. */
#include "base/digest.h"
#include "base/option.h"
#include "base/spool.h"
#include "base/stamp.h"
#include "base/url.h"

#include <string.h>

static void
test_fail(void)
{
	g_autoptr(GError) error = NULL;
	enum status st = fail(ST_ITEM, &error, ERR_LIMIT, RETRY_LATER,
	    "%s is full", "it");

	g_assert_cmpint(st, ==, ST_ITEM);
	g_assert_cmpstr(error->message, ==, "it is full");
	g_assert_cmpint(error_kind(error), ==, ERR_LIMIT);
	g_assert_cmpint(error_retry(error), ==, RETRY_LATER);
	g_assert_cmpint(fail(ST_RUN, NULL, ERR_IO, RETRY_NEVER, "x"), ==, ST_RUN);
}

/* Content of every size around the border between memory and file. */
static void
test_spool(void)
{
	static const gsize sizes[] = { 0, 1, 4096, 4097, SPOOL_MEMORY_MAX - 1,
		SPOOL_MEMORY_MAX, SPOOL_MEMORY_MAX + 1,
		3 * SPOOL_MEMORY_MAX + 7 };
	g_autoptr(Spool) spool = spool_new(g_get_tmp_dir());
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autofree guint8 *data = g_malloc(sizes[i] + 1);
		g_autofree guint8 *back = g_malloc(sizes[i] + 2);
		struct digest one, two;
		struct blob blob, part, taken;
		gsize got;

		for (gsize k = 0; k < sizes[i]; k++)
			data[k] = (guint8)(k * 31 + i);
		spool_reset(spool);
		for (gsize at = 0; at < sizes[i]; at += 70001)
			g_assert_cmpint(
			    spool_write(spool, data + at,
				MIN(70001, sizes[i] - at), &error),
			    ==, ST_OK);
		blob = spool_blob(spool);
		g_assert_cmpint(blob.len, ==, sizes[i]);
		g_assert_cmpint(blob.mem != NULL, ==,
		    sizes[i] <= SPOOL_MEMORY_MAX);
		g_assert_cmpint(
		    blob_read(&blob, 0, back, sizes[i] + 2, &got, &error), ==,
		    ST_OK);
		g_assert_cmpmem(back, got, data, sizes[i]);
		g_assert_cmpint(digest_blob(&blob, &one, &error), ==, ST_OK);
		digest_mem(data, sizes[i], &two);
		g_assert_true(digest_equal(&one, &two));
		part = blob_range(&blob, 1, 3);
		g_assert_cmpint(
		    blob_read(&part, 0, back, 3, &got, &error), ==, ST_OK);
		g_assert_cmpint(
		    got, ==, sizes[i] > 0 ? MIN(3, sizes[i] - 1) : 0);
		spool_take(spool, &taken);
		g_assert_cmpint(spool_blob(spool).len, ==, 0);
		g_assert_cmpint(taken.len, ==, sizes[i]);
		blob_free_taken(&taken);
	}
}

static void
test_spool_no_room(void)
{
	g_autoptr(Spool) spool = spool_new("/nonexistent/dir");
	g_autofree guint8 *data = g_malloc0(SPOOL_MEMORY_MAX + 1);
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(spool_write(spool, data, SPOOL_MEMORY_MAX + 1, &error),
	    ==, ST_MAILBOX);
	g_assert_cmpint(error_retry(error), ==, RETRY_LATER);
	g_assert_nonnull(strstr(error->message, "/nonexistent/dir"));
}

static void
test_stamp(void)
{
	static const struct {
		const char *imap, *iso;
		gint64 utc;
	} rows[] = {
		{ "17-Jul-1996 02:44:25 -0700", "1996-07-17T02:44:25-07:00",
		    837596665 },
		{ " 1-Jan-1970 00:00:00 +0000", "1970-01-01T00:00:00+00:00", 0 },
		{ "29-Feb-2000 23:59:59 +0530", "2000-02-29T23:59:59+05:30",
		    951848999 },
		{ "31-Dec-1969 23:59:59 +0000", "1969-12-31T23:59:59+00:00",
		    -1 },
		{ " 1-Jan-1601 00:00:00 +0000", "1601-01-01T00:00:00+00:00",
		    -11644473600 },
		{ "19-Jan-2038 03:14:08 +0000", "2038-01-19T03:14:08+00:00",
		    2147483648 },
	};
	struct stamp s, t;
	char out[STAMP_IMAP_LEN];

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *iso = NULL;

		g_test_message("row %u", i);
		g_assert_true(stamp_from_imap(
		    rows[i].imap, strlen(rows[i].imap), &s));
		g_assert_cmpint(s.utc, ==, rows[i].utc);
		stamp_to_imap(&s, out);
		g_assert_cmpstr(out, ==, rows[i].imap);
		iso = stamp_to_iso(&s);
		g_assert_cmpstr(iso, ==, rows[i].iso);
		g_assert_true(stamp_from_iso(iso, &t));
		g_assert_cmpint(t.utc, ==, s.utc);
		g_assert_cmpint(t.zone, ==, s.zone);
	}
	g_assert_false(stamp_from_imap("31-Feb-1996 02:44:25 +0000", 26, &s));
	g_assert_false(stamp_from_imap("17-Jul-1996 02:44:25", 20, &s));
	g_assert_false(stamp_from_imap("17 Jul 1996 02:44:25 +0000", 26, &s));
	g_assert_true(stamp_from_imap("1-Jan-1970 00:00:00 +0000", 25, &s));
	g_assert_true(stamp_from_iso("2026-11-21", &s));
	g_assert_false(stamp_from_iso("2026-13-21", &s));
	g_assert_false(stamp_from_iso("yesterday", &s));
}

static const struct option table[] = {
	{ "profile", OPTION_CHOICE, "ext1", "plain|ext1", "profile" },
	{ "split", OPTION_SIZE, NULL, NULL, "size" },
	{ "insecure", OPTION_BOOL, "no", NULL, "switch" },
	{ "timeout", OPTION_NUMBER, "60", NULL, "seconds" },
	{ NULL },
};

static void
test_options(void)
{
	static const struct {
		const char *name, *value, *message; /* NULL: accepted */
	} rows[] = {
		{ "profile", "plain", NULL },
		{ "profile", "other",
		    "option profile: 'other' is not plain|ext1" },
		{ "profil", "plain",
		    "no option 'profil' here; did you mean 'profile'?" },
		{ "split", "45GiB", NULL },
		{ "split", "45 apples",
		    "option split: '45 apples' is not a size (such as 512KiB "
		    "or 45GiB)" },
		{ "split", "99999999999GiB",
		    "option split: '99999999999GiB' is not a size (such as "
		    "512KiB or 45GiB)" },
		{ "insecure", "ON", NULL },
		{ "insecure", "maybe",
		    "option insecure: 'maybe' is not yes or no" },
		{ "timeout", "5s", "option timeout: '5s' is not a number" },
	};
	g_autoptr(Options) options = options_new(table);

	g_assert_cmpstr(options_text(options, "profile"), ==, "ext1");
	g_assert_false(options_is_set(options, "split"));
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		enum status st = options_set(
		    options, rows[i].name, rows[i].value, &error);

		g_test_message("row %u", i);
		g_assert_cmpint(st, ==, rows[i].message ? ST_RUN : ST_OK);
		g_assert_cmpstr(
		    error ? error->message : NULL, ==, rows[i].message);
	}
	g_assert_cmpint(options_number(options, "split"), ==,
	    G_GINT64_CONSTANT(45) << 30);
	g_assert_true(options_bool(options, "insecure"));
}

static void
test_url(void)
{
	static const struct {
		const char *text, *scheme, *user, *password, *host;
		int port;
		const char *path, *name, *value, *shown;
	} rows[] = {
		{ "imaps://anna@example.org", "imaps", "anna", NULL,
		    "example.org", 0, NULL, NULL, NULL,
		    "imaps://anna@example.org" },
		{ "IMAP://anna%40x.org:p%3Aw@[::1]:143/?tls=no", "imap",
		    "anna@x.org", "p:w", "::1", 143, NULL, "tls", "no",
		    "imap://anna%40x.org@[::1]:143" },
		{ "files:/tmp/a b?profile=plain", "files", NULL, NULL, NULL, 0,
		    "/tmp/a b", "profile", "plain", "files:/tmp/a b" },
		{ "maildir:50%/what%3F", "maildir", NULL, NULL, NULL, 0,
		    "50%/what?", NULL, NULL, "maildir:50%/what?" },
		{ "null:", "null", NULL, NULL, NULL, 0, NULL, NULL, NULL,
		    "null:" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct url url;
		g_autofree char *shown = NULL;

		g_test_message("row %u", i);
		g_assert_cmpint(url_parse(rows[i].text, &url, NULL), ==, ST_OK);
		g_assert_cmpstr(url.scheme, ==, rows[i].scheme);
		g_assert_cmpstr(url.user, ==, rows[i].user);
		g_assert_cmpstr(url.password, ==, rows[i].password);
		g_assert_cmpstr(url.host, ==, rows[i].host);
		g_assert_cmpint(url.port, ==, rows[i].port);
		g_assert_cmpstr(url.path, ==, rows[i].path);
		if (rows[i].name) {
			g_assert_cmpstr(url.names[0], ==, rows[i].name);
			g_assert_cmpstr(url.values[0], ==, rows[i].value);
		}
		shown = url_to_text(&url);
		g_assert_cmpstr(shown, ==, rows[i].shown);
		url_clear(&url);
	}
	for (const char *const *bad = (const char *const[]) { "", "nothing",
		 ":x", "a b:c", "imap://h:0", "imap://h:99999", "imap://h:1x",
		 "imap://u%ZZ@h", "imap://[::1", NULL };
	     *bad; bad++) {
		struct url url;
		g_autoptr(GError) error = NULL;

		g_test_message("%s", *bad);
		g_assert_cmpint(url_parse(*bad, &url, &error), ==, ST_RUN);
		g_assert_cmpint(error_kind(error), ==, ERR_CONFIG);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/fail", test_fail);
	g_test_add_func("/base/spool", test_spool);
	g_test_add_func("/base/spool-no-room", test_spool_no_room);
	g_test_add_func("/base/stamp", test_stamp);
	g_test_add_func("/base/options", test_options);
	g_test_add_func("/base/url", test_url);
	return g_test_run();
}
