/*
 * Accounts files and folder maps: every heading, every way to get it wrong.
 */
#include "engine/plan.h"

#include "dest/dest.h"
#include "source/source.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* A plan is linked with these; no driver is asked for here. */
const struct source_driver *const source_drivers[] = {NULL};
const struct dest_driver *const dest_drivers[] = {NULL};

static char *
write_temp(const char *text, int mode)
{
	g_autoptr(GError) error = NULL;
	char *path = NULL;
	int fd = g_file_open_tmp("mailmig-accounts-XXXXXX", &path, &error);

	g_assert_no_error(error);
	close(fd);
	g_file_set_contents_full(
	    path, text, -1, G_FILE_SET_CONTENTS_NONE, mode, &error);
	g_assert_no_error(error);
	g_assert_cmpint(g_chmod(path, mode), ==, 0);
	return path;
}

static GPtrArray *
new_accounts(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)account_free);
}

static enum status
load(GPtrArray *out, const char *text, bool *exposed, GError **error)
{
	g_autofree char *path = write_temp(text, 0600);
	enum status st = accounts_load(out, path, exposed, error);

	g_assert_cmpint(unlink(path), ==, 0);
	return st;
}

static void
test_good(void)
{
	static const struct {
		const char *text;
		const char *source, *destination, *password, *host, *scheme;
		int port;
	} rows[] = {
	    {"source\nanna\n", "anna", "anna", NULL, NULL, NULL, 0},
	    {"source,destination\nanna, anna@new.example \n", "anna",
		"anna@new.example", NULL, NULL, NULL, 0},
	    {"Source;Source_Password;Source_Host;Source_Port\r\n"
	     "anna;\" p;w \";old;1143\r\n",
		"anna", "anna", " p;w ", "old", NULL, 1143},
	    {"IMAP_Mailbox,IMAP_Password,SMTP_Address,IMAP_Server,"
	     "Ex_Mailbox,IMAP_Port,IMAP_SSL\n"
	     "anna,secret,anna@new.example,old.example,,993,T\n",
		"anna", "anna@new.example", "secret", "old.example", "imaps",
		993},
	    {"IMAP_Mailbox,IMAP_Password,SMTP_Address,IMAP_Server,"
	     "Ex_Mailbox,IMAP_Port,IMAP_SSL\n"
	     "anna,secret,anna@new.example,old.example,ANNAB,,N\n",
		"anna", "ANNAB", "secret", "old.example", "imap", 0},
	    {"EmailAddress,UserName,Password\n"
	     "anna@new.example,anna,\"se\"\"cret\"\n",
		"anna", "anna@new.example", "se\"cret", NULL, NULL, 0},
	    {"\xef\xbb\xbf"
	     "EmailAddress,UserName,Password,UserRoot\n"
	     "anna@new.example,root/admin/anna,x,/\n",
		"root/admin/anna", "anna@new.example", "x", NULL, NULL, 0},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) accounts = new_accounts();
		g_autoptr(GError) error = NULL;
		const struct account *a;
		bool exposed;

		load(accounts, rows[i].text, &exposed, &error);
		g_assert_no_error(error);
		g_assert_cmpuint(accounts->len, ==, 1);
		a = accounts->pdata[0];
		g_test_message("row %u", i);
		g_assert_cmpstr(a->source, ==, rows[i].source);
		g_assert_cmpstr(a->destination, ==, rows[i].destination);
		g_assert_cmpstr(a->source_login.password, ==, rows[i].password);
		g_assert_cmpstr(a->source_host, ==, rows[i].host);
		g_assert_cmpstr(a->source_scheme, ==, rows[i].scheme);
		g_assert_cmpint(a->source_port, ==, rows[i].port);
		g_assert_cmpint(a->line, ==, 2);
		g_assert_false(exposed);
	}
}

