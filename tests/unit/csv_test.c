#include "base/csv.h"

#include <string.h>

static const struct {
	const char *text;
	gsize len;	  /* 0: strlen */
	const char *want; /* fields by '|', records by '/', errors as "!" */
} rows[] = {
    {"a,b\r\nc,d\r\n", 0, "a|b/c|d"},
    {"a,b\nc,d", 0, "a|b/c|d"},
    {"\xEF\xBB\xBFx;y;z\n1;\"2;3\";4\n", 0, "x|y|z/1|2;3|4"},
    {"x\ty\n", 0, "x|y"},
    {"\"a \"\"b\"\"\",\"line\r\nend\"\r\nnext\r\n", 0,
	"a \"b\"|line\r\nend/next"},
    {"\n\n# comment\na,,\n", 0, "a||"},
    {"a,\"open\nb,c\n", 0, "!/b|c"},
    {"a,\"x\"y\nb\n", 0, "!/b"},
    {"a\0b\nc\n", 6, "!/c"},
    {"\xe9,x\n", 0, "\xc3\xa9|x"},
    {"", 0, ""},
    {"\"\"\n", 0, ""},
};

static void
test_read(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(Csv) csv = NULL;
		g_autoptr(GString) got = g_string_new(NULL);
		char *const *fields;
		enum status st;
		guint n;

		csv_open_mem(&csv, "t.csv", rows[i].text,
		    rows[i].len ? rows[i].len : strlen(rows[i].text), NULL);
		while ((st = csv_next(csv, &fields, &n, NULL)) != ST_END) {
			if (got->len > 0)
				g_string_append_c(got, '/');
			if (st == ST_ITEM) {
				g_string_append_c(got, '!');
				continue;
			}
			for (guint j = 0; j < n; j++)
				g_string_append_printf(
				    got, "%s%s", j ? "|" : "", fields[j]);
			g_assert_null(fields[n]);
		}
		g_assert_cmpstr(got->str, ==, rows[i].want);
	}
}

static void
test_line(void)
{
	g_autoptr(Csv) csv = NULL;
	g_autoptr(GError) error = NULL;
	char *const *fields;
	guint n;

	csv_open_mem(&csv, "t.csv", "a\n\n\"b\nc\"\nd,\"\n", 13, NULL);
	csv_next(csv, &fields, &n, NULL);
	g_assert_cmpint(csv_line(csv), ==, 1);
	csv_next(csv, &fields, &n, NULL);
	g_assert_cmpint(csv_line(csv), ==, 3);
	g_assert_cmpint(csv_next(csv, &fields, &n, &error), ==, ST_ITEM);
	g_assert_cmpint(csv_line(csv), ==, 5);
	g_assert_true(g_str_has_prefix(error->message, "t.csv line 5, column 3: "));
}

static void
test_put(void)
{
	static const char *const values[] = {
	    "x", "", " x", "a,b", "say \"y\"", "two\nlines", "#n", "\xc3\xa9"};

	for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
		g_autoptr(GString) line = g_string_new(NULL);
		g_autoptr(Csv) csv = NULL;
		char *const *fields;
		guint n;

		csv_put(line, values[i], ',');
		g_string_append(line, ",end\n");
		csv_open_mem(&csv, "t", line->str, line->len, NULL);
		g_assert_cmpint(csv_next(csv, &fields, &n, NULL), ==, ST_OK);
		g_assert_cmpuint(n, ==, 2);
		g_assert_cmpstr(fields[0], ==, values[i]);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/csv/read", test_read);
	g_test_add_func("/csv/line", test_line);
	g_test_add_func("/csv/put", test_put);
	return g_test_run();
}
