/*
 * Lotus Notes and Domino as a source, read without any Notes software:
 *	notes:FILE.nsf	a database, on-disk structures 43 to 55
 *	notes:FILE.dxl	Domino XML (also .xml)
 *	notes:FILE.txt	structured text, when asked for (experimental)
 *	notes:DIR	each .nsf, .ntf and .dxl in it is a mailbox
 *
 * Keys are UNIDs. Notes are read by their class, never by a view (Q277709), and
 * those that are in no folder come too (Q253755).
 */
#include "source/notes.h"

#include "source/notes-private.h"

#include "base/url.h"
#include "mime/encode.h"
#include "nsf/calendar.h"

#include <string.h>

static const char *const schemes[] = {"notes", NULL};

static const struct option options[] = {
    {"as", OPTION_CHOICE, "auto", "auto|mail|public|directory|contacts",
	"what it is: a mail file, a discussion (a public folder), a directory "
	"of recipients, somebody's address book"},
    {"directory", OPTION_TEXT, NULL, NULL,
	"a names.nsf that gives Notes names their Internet addresses"},
    {"copies", OPTION_BOOL, "no", NULL,
	"give a note once for each folder that holds it, not for the first "
	"only"},
    {"unread", OPTION_BOOL, "no", NULL,
	"leave everything unread: unread marks cannot be read, so all is read "
	"otherwise"},
    {"rescue", OPTION_BOOL, "no", NULL,
	"look for notes on every page of a damaged database"},
    {"calendar", OPTION_BOOL, "no", NULL,
	"experimental: calendar entries and tasks as iCalendar, not as text"},
    {"text", OPTION_CHOICE, "no", "no|mdy|dmy|ymd",
	"experimental: read structured text (.txt), whose dates are in this "
	"order"},
    {"separator", OPTION_NUMBER, "12", NULL,
	"the byte between documents of structured text"},
    {"lz1", OPTION_BOOL, "no", NULL,
	"experimental: read attachments compressed by LZ1, which no sample "
	"proves, instead of leaving them out by name"},
    {NULL}};

void
notes_say(struct notes_source *s, enum remark_level level, const char *code,
    const struct filing_box *box, const char *key, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	filing_say(s->job, level, code, text, s->path, -1, -1, box, key);
}

static enum notes_as
as_from_text(const char *text)
{
	static const char *const names[] = {
	    "auto", "mail", "public", "directory", "contacts"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(text, names[i]) == 0)
			return (enum notes_as)i;
	return NOTES_AUTO;
}

static enum status
notes_open(Source **out, const struct end *end, GError **error)
{
	const char *path = end->url->path;
	const char *dates;
	gint64 separator;
	struct notes_source *s;

	*out = NULL;
	if (path == NULL || *path == '\0' ||
	    !g_file_test(path, G_FILE_TEST_EXISTS))
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "notes: cannot find %s; write notes:FILE.nsf, "
		    "notes:FILE.dxl, or notes:DIR for all files in it",
		    path ? path : "a file");
	separator = options_number(end->options, "separator");
	if (separator < 1 || separator > 255)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "notes: separator is a byte, 1 to 255");
	s = g_new0(struct notes_source, 1);
	s->base.driver = &source_notes_driver;
	s->as = as_from_text(options_text(end->options, "as"));
	s->rescue = options_bool(end->options, "rescue");
	s->copies = options_bool(end->options, "copies");
	s->unread = options_bool(end->options, "unread");
	s->calendar = options_bool(end->options, "calendar");
	dates = options_text(end->options, "text");
	s->lz1 = options_bool(end->options, "lz1");
	s->text_too = strcmp(dates, "no") != 0;
	s->dates = strcmp(dates, "dmy") == 0   ? NSF_DATE_DMY
		   : strcmp(dates, "ymd") == 0 ? NSF_DATE_YMD
					       : NSF_DATE_MDY;
	s->separator = (guint8)separator;
	s->directory = g_strdup(options_text(end->options, "directory"));
	if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
		s->dir = g_strdup(path);
	} else {
		s->dir = g_path_get_dirname(path);
		s->file = g_path_get_basename(path);
	}
	s->key = g_string_new(NULL);
	s->card = g_string_new(NULL);
	s->held = g_ptr_array_new_with_free_func(g_free);
	s->members = g_array_new(FALSE, TRUE, sizeof(struct person));
	nsf_note_init(&s->note);
	*out = (Source *)s;
	return ST_OK;
}

