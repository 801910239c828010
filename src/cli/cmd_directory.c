/*
 * mailmig directory: recipients, without their mail.
 */
#include "cli/command.h"

#include "base/csv.h"
#include "base/secret.h"
#include "directory/exchange.h"
#include "directory/rows.h"
#include "directory/userlist.h"
#include "engine/people.h"
#include "event/terminal.h"

#include <string.h>
#include <unistd.h>

struct people {
	struct cli *cli;
	Terminal *terminal;
	GString *line;
};

static void
tell(Event *event, void *user)
{
	struct people *people = user;

	if (people->cli->on[CLI_JSON]) {
		g_string_truncate(people->line, 0);
		event_to_json(event, people->line);
		fputs(people->line->str, stdout);
	} else if (terminal_wants(people->terminal, event))
		terminal_event(people->terminal, event);
	event_free(event);
}

static void
put_counts(const struct people *people, Changes *changes, bool dry)
{
	const struct changes_counts *n = changes_counts(changes);

	if (people->cli->on[CLI_JSON] || people->cli->on[CLI_QUIET])
		return;
	printf("%s%u created, %u converted, %u changed, %u removed, %u "
	       "memberships; %u as they were; %u failed, %u warnings\n",
	    dry ? "Would be: " : "", n->created, n->converted, n->changed,
	    n->removed, n->linked, n->there, n->failed, n->warnings);
	if (changes_passwords(changes) &&
	    passwords_count(changes_passwords(changes)) > 0)
		printf("Initial passwords of %u mailboxes: %s\n",
		    passwords_count(changes_passwords(changes)),
		    passwords_path(changes_passwords(changes)));
	if (changes_undo_path(changes))
		printf("Taken back by: mailmig directory import %s\n",
		    changes_undo_path(changes));
}

static int
exit_status(Changes *changes)
{
	const struct changes_counts *n = changes_counts(changes);

	return n->failed > 0 ? 2 : n->warnings > 0 ? 1 : 0;
}

/* Another directory ("ldap://HOST/BASE")? */
static bool
is_store(const char *word)
{
	g_autofree char *scheme = g_strndup(word, strcspn(word, ":"));

	return strchr(word, ':') && store_driver_find(scheme) != NULL;
}

/* Is it a source of mail ("files:DIR"), or a file of rows? */
static bool
is_source(const char *word)
{
	return strchr(word, ':') != NULL && !is_store(word);
}

static bool
is_file(const char *word)
{
	return strchr(word, ':') == NULL || g_str_has_prefix(word, "csv:") ||
	       g_str_has_prefix(word, "ldif:");
}

static const char *
file_of(const char *word)
{
	return g_str_has_prefix(word, "csv:")	 ? word + 4
	       : g_str_has_prefix(word, "ldif:") ? word + 5
						 : word;
}

static enum status
set_source(struct cli *cli, const char *word, GError **error)
{
	enum status st = plan_set(cli->plan, "from", "url", word, error);

	return st == ST_OK ? plan_finish(cli->plan, false, error) : st;
}

static void
complain(void *user, int line, const char *text)
{
	changes_tell(user, EVENT_DIRECTORY_REMARK, NULL, line, text);
}

/* A directory to read from; the name and password for it are those of the
 * source. */
static enum status
open_other(struct cli *cli, Changes *changes, const char *word, Store **out,
    GError **error)
{
	const struct plan_end *from = &cli->plan->from;
	const char *file =
	    from->secret.file ? from->secret.file : cli->plan->both.file;
	char *password = NULL;
	enum status st = ST_OK;

	*out = NULL;
	if (g_str_has_prefix(word, "sqlite:")) {
		g_autofree char *path =
		    g_strndup(word + 7, strcspn(word + 7, "?"));

		if (!g_file_test(path, G_FILE_TEST_EXISTS))
			return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
			    "%s: there is no such directory", path);
	}
	if (file)
		st = secret_from_file(&password, file, NULL, error);
	if (st == ST_OK)
		st = store_open(out, word, from->login.user, password,
		    cli->plan->state_dir, complain, changes, error);
	secret_free(password);
	return st;
}

/* The people of a source, by the names of their mail: mailboxes that it lists,
 * or mailboxes and contacts of another directory or a user list. */
