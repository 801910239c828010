#include "imap/session.h"
#include "source/imap.h"

#include "base/url.h"

#include "peer.h"

const struct source_driver *const source_drivers[] = {
    &source_imap_driver, NULL};

/* A server that answers by the beginning of a command; TAG in an answer is the
 * command's. The first row without a command is the greeting. */
struct row {
	const char *command, *answer;
};
struct script {
	const struct row *rows;
	GString *said; /* all that the client said */
};

static void
answer(int fd, const char *text, const char *tag)
{
	g_auto(GStrv) parts = g_strsplit(text, "TAG", -1);
	g_autofree char *all = g_strjoinv(tag, parts);

	peer_write(fd, all, strlen(all));
}

static void
run_script(int fd, void *user)
{
	struct script *script = user;
	g_autoptr(GString) line = g_string_new(NULL);
	g_autofree char *tag = g_strdup("*");
	char c;

	g_string_truncate(script->said, 0);
	answer(fd, script->rows[0].answer, "");
	while (peer_read(fd, &c, 1)) {
		const struct row *row;
		const char *blank;

		g_string_append_c(line, c);
		if (c != '\n')
			continue;
		g_string_append(script->said, line->str);
		/* What follows a literal has no tag of its own. */
		blank = strchr(line->str, ' ');
		if (line->str[0] == 'm' && blank) {
			g_free(tag);
			tag = g_strndup(line->str, (gsize)(blank - line->str));
			g_string_erase(line, 0, blank + 1 - line->str);
		}
		for (row = script->rows + 1; row->command; row++)
			if (g_str_has_prefix(line->str, row->command))
				break;
		answer(
		    fd, row->command ? row->answer : "TAG BAD what\r\n", tag);
		g_string_truncate(line, 0);
	}
}

static ImapSession *
open_session(const struct peer *peer, guint32 hide)
{
	struct imap_params params = {.conn = {.host = "127.0.0.1",
					 .port = peer->port,
					 .timeout_ms = 5000},
	    .security = IMAP_STARTTLS_AUTO,
	    .user = "anna",
	    .password = "secret",
	    .compress = "auto",
	    .hide = hide};
	g_autoptr(GError) error = NULL;
	ImapSession *session;

	imap_open(&session, &params, &error);
	g_assert_no_error(error);
	return session;
}

static char *
list_text(const GPtrArray *list)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < list->len; i++) {
		const struct imap_mailbox *m = list->pdata[i];
		g_autofree char *path = g_strjoinv("|", m->path);

		g_string_append_printf(out, "%s=%s", m->wire, path);
		if (!m->selectable)
			g_string_append(out, " noselect");
		if (m->use)
			g_string_append_printf(out, " use %u", m->use);
		if (m->has_status)
			g_string_append_printf(out,
			    " %" G_GUINT64_FORMAT "/%u/%u", m->messages,
			    m->uidnext, m->uidvalidity);
		g_string_append_c(out, '\n');
	}
	return g_string_free(out, FALSE);
}

#define LOGIN_OK                                                               \
	{                                                                      \
		"LOGIN \"anna\" \"secret\"", "TAG OK in\r\n"                   \
	}

