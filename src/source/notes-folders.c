/* Folders of a database, and which note is in which: spec/notes.md 7.3. */
#include "source/notes-private.h"

#include "nsf/bytes.h"
#include "nsf/calendar.h"
#include "nsf/object.h"

#include <string.h>

#define GUESS_NOTES  200  /* documents looked at to tell what a database is */
#define GUESS_IDS    5000 /* ids passed over meanwhile */
#define TABLE_HEADER 18
#define TABLE_ENTRY  5
#define TABLE_MAX    (64 << 20) /* bytes of the table of one folder */
#define BOX_NONE     G_MAXUINT16
#define IN_BUCKET    (G_GUINT64_CONSTANT(1) << 63)

struct member {
	guint32 id;
	guint16 box;
};

struct survey {
	struct notes_source *s;
	GArray *members;    /* of struct member */
	GHashTable *newest; /* rescue: UNID to index + 1 */
	GHashTable *series; /* hashes of notes that have instances */
	bool has_inbox;
};

static guint64
place_pack(const struct nsf_place *place)
{
	if (place->in_bucket)
		return IN_BUCKET | (guint64)place->bucket << 16 | place->slot;
	return (guint64)place->offset;
}

void
notes_place_unpack(guint64 packed, struct nsf_place *out)
{
	*out = (struct nsf_place){.in_bucket = (packed & IN_BUCKET) != 0};
	if (out->in_bucket) {
		out->bucket = (guint32)(packed >> 16 & 0xffffffff);
		out->slot = packed & 0xffff;
	} else {
		out->offset = (gint64)packed;
	}
}

/* The template says it, else what the documents are. */
enum notes_as
notes_guess(Nsf *nsf)
{
	const struct nsf_info *info = nsf_info(nsf);
	const char *names[] = {info->inherits, info->template_of};
	struct nsf_cursor cursor = {0};
	struct nsf_place place;
	struct nsf_note note;
	guint people = 0, mail = 0, seen = 0;
	guint32 id;

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		if (names[i] == NULL)
			continue;
		if (strstr(names[i], "AddressBook"))
			return NOTES_DIRECTORY;
		if (strstr(names[i], "Disc"))
			return NOTES_PUBLIC;
		if (strstr(names[i], "Mail"))
			return NOTES_MAIL;
	}
	nsf_note_init(&note);
	for (guint n = 0; n < GUESS_IDS && seen < GUESS_NOTES; n++) {
		enum status st = nsf_next(nsf, &cursor, &id, &place, NULL);

		if (st == ST_END)
			break;
		if (st < 0 ||
		    nsf_note_read(&note, nsf, id, &place, true, NULL) !=
			ST_OK ||
		    note.stub ||
		    (note.class & NSF_CLASS_MASK) != NSF_CLASS_DOCUMENT)
			continue;
		seen++;
		switch (nsf_form_of(&note)) {
		case NSF_FORM_PERSON:
		case NSF_FORM_GROUP:
			people++;
			break;
		case NSF_FORM_MAIL:
		case NSF_FORM_CALENDAR:
		case NSF_FORM_NOTICE:
		case NSF_FORM_TASK:
			mail++;
			break;
		case NSF_FORM_OTHER:
		case NSF_FORM_SKIP:
			break;
		}
	}
	nsf_note_clear(&note);
	return people > 0 && mail == 0 ? NOTES_DIRECTORY : NOTES_MAIL;
}

static struct filing_box *
box_named(struct notes_source *s, const char *name, enum folder_use use,
    const char *class)
{
	const char *path[] = {name, NULL};

	return filing_box(s->filing, path, use, class);
}

