#include "nsf/structured.h"

#include "base/digest.h"
#include "mime/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PIECE	    65536
#define NAME_MAX_   100	 /* chars of an item name */
#define NAMES_MAX   1000 /* learned from the first document */
#define JULIAN_1970 2440588
#define YEAR_WINDOW 70 /* two digits from here on are of the last century */

struct NsfStructured {
	int fd;
	char *path;
	enum nsf_date_order order;
	guint8 separator;
	bool dry, first_done;
	GString *held; /* bytes read and not yet given */
	gsize looked;  /* of these, without a separator */
	GHashTable *names;
	guint misfits;
};

/* Items that open a field wherever they stand at the beginning of a line
 * (spec/notes.md 7.2); others must have been seen in the first document. */
static const struct {
	const char *name;
	char is; /* 't'ext, 'l'ist, 'd'ate */
} known[] = {
    {"Form", 't'},
    {"From", 't'},
    {"Principal", 't'},
    {"INetFrom", 't'},
    {"SendTo", 'l'},
    {"CopyTo", 'l'},
    {"BlindCopyTo", 'l'},
    {"InetSendTo", 'l'},
    {"InetCopyTo", 'l'},
    {"InetBlindCopyTo", 'l'},
    {"Recipients", 'l'},
    {"PostedDate", 'd'},
    {"DeliveredDate", 'd'},
    {"ComposedDate", 'd'},
    {"Subject", 't'},
    {"Body", 't'},
    {"Importance", 't'},
    {"DeliveryPriority", 't'},
    {"DeliveryReport", 't'},
    {"ReturnReceipt", 't'},
    {"Sign", 't'},
    {"Encrypt", 't'},
    {"Categories", 'l'},
    {"In_Reply_To", 't'},
    {"References", 'l'},
    {"Received", 't'},
    {"SMTPOriginator", 't'},
    {"RouteServers", 't'},
    {"RouteTimes", 't'},
    {"Logo", 't'},
    {"$MessageID", 't'},
    {"$Mailer", 't'},
    {"$Created", 'd'},
};

enum status
nsf_structured_open(NsfStructured **out, const char *path,
    enum nsf_date_order order, guint8 separator, GError **error)
{
	NsfStructured *x;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*out = NULL;
	if (fd < 0)
		return fail(ST_MAILBOX, error, ERR_IO, RETRY_NEVER,
		    "cannot open %s: %s", path, g_strerror(errno));
	*out = x = g_new0(NsfStructured, 1);
	x->fd = fd;
	x->path = g_strdup(path);
	x->order = order;
	x->separator = separator;
	x->held = g_string_new(NULL);
	x->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return ST_OK;
}

void
nsf_structured_close(NsfStructured *x)
{
	if (x == NULL)
		return;
	close(x->fd);
	g_free(x->path);
	g_string_free(x->held, TRUE);
	g_hash_table_unref(x->names);
	g_free(x);
}

guint
nsf_structured_misfits(const NsfStructured *x)
{
	return x->misfits;
}

static bool
number(const char **p, int *out, guint *width)
{
	*out = 0;
	*width = 0;
	for (; g_ascii_isdigit(**p) && *width < 4; ++*p, ++*width)
		*out = *out * 10 + (**p - '0');
	return *width > 0;
}