static bool
is_xml(const char *file)
{
	g_autofree char *lower = g_ascii_strdown(file, -1);

	return g_str_has_suffix(lower, ".dxl") ||
	       g_str_has_suffix(lower, ".xml");
}

static bool
is_text(const char *file)
{
	g_autofree char *lower = g_ascii_strdown(file, -1);

	return g_str_has_suffix(lower, ".txt");
}

static bool
is_ours(const char *file)
{
	g_autofree char *lower = g_ascii_strdown(file, -1);

	return g_str_has_suffix(lower, ".nsf") ||
	       g_str_has_suffix(lower, ".ntf") ||
	       g_str_has_suffix(lower, ".dxl");
}

/* What a file is taken for. One that cannot be opened is listed as a mailbox:
 * its job will say why. */
static enum notes_as
kind_of(struct notes_source *s, const char *path)
{
	g_autoptr(Nsf) nsf = NULL;

	if (s->as != NOTES_AUTO)
		return s->as;
	if (is_xml(path) || is_text(path) ||
	    nsf_open(&nsf, path, false, NULL) < 0)
		return NOTES_MAIL;
	return notes_guess(nsf);
}

static void
list_one(struct notes_source *s, GPtrArray *out, const char *file)
{
	g_autofree char *name = g_filename_display_name(file);
	g_autofree char *path = g_build_filename(s->dir, file, NULL);
	enum notes_as kind = kind_of(s, path);
	struct mailbox *box;

	if (is_ours(name) || is_xml(name) || is_text(name))
		name[strlen(name) - 4] = '\0';
	box = mailbox_new(name, file);
	box->is_public = kind == NOTES_PUBLIC;
	box->no_mail = kind == NOTES_DIRECTORY;
	g_ptr_array_add(out, box);
}

static int
by_name(gconstpointer a, gconstpointer b)
{
	const struct mailbox *x = *(struct mailbox *const *)a;
	const struct mailbox *y = *(struct mailbox *const *)b;

	return strcmp(x->name, y->name);
}

static enum status
notes_list(Source *source, GPtrArray *out, GError **error)
{
	struct notes_source *s = (struct notes_source *)source;
	const char *name;
	GDir *dir;

	if (s->file) {
		list_one(s, out, s->file);
		return ST_OK;
	}
	dir = g_dir_open(s->dir, 0, error);
	if (dir == NULL) {
		g_prefix_error(error, "notes: ");
		return ST_RUN;
	}
	while ((name = g_dir_read_name(dir)))
		if (is_ours(name))
			list_one(s, out, name);
	g_dir_close(dir);
	g_ptr_array_sort(out, by_name);
	if (out->len == 0)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "notes: no .nsf or .dxl file in %s", s->dir);
	return ST_OK;
}

static void
notes_end(Source *source)
{
	struct notes_source *s = (struct notes_source *)source;

	nsf_note_reset(&s->note);
	nsf_mail_clear(&s->mail);
	g_clear_pointer(&s->joined, spool_free);
	g_clear_pointer(&s->entries, g_array_unref);
	g_clear_pointer(&s->folders, g_ptr_array_unref);
	g_clear_pointer(&s->filing, filing_free);
	g_clear_pointer(&s->dxl, nsf_dxl_close);
	g_clear_pointer(&s->text, nsf_structured_close);
	g_clear_pointer(&s->nsf, nsf_close);
	g_clear_pointer(&s->names, notes_names_close);
	g_clear_pointer(&s->path, g_free);
	g_clear_pointer(&s->title, g_free);
	s->resolver = (struct nsf_resolver){0};
	s->counts = (struct notes_counts){0};
	s->at = s->told = 0;
	s->ended = false;
	s->box = NULL;
	s->job = NULL;
}

