/*
 * Plans as files: mailmig-plan(5).
 */
#include "engine/plan-private.h"

#include "dest/dest.h"
#include "source/source.h"

#include <errno.h>
#include <string.h>

/* Where each key of a plan file stands; GKeyFile does not tell. */
static char *
key_id(const char *group, const char *key)
{
	return g_strdup_printf("%s\n%s", group, key);
}

static enum status
bad_line(const char *name, guint line, GError **error, const char *why)
{
	return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER, "%s line %u: %s",
	    name, line, why);
}

static enum status
scan_line(GHashTable *lines, char **group, char *text, guint line,
    const char *name, GError **error)
{
	g_autofree char *id = NULL;
	char *equals;
	gsize len;

	g_strstrip(text);
	len = strlen(text);
	if (len == 0 || *text == '#')
		return ST_OK;
	if (*text == '[') {
		if (len < 3 || text[len - 1] != ']')
			return bad_line(
			    name, line, error, "a group is written [group]");
		g_free(*group);
		*group = g_strndup(text + 1, len - 2);
		return ST_OK;
	}
	equals = strchr(text, '=');
	if (equals == NULL || equals == text)
		return bad_line(name, line, error,
		    "neither [group], nor key = value, nor # comment");
	if (*group == NULL)
		return bad_line(
		    name, line, error, "a key before the first [group]");
	*equals = '\0';
	id = key_id(*group, g_strchomp(text));
	if (g_hash_table_contains(lines, id))
		return bad_line(name, line, error,
		    "this key was given before; join the values with ';' "
		    "or remove one");
	g_hash_table_insert(
	    lines, g_steal_pointer(&id), GUINT_TO_POINTER(line));
	return ST_OK;
}

static enum status
scan(GHashTable *lines, const char *text, const char *name, GError **error)
{
	g_auto(GStrv) rows = g_strsplit(text, "\n", -1);
	g_autofree char *group = NULL;

	for (guint i = 0; rows[i] != NULL; i++) {
		enum status st =
		    scan_line(lines, &group, rows[i], i + 1, name, error);

		if (st < 0)
			return st;
	}
	return ST_OK;
}

static bool
is_list(const char *group, const char *key)
{
	for (const struct plan_key *k = plan_keys; k->group != NULL; k++)
		if (strcmp(k->group, group) == 0 && strcmp(k->key, key) == 0)
			return k->type == PLAN_LIST;
	return false;
}

static enum status
load_key(Plan *plan, GKeyFile *file, const char *group, const char *key,
    const char *where, GError **error)
{
	g_auto(GStrv) values = NULL;
	g_autoptr(GError) cause = NULL;

	if (is_list(group, key)) {
		values =
		    g_key_file_get_string_list(file, group, key, NULL, &cause);
	} else {
		char *value = g_key_file_get_string(file, group, key, &cause);

		if (value != NULL) {
			values = g_new0(char *, 2);
			values[0] = g_strchomp(value);
		}
	}
	if (values == NULL)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER, "%s",
		    cause->message);
	for (guint i = 0; values[i] != NULL; i++) {
		enum status st =
		    plan_set_where(plan, group, key, values[i], where, error);

		if (st < 0)
			return st;
	}
	return ST_OK;
}

/*
 * "[plan] format = 1": a plan of a newer program may say what this one would
 * misunderstand, so nothing of it is believed. Without it, it is the first.
 */
static enum status
check_format(const char *text, const char *name, GError **error)
{
	g_auto(GStrv) rows = g_strsplit(text, "\n", -1);
	bool here = false;

	for (guint i = 0; rows[i] != NULL; i++) {
		char *row = g_strstrip(rows[i]), *equals = strchr(row, '=');
		guint64 format;

		if (*row == '[')
			here = strcmp(row, "[plan]") == 0;
		if (!here || *row == '[' || *row == '#' || *row == '\0' ||
		    equals == NULL)
			continue;
		*equals = '\0';
		if (strcmp(g_strchomp(row), "format") != 0)
			return bad_line(name, i + 1, error,
			    "group [plan] has one key: format");
		if (!g_ascii_string_to_unsigned(g_strchug(equals + 1), 10, 1,
			G_MAXINT64, &format, NULL))
			return bad_line(name, i + 1, error,
			    "format is a number, 1 in this version");
		if (format > PLAN_FORMAT)
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "%s line %u: this plan was written by a newer "
			    "mailmig (format %" G_GUINT64_FORMAT
			    ", and this one knows %d); install that one, or "
			    "write the plan anew with 'mailmig plan'",
			    name, i + 1, format, PLAN_FORMAT);
	}
	return ST_OK;
}