bool
nsf_structured_date(
    const char *text, enum nsf_date_order order, guint8 out[NSF_TIMEDATE])
{
	static const guint8 where[][3] = {
	    /* year, month, day */
	    [NSF_DATE_MDY] = {2, 0, 1},
	    [NSF_DATE_DMY] = {2, 1, 0},
	    [NSF_DATE_YMD] = {0, 1, 2},
	};
	int n[3], clock[3] = {0}, year;
	guint width, year_width = 0;
	const char *p = text;
	struct stamp stamp;
	guint32 date, time = 0xFFFFFFFF;

	for (guint i = 0; i < 3; i++) {
		while (*p && !g_ascii_isdigit(*p) && !g_ascii_isalpha(*p))
			p++;
		if (!number(&p, &n[i], &width))
			return false;
		if (i == where[order][0])
			year_width = width;
	}
	year = n[where[order][0]];
	if (year_width <= 2)
		year += year >= YEAR_WINDOW ? 1900 : 2000;
	while (*p == ' ')
		p++;
	if (g_ascii_isdigit(*p)) {
		for (guint i = 0; i < 3 && number(&p, &clock[i], &width); i++)
			if (*p == ':' || *p == '.')
				p++;
			else
				break;
		while (*p == ' ')
			p++;
		if (g_ascii_toupper(*p) == 'P' && clock[0] < 12)
			clock[0] += 12;
		else if (g_ascii_toupper(*p) == 'A' && clock[0] == 12)
			clock[0] = 0;
		time = 0;
	}
	if (!stamp_from_fields(year, n[where[order][1]], n[where[order][2]],
		clock[0], clock[1], clock[2], 0, &stamp))
		return false;
	if (time == 0)
		time =
		    (guint32)(clock[0] * 3600 + clock[1] * 60 + clock[2]) * 100;
	date = (guint32)((stamp.utc - (time == 0xFFFFFFFF ? 0 : time / 100)) /
			     86400 +
			 JULIAN_1970);
	date |= 0x0f000000; /* no zone is there: an offset that is none */
	for (guint i = 0; i < 4; i++) {
		out[i] = (guint8)(time >> 8 * i);
		out[4 + i] = (guint8)(date >> 8 * i);
	}
	return true;
}

/* The text up to the separator, of which *len bytes are a document. */
static enum status
one_document(NsfStructured *x, gsize *len, GError **error)
{
	char buf[PIECE];

	for (;;) {
		const char *end = memchr(x->held->str + x->looked, x->separator,
		    x->held->len - x->looked);
		ssize_t n;

		if (end) {
			*len = (gsize)(end - x->held->str);
			return ST_OK;
		}
		x->looked = x->held->len;
		if (x->dry || x->held->len > NSF_STRUCTURED_MAX) {
			*len = x->held->len;
			return *len > 0 ? ST_OK : ST_END;
		}
		n = read(x->fd, buf, sizeof buf);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(ST_MAILBOX, error, ERR_IO, RETRY_LATER,
			    "cannot read %s: %s", x->path, g_strerror(errno));
		x->dry = n == 0;
		g_string_append_len(x->held, buf, n);
	}
}

static char
kind_of(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(known); i++)
		if (g_ascii_strcasecmp(known[i].name, name) == 0)
			return known[i].is;
	return 0;
}

/* "NAME:  value": the length of the name, 0 when the line opens no field. */
static gsize
opens_field(NsfStructured *x, const char *line, gsize len, bool in_body)
{
	g_autofree char *name = NULL;
	g_autofree char *lower = NULL;
	gsize n = 0;

	if (len == 0 ||
	    !(g_ascii_isalpha(*line) || *line == '$' || *line == '_'))
		return 0;
	while (n < len && n < NAME_MAX_ &&
	       (g_ascii_isalnum(line[n]) || strchr("$_.-", line[n])))
		n++;
	if (n >= len || line[n] != ':' ||
	    (n + 1 < len && line[n + 1] != ' ' && line[n + 1] != '\r'))
		return 0;
	name = g_strndup(line, n);
	if (kind_of(name))
		return n;
	lower = g_ascii_strdown(name, -1);
	if (g_hash_table_contains(x->names, lower))
		return n;
	/* The first document teaches, two blanks behind the colon. */
	if (x->first_done || in_body || n + 2 >= len || line[n + 2] != ' ' ||
	    g_hash_table_size(x->names) >= NAMES_MAX)
		return 0;
	g_hash_table_add(x->names, g_steal_pointer(&lower));
	return n;
}

