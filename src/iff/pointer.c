#include "iff/pointer.h"

#include <string.h>

bool
pointer_find(
    Set *set, struct field *field, Sec **sec, gint64 *offset, Diags *diags)
{
	const char *name;

	if (!field_pointer(field, &name, offset)) {
		g_autofree char *shown = g_strndup(field->raw, 60);
		const char *end;

		g_utf8_validate(shown, -1, &end);
		*(char *)end = '\0';
		diags_add(diags, DIAG_MSG_BAD_POINTER, NULL, -1,
		    "\"%s\" is not #NAME(OFFSET) with a permitted name", shown);
		return false;
	}
	*sec = set_sec(set, name, diags);
	if (*sec == NULL)
		return false;
	if (*offset < sec_size(*sec))
		return true;
	set_pointed(set, sec_name(*sec), false);
	diags_add(diags, DIAG_MSG_OFFSET_RANGE, sec_name(*sec), *offset,
	    "the offset is not inside the file, which has %" G_GINT64_FORMAT
	    " bytes",
	    sec_size(*sec));
	return false;
}

bool
pointer_other(Set *set, struct field *field, struct blob *out, Diags *diags)
{
	struct sec_section section;
	gint64 offset;
	bool ok;
	Sec *sec;

	*out = (struct blob){.len = 0};
	if (!pointer_find(set, field, &sec, &offset, diags))
		return false;
	ok = sec_read(sec, offset, false, &section, diags);
	set_pointed(set, sec_name(sec), section.encoding != NULL);
	if (!ok)
		return false;
	if (section.type != SEC_OTHER) {
		diags_add(diags, DIAG_SEC_CHAIN_BROKEN, sec_name(sec),
		    section.at, "the section of a field must be Other");
		return false;
	}
	*out = section.data;
	return true;
}

static void
drop_eols_in_list(GString *text)
{
	char *to = text->str;

	for (const char *p = text->str; *p;) {
		*to++ = *p;
		if (*p++ == ';')
			while (*p == '\r' || *p == '\n')
				p++;
	}
	g_string_truncate(text, (gsize)(to - text->str));
}

bool
pointer_resolve(
    Set *set, struct field *field, bool list, GString *store, Diags *diags)
{
	g_autofree guint8 *bytes = NULL;
	struct blob blob;
	gsize got = 0, bad;

	if (!field_is_pointer(field))
		return true;
	g_string_truncate(store, 0);
	if (!pointer_other(set, field, &blob, diags))
		goto empty;
	if (blob.len > OTHER_VALUE_MAX) {
		diags_add(diags, DIAG_SEC_BAD_LENGTH, NULL, -1,
		    "the value of a field has more than %d bytes",
		    OTHER_VALUE_MAX);
		goto empty;
	}
	bytes = g_malloc((gsize)blob.len + 1);
	if (blob.len > 0 &&
	    blob_read(&blob, 0, bytes, (gsize)blob.len, &got, NULL) < 0) {
		diags_add(diags, DIAG_SEC_TRUNCATED, NULL, -1,
		    "the value of a field cannot be read");
		goto empty;
	}
	/* One EOL at the end is stripped (10.6). */
	if (got >= 2 && memcmp(bytes + got - 2, "\r\n", 2) == 0)
		got -= 2;
	else if (got >= 1 && bytes[got - 1] == '\n')
		got--;
	bad = codepage_decode(
	    set_page(set), bytes, got, true, false, NULL, store);
	if (bad > 0)
		diags_add(diags, DIAG_SEC_UNDECODABLE, NULL, -1,
		    "%" G_GSIZE_FORMAT " bytes of a field value are not valid "
		    "in code page %u",
		    bad, codepage_number(set_page(set)));
	if (list)
		drop_eols_in_list(store);
	*field = (struct field){.raw = store->str,
	    .len = store->len,
	    /* A single value is unquoted only if it is one run. */
	    .quotes = store->str[0] == '"'};
	if (!list && field->quotes) {
		const char *end = store->str + store->len - 1;

		for (const char *p = store->str + 1; p < end; p++)
			if (*p == '"' && *++p != '"')
				field->quotes = false;
		if (store->len < 2 || *end != '"')
			field->quotes = false;
	} else if (list)
		field->quotes = strchr(store->str, '"') != NULL;
	return true;
empty:
	*field = (struct field){.raw = store->str};
	g_string_truncate(store, 0);
	return false;
}
