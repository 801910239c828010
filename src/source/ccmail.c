/*
 * Lotus cc:Mail as a source: what its EXPORT wrote (spec/ccmail.md). The
 * databases themselves have no public description and are not read.
 *
 * Mailboxes are the owners of exports; boards are one public mailbox; one more,
 * "(directory)", carries the directory, and says what is still to be exported.
 */
#include "source/ccmail.h"
#include "source/ccmail-private.h"
#include "source/exports.h"

#include "base/codepage-guess.h"
#include "base/url.h"
#include "base/window.h"
#include "iff/value.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MESSAGES 2000	 /* of an export, to guess from */
#define LOOK_OCTETS   (32 << 20) /* likewise */
#define SAID_MAX      20	 /* oddities of one file, one by one */
#define OEM_PAGE      850	 /* spec/ccmail.md 3.9 rule 6 */

static const char *const schemes[] = {"ccmail", NULL};

static const struct option options[] = {
    {"codepage", OPTION_TEXT, "auto", NULL,
	"code page of the exports: a number, or auto to guess"},
    {"dates", OPTION_CHOICE, "auto", "auto|mdy|dmy|ymd",
	"order of month, day and year in dates"},
    {"zone", OPTION_TEXT, "local", NULL,
	"time zone of the dates: minutes east of UTC, or a name"},
    {"post-office", OPTION_TEXT, "", NULL,
	"name of the post office, for addresses without one"},
    {"post-office-path", OPTION_TEXT, "M:\\CCDATA", NULL,
	"where the post office lies, for the command lines of EXPORT"},
    {"unread", OPTION_BOOL, "no", NULL,
	"take messages that do not say so for unread"},
    {"boards-root", OPTION_TEXT, "Lotus cc:Mail Bulletin Boards", NULL,
	"public folder that the boards are put into"},
    {"settings", OPTION_BOOL, "no", NULL,
	"keep the empty messages in which clients store settings"},
    {"folder-keyword", OPTION_TEXT, "Folder", NULL,
	"header keyword that names the folder (assumed)"},
    {"priority-keyword", OPTION_TEXT, "Priority", NULL,
	"header keyword of the priority (assumed)"},
    {"status-keyword", OPTION_TEXT, "Status", NULL,
	"header keyword that tells read from unread (assumed)"},
    {"directory", OPTION_BOOL, "no", NULL,
	"read directory, lists and private directories (experimental)"},
    {NULL},
};

static void
ccmail_close(Source *source)
{
	struct ccmail_source *s = (struct ccmail_source *)source;

	g_clear_pointer(&s->places, g_ptr_array_unref);
	g_clear_pointer(&s->opts.zone, g_time_zone_unref);
	g_free(s->dir);
	g_free(s);
}

static enum status
take_options(struct ccmail_source *s, const Options *o, GError **error)
{
	static const char *const orders[] = {"mdy", "dmy", "ymd"};
	const char *dates = options_text(o, "dates");
	enum status st;

	s->opts.post_office = options_text(o, "post-office");
	s->opts.office_path = options_text(o, "post-office-path");
	s->opts.boards_root = options_text(o, "boards-root");
	s->opts.folder_word = options_text(o, "folder-keyword");
	s->opts.priority_word = options_text(o, "priority-keyword");
	s->opts.status_word = options_text(o, "status-keyword");
	s->opts.unread = options_bool(o, "unread");
	s->opts.settings = options_bool(o, "settings");
	s->opts.people = options_bool(o, "directory");
	s->opts.order = -1;
	for (guint i = 0; i < G_N_ELEMENTS(orders); i++)
		if (strcmp(dates, orders[i]) == 0)
			s->opts.order = (int)i;
	st = exports_codepage(o, "ccmail", &s->opts.codepage, error);
	if (st < 0)
		return st;
	return value_zone(&s->opts.zone, options_text(o, "zone"), error);
}

static enum status
ccmail_open(Source **out, const struct end *end, GError **error)
{
	struct ccmail_source *s = g_new0(struct ccmail_source, 1);
	enum status st;

	*out = NULL;
	s->base.driver = &source_ccmail_driver;
	s->fd = -1;
	st = take_options(s, end->options, error);
	if (st == ST_OK)
		st = cc_places_find(
		    s, end->url->path ? end->url->path : ".", error);
	if (st < 0) {
		ccmail_close((Source *)s);
		return st;
	}
	*out = (Source *)s;
	return ST_OK;
}