struct filing_box *
notes_box_by_state(
    struct notes_source *s, const struct nsf_mail *mail, bool has_inbox)
{
	if (s->kind == NOTES_PUBLIC)
		return box_named(s, s->title, FOLDER_PLAIN, NULL);
	switch (mail->form) {
	case NSF_FORM_CALENDAR:
		return box_named(
		    s, "Calendar", FOLDER_CALENDAR, "IPF.Appointment");
	case NSF_FORM_TASK:
		return box_named(s, "Tasks", FOLDER_TASKS, "IPF.Task");
	case NSF_FORM_OTHER:
		return box_named(s, s->title, FOLDER_PLAIN, NULL);
	case NSF_FORM_MAIL:
	case NSF_FORM_NOTICE:
	case NSF_FORM_PERSON:
	case NSF_FORM_GROUP:
	case NSF_FORM_SKIP:
		break;
	}
	if (mail->draft)
		return box_named(s, "Drafts", FOLDER_DRAFTS, NULL);
	if (mail->posted && !mail->delivered)
		return box_named(s, "Sent", FOLDER_SENT, NULL);
	/* With a real inbox, what is in no folder is kept apart (Q253755). */
	if (has_inbox)
		return box_named(s, "All Documents", FOLDER_PLAIN, NULL);
	return box_named(s, "INBOX", FOLDER_INBOX, NULL);
}

static guint16
box_index(struct notes_source *s, struct filing_box *box)
{
	guint at;

	if (g_ptr_array_find(s->folders, box, &at))
		return (guint16)at;
	if (s->folders->len >= NOTES_FOLDERS_MAX)
		return 0;
	g_ptr_array_add(s->folders, box);
	return (guint16)(s->folders->len - 1);
}

/* "Clients\2019|alias": a path. NULL: hidden, and none of those we know. */
static struct filing_box *
folder_by_title(struct survey *v, const char *title)
{
	g_autofree char *name = g_strndup(title, strcspn(title, "|"));
	g_auto(GStrv) path = NULL;
	bool inbox = g_ascii_strncasecmp(title, "($Inbox)", 8) == 0;

	if (inbox) {
		v->has_inbox = true;
		return box_named(v->s, "INBOX", FOLDER_INBOX, NULL);
	}
	if (g_ascii_strncasecmp(title, "($Trash)", 8) == 0)
		return box_named(v->s, "Trash", FOLDER_TRASH, NULL);
	if (name[0] == '(')
		return NULL;
	path = g_strsplit(name, "\\", FOLDER_DEPTH_MAX);
	return path[0] ? filing_box(v->s->filing, (const char *const *)path,
			     FOLDER_PLAIN, NULL)
		       : NULL;
}

/* The notes of a folder: runs of ids (7.3). */
static void
take_members(struct survey *v, const struct blob *blob, guint16 box)
{
	gsize len = (gsize)MIN(blob->len, TABLE_MAX), got = 0;
	g_autofree guint8 *data = g_malloc(len + 1);

	if (blob_read(blob, 0, data, len, &got, NULL) < 0)
		return;
	for (gsize at = TABLE_HEADER; at + TABLE_ENTRY <= got;
	     at += TABLE_ENTRY) {
		guint32 id = get_le32(data + at + 1);
		guint run = data[at] + 1u;

		for (guint i = 0; i < run; i++) {
			struct member member = {id + 4 * i, box};

			if (v->members->len < NOTES_MEMBERS_MAX)
				g_array_append_val(v->members, member);
		}
	}
}

static void
take_folder(struct survey *v, guint32 id, const struct nsf_place *place)
{
	struct notes_source *s = v->s;
	g_autoptr(GError) why = NULL;
	g_autofree char *flags = NULL;
	g_autofree char *title = NULL;
	struct nsf_item *table;
	struct filing_box *box;
	struct nsf_note note;
	struct blob blob;
	guint kind;
	guint32 object;

	nsf_note_init(&note);
	if (nsf_note_read(&note, s->nsf, id, place, false, &why) != ST_OK)
		goto out;
	flags = nsf_note_text(&note, "$Flags");
	title = nsf_note_text(&note, "$TITLE");
	if (flags == NULL || title == NULL || strchr(flags, 'F') == NULL)
		goto out;
	box = folder_by_title(v, title);
	if (box == NULL)
		goto out;
	box_index(s, box);
	table = nsf_note_item(&note, "$FolderIDTable");
	if (table == NULL || !nsf_object_kind(table, &kind, &object) ||
	    kind != NSF_OBJECT_FOLDER)
		goto out;
	if (nsf_object_open(s->nsf, object, &blob, &why) == ST_OK)
		take_members(v, &blob, box_index(s, box));
out:
	if (why)
		notes_say(s, REMARK_WARNING, "NOTES_FOLDER", NULL, NULL,
		    "folder %s: which notes it holds cannot be read: %s",
		    title ? title : "?", why->message);
	nsf_note_clear(&note);
}

