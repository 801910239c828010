/*
 * Microsoft Mail for PC Networks as a source (spec/msmail.md): files of
 * messages (MMFF) that its gateways and APPGET wrote, the user list of the
 * original wizard, address files, and the listing of a post office. How a post
 * office stores the text of a message nobody has described.
 */
#include "source/msmail.h"
#include "source/msmail-private.h"
#include "source/exports.h"

#include "base/codepage-guess.h"
#include "base/url.h"
#include "iff/value.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_OCTETS (1 << 20) /* of a file, to guess its code page from */
#define OEM_PAGE    850 /* Q104130 */

static const char *const schemes[] = {"msmail", NULL};

static const struct option options[] = {
    {"codepage", OPTION_TEXT, "auto", NULL,
	"code page of the post office: a number, or auto to guess"},
    {"zone", OPTION_TEXT, "local", NULL,
	"time zone of the dates: minutes east of UTC, or a name"},
    {"post-office", OPTION_TEXT, "", NULL,
	"NETWORK/POSTOFFICE, for names of mailboxes as import looks for them"},
    {"users", OPTION_TEXT, "", NULL,
	"user list (CSV with SFS_UserName): each user is a mailbox"},
    {"addresses", OPTION_TEXT, "", NULL,
	"file of IMPORT, GIMPORT or directory synchronisation"},
    {"make-users", OPTION_TEXT, "", NULL,
	"write a user list of the mailboxes to this file, to be edited and "
	"given as users"},
    {"mai", OPTION_BOOL, "no", NULL,
	"experimental: read the message files of a post office, as far as "
	"they prove themselves"},
    {"unread", OPTION_BOOL, "no", NULL, "take messages for unread"},
    {NULL},
};

static void
msmail_close(Source *source)
{
	struct msmail_source *s = (struct msmail_source *)source;

	g_clear_pointer(&s->places, g_ptr_array_unref);
	g_clear_pointer(&s->people, g_ptr_array_unref);
	g_clear_pointer(&s->opts.zone, g_time_zone_unref);
	g_free(s->root);
	g_free(s);
}

static enum status
take_options(struct msmail_source *s, const Options *o, GError **error)
{
	enum status st;

	s->opts.post_office = options_text(o, "post-office");
	s->opts.users = options_text(o, "users");
	s->opts.addresses = options_text(o, "addresses");
	s->opts.make_users = options_text(o, "make-users");
	s->opts.mai = options_bool(o, "mai");
	s->opts.unread = options_bool(o, "unread");
	st = exports_codepage(o, "msmail", &s->opts.codepage, error);
	if (st < 0)
		return st;
	return value_zone(&s->opts.zone, options_text(o, "zone"), error);
}

static enum status
msmail_open(Source **out, const struct end *end, GError **error)
{
	struct msmail_source *s = g_new0(struct msmail_source, 1);
	enum status st;

	*out = NULL;
	s->base.driver = &source_msmail_driver;
	s->fd = -1;
	s->places = g_ptr_array_new_with_free_func(ms_place_free);
	s->people = g_ptr_array_new_with_free_func(ms_person_free);
	st = take_options(s, end->options, error);
	if (st == ST_OK)
		st = ms_places_find(
		    s, end->url->path ? end->url->path : ".", error);
	if (st == ST_OK)
		st = ms_people_find(s, error);
	if (st == ST_OK && s->places->len == 0 && s->people->len == 0 &&
	    !s->is_office)
		st = fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "msmail: no file of messages in %s, and no post office",
		    s->root);
	if (st < 0) {
		msmail_close((Source *)s);
		return st;
	}
	*out = (Source *)s;
	return ST_OK;
}

bool
ms_is_same(const char *a, const char *b)
{
	g_autofree char *x = g_utf8_casefold(a, -1);
	g_autofree char *y = g_utf8_casefold(b, -1);

	return strcmp(x, y) == 0;
}

static void
add_mailbox(GPtrArray *out, const char *name)
{
	struct mailbox *one;

	for (guint i = 0; i < out->len; i++)
		if (ms_is_same(((struct mailbox *)out->pdata[i])->name, name))
			return;
	one = mailbox_new(name, NULL);
	one->messages = one->bytes = -1;
	g_ptr_array_add(out, one);
}

/* Of a user of the list; NULL: no mailbox of ours. g_free() */
static char *
person_mailbox(const struct msmail_source *s, const struct ms_person *person)
{
	if (!person->is_local || person->user == NULL)
		return NULL;
	return *s->opts.post_office ? g_strdup_printf("MS:%s/%s",
					  s->opts.post_office, person->user)
				    : g_strdup(person->user);
}

