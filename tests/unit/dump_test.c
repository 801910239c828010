#include "base/digest.h"
#include "base/url.h"
#include "dest/fail.h"
#include "dest/null.h"
#include "model/dump.h"
#include "source/fail.h"
#include "source/generate.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

/* The program has its own tables, src/drivers.c. */
const struct source_driver *const source_drivers[] = {
    &source_generate_driver, &source_fail_driver, NULL};
const struct dest_driver *const dest_drivers[] = {
    &dest_null_driver, &dest_fail_driver, NULL};

static char *
dump_text(const struct record *record, const char *mailbox)
{
	g_autoptr(Spool) scratch = spool_new(g_get_tmp_dir());
	g_autoptr(GError) error = NULL;
	GString *out = g_string_new("before\n");
	json_t *json;

	g_assert_cmpint(
	    record_dump(record, mailbox, scratch, out, &error), ==, ST_OK);
	g_string_erase(out, 0, 7);
	g_assert_cmpint(out->str[out->len - 1], ==, '\n');
	g_assert_true(strchr(out->str, '\n') == out->str + out->len - 1);
	json = json_loads(out->str, JSON_REJECT_DUPLICATES, NULL);
	g_assert_nonnull(json);
	json_decref(json);
	return g_string_free(out, FALSE);
}

static char *some_path[] = {(char *)"Entw\"ürfe\\", (char *)"a/b", NULL};

static void
test_folders(void)
{
	struct folder folder = {.path = some_path, .use = FOLDER_DRAFTS};
	struct record record = {.kind = RECORD_FOLDER, .folder = &folder};
	g_autofree char *a = dump_text(&record, "anna");
	g_autofree char *b = NULL;

	g_assert_cmpstr(a, ==,
	    "{\"kind\":\"folder\",\"mailbox\":\"anna\",\"folder\":["
	    "\"Entw\\\"ürfe\\\\\",\"a/b\"],\"use\":\"drafts\",\"class\":null,"
	    "\"identity\":null}\n");
	record.kind = RECORD_FOLDER_END;
	record.found = 3;
	record.skipped = 1;
	record.state = "x";
	b = dump_text(&record, NULL);
	g_assert_cmpstr(b, ==,
	    "{\"kind\":\"folder-end\",\"folder\":[\"Entw\\\"ürfe\\\\\","
	    "\"a/b\"],\"found\":3,\"skipped\":1,\"state\":\"x\"}\n");
}

static void
test_raw(void)
{
	static const char raw[] = "From: Anna <a@b.c>\r\nSubject: x\t\"y\"\r\n"
				  "Date: Fri, 21 Nov 1997 09:55:06 -0600\r\n"
				  "\r\nhello\r\n";
	static const char *const words[] = {"$Forwarded", "b", NULL};
	struct folder folder = {.path = some_path};
	struct record record = {.kind = RECORD_MESSAGE, .key = "7"};
	g_autofree char *text = NULL, *want = NULL;
	struct digest digest;
	char hex[DIGEST_HEX];

	record.message = (struct message){.folder = &folder,
	    .received = {.utc = 837592465,
		.zone = -420,
		.known = true,
		.has_zone = true},
	    .flags = MESSAGE_SEEN | MESSAGE_ANSWERED,
	    .keywords = words,
	    .size = 99,
	    .has_body = true,
	    .raw = blob_from_mem(raw, sizeof(raw) - 1)};
	digest_mem(raw, sizeof(raw) - 1, &digest);
	digest_to_hex(&digest, hex);
	want = g_strdup_printf(
	    "{\"kind\":\"message\",\"folder\":[\"Entw\\\"ürfe\\\\\",\"a/b\"],"
	    "\"key\":\"7\",\"flags\":[\"answered\",\"seen\"],"
	    "\"keywords\":[\"$Forwarded\",\"b\"],"
	    "\"received\":\"1996-07-17T01:34:25-07:00\",\"size\":99,"
	    "\"class\":null,\"sent\":\"1997-11-21T09:55:06-06:00\","
	    "\"from\":[{\"name\":\"Anna\",\"type\":\"SMTP\","
	    "\"address\":\"a@b.c\"}],\"sender\":null,\"reply_to\":[],\"to\":[],"
	    "\"cc\":[],\"bcc\":[],\"subject\":\"x \\\"y\\\"\","
	    "\"message_id\":null,\"priority\":\"normal\","
	    "\"content_type\":null,\"body\":{\"form\":\"raw\",\"length\":%zu,"
	    "\"sha256\":\"%s\"}}\n",
	    sizeof(raw) - 1, hex);
	text = dump_text(&record, NULL);
	g_assert_cmpstr(text, ==, want);
	/* one that only tells of a message */
	record.message.has_body = false;
	record.known = true;
	g_free(text);
	text = dump_text(&record, NULL);
	g_assert_nonnull(strstr(text, "\"known\":true"));
	g_assert_nonnull(strstr(text, "\"body\":null}"));
	/* a body that cannot be read leaves no half line */
	{
		g_autoptr(Spool) scratch = spool_new(g_get_tmp_dir());
		g_autoptr(GString) out = g_string_new("x\n");
		g_autoptr(GError) error = NULL;

		record.message.has_body = true;
		record.message.raw = (struct blob){.fd = -1, .len = 5};
		g_assert_cmpint(
		    record_dump(&record, NULL, scratch, out, &error), ==,
		    ST_ITEM);
		g_assert_cmpstr(out->str, ==, "x\n");
	}
}

