/*
 * Rows of migration files as records: whose folder, which key, settled by an
 * earlier pass or filtered out, given or lost to the recovery set.
 */
#include "source/files-private.h"

#include <string.h>

static void
end_row(struct files_source *fs, bool say, bool lenient)
{
	if (!fs->row_open)
		return;
	fs->row_open = false;
	fs->in_row = say;
	/* What an earlier pass settled was said then. */
	if (!say)
		diags_row(fs->diags, fs->item.line);
	if (lenient)
		diags_row_end_lenient(fs->diags);
	else
		diags_row_end(fs->diags);
	fs->in_row = false;
}

/* The row or line is lost here: to the recovery set, and an error. */
static enum status
lose(struct files_source *fs, enum diag_code code, const char *text,
    const char *other, gint64 offset, GError **error)
{
	enum status st = ST_OK;

	if (fs->recovery)
		st = recovery_add(
		    fs->recovery, fs->file, &fs->item, code, error);
	if (st < 0)
		return st;
	if (other && offset >= 0)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "files: %s:%" G_GINT64_FORMAT ": %s: %s (%s, offset "
		    "%" G_GINT64_FORMAT ")",
		    fs->file, fs->item.line, diag_table[code].name, text, other,
		    offset);
	return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
	    "files: %s:%" G_GINT64_FORMAT ": %s: %s", fs->file, fs->item.line,
	    diag_table[code].name, text);
}

static enum status
lose_row(struct files_source *fs, GError **error)
{
	const struct diag *diag = diags_row_error(fs->diags);
	enum status st = lose(
	    fs, diag->code, diag->text, diag->other_file, diag->offset, error);

	end_row(fs, false, false);
	return st;
}

/* In lenient policy a row is imported and kept for recovery as well. */
static enum status
keep_too(struct files_source *fs, bool *lenient, GError **error)
{
	const struct diag *diag = diags_row_error(fs->diags);

	*lenient = diag != NULL;
	if (diag == NULL || fs->recovery == NULL)
		return ST_OK;
	return recovery_add(
	    fs->recovery, fs->file, &fs->item, diag->code, error);
}

/* The folder of the row; a new one is asked for once whether it is ours. */
struct files_box *
files_box_of(struct files_source *fs, const struct message_id *id, bool *is_new)
{
	g_autoptr(GPtrArray) path = g_ptr_array_new();
	g_autofree char *text = NULL;
	char *key;
	struct files_box *box;

	/* Question 7 of the specification: GroupWise folders. */
	if (fs->below_inbox && !fs->job->mailbox->is_public &&
	    g_ascii_strcasecmp(id->path[0], "INBOX") != 0 &&
	    value_folder_use(id->path) == FOLDER_PLAIN)
		g_ptr_array_add(path, (char *)"INBOX");
	for (guint i = 0; id->path[i]; i++)
		g_ptr_array_add(path, id->path[i]);
	g_ptr_array_add(path, NULL);
	text = folder_path_to_text((char *const *)path->pdata);
	/* ext1 holds folders of servers that tell case apart; the published
	 * format comes from one that does not (9.4). */
	key = set_is_ext1(fs->set) ? g_strdup(text) : g_utf8_casefold(text, -1);
	box = g_hash_table_lookup(fs->boxes, key);
	*is_new = box == NULL;
	if (box) {
		g_free(key);
		return box;
	}
	box = g_new0(struct files_box, 1);
	box->folder.path = g_strdupv((char **)path->pdata);
	box->folder.use = id->use;
	if (path->len == 2 && strcmp(box->folder.path[0], "INBOX") == 0)
		box->folder.use = FOLDER_INBOX;
	box->folder.class = g_strdup(id->class);
	g_hash_table_insert(fs->boxes, key, box);
	g_ptr_array_add(fs->box_order, box);
	box->mine = fs->job->known == NULL || fs->job->known->claim == NULL ||
		    fs->job->known->claim(fs->job->known->ctx, &box->folder);
	return box;
}

/* Rows without a key of their own: the digest, and "-n" from the second on.
 * 64 bits of the digest are enough to count by. */
