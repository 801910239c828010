/*
 * The matching page: which mailbox of the source goes where. With a directory,
 * to whom it belongs there, as a run would find it; what is decided by hand is
 * written to the mapping file. Without one, under which name; other names than
 * those at the source are written to an accounts file.
 */
#include "ui/wizard-private.h"

#include "base/csv.h"
#include "base/human.h"
#include "engine/people.h"

#include <string.h>

#define NAME_WIDTH    28 /* columns */
#define BECOMES_WIDTH 10
#define BY_HAND	      "by hand"
#define OUT	      "-" /* in a mapping file */

/* A mailbox of the source. */
struct pair {
	char *source;
	const char *becomes; /* "mailbox", "convert", "new", ... */
	char *target;	     /* a recipient, or a name; NULL: nobody */
	char *why;
	char *hand;	   /* what somebody decided, or NULL */
	char **candidates; /* where there is more than one, or NULL */
};

struct matching {
	struct wizard *w;
	GPtrArray *pairs; /* of struct pair */
	bool people;	  /* there is a directory */
	bool changed;
};

static void
pair_free(void *data)
{
	struct pair *pair = data;

	g_free(pair->source);
	g_free(pair->target);
	g_free(pair->why);
	g_free(pair->hand);
	g_strfreev(pair->candidates);
	g_free(pair);
}

static void
forget(Event *event, void *user)
{
	event_free(event);
}

static void
take_match(struct pair *pair, const struct match *match, bool is_new)
{
	const Entry *entry = match->entry;

	pair->becomes = match->candidates		    ? "ambiguous"
			: match->left_out		    ? "left out"
			: entry == NULL			    ? "nobody"
			: is_new			    ? "new"
			: entry->class == RECIPIENT_CONTACT ? "convert"
							    : "mailbox";
	g_free(pair->target);
	pair->target = entry ? g_strdup(entry_title(entry)) : NULL;
	g_free(pair->why);
	pair->why = g_strdup(match->why ? match->why : "");
	g_clear_pointer(&pair->candidates, g_strfreev);
	if (match->candidates == NULL)
		return;
	pair->candidates = g_new0(char *, match->candidates->len + 1);
	for (guint i = 0; i < match->candidates->len; i++)
		pair->candidates[i] =
		    g_strdup(((Entry *)match->candidates->pdata[i])->id);
}

/* All of them anew. unknown: those that are not found yet, after the rows of
 * the source would have made theirs. */
static enum status
find_all(struct matching *m, Changes *changes, const MatchMap *map,
    bool unknown, GError **error)
{
	enum status st = ST_OK;

	for (guint i = 0; st == ST_OK && i < m->pairs->len; i++) {
		struct pair *pair = m->pairs->pdata[i];
		struct match match;

		if (unknown && strcmp(pair->becomes, "nobody") != 0)
			continue;
		st = match_find(
		    changes_store(changes), map, pair->source, &match, error);
		if (st < 0)
			return st;
		take_match(pair, &match, unknown);
		match_clear(&match);
	}
	return st;
}

/* As a run would do it; nothing is written. */
static enum status
look_people_up(struct matching *m, GError **error)
{
	g_autoptr(Plan) plan = NULL;
	g_autoptr(Changes) changes = NULL;
	g_autoptr(MatchMap) map = NULL;
	g_autoptr(Import) import = NULL;
	struct policy policy = {0};
	enum status st = ui_wizard_copy(m->w, false, false, &plan, error);

	if (st == ST_OK)
		st = people_policy(plan, &policy, error);
	if (st == ST_OK && plan->directory.map_file)
		st = match_map_load(&map, plan->directory.map_file, error);
	if (st == ST_OK)
		st = people_open(&changes, plan, true, forget, NULL, error);
	if (st == ST_OK)
		st = find_all(m, changes, map, false, error);
	if (st == ST_OK && plan->directory.create) {
		import = import_new(changes, &policy);
		st = people_import(plan, import, error);
		if (st == ST_OK)
			st = find_all(m, changes, map, true, error);
	}
	g_free(policy.addresses);
	return st;
}

/* The names there, as the accounts file or the log-in name says. */
static enum status
look_names_up(struct matching *m, GError **error)
{
	g_autoptr(Plan) plan = NULL;
	g_autoptr(GHashTable) by_name =
	    g_hash_table_new(g_str_hash, g_str_equal);
	enum status st = ui_wizard_copy(m->w, false, false, &plan, error);

	if (st < 0)
		return st;
	for (guint i = 0; i < plan->accounts->len; i++) {
		struct account *account = plan->accounts->pdata[i];

		g_hash_table_insert(by_name, account->source, account);
	}
	for (guint i = 0; i < m->pairs->len; i++) {
		struct pair *pair = m->pairs->pdata[i];
		const struct account *account =
		    g_hash_table_lookup(by_name, pair->source);
		const char *name =
		    account ? account->destination : pair->source;

		pair->becomes =
		    strcmp(name, pair->source) == 0 ? "the same" : "renamed";
		pair->target = g_strdup(name);
		pair->why = g_strdup("");
	}
	return ST_OK;
}

