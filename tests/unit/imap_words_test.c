#include "imap/session.h"

#include <string.h>

static const struct {
	const char *utf8, *wire;
} names[] = {
    {"INBOX", "INBOX"},
    {"a&b", "a&-b"},
    {"Entwürfe", "Entw&APw-rfe"},
    {"~peter/mail/台北/日本語",
	"~peter/mail/&U,BTFw-/&ZeVnLIqe-"}, /* RFC 3501 5.1.3 */
    {"日&本", "&ZeU-&-&Zyw-"},
    {"\xf0\x9f\x93\xa7", "&2D3c5w-"}, /* beyond the BMP */
    {"tab\there", "tab&AAk-here"},
    {"", ""},
    {"Café 100 %", "Caf&AOk- 100 %"},
};

static const char *const not_utf7[] = {
    "a&b", /* no end */
    "&AAA",
    "&A-",	   /* 6 bits */
    "&APw=-",	   /* padding */
    "&APw/-",	   /* "/" is "," */
    "caf\xc3\xa9", /* raw UTF-8 */
    "caf\xe9",
    "&2D0-", /* half a pair */
    "&AAA-", /* NUL */
    "&APx-", /* bits left over */
    "tab\t",
};

static void
test_utf7(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *wire = imap_utf7_from_utf8(names[i].utf8);
		g_autofree char *utf8 = imap_utf7_to_utf8(names[i].wire);

		g_assert_cmpstr(wire, ==, names[i].wire);
		g_assert_cmpstr(utf8, ==, names[i].utf8);
	}
	for (guint i = 0; i < G_N_ELEMENTS(not_utf7); i++) {
		g_autofree char *utf8 = imap_utf7_to_utf8(not_utf7[i]);

		if (utf8)
			g_error("row %u gave %s", i, utf8);
	}
}

static void
test_quote(void)
{
	static const struct {
		const char *in, *out;
	} table[] = {
	    {"INBOX", "\"INBOX\""},
	    {"", "\"\""},
	    {"a \"b\" \\c", "\"a \\\"b\\\" \\\\c\""},
	    {"caf\xe9", "\"caf\xe9\""},
	    {"a\r\nb", "{4+}\r\na\r\nb"},
	    {"*%", "\"*%\""},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *out = imap_quote(table[i].in);

		g_assert_cmpstr(out, ==, table[i].out);
	}
}

