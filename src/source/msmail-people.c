/*
 * Microsoft Mail's people: the user list of the original wizard (spec/msmail.md
 * 1, wizard.md 6.2), and what IMPORT, GIMPORT and directory synchronisation
 * write (7).
 */
#include "source/msmail-private.h"

#include "base/csv.h"
#include "base/window.h"

#include <string.h>

#define LEAD_LINES 3 /* of a user list: two of the post office, the heading */

void
ms_person_free(void *p)
{
	struct ms_person *person = p;

	if (person == NULL)
		return;
	g_free(person->user);
	g_free(person->full_name);
	g_free(person->type);
	g_free(person->address);
	g_ptr_array_unref(person->names);
	g_ptr_array_unref(person->values);
	g_ptr_array_unref(person->members);
	g_free(person);
}

struct ms_person *
ms_person_add(struct msmail_source *s)
{
	struct ms_person *person = g_new0(struct ms_person, 1);

	person->names = g_ptr_array_new_with_free_func(g_free);
	person->values = g_ptr_array_new_with_free_func(g_free);
	person->members = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(s->people, person);
	return person;
}

static int
column(char *const *heading, const char *name)
{
	for (int i = 0; heading[i]; i++)
		if (g_ascii_strcasecmp(g_strstrip(heading[i]), name) == 0)
			return i;
	return -1;
}

/* One row; MigrateUser N leaves out. */
static void
user_row(
    struct msmail_source *s, char *const *heading, char *const *fields, guint n)
{
	int at_user = column(heading, "SFS_UserName");
	int at_full = column(heading, "SFS_FullName");
	int at_migrate = column(heading, "MigrateUser");
	struct ms_person *person;

	if ((int)n <= at_user || fields[at_user][0] == '\0')
		return;
	if (at_migrate >= 0 && (int)n > at_migrate &&
	    g_ascii_toupper(fields[at_migrate][0]) == 'N')
		return;
	person = ms_person_add(s);
	person->user = g_strstrip(g_strdup(fields[at_user]));
	person->is_local = true;
	if (at_full >= 0 && (int)n > at_full)
		person->full_name = g_strdup(fields[at_full]);
	person->type = g_strdup("MS");
	if (*s->opts.post_office)
		person->address =
		    g_strdup_printf("%s/%s", s->opts.post_office, person->user);
	for (guint i = 0; heading[i] && i < n; i++) {
		if ((int)i == at_user || (int)i == at_full ||
		    (int)i == at_migrate || fields[i][0] == '\0')
			continue;
		g_ptr_array_add(person->names, g_strdup(heading[i]));
		g_ptr_array_add(person->values, g_strdup(fields[i]));
	}
}

/* The two lines of the post office may have been removed (wizard.md 6.2). */
static enum status
read_users(struct msmail_source *s, const char *path, GError **error)
{
	g_autoptr(Csv) csv = NULL;
	g_auto(GStrv) heading = NULL;
	char *const *fields;
	guint n, lines = 0;
	enum status st = csv_open(&csv, path, error);

	while (st == ST_OK) {
		st = csv_next(csv, &fields, &n, error);
		if (st == ST_ITEM) {
			/* Those two lines need not be CSV. */
			if (heading)
				break;
			g_clear_error(error);
			st = ST_OK;
		} else if (st == ST_OK && heading == NULL) {
			g_auto(GStrv) copy = g_strdupv((char **)fields);

			if (column(copy, "SFS_UserName") >= 0)
				heading = g_steal_pointer(&copy);
		} else if (st == ST_OK)
			user_row(s, heading, fields, n);
		if (st == ST_OK && heading == NULL && ++lines >= LEAD_LINES)
			return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
			    "msmail: %s is no user list: no column "
			    "SFS_UserName in its first lines",
			    path);
	}
	if (st < 0) {
		g_prefix_error(error, "msmail: user list: ");
		return ST_RUN;
	}
	return ST_OK;
}

static bool
is_ours(const struct msmail_source *s, const char *type, const char *address)
{
	gsize n = strlen(s->opts.post_office);

	return strcmp(type, "MS") == 0 && n > 0 &&
	       g_ascii_strncasecmp(address, s->opts.post_office, n) == 0 &&
	       address[n] == '/';
}

/* A line of an address file; *group is the one that A lines belong to. */
static void
address_line(struct msmail_source *s, const char *text, bool grouped,
    struct ms_person **group)
{
	struct ms_person *person;
	struct msmail_row row;

