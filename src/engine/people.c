#include "engine/people.h"

#include "base/secret.h"
#include "directory/dn.h"
#include "engine/boxes.h"
#include "engine/plan-private.h"
#include "source/source.h"

#include <string.h>

/* Of new mailboxes; NULL when the plan wants none. */
static enum status
open_passwords(const Plan *plan, Passwords **out, GError **error)
{
	g_autofree char *beside =
	    g_build_filename(plan->state_dir, "directory-passwords.csv", NULL);
	const char *path = plan->directory.password_list;

	*out = NULL;
	if (strcmp(plan->directory.password, "none") == 0)
		return ST_OK;
	if (path == NULL && g_mkdir_with_parents(plan->state_dir, 0700) < 0)
		return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
		    "cannot make the state directory %s", plan->state_dir);
	return passwords_open(
	    out, plan->directory.password, path ? path : beside, error);
}

enum status
people_open(Changes **out, const Plan *plan, bool dry,
    void (*tell)(Event *event, void *user), void *user, GError **error)
{
	struct changes_params params = {
	    .url = plan->directory.url,
	    .user = plan->directory.user,
	    .state_dir = plan->state_dir,
	    .dry = dry,
	    .tell = tell,
	    .tell_user = user,
	};
	char *password = NULL;
	enum status st = ST_OK;

	if (plan->directory.password_file)
		st = secret_from_file(
		    &password, plan->directory.password_file, NULL, error);
	params.password = password;
	if (st == ST_OK && !dry)
		st = open_passwords(plan, &params.passwords, error);
	if (st == ST_OK)
		st = changes_open(out, &params, error);
	secret_free(password);
	return st;
}

enum status
people_policy(const Plan *plan, struct policy *out, GError **error)
{
	static const char *const words[] = {[POLICY_SKIP] = "skip",
	    [POLICY_LINK] = "link",
	    [POLICY_RENAME] = "rename"};
	const GPtrArray *addresses = plan->directory.addresses;
	const char *word = plan->directory.conflict;
	enum status st = ST_OK;
	guint i = 0;

	memset(out, 0, sizeof *out);
	while (i < G_N_ELEMENTS(words) && g_strcmp0(words[i], word) != 0)
		i++;
	if (i == G_N_ELEMENTS(words))
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "--on-conflict is one of skip, link, rename, not %s", word);
	out->conflict = (enum policy_conflict)i;
	for (i = 0; st == ST_OK && i < addresses->len; i++)
		st = policy_check(addresses->pdata[i], error);
	if (st < 0)
		return st;
	out->alias = plan->directory.alias;
	out->display = plan->directory.display;
	if (out->alias)
		st = policy_check(out->alias, error);
	if (st == ST_OK && out->display)
		st = policy_check(out->display, error);
	if (st < 0)
		return st;
	out->addresses = g_new0(char *, addresses->len + 1);
	for (i = 0; i < addresses->len; i++)
		out->addresses[i] = addresses->pdata[i];
	return ST_OK;
}

static enum status
open_source(
    const Plan *plan, struct plan_route *route, Source **out, GError **error)
{
	enum status st = plan_route(plan, NULL, NULL, route, error);

	*out = NULL;
	return st == ST_OK
		   ? source_open(out, source_driver_find(plan->from.url.scheme),
			 &route->from, error)
		   : st;
}

enum status
people_list(const Plan *plan, GPtrArray *out, GError **error)
{
	struct plan_route route;
	Source *source;
	enum status st = open_source(plan, &route, &source, error);

	if (st == ST_OK)
		st = source_list(source, out, error);
	source_close(source);
	plan_route_clear(&route);
	return st < 0 ? ST_RUN : st;
}

