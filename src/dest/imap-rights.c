/*
 * Owner and everybody's rights of public folders (DefFldPerms and FldOwner of
 * the original, Q198957), as access control lists (RFC 4314).
 *
 * A folder gets them when it is made, before the first message; one that was
 * there keeps what it has (migration-files.md 12.4). When a run was cut between
 * the two, the folder is there and nothing was ever put into it: then too.
 */
#include "dest/imap-private.h"

#include "base/step.h"

#include <string.h>

/* RFC 4314 2.1; of the second the virtual rights of RFC 2086 for servers that
 * know no others (2.1.1). */
static const struct {
	const char *role, *rights, *old_rights;
} roles[] = {
    {"owner", "lrswipkxtea", "lrswipcda"},
    {"none", "", ""},
    /* IMAP cannot say "one's own messages": an author adds messages and reads
     * all, but neither changes nor deletes those of others. */
    {"author", "lrsip", "lrsip"},
    {"pubeditor", "lrswipkte", "lrswipcd"},
};

static enum status
set_rights(DestImap *d, const struct box *box, const char *who,
    const char *role, char **refused, GError **error)
{
	g_autofree char *quoted = imap_quote(who);
	guint i = 0;

	while (strcmp(roles[i].role, role) != 0)
		i++;
	for (guint old = 0; old < 2; old++) {
		const char *rights =
		    old ? roles[i].old_rights : roles[i].rights;
		guint tag = imap_command(d->session, "SETACL %s %s \"%s\"",
		    box->quoted, quoted, rights);
		struct command *command =
		    dest_imap_sent(d, tag, COMMAND_RIGHTS, NULL);
		enum status st;

		command->waited = true;
		st = dest_imap_wait(d, command, error);
		if (st < 0)
			return st;
		g_clear_pointer(refused, g_free);
		if (command->result != IMAP_OK)
			*refused =
			    dest_imap_words(command->code, command->text);
		dest_imap_command_free(command);
		if (*refused == NULL)
			return ST_OK;
	}
	return ST_OK;
}

/* Once for all folders of the job. */
static void
tell(DestImap *d, const struct box *box, const char *who, const char *why)
{
	g_autofree char *path = folder_path_to_text(box->path);

	if (d->rights_told)
		return;
	d->rights_told = true;
	if (who)
		dest_imap_remark(d, REMARK_WARNING, "PUBLIC_RIGHTS", NULL,
		    "public folders: the server refused the rights of %s, "
		    "first on folder %s: %s",
		    who, path, why);
	else if (d->job->part == 0)
		dest_imap_remark(d, REMARK_WARNING, "PUBLIC_RIGHTS", NULL,
		    "public folders: the server has no access control lists "
		    "(ACL); no owner and no rights are set, set them there by "
		    "hand");
}

enum status
dest_imap_rights(DestImap *d, struct box *box, GError **error)
{
	const struct job *job = d->job;
	const char *const who[] = {job->public_owner, "anyone"};
	const char *const role[] = {"owner", job->public_rights};
	bool fresh = box->made_here || (job->interrupted && box->uidnext == 1);
	enum status st;

	if (!job->mailbox->is_public || job->look_only || box->rights_set ||
	    !fresh || box->refused || !box->listed ||
	    (job->public_owner == NULL && job->public_rights == NULL))
		return ST_OK;
	box->rights_set = true;
	if ((d->caps & IMAP_CAP_ACL) == 0) {
		tell(d, box, NULL, NULL);
		return ST_OK;
	}
	step("imap: before the rights of a folder");
	st = dest_imap_quiet(d, error);
	for (guint i = 0; st == ST_OK && i < G_N_ELEMENTS(who); i++) {
		g_autofree char *refused = NULL;

		if (who[i] == NULL || role[i] == NULL)
			continue;
		st = set_rights(d, box, who[i], role[i], &refused, error);
		if (refused)
			tell(d, box, who[i], refused);
	}
	return st;
}

enum status
dest_imap_make_public(DestImap *d, struct box *box, GError **error)
{
	enum status st = ST_OK;

	if (!d->job->mailbox->is_public ||
	    (d->job->public_owner == NULL && d->job->public_rights == NULL))
		return ST_OK;
	if (!box->listed && !box->refused)
		st = dest_imap_settle(d, error); /* it may get another name */
	return st < 0 ? st : dest_imap_rights(d, box, error);
}