static void
test_parts(void)
{
	struct part parts[2] = {
	    {.kind = PART_TEXT, .blob = blob_from_mem("t", 1), .position = -1},
	    {.kind = PART_FILE,
		.blob = blob_from_mem("\0", 1),
		.name = (char *)"a.bin",
		.type = (char *)"a/b",
		.content_id = (char *)"x@y",
		.is_inline = true,
		.position = 4},
	};
	struct folder folder = {.path = some_path};
	struct record record = {.kind = RECORD_MESSAGE, .key = "7"};
	struct envelope e;
	g_autofree char *text = NULL;

	envelope_init(&e);
	e.subject = g_strdup("parts");
	g_ptr_array_add(e.to, person_new("Anna", "X400", "c=de"));
	record.message = (struct message){.folder = &folder,
	    .has_body = true,
	    .parts = parts,
	    .n_parts = 2,
	    .envelope = &e,
	    .headers = "X-A: 1\r\n",
	    .class = "IPM.Note"};
	text = dump_text(&record, NULL);
	g_assert_nonnull(strstr(text, "\"class\":\"IPM.Note\""));
	g_assert_nonnull(strstr(text, "\"headers\":\"X-A: 1\\u000d\\u000a\""));
	g_assert_nonnull(strstr(text, "\"received\":null"));
	g_assert_nonnull(strstr(text, "\"body\":{\"form\":\"parts\""));
	g_assert_nonnull(strstr(text,
	    "\"parts\":[{\"kind\":\"text\",\"name\":null,\"type\":null,"
	    "\"charset\":null,\"content_id\":null,\"inline\":false,"
	    "\"position\":-1,\"length\":1,\"sha256\":\"e3b98a4d"));
	g_assert_nonnull(strstr(text,
	    "{\"kind\":\"file\",\"name\":\"a.bin\",\"type\":\"a/b\","
	    "\"charset\":null,\"content_id\":\"x@y\",\"inline\":true,"
	    "\"position\":4,\"length\":1,"));
	envelope_clear(&e);
}

static void
test_recipients(void)
{
	char *values[] = {(char *)"a", (char *)"b", NULL};
	struct attribute attributes[] = {
	    {(char *)"Common-Name", values}, {(char *)"Members", values}};
	struct person member = {(char *)"Anna", NULL, NULL};
	const char *fields[ADDRESS_FIELDS];
	struct record record = {.kind = RECORD_RECIPIENT, .key = "k"};
	g_autofree char *a = NULL, *b = NULL;

	record.recipient = (struct recipient){.class = RECIPIENT_LIST,
	    .mode = MODE_MODIFY,
	    .attributes = attributes,
	    .n_attributes = 2};
	a = dump_text(&record, NULL);
	g_assert_cmpstr(a, ==,
	    "{\"kind\":\"recipient\",\"key\":\"k\",\"class\":\"list\","
	    "\"mode\":\"modify\",\"attributes\":[{\"name\":\"Common-Name\","
	    "\"values\":[\"a\",\"b\"]},{\"name\":\"Members\","
	    "\"values\":[\"a\",\"b\"]}]}\n");
	for (guint i = 0; i < ADDRESS_FIELDS; i++)
		fields[i] = i == 1 ? "Anna Berg" : "";
	record.kind = RECORD_ADDRESS;
	record.address = (struct address){.is_list = true,
	    .fields = fields,
	    .members = &member,
	    .n_members = 1,
	    .vcard = blob_from_mem("v", 1)};
	b = dump_text(&record, NULL);
	g_assert_nonnull(strstr(b, "\"Display-Name\":\"Anna Berg\""));
	g_assert_nonnull(strstr(b, "\"Note\":\"\""));
	g_assert_nonnull(strstr(b, "\"members\":[{\"name\":\"Anna\",\"type\":"
				   "null,\"address\":null}]"));
	g_assert_nonnull(strstr(b, "\"vcard\":{\"length\":1,"));
}

