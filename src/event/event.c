#include "event/event.h"

#include <jansson.h>
#include <string.h>

enum param_kind { PARAM_TEXT, PARAM_NUMBER, PARAM_PATH };

struct param {
	const char *name; /* a constant, or interned */
	enum param_kind kind;
	union {
		char *text;
		gint64 number;
		char **path;
	};
};

struct Event {
	const struct event_entry *entry;
	gint64 t_us;
	GArray *params;
};

const struct event_entry event_catalogue[] = {
#define EVENT(id, NAME, name, level, text, why, remedy)                        \
	{id, #name, EVENT_##level, text, why, remedy},
#include "event/events.def"
#undef EVENT
    {0, NULL, EVENT_DEBUG, NULL, NULL, NULL},
};

const struct event_entry *
event_entry_find(int id)
{
	guint lo = 0, hi = G_N_ELEMENTS(event_catalogue) - 1;

	while (lo < hi) {
		guint mid = (lo + hi) / 2;

		if (event_catalogue[mid].id == id)
			return &event_catalogue[mid];
		if (event_catalogue[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const char *
event_level_name(enum event_level level)
{
	switch (level) {
	case EVENT_DEBUG:
		return "debug";
	case EVENT_INFO:
		return "info";
	case EVENT_WARNING:
		return "warning";
	case EVENT_ERROR:
		return "error";
	}
	return "error";
}

static void
param_clear(void *data)
{
	struct param *param = data;

	switch (param->kind) {
	case PARAM_TEXT:
		g_free(param->text);
		break;
	case PARAM_NUMBER:
		break;
	case PARAM_PATH:
		g_strfreev(param->path);
		break;
	}
}

static Event *
new_of_entry(const struct event_entry *entry, gint64 t_us)
{
	Event *event = g_new(Event, 1);

	event->entry = entry;
	event->t_us = t_us;
	event->params =
	    g_array_sized_new(FALSE, FALSE, sizeof(struct param), 12);
	g_array_set_clear_func(event->params, param_clear);
	return event;
}

Event *
event_new(enum event_id id)
{
	const struct event_entry *entry = event_entry_find(id);

	g_assert(entry);
	return new_of_entry(entry, g_get_real_time());
}

void
event_free(Event *event)
{
	if (event == NULL)
		return;
	g_array_unref(event->params);
	g_free(event);
}

static struct param *
find(const Event *event, const char *name)
{
	for (guint i = 0; i < event->params->len; i++) {
		struct param *param =
		    &g_array_index(event->params, struct param, i);

		if (param->name == name || strcmp(param->name, name) == 0)
			return param;
	}
	return NULL;
}

/* Said twice, the later one holds. */
static struct param *
fresh(Event *event, const char *name, enum param_kind kind)
{
	struct param *param = find(event, name);

	if (param) {
		param_clear(param);
	} else {
		g_array_set_size(event->params, event->params->len + 1);
		param = &g_array_index(
		    event->params, struct param, event->params->len - 1);
		param->name = name;
	}
	param->kind = kind;
	return param;
}

void
event_text(Event *event, const char *name, const char *value)
{
	char *copy;

	if (value == NULL)
		return;
	copy = g_utf8_make_valid(value, -1); /* value may be the old one */
	fresh(event, name, PARAM_TEXT)->text = copy;
}

void
event_number(Event *event, const char *name, gint64 value)
{
	fresh(event, name, PARAM_NUMBER)->number = value;
}

void
event_path(Event *event, const char *name, char *const *path)
{
	guint n = g_strv_length((char **)path);
	char **copy = g_new(char *, n + 1);

	for (guint i = 0; i < n; i++)
		copy[i] = g_utf8_make_valid(path[i], -1);
	copy[n] = NULL;
	fresh(event, name, PARAM_PATH)->path = copy;
}

int
event_id_of(const Event *event)
{
	return event->entry->id;
}

enum event_level
event_level_of(const Event *event)
{
	return event->entry->level;
}

gint64
event_time_us(const Event *event)
{
	return event->t_us;
}

bool
event_has(const Event *event, const char *name)
{
	return find(event, name) != NULL;
}

const char *
event_get_text(const Event *event, const char *name)
{
	const struct param *param = find(event, name);

	return param && param->kind == PARAM_TEXT ? param->text : NULL;
}

gint64
event_get_number(const Event *event, const char *name)
{
	const struct param *param = find(event, name);

	return param && param->kind == PARAM_NUMBER ? param->number : 0;
}

char *const *
event_get_path(const Event *event, const char *name)
{
	const struct param *param = find(event, name);

	return param && param->kind == PARAM_PATH ? param->path : NULL;
}

static void
put_string(GString *out, const char *text)
{
	const char *run = text;

	g_string_append_c(out, '"');
	for (; *text; text++) {
		guint8 c = (guint8)*text;

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		g_string_append_len(out, run, text - run);
		run = text + 1;
		if (c == '"' || c == '\\') {
			g_string_append_c(out, '\\');
			g_string_append_c(out, (char)c);
		} else if (c == '\n') {
			g_string_append(out, "\\n");
		} else {
			g_string_append_printf(out, "\\u%04x", c);
		}
	}
	g_string_append_len(out, run, text - run);
	g_string_append_c(out, '"');
}

static void
put_time(GString *out, gint64 t_us)
{
	g_autoptr(GDateTime) t =
	    g_date_time_new_from_unix_utc(t_us / G_USEC_PER_SEC);

	if (t == NULL) /* beyond year 9999: nobody's clock */
		t = g_date_time_new_from_unix_utc(0);
	g_string_append_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
	    g_date_time_get_year(t), g_date_time_get_month(t),
	    g_date_time_get_day_of_month(t), g_date_time_get_hour(t),
	    g_date_time_get_minute(t), g_date_time_get_second(t),
	    (int)(t_us % G_USEC_PER_SEC / 1000));
}

void
event_to_json(const Event *event, GString *out)
{
	g_string_append(out, "{\"t\":\"");
	put_time(out, event->t_us);
	g_string_append_printf(out,
	    "\",\"id\":%d,\"name\":\"%s\",\"level\":\"%s\"", event->entry->id,
	    event->entry->name, event_level_name(event->entry->level));
	for (guint i = 0; i < event->params->len; i++) {
		const struct param *param =
		    &g_array_index(event->params, struct param, i);

		g_string_append_printf(out, ",\"%s\":", param->name);
		switch (param->kind) {
		case PARAM_TEXT:
			put_string(out, param->text);
			break;
		case PARAM_NUMBER:
			g_string_append_printf(
			    out, "%" G_GINT64_FORMAT, param->number);
			break;
		case PARAM_PATH:
			g_string_append_c(out, '[');
			for (guint j = 0; param->path[j]; j++) {
				if (j > 0)
					g_string_append_c(out, ',');
				put_string(out, param->path[j]);
			}
			g_string_append_c(out, ']');
			break;
		}
	}
	g_string_append(out, "}\n");
}

static bool
time_from_text(const char *text, gint64 *out)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GDateTime) t = g_date_time_new_from_iso8601(text, utc);

	if (t == NULL)
		return false;
	*out = g_date_time_to_unix(t) * G_USEC_PER_SEC +
	       g_date_time_get_microsecond(t);
	return true;
}

static bool
param_from_json(Event *event, const char *name, json_t *value)
{
	name = g_intern_string(name);
	if (json_is_string(value)) {
		event_text(event, name, json_string_value(value));
	} else if (json_is_integer(value)) {
		event_number(event, name, json_integer_value(value));
	} else if (json_is_array(value)) {
		g_autoptr(GStrvBuilder) path = g_strv_builder_new();
		g_auto(GStrv) names = NULL;
		json_t *item;
		gsize i;

		json_array_foreach(value, i, item)
		{
			if (!json_is_string(item))
				return false;
			g_strv_builder_add(path, json_string_value(item));
		}
		names = g_strv_builder_end(path);
		event_path(event, name, names);
	} else {
		return false;
	}
	return true;
}

/* What every line begins with, and new_of_entry() has. */
static bool
is_head(const char *name)
{
	static const char *const head[] = { "t", "id", "name", "level", NULL };

	return g_strv_contains(head, name);
}

Event *
event_from_json(const char *line)
{
	g_autoptr(Event) event = NULL;
	const struct event_entry *entry;
	json_t *root, *value;
	gint64 t_us;
	bool good = true;

	if (*line != '{')
		return NULL;
	root = json_loads(line, 0, NULL);
	entry = event_entry_find(
	    (int)json_integer_value(json_object_get(root, "id")));
	value = json_object_get(root, "t");
	if (entry && json_is_string(value) &&
	    time_from_text(json_string_value(value), &t_us)) {
		event = new_of_entry(entry, t_us);
		for (void *at = json_object_iter(root); at && good;
		     at = json_object_iter_next(root, at)) {
			const char *name = json_object_iter_key(at);

			if (!is_head(name))
				good = param_from_json(
				    event, name, json_object_iter_value(at));
		}
	}
	json_decref(root);
	return good ? g_steal_pointer(&event) : NULL;
}

static void
put_param(GString *out, const Event *event, const char *name)
{
	const struct param *param = find(event, name);

	if (param == NULL) {
		g_string_append_c(out, '-');
		return;
	}
	switch (param->kind) {
	case PARAM_TEXT:
		g_string_append(out, param->text);
		break;
	case PARAM_NUMBER:
		g_string_append_printf(out, "%" G_GINT64_FORMAT, param->number);
		break;
	case PARAM_PATH:
		for (guint i = 0; param->path[i]; i++)
			g_string_append_printf(
			    out, "%s%s", i > 0 ? "/" : "", param->path[i]);
		break;
	}
}

char *
event_to_text(const Event *event)
{
	GString *out = g_string_new(NULL);
	const char *text = event->entry->text;
	const char *open;

	while ((open = strchr(text, '{')) != NULL) {
		const char *close = strchr(open, '}');
		g_autofree char *name = NULL;

		g_assert(close); /* the catalogue is ours */
		g_string_append_len(out, text, open - text);
		name = g_strndup(open + 1, (gsize)(close - open - 1));
		put_param(out, event, name);
		text = close + 1;
	}
	g_string_append(out, text);
	for (gsize i = 0; i < out->len; i++)
		if (g_ascii_iscntrl(out->str[i]))
			out->str[i] = ' '; /* data must not move a cursor */
	return g_string_free(out, FALSE);
}
