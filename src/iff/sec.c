#include "iff/sec.h"
#include "iff/field.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_LOOK 512 /* bytes: most header lines are shorter */
#define FIELDS	   7

struct Sec {
	int fd;
	char *name;
	gint64 size; /* bytes */
	const Codepage *page;
	bool lenient;
	GString *text; /* of the header line last read */
	GArray *fields;
	guint8 *buf; /* SEC_HEADER_MAX + 2 */
};

enum status
sec_open(Sec **out, int fd, const char *name, const Codepage *page,
    bool lenient, GError **error)
{
	struct stat sb;
	Sec *sec;

	*out = NULL;
	if (fstat(fd, &sb) < 0) {
		int why = errno;

		close(fd);
		return fail(ST_MAILBOX, error, ERR_IO, RETRY_NEVER, "%s: %s",
		    name, g_strerror(why));
	}
	sec = g_new0(Sec, 1);
	sec->fd = fd;
	sec->name = g_strdup(name);
	sec->size = sb.st_size;
	sec->page = page;
	sec->lenient = lenient;
	sec->text = g_string_new(NULL);
	sec->fields = g_array_new(FALSE, FALSE, sizeof(struct field));
	sec->buf = g_malloc(SEC_HEADER_MAX + 2);
	*out = sec;
	return ST_OK;
}

void
sec_close(Sec *sec)
{
	if (sec == NULL)
		return;
	close(sec->fd);
	g_free(sec->name);
	g_string_free(sec->text, TRUE);
	g_array_free(sec->fields, TRUE);
	g_free(sec->buf);
	g_free(sec);
}

const char *
sec_name(const Sec *sec)
{
	return sec->name;
}

gint64
sec_size(const Sec *sec)
{
	return sec->size;
}