enum status
plan_load_text(Plan *plan, const char *text, const char *name, GError **error)
{
	g_autoptr(GHashTable) lines =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GError) cause = NULL;
	g_auto(GStrv) groups = NULL;
	enum status st;

	st = scan(lines, text, name, error);
	if (st < 0)
		return st;
	st = check_format(text, name, error);
	if (st < 0)
		return st;
	if (!g_key_file_load_from_data(
		file, text, strlen(text), G_KEY_FILE_NONE, &cause))
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER, "%s: %s",
		    name, cause->message);
	groups = g_key_file_get_groups(file, NULL);
	for (guint i = 0; groups[i] != NULL; i++) {
		g_auto(GStrv) keys = NULL;

		if (strcmp(groups[i], "plan") == 0)
			continue; /* check_format() has read it */
		keys =
		    g_key_file_get_keys(file, groups[i], NULL, NULL);

		for (guint j = 0; keys[j] != NULL; j++) {
			g_autofree char *id = key_id(groups[i], keys[j]);
			g_autofree char *where = g_strdup_printf(
			    "%s line %u: ", name,
			    GPOINTER_TO_UINT(g_hash_table_lookup(lines, id)));

			st = load_key(
			    plan, file, groups[i], keys[j], where, error);
			if (st < 0) {
				g_prefix_error(error, "%s%s: ", where, keys[j]);
				return st;
			}
		}
	}
	return ST_OK;
}

enum status
plan_load(Plan *plan, const char *path, GError **error)
{
	g_autofree char *full = g_canonicalize_filename(path, NULL);
	g_autofree char *text = NULL;
	g_autoptr(GError) cause = NULL;
	char *saved = plan->base_dir;
	enum status st;
	gsize len;

	if (!g_file_get_contents(path, &text, &len, &cause))
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "plan cannot be read: %s", cause->message);
	if (len > PLAN_FILE_MAX || strlen(text) != len)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s: this is no plan, which is a text of [groups] and "
		    "key = value lines (mailmig-plan(5))",
		    path);
	plan->base_dir = g_path_get_dirname(full);
	st = plan_load_text(plan, text, path, error);
	g_free(plan->base_dir);
	plan->base_dir = saved;
	return st;
}

/* As GKeyFile reads it back: leading blanks, control characters, backslashes,
 * and in lists ';'. */
static void
append_value(GString *out, const char *value, bool in_list)
{
	bool leading = true;

	for (; *value != '\0'; value++) {
		switch (*value) {
		case ' ':
			g_string_append(out, leading ? "\\s" : " ");
			break;
		case '\t':
			g_string_append(out, leading ? "\\t" : "\t");
			break;
		case '\n':
			g_string_append(out, "\\n");
			break;
		case '\r':
			g_string_append(out, "\\r");
			break;
		case '\\':
			g_string_append(out, "\\\\");
			break;
		case ';':
			g_string_append(out, in_list ? "\\;" : ";");
			break;
		default:
			g_string_append_c(out, *value);
		}
		leading = leading && (*value == ' ' || *value == '\t');
	}
}

static void
append_key(const Plan *plan, guint i, GString *out)
{
	const struct plan_key *key = &plan_keys[i];
	const char *text = plan->texts->pdata[i];

	g_string_append_printf(out, "# %s\n", key->summary);
	if (text == NULL) {
		g_string_append_printf(out, "#%s = %s\n", key->key,
		    key->fallback ? key->fallback : "");
		return;
	}
	g_string_append_printf(out, "%s = ", key->key);
	if (key->type == PLAN_LIST) {
		const GPtrArray *list =
		    *(GPtrArray *const *)((const char *)plan + key->field);

		for (guint j = 0; j < list->len; j++) {
			append_value(out, list->pdata[j], true);
			g_string_append_c(out, ';');
		}
	} else {
		append_value(out, text, false);
	}
	g_string_append_c(out, '\n');
}

static void
append_settings(const GPtrArray *settings, GString *out)
{
	if (settings->len > 0)
		g_string_append(out, "# options of the driver\n");
	for (guint i = 0; i + 2 < settings->len; i += 3) {
		g_string_append_printf(
		    out, "%s = ", (const char *)settings->pdata[i]);
		append_value(out, settings->pdata[i + 1], false);
		g_string_append_c(out, '\n');
	}
}

