/*
 * Server responses in pieces of any size. The first octet says how large they
 * are. Whatever is given must lie where it may, and be the same text as when
 * all comes at once.
 */
#include "imap/parser.h"
#include "source/imap-private.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

const struct source_driver *const source_drivers[] = {
    &source_imap_driver, NULL};

static guint32
look_at(const struct imap_reply *reply, struct fetched *fetched)
{
	guint32 sum = reply->n_tokens + reply->tag;

	if (reply->text && !g_utf8_validate(reply->text, -1, NULL))
		g_error("text is not UTF-8");
	if (reply->code)
		sum += (guint32)strlen(reply->code);
	for (guint i = 0; i < reply->n_tokens; i++) {
		const struct blob *b = &reply->tokens[i].blob;
		guint64 number;

		for (gint64 j = 0; b->mem && j < b->len; j++)
			sum = sum * 31 + b->mem[j];
		if (imap_token_number(&reply->tokens[i], &number))
			sum += (guint32)number;
		g_free(imap_token_text(&reply->tokens[i], 1000));
	}
	if (reply->name && strcmp(reply->name, "FETCH") == 0)
		source_imap_fetched_read(fetched, reply, NULL);
	if (reply->text)
		sum += (guint32)imap_backoff_ms(reply->text);
	return sum;
}

static guint32
parse(const guint8 *data, gsize size, gsize step)
{
	g_autoptr(ImapParser) parser = imap_parser_new(NULL);
	struct fetched fetched;
	gsize at = 0, there = 0;
	guint32 sum = 0;

	source_imap_fetched_init(&fetched);
	for (;;) {
		g_autoptr(GError) error = NULL;
		struct imap_reply reply;
		gsize len = there - at, used;
		/* Exactly as much as may be read: the sanitizer sees more. */
		g_autofree guint8 *copy = g_memdup2(data + at, len);
		enum status st =
		    imap_parser_run(parser, copy, len, &used, &reply, &error);

		g_assert(used <= len);
		at += used;
		if (st < 0) {
			g_assert(error != NULL);
			sum = sum * 31 + 1;
			break;
		}
		if (st == ST_OK) {
			sum = sum * 31 + look_at(&reply, &fetched);
			continue;
		}
		if (there == size)
			break;
		there = MIN(size, there + step);
	}
	source_imap_fetched_clear(&fetched);
	return sum;
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	g_autofree char *text = NULL;
	g_autofree char *utf8 = NULL;

	if (size < 1)
		return 0;
	if (parse(data + 1, size - 1, size) !=
	    parse(data + 1, size - 1, 1 + data[0] % 64))
		g_error("pieces make a difference");
	text = g_strndup((const char *)data + 1, size - 1);
	utf8 = imap_utf7_to_utf8(text);
	if (utf8) {
		g_autofree char *wire = imap_utf7_from_utf8(utf8);
		g_autofree char *again = imap_utf7_to_utf8(wire);

		g_assert(g_utf8_validate(utf8, -1, NULL));
		g_assert_cmpstr(utf8, ==, again);
	}
	return 0;
}