static enum status
msmail_list(Source *source, GPtrArray *out, GError **error)
{
	struct msmail_source *s = (struct msmail_source *)source;
	struct mailbox *one;

	if (s->people->len > 0 || s->is_office) {
		one = mailbox_new(MS_DIRECTORY_NAME, MS_DIRECTORY_REF);
		one->messages = 0;
		one->bytes = -1;
		one->no_mail = true;
		g_ptr_array_add(out, one);
	}
	for (guint i = 0; i < s->people->len; i++) {
		g_autofree char *name = person_mailbox(s, s->people->pdata[i]);

		if (name)
			add_mailbox(out, name);
	}
	/* With a user list, only those that are in it. */
	for (guint i = 0; i < s->places->len && !*s->opts.users; i++)
		add_mailbox(
		    out, ((struct ms_place *)s->places->pdata[i])->mailbox);
	return *s->opts.make_users ? ms_users_write(s, error) : ST_OK;
}

void
ms_say(struct msmail_source *s, enum remark_level level, const char *code,
    const char *text, gint64 offset, const struct filing_box *box,
    const char *key)
{
	filing_say(s->job, level, code, text, s->place ? s->place->path : NULL,
	    -1, offset, box, key);
}

static void
oddity(void *ctx, enum mmff_oddity what, gint64 offset, const char *text)
{
	struct msmail_source *s = ctx;

	if (s->said++ < MS_SAID_MAX)
		ms_say(s, REMARK_WARNING, mmff_oddity_name(what), text, offset,
		    NULL, NULL);
}

static enum status
msmail_begin(Source *source, const struct job *job, GError **error)
{
	struct msmail_source *s = (struct msmail_source *)source;

	s->job = job;
	s->directory = g_strcmp0(job->mailbox->ref, MS_DIRECTORY_REF) == 0;
	s->filing = filing_new(job);
	s->mine = g_ptr_array_new();
	s->at = s->person = 0;
	s->told_inbox = s->directory;
	s->spool = spool_new(job->spool_dir);
	s->parts = g_array_new(FALSE, TRUE, sizeof(struct part));
	g_array_set_clear_func(s->parts, (GDestroyNotify)part_clear);
	envelope_init(&s->envelope);
	s->headers = g_string_new(NULL);
	s->text = g_string_new(NULL);
	s->kept = g_ptr_array_new_with_free_func(g_free);
	s->attributes = g_array_new(FALSE, FALSE, sizeof(struct attribute));
	for (guint i = 0; i < s->places->len && !s->directory; i++) {
		struct ms_place *place = s->places->pdata[i];

		if (ms_is_same(place->mailbox, job->mailbox->name))
			g_ptr_array_add(s->mine, place);
	}
	if (s->directory && s->is_office)
		ms_office_check(s);
	return ST_OK;
}

static enum status
settle(struct msmail_source *s, GError **error)
{
	struct codepage_guess guess = {0};
	guint number = s->opts.codepage;

	if (number == 0) {
		gsize len = (gsize)MIN(s->data.len, LOOK_OCTETS), got = 0;
		g_autofree guint8 *first = g_malloc(len + 1);

		if (len > 0 &&
		    blob_read(&s->data, 0, first, len, &got, error) < 0)
			return ST_MAILBOX;
		codepage_guess_add(&guess, first, got);
		/* Schedule+ is a program of Windows, mail was DOS's. */
		if (s->place->kind == MS_SCHEDULE)
			number = codepage_guess_number(&guess, 1252);
		else
			number = codepage_guess_number(&guess, OEM_PAGE);
		/* Attachments weigh in: only what text alone can be. */
		if (number == 0 ||
		    (number == 1252 && s->place->kind != MS_SCHEDULE))
			number = s->place->kind == MS_SCHEDULE ? 1252
							       : OEM_PAGE;
	}
	return codepage_open(&s->page, number, error);
}

static void
close_place(struct msmail_source *s)
{
	ms_schedule_close(s);
	g_clear_pointer(&s->mmff, mmff_free);
	g_clear_pointer(&s->page, codepage_close);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->place = NULL;
}