static enum status
open_file(struct notes_source *s, GError **error)
{
	const struct nsf_info *info;
	enum status st;

	if (is_xml(s->path)) {
		s->kind = s->as == NOTES_AUTO ? NOTES_MAIL : s->as;
		st = nsf_dxl_open(&s->dxl, s->path, s->job->spool_dir, error);
		if (st < 0)
			return st;
		s->title = g_strdup("Documents");
		return ST_OK;
	}
	if (is_text(s->path)) {
		if (!s->text_too)
			return fail(ST_MAILBOX, error, ERR_CONFIG, RETRY_NEVER,
			    "%s: reading structured text is experimental: ask "
			    "for it with text=mdy, text=dmy or text=ymd",
			    s->path);
		s->kind = s->as == NOTES_AUTO ? NOTES_MAIL : s->as;
		s->title = g_strdup("Documents");
		return nsf_structured_open(
		    &s->text, s->path, s->dates, s->separator, error);
	}
	st = nsf_open(&s->nsf, s->path, s->rescue, error);
	if (st < 0)
		return st;
	info = nsf_info(s->nsf);
	if (!nsf_is_proven(info->ods) && s->job->part == 0)
		notes_say(s, REMARK_WARNING, "NOTES_UNPROVEN", NULL, NULL,
		    "databases of structure version %u are read like those "
		    "that were seen (41, 43, 52, 53, 55), but none of them was "
		    "at hand: compare some documents",
		    info->ods);
	s->kind = s->as == NOTES_AUTO ? notes_guess(s->nsf) : s->as;
	s->title = g_strdup(*info->title ? info->title : "Documents");
	s->entries = g_array_new(FALSE, FALSE, sizeof(struct notes_entry));
	/* Groups name their members in any of their forms. */
	if (s->names == NULL &&
	    (s->kind == NOTES_DIRECTORY || s->kind == NOTES_CONTACTS)) {
		s->names = notes_names_of(s->nsf);
		s->resolver = (struct nsf_resolver){s->names, notes_names_smtp};
	}
	return notes_survey(s, error);
}

static enum status
notes_begin(Source *source, const struct job *job, GError **error)
{
	struct notes_source *s = (struct notes_source *)source;
	const char *ref =
	    job->mailbox->ref ? job->mailbox->ref : job->mailbox->name;
	/* A reference is the name of a file in the directory, nothing else. */
	g_autofree char *base = g_path_get_basename(s->file ? s->file : ref);
	enum status st = ST_OK;

	notes_end(source);
	s->job = job;
	s->path = g_build_filename(s->dir, base, NULL);
	s->filing = filing_new(job);
	s->folders = g_ptr_array_new();
	nsf_mail_init(&s->mail, job->spool_dir);
	s->mail.lz1 = s->lz1;
	s->joined = spool_new(job->spool_dir);
	if (s->directory) {
		st = notes_names_open(&s->names, s->directory, error);
		s->resolver = (struct nsf_resolver){s->names, notes_names_smtp};
		/* A wrong option is no fault of this mailbox. */
		if (st < 0)
			st = ST_RUN;
	}
	if (st == ST_OK)
		st = open_file(s, error);
	if (st < 0) {
		g_prefix_error(error, "notes: ");
		notes_end(source);
	}
	return st;
}

static void
take_flags(struct notes_source *s, struct message *m)
{
	m->received = s->mail.received;
	m->size = -1;
	if (!s->unread)
		m->flags |= MESSAGE_SEEN;
	if (s->mail.draft)
		m->flags |= MESSAGE_DRAFT;
	if (s->mail.answered)
		m->flags |= MESSAGE_ANSWERED;
	if (s->mail.keywords->len > 1)
		m->keywords =
		    (const char *const *)(void *)s->mail.keywords->pdata;
	m->class = s->mail.form == NSF_FORM_CALENDAR ? "IPM.Appointment"
		   : s->mail.form == NSF_FORM_TASK   ? "IPM.Task"
						     : NULL;
}