static guint64
hash_of(const guint8 unid[16])
{
	return get_le64(unid) * G_GUINT64_CONSTANT(0x9E3779B97F4A7C15) ^
	       get_le64(unid + 8);
}

static void
take_document(struct survey *v, const struct nsf_place *place)
{
	struct notes_source *s = v->s;
	struct notes_entry entry = {.place = place_pack(place),
	    .id = s->note.id,
	    .sequence = s->note.sequence,
	    .order = s->entries->len,
	    .hash = hash_of(s->note.unid_raw),
	    .box = BOX_NONE};

	nsf_mail_meta(&s->mail, &s->note);
	entry.form = (guint8)s->mail.form;
	switch (s->mail.form) {
	case NSF_FORM_SKIP:
		s->counts.profiles++;
		return;
	case NSF_FORM_PERSON:
	case NSF_FORM_GROUP:
		break;
	case NSF_FORM_OTHER:
	case NSF_FORM_MAIL:
	case NSF_FORM_CALENDAR:
	case NSF_FORM_NOTICE:
	case NSF_FORM_TASK:
		if (s->kind == NOTES_DIRECTORY || s->kind == NOTES_CONTACTS) {
			s->counts.others++;
			return;
		}
		if (s->calendar && s->mail.form == NSF_FORM_CALENDAR) {
			guint8 unid[16];

			entry.parent = nsf_calendar_is_parent(&s->note);
			if (nsf_note_reference(&s->note, unid)) {
				guint64 hash = hash_of(unid);

				g_hash_table_add(
				    v->series, g_memdup2(&hash, sizeof hash));
			}
		}
		/* Folders may come behind: what its state says is noted as
		 * though there were no inbox, see assign(). */
		entry.box =
		    box_index(s, notes_box_by_state(s, &s->mail, false));
	}
	g_array_append_val(s->entries, entry);
}

static int
by_id(gconstpointer a, gconstpointer b)
{
	const struct member *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (int)x->box - (int)y->box;
}