static void
test_bad(void)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
	    {"", "is empty"},
	    {"source\n", "no mailbox below it"},
	    {"anna,secret\nbob,secret\n", "must name the columns"},
	    {"source,sorce_password\nanna,x\n",
		"unknown column 'sorce_password'; did you mean "
		"'source_password'?"},
	    {"source,source\nanna,x\n", "column source is there twice"},
	    {"source_password,destination\nx,y\n", "no column source"},
	    {"source,source_port\nanna,imap\n",
		"line 2: column source_port: 'imap' is no port"},
	    {"source,destination\nanna,b,c\n",
		"line 2: 3 values for 2 columns"},
	    {"source,destination\n,anna\n", "line 2: no mailbox is named"},
	    {"source\nanna\nbob\nanna\n",
		"line 4: source mailbox anna is in line 2 already"},
	    {"source,destination\nanna,x\nbob,x\n",
		"line 3: destination mailbox x is in line 2 already"},
	    {"source\n\"anna\n", "line 2, column 1: a quotation mark is not closed"},
	    {"IMAP_Mailbox,IMAP_Password,SMTP_Address,IMAP_Server,"
	     "Ex_Mailbox,IMAP_Port,IMAP_SSL\na,b,c,d,,,maybe\n",
		"line 2: column IMAP_SSL: 'maybe' is not Yes or No"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) accounts = new_accounts();
		g_autoptr(GError) error = NULL;
		bool exposed;

		if (load(accounts, rows[i].text, &exposed, &error) != ST_RUN)
			g_error("row %u: went well", i);
		if (strstr(error->message, rows[i].error) == NULL)
			g_error("row %u: %s", i, error->message);
	}
}

/* Each needed column of the original's heading is named when it is absent. */
static void
test_q259525(void)
{
	static const char *const needed[] = {
	    "IMAP_Mailbox", "IMAP_Password", "SMTP_Address", "IMAP_Server"};

	for (guint i = 0; i < G_N_ELEMENTS(needed); i++) {
		g_autoptr(GPtrArray) accounts = new_accounts();
		g_autoptr(GError) error = NULL;
		g_autofree char *want =
		    g_strdup_printf("no column %s", needed[i]);
		GString *text = g_string_new("Ex_Mailbox");
		bool exposed;

		for (guint j = 0; j < G_N_ELEMENTS(needed); j++)
			if (j != i)
				g_string_append_printf(text, ",%s", needed[j]);
		g_string_append(text, "\na,b,c,d\n");
		g_assert_cmpint(
		    load(accounts, text->str, &exposed, &error), ==, ST_RUN);
		g_assert_nonnull(strstr(error->message, want));
		g_string_free(text, TRUE);
	}
}

static void
test_exposed(void)
{
	g_autofree char *with =
	    write_temp("source,source_password\nanna,x\n", 0644);
	g_autofree char *without = write_temp("source\nanna\n", 0644);
	g_autoptr(GPtrArray) accounts = new_accounts();
	g_autoptr(GError) error = NULL;
	bool exposed;

	accounts_load(accounts, with, &exposed, &error);
	g_assert_no_error(error);
	g_assert_true(exposed);
	accounts_load(accounts, without, &exposed, &error);
	g_assert_no_error(error);
	g_assert_false(exposed);
	g_assert_cmpint(unlink(with), ==, 0);
	g_assert_cmpint(unlink(without), ==, 0);
}

static void
test_folder_map(void)
{
	static const struct {
		const char *text;
		guint n;
		const char *error;
	} rows[] = {
	    {"Old,New\nA/B,C/D\n", 4, NULL},
	    {"source,destination\nA,B\n", 2, NULL},
	    {"\"a, b\",c\n# a comment\n", 2, NULL},
	    {"", 0, NULL},
	    {"Old\n", 0, "line 1: not two columns"},
	    {"Old,\n", 0, "line 1: not two columns"},
	    {"A,B\nA,C\n", 2, "line 2: folder A is in line 1 already"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) map =
		    g_ptr_array_new_with_free_func(g_free);
		g_autofree char *path = write_temp(rows[i].text, 0600);
		g_autoptr(GError) error = NULL;

		foldermap_load(map, path, &error);
		g_assert_cmpint(unlink(path), ==, 0);
		if (rows[i].error == NULL)
			g_assert_no_error(error);
		else if (error == NULL ||
			 strstr(error->message, rows[i].error) == NULL)
			g_error("row %u: %s", i, error ? error->message : "");
		g_assert_cmpuint(map->len, ==, rows[i].n);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/accounts/good", test_good);
	g_test_add_func("/accounts/bad", test_bad);
	g_test_add_func("/kb/Q259525", test_q259525);
	g_test_add_func("/accounts/exposed", test_exposed);
	g_test_add_func("/accounts/folder-map", test_folder_map);
	return g_test_run();
}