static void
test_refusals(void)
{
	static const struct {
		enum status reach;
		enum imap_result result;
		const char *code, *text;
		enum status st;
		enum err kind;
		enum retry retry;
	} table[] = {
	    {ST_ITEM, IMAP_NO, "OVERQUOTA", "Quota exceeded", ST_ITEM,
		ERR_LIMIT, RETRY_NEVER},
	    {ST_ITEM, IMAP_NO, NULL, "[OVERQUOTA] Quota exceeded", ST_ITEM,
		ERR_LIMIT, RETRY_NEVER},
	    {ST_ITEM, IMAP_NO, "TOOBIG", "too large", ST_ITEM, ERR_LIMIT,
		RETRY_NEVER},
	    {ST_ITEM, IMAP_NO, "LIMIT", "keywords", ST_ITEM, ERR_LIMIT,
		RETRY_LATER},
	    {ST_ITEM, IMAP_NO, "UNAVAILABLE", "later", ST_LINK, ERR_REFUSED,
		RETRY_LATER},
	    {ST_MAILBOX, IMAP_NO, "AUTHENTICATIONFAILED", "no", ST_MAILBOX,
		ERR_AUTH, RETRY_NEVER},
	    {ST_MAILBOX, IMAP_NO, "INUSE", "locked", ST_MAILBOX, ERR_REFUSED,
		RETRY_LATER},
	    {ST_ITEM, IMAP_NO, "SERVERBUG", "internal", ST_ITEM, ERR_REFUSED,
		RETRY_LATER},
	    {ST_ITEM, IMAP_NO, NULL, "because", ST_ITEM, ERR_REFUSED,
		RETRY_NEVER},
	    {ST_ITEM, IMAP_NO, "UNAVAILABLEX", "what", ST_ITEM, ERR_REFUSED,
		RETRY_NEVER},
	    {ST_LINK, IMAP_BYE, NULL, "FETCH failed", ST_LINK, ERR_REFUSED,
		RETRY_NOW},
	    {ST_LINK, IMAP_BYE, "UNAVAILABLE", "busy", ST_LINK, ERR_REFUSED,
		RETRY_LATER},
	    {ST_LINK, IMAP_BYE, NULL, "Server shutting down.", ST_LINK,
		ERR_REFUSED, RETRY_LATER},
	    /* Exchange Online, Gmail, Courier, Dovecot */
	    {ST_ITEM, IMAP_BAD, NULL,
		"Request is throttled. Suggested Backoff Time: 299961 "
		"milliseconds",
		ST_LINK, ERR_REFUSED, RETRY_LATER},
	    {ST_ITEM, IMAP_NO, "OVERQUOTA",
		"Account exceeded command or bandwidth limits.", ST_LINK,
		ERR_LIMIT, RETRY_LATER},
	    {ST_MAILBOX, IMAP_NO, NULL,
		"[ALERT] Too many simultaneous connections. (Failure)", ST_LINK,
		ERR_REFUSED, RETRY_LATER},
	    {ST_ITEM, IMAP_BAD, NULL,
		"User is authenticated but not connected.", ST_LINK,
		ERR_REFUSED, RETRY_LATER},
	    {ST_RUN, IMAP_NO, "UNAVAILABLE", "x", ST_RUN, ERR_REFUSED,
		RETRY_LATER},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GError) error = NULL;
		enum status st = imap_fail(table[i].reach, &error,
		    table[i].result, table[i].code, table[i].text, "server");

		if (st != table[i].st || error_kind(error) != table[i].kind ||
		    error_retry(error) != table[i].retry)
			g_error("row %u: %d %d %d: %s", i, (int)st,
			    (int)error_kind(error), (int)error_retry(error),
			    error->message);
		g_assert_nonnull(strstr(error->message, table[i].text));
	}
}

static void
test_backoff(void)
{
	g_assert_cmpint(imap_backoff_ms("Request is throttled. Suggested "
					"Backoff Time: 299961 milliseconds"),
	    ==, 299961);
	g_assert_cmpint(imap_backoff_ms("suggested backoff time:7"), ==, 7);
	g_assert_cmpint(
	    imap_backoff_ms("Suggested Backoff Time: soon"), ==, -1);
	g_assert_cmpint(imap_backoff_ms("Suggested Backoff Time: "
					"99999999999999999999"),
	    ==, -1);
	g_assert_cmpint(imap_backoff_ms("full"), ==, -1);
	g_assert_cmpint(imap_backoff_ms(NULL), ==, -1);
}

