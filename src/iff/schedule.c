#include "iff/schedule.h"

#include <string.h>

#define CHUNK (16 << 10) /* bytes read at a time */

struct Schedule {
	struct blob data;
	const Codepage *page;
	bool undouble;
	schedule_sink sink;
	void *ctx;

	gint64 at; /* bytes read into the chunk */
	guint8 *scratch;
	const guint8 *chunk;
	gsize chunk_len, chunk_at;

	GString *raw, *line; /* the line as bytes, and in UTF-8 */
	gint64 line_number, line_offset;
	bool again; /* next_line() gives the same line */
	bool begun; /* the heading has been looked for */

	GString *value;
	struct schedule_object *object;
	gsize bytes; /* of UTF-8 in object */
	guint parts;
	bool full; /* the object is over a limit: said once */
};

/* Of 11.2 and 11.3, and a few of samples: a string that is not closed ends
 * before a line that begins with one of them. */
static const char *const names[] = {"AddressBusiness", "AddressHome",
    "AlarmAmount", "AlarmAmountOriginal", "AlarmTypeUnit", "AmountActualEffort",
    "AmountEstimatedEffort", "AmountStartWork", "Assistant", "AttendeeStatus",
    "Attendees", "BeforeEnd", "Billing", "BusyType", "CityBusiness", "CityHome",
    "Company", "CompletedDate", "CountryBusiness", "CountryHome",
    "CurrentPhone1", "DayInterval", "DayOfMonthMask", "DayOfWeekMask",
    "DayOfWeekStart", "Deleted", "Department", "End", "EndDate",
    "EndRecurringDate", "EndRecurringTime", "Exceptions", "FirstName",
    "FirstRecurringAlarmDate", "InstanceDate", "IsRecurringInstance",
    "IsTaskAutoDone", "IsUserDistributionList", "JobTitle", "LastName",
    "Mileage", "MonthInterval", "MonthOfYearMask", "Notes", "Office",
    "PercentCompleted", "PhoneAssistant", "PhoneBusiness", "PhoneBusiness2",
    "PhoneFax", "PhoneHome", "PhoneHome2", "PhoneMobile", "PhonePager",
    "Priority", "ProjectID", "RecurringType", "Ring", "Spouse", "Start",
    "StartDate", "StartRecurringDate", "StartRecurringTime", "StateBusiness",
    "StateHome", "Text", "TypeUnitActualEffort", "TypeUnitEstimatedEffort",
    "TypeUnitStartWork", "User1", "User2", "User3", "User4", "UserDisplay",
    "UserEntryID", "UserSearchKey", "UserWell", "WeekInterval", "Where",
    "YearInterval", "ZipCodeBusiness", "ZipCodeHome"};

static void
property_clear(void *p)
{
	struct schedule_property *property = p;

	g_free(property->name);
	g_free(property->text);
}

static void
object_free(void *p)
{
	struct schedule_object *object = p;

	if (object == NULL)
		return;
	g_free(object->kind);
	g_array_free(object->properties, TRUE);
	g_ptr_array_free(object->objects, TRUE);
	g_free(object);
}

Schedule *
schedule_new(const struct blob *data, const Codepage *page, bool undouble,
    schedule_sink sink, void *ctx)
{
	Schedule *s = g_new0(Schedule, 1);

	s->data = *data;
	s->page = page;
	s->undouble = undouble;
	s->sink = sink;
	s->ctx = ctx;
	s->scratch = g_malloc(CHUNK);
	s->raw = g_string_new(NULL);
	s->line = g_string_new(NULL);
	s->value = g_string_new(NULL);
	return s;
}

void
schedule_free(Schedule *s)
{
	if (s == NULL)
		return;
	object_free(s->object);
	g_free(s->scratch);
	g_string_free(s->raw, TRUE);
	g_string_free(s->line, TRUE);
	g_string_free(s->value, TRUE);
	g_free(s);
}