static enum status
list_people(struct cli *cli, Changes *changes, const char *word,
    GPtrArray *mailboxes, GError **error)
{
	g_autoptr(Store) store = NULL;
	g_autoptr(Userlist) list = NULL;
	enum status st;

	if (is_source(word)) {
		st = set_source(cli, word, error);
		return st == ST_OK ? people_list(cli->plan, mailboxes, error)
				   : st;
	}
	if (is_file(word) && userlist_is(file_of(word)))
		st = userlist_open(&list, file_of(word), error);
	else {
		g_autofree char *url = strchr(word, ':')
					   ? g_strdup(word)
					   : g_strconcat("csv:", word, NULL);

		st = open_other(cli, changes, url, &store, error);
		if (st == ST_OK)
			st = store_scan(store, error);
	}
	while (st == ST_OK) {
		g_autoptr(Entry) entry = NULL;
		g_autoptr(GError) why = NULL;
		g_autofree char *name = NULL;

		st = list ? userlist_next(list, &entry, &why)
			  : store_next(store, &entry, &why);
		if (st == ST_ITEM) {
			changes_tell(changes, EVENT_DIRECTORY_FAILED, "row", 0,
			    why->message);
			st = ST_OK;
		} else if (st < 0)
			g_propagate_error(error, g_steal_pointer(&why));
		else if (st == ST_OK && entry->class != RECIPIENT_LIST &&
			 !entry->account_only) {
			name = import_source_of(entry);
			g_ptr_array_add(mailboxes, mailbox_new(name, NULL));
		}
	}
	return st == ST_END ? ST_OK : st;
}

static enum status
do_import(struct cli *cli, Changes *changes, const char *word, GError **error)
{
	g_autofree char *rejects = g_build_filename(
	    cli->plan->state_dir, "directory-rejected.csv", NULL);
	g_autoptr(Import) import = NULL;
	struct policy policy;
	enum status st = people_policy(cli->plan, &policy, error);

	if (st < 0)
		return st;
	import = import_new(changes, &policy);
	if (is_source(word)) {
		st = set_source(cli, word, error);
		if (st == ST_OK)
			st = people_import(cli->plan, import, error);
	} else if (!is_file(word)) {
		g_autoptr(Store) other = NULL;

		st = open_other(cli, changes, word, &other, error);
		if (st == ST_OK)
			st = import_store(import, other, error);
	} else if (userlist_is(file_of(word)))
		st = import_userlist(import, file_of(word), error);
	else
		st = import_file(import, file_of(word), rejects, error);
	g_free(policy.addresses);
	return st;
}

static enum status
load_map(const struct cli *cli, MatchMap **out, GError **error)
{
	*out = NULL;
	return cli->plan->directory.map_file
		   ? match_map_load(out, cli->plan->directory.map_file, error)
		   : ST_OK;
}

static enum status
do_convert(struct cli *cli, Changes *changes, const char *word, GError **error)
{
	g_autoptr(GPtrArray) mailboxes =
	    g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_free);
	g_autoptr(MatchMap) map = NULL;
	enum status st = load_map(cli, &map, error);

	if (st == ST_OK)
		st = list_people(cli, changes, word, mailboxes, error);
	for (guint i = 0; st == ST_OK && i < mailboxes->len; i++) {
		const struct mailbox *mailbox = mailboxes->pdata[i];
		g_autofree char *destination = NULL;
		bool left_out;

		if (!mailbox->no_mail && !mailbox->is_public)
			st = people_place(cli->plan, changes, map,
			    mailbox->name, &destination, &left_out, error);
	}
	return st;
}

static void
put_match(GString *csv, const char *source, const struct match *match)
{
	const Entry *entry = match->entry;
	const char *const fields[] = {source, entry ? entry->id : "",
	    match->candidates ? "ambiguous"
	    : match->left_out ? "left out"
			      : match_rule_name(match->rule),
	    entry ? entry_class_name(entry->class) : "",
	    entry ? entry_title(entry) : "", match->why};

	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		if (i > 0)
			g_string_append_c(csv, ',');
		csv_put(csv, fields[i], ',');
	}
	g_string_append(csv, "\r\n");
}

