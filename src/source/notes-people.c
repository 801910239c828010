/* Persons and groups: recipients, or entries of an address book (spec/notes.md
 * 9). */
#include "source/notes-private.h"

#include "mime/vcard.h"

#include <string.h>

enum { /* columns of address_field_names */
	FIELD_CLASS,
	FIELD_NAME,
	FIELD_ADDRESS,
};

/* Items, what they are as columns of a directory and of an address book (-1:
 * not there), and in a vCard. */
static const struct {
	const char *item, *attribute;
	int field;
	const char *card, *params;
} map[] = {
    {"FirstName", "Given-Name", 3, NULL, NULL},
    {"LastName", "Surname", 4, NULL, NULL},
    {"MiddleInitial", "Initials", -1, NULL, NULL},
    {"ShortName", "Mail-nickname", -1, "NICKNAME", NULL},
    {"CompanyName", "Company", 11, NULL, NULL},
    {"Department", "Department", 12, NULL, NULL},
    {"JobTitle", "Title", 10, "TITLE", NULL},
    {"Location", "Physical-Delivery-Office-Name", 13, NULL, NULL},
    {"OfficePhoneNumber", "Telephone-Office1", 15, "TEL", "TYPE=work,voice"},
    {"OfficeFAXPhoneNumber", "Telephone-Fax", 18, "TEL", "TYPE=work,fax"},
    {"PhoneNumber", "Telephone-Home", 19, "TEL", "TYPE=home,voice"},
    {"HomeFAXPhoneNumber", "Telephone-Home-Fax", -1, "TEL", "TYPE=home,fax"},
    {"CellPhoneNumber", "Telephone-Mobile", 21, "TEL", "TYPE=cell"},
    {"PhoneNumber_6", "Telephone-Pager", 22, "TEL", "TYPE=pager"},
    {"StreetAddress", "Street-Address", 5, NULL, NULL},
    {"City", "Locality-Name", 6, NULL, NULL},
    {"State", "State-Or-Province-Name", 7, NULL, NULL},
    {"Zip", "Postal-Code", 8, NULL, NULL},
    {"Country", "Text-Country", 9, NULL, NULL},
    {"EmployeeID", "Employee-Number", -1, NULL, NULL},
    /* As the original did (spec/wizard.md 6.5). */
    {"Assistant", "Assistant-Name", -1, NULL, NULL},
    {"Manager", "Extension-Attribute-13", -1, NULL, NULL},
    {"Children", "Extension-Attribute-2", -1, NULL, NULL},
    {"Spouse", "Extension-Attribute-1", -1, NULL, NULL},
    {"Comment", "Comment", 23, "NOTE", NULL},
};

bool
notes_is_access(const struct nsf_note *note)
{
	g_autofree char *type = nsf_note_text(note, "GroupType");

	/* 2: access lists only; 3: those who are denied it (spec/notes.md 9) */
	return type && (strcmp(type, "2") == 0 || strcmp(type, "3") == 0);
}

static char *
hold(struct notes_source *s, char *text)
{
	g_ptr_array_add(s->held, text);
	return text;
}

static char *
item_line(const struct nsf_note *note, const char *name)
{
	char *text = nsf_note_text(note, name);

	if (text == NULL)
		return NULL;
	g_strdelimit(text, "\r\n\t", ' ');
	g_strstrip(text);
	if (*text == '\0')
		g_clear_pointer(&text, g_free);
	return text;
}

char *
notes_internet_address(const struct nsf_note *note)
{
	static const char *const items[] = {"InternetAddress", "MailAddress"};

	for (guint i = 0; i < G_N_ELEMENTS(items); i++) {
		char *text = item_line(note, items[i]);

		if (text && strchr(text, '@') && !strchr(text, ' ') &&
		    !strchr(text, '/'))
			return text;
		g_free(text);
	}
	return NULL;
}

static void
put(struct notes_source *s, guint *n, const char *name, char **values)
{
	if (values[0] && *n < G_N_ELEMENTS(s->attributes))
		s->attributes[(*n)++] =
		    (struct attribute){(char *)name, values};
}