static void
make_key(struct files_source *fs)
{
	gpointer stem;
	guint n;
	char first[17];

	g_string_assign(fs->key, fs->id.key);
	if (fs->id.own_key)
		return;
	if (fs->id.unreadable) {
		/* Nothing of it is known but where it is. */
		g_string_prepend_c(fs->key, '-');
		g_string_prepend(fs->key, fs->file);
		return;
	}
	g_strlcpy(first, fs->id.key, sizeof first);
	stem = GSIZE_TO_POINTER(g_ascii_strtoull(first, NULL, 16));
	n = GPOINTER_TO_UINT(g_hash_table_lookup(fs->seen, stem));
	g_hash_table_insert(fs->seen, stem, GUINT_TO_POINTER(n + 1));
	if (n > 0)
		g_string_append_printf(fs->key, "-%u", n);
}

static bool
is_settled(struct files_source *fs)
{
	const struct known *known = fs->job->known;

	return known && known->is_settled &&
	       known->is_settled(known->ctx, &fs->box->folder, fs->key->str);
}

static bool
is_filtered(struct files_source *fs, struct message *message)
{
	const struct filter *filter = fs->job->filter;

	if (filter == NULL)
		return false;
	if (filter_folder(filter, &fs->box->folder) == FILTER_PASS &&
	    !filter_needs_metadata(filter))
		return false;
	message_values(fs->reader, message);
	return filter_folder(filter, &fs->box->folder) != FILTER_PASS ||
	       filter_message(filter, message) != FILTER_PASS;
}

/* The identified row as a message. ST_THERE: nothing to give, go on. */
static enum status
give_message(struct files_source *fs, struct record *record, GError **error)
{
	struct message *message = &record->message;
	bool ok = true, lenient, alone;
	enum status st;

	fs->box->found++;
	make_key(fs);
	record->kind = RECORD_MESSAGE;
	record->key = fs->key->str;
	*message = (struct message){.folder = &fs->box->folder, .size = -1};
	if (diags_row_error(fs->diags) && !set_is_lenient(fs->set))
		return lose_row(fs, error);
	if (is_settled(fs)) {
		fs->box->skipped++;
		end_row(fs, false, false);
		return ST_THERE;
	}
	if (is_filtered(fs, message)) {
		end_row(fs, false, false);
		return ST_OK;
	}
	/* A line that cannot be split has nothing to give in any policy. */
	if (fs->id.unreadable)
		return lose_row(fs, error);
	st = message_read(fs->reader, fs->diags, &ok, message, error);
	if (st < 0) {
		end_row(fs, false, false);
		return st;
	}
	if (!ok) {
		*message =
		    (struct message){.folder = &fs->box->folder, .size = -1};
		return lose_row(fs, error);
	}
	st = keep_too(fs, &lenient, error);
	if (st == ST_OK)
		st = files_calendar_attach(fs, message, error);
	end_row(fs, true, lenient);
	if (st == ST_OK && files_calendar_begin(fs, message, &alone) && alone) {
		/* Its items are given instead. */
		fs->box->found--;
		return ST_THERE;
	}
	return st;
}

static enum status
mail_row(struct files_source *fs, struct record *record, GError **error)
{
	bool is_new;

	message_identify(fs->reader, &fs->item, fs->diags, &fs->id);
	fs->box = files_box_of(fs, &fs->id, &is_new);
	if (!fs->box->mine) {
		end_row(fs, false, false);
		return ST_THERE;
	}
	if (fs->id.is_folder && !diags_row_error(fs->diags))
		end_row(fs, true, false);
	if (!is_new && !fs->row_open)
		return ST_THERE;
	if (is_new) {
		record->kind = RECORD_FOLDER;
		record->key = "";
		record->folder = &fs->box->folder;
		fs->held_row = fs->row_open;
		return ST_OK;
	}
	return give_message(fs, record, error);
}