static const struct {
	const char *name;
	struct row rows[10];
	const char *list, *prefix;
	char separator;
} lists[] = {
    {"courier: all below INBOX., no NAMESPACE",
	{{NULL, "* OK [CAPABILITY IMAP4rev1] hi\r\n"}, LOGIN_OK,
	    {"CAPABILITY", "* CAPABILITY IMAP4rev1\r\nTAG OK\r\n"},
	    {"LIST \"\" \"*\"\r\n",
		"* LIST (\\Unmarked) \".\" \"INBOX\"\r\n"
		"* LIST () \".\" \"INBOX.Trash\"\r\n"
		"* LIST () \".\" \"INBOX.Entw&APw-rfe.alt\"\r\nTAG OK\r\n"},
	    {"STATUS \"INBOX\"",
		"* STATUS \"INBOX\" (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 4)\r\n"
		"TAG OK\r\n"},
	    {"STATUS \"INBOX.Trash\"",
		"* STATUS inbox.trash (MESSAGES 9)\r\nTAG NO [INUSE]\r\n"},
	    {"STATUS", "TAG NO no\r\n"}},
	"INBOX=INBOX 3/9/4\nINBOX.Trash=Trash use 7\n"
	"INBOX.Entw&APw-rfe.alt=Entwürfe|alt\n",
	"INBOX.", '.'},
    {"cyrus: shared mailboxes at the top, others' below user.",
	{{NULL, "* OK hi\r\n"}, LOGIN_OK,
	    {"CAPABILITY", "* CAPABILITY IMAP4rev1 NAMESPACE\r\nTAG OK\r\n"},
	    {"NAMESPACE",
		"* NAMESPACE ((\"INBOX.\" \".\")) ((\"user.\" \".\")) "
		"((\"\" \".\"))\r\nTAG OK\r\n"},
	    {"LIST",
		"* LIST () \".\" INBOX\r\n* LIST () \".\" INBOX.a.b\r\n"
		"* LIST () \".\" user.bob\r\n* LIST () \".\" news\r\nTAG OK "
		"done\r\n"},
	    {"STATUS", "TAG NO no\r\n"}},
	"INBOX=INBOX\nINBOX.a.b=a|b\n", "INBOX.", '.'},
    {"extended: special uses, status in one go, others left out",
	{{NULL,
	     "* OK [CAPABILITY IMAP4rev1 NAMESPACE LIST-EXTENDED LIST-STATUS "
	     "SPECIAL-USE] hi\r\n"},
	    LOGIN_OK,
	    {"CAPABILITY",
		"* CAPABILITY IMAP4rev1 NAMESPACE LIST-EXTENDED LIST-STATUS "
		"SPECIAL-USE CONDSTORE\r\nTAG OK\r\n"},
	    {"NAMESPACE",
		"* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\" "
		"\"X-P\" (\"a\" \"b\"))) ((\"Shared/\" \"/\"))\r\nTAG OK\r\n"},
	    {"LIST \"\" \"*\" RETURN (SPECIAL-USE STATUS (MESSAGES UIDNEXT "
	     "UIDVALIDITY HIGHESTMODSEQ))",
		"* LIST (\\HasNoChildren) \"/\" inbox\r\n"
		"* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 "
		"HIGHESTMODSEQ 4)\r\n"
		"* LIST (\\Noselect \\HasChildren) \"/\" Top\r\n"
		"* LIST (\\Sent) \"/\" \"Top/Gesendet\" (\"CHILDINFO\" "
		"(\"SUBSCRIBED\"))\r\n"
		"* LIST () \"/\" \"Sent\"\r\n"
		"* LIST (\\NonExistent) \"/\" \"Other Users\"\r\n"
		"* LIST () \"/\" \"Other Users/bob\"\r\n"
		"* LIST () \"/\" Shared/x\r\n"
		"* STATUS Top/Gesendet (UIDVALIDITY 7 UIDNEXT 8 MESSAGES 9 "
		"X (1 2))\r\nTAG OK\r\n"}},
	"inbox=INBOX 1/2/3\nTop=Top noselect\n"
	"Top/Gesendet=Top|Gesendet use 6 9/8/7\nSent=Sent\n",
	"", '/'},
    {"odd: no separator, literals, raw octets, twice, blanks, NIL",
	{{NULL, "* OK hi\r\n"}, LOGIN_OK,
	    {"CAPABILITY", "* CAPABILITY IMAP4rev1\r\nTAG OK\r\n"},
	    {"LIST",
		"* LIST () NIL INBOX\r\n* LIST () NIL INBOX\r\n"
		"* LIST () NIL {5}\r\na\"b\\c\r\n"
		"* LIST () NIL \"caf\xe9\"\r\n* LIST () NIL \"caf\xc3\xa9\"\r\n"
		"* LIST () NIL caf&AOk-\r\n"
		"* LIST () NIL old mail  box\r\n* LIST () NIL NIL\r\n"
		"* LIST () \"/\" \"a//b/\"\r\n* LIST () \"/\" \"\"\r\nTAG "
		"OK\r\n"},
	    {"STATUS", "TAG NO no\r\n"}},
	"INBOX=INBOX\na\"b\\c=a\"b\\c\ncaf\xe9=café\ncaf\xc3\xa9=café (2)\n"
	"caf&AOk-=café (3)\nold mail  box=old mail  box\nNIL=NIL\n"
	"a//b/=a|b\n",
	"", '/'},
};