static bool
is_named(const GPtrArray *out, const char *name)
{
	for (guint i = 0; i < out->len; i++) {
		const struct mailbox *one = out->pdata[i];

		if (strcmp(one->name, name) == 0)
			return true;
	}
	return false;
}

static enum status
ccmail_list(Source *source, GPtrArray *out, GError **error)
{
	struct ccmail_source *s = (struct ccmail_source *)source;
	struct mailbox *one;
	bool boards = false, directory = false;

	for (guint i = 0; i < s->places->len; i++) {
		const struct cc_place *place = s->places->pdata[i];

		boards = boards || place->kind == CC_BOARD;
		directory = directory || !place->exists ||
			    (place->kind == CC_ENTRIES && s->opts.people);
	}
	if (directory) {
		one = mailbox_new(CC_DIRECTORY_NAME, CC_DIRECTORY_REF);
		one->messages = 0;
		one->bytes = -1;
		one->no_mail = true;
		g_ptr_array_add(out, one);
	}
	for (guint i = 0; i < s->places->len; i++) {
		const struct cc_place *place = s->places->pdata[i];

		if (place->mailbox == NULL || is_named(out, place->mailbox))
			continue;
		one = mailbox_new(place->mailbox, NULL);
		one->messages = one->bytes = -1;
		g_ptr_array_add(out, one);
	}
	if (boards) {
		one = mailbox_new(CC_BOARDS_NAME, CC_BOARDS_REF);
		one->messages = one->bytes = -1;
		one->is_public = true;
		g_ptr_array_add(out, one);
	}
	return ST_OK;
}

void
cc_say(struct ccmail_source *s, enum remark_level level, const char *code,
    const char *text, gint64 offset, const struct filing_box *box,
    const char *key)
{
	filing_say(s->job, level, code, text, s->place ? s->place->file : NULL,
	    -1, offset, box, key);
}

static void
oddity(void *ctx, enum ccmail_oddity what, gint64 offset, const char *text)
{
	struct ccmail_source *s = ctx;

	if (s->said++ < SAID_MAX)
		cc_say(s, REMARK_WARNING, ccmail_oddity_name(what), text,
		    offset, NULL, NULL);
}

static enum status
ccmail_begin(Source *source, const struct job *job, GError **error)
{
	struct ccmail_source *s = (struct ccmail_source *)source;
	bool directory = g_strcmp0(job->mailbox->ref, CC_DIRECTORY_REF) == 0;
	bool boards = job->mailbox->is_public;

	s->job = job;
	s->filing = filing_new(job);
	s->mine = g_ptr_array_new();
	s->at = 0;
	s->settings_seen = 0;
	s->told_inbox = directory || boards;
	s->letter.spool = spool_new(job->spool_dir);
	s->letter.parts = g_array_new(FALSE, TRUE, sizeof(struct part));
	g_array_set_clear_func(s->letter.parts, (GDestroyNotify)part_clear);
	envelope_init(&s->letter.envelope);
	s->letter.headers = g_string_new(NULL);
	s->letter.text = g_string_new(NULL);
	s->letter.line = g_string_new(NULL);
	s->attributes = g_ptr_array_new_with_free_func(g_free);
	s->members = g_array_new(FALSE, TRUE, sizeof(struct person));
	for (guint i = 0; i < s->places->len; i++) {
		struct cc_place *place = s->places->pdata[i];
		bool ours = directory ? place->kind == CC_ENTRIES
			    : boards  ? place->kind == CC_BOARD
				      : g_strcmp0(place->mailbox,
					    job->mailbox->name) == 0;

		if (!place->exists && directory) {
			g_autofree char *line = cc_place_command(s, place);

			filing_say(job, REMARK_WARNING, "CC_NOT_EXPORTED", line,
			    NULL, -1, -1, NULL, NULL);
		}
		/* Files without messages are the first share's. */
		if (ours && place->exists &&
		    (place->kind == CC_MAIL || place->kind == CC_BOARD ||
			(s->opts.people && job->part == 0)))
			g_ptr_array_add(s->mine, place);
	}
	return ST_OK;
}

/* Code page and order of dates, from the beginning of the file. */
static enum status
look(struct ccmail_source *s, struct codepage_guess *guess,
    struct ccmail_order_votes *votes, GError **error)
{
	g_autoptr(CcExport) export = NULL;
	g_autoptr(Window) window = window_new(&s->data);
	const struct ccmail_message *m;
	enum status st = ST_END;
	const guint8 *data;
	gsize len;

