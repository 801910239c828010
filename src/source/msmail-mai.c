/*
 * The message file of a mailbag's record, when it is asked for: experimental,
 * and only what proves itself is given (spec/msmail.md 4).
 */
#include "source/msmail-private.h"

#include "msmail/mai.h"

#include <string.h>

/* MAI/MA2/00000062.MAI: the directory is the name's last digit (2). */
static bool
read_file(struct msmail_source *s, const char *file, char **data, gsize *len)
{
	char sub[] = "MA0";
	g_autofree char *name = g_strconcat(file, ".MAI", NULL);
	g_autofree char *top = ms_find(s->root, "MAI");
	g_autofree char *dir = NULL, *path = NULL;

	sub[2] = file[7];
	dir = top ? ms_find(top, sub) : NULL;
	path = dir ? ms_find(dir, name) : NULL;
	return path && g_file_get_contents(path, data, len, NULL);
}

static void
take_people(struct msmail_source *s, const GArray *from, GPtrArray *to)
{
	for (guint i = 0; i < from->len && to->len < ENVELOPE_PERSONS_MAX;
	     i++) {
		const struct mai_person *p =
		    &g_array_index(from, struct mai_person, i);
		g_autofree char *address =
		    ms_text(s, p->address, strlen(p->address));
		g_autofree char *name =
		    p->name ? ms_text(s, p->name, strlen(p->name)) : NULL;

		g_ptr_array_add(
		    to, person_new(name ? name : msmail_address_user(address),
			    "MS", address));
	}
}

enum status
ms_mai_give(struct msmail_source *s, const struct filing_box *box,
    const struct msmail_mbg *bag, struct record *record, GError **error)
{
	struct message *out = &record->message;
	struct part body = {.kind = PART_TEXT, .position = -1};
	g_autofree char *data = NULL;
	gsize len = 0;
	struct mai mai = {0};
	struct blob text;
	const char *why = "its file is not there";
	enum status st;

	if (read_file(s, bag->file, &data, &len)) {
		why = "its file is too large";
		if (len <= MAI_FILE_MAX)
			mai_read((const guint8 *)data, len, bag->subject, &mai,
			    &why);
	}
	if (why) {
		mai_clear(&mai);
		return fail(ST_ITEM, error, ERR_FORMAT, RETRY_NEVER,
		    "msmail: %s: message %s, \"%s\": %s; export the mailbag "
		    "with APPGET",
		    s->place->user, bag->file, s->envelope.subject, why);
	}
	g_ptr_array_set_size(s->envelope.from, 0);
	take_people(s, mai.from, s->envelope.from);
	take_people(s, mai.to, s->envelope.to);
	take_people(s, mai.cc, s->envelope.cc);
	/* All of it: the record shows 40 octets (Q174153). */
	g_free(s->envelope.subject);
	s->envelope.subject = ms_text(s, mai.subject->data, mai.subject->len);
	spool_reset(s->spool);
	text = blob_from_mem(mai.text->data, mai.text->len);
	st = ms_text_put(s, &text, error);
	if (st == ST_OK && mai.has_files) {
		static const char note[] =
		    "\r\n[mailmig: the attachments of this message cannot be "
		    "read]\r\n";

		ms_say(s, REMARK_WARNING, "MS_NO_FILES",
		    "how attachments are stored nobody has described; the "
		    "message says that they are missing",
		    -1, box, record->key);
		st = spool_write(s->spool, note, sizeof note - 1, error);
	}
	mai_clear(&mai);
	if (st < 0)
		return st;
	g_array_set_size(s->parts, 0);
	body.blob = spool_blob(s->spool);
	g_array_append_val(s->parts, body);
	out->flags = s->opts.unread ? 0 : MESSAGE_SEEN;
	out->has_body = true;
	out->size = -1;
	out->parts = (const struct part *)(void *)s->parts->data;
	out->n_parts = s->parts->len;
	return ST_OK;
}
