#include "directory/match.h"

#include "base/csv.h"
#include "directory/dn.h"

#include <string.h>

static const char *const names[] = {
    "none", "map", "stamp", "migrate", "native", "smtp", "alias", "display"};

const char *
match_rule_name(enum match_rule rule)
{
	return names[rule];
}

bool
match_is_weak(enum match_rule rule)
{
	return rule == MATCH_ALIAS || rule == MATCH_DISPLAY;
}

struct MatchMap {
	GHashTable *rows; /* folded source to mailbox */
};

enum status
match_map_load(MatchMap **out, const char *path, GError **error)
{
	g_autoptr(Csv) csv = NULL;
	MatchMap *map = g_new0(MatchMap, 1);
	enum status st = csv_open(&csv, path, error);

	*out = NULL;
	map->rows =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	while (st == ST_OK) {
		char *const *fields;
		guint n;

		st = csv_next(csv, &fields, &n, error);
		if (st != ST_OK)
			break;
		if (n < 2) {
			st = fail(ST_RUN, error, ERR_FORMAT, RETRY_NEVER,
			    "%s:%d: a row has a source and a mailbox", path,
			    csv_line(csv));
			break;
		}
		if (csv_line(csv) == 1 &&
		    g_ascii_strcasecmp(fields[0], "source") == 0)
			continue;
		/* An empty one is for the rules, as if it were not there. */
		if (*fields[1] == '\0')
			continue;
		if (!g_hash_table_insert(map->rows, entry_fold(fields[0]),
			g_strdup(fields[1]))) {
			st = fail(ST_RUN, error, ERR_FORMAT, RETRY_NEVER,
			    "%s:%d: %s is there twice", path, csv_line(csv),
			    fields[0]);
			break;
		}
	}
	if (st < 0) {
		match_map_free(map);
		return ST_RUN;
	}
	*out = map;
	return ST_OK;
}

void
match_map_free(MatchMap *map)
{
	if (map == NULL)
		return;
	g_hash_table_unref(map->rows);
	g_free(map);
}

void
match_clear(struct match *match)
{
	entry_free(match->entry);
	g_clear_pointer(&match->candidates, g_ptr_array_unref);
	g_free(match->why);
	memset(match, 0, sizeof *match);
}

/* The address without "MIGRATE:". */
static const char *
plain(const char *source)
{
	return g_ascii_strncasecmp(source, "MIGRATE:", 8) == 0 ? source + 8
							       : source;
}

/* What is behind the type: "NET/PO/USER" of "MS:NET/PO/USER". */
static const char *
behind_type(const char *source)
{
	const char *colon = strchr(source, ':');

	return colon && entry_address_ok(source) ? colon + 1 : source;
}

/*
 * The forms of 7.9: PROFS:NODE(USER), MS:NET/PO/USER, GWise:domain.po.user,
 * anna@example.org. cc:Mail and Notes have names of people instead.
 */
char *
match_alias_of(const char *source)
{
	const char *text = behind_type(plain(source)), *p, *end;

	if (strstr(text, " at ") || strchr(text, '='))
		return NULL;
	p = strchr(text, '(');
	end = p ? strchr(p, ')') : NULL;
	if (end && end > p + 1)
		return g_strndup(p + 1, (gsize)(end - p - 1));
	p = strchr(text, '@');
	if (p)
		return p > text ? g_strndup(text, (gsize)(p - text)) : NULL;
	p = strrchr(text, '/');
	if (p == NULL && g_ascii_strncasecmp(source, "GW", 2) == 0)
		p = strrchr(text, '.');
	p = p ? p + 1 : text;
	return *p ? g_strdup(p) : NULL;
}

char *
match_display_of(const char *source)
{
	const char *text = behind_type(plain(source)), *end;

	end = strstr(text, " at "); /* CCMAIL:Berg, Anna at PO */
	if (end == NULL && strchr(text, '=')) {
		const char *cn = strstr(text, "CN=");

		text = cn ? cn + 3 : text;
		end = text + strcspn(text, "/");
	} else if (end == NULL) {
		end = strchr(text, '/'); /* Anna Berg/Sales/Fjord */
		if (end && memchr(text, ' ', (gsize)(end - text)) == NULL)
			return NULL;
	}
	if (end == NULL)
		end = strchr(text, ' ') ? text + strlen(text) : text;
	return end > text ? g_strndup(text, (gsize)(end - text)) : NULL;
}

/* Lists, and log-ins without a mailbox, hold no mail. */
static enum status
look(Store *store, enum store_key key, const char *value, GPtrArray *hits,
    GError **error)
{
	g_autoptr(GPtrArray) found =
	    g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
	enum status st = store_search(store, key, value, found, error);

	for (guint i = 0; st == ST_OK && i < found->len; i++) {
		Entry *entry = found->pdata[i];
		bool there =
		    entry->class == RECIPIENT_LIST || entry->account_only;

		for (guint j = 0; !there && j < hits->len; j++)
			there = strcmp(((Entry *)hits->pdata[j])->id,
				    entry->id) == 0;
		if (!there)
			g_ptr_array_add(hits, entry_copy(entry));
	}
	return st;
}