	if (!msmail_row_parse(text, &row))
		return;
	if (row.action == 'A' && *group && grouped) {
		g_ptr_array_add((*group)->members,
		    g_strdup(row.alias ? row.alias : row.address));
		msmail_row_clear(&row);
		return;
	}
	if (row.action == 'D' || row.action == 'P') {
		msmail_row_clear(&row);
		return;
	}
	person = ms_person_add(s);
	person->is_group = row.action == 'G';
	person->full_name = g_steal_pointer(&row.alias);
	person->type = g_steal_pointer(&row.type);
	person->address = g_steal_pointer(&row.address);
	person->is_local =
	    !person->is_group && is_ours(s, person->type, person->address);
	person->user = g_strdup(msmail_address_user(person->address));
	if (person->is_group)
		*group = person;
	msmail_row_clear(&row);
}

static enum status
read_addresses(struct msmail_source *s, const char *path, GError **error)
{
	g_autoptr(Codepage) page = NULL;
	g_autoptr(Window) window = NULL;
	struct ms_person *group = NULL;
	struct window_line line;
	g_autofree char *data = NULL;
	struct blob blob;
	gint64 at = 0;
	gsize len;
	bool grouped = false;
	enum status st;

	if (!g_file_get_contents(path, &data, &len, error)) {
		g_prefix_error(error, "msmail: address file: ");
		return ST_RUN;
	}
	st = codepage_open(
	    &page, s->opts.codepage ? s->opts.codepage : 850, error);
	if (st < 0)
		return st;
	blob = blob_from_mem(data, len);
	window = window_new(&blob);
	while (window_line(window, at, &line, error) == ST_OK) {
		g_autoptr(GString) text = g_string_new(NULL);

		at = line.next;
		codepage_decode(
		    page, line.text, line.len, true, false, NULL, text);
		grouped = grouped || g_ascii_toupper(*text->str) == 'G';
		address_line(s, text->str, grouped, &group);
	}
	return ST_OK;
}

enum status
ms_people_find(struct msmail_source *s, GError **error)
{
	enum status st = ST_OK;

	if (*s->opts.users)
		st = read_users(s, s->opts.users, error);
	if (st == ST_OK && *s->opts.addresses)
		st = read_addresses(s, s->opts.addresses, error);
	return st;
}

/* Of proxies there are several, '%' between them (wizard.md 6.2). */
static void
put(struct msmail_source *s, const char *name, char *value)
{
	struct attribute attribute = {.name = (char *)name};

	if (value == NULL)
		return;
	if (g_ascii_strcasecmp(name, "Secondary-Proxy-Addresses") == 0 &&
	    strchr(value, '%')) {
		attribute.values = g_strsplit(value, "%", -1);
		g_free(value);
	} else {
		attribute.values = g_new0(char *, 2);
		attribute.values[0] = value;
	}
	for (char **p = attribute.values; *p; p++)
		g_ptr_array_add(s->kept, *p);
	g_ptr_array_add(s->kept, attribute.values);
	g_array_append_val(s->attributes, attribute);
}

static bool
has_column(const struct ms_person *person, const char *name)
{
	for (guint i = 0; i < person->names->len; i++)
		if (g_ascii_strcasecmp(person->names->pdata[i], name) == 0)
			return true;
	return false;
}

static enum recipient_class
class_of(const struct ms_person *person)
{
	if (person->is_group)
		return RECIPIENT_LIST;
	for (guint i = 0; i < person->names->len; i++)
		if (g_ascii_strcasecmp(person->names->pdata[i], "Obj-Class") ==
		    0) {
			const char *value = person->values->pdata[i];

			return g_ascii_strcasecmp(value, "dl") == 0
				   ? RECIPIENT_LIST
			       : g_ascii_strcasecmp(value, "remote") == 0
				   ? RECIPIENT_CONTACT
				   : RECIPIENT_MAILBOX;
		}
	return person->is_local ? RECIPIENT_MAILBOX : RECIPIENT_CONTACT;
}

static enum recipient_mode
mode_of(const struct ms_person *person)
{
	static const struct {
		const char *word;
		enum recipient_mode mode;
	} words[] = {{"create", MODE_CREATE}, {"modify", MODE_MODIFY},
	    {"delete", MODE_DELETE}};

	if (!has_column(person, "SFS_UserName") && !has_column(person, "Mode"))
		return person->names->len > 0 ? MODE_UPDATE : MODE_CREATE;
	for (guint i = 0; i < person->names->len; i++)
		for (guint j = 0; j < G_N_ELEMENTS(words); j++)
			if (g_ascii_strcasecmp(
				person->names->pdata[i], "Mode") == 0 &&
			    g_ascii_strcasecmp(
				person->values->pdata[i], words[j].word) == 0)
				return words[j].mode;
	return MODE_UPDATE; /* Q152321, Q186742: blank */
}

