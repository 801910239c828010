/* Names, keywords and UIDs of the IMAP destination: what needs no server. */
#include "dest/imap-private.h"

#include <string.h>

/* Drivers of the program: only this one. */
extern const struct dest_driver dest_imap_driver;
const struct dest_driver *const dest_drivers[] = {&dest_imap_driver, NULL};

static void
test_names(void)
{
	static const struct {
		const char *in;
		char separator;
		const char *out;
	} rows[] = {
	    {"Sent", '/', "Sent"},
	    {"a/b", '/', "a_b"},
	    {"a/b", '.', "a/b"},
	    {"v1.0", '.', "v1_0"},
	    {"100% *sure*", '/', "100_ _sure_"},
	    {"tab\there\x7f", '/', "tab_here_"},
	    {"\302\205next line", '/', "_next line"},
	    {"blanks   ", '/', "blanks"},
	    {"   ", '/', "_"},
	    {"", '/', "_"},
	    {"Entw\303\274rfe & \346\227\245", '/',
		"Entw\303\274rfe & \346\227\245"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *out = dest_imap_name(
		    rows[i].in, rows[i].separator, DEST_IMAP_NAME_MAX);

		g_test_message("row %zu: %s", i, rows[i].in);
		g_assert_cmpstr(out, ==, rows[i].out);
	}
}

/* Two long names that differ at their end stay two, and fit on the wire. */
static void
test_long_names(void)
{
	g_autofree char *wide = g_strnfill(300, 'a');
	g_autofree char *a = g_strconcat(wide, "\303\274 1", NULL);
	g_autofree char *b = g_strconcat(wide, "\303\274 2", NULL);
	g_autofree char *x = dest_imap_name(a, '/', DEST_IMAP_NAME_MAX);
	g_autofree char *y = dest_imap_name(b, '/', DEST_IMAP_NAME_MAX);
	g_autoptr(GString) umlauts = g_string_new(NULL);
	g_autofree char *z = NULL, *wire = NULL, *two = NULL;

	g_assert_cmpuint(strlen(x), <=, DEST_IMAP_NAME_MAX);
	g_assert_cmpstr(x, !=, y);
	for (guint i = 0; i < 120; i++)
		g_string_append(umlauts, "\303\274");
	z = dest_imap_name(umlauts->str, '/', DEST_IMAP_NAME_MAX);
	wire = imap_utf7_from_utf8(z);
	g_assert_cmpuint(strlen(wire), <=, DEST_IMAP_NAME_MAX);
	g_assert_true(g_utf8_validate(z, -1, NULL));
	two = dest_imap_numbered("Sent", 2);
	g_assert_cmpstr(two, ==, "Sent (2)");
}

static void
test_plain_names(void)
{
	static const char *const rows[][2] = {
	    {"~tilde", "_tilde"},
	    {".hidden!", "_hidden_"},
	    {"Entw\303\274rfe", "Entw\303\274rfe"},
	    {" x", "_x"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *out = dest_imap_plain_name(rows[i][0]);

		g_assert_cmpstr(out, ==, rows[i][1]);
	}
}

static void
test_keywords(void)
{
	g_assert_true(dest_imap_keyword_legal("$Forwarded"));
	g_assert_true(dest_imap_keyword_legal("NonJunk"));
	g_assert_false(dest_imap_keyword_legal(""));
	g_assert_false(dest_imap_keyword_legal("two words"));
	g_assert_false(dest_imap_keyword_legal("\\Seen"));
	g_assert_false(dest_imap_keyword_legal("100%"));
	g_assert_false(dest_imap_keyword_legal("gr\303\274n"));
	g_assert_false(dest_imap_keyword_legal("a]"));
}

static void
test_appenduid(void)
{
	static const struct {
		const char *code;
		guint n;
		bool good;
		guint32 last;
	} rows[] = {
	    {"APPENDUID 38505 3955", 1, true, 3955},
	    {"appenduid 38505 3955:3957", 3, true, 3957},
	    {"APPENDUID 38505 3957:3955", 3, true, 3957},
	    {"APPENDUID 1 4,6,9:10", 4, true, 10},
	    {"APPENDUID 1 4294967295", 1, true, G_MAXUINT32},
	    {"APPENDUID 1 4", 2, false, 0},
	    {"APPENDUID 1 4:5", 1, false, 0},
	    {"APPENDUID 1 1:4294967295", 3, false, 0},
	    {"APPENDUID 1 4,4", 2, false, 0},
	    {"APPENDUID 1 9,4", 2, false, 0},
	    {"APPENDUID 0 4", 1, false, 0},
	    {"APPENDUID 1 0", 1, false, 0},
	    {"APPENDUID 1 4294967296", 1, false, 0},
	    {"APPENDUID 1", 1, false, 0},
	    {"APPENDUID 1 4 5", 1, false, 0},
	    {"APPENDUID 1 *", 1, false, 0},
	    {"COPYUID 1 4 5", 1, false, 0},
	    {NULL, 1, false, 0},
	};
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		guint32 uidvalidity = 0;
		bool good = dest_imap_appenduid(
		    rows[i].code, rows[i].n, &uidvalidity, uids);

		g_test_message("row %zu: %s", i, rows[i].code);
		g_assert_cmpint(good, ==, rows[i].good);
		if (!good)
			continue;
		g_assert_cmpuint(uids->len, ==, rows[i].n);
		g_assert_cmpuint(g_array_index(uids, guint32, uids->len - 1),
		    ==, rows[i].last);
	}
}

static void
test_sets(void)
{
	static const guint32 some[] = {1, 2, 3, 5, 5, 6, 9, 100, 101};
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_autofree char *all = NULL;
	guint at = 0, pieces = 0;

	g_array_append_vals(uids, some, G_N_ELEMENTS(some));
	all = dest_imap_set(uids, &at, 4000);
	g_assert_cmpstr(all, ==, "1:3,5:6,9,100:101");
	g_assert_cmpuint(at, ==, uids->len);
	for (at = 0; at < uids->len; pieces++) {
		g_autofree char *piece = dest_imap_set(uids, &at, 25);

		g_assert_cmpuint(strlen(piece), <=, 25);
	}
	g_assert_cmpuint(pieces, >, 1);
}

static void
test_keys(void)
{
	guint32 uidvalidity, uid;

	g_assert_true(dest_imap_key("7.12", &uidvalidity, &uid));
	g_assert_cmpuint(uidvalidity, ==, 7);
	g_assert_cmpuint(uid, ==, 12);
	g_assert_false(dest_imap_key("7", &uidvalidity, &uid));
	g_assert_false(dest_imap_key("7.12x", &uidvalidity, &uid));
	g_assert_false(dest_imap_key("7.0", &uidvalidity, &uid));
	g_assert_false(dest_imap_key(NULL, &uidvalidity, &uid));
}

static void
test_refusals(void)
{
	static const struct {
		const char *code, *text;
		enum refusal refusal;
	} rows[] = {
	    {"OVERQUOTA", "x", REFUSAL_QUOTA},
	    {"OVERQUOTAX", "x", REFUSAL_OTHER},
	    {"TOOBIG", "", REFUSAL_TOO_BIG},
	    {"trycreate", NULL, REFUSAL_NO_BOX},
	    {"UNAVAILABLE", "", REFUSAL_LATER},
	    {"NOPERM", "", REFUSAL_RIGHTS},
	    {NULL, "Over quota", REFUSAL_QUOTA},
	    /* Exchange Online */
	    {NULL,
		"Request is throttled. Suggested Backoff Time: 293827 "
		"milliseconds",
		REFUSAL_LATER},
	    {NULL, "Message contains NUL", REFUSAL_OTHER},
	    {NULL, NULL, REFUSAL_OTHER},
	    {"LIMIT", "too many requests", REFUSAL_LATER},
	    /* Dovecot 2.3, quota_max_mail_size */
	    {"LIMIT",
		"Mail size is larger than the maximum size allowed by server "
		"configuration",
		REFUSAL_TOO_BIG},
	    /* a code outdoes the text */
	    {"TOOBIG", "try again later", REFUSAL_TOO_BIG},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_test_message("row %zu", i);
		g_assert_cmpint(dest_imap_refusal(rows[i].code, rows[i].text),
		    ==, rows[i].refusal);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/dest-imap/names", test_names);
	g_test_add_func("/dest-imap/long-names", test_long_names);
	g_test_add_func("/dest-imap/plain-names", test_plain_names);
	g_test_add_func("/dest-imap/keywords", test_keywords);
	g_test_add_func("/dest-imap/appenduid", test_appenduid);
	g_test_add_func("/dest-imap/sets", test_sets);
	g_test_add_func("/dest-imap/keys", test_keys);
	g_test_add_func("/dest-imap/refusals", test_refusals);
	return g_test_run();
}
