/*
 * Migration files as a source (spec/migration-files.md, migration-files(5)).
 *
 * Mailboxes are the owners of MAILMESSAGE and PAB sections. One more, named
 * "(directory)", carries the DIRECTORY rows and what is wrong with the set as a
 * whole. A row that fails is one ST_ITEM, and goes to the recovery set.
 */
#include "source/files.h"
#include "source/files-private.h"

#include "base/url.h"

#include <string.h>
#include <unistd.h>

#define DIRECTORY_NAME "(directory)"
#define DIRECTORY_REF  "directory"
#define REF_VERSION    "1"

static const char *const schemes[] = {"files", NULL};

static const struct option options[] = {
    {"codepage", OPTION_NUMBER, NULL, NULL,
	"code page of the set, instead of that of its packing list"},
    {"policy", OPTION_CHOICE, "strict", "strict|lenient",
	"what happens to a message with a broken part"},
    {"zone", OPTION_TEXT, "local", NULL,
	"time zone of the dates: minutes east of UTC, or a name"},
    {"rtf", OPTION_CHOICE, "detect", "detect|no",
	"take a body that begins with {\\rtf1 for rich text"},
    {"inbox-below", OPTION_BOOL, "no", NULL,
	"put folders that are not special below the inbox"},
    {"calendar", OPTION_CHOICE, "items", "items|file|ics|both",
	"what becomes of Schedule+ files: calendar items, the file, the file "
	"and an .ics beside it, or items and the file"},
    {NULL},
};

static void
box_free(void *p)
{
	struct files_box *box = p;

	g_strfreev(box->folder.path);
	g_free(box->folder.class);
	g_free(box);
}

static void
held_clear(void *p)
{
	g_free((char *)((struct diag *)p)->text);
}

static void files_close(Source *source);

static enum status
files_open(Source **out, const struct end *end, GError **error)
{
	struct files_source *fs = g_new0(struct files_source, 1);
	const Options *opts = end->options;
	struct set_options set = {0};
	enum status st;

	*out = NULL;
	fs->base.driver = &source_files_driver;
	fs->fd = -1;
	fs->path = g_strdup(end->url->path ? end->url->path : ".");
	if (options_is_set(opts, "codepage"))
		set.codepage = (guint)options_number(opts, "codepage");
	set.lenient = strcmp(options_text(opts, "policy"), "lenient") == 0;
	fs->detect_rtf = strcmp(options_text(opts, "rtf"), "no") != 0;
	fs->below_inbox = options_bool(opts, "inbox-below");
	if (strcmp(options_text(opts, "calendar"), "file") == 0)
		fs->calendar_mode = FILES_CALENDAR_FILE;
	else if (strcmp(options_text(opts, "calendar"), "ics") == 0)
		fs->calendar_mode = FILES_CALENDAR_ICS;
	else if (strcmp(options_text(opts, "calendar"), "both") == 0)
		fs->calendar_mode = FILES_CALENDAR_BOTH;
	st = value_zone(&fs->zone, options_text(opts, "zone"), error);
	if (st == ST_OK)
		st = set_open(&fs->set, fs->path, &set, error);
	if (st < 0) {
		files_close((Source *)fs);
		return st;
	}
	*out = (Source *)fs;
	return ST_OK;
}

/* "1:STAMP:file.at.line,file.at.line": where the sections begin, so that a
 * worker need not read every primary again. */
static char *
make_ref(Set *set, const struct set_mailbox *mailbox)
{
	g_autofree char *stamp = set_stamp(set, mailbox);
	GString *ref = g_string_new(REF_VERSION ":");

	g_string_append(ref, stamp);
	for (guint i = 0; i < mailbox->places->len; i++) {
		const struct set_place *place =
		    &g_array_index(mailbox->places, struct set_place, i);

		g_string_append_printf(ref,
		    "%c%u.%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT,
		    i == 0 ? ':' : ',', place->file, place->at, place->line);
	}
	return g_string_free(ref, FALSE);
}