/* Drivers of tests: one end, its options and its job. */
struct rig {
	struct url url;
	Options *options;
	struct login login;
	struct end end;
	struct mailbox *mailbox;
	struct job job;
};

static void
rig_init(struct rig *r, const char *text, const struct option *table)
{
	memset(r, 0, sizeof(*r));
	g_assert_cmpint(url_parse(text, &r->url, NULL), ==, ST_OK);
	r->options = options_new(table);
	for (guint i = 0; r->url.names && r->url.names[i]; i++)
		g_assert_cmpint(options_set(r->options, r->url.names[i],
				    r->url.values[i], NULL),
		    ==, ST_OK);
	r->end = (struct end){&r->url, r->options, &r->login};
	r->mailbox = mailbox_new("user1", NULL);
	r->job = (struct job){.id = 1,
	    .pass = 1,
	    .mailbox = r->mailbox,
	    .destination = "user1",
	    .parts = 1,
	    .spool_dir = g_get_tmp_dir()};
}

static void
rig_clear(struct rig *r)
{
	url_clear(&r->url);
	options_free(r->options);
	mailbox_free(r->mailbox);
}

/* Everything a source gives, dumped; failures as lines of their own. */
static char *
dump_source(const char *url, const struct source_driver *driver)
{
	g_autoptr(Spool) scratch = spool_new(g_get_tmp_dir());
	GString *out = g_string_new(NULL);
	Source *source = NULL;
	struct rig rig;
	struct record record;
	enum status st;

	rig_init(&rig, url, driver->options);
	st = source_open(&source, driver, &rig.end, NULL);
	if (st == ST_OK)
		st = source_begin(source, &rig.job, NULL);
	while (st == ST_OK || st == ST_ITEM) {
		st = source_next(source, &record, NULL);
		if (st == ST_OK)
			st = record_dump(&record, NULL, scratch, out, NULL);
		if (st == ST_ITEM)
			g_string_append_printf(out, "item %s\n", record.key);
	}
	g_string_append_printf(out, "%d\n", st);
	if (source) {
		source_end(source);
		source_close(source);
	}
	rig_clear(&rig);
	return g_string_free(out, FALSE);
}