static enum status
import_mailbox(const Plan *plan, Source *source, const struct mailbox *mailbox,
    Import *import, GError **error)
{
	struct job job = {
	    .id = 1,
	    .pass = 1,
	    .mailbox = mailbox,
	    .destination = mailbox->name,
	    .parts = 1,
	    .filter = &plan->filter,
	    .known = &boxes_nothing,
	    .spool_dir = g_get_tmp_dir(),
	};
	enum status st = source_begin(source, &job, error);
	guint n = 0;

	while (st == ST_OK) {
		struct record record;
		g_autoptr(GError) why = NULL;

		st = source_next(source, &record, &why);
		if (st == ST_OK && record.kind == RECORD_RECIPIENT) {
			Changes *changes = import_changes(import);
			Store *store = changes_store(changes);
			g_autoptr(Entry) row =
			    entry_from_recipient(&record.recipient,
				store_container(store, record.recipient.class),
				store_base_dn(store));

			row->line = (int)++n;
			st = import_row(import, row, error);
		} else if (st == ST_ITEM)
			changes_tell(import_changes(import),
			    EVENT_DIRECTORY_FAILED, record.key, 0,
			    why->message);
		else if (st < 0)
			g_propagate_error(error, g_steal_pointer(&why));
		if (st == ST_ITEM || st == ST_THERE)
			st = ST_OK;
	}
	source_end(source);
	return st == ST_END ? ST_OK : st;
}

enum status
people_import(const Plan *plan, Import *import, GError **error)
{
	const struct source_driver *driver =
	    source_driver_find(plan->from.url.scheme);
	g_autoptr(GPtrArray) mailboxes =
	    g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_free);
	struct plan_route route;
	Source *source;
	enum status st;

	if ((driver->gives & 1u << RECORD_RECIPIENT) == 0)
		return ST_OK;
	st = open_source(plan, &route, &source, error);
	if (st == ST_OK)
		st = source_list(source, mailboxes, error);
	/* People stand apart from the mail of each of them. */
	for (guint i = 0; st == ST_OK && i < mailboxes->len; i++) {
		const struct mailbox *mailbox = mailboxes->pdata[i];

		if (mailbox->no_mail)
			st = import_mailbox(
			    plan, source, mailbox, import, error);
	}
	source_close(source);
	plan_route_clear(&route);
	return st < 0 ? ST_RUN : import_end(import, error);
}

static char *
destination_of(const Plan *plan, const Entry *entry)
{
	const char *alias = entry_get(entry, "Mail-nickname");
	const char *smtp = entry_primary(entry, "SMTP");
	const char *name = entry_get(entry, "Common-Name");
	const char *which = plan->directory.name;

	if (strcmp(which, "alias") == 0 && alias)
		return g_strdup(alias);
	if (strcmp(which, "address") == 0 && smtp)
		return g_strdup(smtp);
	if (strcmp(which, "name") != 0 && alias)
		return g_strdup(alias);
	return g_strdup(name ? name : smtp);
}

char *
people_remedies(const Plan *plan, const struct match *match)
{
	GString *out = g_string_new(NULL);

	if (match->candidates) {
		g_string_append_printf(out, "%s belongs to %u recipients (",
		    match->why, match->candidates->len);
		for (guint i = 0; i < match->candidates->len && i < 5; i++)
			g_string_append_printf(out, "%s%s", i ? "; " : "",
			    ((Entry *)match->candidates->pdata[i])->id);
		g_string_append(out, "); say which in the mapping file "
				     "(mailmig directory match)");
		return g_string_free(out, FALSE);
	}
	g_string_append_printf(
	    out, "the directory has no recipient for it: %s. ", match->why);
	if (!plan->directory.create)
		g_string_append(out, "Import with mailboxes created (leave out "
				     "--no-create-mailboxes), or ");
	else
		g_string_append(out, "The source has no directory row for it "
				     "either; ");
	g_string_append(out, "make the mailbox or a contact with this address, "
			     "or name its recipient in a mapping file "
			     "(mailmig directory match, --directory-map)");
	return g_string_free(out, FALSE);
}

static void
tell_weak(Changes *changes, const char *mailbox, const struct match *match)
{
	g_autofree char *reason =
	    g_strdup_printf("%s; mailbox %s", match->why, mailbox);

	changes_tell(changes, EVENT_DIRECTORY_NAME_MATCH,
	    entry_title(match->entry), 0, reason);
}