/* Index of the first membership of a note, or the number of all. */
static guint
first_member(const GArray *members, guint32 id)
{
	guint low = 0, high = members->len;

	while (low < high) {
		guint mid = low + (high - low) / 2;

		if (g_array_index(members, struct member, mid).id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Folders win over states, but for the calendar and tasks. */
static void
assign(struct survey *v)
{
	struct notes_source *s = v->s;
	guint n = s->entries->len;

	g_array_sort(v->members, by_id);
	for (guint i = 0; i < n; i++) {
		struct notes_entry *e =
		    &g_array_index(s->entries, struct notes_entry, i);
		guint at = first_member(v->members, e->id);
		struct filing_box *box;
		bool first = true;
		guint16 last = BOX_NONE;

		if (e->box == BOX_NONE || e->form == NSF_FORM_CALENDAR ||
		    e->form == NSF_FORM_TASK || s->kind == NOTES_PUBLIC)
			continue;
		box = s->folders->pdata[e->box];
		if (v->has_inbox && box->folder.use == FOLDER_INBOX)
			e->box = box_index(s,
			    box_named(s, "All Documents", FOLDER_PLAIN, NULL));
		for (; at < v->members->len; at++) {
			const struct member *m =
			    &g_array_index(v->members, struct member, at);

			if (m->id != e->id)
				break;
			if (m->box == last)
				continue;
			last = m->box;
			if (first) {
				e->box = m->box;
				first = false;
				continue;
			}
			s->counts.shared++;
			if (s->copies) {
				struct notes_entry copy = *e;

				copy.box = m->box;
				copy.order = s->entries->len;
				g_array_append_val(s->entries, copy);
				e = &g_array_index(
				    s->entries, struct notes_entry, i);
			}
		}
	}
}

/* A series is there once: as its instances, if any of them is. */
static void
drop_parents(struct survey *v)
{
	struct notes_source *s = v->s;

	for (guint i = 0; i < s->entries->len; i++) {
		struct notes_entry *e =
		    &g_array_index(s->entries, struct notes_entry, i);

		if (!e->parent || e->dropped ||
		    !g_hash_table_contains(v->series, &e->hash))
			continue;
		e->dropped = true;
		s->counts.parents++;
	}
}

static int
by_hash(gconstpointer a, gconstpointer b)
{
	const struct notes_entry *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static int
by_box(gconstpointer a, gconstpointer b)
{
	const struct notes_entry *x = a, *y = b;

	/* Persons have no box and come last. */
	if (x->box != y->box)
		return x->box < y->box ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* Two notes with one UNID are damage, and get different keys. */
static void
mark_twins(struct notes_source *s)
{
	g_array_sort(s->entries, by_hash);
	for (guint i = 1; i < s->entries->len; i++) {
		const struct notes_entry *a =
		    &g_array_index(s->entries, struct notes_entry, i - 1);
		struct notes_entry *b =
		    &g_array_index(s->entries, struct notes_entry, i);

		b->twin = !b->broken && a->hash == b->hash && a->id != b->id;
	}
	g_array_sort(s->entries, by_box);
}

/* A scan meets old copies of notes: by UNID, the highest sequence number. */
static void
take_newest(struct survey *v, const struct nsf_place *place)
{
	struct notes_source *s = v->s;
	guint had =
	    GPOINTER_TO_UINT(g_hash_table_lookup(v->newest, s->note.unid));
	guint n = s->entries->len;

	if (had) {
		struct notes_entry *old =
		    &g_array_index(s->entries, struct notes_entry, had - 1);

		if (old->sequence > s->note.sequence)
			return;
		old->dropped = true;
	}
	take_document(v, place);
	if (s->entries->len > n)
		g_hash_table_replace(
		    v->newest, g_strdup(s->note.unid), GUINT_TO_POINTER(n + 1));
}

static void
take_broken(struct notes_source *s, guint32 id, const struct nsf_place *place)
{
	struct filing_box *box =
	    s->kind == NOTES_PUBLIC ? box_named(s, s->title, FOLDER_PLAIN, NULL)
				    : box_named(s, "INBOX", FOLDER_INBOX, NULL);
	struct notes_entry entry = {.place = place_pack(place),
	    .id = id,
	    .order = s->entries->len,
	    .hash = id,
	    .broken = true,
	    .box = box_index(s, box)};

	g_array_append_val(s->entries, entry);
}

enum status
notes_survey(struct notes_source *s, GError **error)
{
	struct survey v = {.s = s};
	g_autoptr(GHashTable) newest =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) series =
	    g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	struct nsf_cursor cursor = {0};
	struct nsf_place place;
	guint32 id;

	v.series = series;
	v.members = g_array_new(FALSE, FALSE, sizeof(struct member));
	v.newest = newest;
	for (;;) {
		g_autoptr(GError) why = NULL;
		enum status st = nsf_next(s->nsf, &cursor, &id, &place, &why);

		if (st == ST_END)
			break;
		if (st < 0) {
			notes_say(s, REMARK_ERROR, "NOTES_DAMAGED", NULL, NULL,
			    "%s; rescue=yes looks for the notes all the same",
			    why->message);
			continue;
		}
		if (s->job->stop && *s->job->stop) {
			g_array_unref(v.members);
			return fail(ST_RUN, error, ERR_CANCELLED, RETRY_LATER,
			    "stopped by the user");
		}
		st = nsf_note_read(&s->note, s->nsf, id, &place, true, &why);
		if (st == ST_END)
			continue;
		if (st < 0) {
			/* Scanning meets what only looks like a note. */
			if (!s->rescue && s->kind != NOTES_DIRECTORY)
				take_broken(s, id, &place);
			else if (!s->rescue)
				notes_say(s, REMARK_ERROR, "NOTES_DAMAGED",
				    NULL, NULL, "note %X: %s", id,
				    why->message);
			continue;
		}
		if (s->note.stub) {
			s->counts.stubs++;
			continue;
		}
		switch (s->note.class & NSF_CLASS_MASK) {
		case NSF_CLASS_DOCUMENT:
			if (s->rescue)
				take_newest(&v, &place);
			else
				take_document(&v, &place);
			break;
		case NSF_CLASS_VIEW:
			if (s->kind == NOTES_MAIL)
				take_folder(&v, id, &place);
			break;
		default:
			break;
		}
	}
	drop_parents(&v);
	assign(&v);
	mark_twins(s);
	g_array_unref(v.members);
	return ST_OK;
}