static void
tell_losses(struct notes_source *s, const char *key)
{
	for (guint i = 0; i < s->mail.lost->len; i++)
		notes_say(s, REMARK_WARNING, "NOTES_LOST", s->box, key, "%s",
		    (const char *)s->mail.lost->pdata[i]);
	s->counts.encrypted += s->mail.encrypted;
	s->counts.unresolved += s->mail.unresolved;
}

/* Something that has a date of its own? Of a file that is read once it cannot
 * be known whether the instances of a series come: its parent stays text. */
static bool
is_event(const struct notes_source *s)
{
	switch (s->mail.form) {
	case NSF_FORM_CALENDAR:
		return s->nsf || !nsf_calendar_is_parent(&s->note);
	case NSF_FORM_NOTICE:
	case NSF_FORM_TASK:
		return true;
	case NSF_FORM_OTHER:
	case NSF_FORM_MAIL:
	case NSF_FORM_PERSON:
	case NSF_FORM_GROUP:
	case NSF_FORM_SKIP:
		break;
	}
	return false;
}

/* The body of the message whose note is at hand. */
static enum status
give_body(struct notes_source *s, struct record *record, GError **error)
{
	struct message *m = &record->message;
	struct nsf_mail *mail = &s->mail;
	enum status st;

	st = nsf_mail_read(mail, s->nsf, &s->note,
	    s->dxl ? nsf_dxl_files(s->dxl) : NULL, &s->resolver, error);
	if (st < 0)
		return st;
	if (s->calendar && !mail->encrypted && is_event(s)) {
		st = nsf_calendar_join(mail, &s->note, error);
		if (st < 0)
			return st;
	}
	tell_losses(s, record->key);
	/* The words moved. */
	m->flags = 0;
	take_flags(s, m);
	/* Octets, made once and here: in one step and in two, at every
	 * destination, the same message. */
	if (mail->raw.len == 0) {
		st = part_join(&mail->envelope, mail->headers,
		    (const struct part *)(void *)mail->parts->data,
		    mail->parts->len, s->joined, error);
		if (st < 0)
			return st;
		mail->raw = spool_blob(s->joined);
	}
	m->has_body = true;
	m->raw = mail->raw;
	m->size = m->raw.len;
	return ST_OK;
}

/* The size, as far as it is known before the body is made: not at all where it
 * could decide wrongly whether the message is too large. */
static void
announce_size(struct notes_source *s, struct message *m)
{
	const struct filter *filter = s->job->filter;
	gint64 least, size = nsf_mail_size(&s->note, &least);

	if (filter == NULL || least > filter->size_max ||
	    size <= filter->size_max)
		m->size = size;
}

/* The message of the note that was read into s->note (at least its summary);
 * entry: where all of it is, or NULL when it is there already. */
static enum status
give_message(struct notes_source *s, const struct notes_entry *entry,
    struct record *record, GError **error)
{
	struct nsf_place place;
	enum status st;

	nsf_mail_meta(&s->mail, &s->note);
	take_flags(s, &record->message);
	if (entry)
		announce_size(s, &record->message);
	st = filing_item(s->filing, s->box, s->key->str, record);
	if (st != ST_OK)
		return ST_OK;
	if (entry) {
		notes_place_unpack(entry->place, &place);
		st = nsf_note_read(
		    &s->note, s->nsf, entry->id, &place, false, error);
		if (st == ST_END)
			return fail(ST_ITEM, error, ERR_IO, RETRY_NEVER,
			    "note %X is gone", entry->id);
	}
	if (st == ST_OK)
		st = give_body(s, record, error);
	if (st == ST_ITEM)
		g_prefix_error(
		    error, "note %X (%s): ", s->note.id, s->note.unid);
	return st;
}