static void
say(Schedule *s, enum diag_code code, const char *text)
{
	if (s->sink)
		s->sink(s->ctx, code, s->line_number, s->line_offset, text);
}

/*
 * One line, without its end and trailing blanks, in UTF-8. It is decoded before
 * anything is searched for in it: 5C is half of a character in double-byte
 * pages (3.1).
 */
static enum status
next_line(Schedule *s, GError **error)
{
	bool cut = false, done = false;
	gint64 start = s->at - (gint64)(s->chunk_len - s->chunk_at);

	if (s->again) {
		s->again = false;
		return ST_OK;
	}
	g_string_truncate(s->raw, 0);
	while (!done) {
		const guint8 *from, *lf;
		gsize n, room;

		if (s->chunk_at == s->chunk_len) {
			enum status st = blob_next(&s->data, &s->at, s->scratch,
			    CHUNK, &s->chunk, &s->chunk_len, error);

			s->chunk_at = 0;
			if (st != ST_OK)
				s->chunk_len = 0;
			if (st == ST_END && s->raw->len > 0)
				break;
			if (st != ST_OK)
				return st;
		}
		from = s->chunk + s->chunk_at;
		lf = memchr(from, '\n', s->chunk_len - s->chunk_at);
		n = lf ? (gsize)(lf - from) : s->chunk_len - s->chunk_at;
		s->chunk_at += n + (lf != NULL);
		done = lf != NULL;
		room = SCHEDULE_LINE_MAX - s->raw->len;
		cut = cut || n > room;
		g_string_append_len(
		    s->raw, (const char *)from, (gssize)MIN(n, room));
	}
	s->line_offset = start;
	s->line_number++;
	g_string_truncate(s->line, 0);
	codepage_decode(
	    s->page, s->raw->str, s->raw->len, true, false, NULL, s->line);
	while (
	    s->line->len > 0 && strchr(" \t\r", s->line->str[s->line->len - 1]))
		g_string_truncate(s->line, s->line->len - 1);
	if (cut)
		say(s, DIAG_SC2_SYNTAX, "the line is too long; it is cut");
	return ST_OK;
}

static const char *
skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* Where the colon behind the name is, or NULL when this is no name. */
static const char *
name_end(const char *p)
{
	if (!g_ascii_isalpha(*p))
		return NULL;
	while (g_ascii_isalnum(*p) || *p == '_' || *p == '-')
		p++;
	return *p == ':' ? p : NULL;
}

static bool
ends_string(const char *line)
{
	const char *p = skip_blanks(line), *end = name_end(p);

	if (strcmp(p, "}") == 0)
		return true;
	if (end == NULL || (end[1] && end[1] != ' ' && end[1] != '\t'))
		return false;
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (strlen(names[i]) == (gsize)(end - p) &&
		    g_ascii_strncasecmp(p, names[i], (gsize)(end - p)) == 0)
			return true;
	return false;
}

/* One line of a string into value. */
enum string_end { STRING_CLOSED, STRING_JOINED, STRING_OPEN };

static enum string_end
string_line(Schedule *s, const char *p, bool *odd)
{
	for (; *p; p++) {
		if (*p == '\\' && p[1] == '\0')
			return STRING_JOINED;
		if (*p == '\\' && p[1] == '"')
			p++;
		else if (*p == '\\' && p[1] == '\\' && p[2] && s->undouble)
			p++;
		else if (*p == '"') {
			if (p[1] == '\0')
				return STRING_CLOSED;
			*odd = true; /* Q273356: not escaped */
		}
		g_string_append_c(s->value, *p);
	}
	return STRING_OPEN;
}

