/*
 * The mailboxes of an account: NAMESPACE (RFC 2342), LIST with special uses
 * (RFC 6154) and STATUS (RFC 5819), each done without where it is missing.
 */
#include "imap/session-private.h"

#include <string.h>

#define NAME_MAX_OCTETS 65536 /* of one mailbox, on the wire */
#define NAMESPACES_MAX	1000

static const char status_items[] = "MESSAGES UIDNEXT UIDVALIDITY";

struct listing {
	ImapSession *session;
	GPtrArray *found;    /* of struct imap_mailbox */
	GHashTable *by_name; /* wire name to struct imap_mailbox, borrowed */
};

void
imap_mailbox_free(struct imap_mailbox *m)
{
	if (m == NULL)
		return;
	g_free(m->wire);
	g_strfreev(m->path);
	g_free(m);
}

static bool
is_inbox(const char *wire)
{
	return g_ascii_strcasecmp(wire, "INBOX") == 0;
}

void
imap_take_namespace(ImapSession *s, const struct imap_reply *reply)
{
	const struct imap_token *t = reply->tokens;
	guint class = 0, depth = 0, seen = 0;

	/* Three of NIL or ((prefix separator extensions...)...): personal,
	 * other users', shared. */
	g_ptr_array_set_size(s->personal, 0);
	g_ptr_array_set_size(s->foreign, 0);
	for (guint i = 0; i < reply->n_tokens && class < 3; i++) {
		if (t[i].kind == IMAP_OPEN) {
			depth++;
			if (depth == 2 && i + 2 < reply->n_tokens &&
			    ++seen <= NAMESPACES_MAX) {
				char *prefix =
				    imap_token_text(&t[i + 1], NAME_MAX_OCTETS);
				const struct imap_token *sep = &t[i + 2];

				if (prefix == NULL)
					continue;
				if (class == 0 && s->personal->len == 0 &&
				    sep->kind == IMAP_STRING &&
				    sep->blob.len == 1)
					s->separator = (char)sep->blob.mem[0];
				g_ptr_array_add(
				    class == 0 ? s->personal : s->foreign,
				    prefix);
			}
		} else if (t[i].kind == IMAP_CLOSE) {
			depth--;
			if (depth == 0)
				class ++;
		} else if (depth == 0) {
			class ++; /* NIL */
		}
	}
	if (s->personal->len) {
		s->has_namespace = true;
		if (s->prefix_given)
			return;
		g_free(s->prefix);
		s->prefix = g_strdup(g_ptr_array_index(s->personal, 0));
	}
}

/* A mailbox name; an unquoted one with blanks (a broken server) is taken up to
 * the end of the line. */
static char *
take_name(const struct imap_reply *reply, guint i)
{
	const struct imap_token *t = &reply->tokens[i];
	const struct imap_token *last = t;
	struct imap_token whole = *t;

	if (t->kind == IMAP_NIL)
		whole.kind = IMAP_ATOM; /* a mailbox called NIL */
	if (whole.kind == IMAP_ATOM) {
		for (guint j = i + 1; j < reply->n_tokens; j++) {
			if (reply->tokens[j].kind != IMAP_ATOM &&
			    reply->tokens[j].kind != IMAP_NIL)
				break;
			last = &reply->tokens[j];
		}
		whole.blob.len = last->blob.mem + last->blob.len - t->blob.mem;
	} else if (whole.kind != IMAP_STRING && whole.kind != IMAP_LITERAL) {
		return NULL;
	}
	return imap_token_text(&whole, NAME_MAX_OCTETS);
}

static guint32
use_from_attribute(const struct imap_token *t)
{
	static const struct {
		const char *name;
		guint32 use;
	} table[] = {
	    {"\\All", IMAP_USE_ALL},
	    {"\\Archive", IMAP_USE_ARCHIVE},
	    {"\\Drafts", IMAP_USE_DRAFTS},
	    {"\\Flagged", IMAP_USE_FLAGGED},
	    {"\\Junk", IMAP_USE_JUNK},
	    {"\\Sent", IMAP_USE_SENT},
	    {"\\Trash", IMAP_USE_TRASH},
	    /* Before RFC 6154, Gmail's and Apple's spellings. */
	    {"\\AllMail", IMAP_USE_ALL},
	    {"\\Spam", IMAP_USE_JUNK},
	    {"\\Starred", IMAP_USE_FLAGGED},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++)
		if (imap_token_is(t, table[i].name))
			return table[i].use;
	return 0;
}

static struct imap_mailbox *
find(struct listing *l, const char *wire)
{
	return g_hash_table_lookup(l->by_name, is_inbox(wire) ? "INBOX" : wire);
}