enum status
people_place(const Plan *plan, Changes *changes, const MatchMap *map,
    const char *mailbox, char **destination, bool *left_out, GError **error)
{
	struct match match;
	enum status st =
	    match_find(changes_store(changes), map, mailbox, &match, error);
	g_autoptr(Entry) now = NULL;
	g_autofree char *id = NULL;

	*destination = NULL;
	*left_out = false;
	if (st < 0)
		return st;
	*left_out = match.left_out;
	if (match.entry == NULL && !match.left_out) {
		g_autofree char *why = people_remedies(plan, &match);

		changes_tell(
		    changes, EVENT_MAILBOX_NOT_OPENED, mailbox, 0, why);
	}
	if (match.entry) {
		if (match_is_weak(match.rule))
			tell_weak(changes, mailbox, &match);
		st = changes_convert(
		    changes, match.entry, mailbox, NULL, &id, error);
		if (st >= 0)
			st =
			    store_read(changes_store(changes), id, &now, error);
		if (st == ST_OK && now)
			*destination = destination_of(plan, now);
		/* What was refused has been told; the others go on. */
		st = st == ST_ITEM || st == ST_END ? ST_OK : st;
	}
	match_clear(&match);
	return st;
}

/* Where they are; never which. */
static void
tell_passwords(Changes *changes)
{
	const Passwords *passwords = changes_passwords(changes);
	g_autofree char *text = NULL;

	if (passwords == NULL || passwords_count(passwords) == 0)
		return;
	text = g_strdup_printf(
	    "%u in %s", passwords_count(passwords), passwords_path(passwords));
	changes_tell(changes, EVENT_DIRECTORY_PASSWORDS, NULL, 0, text);
}

enum status
people_place_all(const Plan *plan, GPtrArray *wanted, enum people_how how,
    void (*tell)(Event *event, void *user), void *user, GError **error)
{
	g_autoptr(Changes) changes = NULL;
	g_autoptr(MatchMap) map = NULL;
	g_autoptr(Import) import = NULL;
	struct policy policy = {0};
	enum status st;

	if (plan->directory.url == NULL)
		return ST_OK;
	st = people_policy(plan, &policy, error);
	if (st == ST_OK && plan->directory.map_file)
		st = match_map_load(&map, plan->directory.map_file, error);
	if (st == ST_OK)
		st = people_open(
		    &changes, plan, how != PEOPLE_WRITE, tell, user, error);
	if (st == ST_OK && plan->directory.create && how != PEOPLE_FIND) {
		import = import_new(changes, &policy);
		st = people_import(plan, import, error);
	}
	for (guint i = 0; st == ST_OK && i < wanted->len;) {
		struct wanted *w = wanted->pdata[i];
		char *destination = NULL;
		bool left_out;

		/* Somebody named its place; public folders are nobody's. */
		if (w->no_mail || w->is_public ||
		    (w->account >= 0 && plan->accounts_file)) {
			i++;
			continue;
		}
		st = people_place(plan, changes, map, w->mailbox, &destination,
		    &left_out, error);
		if (destination) {
			g_free(w->destination);
			w->destination = destination;
			w->account = -1;
			i++;
		} else if (st == ST_OK)
			g_ptr_array_remove_index(wanted, i);
	}
	g_free(policy.addresses);
	if (st == ST_OK)
		st = changes_commit(changes, error);
	if (changes)
		tell_passwords(changes);
	return st < 0 ? ST_RUN : ST_OK;
}

const struct account *
people_account(
    const Plan *plan, const struct wanted *wanted, struct account *room)
{
	if (wanted->account >= 0)
		return plan->accounts->pdata[wanted->account];
	if (plan->directory.url == NULL || wanted->no_mail || wanted->is_public)
		return NULL;
	*room = (struct account){
	    .source = wanted->mailbox, .destination = wanted->destination};
	return room;
}