/* False when it is not ours or the set has changed since. */
static bool
take_ref(Set *set, const char *ref, GArray *places)
{
	g_auto(GStrv) parts = g_strsplit(ref, ":", 3);
	g_auto(GStrv) words = NULL;
	g_autofree char *stamp = NULL;
	struct set_mailbox probe = {.places = places};

	if (g_strv_length(parts) != 3 || strcmp(parts[0], REF_VERSION) != 0)
		return false;
	words = g_strsplit(parts[2], ",", -1);
	for (guint i = 0; words[i]; i++) {
		struct set_place place;
		char *end;

		place.file = (guint)g_ascii_strtoull(words[i], &end, 10);
		if (*end != '.' || place.file >= set_pkl(set)->files->len)
			return false;
		place.at = g_ascii_strtoll(end + 1, &end, 10);
		if (*end != '.' || place.at < 0)
			return false;
		place.line = g_ascii_strtoll(end + 1, &end, 10);
		if (*end != '\0' || place.line < 1)
			return false;
		g_array_append_val(places, place);
	}
	stamp = set_stamp(set, &probe);
	return strcmp(stamp, parts[1]) == 0;
}

static enum status
files_list(Source *source, GPtrArray *out, GError **error)
{
	struct files_source *fs = (struct files_source *)source;
	const GPtrArray *mailboxes = set_mailboxes(fs->set);
	struct mailbox *one = mailbox_new(DIRECTORY_NAME, DIRECTORY_REF);

	one->messages = 0;
	one->bytes = -1;
	one->no_mail = true;
	g_ptr_array_add(out, one);
	for (guint i = 0; i < mailboxes->len; i++) {
		const struct set_mailbox *from = mailboxes->pdata[i];
		g_autofree char *ref = make_ref(fs->set, from);

		one = mailbox_new(from->name, ref);
		one->messages = from->messages;
		one->bytes = -1;
		one->is_public = from->is_public;
		g_ptr_array_add(out, one);
	}
	return ST_OK;
}

static void
remark(struct files_source *fs, const struct diag *diag)
{
	const struct diag_info *info = &diag_table[diag->code];
	struct remark note = {.code = info->name,
	    .text = diag->text,
	    .file = diag->file,
	    .other_file = diag->other_file,
	    .line = diag->line > 0 ? diag->line : -1,
	    .offset = diag->offset};

	note.level = info->severity == DIAG_INFO      ? REMARK_INFO
		     : info->severity == DIAG_WARNING ? REMARK_WARNING
						      : REMARK_ERROR;
	if (fs->in_row && fs->box)
		note.folder = &fs->box->folder;
	if (fs->in_row)
		note.key = fs->key->len ? fs->key->str : NULL;
	if (fs->job->remark)
		fs->job->remark(fs->job->remark_ctx, &note);
}

static void
sink(void *ctx, const struct diag *diag)
{
	struct files_source *fs = ctx;
	enum diag_scope scope = diag_table[diag->code].scope;
	/* A broken section line has no owner, so it is the set's. */
	bool broken = diag->code == DIAG_PRI_UNTERMINATED_QUOTE && !fs->in_row;
	struct diag copy = *diag;

	if (fs->in_row) {
		remark(fs, diag);
		return;
	}
	if (fs->is_directory) {
		if (scope != DIAG_ROW || broken)
			remark(fs, diag);
		return;
	}
	if (scope != DIAG_ROW || broken)
		return;
	copy.text = g_strdup(diag->text);
	g_array_append_val(fs->held, copy);
}

void
files_release_held(struct files_source *fs, bool ours)
{
	for (guint i = 0; ours && i < fs->held->len; i++)
		remark(fs, &g_array_index(fs->held, struct diag, i));
	g_array_set_size(fs->held, 0);
}

static void
all_places(struct files_source *fs)
{
	const Pkl *pkl = set_pkl(fs->set);

	for (guint i = 0; i < pkl->files->len; i++) {
		const struct pkl_file *file = g_ptr_array_index(pkl->files, i);
		struct set_place place = {i, 0, 1};

		if (!file->secondary)
			g_array_append_val(fs->places, place);
	}
}

