#include "dest/imap-private.h"

#include <string.h>

#define FLUSH_AT                                                               \
	(64 << 10) /* bytes queued before a write is worth its call            \
		    */

#define LOOK_MAX 10000000 /* messages that a cut left in doubt: 40 MB */

struct command *
dest_imap_sent(DestImap *d, guint tag, enum command_kind kind, struct box *box)
{
	struct command *command = g_new0(struct command, 1);

	command->tag = tag;
	command->kind = kind;
	command->box = box;
	g_queue_push_tail(&d->flight, command);
	return command;
}

void
dest_imap_command_free(struct command *command)
{
	g_free(command->code);
	g_free(command->text);
	g_free(command);
}

/* The oldest of a kind that is not answered: untagged data belongs to it, as
 * servers answer in order. */
static struct command *
oldest(DestImap *d, guint32 kinds)
{
	for (GList *l = d->flight.head; l; l = l->next) {
		struct command *command = l->data;

		if (kinds & (1u << command->kind))
			return command;
	}
	return NULL;
}

static bool
token_is(const struct imap_token *token, const char *word)
{
	gsize len = strlen(word);

	return token->kind == IMAP_ATOM && token->blob.len == (gint64)len &&
	       g_ascii_strncasecmp((const char *)token->blob.mem, word, len) ==
		   0;
}

static guint64
token_number(const struct imap_token *token)
{
	char text[24];
	gsize len;

	if (token->kind != IMAP_ATOM || token->blob.len < 1 ||
	    token->blob.len >= (gint64)sizeof(text))
		return 0;
	len = (gsize)token->blob.len;
	memcpy(text, token->blob.mem, len);
	text[len] = '\0';
	return g_ascii_strtoull(text, NULL, 10);
}

/* UID and RFC822.SIZE of a FETCH; 0 where it does not name them: flags that
 * somebody else changed come unasked (RFC 9051 7.5.2). */
static void
fetched(const struct imap_reply *reply, guint32 *uid, guint64 *size)
{
	*uid = 0;
	*size = G_MAXUINT64;
	for (guint i = 0; i + 1 < reply->n_tokens; i++) {
		const struct imap_token *t = &reply->tokens[i];

		if (token_is(t, "UID"))
			*uid = (guint32)token_number(t + 1);
		else if (token_is(t, "RFC822.SIZE"))
			*size = token_number(t + 1);
	}
}

static void
permanent_flags(struct box *box, const char *code)
{
	const char *open = strchr(code, '('), *close = strrchr(code, ')');
	g_autofree char *list = NULL;

	if (!open || !close || close < open)
		return;
	list = g_strndup(open + 1, (gsize)(close - open - 1));
	g_strfreev(box->keywords);
	box->keywords = g_strsplit(list, " ", -1);
	box->keywords_closed =
	    !g_strv_contains((const char *const *)box->keywords, "\\*");
}

static enum status
searched(DestImap *d, const struct imap_reply *reply, GError **error)
{
	g_autoptr(GArray) ranges =
	    g_array_new(FALSE, FALSE, sizeof(struct imap_range));

	if (!imap_esearch_all(reply, LOOK_MAX, ranges))
		return fail(ST_LINK, error, ERR_PROTOCOL, RETRY_NOW,
		    "the server's ESEARCH answer cannot be understood");
	d->searched = true;
	for (guint i = 0; i < ranges->len; i++) {
		const struct imap_range *r =
		    &g_array_index(ranges, struct imap_range, i);

		for (guint64 n = r->from; n <= r->to; n++) {
			guint32 uid = (guint32)n;

			g_array_append_val(d->uids, uid);
		}
	}
	return ST_OK;
}