static void
test_lists(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
		struct script script = {lists[i].rows, g_string_new(NULL)};
		g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(
		    (GDestroyNotify)imap_mailbox_free);
		g_autoptr(GError) error = NULL;
		g_autofree char *text = NULL;
		struct peer peer;
		ImapSession *session;

		peer_start(&peer, 1, run_script, &script);
		session = open_session(&peer, 0);
		imap_list(session, true, list, &error);
		g_assert_no_error(error);
		text = list_text(list);
		if (strcmp(text, lists[i].list) != 0)
			g_error("%s:\n%s", lists[i].name, text);
		g_assert_cmpstr(imap_prefix(session), ==, lists[i].prefix);
		g_assert_cmpint(
		    imap_separator(session), ==, lists[i].separator);
		imap_close(session);
		peer_stop(&peer);
		g_string_free(script.said, TRUE);
	}
}

static void
test_wire_names(void)
{
	struct script script = {lists[1].rows, g_string_new(NULL)};
	g_autoptr(GPtrArray) list =
	    g_ptr_array_new_with_free_func((GDestroyNotify)imap_mailbox_free);
	static const struct {
		const char *path[4];
		const char *wire;
	} table[] = {
	    {{"inbox"}, "INBOX"},
	    {{"Sent"}, "INBOX.Sent"},
	    {{"Entwürfe", "a&b"}, "INBOX.Entw&APw-rfe.a&-b"},
	    {{"a.b"}, NULL},
	    {{""}, NULL},
	    {{NULL}, NULL},
	};
	struct peer peer;
	ImapSession *session;

	peer_start(&peer, 1, run_script, &script);
	session = open_session(&peer, 0);
	g_assert_cmpint(imap_list(session, false, list, NULL), ==, ST_OK);
	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *wire =
		    imap_wire_name(session, (char **)table[i].path);

		g_assert_cmpstr(wire, ==, table[i].wire);
	}
	imap_close(session);
	peer_stop(&peer);
	g_string_free(script.said, TRUE);
}

/* A greeting of any kind, and what comes of it. */
static void
test_greetings(void)
{
	static const struct {
		const char *greeting;
		enum status st;
		enum err kind;
		enum retry retry;
	} table[] = {
	    {"* BYE [UNAVAILABLE] maintenance\r\n", ST_LINK, ERR_REFUSED,
		RETRY_LATER},
	    {"* BYE Too many connections from your IP\r\n", ST_LINK,
		ERR_REFUSED, RETRY_LATER},
	    {"+OK POP3 ready\r\n", ST_LINK, ERR_PROTOCOL, RETRY_NEVER},
	    {"220 mail ESMTP\r\n", ST_LINK, ERR_PROTOCOL, RETRY_NOW},
	    {"* NO go away\r\n", ST_LINK, ERR_PROTOCOL, RETRY_NEVER},
	    {"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi\r\n", ST_RUN,
		ERR_AUTH, RETRY_NEVER},
	    {"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2] hi\r\n",
		ST_RUN, ERR_AUTH, RETRY_NEVER},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		struct row rows[] = {{NULL, table[i].greeting}, {NULL, NULL}};
		struct script script = {rows, g_string_new(NULL)};
		struct imap_params params = {
		    .conn = {.host = "127.0.0.1", .timeout_ms = 5000},
		    .security = IMAP_STARTTLS_AUTO,
		    .user = "anna",
		    .password = "secret"};
		g_autoptr(GError) error = NULL;
		struct peer peer;
		ImapSession *session;
		enum status st;

		peer_start(&peer, 1, run_script, &script);
		params.conn.port = peer.port;
		st = imap_open(&session, &params, &error);
		if (st != table[i].st || error_kind(error) != table[i].kind ||
		    error_retry(error) != table[i].retry)
			g_error("row %u: %d %s %d: %s", i, (int)st,
			    error_kind_name(error_kind(error)),
			    (int)error_retry(error), error->message);
		peer_stop(&peer);
		g_string_free(script.said, TRUE);
	}
}