static char *
row_text(const struct pair *pair)
{
	g_autofree char *cut = human_cut(pair->source, NAME_WIDTH);
	g_autofree char *name = human_pad(cut, NAME_WIDTH);
	const char *target = pair->hand ? pair->hand : pair->target;

	return g_strdup_printf("%s %-*s %s%s%s", name, BECOMES_WIDTH,
	    pair->hand ? BY_HAND : pair->becomes, target ? target : "",
	    *pair->why && !pair->hand && target ? ": " : "",
	    pair->hand ? "" : pair->why);
}

static const char match_help[] =
    "mailbox: its recipient has one. convert: a contact, which becomes a "
    "mailbox with all its addresses and lists. new: made from the row that the "
    "source has of it. ambiguous: several fit, choose one. nobody: it stays "
    "where it is unless you name a recipient. What you choose is kept in the "
    "mapping file, or without a directory in an accounts file.";

/* A decision for one: leave it out, take a candidate, or what is typed. */
static void
decide(struct matching *m, struct pair *pair)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new();
	g_autofree char *text =
	    g_strdup_printf("Where shall %s go?", pair->source);
	guint n = pair->candidates ? g_strv_length(pair->candidates) : 0;
	guint chosen = 0, other;
	struct ui_field field = {m->people ? "Recipient" : "Name"};

	g_ptr_array_add(rows, (char *)"As it was found");
	if (m->people)
		g_ptr_array_add(rows, (char *)"Nowhere: leave it out");
	for (guint i = 0; i < n; i++)
		g_ptr_array_add(rows, pair->candidates[i]);
	other = rows->len;
	g_ptr_array_add(rows, (char *)(m->people ? "To a recipient that I name"
						 : "Under another name"));
	if (ui_list("Matching", text, match_help,
		(const char *const *)rows->pdata, rows->len,
		&chosen) != ANSWER_NEXT)
		return;
	if (chosen == other) {
		field.value = g_strdup(pair->hand ? pair->hand : pair->target);
		if (ui_form("Matching",
			m->people ? "Its address, alias or distinguished name."
				  : text,
			match_help, &field, 1, NULL) != ANSWER_NEXT ||
		    *field.value == '\0') {
			g_free(field.value);
			return;
		}
	} else {
		field.value = chosen == 0 ? NULL
			      : chosen == 1 && m->people
				  ? g_strdup(OUT)
				  : g_strdup(rows->pdata[chosen]);
	}
	m->changed |= g_strcmp0(field.value, pair->hand) != 0;
	g_free(pair->hand);
	pair->hand = field.value;
}

static void
put_row(GString *out, const char *one, const char *two)
{
	csv_put(out, one, ',');
	g_string_append_c(out, ',');
	csv_put(out, two, ',');
	g_string_append(out, "\r\n");
}

/* The mapping file: its rows, but for those that were decided anew. */
static char *
mapping_text(const struct matching *m, const char *old)
{
	g_autoptr(GHashTable) decided =
	    g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(Csv) csv = NULL;
	GString *out = g_string_new("source,mailbox\r\n");
	char *const *fields;
	guint n;

	for (guint i = 0; i < m->pairs->len; i++) {
		struct pair *pair = m->pairs->pdata[i];

		if (pair->hand == NULL)
			continue;
		g_hash_table_add(decided, pair->source);
		put_row(out, pair->source, pair->hand);
	}
	if (old == NULL || csv_open(&csv, old, NULL) < 0)
		return g_string_free(out, FALSE);
	while (csv_next(csv, &fields, &n, NULL) == ST_OK)
		if (n >= 2 && !g_hash_table_contains(decided, fields[0]) &&
		    g_ascii_strcasecmp(fields[0], "source") != 0)
			put_row(out, fields[0], fields[1]);
	return g_string_free(out, FALSE);
}

static char *
accounts_text(const struct matching *m)
{
	GString *out = g_string_new("source,destination\r\n");

	for (guint i = 0; i < m->pairs->len; i++) {
		struct pair *pair = m->pairs->pdata[i];

		put_row(
		    out, pair->source, pair->hand ? pair->hand : pair->target);
	}
	return g_string_free(out, FALSE);
}

