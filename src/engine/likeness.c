#include "engine/likeness.h"

#include "mime/part.h"
#include "mime/vcard.h"
#include "model/address-vcard.h"

#include <string.h>

#define STEP	  (64 << 10) /* octets of a text read at a time */
#define DEPTH_MAX 20	     /* messages in messages */

static enum status add_message(GChecksum *sum, const struct blob *octets,
    const char *spool_dir, guint depth, GError **error);

static void
add(GChecksum *sum, const char *name, const char *value)
{
	g_checksum_update(sum, (const guchar *)name, -1);
	g_checksum_update(sum, (const guchar *)(value ? value : ""), -1);
	g_checksum_update(sum, (const guchar *)"\n", 1);
}

/* White space is what line ends, folding and trimming change. */
static enum status
add_text(GChecksum *sum, const struct blob *blob, GError **error)
{
	g_autofree guint8 *buffer = g_malloc(STEP);
	g_autoptr(GString) out = g_string_new(NULL);
	bool blank = false, any = false;
	const guint8 *data;
	gint64 at = 0;
	gsize len;
	enum status st;

	while ((st = blob_next(blob, &at, buffer, STEP, &data, &len, error)) ==
	       ST_OK) {
		g_string_truncate(out, 0);
		for (gsize i = 0; i < len; i++) {
			if (g_ascii_isspace(data[i])) {
				blank = true;
				continue;
			}
			if (blank && any)
				g_string_append_c(out, ' ');
			blank = false;
			any = true;
			g_string_append_c(out, (char)data[i]);
		}
		g_checksum_update(
		    sum, (const guchar *)out->str, (gssize)out->len);
	}
	g_checksum_update(sum, (const guchar *)"\n", 1);
	return st == ST_END ? ST_OK : st;
}

static void
add_people(GChecksum *sum, const char *name, const GPtrArray *people)
{
	for (guint i = 0; people && i < people->len; i++) {
		const struct person *person = people->pdata[i];
		g_autofree char *plain =
		    person->address ? g_ascii_strdown(person->address, -1)
				    : g_strdup(person->name);

		add(sum, name, plain);
	}
}

static void
add_envelope(GChecksum *sum, const struct envelope *envelope)
{
	g_autofree char *utc =
	    g_strdup_printf("%" G_GINT64_FORMAT, envelope->sent.utc);
	g_autofree char *subject =
	    g_strdup(envelope->subject ? envelope->subject : "");

	add(sum, "id ", envelope->message_id);
	add(sum, "subject ", g_strstrip(subject));
	add(sum, "sent ", envelope->sent.known ? utc : "");
	add_people(sum, "from ", envelope->from);
	add_people(sum, "to ", envelope->to);
	add_people(sum, "cc ", envelope->cc);
}

static bool
is_body(const struct part *part)
{
	return part->kind == PART_TEXT || part->kind == PART_HTML ||
	       part->kind == PART_RTF;
}

static enum status
add_file(GChecksum *sum, const struct part *part, GError **error)
{
	struct digest digest;
	char hex[DIGEST_HEX];
	enum status st = digest_blob(&part->blob, &digest, error);

	if (st < 0)
		return st;
	digest_to_hex(&digest, hex);
	add(sum, "file ", part->name);
	add(sum, "content ", hex);
	return ST_OK;
}

static enum status
add_parts(GChecksum *sum, const GArray *parts, const char *spool_dir,
    guint depth, GError **error)
{
	enum part_kind best = PART_RTF;
	enum status st = ST_OK;

	for (guint i = 0; i < parts->len; i++) {
		const struct part *part = &g_array_index(parts, struct part, i);

		if (is_body(part))
			best = MIN(best, part->kind);
	}
	for (guint i = 0; st == ST_OK && i < parts->len; i++) {
		const struct part *part = &g_array_index(parts, struct part, i);

		if (is_body(part)) {
			if (part->kind == best)
				st = add_text(sum, &part->blob, error);
		} else if (part->kind == PART_MESSAGE && depth < DEPTH_MAX) {
			add(sum, "message ", "");
			st = add_message(
			    sum, &part->blob, spool_dir, depth + 1, error);
		} else {
			st = add_file(sum, part, error);
		}
	}
	return st;
}

static void
clear_part(void *part)
{
	part_clear(part);
}

static enum status
add_message(GChecksum *sum, const struct blob *octets, const char *spool_dir,
    guint depth, GError **error)
{
	g_autoptr(GArray) parts =
	    g_array_new(FALSE, FALSE, sizeof(struct part));
	Spool *store = spool_new(spool_dir);
	struct envelope envelope;
	enum status st;

	g_array_set_clear_func(parts, clear_part);
	envelope_init(&envelope);
	st = envelope_parse(octets, &envelope, error);
	if (st == ST_OK)
		st = part_split(octets, parts, store, error);
	if (st == ST_OK) {
		add_envelope(sum, &envelope);
		st = add_parts(sum, parts, spool_dir, depth, error);
	}
	g_array_set_size(parts, 0);
	envelope_clear(&envelope);
	spool_free(store);
	return st;
}

enum status
likeness_of(const struct blob *octets, const char *spool_dir,
    struct digest *out, GError **error)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	enum status st = add_message(sum, octets, spool_dir, 0, error);
	gsize len = DIGEST_LEN;

	if (st == ST_OK)
		g_checksum_get_digest(sum, out->b, &len);
	return st;
}

static int
by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "mailto:a%2Bb@example.org" and "a+b@example.org" are one. */
static char *
plain_address(const struct vcard_line *line)
{
	g_autofree char *text = vcard_line_text(line);
	const char *colon = strchr(text, ':');
	g_autofree char *plain = NULL;

	if (colon && (g_ascii_strncasecmp(text, "mailto:", 7) == 0 ||
			 g_ascii_strncasecmp(text, "x-mapi:", 7) == 0))
		plain = g_uri_unescape_string(colon + 1, NULL);
	return g_ascii_strdown(plain ? plain : text, -1);
}

enum status
likeness_of_address(const struct address *address, struct digest *out,
    char **name, GError **error)
{
	static const char *const kinds[] = {"EMAIL", "MEMBER"};
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
	g_auto(Vcard) card = {0};
	const struct vcard_line *line;
	gsize len = DIGEST_LEN, pos = 0;
	guint at = 0;
	enum status st = ST_OK;

	if (address->vcard.len > VCARD_LINE_MAX)
		return fail(ST_ITEM, error, ERR_LIMIT, RETRY_NEVER,
		    "its card has more than %d MiB", VCARD_LINE_MAX >> 20);
	if (address->vcard.len > 0) {
		g_string_set_size(text, (gsize)address->vcard.len);
		st = blob_read(
		    &address->vcard, 0, text->str, text->len, &len, error);
	} else {
		address_to_vcard(address, text);
		len = text->len;
	}
	if (st == ST_OK)
		st = vcard_next(text->str, len, &pos, &card, error);
	if (st == ST_END)
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "its card has no lines");
	if (st < 0)
		return st;
	line = vcard_find(&card, "FN", &at);
	*name = line ? vcard_line_text(line) : g_strdup("");
	g_strstrip(*name);
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		for (at = 0; (line = vcard_find(&card, kinds[i], &at));)
			g_ptr_array_add(list, plain_address(line));
	g_ptr_array_sort(list, by_text);
	add(sum, "name ", *name);
	for (guint i = 0; i < list->len; i++)
		add(sum, "address ", list->pdata[i]);
	len = DIGEST_LEN;
	g_checksum_get_digest(sum, out->b, &len);
	return ST_OK;
}