static void
test_esearch(void)
{
	static const struct {
		const char *set, *out; /* out NULL: not understood */
	} table[] = {
	    {"7", "7:7 "},
	    {"2,10:11", "2:2 10:11 "},
	    {"11:10,4294967295", "10:11 4294967295:4294967295 "},
	    {"1:100", "1:100 "},
	    {"1:101", NULL},
	    {"1:4294967295", NULL},
	    {"5,5", NULL},
	    {"5,4", NULL},
	    {"0", NULL},
	    {"*", NULL},
	    {"3:", NULL},
	    {"4294967296", NULL},
	    {"5;6", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		const char *set = table[i].set;
		struct imap_token tokens[] = {
		    {IMAP_ATOM, blob_from_mem("UID", 3)},
		    {IMAP_ATOM, blob_from_mem("ALL", 3)},
		    {IMAP_ATOM, blob_from_mem(set, strlen(set))},
		};
		struct imap_reply reply = {
		    .name = "ESEARCH", .tokens = tokens, .n_tokens = 3};
		g_autoptr(GArray) ranges =
		    g_array_new(FALSE, FALSE, sizeof(struct imap_range));
		g_autoptr(GString) out = g_string_new(NULL);
		bool good = imap_esearch_all(&reply, 100, ranges);

		g_assert_cmpint(good, ==, table[i].out != NULL);
		for (guint k = 0; good && k < ranges->len; k++) {
			const struct imap_range *r =
			    &g_array_index(ranges, struct imap_range, k);

			g_string_append_printf(out, "%u:%u ", r->from, r->to);
		}
		if (good)
			g_assert_cmpstr(out->str, ==, table[i].out);
		/* none: no ALL */
		reply.n_tokens = 1;
		g_array_set_size(ranges, 0);
		g_assert_true(imap_esearch_all(&reply, 100, ranges));
		g_assert_cmpuint(ranges->len, ==, 0);
	}
}

/* It travels with the error, whoever adds words to that. */
static void
test_pause(void)
{
	g_autoptr(GError) error = NULL, copy = NULL, none = NULL;

	g_assert_cmpint(imap_fail(ST_MAILBOX, &error, IMAP_NO, NULL,
			    "Request is throttled. Suggested Backoff Time: "
			    "299961 milliseconds",
			    "server"),
	    ==, ST_LINK);
	g_prefix_error(&error, "imap: ");
	copy = g_error_copy(error);
	g_assert_cmpuint(error_pause_s(copy), ==, 300);
	g_assert_cmpint(error_retry(copy), ==, RETRY_LATER);
	g_assert_cmpint(error_kind(copy), ==, ERR_REFUSED);
	error_set_pause(copy, G_MAXUINT64);
	g_assert_cmpuint(error_pause_s(copy), ==, ERROR_PAUSE_MAX_S);
	imap_fail(ST_MAILBOX, &none, IMAP_NO, NULL, "throttled", "server");
	g_assert_cmpuint(error_pause_s(none), ==, 0);
	g_assert_cmpuint(error_pause_s(NULL), ==, 0);
}

static void
test_uses(void)
{
	static const struct {
		const char *name;
		guint32 use;
	} table[] = {
	    {"Sent Items", IMAP_USE_SENT},
	    {"sent items", IMAP_USE_SENT},
	    {"Gesendete Elemente", IMAP_USE_SENT},
	    {"Éléments envoyés", IMAP_USE_SENT},
	    {"e\xcc\x81le\xcc\x81ments envoye\xcc\x81s",
		IMAP_USE_SENT}, /* decomposed, as Apple's */
	    {"送信済みアイテム", IMAP_USE_SENT},
	    {"Отправленные", IMAP_USE_SENT},
	    {"ENTWÜRFE", IMAP_USE_DRAFTS},
	    {"草稿箱", IMAP_USE_DRAFTS},
	    {"Deleted Messages", IMAP_USE_TRASH},
	    {"Papierkorb", IMAP_USE_TRASH},
	    {"Κάδος απορριμμάτων", IMAP_USE_TRASH},
	    {"Junk E-mail", IMAP_USE_JUNK},
	    {"Pourriel", IMAP_USE_JUNK},
	    {"スパム", 0},
	    {"Archiv", IMAP_USE_ARCHIVE},
	    {"Archives", IMAP_USE_ARCHIVE},
	    {"Archiv 2019", 0},
	    {"INBOX", 0},
	    {"", 0},
	    {"|", 0},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++)
		if (imap_use_from_name(table[i].name) != table[i].use)
			g_error("%s: %u", table[i].name,
			    imap_use_from_name(table[i].name));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/imap/utf7", test_utf7);
	g_test_add_func("/imap/quote", test_quote);
	g_test_add_func("/imap/refusals", test_refusals);
	g_test_add_func("/imap/backoff", test_backoff);
	g_test_add_func("/imap/pause", test_pause);
	g_test_add_func("/imap/esearch", test_esearch);
	g_test_add_func("/imap/uses", test_uses);
	return g_test_run();
}