static enum status
find_places(
    struct files_source *fs, const struct mailbox *mailbox, GError **error)
{
	const GPtrArray *mailboxes;
	g_autofree char *want = NULL;

	if (mailbox->ref && take_ref(fs->set, mailbox->ref, fs->places))
		return ST_OK;
	g_array_set_size(fs->places, 0);
	want = g_utf8_casefold(mailbox->name, -1);
	mailboxes = set_mailboxes(fs->set);
	for (guint i = 0; i < mailboxes->len; i++) {
		const struct set_mailbox *from = mailboxes->pdata[i];
		g_autofree char *have = g_utf8_casefold(from->name, -1);

		if (strcmp(want, have) != 0)
			continue;
		g_array_append_vals(
		    fs->places, from->places->data, from->places->len);
		return ST_OK;
	}
	return fail(ST_MAILBOX, error, ERR_CONFIG, RETRY_NEVER,
	    "files: %s: no section for mailbox %s", fs->path, mailbox->name);
}

static void files_end(Source *source);

static enum status
files_begin(Source *source, const struct job *job, GError **error)
{
	struct files_source *fs = (struct files_source *)source;
	struct message_options opts = {.zone = fs->zone,
	    .detect_rtf = fs->detect_rtf,
	    .spool_dir = job->spool_dir};
	enum status st = ST_OK;

	files_end(source);
	/* What a message is told to do with its calendar is no text of it. */
	if (fs->calendar_mode == FILES_CALENDAR_ITEMS)
		opts.instruction = "";
	fs->job = job;
	fs->is_directory = g_strcmp0(job->mailbox->ref, DIRECTORY_REF) == 0;
	fs->places = g_array_new(FALSE, FALSE, sizeof(struct set_place));
	fs->diags = diags_new(sink, fs);
	fs->reader = message_reader_new(fs->set, &opts);
	fs->pab = pab_new(fs->set);
	fs->boxes =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, box_free);
	fs->box_order = g_ptr_array_new();
	fs->seen = g_hash_table_new(NULL, NULL);
	fs->key = g_string_new(NULL);
	fs->held = g_array_new(FALSE, FALSE, sizeof(struct diag));
	g_array_set_clear_func(fs->held, held_clear);
	fs->phase = PHASE_PLACES;
	fs->place = fs->ended = 0;
	if (job->recovery_dir)
		fs->recovery = recovery_new(
		    job->recovery_dir, job->spool_dir, fs->set, job->id);
	if (fs->is_directory) {
		fs->directory = directory_new(set_is_lenient(fs->set), NULL);
		all_places(fs);
		set_report(fs->set, fs->diags);
	} else
		st = find_places(fs, job->mailbox, error);
	if (st < 0)
		files_end(source);
	return st;
}

static void
close_place(struct files_source *fs)
{
	g_clear_pointer(&fs->pri, pri_free);
	if (fs->fd >= 0)
		close(fs->fd);
	fs->fd = -1;
}

/* Open the next place; ST_END when there is none. A primary that is not there
 * is skipped: PKL_FILE_MISSING has said it (section 5 rule 5). */
static enum status
open_place(struct files_source *fs)
{
	while (fs->place < fs->places->len) {
		const struct set_place *place =
		    &g_array_index(fs->places, struct set_place, fs->place++);
		const struct pkl_file *file =
		    g_ptr_array_index(set_pkl(fs->set)->files, place->file);

		fs->fd = set_open_file(fs->set, file->name);
		if (fs->fd < 0)
			continue;
		fs->file = file->name;
		fs->section_begun = false;
		diags_file(fs->diags, file->name);
		fs->pri = pri_new(fs->fd, set_page(fs->set),
		    set_is_ext1(fs->set), fs->diags, place->at, place->line);
		return ST_OK;
	}
	return ST_END;
}