	if (s->place->kind == CC_LISTS || s->place->kind == CC_ENTRIES) {
		for (gint64 at = 0; at < MIN(s->data.len, LOOK_OCTETS);
		     at += WINDOW_LINE_MAX) {
			st = window_bytes(
			    window, at, WINDOW_LINE_MAX, &data, &len, error);
			if (st < 0)
				return st;
			codepage_guess_add(guess, data, len);
		}
		return ST_OK;
	}
	export = ccmail_export_new(&s->data, NULL, NULL);
	for (guint n = 0; n < LOOK_MESSAGES; n++) {
		st = ccmail_export_next(export, &m, error);
		if (st != ST_OK || m->at > LOOK_OCTETS)
			break;
		for (guint i = 0; i < m->fields->len; i++) {
			const struct ccmail_field *f =
			    &g_array_index(m->fields, struct ccmail_field, i);

			codepage_guess_add(
			    guess, (const guint8 *)f->value, f->len);
			if (g_ascii_strcasecmp(f->name, "Date") == 0)
				ccmail_order_vote(votes, f->value);
		}
		for (guint i = 0; i < m->items->len; i++) {
			const struct ccmail_item *item =
			    &g_array_index(m->items, struct ccmail_item, i);
			guint8 first[4096];
			gsize got = 0;

			if (item->kind != CCMAIL_TEXT ||
			    blob_read(&item->data, 0, first, sizeof first, &got,
				NULL) < 0)
				continue;
			codepage_guess_add(guess, first, got);
		}
	}
	return st < 0 ? st : ST_OK;
}

static enum status
settle(struct ccmail_source *s, GError **error)
{
	static const char *const orders[] = {
	    "month/day/year", "day/month/year", "year/month/day"};
	struct codepage_guess guess = {0};
	struct ccmail_order_votes votes = {0};
	guint number = s->opts.codepage;
	enum status st = ST_OK;

	if (number == 0 || s->opts.order < 0)
		st = look(s, &guess, &votes, error);
	if (st < 0)
		return st;
	if (number == 0) {
		number = codepage_guess_number(&guess, OEM_PAGE);
		if (number != 0) {
			g_autofree char *text = g_strdup_printf(
			    "text is taken to be in code page %u; say "
			    "codepage=NUMBER if it is not",
			    number);

			cc_say(s, REMARK_INFO, "CC_CODEPAGE", text, -1, NULL,
			    NULL);
		}
	}
	s->order = s->opts.order < 0 ? ccmail_order_of(&votes, CCMAIL_MDY)
				     : (enum ccmail_order)s->opts.order;
	if (s->opts.order < 0 && votes.dates > 0) {
		guint open = 0;
		g_autofree char *text = NULL;

		for (int i = 0; i < CCMAIL_ORDERS; i++)
			open += votes.against[i] == 0;
		text =
		    g_strdup_printf("dates are taken as %s%s", orders[s->order],
			open > 1 ? ", but nothing in the file decides it; say "
				   "dates=mdy, dmy or ymd"
				 : "");
		cc_say(s, open > 1 ? REMARK_WARNING : REMARK_INFO,
		    "CC_DATE_ORDER", text, -1, NULL, NULL);
	}
	return codepage_open(&s->page, number ? number : OEM_PAGE, error);
}

/* The next file of the job. ST_END: none left. */
static enum status
open_place(struct ccmail_source *s, GError **error)
{
	enum status st;

	if (s->at >= s->mine->len)
		return ST_END;
	s->place = s->mine->pdata[s->at++];
	s->said = 0;
	st = cc_place_open(s, error);
	if (st == ST_OK)
		st = settle(s, error);
	if (st < 0)
		return st;
	if (s->place->kind == CC_LISTS || s->place->kind == CC_ENTRIES)
		return cc_people_read(s, error);
	s->export = ccmail_export_new(&s->data, oddity, s);
	if (s->place->kind == CC_MAIL && s->data.len > 0 &&
	    !ccmail_export_probe(&s->data))
		cc_say(s, REMARK_WARNING, "CC_NO_EXPORT",
		    "the file does not begin like an export", -1, NULL, NULL);
	return ST_OK;
}