static gsize
read_at(const Sec *sec, gint64 at, void *buf, gsize len)
{
	gsize got = 0;

	while (got < len) {
		gssize n = pread(
		    sec->fd, (guint8 *)buf + got, len - got, at + (gint64)got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (gsize)n;
	}
	return got;
}

/* The length of the line at the offset, with *eol the bytes of its end; -1 when
 * it has none within SEC_HEADER_MAX. Its bytes are in buf. */
static gssize
line_at(Sec *sec, gint64 at, gsize *eol)
{
	gsize want = FIRST_LOOK, got, from = 0;
	const guint8 *lf;

	for (;;) {
		got = read_at(sec, at, sec->buf, want);
		while (from < got &&
		       (lf = memchr(sec->buf + from, '\n', got - from))) {
			gsize n = (gsize)(lf - sec->buf);

			if (n > 0 && lf[-1] == '\r') {
				*eol = 2;
				return (gssize)n - 1;
			}
			/* A bare LF is data (3.2), but for lenient policy. */
			if (sec->lenient) {
				*eol = 1;
				return (gssize)n;
			}
			from = n + 1;
		}
		if (got < want || want == SEC_HEADER_MAX + 2)
			return -1;
		from = got;
		want = SEC_HEADER_MAX + 2;
	}
}

static const struct {
	const char *word;
	enum sec_type type;
} types[] = {
    {"Body", SEC_BODY},
    {"Attachment", SEC_ATTACHMENT},
    {"Schedule", SEC_SCHEDULE},
    {"Document", SEC_DOCUMENT},
    {"Other", SEC_OTHER},
};

/* A decimal number of 63 bits. */
static bool
parse_length(const char *text, gint64 *out)
{
	gint64 value = 0;

	if (*text == '\0')
		return false;
	for (; *text; text++) {
		if (!g_ascii_isdigit(*text) || value > (G_MAXINT64 - 9) / 10)
			return false;
		value = value * 10 + (*text - '0');
	}
	*out = value;
	return true;
}

static bool
bad_header(Sec *sec, gint64 at, Diags *diags, const char *why)
{
	diags_add(diags, DIAG_SEC_BAD_SECTION_HEADER, sec->name, at,
	    "no section header at this offset: %s", why);
	return false;
}

/* The seven fields of the line in text. */
static bool
parse_header(Sec *sec, struct sec_section *out, gint64 *length, Diags *diags)
{
	const char *value[FIELDS];
	guint i;

	if (!field_split(sec->text->str, sec->text->len, FIELD_NO_LIST,
		sec->fields, NULL))
		return bad_header(
		    sec, out->at, diags, "its quotation marks are wrong");
	if (sec->fields->len != FIELDS)
		return bad_header(sec, out->at, diags, "not seven fields");
	for (i = 0; i < FIELDS; i++)
		value[i] =
		    field_text(&g_array_index(sec->fields, struct field, i),
			FIELD_NO_LIST);
	for (i = 0; i < G_N_ELEMENTS(types); i++)
		if (g_ascii_strcasecmp(value[0], types[i].word) == 0)
			break;
	if (i == G_N_ELEMENTS(types))
		return bad_header(sec, out->at, diags, "its type is not known");
	out->type = types[i].type;
	if (g_ascii_strcasecmp(value[3], "TRUE") == 0)
		out->last = true;
	else if (g_ascii_strcasecmp(value[3], "FALSE") != 0)
		return bad_header(
		    sec, out->at, diags, "Islast is neither TRUE nor FALSE");
	out->encoding = value[2];
	out->name = value[4];
	out->position = value[5];
	out->format = value[6];
	if (parse_length(value[1], length))
		return true;
	diags_add(diags, DIAG_SEC_BAD_LENGTH, sec->name, out->at,
	    "Length is not a number");
	return false;
}

/* Skip what may stand before a header line: blank lines, file headings. */
static gssize
find_line(Sec *sec, gint64 *at, gsize *eol, Diags *diags)
{
	gssize len;
	bool blank = false, heading = false;

	for (;;) {
		len = line_at(sec, *at, eol);
		if (len == 0 && !blank) {
			diags_add(diags, DIAG_SEC_OFFSET_AT_BLANK, sec->name,
			    *at,
			    "the offset is at a blank line; it is "
			    "skipped");
			blank = true;
		} else if (len == (gssize)strlen(SEC_HEADING) && !heading &&
			   g_ascii_strncasecmp((const char *)sec->buf,
			       SEC_HEADING, (gsize)len) == 0) {
			diags_add(diags, DIAG_SEC_OFFSET_AT_FILE_HEADER,
			    sec->name, *at,
			    "the offset is at the file heading; it is skipped");
			heading = true;
		} else
			return len;
		*at += len + (gint64)*eol;
	}
}

bool
sec_read(
    Sec *sec, gint64 at, bool in_chain, struct sec_section *out, Diags *diags)
{
	gint64 start = at, length, behind;
	gsize eol;
	gssize len;
	char tail[2];

	*out = (struct sec_section){.at = at};
	if (at >= sec->size) {
		if (in_chain)
			diags_add(diags, DIAG_SEC_CHAIN_BROKEN, sec->name, at,
			    "the file ends where one more section was "
			    "promised");
		else
			diags_add(diags, DIAG_MSG_OFFSET_RANGE, sec->name, at,
			    "the offset is not inside the file, which has "
			    "%" G_GINT64_FORMAT " bytes",
			    sec->size);
		return false;
	}
	len = find_line(sec, &at, &eol, diags);
	if (in_chain && at >= sec->size) {
		diags_add(diags, DIAG_SEC_CHAIN_BROKEN, sec->name, start,
		    "the file ends where one more section was promised");
		return false;
	}
	if (len < 0)
		return bad_header(sec, at, diags, "the line has no end");
	out->at = at;
	g_string_truncate(sec->text, 0);
	codepage_decode(
	    sec->page, sec->buf, (gsize)len, true, false, NULL, sec->text);
	if (!parse_header(sec, out, &length, diags))
		return false;
	at += len + (gint64)eol;
	out->data = (struct blob){
	    .fd = sec->fd, .off = at, .len = MIN(length, sec->size - at)};
	if (length > sec->size - at) {
		out->truncated = true;
		diags_add(diags, DIAG_SEC_TRUNCATED, sec->name, out->at,
		    "the section announces %" G_GINT64_FORMAT
		    " bytes, the file ends after %" G_GINT64_FORMAT,
		    length, sec->size - at);
		return false;
	}
	behind = at + length;
	out->next = behind + 2;
	if (read_at(sec, behind, tail, 2) == 2 && memcmp(tail, "\r\n", 2) == 0)
		return true;
	out->next = behind;
	/* Nothing needs to follow the last section of the file. */
	if (behind < sec->size)
		diags_add(diags, DIAG_SEC_NO_SEPARATOR, sec->name, behind,
		    "no line end follows the data; the next byte is taken");
	return true;
}