static void
append_known(const struct plan_end *end, const struct option *option,
    GString *out)
{
	if (option == NULL || option->name == NULL)
		return;
	g_string_append_printf(out,
	    "# options of %s:, which may also stand behind the address, "
	    "?NAME=VALUE\n",
	    end->url.scheme);
	for (; option->name != NULL; option++) {
		g_string_append_printf(out, "# %s%s%s\n", option->summary,
		    option->choices ? ": " : "",
		    option->choices ? option->choices : "");
		g_string_append_printf(out, "#%s = %s\n", option->name,
		    option->fallback ? option->fallback : "");
	}
}

static const struct option *
options_of(const struct plan_end *end, bool source)
{
	const struct source_driver *from =
	    source && end->text ? source_driver_find(end->url.scheme) : NULL;
	const struct dest_driver *to =
	    !source && end->text ? dest_driver_find(end->url.scheme) : NULL;

	return from ? from->options : to ? to->options : NULL;
}

static const char accounts_comment[] =
    "# A line for each mailbox, below a line that names the columns:\n"
    "#   source,source_password,destination,destination_password\n"
    "#   anna,her old one,anna@new.example,her new one\n"
    "# Also the files of the Exchange Migration Wizard (IMAP_Mailbox,...) and of\n"
    "# Microsoft 365 (EmailAddress,UserName,Password).\n";

static char *
to_text(const Plan *plan, bool example)
{
	static const char *const groups[] = {
	    "from", "to", "both", "accounts", "filter", "folders",
	    "directory", "run"};
	GString *out = g_string_new(NULL);

	g_string_append_printf(out,
	    "# A plan of mailmig; see mailmig-plan(5)\n%s\n[plan]\nformat = "
	    "%d\n",
	    example ? "# mailmig check THIS looks at both ends and writes "
		      "nothing; mailmig run THIS runs it.\n# A line that "
		      "begins with # is a comment; the values shown there are "
		      "the defaults.\n"
		    : "",
	    PLAN_FORMAT);

	for (guint g = 0; g < G_N_ELEMENTS(groups); g++) {
		g_string_append_printf(out, "\n[%s]\n", groups[g]);
		if (example && strcmp(groups[g], "accounts") == 0)
			g_string_append(out, accounts_comment);
		for (guint i = 0; plan_keys[i].group != NULL; i++)
			if (strcmp(plan_keys[i].group, groups[g]) == 0)
				append_key(plan, i, out);
		if (example && strcmp(groups[g], "from") == 0)
			append_known(
			    &plan->from, options_of(&plan->from, true), out);
		if (example && strcmp(groups[g], "to") == 0)
			append_known(
			    &plan->to, options_of(&plan->to, false), out);
		if (strcmp(groups[g], "from") == 0)
			append_settings(plan->from.settings, out);
		if (strcmp(groups[g], "to") == 0)
			append_settings(plan->to.settings, out);
	}
	return g_string_free(out, FALSE);
}

char *
plan_to_text(const Plan *plan)
{
	return to_text(plan, false);
}

char *
plan_example(const Plan *plan)
{
	return to_text(plan, true);
}

static char *
run_path(const char *state_dir, guint64 run)
{
	return g_strdup_printf(
	    "%s/plans/%" G_GUINT64_FORMAT ".plan", state_dir, run);
}

enum status
plan_run_save(const Plan *plan, guint64 run, GError **error)
{
	g_autofree char *path = run_path(plan->state_dir, run);
	g_autofree char *dir = g_path_get_dirname(path);
	g_autofree char *text = plan_to_text(plan);
	g_autoptr(GError) cause = NULL;

	if (g_mkdir_with_parents(dir, 0700) != 0)
		return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
		    "directory %s cannot be made: %s", dir, g_strerror(errno));
	/* Durable before the first worker reads it. */
	if (!g_file_set_contents_full(path, text, -1,
		G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
		0600, &cause))
		return fail(ST_RUN, error, ERR_IO, RETRY_LATER,
		    "plan of the run: %s", cause->message);
	return ST_OK;
}

enum status
plan_run_load(Plan *plan, const char *state_dir, guint64 run, GError **error)
{
	g_autofree char *path = run_path(state_dir, run);

	return plan_load(plan, path, error);
}