/* Into a file that the plan names. ANSWER_BACK: not yet. */
static enum ui_answer
save(struct matching *m)
{
	const char *group = m->people ? "directory" : "accounts";
	const char *key = m->people ? "map" : "file";
	g_autofree char *old = plan_get(m->w->plan, group, key);
	g_autofree char *text =
	    m->people ? mapping_text(m, old) : accounts_text(m);
	struct ui_field field = {
	    "File", g_strdup(old	 ? old
			     : m->people ? "mapping.csv"
					 : "accounts.csv")};
	enum ui_answer answer = ui_form("Matching",
	    "What was decided by hand is kept in a CSV file, which the plan "
	    "names.",
	    "A file that is there is replaced.", &field, 1, NULL);
	g_autofree char *path =
	    g_canonicalize_filename(field.value, m->w->plan->base_dir);
	g_autoptr(GError) error = NULL;

	if (answer == ANSWER_NEXT && *field.value == '\0')
		answer = ANSWER_BACK;
	if (answer == ANSWER_NEXT &&
	    !g_file_set_contents_full(
		path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error)) {
		ui_message("It was not saved", error->message);
		answer = ANSWER_BACK;
	}
	if (answer == ANSWER_NEXT)
		ui_wizard_put(m->w, group, key, path);
	if (answer == ANSWER_NEXT && !m->people)
		plan_unset(m->w->plan, "accounts", "mailbox");
	g_free(field.value);
	return answer;
}

/* Everybody who goes. */
static bool
look_up(struct matching *m)
{
	g_autoptr(GError) error = NULL;
	enum status st;

	for (guint i = 0; i < m->w->accounts->len; i++) {
		const struct ui_account *account = m->w->accounts->pdata[i];
		struct pair *pair;

		if (!account->wanted)
			continue;
		pair = g_new0(struct pair, 1);
		pair->source = g_strdup(account->name);
		g_ptr_array_add(m->pairs, pair);
	}
	ui_wait("Looking for the recipients...");
	st = m->people ? look_people_up(m, &error) : look_names_up(m, &error);
	ui_wait_end();
	if (st < 0)
		ui_message("It did not work", error->message);
	return st >= 0;
}

static enum ui_answer
show(struct matching *m)
{
	static const char *const more[] = {"Change", NULL};
	guint chosen = 0;

	for (;;) {
		enum ui_answer answer;
		struct ui_page p;
		newtComponent list;
		int columns, rows, inner, top, width;
		guint unsettled = 0;
		g_autofree char *text = NULL;

		for (guint i = 0; i < m->pairs->len; i++) {
			struct pair *pair = m->pairs->pdata[i];

			unsettled += pair->target == NULL &&
				     pair->hand == NULL &&
				     strcmp(pair->becomes, "left out") != 0;
		}
		text = g_strdup_printf(
		    "%u mailbox%s, %u without a place. Enter changes one.",
		    m->pairs->len, m->pairs->len == 1 ? "" : "es", unsettled);
		ui_size(&columns, &rows);
		inner = CLAMP((int)m->pairs->len, 4, MAX(rows - 12, 4));
		top = ui_page_open(&p, "Matching", text, inner, NULL, more);
		width = ui_page_width();
		list = newtListbox(
		    1, top, inner, NEWT_FLAG_RETURNEXIT | NEWT_FLAG_SCROLL);
		newtListboxSetWidth(list, width - 2);
		for (guint i = m->pairs->len; i-- > 0;) {
			g_autofree char *row = row_text(m->pairs->pdata[i]);
			g_autofree char *cut = human_cut(row, width - 5);

			newtListboxInsertEntry(
			    list, cut, GUINT_TO_POINTER(i + 1), NULL);
		}
		newtListboxSetCurrent(list, (int)chosen);
		newtFormAddComponent(p.form, list);
		newtFormSetCurrent(p.form, list);
		answer = ui_page_run(&p, match_help);
		chosen = GPOINTER_TO_UINT(newtListboxGetCurrent(list)) - 1;
		ui_page_close(&p);
		if (answer == ANSWER_FIELD || answer == ANSWER_OTHER)
			decide(m, m->pairs->pdata[chosen]);
		else if (answer != ANSWER_NEXT || !m->changed)
			return answer;
		else if ((answer = save(m)) != ANSWER_BACK)
			return answer;
	}
}

enum ui_answer
ui_wizard_match(struct wizard *w)
{
	struct matching m = {.w = w,
	    .pairs = g_ptr_array_new_with_free_func(pair_free),
	    .people = w->plan->directory.url != NULL};
	enum ui_answer answer = ANSWER_OTHER;

	/* A list of people with log-ins is somebody's own; and a mailbox alone
	 * is called as its address says. */
	if (w->accounts->len > 0 &&
	    (m.people ||
		(w->plan->accounts_file == NULL && w->accounts->len > 1)))
		answer = look_up(&m) ? show(&m) : ANSWER_BACK;
	g_ptr_array_unref(m.pairs);
	return answer;
}