static enum status
take_list(struct listing *l, const struct imap_reply *reply, GError **error)
{
	const struct imap_token *t = reply->tokens;
	struct imap_mailbox *m;
	char *wire;
	guint i = 0;

	if (reply->n_tokens < 4 || t[0].kind != IMAP_OPEN)
		return fail(ST_LINK, error, ERR_PROTOCOL, RETRY_NEVER,
		    "%s: the server's LIST answer cannot be understood",
		    conn_peer(l->session->conn));
	m = g_new0(struct imap_mailbox, 1);
	m->selectable = true;
	m->size = -1;
	for (i = 1; i < reply->n_tokens && t[i].kind != IMAP_CLOSE; i++) {
		guint32 use = use_from_attribute(&t[i]);

		if (imap_token_is(&t[i], "\\Noselect") ||
		    imap_token_is(&t[i], "\\NonExistent"))
			m->selectable = false;
		else if (use && m->use == 0)
			m->use = use;
	}
	wire = i + 2 < reply->n_tokens ? take_name(reply, i + 2) : NULL;
	if (wire == NULL) {
		imap_mailbox_free(m);
		return fail(ST_LINK, error, ERR_PROTOCOL, RETRY_NEVER,
		    "%s: the server lists a mailbox without a name",
		    conn_peer(l->session->conn));
	}
	m->wire = wire;
	if (t[i + 1].kind != IMAP_NIL && t[i + 1].blob.len == 1)
		m->separator = (char)t[i + 1].blob.mem[0];
	/* "" asks for the separator alone; some list INBOX twice. */
	if (*wire == 0 || find(l, wire)) {
		imap_mailbox_free(m);
		return ST_OK;
	}
	if (l->found->len >= IMAP_MAILBOXES_MAX) {
		imap_mailbox_free(m);
		return fail(ST_MAILBOX, error, ERR_LIMIT, RETRY_NEVER,
		    "%s: more than %d mailboxes", conn_peer(l->session->conn),
		    IMAP_MAILBOXES_MAX);
	}
	g_ptr_array_add(l->found, m);
	g_hash_table_insert(
	    l->by_name, is_inbox(wire) ? (char *)"INBOX" : m->wire, m);
	return ST_OK;
}

static void
take_status(struct listing *l, const struct imap_reply *reply)
{
	const struct imap_token *t = reply->tokens;
	g_autofree char *wire = reply->n_tokens ? take_name(reply, 0) : NULL;
	struct imap_mailbox *m = wire ? find(l, wire) : NULL;
	guint have = 0, i = 0;

	if (m == NULL)
		return;
	while (i < reply->n_tokens && t[i].kind != IMAP_OPEN)
		i++;
	m->highestmodseq = 0;
	for (i++; i + 1 < reply->n_tokens && t[i].kind == IMAP_ATOM; i += 2) {
		guint64 n;

		if (!imap_token_number(&t[i + 1], &n))
			continue; /* NOMODSEQ and the like */
		if (imap_token_is(&t[i], "MESSAGES")) {
			m->messages = n;
			have |= 1;
		} else if (imap_token_is(&t[i], "UIDNEXT") &&
			   n <= G_MAXUINT32) {
			m->uidnext = (guint32)n;
			have |= 2;
		} else if (imap_token_is(&t[i], "UIDVALIDITY") &&
			   n <= G_MAXUINT32) {
			m->uidvalidity = (guint32)n;
			have |= 4;
		} else if (imap_token_is(&t[i], "HIGHESTMODSEQ")) {
			m->highestmodseq = n;
		} else if (imap_token_is(&t[i], "SIZE") && n <= G_MAXINT64) {
			m->size = (gint64)n;
		}
	}
	m->has_status = have == 7;
}

static enum status
on_response(const struct imap_reply *reply, void *user, GError **error)
{
	struct listing *l = user;

	if (reply->name && strcmp(reply->name, "LIST") == 0)
		return take_list(l, reply, error);
	if (reply->name && strcmp(reply->name, "STATUS") == 0)
		take_status(l, reply);
	return ST_OK;
}

/* How much of the name prefix takes; -1: it is not below it. "Other" and
 * "Other/" both lie at or below "Other/". */
static gssize
prefix_match(const char *wire, const char *prefix, char separator)
{
	gsize len = strlen(prefix);

	if (strncmp(wire, prefix, len) == 0)
		return (gssize)len;
	if (len && separator && prefix[len - 1] == separator &&
	    strlen(wire) == len - 1 && strncmp(wire, prefix, len - 1) == 0)
		return (gssize)len - 1;
	/* INBOX is the same in any case, also at the head of a prefix. */
	if (len >= 6 && g_ascii_strncasecmp(prefix, "INBOX", 5) == 0 &&
	    g_ascii_strncasecmp(wire, prefix, 5) == 0 &&
	    strncmp(wire + 5, prefix + 5, len - 5) == 0)
		return (gssize)len;
	return -1;
}