static enum status
next_entry(struct notes_source *s, struct record *record, GError **error)
{
	while (s->at < s->entries->len) {
		const struct notes_entry *e =
		    &g_array_index(s->entries, struct notes_entry, s->at++);
		struct nsf_place place;
		enum status st;
		bool person =
		    e->form == NSF_FORM_PERSON || e->form == NSF_FORM_GROUP;

		if (e->dropped || (person && s->job->part > 0))
			continue;
		s->box = person ? NULL : s->folders->pdata[e->box];
		if (s->box && !s->box->mine)
			continue;
		notes_place_unpack(e->place, &place);
		st = nsf_note_read(
		    &s->note, s->nsf, e->id, &place, !person, error);
		if (e->twin || st != ST_OK)
			g_string_printf(s->key, "%s-%X",
			    st == ST_OK ? s->note.unid : "note", e->id);
		else
			g_string_assign(s->key, s->note.unid);
		if (st < 0 || st == ST_END) {
			record->kind = person ? RECORD_ADDRESS : RECORD_MESSAGE;
			if (!person) {
				record->message.size = -1;
				filing_item(
				    s->filing, s->box, s->key->str, record);
				record->known = false;
			}
			record->key = s->key->str;
			if (st == ST_END)
				return fail(ST_ITEM, error, ERR_IO, RETRY_NEVER,
				    "note %X is gone", e->id);
			g_prefix_error(error, "note %X: ", e->id);
			return st;
		}
		if (!person)
			return give_message(s, e, record, error);
		if (notes_person(s, &s->note, (enum nsf_form)e->form, record))
			return ST_OK;
	}
	return ST_END;
}

/* The next one of a file that is read from its beginning to its end. */
static enum status
read_document(struct notes_source *s, GError **error)
{
	return s->dxl ? nsf_dxl_next(s->dxl, &s->note, error)
		      : nsf_structured_next(s->text, &s->note, error);
}

static enum status
next_document(struct notes_source *s, struct record *record, GError **error)
{
	enum status st;

	while (s->box || (st = read_document(s, error)) == ST_OK) {
		struct filing_box *box = s->box;

		if (box == NULL) {
			nsf_mail_meta(&s->mail, &s->note);
			if (s->mail.form == NSF_FORM_SKIP) {
				s->counts.profiles++;
				continue;
			}
			g_string_assign(s->key, s->note.unid);
			if (s->mail.form == NSF_FORM_PERSON ||
			    s->mail.form == NSF_FORM_GROUP) {
				if (s->job->part > 0 ||
				    !notes_person(
					s, &s->note, s->mail.form, record))
					continue;
				return ST_OK;
			}
			if (s->kind == NOTES_DIRECTORY ||
			    s->kind == NOTES_CONTACTS) {
				s->counts.others++;
				continue;
			}
			box = notes_box_by_state(s, &s->mail, false);
			if (!box->mine)
				continue;
			if (filing_tell(box, record)) {
				s->box = box; /* the note comes next */
				return ST_OK;
			}
		}
		s->box = box;
		g_string_assign(s->key, filing_key(s->filing, s->note.unid));
		st = give_message(s, NULL, record, error);
		s->box = NULL;
		return st;
	}
	return st;
}

