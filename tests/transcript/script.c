#include "script.h"
#include "model/record.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

GBytes *
script_message(const char *name)
{
	GString *text = g_string_new(NULL);
	char *end;
	guint64 number, size;

	if (strcmp(name, "empty") == 0)
		return g_string_free_to_bytes(text);
	if (strcmp(name, "nul") == 0) {
		g_string_append_len(text, "Subject: a\0b\r\n\r\nbody\r\n", 22);
		return g_string_free_to_bytes(text);
	}
	g_assert_cmpint(*name, ==, 'm');
	number = g_ascii_strtoull(name + 1, &end, 10);
	g_string_printf(text,
	    "From: sender%" G_GUINT64_FORMAT "@example.org\r\n"
	    "Subject: message %" G_GUINT64_FORMAT "\r\n\r\n"
	    "The body of message %" G_GUINT64_FORMAT ".\r\n",
	    number, number, number);
	if (*end == 'x') {
		size = g_ascii_strtoull(end + 1, NULL, 10);
		while (text->len + 2 < size)
			g_string_append_c(text, 'x');
		g_string_append(text, "\r\n");
	}
	return g_string_free_to_bytes(text);
}

char *
script_message_name(const struct blob *blob)
{
	g_autofree guint8 *mem = g_malloc((gsize)blob->len + 1);
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GError) error = NULL;
	gsize got;

	g_assert_cmpint(
	    blob_read(blob, 0, mem, (gsize)blob->len, &got, &error), ==, ST_OK);
	bytes = g_bytes_new(mem, got);
	for (guint i = 1; i < 100; i++) {
		g_autofree char *small = g_strdup_printf("m%u", i);
		g_autofree char *large =
		    g_strdup_printf("m%ux%" G_GINT64_FORMAT, i, blob->len);
		g_autoptr(GBytes) a = script_message(small);
		g_autoptr(GBytes) b = script_message(large);

		if (g_bytes_equal(a, bytes))
			return g_steal_pointer(&small);
		if (g_bytes_equal(b, bytes))
			return g_steal_pointer(&large);
	}
	return g_strdup_printf("?%" G_GINT64_FORMAT, blob->len);
}

void
script_load(struct script *script, const char *path)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	bool client = false;

	memset(script, 0, sizeof(*script));
	script->path = g_strdup(path);
	script->in = -1;
	script->lines = g_ptr_array_new_with_free_func(g_free);
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	lines = g_strsplit(text, "\n", -1);
	script->title = g_strdup(
	    g_str_has_prefix(lines[0], "# ") ? lines[0] + 2 : lines[0]);
	for (char **line = lines; *line; line++) {
		if (**line == '[')
			client = strcmp(*line, "[client]") == 0;
		else if (client && **line && **line != '#')
			g_ptr_array_add(script->lines, g_strdup(*line));
	}
}

void
script_start(struct script *script)
{
	g_autofree char *liar =
	    g_test_build_filename(G_TEST_DIST, "transcript", "liar.py", NULL);
	char *argv[] = {(char *)"python3", liar, script->path, NULL};
	g_autoptr(GError) error = NULL;
	char line[16] = "";
	int out;
	gsize got = 0;

	g_spawn_async_with_pipes(NULL, argv, NULL,
	    G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
	    &script->pid, &script->in, &out, NULL, &error);
	g_assert_no_error(error);
	while (got + 1 < sizeof(line) && !strchr(line, '\n')) {
		ssize_t n = read(out, line + got, 1);

		g_assert_cmpint((int)n, ==, 1);
		got++;
	}
	close(out);
	script->port = (int)g_ascii_strtoll(line, NULL, 10);
}

bool
script_stop(struct script *script)
{
	int status = 0;

	if (script->in < 0)
		return true;
	close(script->in);
	script->in = -1;
	g_assert_cmpint(waitpid(script->pid, &status, 0), ==, script->pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void
script_clear(struct script *script)
{
	g_free(script->path);
	g_free(script->title);
	g_ptr_array_unref(script->lines);
}

char *
script_word(char **line)
{
	char *word = *line;

	while (*word == ' ')
		word++;
	if (*word == '\0')
		return NULL;
	*line = word + strcspn(word, " ");
	if (**line)
		*(*line)++ = '\0';
	return word;
}

char **
script_path(const char *text)
{
	g_auto(GStrv) names = g_strsplit(text, "/", -1);

	for (char **name = names; *name; name++) {
		char *plain = g_uri_unescape_string(*name, NULL);

		g_assert_nonnull(plain);
		g_free(*name);
		*name = plain;
	}
	return g_steal_pointer(&names);
}

guint32
script_flags(char **line, GPtrArray *keywords)
{
	static const char *const names[] = {
	    "\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"};
	guint32 flags = 0;
	char *word;

	while ((word = script_word(line))) {
		bool known = false;

		for (guint i = 0; i < G_N_ELEMENTS(names); i++)
			if (strcmp(word, names[i]) == 0) {
				flags |= 1u << i;
				known = true;
			}
		if (!known)
			g_ptr_array_add(keywords, word);
	}
	g_ptr_array_add(keywords, NULL);
	return flags;
}

enum status
script_status(const char *word)
{
	static const struct {
		const char *word;
		enum status st;
	} names[] = {
	    {"OK", ST_OK},
	    {"END", ST_END},
	    {"THERE", ST_THERE},
	    {"ITEM", ST_ITEM},
	    {"MAILBOX", ST_MAILBOX},
	    {"LINK", ST_LINK},
	    {"RUN", ST_RUN},
	};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(word, names[i].word) == 0)
			return names[i].st;
	g_error("no status: %s", word);
}

static void
run_one(gconstpointer data)
{
	const char *const *args = data;
	struct script script;
	script_run run = NULL;

	memcpy(&run, &args[1], sizeof(run));
	script_load(&script, args[0]);
	g_test_message("%s", script.title);
	script_start(&script);
	run(&script);
	if (!script_stop(&script)) {
		g_test_message("%s: the server saw something else", args[0]);
		g_test_fail();
	}
	script_clear(&script);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
script_main(int argc, char **argv, const char *folder, script_run run)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *path = NULL;
	g_autoptr(GDir) dir = NULL;
	g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	g_test_init(&argc, &argv, NULL);
	path = g_test_build_filename(G_TEST_DIST, "transcript", folder, NULL);
	dir = g_dir_open(path, 0, NULL);
	g_assert_nonnull(dir);
	while ((name = g_dir_read_name(dir)))
		if (g_str_has_suffix(name, ".t"))
			g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, by_name);
	g_assert_cmpuint(names->len, >, 0);
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *test = g_strdup_printf("/%s/%.*s", folder,
		    (int)strlen(names->pdata[i]) - 2, (char *)names->pdata[i]);
		char *file = g_build_filename(path, names->pdata[i], NULL);
		char **args = g_new0(char *, 2);

		args[0] = file;
		memcpy(&args[1], &run, sizeof(run));
		g_ptr_array_add(kept, file);
		g_ptr_array_add(kept, args);
		g_test_add_data_func(test, args, run_one);
	}
	return g_test_run();
}
