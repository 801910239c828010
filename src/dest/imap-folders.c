/*
 * Which folder of the destination a source folder becomes:
 *	1. the inbox becomes INBOX;
 *	2. a folder with a special use becomes the folder that has it there, so
 *	   that nobody gets a second "Sent" beside "Gesendete Elemente" (not
 *	   \All and \Flagged: these are views that take no mail, RFC 6154 2);
 *	3. any other keeps its path, below the folder that its parent became;
 *	   names that are not legal everywhere are replaced (imap-names.c).
 * Two source folders never share one: the second is called "Name (2)". That
 * holds for names that differ in case only, too, where the server does not tell
 * them apart, which is found out by asking it. A name that the server refuses
 * is replaced by a plainer one, once. Every replacement is remarked.
 *
 * A folder keeps its name in later passes, whatever comes to lie beside it at
 * either end: it is noted (known->dest_state) in two lines behind what
 * imap-look.c has there, as it goes over the wire, and with the prefix and path
 * that it was made for: another prefix or folder map is another wish.
 */
#include "dest/imap-private.h"
#include "base/step.h"

#include <string.h>

#define NUMBER_MAX 10000 /* "Name (2)" to this, then it is refused */

static void
box_free(void *data)
{
	struct box *box = data;

	g_free(box->wire);
	g_free(box->quoted);
	g_strfreev(box->path);
	g_free(box->folded);
	g_free(box->refused);
	g_strfreev(box->keywords);
	g_free(box->note);
	g_clear_pointer(&box->resent, g_array_unref);
	g_clear_pointer(&box->arrived, g_hash_table_unref);
	g_clear_pointer(&box->stored, g_hash_table_unref);
	g_clear_pointer(&box->changes, g_hash_table_unref);
	if (box->nameless) {
		for (guint i = 0; i < box->nameless->len; i++)
			dest_imap_item_free(box->nameless->pdata[i]);
		g_ptr_array_free(box->nameless, TRUE);
	}
	g_free(box);
}

static char *
fold(const char *wire)
{
	g_autofree char *utf8 = imap_utf7_to_utf8(wire);

	return utf8 ? g_utf8_casefold(utf8, -1) : g_ascii_strdown(wire, -1);
}

/* Give a box its name, or another one. */
static void
box_name(DestImap *d, struct box *box, char *wire, char **path)
{
	if (box->wire) {
		if (g_hash_table_lookup(d->by_wire, box->wire) == box)
			g_hash_table_remove(d->by_wire, box->wire);
		if (g_hash_table_lookup(d->by_folded, box->folded) == box)
			g_hash_table_remove(d->by_folded, box->folded);
	}
	g_free(box->wire);
	g_free(box->quoted);
	g_free(box->folded);
	if (box->path != path)
		g_strfreev(box->path);
	box->wire = wire;
	box->quoted = imap_quote(wire);
	box->path = path;
	box->folded = fold(wire);
	if (!g_hash_table_contains(d->by_wire, wire))
		g_hash_table_insert(d->by_wire, g_strdup(wire), box);
	if (!g_hash_table_contains(d->by_folded, box->folded))
		g_hash_table_insert(d->by_folded, g_strdup(box->folded), box);
}

static struct box *
box_new(DestImap *d, char *wire, char **path)
{
	struct box *box = g_new0(struct box, 1);

	g_ptr_array_add(d->boxes, box);
	box_name(d, box, wire, path);
	return box;
}

/* This folder of the server is the one that is meant. */
static void
take_place(DestImap *d, struct box *box, struct box *there)
{
	box->uidvalidity = there->uidvalidity;
	box->uidnext = there->uidnext;
	box->listed = there->listed;
	there->owner = box->owner;
	box_name(d, box, g_strdup(there->wire), g_strdupv(there->path));
}