static void
put_one(struct notes_source *s, guint *n, const char *name, char *value)
{
	char **values;

	if (value == NULL || *value == '\0')
		return;
	values = (char **)(void *)hold(
	    s, (char *)g_new0(char *, 2)); /* freed as one block */
	values[0] = value;
	put(s, n, name, values);
}

static char **
new_values(struct notes_source *s, guint n)
{
	return (char **)(void *)hold(s, (char *)g_new0(char *, n + 1));
}

/* Those of a group, each once, by the names of their entries. */
static char **
member_names(struct notes_source *s, char **names)
{
	char **values = new_values(s, g_strv_length(names));
	guint n = 0;

	for (guint i = 0; names[i]; i++) {
		char *name = notes_names_entry(s->names, g_strstrip(names[i]));

		if (name == NULL)
			continue;
		if (g_strv_contains((const char *const *)values, name))
			g_free(name);
		else
			values[n++] = hold(s, name);
	}
	return values;
}

static void
recipient(struct notes_source *s, const struct nsf_note *note, bool group,
    const char *full, const char *shown, struct record *record)
{
	struct recipient *r = &record->recipient;
	char *smtp = notes_internet_address(note);
	g_autofree char *file = item_line(note, "MailFile");
	g_auto(GStrv) names =
	    nsf_note_texts(note, group ? "Members" : "FullName");
	guint n = 0, k = 0;
	char **values;

	if (smtp)
		hold(s, smtp);
	record->kind = RECORD_RECIPIENT;
	r->mode = MODE_CREATE;
	r->class = group  ? RECIPIENT_LIST
		   : file ? RECIPIENT_MAILBOX
			  : RECIPIENT_CONTACT;
	put_one(s, &n, "Common-Name",
	    hold(s, notes_names_common(s->names, full, group)));
	put_one(s, &n, "Display-Name", (char *)shown);
	for (guint i = 0; i < G_N_ELEMENTS(map) && !group; i++) {
		char *value = item_line(note, map[i].item);

		if (value)
			put_one(s, &n, map[i].attribute, hold(s, value));
	}
	if (group) {
		char *comment = item_line(note, "ListDescription");

		if (comment)
			put_one(s, &n, "Comment", hold(s, comment));
		put(s, &n, "Member", member_names(s, names));
	} else if (r->class == RECIPIENT_CONTACT) {
		put_one(s, &n, "Target-Address",
		    hold(s, smtp ? g_strdup_printf("SMTP:%s", smtp)
				 : g_strdup_printf("NOTES:%s", full)));
	}
	/* Mail with the old address finds the new mailbox, or list. */
	if (group) {
		values = new_values(s, 2);
		if (smtp)
			values[k++] = hold(s, g_strdup_printf("SMTP:%s", smtp));
		values[k] = hold(s, g_strdup_printf("NOTES:%s", full));
		put(s, &n, "Secondary-Proxy-Addresses", values);
	} else {
		values = new_values(s, g_strv_length(names) + 1);
		if (smtp && r->class == RECIPIENT_MAILBOX)
			values[k++] = hold(s, g_strdup_printf("SMTP:%s", smtp));
		for (guint i = 0; names[i]; i++)
			if (strchr(names[i], '=') ||
			    (i == 0 && r->class == RECIPIENT_MAILBOX))
				values[k++] = hold(
				    s, g_strdup_printf("NOTES:%s", names[i]));
		put(s, &n, "Secondary-Proxy-Addresses", values);
	}
	r->attributes = s->attributes;
	r->n_attributes = n;
}

static void
card_person(struct notes_source *s, const char *shown, const char *smtp)
{
	const char *name[] = {s->fields[4], s->fields[3], NULL, NULL, NULL};
	const char *org[] = {s->fields[11], s->fields[12]};
	const char *adr[] = {NULL, NULL, s->fields[5], s->fields[6],
	    s->fields[7], s->fields[8], s->fields[9]};
	bool any = false;

	vcard_write_list(s->card, "N", NULL, name, G_N_ELEMENTS(name), ';');
	if (*org[0] || *org[1])
		vcard_write_list(
		    s->card, "ORG", NULL, org, *org[1] ? 2 : 1, ';');
	for (guint i = 2; i < G_N_ELEMENTS(adr); i++)
		any = any || *adr[i];
	if (any)
		vcard_write_list(
		    s->card, "ADR", NULL, adr, G_N_ELEMENTS(adr), ';');
	if (smtp)
		vcard_write_text(s->card, "EMAIL", NULL, smtp);
}