static enum status
untagged(DestImap *d, const struct imap_reply *reply, GError **error)
{
	const char *code = reply->code;

	if (reply->name && strcmp(reply->name, "FETCH") == 0) {
		struct command *command =
		    oldest(d, 1u << COMMAND_NAMES | 1u << COMMAND_LOOK |
				  1u << COMMAND_BODIES | 1u << COMMAND_LATE);
		guint32 uid;
		guint64 size;

		if (!command)
			return ST_OK;
		if (command->kind == COMMAND_BODIES)
			return dest_imap_look_body(d, reply, error);
		if (command->kind == COMMAND_LATE)
			return dest_imap_late_row(d, reply, error);
		fetched(reply, &uid, &size);
		if (uid == 0 ||
		    (command->kind == COMMAND_NAMES && size == G_MAXUINT64))
			return ST_OK;
		g_array_append_val(d->uids, uid);
		g_array_append_val(d->sizes, size);
		return ST_OK;
	}
	if (reply->name && strcmp(reply->name, "ESEARCH") == 0 &&
	    oldest(d, 1u << COMMAND_LOOK))
		return searched(d, reply, error);
	if (code && reply->result == IMAP_OK) {
		struct command *command = oldest(d, 1u << COMMAND_SELECT);

		if (!command)
			return ST_OK;
		if (g_ascii_strncasecmp(code, "UIDVALIDITY ", 12) == 0)
			d->select_validity =
			    (guint32)g_ascii_strtoull(code + 12, NULL, 10);
		else if (g_ascii_strncasecmp(code, "PERMANENTFLAGS ", 15) == 0)
			permanent_flags(command->box, code);
	}
	return ST_OK;
}

static void
select_answered(DestImap *d, struct box *box, enum imap_result result)
{
	if (result != IMAP_OK) {
		if (d->selected == box)
			d->selected = NULL;
		return;
	}
	if (d->select_validity)
		box->uidvalidity = d->select_validity;
	d->select_validity = 0;
}

static enum status
tagged(DestImap *d, const struct imap_reply *reply, GError **error)
{
	struct command *command = NULL;
	enum status st = ST_OK;
	GList *l;

	for (l = d->flight.head; l; l = l->next) {
		command = l->data;
		if (command->tag == reply->tag)
			break;
	}
	if (!l)
		return ST_OK; /* the session's own (NOOP, ID, NAMESPACE) */
	g_queue_delete_link(&d->flight, l);
	command->done = true;
	command->result = reply->result;
	if (command->waited) {
		command->code = g_strdup(reply->code);
		command->text = g_strdup(reply->text);
	}
	switch (command->kind) {
	case COMMAND_APPEND:
		st =
		    dest_imap_append_answered(d, command->append, reply, error);
		break;
	case COMMAND_CREATE:
		if (!command->waited)
			st = dest_imap_create_answered(
			    d, command->box, reply, error);
		break;
	case COMMAND_SELECT:
		select_answered(d, command->box, reply->result);
		break;
	case COMMAND_NAMES:
		dest_imap_names_answered(d, command->box, reply->result);
		break;
	case COMMAND_STORE:
		if (reply->result != IMAP_OK)
			dest_imap_remark(d, REMARK_WARNING, "FLAGS_REFUSED",
			    command->box->owner,
			    "the server refused changed flags: %s",
			    reply->text ? reply->text : "no reason given");
		break;
	case COMMAND_SUBSCRIBE:
	case COMMAND_RIGHTS:
	case COMMAND_BIG:
	case COMMAND_LOOK:
	case COMMAND_BODIES:
	case COMMAND_LATE:
		break;
	}
	if (!command->waited)
		dest_imap_command_free(command);
	return st;
}

enum status
dest_imap_take(DestImap *d, bool wait, GError **error)
{
	struct imap_reply reply;
	enum status st;

	st = imap_next(d->session, &reply, wait, error);
	if (st == ST_END)
		return ST_END;
	if (st < 0)
		return dest_imap_broke(d, st, error);
	switch (reply.response) {
	case IMAP_CONTINUE:
		st = dest_imap_append_continue(d, error);
		break;
	case IMAP_TAGGED:
		st = tagged(d, &reply, error);
		break;
	case IMAP_UNTAGGED:
		st = untagged(d, &reply, error);
		break;
	}
	if (st < 0)
		return dest_imap_broke(d, st, error);
	return ST_OK;
}

enum status
dest_imap_tend(DestImap *d, GError **error)
{
	enum status st;

	if (d->unflushed < FLUSH_AT)
		return ST_OK;
	d->unflushed = 0;
	st = conn_flush(imap_conn(d->session), G_MAXSIZE, error);
	if (st < 0)
		return dest_imap_broke(d, st, error);
	do {
		st = dest_imap_take(d, false, error);
	} while (st == ST_OK);
	return st == ST_END ? ST_OK : st;
}

enum status
dest_imap_wait(DestImap *d, struct command *command, GError **error)
{
	while (!command->done) {
		enum status st = dest_imap_take(d, true, error);

		if (st < 0)
			return st;
	}
	return ST_OK;
}