static void
end_place(struct ccmail_source *s)
{
	if (s->said > SAID_MAX) {
		g_autofree char *text = g_strdup_printf(
		    "%u more oddities in this file", s->said - SAID_MAX);

		cc_say(s, REMARK_WARNING, "CC_MORE", text, -1, NULL, NULL);
	}
	if (s->settings_seen > 0) {
		g_autofree char *text = g_strdup_printf(
		    "%u empty messages with the client's settings are left "
		    "out",
		    s->settings_seen);

		cc_say(s, REMARK_INFO, "CC_SETTINGS", text, -1, NULL, NULL);
		s->settings_seen = 0;
	}
	cc_place_close(s);
}

/* One message; a folder that is new goes before it. */
static enum status
give(struct ccmail_source *s, const struct ccmail_message *message,
    struct record *record, GError **error)
{
	struct filing_box *box = cc_message_box(s, message);

	s->held = NULL;
	if (!box->mine)
		return ST_THERE;
	if (filing_tell(box, record)) {
		s->held = message;
		return ST_OK;
	}
	return cc_message_give(s, box, message, record, error);
}

static enum status
ccmail_next(Source *source, struct record *record, GError **error)
{
	static const char *const inbox[] = {"INBOX", NULL};
	struct ccmail_source *s = (struct ccmail_source *)source;
	const struct ccmail_message *message;
	enum status st;

	for (;;) {
		*record = (struct record){.kind = RECORD_MESSAGE, .key = ""};
		if (s->job->stop && *s->job->stop)
			return fail(ST_RUN, error, ERR_CANCELLED, RETRY_LATER,
			    "stopped by the user");
		/* Who has no mail has a mailbox all the same (Q194218,
		 * Q174749). */
		if (!s->told_inbox) {
			struct filing_box *box =
			    filing_box(s->filing, inbox, FOLDER_INBOX, NULL);

			s->told_inbox = true;
			if (box->mine && filing_tell(box, record))
				return ST_OK;
		}
		if (s->place == NULL) {
			st = open_place(s, error);
			if (st == ST_END)
				break;
			if (st < 0)
				return st;
			continue;
		}
		if (s->entries) {
			st = cc_people_next(s, record);
			if (st == ST_OK)
				return ST_OK;
			end_place(s);
			continue;
		}
		message = s->held;
		st = ST_OK;
		if (message == NULL)
			st = ccmail_export_next(s->export, &message, error);
		if (st == ST_END) {
			end_place(s);
			continue;
		}
		if (st < 0) {
			/* The file cannot be read any further. */
			g_prefix_error(error, "ccmail: %s: ", s->place->file);
			return ST_MAILBOX;
		}
		if (cc_message_is_settings(s, message)) {
			s->settings_seen++;
			continue;
		}
		st = give(s, message, record, error);
		if (st != ST_THERE)
			return st;
	}
	return filing_end(s->filing, record) ? ST_OK : ST_END;
}

static void
ccmail_end(Source *source)
{
	struct ccmail_source *s = (struct ccmail_source *)source;

	if (s->job == NULL)
		return;
	cc_place_close(s);
	g_clear_pointer(&s->filing, filing_free);
	g_clear_pointer(&s->mine, g_ptr_array_unref);
	g_clear_pointer(&s->letter.spool, spool_free);
	g_clear_pointer(&s->letter.parts, g_array_unref);
	envelope_clear(&s->letter.envelope);
	g_string_free(s->letter.headers, TRUE);
	g_string_free(s->letter.text, TRUE);
	g_string_free(s->letter.line, TRUE);
	g_clear_pointer(&s->attributes, g_ptr_array_unref);
	g_clear_pointer(&s->members, g_array_unref);
	s->job = NULL;
}

const struct source_driver source_ccmail_driver = {
    .name = "ccmail",
    .schemes = schemes,
    .summary = "Lotus cc:Mail: what EXPORT wrote (.CCM, .UND; its databases "
	       "are not read)",
    .options = options,
    .gives = 1u << RECORD_FOLDER | 1u << RECORD_MESSAGE |
	     1u << RECORD_FOLDER_END | 1u << RECORD_RECIPIENT |
	     1u << RECORD_ADDRESS,
    .open = ccmail_open,
    .list = ccmail_list,
    .begin = ccmail_begin,
    .next = ccmail_next,
    .end = ccmail_end,
    .close = ccmail_close,
};