/* A line of a section that cannot be read: who knows what it was. */
static enum status
skipped_line(struct files_source *fs, struct record *record, GError **error)
{
	struct message_id id = {.use = FOLDER_INBOX};
	char *inbox[] = {(char *)"INBOX", NULL};
	bool is_new;

	g_string_printf(
	    fs->key, "%s-line-%" G_GINT64_FORMAT, fs->file, fs->item.line);
	record->key = fs->key->str;
	if (fs->item.section->kind == PRI_MAIL) {
		id.path = inbox;
		if (!fs->held_row)
			fs->box = files_box_of(fs, &id, &is_new);
		else
			is_new = false;
		if (!fs->box->mine)
			return ST_THERE;
		if (is_new) {
			record->kind = RECORD_FOLDER;
			record->folder = &fs->box->folder;
			fs->held_row = true;
			return ST_OK;
		}
		fs->box->found++;
		record->kind = RECORD_MESSAGE;
		record->message =
		    (struct message){.folder = &fs->box->folder, .size = -1};
	} else
		record->kind = fs->item.section->kind == PRI_PAB
				   ? RECORD_ADDRESS
				   : RECORD_RECIPIENT;
	return lose(
	    fs, fs->item.why, "skipped with its section", NULL, -1, error);
}

static enum status
pab_item(struct files_source *fs, struct record *record, GError **error)
{
	const char *key;
	bool lenient;
	enum status st;

	fs->box = NULL;
	if (fs->job->part > 0) { /* given by the first share only */
		end_row(fs, false, false);
		return ST_THERE;
	}
	record->kind = RECORD_ADDRESS;
	if (!pab_row(fs->pab, &fs->item, fs->diags, &record->address, &key)) {
		g_string_assign(fs->key, key);
		record->key = fs->key->str;
		return lose_row(fs, error);
	}
	g_string_assign(fs->key, key);
	record->key = fs->key->str;
	st = keep_too(fs, &lenient, error);
	end_row(fs, true, lenient);
	return st;
}

static enum status
directory_item(struct files_source *fs, struct record *record, GError **error)
{
	const char *key;

	fs->box = NULL;
	record->kind = RECORD_RECIPIENT;
	if (!directory_row(fs->directory, &fs->item, fs->file, fs->diags,
		&record->recipient, &key)) {
		g_string_printf(fs->key, "%s-%s", fs->file, key);
		record->key = fs->key->str;
		return lose_row(fs, error);
	}
	g_string_assign(fs->key, key);
	record->key = fs->key->str;
	end_row(fs, true, false);
	return ST_OK;
}

enum status
files_set_item(struct files_source *fs, struct record *record, GError **error)
{
	switch (fs->item.section->kind) {
	case PRI_DIRECTORY:
		break;
	case PRI_OUTSIDE:
		if (fs->item.what == PRI_SKIPPED)
			return skipped_line(fs, record, error);
		return ST_THERE;
	case PRI_PAB:
	case PRI_MAIL:
		end_row(fs, false, false);
		return ST_THERE;
	}
	switch (fs->item.what) {
	case PRI_SECTION:
		directory_section(fs->directory, fs->item.section);
		return ST_THERE;
	case PRI_SKIPPED:
		return skipped_line(fs, record, error);
	case PRI_ROW:
		break;
	}
	return directory_item(fs, record, error);
}

static enum status
pab_begin(
    struct files_source *fs, const struct pri_section *section, GError **error)
{
	enum status st = pab_section(fs->pab, fs->fd, section, error);

	return st < 0 ? st : ST_THERE;
}

enum status
files_box_item(struct files_source *fs, struct record *record, GError **error)
{
	const struct pri_section *section = fs->item.section;
	bool ours = fs->item.what != PRI_SECTION || !fs->section_begun;

	if (section->kind != PRI_MAIL && section->kind != PRI_PAB)
		ours = false;
	files_release_held(fs, ours);
	if (!ours) {
		end_row(fs, false, false);
		return ST_END;
	}
	switch (fs->item.what) {
	case PRI_SECTION:
		fs->section_begun = true;
		if (section->kind == PRI_PAB)
			return pab_begin(fs, section, error);
		message_section(fs->reader, section);
		return ST_THERE;
	case PRI_SKIPPED:
		return skipped_line(fs, record, error);
	case PRI_ROW:
		break;
	}
	return section->kind == PRI_PAB ? pab_item(fs, record, error)
					: mail_row(fs, record, error);
}

enum status
files_held_item(struct files_source *fs, struct record *record, GError **error)
{
	enum status st = fs->row_open ? give_message(fs, record, error)
				      : skipped_line(fs, record, error);

	fs->held_row = false;
	return st;
}
