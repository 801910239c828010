/*
 * The user list of the original wizard, written: the first half of its two
 * steps with Microsoft Mail (spec/msmail.md 1, wizard.md 6.2). It is edited,
 * and given back with the option "users".
 */
#include "source/msmail-private.h"

#include "base/csv.h"

#include <string.h>

/* What the original's two lines about the post office said is not known; they
 * are there because its readers skip two. */
static const char *const heading[] = {"SFS_UserName", "SFS_FullName",
    "MigrateUser", "Obj-Class", "Mode", "Common-Name", "Display-Name",
    "Given-Name", "Surname", "Home-Server", "Comment", "Assoc-NT-Account",
    "Secondary-Proxy-Addresses"};

static void
put_line(GString *out, const char *const *fields, guint n)
{
	for (guint i = 0; i < n; i++) {
		if (i > 0)
			g_string_append_c(out, ',');
		if (*fields[i])
			csv_put(out, fields[i], ',');
	}
	g_string_append(out, "\r\n");
}

static void
put_user(struct msmail_source *s, GString *out, GHashTable *seen,
    const char *user, const char *full_name)
{
	/* A mailbox that is called by its address (post-office is set). */
	g_autofree char *folded = g_utf8_casefold(user, -1);
	g_autofree char *proxies = NULL;
	g_autoptr(GString) plain = g_string_new(NULL);

	if (!g_hash_table_add(seen, g_steal_pointer(&folded)))
		return;
	/* "without extended characters" */
	codepage_to_ascii(user, plain);
	proxies = g_strdup_printf("MIGRATE:MS:%s/%s%%MS:%s/%s",
	    s->opts.post_office, user, s->opts.post_office, user);
	put_line(out,
	    (const char *const[]){user, full_name, "Y", "mailbox", "create",
		g_strstrip(plain->str), full_name, "", "", "~SERVER", "", "",
		proxies},
	    G_N_ELEMENTS(heading));
}

enum status
ms_users_write(struct msmail_source *s, GError **error)
{
	g_autoptr(GHashTable) seen =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *there = NULL;
	const char *path = s->opts.make_users;
	gsize len = 0;

	if (*s->opts.post_office == '\0')
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "msmail: make-users needs post-office=NETWORK/POSTOFFICE, "
		    "by which mailboxes are looked for");
	put_line(out,
	    (const char *const[]){
		"Microsoft Mail for PC Networks", s->opts.post_office},
	    2);
	put_line(out, (const char *const[]){"User list", "mailmig"}, 2);
	put_line(out, heading, G_N_ELEMENTS(heading));
	for (guint i = 0; i < s->people->len; i++) {
		const struct ms_person *person = s->people->pdata[i];

		if (person->is_local && person->user)
			put_user(s, out, seen, person->user,
			    person->full_name ? person->full_name
					      : person->user);
	}
	for (guint i = 0; i < s->places->len; i++) {
		const struct ms_place *place = s->places->pdata[i];

		if (place->kind != MS_MAILBAG)
			put_user(s, out, seen, place->user, place->user);
	}
	if (g_hash_table_size(seen) == 0)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "msmail: no mailbox for a user list: in a post office "
		    "their names are in no file that is described; give "
		    "addresses=FILE, as EXPORT writes it");
	/* What was edited is not written over. */
	if (g_file_get_contents(path, &there, &len, NULL)) {
		if (len == out->len && memcmp(there, out->str, len) == 0)
			return ST_OK;
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "msmail: %s is there already; name another file", path);
	}
	if (!g_file_set_contents(path, out->str, (gssize)out->len, error)) {
		g_prefix_error(error, "msmail: user list: ");
		return ST_RUN;
	}
	return ST_OK;
}