static guint
count(const char *text, const char *what)
{
	guint n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

static void
test_generate(void)
{
	g_autofree char *a =
	    dump_source("generate:?messages=20&folders=4&size=500",
		&source_generate_driver);
	g_autofree char *b =
	    dump_source("generate:?messages=20&folders=4&size=500",
		&source_generate_driver);
	g_autofree char *c = dump_source("generate:?messages=20&folders=4&"
					 "size=500&seed=2",
	    &source_generate_driver);
	g_autofree char *d =
	    dump_source("generate:?messages=3&folders=2&big=3MiB&fail-at=2",
		&source_generate_driver);

	g_assert_cmpstr(a, ==, b);
	g_assert_cmpstr(a, !=, c);
	g_assert_cmpuint(count(a, "\"kind\":\"message\""), ==, 20);
	g_assert_cmpuint(count(a, "\"kind\":\"folder\""), ==, 4);
	g_assert_cmpuint(count(a, "\"found\":5,"), ==, 4);
	g_assert_cmpuint(count(a, "\"length\":500,"), ==, 20);
	g_assert_cmpuint(count(d, "\"kind\":\"message\""), ==, 3);
	g_assert_cmpuint(count(d, "item 2\n"), ==, 1);
	g_assert_nonnull(strstr(d, "\"length\":31457"));
	g_assert_true(g_str_has_suffix(d, "\n1\n"));
}

static void
test_fail_source(void)
{
	static const struct {
		const char *options;
		guint messages;
		int end;
	} rows[] = {
	    {"where=open&reach=run", 0, ST_RUN},
	    {"where=begin&reach=mailbox", 0, ST_MAILBOX},
	    {"where=next&at=4&reach=link", 2, ST_LINK},
	    {"where=next&at=4&reach=item", 5, ST_END},
	    {"where=body&at=3", 5, ST_END},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *url = g_strdup_printf(
		    "fail:?messages=6&folders=1&%s", rows[i].options);
		g_autofree char *got = dump_source(url, &source_fail_driver);
		g_autofree char *end = g_strdup_printf("\n%d\n", rows[i].end);
		g_autofree char *all = g_strconcat("\n", got, NULL);

		g_test_message("row %u: %s", i, url);
		g_assert_cmpuint(
		    count(got, "\"kind\":\"message\""), ==, rows[i].messages);
		g_assert_true(g_str_has_suffix(all, end));
	}
}

/* Put n messages of a generator into a destination; how it ended. */
static enum status
pour(const char *url, const struct dest_driver *driver, bool again,
    guint *stored, guint *there)
{
	struct rig from, to;
	Source *source = NULL;
	Dest *dest = NULL;
	struct record record;
	struct outcome out;
	enum status st, end = ST_OK;
	guint64 seq = 0;

	*stored = *there = 0;
	rig_init(&from, "generate:?messages=6&folders=1",
	    source_generate_driver.options);
	rig_init(&to, url, driver->options);
	source_open(&source, &source_generate_driver, &from.end, NULL);
	source_begin(source, &from.job, NULL);
	end = dest_open(&dest, driver, &to.end, NULL);
	if (end == ST_OK)
		end = dest_begin(dest, &to.job, NULL);
	while (end == ST_OK &&
	       (st = source_next(source, &record, NULL)) == ST_OK) {
		record.again = again;
		st = dest_put(dest, &record, ++seq, NULL);
		*there += st == ST_THERE;
		if (st < 0)
			end = st;
		else if (seq % 3 == 0)
			end = dest_commit(dest, false, NULL);
		while (end == ST_OK &&
		       (st = dest_outcome(dest, &out, NULL)) == ST_OK)
			*stored += out.st == ST_OK;
		if (end == ST_OK && st < 0)
			end = st;
	}
	if (end == ST_OK)
		end = dest_commit(dest, true, NULL);
	while (end == ST_OK && (st = dest_outcome(dest, &out, NULL)) == ST_OK)
		*stored += out.st == ST_OK;
	if (dest) {
		dest_end(dest);
		dest_close(dest);
	}
	source_end(source);
	source_close(source);
	rig_clear(&from);
	rig_clear(&to);
	return end;
}

static void
test_destinations(void)
{
	static const struct {
		const char *options;
		int end;
		guint stored, lines; /* said to be stored; in the file */
	} rows[] = {
	    {"where=none", ST_OK, 6, 6},
	    {"where=open&reach=run", ST_RUN, 0, 0},
	    {"where=begin&reach=mailbox", ST_MAILBOX, 0, 0},
	    {"where=put&at=4&reach=link", ST_LINK, 2, 2},
	    {"where=body&at=4&reach=mailbox", ST_MAILBOX, 2, 2},
	    {"where=commit&at=2&reach=run", ST_RUN, 2, 2},
	    {"where=committed&at=2&reach=link", ST_LINK, 2, 5},
	    {"where=outcome&at=3&reach=link", ST_LINK, 1, 2},
	    {"where=outcome&at=3&reach=item", ST_OK, 5, 6},
	};
	guint stored, there;

	g_assert_cmpint(
	    pour("null:", &dest_null_driver, false, &stored, &there), ==,
	    ST_OK);
	g_assert_cmpuint(stored, ==, 6);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *dir = g_dir_make_tmp("dump-XXXXXX", NULL);
		g_autofree char *file = g_build_filename(dir, "store", NULL);
		g_autofree char *once = g_build_filename(dir, "once", NULL);
		g_autofree char *url = g_strdup_printf(
		    "fail:%s?%s&once=%s", file, rows[i].options, once);
		g_autofree char *text = NULL;

		g_test_message("row %u: %s", i, rows[i].options);
		g_assert_cmpint(
		    pour(url, &dest_fail_driver, false, &stored, &there), ==,
		    rows[i].end);
		g_assert_cmpuint(stored, ==, rows[i].stored);
		g_file_get_contents(file, &text, NULL, NULL);
		g_assert_cmpuint(
		    text ? count(text, "\n") : 0, ==, rows[i].lines);
		/* once more: the failure is past, and nothing comes twice */
		g_assert_cmpint(
		    pour(url, &dest_fail_driver, true, &stored, &there), ==,
		    ST_OK);
		g_assert_cmpuint(stored, ==, 6 - rows[i].lines);
		g_assert_cmpuint(there, ==, rows[i].lines);
		g_clear_pointer(&text, g_free);
		g_file_get_contents(file, &text, NULL, NULL);
		g_assert_cmpuint(count(text, "\n"), ==, 6);
		g_unlink(file);
		g_unlink(once);
		g_rmdir(dir);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/dump/folders", test_folders);
	g_test_add_func("/dump/raw", test_raw);
	g_test_add_func("/dump/parts", test_parts);
	g_test_add_func("/dump/recipients", test_recipients);
	g_test_add_func("/drivers/generate", test_generate);
	g_test_add_func("/drivers/fail-source", test_fail_source);
	g_test_add_func("/drivers/destinations", test_destinations);
	return g_test_run();
}