static enum folder_use
use_from_imap(guint32 use)
{
	switch (use) {
	case IMAP_USE_ARCHIVE:
		return FOLDER_ARCHIVE;
	case IMAP_USE_DRAFTS:
		return FOLDER_DRAFTS;
	case IMAP_USE_JUNK:
		return FOLDER_JUNK;
	case IMAP_USE_SENT:
		return FOLDER_SENT;
	case IMAP_USE_TRASH:
		return FOLDER_TRASH;
	}
	return FOLDER_PLAIN;
}

/* For CREATE (USE (...)), RFC 6154 3; NULL when there is none. */
static const char *
use_to_imap(enum folder_use use)
{
	static const struct {
		enum folder_use use;
		const char *name;
	} names[] = {
	    {FOLDER_ARCHIVE, "\\Archive"},
	    {FOLDER_DRAFTS, "\\Drafts"},
	    {FOLDER_JUNK, "\\Junk"},
	    {FOLDER_SENT, "\\Sent"},
	    {FOLDER_TRASH, "\\Trash"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if (names[i].use == use)
			return names[i].name;
	return NULL;
}

enum status
dest_imap_folders_begin(DestImap *d, GError **error)
{
	g_autoptr(GPtrArray) list =
	    g_ptr_array_new_with_free_func((GDestroyNotify)imap_mailbox_free);
	struct box *inbox;
	enum status st;

	d->boxes = g_ptr_array_new_with_free_func(box_free);
	d->by_wire =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	d->by_folded =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	d->by_path =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	d->by_folder = g_hash_table_new(NULL, NULL);
	st = imap_list(d->session, true, list, error);
	if (st < 0)
		return st;
	d->separator = imap_separator(d->session);
	for (guint i = 0; i < list->len; i++) {
		struct imap_mailbox *m = list->pdata[i];
		bool is_inbox = g_ascii_strcasecmp(m->wire, "INBOX") == 0;
		struct box *box = box_new(d,
		    g_strdup(is_inbox ? "INBOX" : m->wire), g_strdupv(m->path));

		if (!d->separator)
			d->separator = m->separator;
		box->listed = m->selectable;
		box->use = use_from_imap(m->use);
		box->use_guessed = m->use_guessed;
		if (m->has_status && m->uidnext) {
			box->uidvalidity = m->uidvalidity;
			box->uidnext = m->uidnext;
		}
	}
	inbox = g_hash_table_lookup(d->by_wire, "INBOX");
	if (!inbox) {
		const char *path[] = {"INBOX", NULL};

		inbox = box_new(d, g_strdup("INBOX"), g_strdupv((char **)path));
	}
	inbox->listed = true; /* RFC 9051 5.1: there is always one */
	return ST_OK;
}

void
dest_imap_folders_clear(DestImap *d)
{
	g_clear_pointer(&d->by_wire, g_hash_table_unref);
	g_clear_pointer(&d->by_folded, g_hash_table_unref);
	g_clear_pointer(&d->by_path, g_hash_table_unref);
	g_clear_pointer(&d->by_folder, g_hash_table_unref);
	g_clear_pointer(&d->boxes, g_ptr_array_unref);
	d->selected = d->look_box = NULL;
}

/* A name as it goes over the wire: what imap_wire_name() makes of it, less the
 * personal prefix that this puts in front. */
static char *
encoded(DestImap *d, const char *name)
{
	const char *path[] = {name, NULL};
	const char *personal = imap_prefix(d->session);
	char *wire = imap_wire_name(d->session, (char **)path);

	if (wire && personal && g_str_has_prefix(wire, personal))
		memmove(wire, wire + strlen(personal),
		    strlen(wire + strlen(personal)) + 1);
	return wire ? wire : imap_utf7_from_utf8(name);
}

/* The folder that the nearest known ancestor became; *depth: its names. */
static struct box *
ancestor(DestImap *d, char *const *path, guint *depth)
{
	g_auto(GStrv) part = g_strdupv((char **)path);

	for (guint n = g_strv_length(part); n-- > 1;) {
		g_autofree char *text = NULL;
		struct box *box;

		g_clear_pointer(&part[n], g_free);
		text = folder_path_to_text(part);
		box = g_hash_table_lookup(d->by_path, text);
		if (!box && n == 1 && g_ascii_strcasecmp(part[0], "INBOX") == 0)
			box = g_hash_table_lookup(d->by_wire, "INBOX");
		if (box) {
			*depth = n;
			return box;
		}
	}
	*depth = 0;
	return NULL;
}

/*
 * Wire name and path of a folder whose names from depth on are `names`, below
 * parent (NULL: at the top). number > 1 tells it from others of that name.
 */
static void
compose(DestImap *d, const struct box *parent, char *const *names, guint number,
    char **wire, char ***path)
{
	const char *personal = imap_prefix(d->session);
	GPtrArray *out = g_ptr_array_new();
	GString *text =
	    g_string_new(parent ? parent->wire : imap_prefix(d->session));
	char *const *start = parent ? parent->path : NULL;
	bool first = !parent;

	/* "prefix=Imported" is meant as "Imported/" */
	if (first && text->len && d->separator &&
	    text->str[text->len - 1] != d->separator)
		g_string_append_c(text, d->separator);
	/* Below "INBOX." lies the whole personal namespace of some servers:
	 * what is below INBOX there is listed without that name. */
	if (parent && personal && strcmp(parent->wire, "INBOX") == 0 &&
	    g_ascii_strncasecmp(personal, "INBOX", 5) == 0)
		start++;
	for (; start && *start; start++)
		g_ptr_array_add(out, g_strdup(*start));
	for (guint i = 0; names[i]; i++) {
		g_autofree char *name =
		    names[i + 1] || number < 2
			? g_strdup(names[i])
			: dest_imap_numbered(names[i], number);
		g_autofree char *wire_name = encoded(d, name);

		if (!first && d->separator)
			g_string_append_c(text, d->separator);
		first = false;
		g_string_append(text, wire_name);
		g_ptr_array_add(out, g_steal_pointer(&name));
	}
	g_ptr_array_add(out, NULL);
	*path = (char **)g_ptr_array_free(out, FALSE);
	*wire = g_string_free(text, FALSE);
}

/* Legal names; a server without hierarchy gets them in one, joined by '-'. */
static char **
legal_names(DestImap *d, char *const *names, bool plain)
{
	GPtrArray *out = g_ptr_array_new();

	for (; *names; names++)
		g_ptr_array_add(out, plain
					 ? dest_imap_plain_name(*names)
					 : dest_imap_name(*names, d->separator,
					       DEST_IMAP_NAME_MAX));
	g_ptr_array_add(out, NULL);
	if (!d->separator && out->len > 2) {
		char *joined = g_strjoinv("-", (char **)out->pdata);

		g_strfreev((char **)g_ptr_array_free(out, FALSE));
		out = g_ptr_array_new();
		g_ptr_array_add(out, joined);
		g_ptr_array_add(out, NULL);
	}
	return (char **)g_ptr_array_free(out, FALSE);
}

void
dest_imap_tell_renamed(DestImap *d, struct box *box)
{
	g_autofree char *was = NULL, *is = NULL;

	if (!box->why)
		return;
	was = folder_path_to_text(box->owner->path);
	is = folder_path_to_text(box->path);
	dest_imap_remark(d, REMARK_WARNING, "FOLDER_RENAMED", box->owner,
	    "folder %s becomes %s at the destination: %s", was, is, box->why);
	box->why = NULL;
}

static void
tell_renamed(DestImap *d, struct box *box, const char *why)
{
	box->why = why;
	if (!d->announcing) /* else the part that puts it tells */
		dest_imap_tell_renamed(d, box);
}

/* By path. box: one that needs another name; or NULL. */
static struct box *
by_path(DestImap *d, const struct folder *folder, bool plain, struct box *box)
{
	guint depth, number = 1;
	struct box *parent = ancestor(d, folder->path, &depth), *there;
	g_auto(GStrv) names = NULL;
	char *wire, **path;

	/* refused below INBOX: some servers allow no folders there */
	if (plain && parent && strcmp(parent->wire, "INBOX") == 0)
		parent = NULL;
	names = legal_names(d, folder->path + depth, plain);
	for (;; number++) {
		g_autofree char *folded = NULL;

		compose(d, parent, names, number, &wire, &path);
		there = g_hash_table_lookup(d->by_wire, wire);
		folded = fold(wire);
		if ((!there || !there->owner || there == box ||
			number >= NUMBER_MAX) &&
		    strcmp(folded, "inbox") != 0)
			break;
		g_free(wire);
		g_strfreev(path);
	}
	if (there && there == box) { /* it is as plain as can be */
		g_free(wire);
		g_strfreev(path);
		return box;
	} else if (there && box) {
		/* the replacement is a folder of an earlier pass: take its
		 * place, as items on their way point to box */
		take_place(d, box, there);
		g_free(wire);
		g_strfreev(path);
	} else if (there) {
		g_free(wire);
		g_strfreev(path);
		box = there;
	} else if (box) {
		box_name(d, box, wire, path);
	} else {
		box = box_new(d, wire, path);
	}
	box->owner = folder;
	if (plain)
		tell_renamed(d, box, "the server refused its name");
	else if (number > 1)
		tell_renamed(
		    d, box, "another folder has that name there already");
	else
		for (guint i = 0; names[i]; i++)
			if (g_strcmp0(names[i], folder->path[depth + i]) != 0) {
				tell_renamed(d, box,
				    "a name holds what is not legal there");
				break;
			}
	return box;
}

/* The folder of the server that has this use. One that is only called so (the
 * server names no uses) must not be taken from a source folder of that name
 * while this one has its own: that was made by an earlier pass, or by another
 * part a moment ago. */
static struct box *
by_use(DestImap *d, const struct folder *folder)
{
	struct box *box = NULL, *own;
	g_auto(GStrv) names = NULL;
	g_autofree char *wire = NULL;
	g_auto(GStrv) path = NULL;

	if (!use_to_imap(folder->use))
		return NULL;
	for (guint i = 0; !box && i < d->boxes->len; i++) {
		struct box *other = d->boxes->pdata[i];

		if (other->use == folder->use && other->listed && !other->owner)
			box = other;
	}
	if (!box || !box->use_guessed)
		return box;
	names = legal_names(d, folder->path, false);
	compose(d, NULL, names, 1, &wire, &path);
	own = g_hash_table_lookup(d->by_wire, wire);
	return own && own->listed && !own->owner ? own : box;
}

/* What the name of a folder is made from. */
static char *
wish(DestImap *d, const struct folder *folder)
{
	g_autofree char *path = folder_path_to_text(folder->path);

	return g_strdup_printf("%s %s", imap_prefix(d->session), path);
}

char *
dest_imap_note(DestImap *d, struct box *box, const char *place)
{
	g_autofree char *of = wish(d, box->owner);

	if (strchr(box->wire, '\n'))
		return g_strdup(place);
	return g_strdup_printf("%s\n%s\n%s", place, box->wire, of);
}

void
dest_imap_note_names(DestImap *d)
{
	const struct known *known = d->job->known;

	for (guint i = 0; i < d->boxes->len; i++) {
		struct box *box = d->boxes->pdata[i];
		g_auto(GStrv) lines = NULL;
		g_autofree char *text = NULL;
		const char *old;

		if (!box->filled || !box->owner || box->refused || !known ||
		    !known->dest_state)
			continue;
		old = known->dest_state(known->ctx, box->owner);
		lines = g_strsplit(old ? old : "", "\n", 2);
		text = dest_imap_note(d, box, lines[0] ? lines[0] : "");
		if (g_strcmp0(old, text) != 0)
			known->set_dest_state(known->ctx, box->owner, text);
	}
}

/* A name on the wire as a path; the folder need not be there any more. */
static char **
path_of(DestImap *d, const char *wire)
{
	const char sep[] = {d->separator, '\0'};
	const char *prefix = imap_prefix(d->session);
	g_auto(GStrv) names = NULL;
	GPtrArray *out = g_ptr_array_new();

	if (prefix && g_str_has_prefix(wire, prefix) && wire[strlen(prefix)])
		wire += strlen(prefix);
	names = d->separator ? g_strsplit(wire, sep, -1)
			     : g_strsplit(wire, "\n", 1);
	for (char **name = names; *name; name++) {
		char *utf8 = imap_utf7_to_utf8(*name);

		g_ptr_array_add(out, utf8 ? utf8 : g_strdup(*name));
	}
	g_ptr_array_add(out, NULL);
	return (char **)g_ptr_array_free(out, FALSE);
}

/* As an earlier pass called it; NULL: none did. */
static struct box *
by_note(DestImap *d, const struct folder *folder)
{
	const struct known *known = d->job->known;
	g_auto(GStrv) lines = NULL;
	g_autofree char *of = NULL;
	const char *text;
	struct box *box;

	if (!known || !known->dest_state)
		return NULL;
	text = known->dest_state(known->ctx, folder);
	lines = g_strsplit(text ? text : "", "\n", 3);
	if (g_strv_length(lines) != 3 || !*lines[1])
		return NULL;
	of = wish(d, folder);
	if (strcmp(of, lines[2]) != 0)
		return NULL;
	box = g_hash_table_lookup(d->by_wire, lines[1]);
	if (box && box->owner)
		return NULL;
	if (!box)
		box = box_new(d, g_strdup(lines[1]), path_of(d, lines[1]));
	box->owner = folder;
	box->named = true;
	return box;
}

static void
take_box(DestImap *d, const struct folder *folder, struct box *box)
{
	box->owner = folder;
	g_hash_table_insert(d->by_folder, (void *)folder, box);
	g_hash_table_replace(
	    d->by_path, folder_path_to_text(folder->path), box);
}

struct box *
dest_imap_box(DestImap *d, const struct folder *folder)
{
	static const char *const inbox_path[] = {"INBOX", NULL};
	struct box *box = g_hash_table_lookup(d->by_folder, folder);
	bool is_inbox =
	    folder->use == FOLDER_INBOX ||
	    folder_path_equal(folder->path, (char *const *)inbox_path);

	if (box)
		return box;
	box = by_note(d, folder);
	if (!box && is_inbox) {
		box = g_hash_table_lookup(d->by_wire, "INBOX");
		if (box->owner)
			box = NULL; /* two inboxes: the second by its path */
	}
	if (!box)
		box = by_use(d, folder);
	if (!box)
		box = by_path(d, folder, false, NULL);
	take_box(d, folder, box);
	return box;
}

static bool
use_is_free(DestImap *d, enum folder_use use)
{
	for (guint i = 0; i < d->boxes->len; i++)
		if (((struct box *)d->boxes->pdata[i])->use == use)
			return false;
	return true;
}

static struct command *
create(DestImap *d, struct box *box)
{
	const char *use = use_to_imap(box->owner->use);
	guint tag;

	box->asked = true;
	box->made++;
	if (use && (d->caps & IMAP_CAP_CREATE_SPECIAL_USE) && !box->use_left &&
	    use_is_free(d, box->owner->use)) {
		box->use_asked = true;
		tag = imap_command(
		    d->session, "CREATE %s (USE (%s))", box->quoted, use);
	} else {
		tag = imap_command(d->session, "CREATE %s", box->quoted);
	}
	return dest_imap_sent(d, tag, COMMAND_CREATE, box);
}

static void
subscribe(DestImap *d, struct box *box)
{
	if (d->subscribe)
		dest_imap_sent(d,
		    imap_command(d->session, "SUBSCRIBE %s", box->quoted),
		    COMMAND_SUBSCRIBE, box);
}

static bool
says_exists(const char *code, const char *text)
{
	g_autofree char *words = dest_imap_words(code, text);
	g_autofree char *lower = g_ascii_strdown(words, -1);

	return strstr(lower, "alreadyexists") ||
	       strstr(lower, "already exists") ||
	       strstr(lower, "mailbox exists");
}

/* "Foo" is another source folder's, so this becomes "foo (2)". False: that one
 * is taken as well. */
static bool
number_name(DestImap *d, struct box *box, const char *wire, char *const *path,
    guint number)
{
	guint last = g_strv_length((char **)path) - 1;
	const char *cut = d->separator ? strrchr(wire, d->separator) : NULL;
	g_autofree char *parent =
	    g_strndup(wire, cut ? (gsize)(cut + 1 - wire) : 0);
	char *name = dest_imap_numbered(path[last], number);
	g_autofree char *wire_name = encoded(d, name);
	g_autofree char *new_wire = g_strconcat(parent, wire_name, NULL);
	struct box *there = g_hash_table_lookup(d->by_wire, new_wire);
	char **new_path = g_strdupv((char **)path);

	g_free(new_path[last]);
	new_path[last] = name;
	if (there && there->owner) {
		g_strfreev(new_path);
		return false;
	}
	if (there) {
		g_strfreev(new_path);
		take_place(d, box, there);
	} else {
		box_name(d, box, g_steal_pointer(&new_wire), new_path);
	}
	tell_renamed(
	    d, box, "the server has a folder whose name differs in case only");
	return true;
}

static enum status
made_by_others(DestImap *d, struct box *box, GError **error)
{
	g_autoptr(GPtrArray) list =
	    g_ptr_array_new_with_free_func((GDestroyNotify)imap_mailbox_free);
	enum status st = dest_imap_settle(d, error);

	if (st == ST_OK)
		st = imap_list(d->session, false, list, error);
	for (guint i = 0; st == ST_OK && i < list->len; i++) {
		const struct imap_mailbox *m = list->pdata[i];

		if (m->selectable && strcmp(m->wire, box->wire) == 0)
			box->listed = true;
	}
	return st;
}

/* Names that differ in case only: does the server tell them apart? */
static enum status
make_beside(DestImap *d, struct box *box, struct box *like, GError **error)
{
	g_autofree char *wire = g_strdup(box->wire);
	g_auto(GStrv) path = g_strdupv(box->path);
	guint number = 2;

	for (;;) {
		struct command *command = create(d, box);
		struct imap_reply reply = {0};
		enum status st;

		command->waited = true;
		st = dest_imap_wait(d, command, error);
		if (st < 0)
			return st;
		reply.result = command->result;
		reply.code = command->code;
		reply.text = command->text;
		if (reply.result == IMAP_OK ||
		    !says_exists(reply.code, reply.text)) {
			st = dest_imap_create_answered(d, box, &reply, error);
			if (st == ST_OK && reply.result == IMAP_OK)
				subscribe(d, box);
			dest_imap_command_free(command);
			return st;
		}
		dest_imap_command_free(command);
		if (d->job->parts > 1) {
			/* perhaps another part has made it a moment ago */
			st = made_by_others(d, box, error);
			if (st < 0 || box->listed)
				return st;
		}
		if (like && !like->owner) {
			take_place(d, box, like);
			return ST_OK;
		}
		while (number < NUMBER_MAX &&
		       !number_name(d, box, wire, path, number))
			number++;
		if (box->listed || number++ >= NUMBER_MAX)
			return ST_OK;
		like = NULL;
	}
}

enum status
dest_imap_make(DestImap *d, struct box *box, GError **error)
{
	struct box *like;
	enum status st;

	if (box->listed || box->asked || box->refused)
		return ST_OK;
	st = dest_imap_quiet(d, error);
	if (st < 0)
		return st;
	step("imap: before a folder is made");
	like = g_hash_table_lookup(d->by_folded, box->folded);
	if (like && like != box && strcmp(like->wire, box->wire) != 0)
		return make_beside(d, box, like, error);
	create(d, box);
	subscribe(d, box);
	return ST_OK;
}

enum status
dest_imap_create_answered(DestImap *d, struct box *box,
    const struct imap_reply *reply, GError **error)
{
	enum refusal refusal = dest_imap_refusal(reply->code, reply->text);
	g_autofree char *words = dest_imap_words(reply->code, reply->text);
	g_autofree char *lower = g_ascii_strdown(words, -1);
	GError *why = NULL;

	if (reply->result == IMAP_OK || strstr(lower, "alreadyexists") ||
	    strstr(lower, "already exists") ||
	    strstr(lower, "mailbox exists")) {
		box->listed = true;
		/* It was not there a moment ago: the server carried out the
		 * CREATE of the run that was cut only now. */
		box->made_here =
		    reply->result == IMAP_OK || d->job->interrupted;
		return ST_OK;
	}
	if (refusal == REFUSAL_LATER && !strstr(words, "[LIMIT"))
		return dest_imap_refused_whole(d, box, refusal, words, error);
	if (box->use_asked && !box->use_left) {
		/* RFC 6154 3, USEATTR, or no reason given: without it then */
		enum status st = dest_imap_quiet(d, error);

		box->use_left = true;
		if (st < 0)
			return st;
		create(d, box);
		subscribe(d, box);
		return ST_OK;
	}
	if (!box->renamed && refusal != REFUSAL_RIGHTS &&
	    refusal != REFUSAL_QUOTA) {
		g_autofree char *was = g_strdup(box->wire);

		box->renamed = true;
		by_path(d, box->owner, true, box);
		if (strcmp(was, box->wire) != 0) {
			box->asked = false;
			return dest_imap_make(d, box, error);
		}
	}
	box->refused = g_strdup_printf("it could not be created: %s", words);
	if (box->seq == 0) /* only announced: put() will tell */
		return ST_OK;
	fail(ST_ITEM, &why, ERR_REFUSED, RETRY_NEVER,
	    "folder %s: the server refused to create it: %s", box->wire, words);
	dest_imap_ended(d, box->seq, ST_ITEM, 0, 0, why, NULL, 0);
	return ST_OK;
}

/* Made and answered, so that its name is the one it keeps. */
static enum status
decide(DestImap *d, struct box *box, GError **error)
{
	enum status st;

	if (box->listed || box->refused)
		return ST_OK;
	st = dest_imap_make(d, box, error);
	if (st == ST_OK)
		st = dest_imap_settle(d, error);
	return st < 0 ? st : dest_imap_make_public(d, box, error);
}

/*
 * Names follow from the order of the folders, but for two things that only the
 * server can tell: whether it takes a name at all, which matters to what is
 * below, and whether it tells names apart by case. Those folders are made here,
 * by every part: one of them makes it, the others find it made. So are those
 * with a special use, before any other folder can be made that a part which
 * comes later takes for one, by its name. With one part all of that is decided
 * as it goes, and only what an earlier pass named is reserved.
 */
enum status
dest_imap_announce(Dest *dest, const struct folder *folder, GError **error)
{
	DestImap *d = (DestImap *)(void *)dest;
	struct box *box, *parent, *like;
	enum status st = ST_OK;
	guint depth;

	if (d->failed < 0)
		return dest_imap_failure(d, error);
	d->announcing = true;
	if (d->job->parts < 2) {
		box = by_note(d, folder);
		if (box)
			take_box(d, folder, box);
		d->announcing = false;
		return ST_OK;
	}
	parent = ancestor(d, folder->path, &depth);
	/* one that was named keeps its name: nothing depends on its being
	 * there, and somebody may have removed it */
	if (parent && !parent->named)
		st = decide(d, parent, error);
	if (st == ST_OK) {
		box = dest_imap_box(d, folder);
		if (use_to_imap(folder->use) && !box->named)
			st = decide(d, box, error);
	}
	if (st == ST_OK && !box->named) {
		like = g_hash_table_lookup(d->by_folded, box->folded);
		if (like && like != box && like->owner && !box->listed) {
			st = decide(d, like, error);
			if (st == ST_OK)
				st = decide(d, box, error);
		}
	}
	d->announcing = false;
	return st < 0 ? dest_imap_broke(d, st, error) : ST_OK;
}