/* A password of any octets: quoted, or a literal with LITERAL+ and without. */
static void
test_passwords(void)
{
	static const struct row plus[] = {
	    {NULL, "* OK [CAPABILITY IMAP4rev1 LITERAL+] hi\r\n"},
	    {"LOGIN \"anna\" {", ""},
	    {"LOGIN", "TAG OK [CAPABILITY IMAP4rev1] in\r\n"},
	    {"p\xc3\xa4ss", "TAG OK [CAPABILITY IMAP4rev1] in\r\n"},
	    {NULL, NULL},
	};
	static const struct row sync[] = {
	    {NULL, "* OK [CAPABILITY IMAP4rev1] hi\r\n"},
	    {"LOGIN \"anna\" {6}", "+ go on\r\n"},
	    {"p\xc3\xa4ss", "TAG OK [CAPABILITY IMAP4rev1] in\r\n"},
	    {NULL, NULL},
	};
	static const struct row plain[] = {
	    {NULL, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n"},
	    {"AUTHENTICATE PLAIN", "TAG OK [CAPABILITY IMAP4rev1] in\r\n"},
	    {NULL, NULL},
	};
	static const struct {
		const struct row *rows;
		const char *password, *said;
	} table[] = {
	    {plus, "a\"b\\c", "m1 LOGIN \"anna\" \"a\\\"b\\\\c\"\r\n"},
	    {plus, "p\xc3\xa4ss", "m1 LOGIN \"anna\" {5+}\r\np\xc3\xa4ss\r\n"},
	    {sync, "p\xc3\xa4ss!", "m1 LOGIN \"anna\" {6}\r\np\xc3\xa4ss!\r\n"},
	    {plain, "p\xe4", "m1 AUTHENTICATE PLAIN AGFubmEAcOQ=\r\n"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		struct script script = {table[i].rows, g_string_new(NULL)};
		struct imap_params params = {
		    .conn = {.host = "127.0.0.1", .timeout_ms = 5000},
		    .security = IMAP_STARTTLS_AUTO,
		    .user = "anna",
		    .password = table[i].password};
		g_autoptr(GError) error = NULL;
		struct peer peer;
		ImapSession *session;

		peer_start(&peer, 1, run_script, &script);
		params.conn.port = peer.port;
		imap_open(&session, &params, &error);
		g_assert_no_error(error);
		imap_close(session);
		peer_stop(&peer);
		if (!g_str_has_prefix(script.said->str, table[i].said))
			g_error("row %u: %s", i, script.said->str);
		g_string_free(script.said, TRUE);
	}
}

static bool
yes(void *ctx, const struct folder *folder)
{
	return true;
}

/* All messages that the source gives of a server with these rows, one line
 * each; what the client said in *said. */
static char *
read_source(const struct row *rows, char **said)
{
	struct script script = {rows, g_string_new(NULL)};
	struct known known = {.claim = yes};
	struct filter filter;
	struct job job = {.parts = 1, .filter = &filter, .known = &known};
	g_autoptr(Options) options = options_new(source_imap_driver.options);
	struct login login = {
	    .user = (char *)"anna", .password = (char *)"secret"};
	struct url url = {0};
	struct end end = {&url, options, &login};
	g_autofree char *address = NULL;
	g_autoptr(GError) error = NULL;
	GString *out = g_string_new(NULL);
	struct record r;
	struct peer peer;
	Source *source;
	enum status st;

	peer_start(&peer, 1, run_script, &script);
	address = g_strdup_printf("imap://127.0.0.1:%d/", peer.port);
	filter_init(&filter);
	g_assert_cmpint(url_parse(address, &url, NULL), ==, ST_OK);
	source_open(&source, &source_imap_driver, &end, &error);
	g_assert_no_error(error);
	source_begin(source, &job, &error);
	g_assert_no_error(error);
	while (
	    (st = source_next(source, &r, &error)) == ST_OK || st == ST_ITEM) {
		const struct message *m = &r.message;

		g_clear_error(&error);
		if (r.kind == RECORD_FOLDER_END)
			g_string_append_printf(
			    out, "found %" G_GINT64_FORMAT "\n", r.found);
		if (r.kind != RECORD_MESSAGE)
			continue;
		g_string_append_printf(out, "%s %s %x",
		    st == ST_ITEM ? "failed" : "given", r.key, m->flags);
		for (guint i = 0; m->keywords && m->keywords[i]; i++)
			g_string_append_printf(out, " %s", m->keywords[i]);
		if (m->received.known)
			g_string_append(out, " dated");
		g_string_append_printf(out, " %.*s\n", (int)m->raw.len,
		    m->raw.mem ? (const char *)m->raw.mem : "");
	}
	g_assert_no_error(error);
	g_assert_cmpint(st, ==, ST_END);
	source_end(source);
	source_close(source);
	peer_stop(&peer);
	url_clear(&url);
	filter_clear(&filter);
	*said = g_string_free(script.said, FALSE);
	return g_string_free(out, FALSE);
}

/* A server that knows neither RFC822.PEEK nor anything else that is obsolete,
 * and would set \Seen for BODY[]: only BODY.PEEK[] is ever asked for. */
static void
test_kb_q258731(void)
{
	static const struct row rows[] = {
	    {NULL, "* OK [CAPABILITY IMAP4rev1] hi\r\n"},
	    LOGIN_OK,
	    {"CAPABILITY", "* CAPABILITY IMAP4rev1\r\nTAG OK\r\n"},
	    {"LIST", "* LIST () \"/\" INBOX\r\nTAG OK\r\n"},
	    {"STATUS",
		"* STATUS INBOX (MESSAGES 2 UIDNEXT 9 UIDVALIDITY 1)\r\nTAG OK"
		"\r\n"},
	    {"EXAMINE \"INBOX\"",
		"* 2 EXISTS\r\n* OK [UIDVALIDITY 1] v\r\nTAG OK\r\n"},
	    {"UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])",
		"* 1 FETCH (UID 4 FLAGS () INTERNALDATE \"17-Jul-1996 "
		"02:44:25 -0700\" RFC822.SIZE 3 BODY[] {3}\r\nabc)\r\n"
		"TAG OK\r\n"},
	    {"UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)",
		"* 1 FETCH (UID 4 FLAGS () RFC822.SIZE 3)\r\n"
		"* 2 FETCH (UID 7 FLAGS () RFC822.SIZE 3)\r\nTAG OK\r\n"},
	    {"UID FETCH 7 (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])",
		"* 2 FETCH (UID 7 FLAGS () BODY[] \"\")\r\nTAG OK\r\n"},
	    {"UID FETCH 7 (UID FLAGS)",
		"* 2 FETCH (UID 7 FLAGS ())\r\nTAG OK\r\n"},
	    {NULL, NULL},
	};
	g_autofree char *said = NULL;
	g_autofree char *got = read_source(rows, &said);

	g_assert_cmpstr(got, ==, "given 4 0 dated abc\ngiven 7 0 \nfound 2\n");
	g_assert_null(strstr(said, "RFC822.PEEK"));
	g_assert_null(strstr(said, "BODY["));
	g_assert_null(strstr(said, "SELECT"));
	g_assert_null(strstr(said, "STORE"));
}

/* Answers in any order, twice, in two parts, between others' doings: RFC 9051
 * 7.5.2 allows all of it. */
static void
test_odd_answers(void)
{
	static const struct row rows[] = {
	    {NULL, "* OK [CAPABILITY IMAP4rev1] hi\r\n"},
	    LOGIN_OK,
	    {"CAPABILITY", "* CAPABILITY IMAP4rev1\r\nTAG OK\r\n"},
	    {"LIST", "* LIST () \"/\" INBOX\r\nTAG OK\r\n"},
	    {"STATUS", "* STATUS INBOX (MESSAGES 5 UIDNEXT 19 UIDVALIDITY 1)"
		       "\r\nTAG OK\r\n"},
	    {"EXAMINE", "* FLAGS (\\Seen)\r\n* 5 EXISTS\r\n* 5 RECENT\r\n"
			"* OK [UIDVALIDITY 1] v\r\nTAG OK [READ-ONLY]\r\n"},
	    {"UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])",
		"* 3 FETCH (BODY[] {1}\r\nc UID 9 FLAGS (\\Seen b a \\Recent "
		"b))\r\n"
		"* 1 FETCH (FLAGS (\\Flagged))\r\n"
		"* 1 FETCH (UID 4 FLAGS (\\Flagged) INTERNALDATE "
		"\"17-Jul-1996 02:44:25 -0700\" MODSEQ (12))\r\n"
		"* 1 FETCH (UID 4 BODY[] \"a\")\r\n"
		"* 3 FETCH (UID 9 FLAGS () BODY[] {1}\r\nx)\r\n"
		"* 9 EXISTS\r\n* 2 EXPUNGE\r\n"
		"* 2 FETCH (FLAGS () BODY[] {7}\r\nno uid!)\r\n"
		"* 4 FETCH (UID 0 FLAGS () BODY[] {1}\r\n0)\r\n"
		"* OK [ALERT] down at noon\r\n* X-WHAT (1 (2 \"3\"))\r\n"
		"* 4 FETCH (UID 18 FLAGS (\\Deleted \\X) BODY[] {1}\r\ne)"
		"\r\nTAG OK\r\n"},
	    {"UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)",
		"* 1 FETCH (UID 4 FLAGS ())\r\n* 2 FETCH (UID 9 FLAGS ())\r\n"
		"* 3 FETCH (UID 11 FLAGS (\\Seen))\r\n"
		"* 4 FETCH (UID 18 FLAGS ())\r\nTAG OK\r\n"},
	    {"UID FETCH 11 (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])",
		"TAG NO [SERVERBUG] broken\r\n"},
	    {"UID FETCH 11 (UID FLAGS)",
		"* 3 FETCH (UID 11 FLAGS ())\r\nTAG OK\r\n"},
	    {NULL, NULL},
	};
	g_autofree char *said = NULL;
	g_autofree char *got = read_source(rows, &said);

	g_assert_cmpstr(got, ==,
	    "given 9 1 a b c\n"
	    "given 4 4 dated a\n"
	    "given 18 8 e\n"
	    "failed 11 1 \n"
	    "found 4\n");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/imap/lists", test_lists);
	g_test_add_func("/imap/wire names", test_wire_names);
	g_test_add_func("/imap/greetings", test_greetings);
	g_test_add_func("/imap/passwords", test_passwords);
	g_test_add_func("/kb/Q258731/only BODY.PEEK", test_kb_q258731);
	g_test_add_func("/imap/odd answers", test_odd_answers);
	return g_test_run();
}