/* p: behind the opening quotation mark, in the line. */
static enum status
read_string(Schedule *s, const char *p, GError **error)
{
	bool odd = false, open = false, cut = false;
	gint64 number = s->line_number, offset = s->line_offset;
	enum string_end end;
	enum status st;

	while ((end = string_line(s, p, &odd)) != STRING_CLOSED) {
		if (s->value->len > SCHEDULE_VALUE_MAX) {
			const char *last = g_utf8_find_prev_char(
			    s->value->str, s->value->str + SCHEDULE_VALUE_MAX);

			g_string_truncate(
			    s->value, (gsize)(last - s->value->str));
			cut = true;
		}
		st = next_line(s, error);
		if (st < 0)
			return st;
		if (st == ST_END) {
			open = true;
			break;
		}
		if (end == STRING_OPEN) {
			open = true;
			/* Q235699: the subject swallowed the notes. */
			if (ends_string(s->line->str)) {
				s->again = true;
				break;
			}
			g_string_append_c(s->value, '\n');
		} else if (strcmp(skip_blanks(s->line->str), "\\") == 0)
			/* Two backslashes in a row: a line break. */
			g_string_append_c(s->value, '\n');
		p = s->line->str;
	}
	if (s->sink && odd)
		s->sink(s->ctx, DIAG_SC2_SYNTAX, number, offset,
		    "a quotation mark in the string is not escaped");
	if (s->sink && open)
		s->sink(s->ctx, DIAG_SC2_SYNTAX, number, offset,
		    "the string is open at the end of a line");
	if (s->sink && cut)
		s->sink(s->ctx, DIAG_SC2_SYNTAX, number, offset,
		    "the string is too long; it is cut");
	return ST_OK;
}

/* Digits, at most ten. */
static bool
digits(const char **p, gint64 *out)
{
	const char *start = *p;

	*out = 0;
	while (g_ascii_isdigit(**p) && *p - start < 10)
		*out = *out * 10 + (*(*p)++ - '0');
	return *p > start;
}

/* "3-9-1998 09:00" and its halves. False when it is nothing of that shape. */
static bool
parse_moment(const char *p, struct schedule_property *out)
{
	gint64 a, b, c;
	bool good = true;

	if (!digits(&p, &a))
		return false;
	if (*p == '-') {
		p++;
		if (!digits(&p, &b) || *p++ != '-' || !digits(&p, &c))
			return false;
		good =
		    a <= 12 && b <= 31 && c <= 9999 &&
		    g_date_valid_dmy((GDateDay)b, (GDateMonth)a, (GDateYear)c);
		out->has_date = true;
		if (good) {
			out->month = (guint8)a;
			out->day = (guint8)b;
			out->year = (guint16)c;
		}
		p = skip_blanks(p);
		if (*p && !digits(&p, &a))
			return false;
		if (*p == '\0')
			goto done;
	}
	if (*p++ != ':' || !digits(&p, &b) || *p)
		return false;
	out->has_time = true;
	good = good && a < 24 && b < 60;
	if (good) {
		out->hour = (guint8)a;
		out->minute = (guint8)b;
	}
done:
	out->type = good ? SCHEDULE_MOMENT : SCHEDULE_NO_DATE;
	return true;
}

static bool
parse_number(const char *p, gint64 *out)
{
	bool minus = *p == '-';

	p += minus;
	if (!digits(&p, out) || *p)
		return false;
	if (minus)
		*out = -*out;
	return true;
}

/* A value that is not in quotation marks. */
static void
plain_value(Schedule *s, const char *p, struct schedule_property *out)
{
	struct schedule_property moment = {0};

	g_string_assign(s->value, p);
	if (parse_number(p, &out->number))
		out->type = SCHEDULE_NUMBER;
	else if (g_ascii_strcasecmp(p, "T") == 0 ||
		 g_ascii_strcasecmp(p, "F") == 0) {
		out->type = SCHEDULE_BOOL;
		out->number = (*p | 0x20) == 't';
	} else if (parse_moment(p, &moment)) {
		moment.name = out->name;
		moment.line = out->line;
		*out = moment;
		if (out->type == SCHEDULE_NO_DATE)
			say(s, DIAG_SC2_BAD_DATE,
			    "the date is out of range; none is taken");
	} else {
		out->type = SCHEDULE_OTHER;
		say(s, DIAG_SC2_SYNTAX, "the value is not of a known form");
	}
}

