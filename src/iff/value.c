#include "iff/value.h"

#include <string.h>

enum status
value_zone(GTimeZone **out, const char *text, GError **error)
{
	char *end;
	gint64 minutes;

	if (text == NULL || text[0] == '\0' || strcmp(text, "local") == 0) {
		*out = g_time_zone_new_local();
		return ST_OK;
	}
	minutes = g_ascii_strtoll(text, &end, 10);
	if (*end == '\0' && minutes > -1440 && minutes < 1440) {
		*out = g_time_zone_new_offset((gint32)(minutes * 60));
		return ST_OK;
	}
	*out = g_time_zone_new_identifier(text);
	if (*out == NULL)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "zone \"%s\" is neither minutes east of UTC nor a name "
		    "this system knows (such as Europe/Oslo)",
		    text);
	return ST_OK;
}

static int
digits(const char *text, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++)
		value = value * 10 + (text[i] - '0');
	return value;
}

bool
value_date(
    const char *text, GTimeZone *zone, const gint16 *minutes, struct stamp *out)
{
	struct stamp local;
	gint64 t;
	gint interval, offset;

	*out = (struct stamp){.known = false};
	if (text[0] == '\0')
		return true;
	if (strlen(text) != 14 || strspn(text, "0123456789") != 14)
		return false;
	if (!stamp_from_fields(digits(text, 4), digits(text + 4, 2),
		digits(text + 6, 2), digits(text + 8, 2), digits(text + 10, 2),
		digits(text + 12, 2), minutes ? *minutes : 0, &local))
		return false;
	if (minutes == NULL) {
		t = local.utc;
		/* An hour that the clock skips becomes the one behind it. */
		interval =
		    g_time_zone_adjust_time(zone, G_TIME_TYPE_STANDARD, &t);
		offset = g_time_zone_get_offset(zone, interval);
		local.utc = t - offset;
		local.zone = (gint16)(offset / 60);
	} else
		local.zone = *minutes;
	local.known = local.has_zone = true;
	*out = local;
	return true;
}

void
value_date_put(const struct stamp *stamp, GTimeZone *zone, bool keep_zone,
    char out[VALUE_DATE_LEN])
{
	struct stamp local = *stamp;
	int field[7];

	out[0] = '\0';
	if (!stamp->known)
		return;
	if (!keep_zone) {
		gint interval = g_time_zone_find_interval(
		    zone, G_TIME_TYPE_UNIVERSAL, stamp->utc);

		local.zone =
		    (gint16)(g_time_zone_get_offset(zone, interval) / 60);
		local.has_zone = true;
	}
	/* Years with four digits only; others are as good as unknown. */
	if (stamp->utc < G_GINT64_CONSTANT(-62135510400) ||
	    stamp->utc > G_GINT64_CONSTANT(253402214400))
		return;
	stamp_to_fields(&local, &field[0], &field[1], &field[2], &field[3],
	    &field[4], &field[5], &field[6]);
	g_snprintf(out, VALUE_DATE_LEN, "%04d%02d%02d%02d%02d%02d", field[0],
	    field[1], field[2], field[3], field[4], field[5]);
}

bool
value_bool(const char *text, bool fallback, bool *out)
{
	*out = fallback;
	if (text[0] == '\0')
		return true;
	if (g_ascii_strcasecmp(text, "TRUE") == 0)
		*out = true;
	else if (g_ascii_strcasecmp(text, "FALSE") == 0)
		*out = false;
	else
		return false;
	return true;
}

bool
value_priority(const char *text, enum priority *out)
{
	*out = PRIORITY_NORMAL;
	if (strcmp(text, "-1") == 0)
		*out = PRIORITY_LOW;
	else if (strcmp(text, "1") == 0)
		*out = PRIORITY_HIGH;
	else
		return text[0] == '\0' || strcmp(text, "0") == 0;
	return true;
}

bool
value_minutes(const char *text, gint16 *out)
{
	char *end;
	gint64 minutes = g_ascii_strtoll(text, &end, 10);

	*out = 0;
	if (end == text || *end || minutes <= -1440 || minutes >= 1440)
		return false;
	*out = (gint16)minutes;
	return true;
}

gsize
value_address_type(const char *text)
{
	gsize n = 0;

	while (n <= 8 && g_ascii_isalnum(text[n]))
		n++;
	return n >= 1 && n <= 8 && text[n] == ':' ? n : 0;
}

struct person *
value_person(const char *text)
{
	gsize len = strlen(text), type;
	const char *open;
	struct person *person;

	if (len > 0 && text[len - 1] == ']' &&
	    (open = strrchr(text, '[')) != NULL &&
	    (type = value_address_type(open + 1)) > 0) {
		const char *end = open;

		if (end > text && end[-1] == ' ')
			end--;
		person = g_new0(struct person, 1);
		person->name =
		    end > text ? g_strndup(text, (gsize)(end - text)) : NULL;
		person->type = g_strndup(open + 1, type);
		person->address = g_strndup(open + 1 + type + 1,
		    (gsize)(text + len - 1 - (open + 1 + type + 1)));
		/* Empty display name: the address is used (9.5). */
		if (person->name == NULL)
			person->name = g_strdup(person->address);
		return person;
	}
	return person_new(text, NULL, NULL);
}