/* What a whole job came to, once, where it cannot be told of an item. */
static void
tell_counts(struct notes_source *s)
{
	static const struct {
		gsize offset;
		enum remark_level level;
		const char *code, *text;
	} rows[] = {
	    {G_STRUCT_OFFSET(struct notes_counts, stubs), REMARK_INFO,
		"NOTES_STUBS", "deletion stubs are left out"},
	    {G_STRUCT_OFFSET(struct notes_counts, profiles), REMARK_INFO,
		"NOTES_PROFILES", "profiles and bookmarks are left out"},
	    {G_STRUCT_OFFSET(struct notes_counts, others), REMARK_WARNING,
		"NOTES_NO_PERSON",
		"documents of a directory are neither persons nor groups and "
		"are left out; as=mail gives them as messages"},
	    {G_STRUCT_OFFSET(struct notes_counts, access), REMARK_INFO,
		"NOTES_ACCESS",
		"groups are access lists, not lists for mail, and are left "
		"out"},
	    {G_STRUCT_OFFSET(struct notes_counts, parents), REMARK_INFO,
		"NOTES_SERIES",
		"notes of a series in the calendar are left out: their "
		"instances come"},
	    {G_STRUCT_OFFSET(struct notes_counts, encrypted), REMARK_WARNING,
		"NOTES_ENCRYPTED",
		"notes are encrypted: they come without their bodies"},
	    {G_STRUCT_OFFSET(struct notes_counts, unresolved), REMARK_WARNING,
		"NOTES_NAMES",
		"addresses stay in Notes form; directory=names.nsf gives them "
		"Internet addresses"},
	    {G_STRUCT_OFFSET(struct notes_counts, shared), REMARK_INFO,
		"NOTES_SHARED",
		"times a note is in a further folder (copies=yes gives it "
		"there, too)"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		gint64 n = G_STRUCT_MEMBER(gint64, &s->counts, rows[i].offset);

		if (n > 0)
			notes_say(s, rows[i].level, rows[i].code, NULL, NULL,
			    "%" G_GINT64_FORMAT " %s", n, rows[i].text);
	}
	if (s->text && nsf_structured_misfits(s->text) > 0)
		notes_say(s, REMARK_WARNING, "NOTES_TEXT", NULL, NULL,
		    "%u lines or dates do not fit the grammar of structured "
		    "text",
		    nsf_structured_misfits(s->text));
	if (s->nsf && nsf_torn(s->nsf) > 0)
		notes_say(s, REMARK_WARNING, "NOTES_TORN", NULL, NULL,
		    "%" G_GUINT64_FORMAT " pages were only half written when "
		    "the database was last used: what is in them may be old "
		    "or wrong",
		    nsf_torn(s->nsf));
}

static enum status
notes_next(Source *source, struct record *record, GError **error)
{
	struct notes_source *s = (struct notes_source *)source;
	enum status st;

	memset(record, 0, sizeof *record);
	record->key = "";
	if (s->job->stop && *s->job->stop)
		return fail(ST_RUN, error, ERR_CANCELLED, RETRY_LATER,
		    "stopped by the user");
	/* All folders of a database first, the empty ones too. */
	while (s->told < s->folders->len) {
		struct filing_box *box = s->folders->pdata[s->told++];

		if (box->mine && filing_tell(box, record))
			return ST_OK;
	}
	st = s->nsf ? next_entry(s, record, error)
		    : next_document(s, record, error);
	if (st != ST_END)
		return st;
	if (!s->ended && s->job->part == 0)
		tell_counts(s);
	s->ended = true;
	return filing_end(s->filing, record) ? ST_OK : ST_END;
}

static gint64
notes_expect(const Source *source)
{
	const struct notes_source *s = (const struct notes_source *)source;
	gint64 n = 0;

	if (s->entries == NULL)
		return -1;
	for (guint i = 0; i < s->entries->len; i++) {
		const struct notes_entry *e =
		    &g_array_index(s->entries, struct notes_entry, i);

		n += !e->dropped && e->form != NSF_FORM_PERSON &&
		     e->form != NSF_FORM_GROUP;
	}
	return n;
}

static void
notes_close(Source *source)
{
	struct notes_source *s = (struct notes_source *)source;

	notes_end(source);
	nsf_note_clear(&s->note);
	g_string_free(s->key, TRUE);
	g_string_free(s->card, TRUE);
	g_ptr_array_unref(s->held);
	g_array_unref(s->members);
	g_free(s->directory);
	g_free(s->dir);
	g_free(s->file);
	g_free(s);
}

const struct source_driver source_notes_driver = {
    .name = "notes",
    .schemes = schemes,
    .summary = "Lotus Notes and Domino: databases (.nsf, proven on structures "
	       "41, 43, 52, 53 and 55; not Notes 1 to 4, nor encrypted ones), "
	       "Domino XML (.dxl); calendars, structured text and LZ1 "
	       "attachments are experimental, and off; see mailmig-notes(7)",
    .options = options,
    .gives = 1u << RECORD_FOLDER | 1u << RECORD_MESSAGE |
	     1u << RECORD_FOLDER_END | 1u << RECORD_RECIPIENT |
	     1u << RECORD_ADDRESS,
    .open = notes_open,
    .list = notes_list,
    .begin = notes_begin,
    .next = notes_next,
    .expect = notes_expect,
    .end = notes_end,
    .close = notes_close,
};