static void
add_cells(GPtrArray *cells, const char *source, const struct match *match)
{
	const Entry *entry = match->entry;

	g_ptr_array_add(cells, g_strdup(source));
	g_ptr_array_add(
	    cells, g_strdup(match->candidates			? "ambiguous"
			    : match->left_out			? "left out"
			    : match->entry == NULL		? "nobody"
			    : entry->class == RECIPIENT_CONTACT ? "convert"
								: "mailbox"));
	g_ptr_array_add(cells, g_strdup(entry ? entry->id : "-"));
	g_ptr_array_add(cells, g_strdup_printf("%s: %s",
				   match_rule_name(match->rule), match->why));
	for (guint i = 0; match->candidates && i < match->candidates->len;
	     i++) {
		g_ptr_array_add(cells, g_strdup(""));
		g_ptr_array_add(cells, g_strdup(""));
		g_ptr_array_add(cells,
		    g_strdup(((Entry *)match->candidates->pdata[i])->id));
		g_ptr_array_add(cells, g_strdup("one of them"));
	}
}

static enum status
do_match(struct people *people, Changes *changes, const char *word,
    const char *out, guint *unsettled, GError **error)
{
	static const char *const headings[] = {
	    "source mailbox", "becomes", "recipient", "because"};
	struct cli *cli = people->cli;
	g_autoptr(GPtrArray) mailboxes =
	    g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_free);
	g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) csv =
	    g_string_new("source,mailbox,rule,class,name,because\r\n");
	g_autoptr(MatchMap) map = NULL;
	g_autoptr(GError) why = NULL;
	enum status st = load_map(cli, &map, error);

	for (guint i = 0; i < G_N_ELEMENTS(headings); i++)
		g_ptr_array_add(cells, g_strdup(headings[i]));
	if (st == ST_OK)
		st = list_people(cli, changes, word, mailboxes, error);
	for (guint i = 0; st == ST_OK && i < mailboxes->len; i++) {
		const struct mailbox *mailbox = mailboxes->pdata[i];
		struct match match;

		if (mailbox->no_mail || mailbox->is_public)
			continue;
		st = match_find(
		    changes_store(changes), map, mailbox->name, &match, error);
		if (st < 0)
			break;
		*unsettled += match.entry == NULL && !match.left_out;
		put_match(csv, mailbox->name, &match);
		add_cells(cells, mailbox->name, &match);
		match_clear(&match);
	}
	if (st < 0)
		return st;
	if (cli->on[CLI_JSON])
		fputs(csv->str, stdout);
	else
		cli_table(stdout, cells, G_N_ELEMENTS(headings), 0);
	if (out && !g_file_set_contents(out, csv->str, (gssize)csv->len, &why))
		return fail(
		    ST_RUN, error, ERR_IO, RETRY_NEVER, "%s", why->message);
	return ST_OK;
}

static void
remark(void *user, const char *recipient, const char *text)
{
	changes_tell(user, EVENT_DIRECTORY_EXPORT_REMARK, recipient, 0, text);
}

/* Files and a script for today's Exchange. */
static enum status
export_exchange(
    struct cli *cli, Changes *changes, const char *dir, GError **error)
{
	struct exchange_counts n;
	enum status st = exchange_save(
	    changes_store(changes), dir, remark, changes, &n, error);
	g_autoptr(GString) left_out = g_string_new(NULL);
	GHashTableIter at;
	gpointer name, count;

	g_hash_table_iter_init(&at, n.left_out);
	while (st == ST_OK && g_hash_table_iter_next(&at, &name, &count))
		g_string_append_printf(left_out, "%s%s (%u)",
		    left_out->len > 0 ? ", " : "", (const char *)name,
		    GPOINTER_TO_UINT(count));
	if (left_out->len > 0)
		remark(changes, dir, left_out->str);
	if (st == ST_OK && !cli->on[CLI_QUIET] && !cli->on[CLI_JSON]) {
		printf("%u mailboxes, %u contacts, %u groups, %u links in %s\n",
		    n.mailboxes, n.contacts, n.groups, n.links, dir);
		if (n.accounts > 0)
			printf("%u accounts without a mailbox are not "
			       "written\n",
			    n.accounts);
		printf("Run there, in the Exchange Management Shell: "
		       "recipients.ps1 -Plan\n");
	}
	exchange_counts_clear(&n);
	return st;
}

static enum status
export_users(
    struct cli *cli, Changes *changes, const char *path, GError **error)
{
	guint n;
	enum status st = userlist_save(
	    changes_store(changes), path, remark, changes, &n, error);