/* Room for one more thing in the object? */
static bool
has_room(Schedule *s, gsize bytes)
{
	s->parts++;
	s->bytes += bytes;
	if (s->parts <= SCHEDULE_PARTS_MAX && s->bytes <= SCHEDULE_BYTES_MAX)
		return true;
	if (!s->full)
		say(s, DIAG_SC2_SYNTAX,
		    "the object is too large; the rest of it is left out");
	s->full = true;
	return false;
}

static struct schedule_object *
object_new(const Schedule *s, char *kind)
{
	struct schedule_object *object = g_new0(struct schedule_object, 1);

	object->kind = kind;
	object->properties =
	    g_array_new(FALSE, TRUE, sizeof(struct schedule_property));
	g_array_set_clear_func(object->properties, property_clear);
	object->objects = g_ptr_array_new_with_free_func(object_free);
	object->line = s->line_number;
	object->offset = s->line_offset;
	return object;
}

/* The name and what follows it. child: it is an object, whose kind is *name.
 * The value may stand on the following line (Q195852). */
static enum status
read_property(
    Schedule *s, struct schedule_property *out, bool *child, GError **error)
{
	const char *p = skip_blanks(s->line->str), *end = name_end(p);
	enum status st = ST_OK;

	*child = false;
	*out = (struct schedule_property){.line = s->line_number};
	out->name = g_strndup(p, (gsize)(end - p));
	g_string_truncate(s->value, 0);
	p = skip_blanks(end + 1);
	while (*p == '\0') {
		st = next_line(s, error);
		if (st < 0)
			return st;
		p = skip_blanks(st == ST_OK ? s->line->str : "}");
		if (strcmp(p, "}") == 0 || name_end(p)) {
			s->again = st == ST_OK;
			say(s, DIAG_SC2_SYNTAX,
			    "the property before this line has no value");
			return ST_OK;
		}
	}
	if (strcmp(p, "{") == 0)
		*child = true;
	else if (*p == '"') {
		out->type = SCHEDULE_STRING;
		st = read_string(s, p + 1, error);
	} else
		plain_value(s, p, out);
	return st;
}

/* Everything up to the brace that closes the object. */
static enum status
read_object(Schedule *s, GError **error)
{
	struct schedule_object *stack[SCHEDULE_DEPTH_MAX];
	gint64 depth = 1; /* may be more than the stack holds */
	enum status st;

	stack[0] = s->object;
	while ((st = next_line(s, error)) == ST_OK) {
		const char *p = skip_blanks(s->line->str);
		struct schedule_object *into =
		    depth <= SCHEDULE_DEPTH_MAX ? stack[depth - 1] : NULL;
		struct schedule_property property = {0};
		bool child = strcmp(p, "{") == 0;

		if (*p == '\0')
			continue;
		if (strcmp(p, "}") == 0) {
			if (--depth == 0)
				return ST_OK;
			continue;
		}
		if (!child && name_end(p) == NULL) {
			say(s, DIAG_SC2_SYNTAX,
			    "the line is no property; it is skipped");
			continue;
		}
		if (child)
			say(s, DIAG_SC2_SYNTAX, "an object without its kind");
		else
			st = read_property(s, &property, &child, error);
		if (st < 0) {
			property_clear(&property);
			return st;
		}
		if (child && depth++ == SCHEDULE_DEPTH_MAX)
			say(s, DIAG_SC2_SYNTAX,
			    "objects are nested too deep; this one is skipped");
		if (into == NULL || !has_room(s, s->value->len)) {
			property_clear(&property);
			if (child && depth <= SCHEDULE_DEPTH_MAX)
				stack[depth - 1] = NULL;
		} else if (child && depth > SCHEDULE_DEPTH_MAX)
			property_clear(&property);
		else if (child) {
			stack[depth - 1] = object_new(
			    s, property.name ? property.name : g_strdup(""));
			g_ptr_array_add(into->objects, stack[depth - 1]);
		} else {
			property.text = g_strndup(s->value->str, s->value->len);
			g_array_append_val(into->properties, property);
		}
	}
	if (st == ST_END)
		say(s, DIAG_SC2_SYNTAX, "the file ends inside an object");
	return st < 0 ? st : ST_OK;
}