static enum status
open_place(struct msmail_source *s, GError **error)
{
	struct stat sb;
	enum status st;

	if (s->at >= s->mine->len)
		return ST_END;
	s->place = s->mine->pdata[s->at++];
	s->said = 0;
	s->record = 0;
	s->fd = open(s->place->path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &sb) < 0)
		return fail(ST_MAILBOX, error, ERR_IO, RETRY_NEVER,
		    "msmail: cannot read %s: %s", s->place->path,
		    g_strerror(errno));
	s->data = (struct blob){.fd = s->fd, .len = sb.st_size};
	if (s->place->kind == MS_MESSAGES)
		s->mmff = mmff_new(&s->data, oddity, s);
	else if (s->place->kind == MS_MAILBAG &&
		 sb.st_size % MSMAIL_MBG_RECORD != 0)
		ms_say(s, REMARK_WARNING, "MS_OFFICE",
		    "the size of the mailbag is no multiple of a record", -1,
		    NULL, NULL);
	st = settle(s, error);
	if (st == ST_OK && s->place->kind == MS_SCHEDULE)
		ms_schedule_open(s);
	return st;
}

/* One record of a mailbag. Records of deleted messages are among them: which
 * ones is in a bitmap whose order nobody knows. */
static enum status
next_record(struct msmail_source *s, struct record *record, GError **error)
{
	static const char *const inbox[] = {"INBOX", NULL};
	guint8 bytes[MSMAIL_MBG_RECORD];
	struct msmail_mbg bag;
	gsize got = 0;
	struct filing_box *box =
	    filing_box(s->filing, inbox, FOLDER_INBOX, NULL);

	if (blob_read(&s->data, s->record * MSMAIL_MBG_RECORD, bytes,
		sizeof bytes, &got, error) < 0)
		return ST_MAILBOX;
	if (got < sizeof bytes)
		return ST_END;
	s->record++;
	if (!box->mine)
		return ST_THERE;
	if (!msmail_mbg_parse(bytes, &bag)) {
		ms_say(s, REMARK_WARNING, "MS_OFFICE",
		    "a record of the mailbag names no message",
		    (s->record - 1) * MSMAIL_MBG_RECORD, box, NULL);
		return ST_THERE;
	}
	return ms_mailbag_give(s, box, &bag, record, error);
}

static enum status
next_message(struct msmail_source *s, struct record *record, GError **error)
{
	static const char *const inbox[] = {"INBOX", NULL};
	const struct mmff_message *message;
	struct filing_box *box =
	    filing_box(s->filing, inbox, FOLDER_INBOX, NULL);
	enum status st = mmff_next(s->mmff, &message, error);

	if (st == ST_END)
		return st;
	if (st < 0) {
		g_prefix_error(error, "msmail: %s: ", s->place->path);
		return ST_MAILBOX;
	}
	return box->mine ? ms_message_give(s, box, message, record, error)
			 : ST_THERE;
}

static enum status
msmail_next(Source *source, struct record *record, GError **error)
{
	static const char *const inbox[] = {"INBOX", NULL};
	struct msmail_source *s = (struct msmail_source *)source;
	enum status st;

	for (;;) {
		*record = (struct record){.kind = RECORD_MESSAGE, .key = ""};
		if (s->job->stop && *s->job->stop)
			return fail(ST_RUN, error, ERR_CANCELLED, RETRY_LATER,
			    "stopped by the user");
		if (s->directory && s->job->part == 0 &&
		    ms_people_next(s, record) == ST_OK)
			return ST_OK;
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
		}
		st = s->schedule ? ms_schedule_next(s, record, error)
		     : s->mmff	 ? next_message(s, record, error)
				 : next_record(s, record, error);
		if (st == ST_END)
			close_place(s);
		else if (st != ST_THERE)
			return st;
	}
	return filing_end(s->filing, record) ? ST_OK : ST_END;
}

static void
msmail_end(Source *source)
{
	struct msmail_source *s = (struct msmail_source *)source;

	if (s->job == NULL)
		return;
	close_place(s);
	g_clear_pointer(&s->filing, filing_free);
	g_clear_pointer(&s->mine, g_ptr_array_unref);
	g_clear_pointer(&s->spool, spool_free);
	g_clear_pointer(&s->parts, g_array_unref);
	envelope_clear(&s->envelope);
	g_string_free(s->headers, TRUE);
	g_string_free(s->text, TRUE);
	g_clear_pointer(&s->kept, g_ptr_array_unref);
	g_clear_pointer(&s->attributes, g_array_unref);
	s->job = NULL;
}

const struct source_driver source_msmail_driver = {
    .name = "msmail",
    .schemes = schemes,
    .summary = "Microsoft Mail: files of messages (MMFF), user lists; of a "
	       "post office only users, groups and listings",
    .options = options,
    .gives = 1u << RECORD_FOLDER | 1u << RECORD_MESSAGE |
	     1u << RECORD_FOLDER_END | 1u << RECORD_RECIPIENT |
	     1u << RECORD_ADDRESS,
    .open = msmail_open,
    .list = msmail_list,
    .begin = msmail_begin,
    .next = msmail_next,
    .end = msmail_end,
    .close = msmail_close,
};