/* The account of Schedule+ itself is nobody's (E2K-help). */
static bool
is_schedule_account(
    struct msmail_source *s, const struct ms_person *person)
{
	if (!person->is_local || person->user == NULL ||
	    g_ascii_strcasecmp(person->user, "ADMINSCH") != 0)
		return false;
	ms_say(s, REMARK_INFO, "MS_ADMIN",
	    "ADMINSCH is the account of Schedule+ itself, and left out", -1,
	    NULL, NULL);
	return true;
}

/* The administrator's account is called like its post office: there is one in
 * each (E2K-help). NULL: it is somebody else. */
static const char *
admin_name(struct msmail_source *s, const struct ms_person *person)
{
	const char *slash = strchr(s->opts.post_office, '/');

	if (!person->is_local || person->user == NULL || slash == NULL ||
	    slash[1] == '\0' || g_ascii_strcasecmp(person->user, "ADMIN") != 0)
		return NULL;
	ms_say(s, REMARK_INFO, "MS_ADMIN",
	    "the account ADMIN is called like its post office", -1, NULL,
	    NULL);
	return slash + 1;
}

/* Columns that do not go on as they stand. */
static bool
is_ours_to_say(const char *column, const char *admin)
{
	return g_ascii_strcasecmp(column, "Obj-Class") == 0 ||
	       g_ascii_strcasecmp(column, "Mode") == 0 ||
	       (admin && (g_ascii_strcasecmp(column, "Common-Name") == 0 ||
			     g_ascii_strcasecmp(column, "Display-Name") == 0));
}

enum status
ms_people_next(struct msmail_source *s, struct record *record)
{
	const struct ms_person *person;
	struct recipient *r = &record->recipient;
	const char *admin;
	g_autofree char *stem = NULL;

	do {
		if (s->person >= s->people->len)
			return ST_END;
		person = s->people->pdata[s->person++];
	} while (is_schedule_account(s, person));
	g_ptr_array_set_size(s->kept, 0);
	g_array_set_size(s->attributes, 0);
	record->kind = RECORD_RECIPIENT;
	r->class = class_of(person);
	r->mode = mode_of(person);
	admin = admin_name(s, person);
	if (admin) {
		put(s, "Common-Name", g_strdup(admin));
		put(s, "Display-Name", g_strdup(admin));
	}
	if (!admin && !has_column(person, "Common-Name"))
		put(s, "Common-Name",
		    g_strdup(person->user ? person->user : person->full_name));
	if (!admin && !has_column(person, "Display-Name"))
		put(s, "Display-Name",
		    g_strdup(
			person->full_name ? person->full_name : person->user));
	/* Removing it from the list broke the second step (Q182665); here it
	 * is made anew. */
	if (r->class == RECIPIENT_MAILBOX && person->address &&
	    !has_column(person, "Secondary-Proxy-Addresses"))
		put(s, "Secondary-Proxy-Addresses",
		    g_strdup_printf("MIGRATE:MS:%s", person->address));
	if (r->class == RECIPIENT_CONTACT && person->address &&
	    !has_column(person, "Target-Address"))
		put(s, "Target-Address",
		    g_strdup_printf("%s:%s", person->type, person->address));
	for (guint i = 0; i < person->names->len; i++)
		if (!is_ours_to_say(person->names->pdata[i], admin))
			put(s, person->names->pdata[i],
			    g_strdup(person->values->pdata[i]));
	if (person->members->len > 0) {
		struct attribute attribute = {
		    (char *)"Member", g_new0(char *, person->members->len + 1)};

		memcpy(attribute.values, person->members->pdata,
		    person->members->len * sizeof(char *));
		g_ptr_array_add(s->kept, attribute.values);
		g_array_append_val(s->attributes, attribute);
	}
	r->attributes = (const struct attribute *)(void *)s->attributes->data;
	r->n_attributes = s->attributes->len;
	stem = g_strdup_printf("%s %s", person->is_group ? "group" : "user",
	    person->address ? person->address
	    : person->user  ? person->user
			    : person->full_name);
	record->key = filing_key(s->filing, stem);
	return ST_OK;
}