static gssize
best_match(const GPtrArray *prefixes, const char *wire, char separator)
{
	gssize best = -1;

	for (guint i = 0; i < prefixes->len; i++)
		best =
		    MAX(best, prefix_match(wire, g_ptr_array_index(prefixes, i),
				  separator));
	return best;
}

static bool
is_personal(const ImapSession *s, const struct imap_mailbox *m)
{
	if (is_inbox(m->wire) || !s->has_namespace)
		return true;
	return best_match(s->personal, m->wire, m->separator) >=
	       best_match(s->foreign, m->wire, m->separator);
}

/* One name: UTF-8 whatever it was; never empty. */
static char *
decode_name(const ImapSession *s, const char *wire)
{
	char *name = s->utf8 ? NULL : imap_utf7_to_utf8(wire);

	if (name)
		return name;
	if (g_utf8_validate(wire, -1, NULL))
		return g_strdup(wire);
	/* Old servers with raw 8-bit names: every octet one character, so that
	 * different names stay different. */
	name = g_convert(wire, -1, "UTF-8", "ISO-8859-1", NULL, NULL, NULL);
	return name ? name : g_utf8_make_valid(wire, -1);
}

static void
set_path(const ImapSession *s, struct imap_mailbox *m)
{
	g_autoptr(GPtrArray) path = g_ptr_array_new();
	const char *rest = m->wire;
	gssize skip = prefix_match(m->wire, s->prefix, m->separator);

	if (is_inbox(m->wire)) {
		g_ptr_array_add(path, g_strdup("INBOX"));
	} else {
		char sep[2] = {m->separator, 0};
		g_auto(GStrv) names = NULL;

		if (skip > 0 && m->wire[skip] != 0)
			rest += skip;
		names = m->separator ? g_strsplit(rest, sep, -1)
				     : g_strsplit(rest, "\n", 1);
		for (char **n = names; *n; n++) {
			if (**n == 0)
				continue; /* "a//b", "directory/" */
			g_ptr_array_add(path, path->len == 0 && is_inbox(*n)
						  ? g_strdup("INBOX")
						  : decode_name(s, *n));
		}
		if (path->len == 0)
			g_ptr_array_add(path, decode_name(s, m->wire));
	}
	g_ptr_array_add(path, NULL);
	m->path = (char **)g_ptr_array_steal(path, NULL);
}

/* Two spellings of one name ("a&-b" and the invalid "a&b") must stay two. */
static void
make_distinct(GHashTable *paths, struct imap_mailbox *m)
{
	guint n = g_strv_length(m->path);

	for (guint i = 2;; i++) {
		char *key = g_strjoinv("\n", m->path);
		g_autofree char *last = NULL;

		if (g_hash_table_add(paths, key))
			return;
		if (i == 2)
			last = g_strdup(m->path[n - 1]);
		else
			last = g_strndup(m->path[n - 1],
			    (gsize)(strrchr(m->path[n - 1], ' ') -
				    m->path[n - 1]));
		g_free(m->path[n - 1]);
		m->path[n - 1] = g_strdup_printf("%s (%u)", last, i);
	}
}

/* Without NAMESPACE: when all lies below INBOX, that is where it must lie
 * (Courier, Cyrus without altnamespace). */
static void
guess_prefix(ImapSession *s, const GPtrArray *found)
{
	bool below = false, beside = false;
	char sep = 0;

	for (guint i = 0; i < found->len; i++) {
		const struct imap_mailbox *m = g_ptr_array_index(found, i);

		if (m->separator && sep == 0)
			sep = m->separator;
		if (is_inbox(m->wire))
			continue;
		if (g_ascii_strncasecmp(m->wire, "INBOX", 5) == 0 &&
		    m->wire[5] != 0 && m->wire[5] == m->separator)
			below = true;
		else
			beside = true;
	}
	if (s->separator == 0)
		s->separator = sep;
	if (below && !beside && !s->has_namespace && !s->prefix_given) {
		g_free(s->prefix);
		s->prefix = g_strdup_printf("INBOX%c", sep);
	}
}

static enum status
ask_list(struct listing *l, bool extended, bool with_status,
    enum imap_result *result, char **words, GError **error)
{
	ImapSession *s = l->session;
	bool modseq = (s->caps & IMAP_CAP_CONDSTORE) != 0;
	g_autoptr(GString) options = g_string_new(NULL);
	guint tag;