static enum status
read_heading(Schedule *s, GError **error)
{
	enum status st = next_line(s, error);

	s->begun = true;
	if (st < 0)
		return st;
	if (st == ST_END) {
		say(s, DIAG_SC2_SYNTAX, "the file is empty");
		return st;
	}
	if (strcmp(s->line->str, SCHEDULE_HEADING) == 0)
		return ST_OK;
	say(s, DIAG_SC2_SYNTAX, "the first line is not " SCHEDULE_HEADING);
	/* It may be the first object all the same. */
	s->again = name_end(skip_blanks(s->line->str)) != NULL;
	return ST_OK;
}

/* The line "Kind:", with s->object made; the brace comes next. */
static enum status
read_kind(Schedule *s, GError **error)
{
	const char *p = skip_blanks(s->line->str), *end = name_end(p);
	enum status st = ST_OK;

	if (strcmp(p, "{") == 0) {
		say(s, DIAG_SC2_SYNTAX, "an object without its kind");
		s->object = object_new(s, g_strdup(""));
		return ST_OK;
	}
	if (end == NULL) {
		say(s, DIAG_SC2_SYNTAX,
		    "the line is outside of any object; it is skipped");
		return ST_THERE;
	}
	s->object = object_new(s, g_strndup(p, (gsize)(end - p)));
	p = skip_blanks(end + 1);
	while (*p == '\0' && (st = next_line(s, error)) == ST_OK)
		p = skip_blanks(s->line->str);
	if (st < 0 || strcmp(p, "{") == 0)
		return st;
	say(s, DIAG_SC2_SYNTAX, "a kind is not followed by its brace");
	if (st == ST_OK && name_end(p) && s->line_number > s->object->line)
		s->again = true;
	return ST_THERE;
}

enum status
schedule_next(Schedule *s, const struct schedule_object **out, GError **error)
{
	enum status st = ST_OK;

	*out = NULL;
	if (!s->begun)
		st = read_heading(s, error);
	while (st == ST_OK) {
		g_clear_pointer(&s->object, object_free);
		s->bytes = s->parts = 0;
		s->full = false;
		st = next_line(s, error);
		if (st != ST_OK)
			break;
		if (*skip_blanks(s->line->str) == '\0')
			continue;
		st = read_kind(s, error);
		if (st == ST_THERE) {
			st = ST_OK;
			continue;
		}
		if (st == ST_OK)
			st = read_object(s, error);
		if (st == ST_OK) {
			*out = s->object;
			return ST_OK;
		}
	}
	return st;
}

const struct schedule_property *
schedule_get(const struct schedule_object *object, const char *name)
{
	for (guint i = 0; i < object->properties->len; i++) {
		const struct schedule_property *property = &g_array_index(
		    object->properties, struct schedule_property, i);

		if (g_ascii_strcasecmp(property->name, name) == 0)
			return property;
	}
	return NULL;
}

bool
schedule_bytes(const char *text, GByteArray *out)
{
	for (; *text; text++) {
		guint8 byte = (guint8)*text;

		if (strchr(" \t\n", *text))
			continue;
		if (*text == '/') {
			if (!g_ascii_isxdigit(text[1]) ||
			    !g_ascii_isxdigit(text[2]))
				return false;
			byte = (guint8)(g_ascii_xdigit_value(text[1]) << 4 |
					g_ascii_xdigit_value(text[2]));
			text += 2;
		} else if (!g_ascii_isalnum(*text))
			return false;
		g_byte_array_append(out, &byte, 1);
	}
	return true;
}