	if (st == ST_OK && !cli->on[CLI_QUIET] && !cli->on[CLI_JSON])
		printf(
		    "%u users in %s; enter their passwords there\n", n, path);
	return st;
}

/* The whole directory into another store, which must be empty there. */
static enum status
do_export(struct cli *cli, Changes *changes, const char *word, GError **error)
{
	g_autoptr(Store) to = NULL;
	Store *from = changes_store(changes);
	struct rows_count count;
	guint n = 0;
	enum status st;

	if (g_str_has_prefix(word, "imap-users:"))
		return export_users(
		    cli, changes, word + strlen("imap-users:"), error);
	if (g_str_has_prefix(word, "exchange:"))
		return export_exchange(
		    cli, changes, word + strlen("exchange:"), error);
	if (g_file_test(file_of(word), G_FILE_TEST_EXISTS))
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s is there already; name another file", file_of(word));
	if (g_str_has_prefix(word, "csv:") && strchr(word, '?') == NULL) {
		st = rows_write(from, file_of(word), &count, error);
		if (st == ST_OK && !cli->on[CLI_QUIET])
			printf("%u recipients in %s\n", count.written,
			    file_of(word));
		if (st == ST_OK && !cli->on[CLI_QUIET] && count.accounts > 0)
			printf("%u accounts and groups without mail are left "
			       "out\n",
			    count.accounts);
		return st;
	}
	st = store_open(
	    &to, word, NULL, NULL, cli->plan->state_dir, NULL, NULL, error);
	if (st == ST_OK)
		st = store_scan(from, error);
	while (st == ST_OK) {
		g_autoptr(Entry) entry = NULL;

		st = store_next(from, &entry, error);
		if (st == ST_OK) {
			st = store_create(to, entry, error);
			n++;
		}
	}
	if (st == ST_END)
		st = store_commit(to, error);
	if (st == ST_OK && !cli->on[CLI_QUIET])
		printf("%u recipients in %s\n", n, file_of(word));
	return st;
}

int
cmd_directory(struct cli *cli)
{
	static const char *const words[] = {
	    "import", "export", "convert", "match", "plan", NULL};
	const char *word = cli->arguments->pdata[0];
	const char *what =
	    cli->arguments->len > 1 ? cli->arguments->pdata[1] : NULL;
	const char *out =
	    cli->arguments->len > 2 ? cli->arguments->pdata[2] : NULL;
	g_autoptr(Changes) changes = NULL;
	g_autoptr(Terminal) terminal =
	    terminal_new(stderr, cli_colour(STDERR_FILENO));
	g_autoptr(GString) line = g_string_new(NULL);
	struct people people = {cli, terminal, line};
	g_autoptr(GError) error = NULL;
	guint unsettled = 0;
	bool dry = strcmp(word, "plan") == 0 || strcmp(word, "match") == 0 ||
		   strcmp(word, "export") == 0;
	enum status st;

	if (!g_strv_contains(words, word)) {
		cli_say("directory: '%s' is none of import, export, convert, "
			"match, plan",
		    word);
		return CLI_USAGE;
	}
	if (what == NULL) {
		cli_say("directory %s: %s", word,
		    strcmp(word, "export") == 0
			? "where to? csv:FILE, ldif:FILE, exchange:DIR or "
			  "sqlite:FILE"
			: "of what? a directory file, LDIF, or files:DIR");
		return CLI_USAGE;
	}
	st = people_open(&changes, cli->plan, dry, tell, &people, &error);
	if (st == ST_OK && strcmp(word, "match") == 0)
		st = do_match(&people, changes, what, out, &unsettled, &error);
	else if (st == ST_OK && strcmp(word, "export") == 0)
		st = do_export(cli, changes, what, &error);
	else if (st == ST_OK &&
		 (strcmp(word, "import") == 0 || strcmp(word, "plan") == 0))
		st = do_import(cli, changes, what, &error);
	if (st == ST_OK && (strcmp(word, "convert") == 0 ||
			       (strcmp(word, "plan") == 0 && is_source(what))))
		st = do_convert(cli, changes, what, &error);
	if (st == ST_OK && !dry)
		st = changes_commit(changes, &error);
	if (st < 0)
		return cli_fail(error);
	if (strcmp(word, "match") != 0 && strcmp(word, "export") != 0)
		put_counts(&people, changes, dry);
	return unsettled > 0 ? 2 : exit_status(changes);
}