	if (extended && s->caps & IMAP_CAP_SPECIAL_USE)
		g_string_append(options, "SPECIAL-USE");
	if (extended && with_status && s->caps & IMAP_CAP_LIST_STATUS)
		g_string_append_printf(options, "%sSTATUS (%s%s)",
		    options->len ? " " : "", status_items,
		    modseq ? " HIGHESTMODSEQ" : "");
	if (options->len)
		tag = imap_command(
		    s, "LIST \"\" \"*\" RETURN (%s)", options->str);
	else
		tag = imap_command(s, "LIST \"\" \"*\"");
	return imap_wait(s, tag, on_response, l, result, words, error);
}

/* STATUS for each, all sent at once; one that is refused stays unknown. */
static enum status
ask_status(struct listing *l, GError **error)
{
	ImapSession *s = l->session;
	bool modseq = (s->caps & IMAP_CAP_CONDSTORE) != 0;
	enum imap_result result;
	guint tag = 0;

	for (guint i = 0; i < l->found->len; i++) {
		const struct imap_mailbox *m = g_ptr_array_index(l->found, i);
		g_autofree char *quoted = NULL;

		if (!m->selectable || m->has_status || !is_personal(s, m) ||
		    !imap_can_say(s, m->wire))
			continue;
		quoted = imap_quote(m->wire);
		tag = imap_command(s, "STATUS %s (%s%s)", quoted, status_items,
		    modseq ? " HIGHESTMODSEQ" : "");
	}
	if (tag == 0)
		return ST_OK;
	return imap_wait(s, tag, on_response, l, &result, NULL, error);
}

bool
imap_can_say(const ImapSession *s, const char *wire)
{
	return strpbrk(wire, "\r\n") == NULL ||
	       s->caps & (IMAP_CAP_LITERAL_PLUS | IMAP_CAP_LITERAL_MINUS);
}

static enum status
list_all(struct listing *l, bool with_status, GError **error)
{
	ImapSession *s = l->session;
	bool extended = (s->caps & IMAP_CAP_LIST_EXTENDED) != 0;
	g_autofree char *words = NULL;
	enum imap_result result;
	enum status st;

	st = ask_list(l, extended, with_status, &result, &words, error);
	if (st == ST_OK && result == IMAP_BAD && extended) {
		g_clear_pointer(&words, g_free);
		st = ask_list(l, false, with_status, &result, &words, error);
	}
	if (st < 0)
		return st;
	if (result != IMAP_OK)
		return imap_fail(ST_MAILBOX, error, result, NULL, words,
		    "%s: LIST refused", conn_peer(s->conn));
	/* A server may answer in another order than it was asked. */
	if (s->own_tags->len) {
		st = imap_settle(
		    s, imap_command(s, "NOOP"), &result, NULL, error);
		if (st < 0)
			return st;
	}
	return with_status ? ask_status(l, error) : ST_OK;
}

enum status
imap_list(ImapSession *s, bool with_status, GPtrArray *out, GError **error)
{
	g_autoptr(GPtrArray) found =
	    g_ptr_array_new_with_free_func((GDestroyNotify)imap_mailbox_free);
	g_autoptr(GPtrArray) mine = g_ptr_array_new();
	g_autoptr(GHashTable) by_name =
	    g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) paths =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct listing l = {s, found, by_name};
	enum status st;

	st = list_all(&l, with_status, error);
	if (st < 0)
		return st;
	guess_prefix(s, found);
	for (guint i = 0; i < found->len; i++) {
		struct imap_mailbox *m = g_ptr_array_index(found, i);

		if (!is_personal(s, m))
			continue;
		set_path(s, m);
		make_distinct(paths, m);
		found->pdata[i] = NULL;
		g_ptr_array_add(mine, m);
	}
	imap_guess_uses(mine);
	g_ptr_array_extend_and_steal(out, g_steal_pointer(&mine));
	return ST_OK;
}

char *
imap_wire_name(const ImapSession *s, char *const *path)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (path[0] == NULL)
		return NULL;
	if (path[1] == NULL && is_inbox(path[0]))
		return g_strdup("INBOX");
	if (path[1] && s->separator == 0)
		return NULL;
	g_string_append(out, s->prefix);
	for (guint i = 0; path[i]; i++) {
		g_autofree char *name =
		    s->utf8 ? g_strdup(path[i]) : imap_utf7_from_utf8(path[i]);

		if (*name == 0 || (s->separator && strchr(name, s->separator)))
			return NULL;
		if (i)
			g_string_append_c(out, s->separator);
		g_string_append(out, name);
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}