static char *
to_utf8(const char *text, gsize len)
{
	GString *out;

	if (g_utf8_validate(text, (gssize)len, NULL))
		return g_strndup(text, len);
	out = g_string_new(NULL);
	mime_text_from_1252(out, (const guint8 *)text, len);
	return g_string_free(out, FALSE);
}

static void
add_item(
    NsfStructured *x, struct nsf_note *note, const char *name, GString *value)
{
	struct nsf_item item = {
	    .name = g_string_chunk_insert(note->texts, name),
	    .type = NSF_TYPE_TEXT,
	    .flags = NSF_ITEM_TYPED | NSF_ITEM_SUMMARY};
	g_autofree char *text = to_utf8(value->str, value->len);
	char kind = kind_of(name);
	guint8 time[NSF_TIMEDATE];

	g_strchomp(text);
	if (kind == 'd' && *text) {
		if (nsf_structured_date(text, x->order, time)) {
			item.type = NSF_TYPE_TIME;
			item.raw = (const guint8 *)g_string_chunk_insert_len(
			    note->texts, (const char *)time, sizeof time);
			item.raw_len = sizeof time;
		} else {
			x->misfits++;
		}
	}
	if (item.raw == NULL && kind == 'l') {
		g_strdelimit(text, "\n", ' ');
		item.type = NSF_TYPE_TEXTS;
		item.texts = g_strsplit_set(text, ",;", 0);
		for (guint i = 0; item.texts[i]; i++)
			g_strstrip(item.texts[i]);
	} else if (item.raw == NULL) {
		item.texts = g_new0(char *, 2);
		item.texts[0] = g_steal_pointer(&text);
	}
	g_array_append_val(note->items, item);
}

static void
take_document(
    NsfStructured *x, struct nsf_note *note, const char *text, gsize len)
{
	g_autofree char *name = NULL;
	g_autoptr(GString) value = g_string_new(NULL);
	struct digest digest;
	char hex[DIGEST_HEX];

	note->class = NSF_CLASS_DOCUMENT;
	digest_mem(text, len, &digest);
	digest_to_hex(&digest, hex);
	g_strlcpy(note->unid, hex, sizeof note->unid);
	while (len > 0 && note->items->len < NSF_TEXTS_MAX) {
		const char *lf = memchr(text, '\n', len);
		gsize line = lf ? (gsize)(lf - text) : len;
		gsize n = opens_field(x, text, line,
		    name && g_ascii_strcasecmp(name, "Body") == 0);
		gsize from = 0;

		if (n > 0) {
			if (name)
				add_item(x, note, name, value);
			g_free(name);
			name = g_strndup(text, n);
			g_string_truncate(value, 0);
			for (from = n + 1;
			     from < line && text[from] == ' ' && from < n + 3;)
				from++;
		} else if (name) {
			g_string_append_c(value, '\n');
		} else if (line > 0 && *text != '\r') {
			x->misfits++;
		}
		for (gsize i = from; name && i < line; i++)
			if (text[i] != '\r' && text[i] != '\0')
				g_string_append_c(value, text[i]);
		text += line + (lf != NULL);
		len -= line + (lf != NULL);
	}
	if (name)
		add_item(x, note, name, value);
	x->first_done = true;
}

static bool
is_blank(const char *text, gsize len)
{
	for (gsize i = 0; i < len; i++)
		if (!g_ascii_isspace(text[i]))
			return false;
	return true;
}

enum status
nsf_structured_next(NsfStructured *x, struct nsf_note *note, GError **error)
{
	for (;;) {
		gsize len = 0;
		enum status st = one_document(x, &len, error);
		bool blank;

		if (st != ST_OK)
			return st;
		nsf_note_reset(note);
		blank = is_blank(x->held->str, len);
		if (!blank)
			take_document(x, note, x->held->str, len);
		g_string_erase(x->held, 0, (gssize)MIN(len + 1, x->held->len));
		x->looked = 0;
		if (!blank)
			return ST_OK;
	}
}