void
value_person_put(GString *out, const struct person *person)
{
	const char *name = person->name ? person->name : "";

	/* A name that is only the address again says nothing. */
	if (person->address && g_strcmp0(name, person->address) == 0)
		name = "";
	for (const char *p = name; *p; p++)
		g_string_append_c(
		    out, (guint8)*p < 0x20 || *p == 0x7f ? ' ' : *p);
	if (person->address == NULL)
		return;
	g_string_append_printf(
	    out, "[%s:", person->type ? person->type : "SMTP");
	for (const char *p = person->address; *p; p++)
		g_string_append_c(
		    out, (guint8)*p < 0x20 || *p == 0x7f ? ' ' : *p);
	g_string_append_c(out, ']');
}

/* The five escapes of 15.2 point 2, in place. A NUL cannot be in a name. */
static void
unescape(char *text)
{
	static const struct {
		const char *code;
		char c;
	} escapes[] = {
	    {"5C", '\\'}, {"25", '%'}, {"0D", '\r'}, {"0A", '\n'}, {"00", '_'}};
	char *to = text;

	while (*text) {
		guint i;

		for (i = 0; *text == '%' && i < G_N_ELEMENTS(escapes); i++)
			if (g_ascii_strncasecmp(text + 1, escapes[i].code, 2) ==
			    0)
				break;
		if (*text == '%' && i < G_N_ELEMENTS(escapes)) {
			*to++ = escapes[i].c;
			text += 3;
		} else
			*to++ = *text++;
	}
	*to = '\0';
}

char **
value_folder(const char *text, bool ext1, bool is_public)
{
	g_autoptr(GPtrArray) path = g_ptr_array_new_with_free_func(g_free);

	while (*text) {
		gsize n = strcspn(text, "\\");

		if (n > FOLDER_NAME_MAX || path->len == FOLDER_DEPTH_MAX)
			return NULL;
		if (n > 0) {
			char *name = g_strndup(text, n);

			if (ext1)
				unescape(name);
			g_ptr_array_add(path, name);
		}
		text += n;
		text += *text == '\\';
	}
	if (path->len == 0)
		g_ptr_array_add(
		    path, g_strdup(is_public ? "Public Folders" : "INBOX"));
	else if (!is_public &&
		 g_ascii_strcasecmp(path->pdata[0], "Inbox") == 0) {
		g_free(path->pdata[0]);
		path->pdata[0] = g_strdup("INBOX");
	}
	g_ptr_array_add(path, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&path), FALSE);
}

static const struct {
	const char *name;
	enum folder_use use;
} special[] = {
    {"INBOX", FOLDER_INBOX},
    {"Deleted Items", FOLDER_TRASH},
    {"Outbox", FOLDER_OUTBOX},
    {"Sent Items", FOLDER_SENT},
};

enum folder_use
value_folder_use(char *const *path)
{
	if (path[1] == NULL)
		for (guint i = 0; i < G_N_ELEMENTS(special); i++)
			if (g_ascii_strcasecmp(path[0], special[i].name) == 0)
				return special[i].use;
	return FOLDER_PLAIN;
}

static bool
put_name(GString *out, const char *name, bool ext1)
{
	bool changed = false;

	if (name[0] == '\0') {
		g_string_append_c(out, '_');
		return true;
	}
	for (const char *p = name; *p; p++) {
		guint8 c = (guint8)*p;

		if (ext1 && (c == '\\' || c == '%' || c == '\r' || c == '\n'))
			g_string_append_printf(out, "%%%02X", c);
		else if (!ext1 && c == '\\') {
			g_string_append_c(out, '/');
			changed = true;
		} else if (!ext1 && (c < 0x20 || c == 0x7f)) {
			g_string_append_c(out, '_');
			changed = true;
		} else
			g_string_append_c(out, (char)c);
	}
	return changed;
}

guint
value_folder_put(GString *out, char *const *path, enum folder_use use,
    bool ext1, bool is_public)
{
	guint changed = 0;

	for (guint i = 0; path[i]; i++) {
		const char *name = path[i];

		if (i > 0)
			g_string_append_c(out, '\\');
		if (i == 0 && !is_public &&
		    g_ascii_strcasecmp(name, "INBOX") == 0)
			name = "Inbox";
		else if (i == 0 && path[1] == NULL && !ext1 && !is_public)
			for (guint j = 1; j < G_N_ELEMENTS(special); j++)
				if (special[j].use == use)
					name = special[j].name;
		changed += put_name(out, name, ext1);
	}
	return changed;
}