static void
address(struct notes_source *s, const struct nsf_note *note, bool group,
    const char *full, const char *shown, struct record *record)
{
	struct address *a = &record->address;
	g_autofree char *smtp = notes_internet_address(note);
	g_auto(GStrv) members = nsf_note_texts(note, "Members");
	guint unresolved = 0;

	record->kind = RECORD_ADDRESS;
	for (guint i = 0; i < ADDRESS_FIELDS; i++)
		s->fields[i] = "";
	s->fields[FIELD_CLASS] = group ? "dl" : "entry";
	s->fields[FIELD_NAME] = shown;
	vcard_write_begin(s->card);
	if (group)
		vcard_write_raw(s->card, "KIND", NULL, "group");
	vcard_write_text(s->card, "FN", NULL, shown);
	vcard_write_text(s->card, "UID", NULL, note->unid);
	for (guint i = 0; i < G_N_ELEMENTS(map) && !group; i++) {
		char *value = item_line(note, map[i].item);

		if (value == NULL)
			continue;
		hold(s, value);
		if (map[i].field >= 0)
			s->fields[map[i].field] = value;
		if (map[i].card)
			vcard_write_text(
			    s->card, map[i].card, map[i].params, value);
	}
	if (!group) {
		card_person(s, shown, smtp);
		s->fields[FIELD_ADDRESS] =
		    hold(s, smtp ? g_strdup_printf("SMTP:%s", smtp)
				 : g_strdup_printf("NOTES:%s", full));
	} else {
		g_autoptr(GPtrArray) people =
		    g_ptr_array_new_with_free_func((GDestroyNotify)person_free);

		for (guint i = 0; members[i]; i++)
			nsf_person_add(people, members[i], NULL, &s->resolver,
			    &unresolved);
		for (guint i = 0; i < people->len; i++) {
			const struct person *p = people->pdata[i];
			struct person one = {.name = hold(s, g_strdup(p->name)),
			    .type = hold(s, g_strdup(p->type)),
			    .address = hold(s, g_strdup(p->address))};

			g_array_append_val(s->members, one);
			if (g_strcmp0(p->type, "SMTP") == 0) {
				g_autofree char *uri =
				    g_strconcat("mailto:", p->address, NULL);

				vcard_write_raw(s->card, "MEMBER", NULL, uri);
			} else {
				vcard_write_text(
				    s->card, "X-NOTES-MEMBER", NULL, p->name);
			}
		}
	}
	vcard_write_end(s->card);
	a->is_list = group;
	a->fields = s->fields;
	a->members = (const struct person *)(void *)s->members->data;
	a->n_members = s->members->len;
	a->vcard = blob_from_mem(s->card->str, s->card->len);
}

bool
notes_person(struct notes_source *s, const struct nsf_note *note,
    enum nsf_form form, struct record *record)
{
	bool group = form == NSF_FORM_GROUP;
	char *full, *shown;

	if (group && s->kind == NOTES_DIRECTORY && notes_is_access(note)) {
		s->counts.access++;
		return false;
	}
	g_ptr_array_set_size(s->held, 0);
	g_array_set_size(s->members, 0);
	g_string_truncate(s->card, 0);
	full = item_line(note, group ? "ListName" : "FullName");
	if (full == NULL) {
		g_autofree char *first = item_line(note, "FirstName");
		g_autofree char *last = item_line(note, "LastName");

		full = g_strdup_printf("%s%s%s", first ? first : "",
		    first && last ? " " : "", last ? last : "");
	}
	if (*full == '\0') {
		g_free(full);
		full = notes_internet_address(note);
	}
	if (full == NULL) {
		notes_say(s, REMARK_WARNING, "NOTES_NO_NAME", NULL, note->unid,
		    "note %X is a person or a group without a name: left out",
		    note->id);
		return false;
	}
	hold(s, full);
	shown = hold(s, nsf_name_abbreviate(full));
	record->key = s->key->str;
	if (s->kind == NOTES_DIRECTORY)
		recipient(s, note, group, full, shown, record);
	else
		address(s, note, group, full, shown, record);
	return true;
}