enum status
dest_imap_settle(DestImap *d, GError **error)
{
	enum status st = dest_imap_quiet(d, error);

	while (st == ST_OK && (d->flight.head || d->sends.head)) {
		dest_imap_append_close(d); /* what a refusal queued anew */
		st = dest_imap_take(d, true, error);
	}
	return st;
}

enum status
dest_imap_quiet(DestImap *d, GError **error)
{
	enum status st = ST_OK;

	dest_imap_append_close(d);
	while (st == ST_OK && d->sends.head)
		st = dest_imap_take(d, true, error);
	return st;
}

enum status
dest_imap_select(
    DestImap *d, struct box *box, struct command **out, GError **error)
{
	struct command *command;
	enum status st = dest_imap_quiet(d, error);

	if (st < 0)
		return st;
	command = dest_imap_sent(d,
	    imap_command(d->session, "SELECT %s", box->quoted), COMMAND_SELECT,
	    box);
	d->selected = box;
	if (out) {
		command->waited = true;
		*out = command;
	}
	return ST_OK;
}

enum refusal
dest_imap_refusal(const char *code, const char *text)
{
	static const struct {
		const char *code;
		enum refusal refusal;
	} codes[] = {
	    {"TRYCREATE", REFUSAL_NO_BOX},
	    {"NONEXISTENT", REFUSAL_NO_BOX},
	    {"OVERQUOTA", REFUSAL_QUOTA},
	    {"TOOBIG", REFUSAL_TOO_BIG},
	    {"APPENDLIMIT", REFUSAL_TOO_BIG},
	    {"UNAVAILABLE", REFUSAL_LATER},
	    {"THROTTLED", REFUSAL_LATER},
	    {"INUSE", REFUSAL_LATER},
	    {"NOPERM", REFUSAL_RIGHTS},
	    {"READ-ONLY", REFUSAL_RIGHTS},
	};
	/* Of servers that have no codes: Exchange ("Suggested Backoff Time"),
	 * Gmail, older Cyrus ("Over quota") and Dovecot ("Quota exceeded"). */
	static const struct {
		const char *words;
		enum refusal refusal;
	} texts[] = {
	    {"backoff time", REFUSAL_LATER},
	    {"throttl", REFUSAL_LATER},
	    {"rate limit", REFUSAL_LATER},
	    {"bandwidth limit", REFUSAL_LATER},
	    {"too many simultaneous", REFUSAL_LATER},
	    {"try again later", REFUSAL_LATER},
	    {"temporarily unavailable", REFUSAL_LATER},
	    {"over quota", REFUSAL_QUOTA},
	    {"quota exceeded", REFUSAL_QUOTA},
	    {"exceeded quota", REFUSAL_QUOTA},
	    {"exceeds quota", REFUSAL_QUOTA},
	    {"mailbox full", REFUSAL_QUOTA},
	    {"mailbox is full", REFUSAL_QUOTA},
	    {"permission denied", REFUSAL_RIGHTS},
	    {"access denied", REFUSAL_RIGHTS},
	    {"mailbox does not exist", REFUSAL_NO_BOX},
	    {"mailbox doesn't exist", REFUSAL_NO_BOX},
	    {"no such mailbox", REFUSAL_NO_BOX},
	    {"unknown mailbox", REFUSAL_NO_BOX},
	    {"nonexistent mailbox", REFUSAL_NO_BOX},
	    {"too large", REFUSAL_TOO_BIG},
	    {"too big", REFUSAL_TOO_BIG},
	    {"maximum message size", REFUSAL_TOO_BIG},
	    {"maximum size", REFUSAL_TOO_BIG},
	};
	g_autofree char *lower = NULL;
	/* Some limit: of requests with some servers, of a message's size with
	 * Dovecot 2.3 ("Mail size is larger than the maximum size"). Only its
	 * text tells which. */
	enum refusal unknown =
	    code && g_ascii_strncasecmp(code, "LIMIT", 5) == 0 ? REFUSAL_LATER
							       : REFUSAL_OTHER;

	if (code)
		for (gsize i = 0; i < G_N_ELEMENTS(codes); i++) {
			gsize len = strlen(codes[i].code);

			if (g_ascii_strncasecmp(code, codes[i].code, len) ==
				0 &&
			    (code[len] == '\0' || code[len] == ' '))
				return codes[i].refusal;
		}
	if (!text)
		return unknown;
	lower = g_ascii_strdown(text, -1);
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		if (strstr(lower, texts[i].words))
			return texts[i].refusal;
	return unknown;
}