static bool
give_end(struct files_source *fs, struct record *record)
{
	while (fs->ended < fs->box_order->len) {
		struct files_box *box = fs->box_order->pdata[fs->ended++];

		if (!box->mine)
			continue;
		record->kind = RECORD_FOLDER_END;
		record->key = "";
		record->folder = &box->folder;
		record->found = box->found;
		record->skipped = box->skipped;
		return true;
	}
	return false;
}

/* Everything has been read. */
static enum status
finish(struct files_source *fs, GError **error)
{
	enum status st = ST_OK;

	fs->phase = PHASE_ENDS;
	if (fs->directory)
		directory_end(fs->directory, fs->diags);
	else {
		set_suspects(fs->set, fs->diags);
		files_release_held(fs, true);
	}
	if (fs->recovery)
		st = recovery_finish(fs->recovery, error);
	return st;
}

static enum status
files_next(Source *source, struct record *record, GError **error)
{
	struct files_source *fs = (struct files_source *)source;
	enum status st;

	*record = (struct record){.kind = RECORD_MESSAGE};
	if (fs->held_row) {
		st = files_held_item(fs, record, error);
		if (st != ST_THERE)
			return st;
	}
	while (fs->phase == PHASE_PLACES) {
		if (fs->calendar) {
			st = files_calendar_next(fs, record, error);
			if (st != ST_END)
				return st;
			continue;
		}
		if (fs->pri == NULL) {
			st = open_place(fs);
			if (st == ST_END)
				st = finish(fs, error);
			if (st < 0)
				return st;
			continue;
		}
		st = pri_next(fs->pri, &fs->item, error);
		if (st == ST_END) {
			files_release_held(fs, true);
			close_place(fs);
			continue;
		}
		if (st < 0) {
			g_prefix_error(error, "files: %s: ", fs->file);
			return st;
		}
		fs->row_open = fs->item.what == PRI_ROW;
		st = fs->is_directory ? files_set_item(fs, record, error)
				      : files_box_item(fs, record, error);
		if (st == ST_END)
			close_place(fs);
		else if (st != ST_THERE)
			return st;
	}
	if (fs->phase == PHASE_ENDS && give_end(fs, record))
		return ST_OK;
	fs->phase = PHASE_DONE;
	return ST_END;
}

static void
files_end(Source *source)
{
	struct files_source *fs = (struct files_source *)source;

	if (fs->job == NULL)
		return;
	close_place(fs);
	g_clear_pointer(&fs->calendar, files_calendar_free);
	g_clear_pointer(&fs->ics_parts, g_array_unref);
	g_clear_pointer(&fs->ics, spool_free);
	g_clear_pointer(&fs->diags, diags_free);
	g_clear_pointer(&fs->reader, message_reader_free);
	g_clear_pointer(&fs->pab, pab_free);
	g_clear_pointer(&fs->directory, directory_free);
	g_clear_pointer(&fs->recovery, recovery_free);
	g_clear_pointer(&fs->boxes, g_hash_table_destroy);
	g_clear_pointer(&fs->seen, g_hash_table_destroy);
	g_ptr_array_free(fs->box_order, TRUE);
	g_array_free(fs->places, TRUE);
	g_array_free(fs->held, TRUE);
	g_string_free(fs->key, TRUE);
	fs->job = NULL;
	fs->box = NULL;
	fs->row_open = fs->held_row = false;
}

static void
files_close(Source *source)
{
	struct files_source *fs = (struct files_source *)source;

	files_end(source);
	set_close(fs->set);
	g_clear_pointer(&fs->zone, g_time_zone_unref);
	g_free(fs->path);
	g_free(fs);
}

const struct source_driver source_files_driver = {
    .name = "files",
    .schemes = schemes,
    .summary = "migration files: packing list, primaries, secondaries",
    .options = options,
    .gives = 1u << RECORD_FOLDER | 1u << RECORD_MESSAGE |
	     1u << RECORD_FOLDER_END | 1u << RECORD_RECIPIENT |
	     1u << RECORD_ADDRESS,
    .open = files_open,
    .list = files_list,
    .begin = files_begin,
    .next = files_next,
    .end = files_end,
    .close = files_close,
};