/* What a person wrote into the mapping file. */
static enum status
look_mapped(Store *store, const char *text, GPtrArray *hits, GError **error)
{
	g_autofree char *smtp = g_strconcat("SMTP:", text, NULL);
	Entry *entry = NULL;
	enum status st = ST_OK;

	if (dn_check(text)) {
		st = store_read(store, text, &entry, error);
		if (st == ST_OK)
			g_ptr_array_add(hits, entry);
		if (st != ST_END)
			return st;
		st = ST_OK;
	}
	if (entry_address_ok(text))
		st = look(store, STORE_ADDRESS, text, hits, error);
	if (st == ST_OK && hits->len == 0)
		st = look(store, STORE_ADDRESS, smtp, hits, error);
	if (st == ST_OK && hits->len == 0)
		st = look(store, STORE_ALIAS, text, hits, error);
	return st == ST_OK && hits->len == 0
		   ? look(store, STORE_NAME, text, hits, error)
		   : st;
}

/* "Berg, Anna" is "Anna Berg" (Q154053). */
static char *
turned(const char *display)
{
	const char *comma = strchr(display, ',');
	const char *rest = comma ? comma + 1 : NULL;

	if (comma == NULL)
		return NULL;
	while (*rest == ' ')
		rest++;
	return *rest ? g_strdup_printf(
			   "%s %.*s", rest, (int)(comma - display), display)
		     : NULL;
}

static enum status
look_display(Store *store, const char *display, GPtrArray *hits, GError **error)
{
	g_autofree char *other = turned(display);
	enum status st = look(store, STORE_DISPLAY, display, hits, error);

	if (st == ST_OK && other)
		st = look(store, STORE_DISPLAY, other, hits, error);
	return st;
}

enum status
match_find(Store *store, const MatchMap *map, const char *source,
    struct match *out, GError **error)
{
	g_autoptr(GPtrArray) hits =
	    g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
	g_autofree char *stamp = g_strconcat(MATCH_STAMP, plain(source), NULL);
	g_autofree char *migrate = g_strconcat("MIGRATE:", plain(source), NULL);
	g_autofree char *smtp = g_strconcat("SMTP:", plain(source), NULL);
	g_autofree char *alias = match_alias_of(source);
	g_autofree char *display = match_display_of(source);
	g_autofree char *key = entry_fold(source);
	const char *mapped = map ? g_hash_table_lookup(map->rows, key) : NULL;
	const struct {
		enum match_rule rule;
		enum store_key key;
		const char *value, *word;
	} rules[] = {
	    {MATCH_BY_STAMP, STORE_STAMP, stamp, "mark"},
	    {MATCH_MIGRATE, STORE_ADDRESS, migrate, "address"},
	    {MATCH_NATIVE, STORE_ADDRESS,
		entry_address_ok(plain(source)) ? plain(source) : NULL,
		"address"},
	    {MATCH_SMTP, STORE_ADDRESS, strchr(smtp, '@') ? smtp : NULL,
		"address"},
	    {MATCH_ALIAS, STORE_ALIAS, alias, "alias"},
	    /* AD without Exchange's schema has no aliases. */
	    {MATCH_ALIAS, STORE_ACCOUNT, alias, "account"},
	    {MATCH_DISPLAY, STORE_DISPLAY, display, "display name"},
	};
	enum status st = ST_OK;

	memset(out, 0, sizeof *out);
	if (mapped && strcmp(mapped, "-") == 0) {
		out->rule = MATCH_MAP;
		out->left_out = true;
		out->why = g_strdup("the mapping file leaves it out");
		return ST_OK;
	}
	if (mapped) {
		st = look_mapped(store, mapped, hits, error);
		out->rule = MATCH_MAP;
		out->why = g_strdup_printf(
		    hits->len ? "mapping file: %s"
			      : "mapping file: %s, which is not there",
		    mapped);
	}
	for (guint i = 0; st == ST_OK && mapped == NULL && hits->len == 0 &&
			  i < G_N_ELEMENTS(rules);
	     i++) {
		if (rules[i].value == NULL)
			continue;
		st = rules[i].rule == MATCH_DISPLAY
			 ? look_display(store, display, hits, error)
			 : look(store, rules[i].key, rules[i].value, hits,
			       error);
		if (hits->len == 0)
			continue;
		out->rule = rules[i].rule;
		out->why =
		    g_strdup_printf("%s %s", rules[i].word, rules[i].value);
	}
	if (st < 0) {
		match_clear(out);
		return st;
	}
	if (hits->len == 1)
		out->entry = entry_copy(hits->pdata[0]);
	else if (hits->len > 1)
		out->candidates = g_steal_pointer(&hits);
	if (out->why == NULL)
		out->why = g_strdup("nobody has this address, alias or name");
	return ST_OK;
}
