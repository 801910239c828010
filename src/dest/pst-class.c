#include "dest/pst-class.h"

#include <string.h>

/* Items and the folders for them. */
static const struct {
	const char *item, *folder;
	enum pst_special special;
} kinds[] = {
    {"IPM.Contact", "IPF.Contact", PST_SPECIAL_CONTACTS},
    {"IPM.DistList", "IPF.Contact", PST_SPECIAL_CONTACTS},
    {"IPM.Appointment", "IPF.Appointment", PST_SPECIAL_CALENDAR},
    {"IPM.Task", "IPF.Task", PST_SPECIAL_TASKS},
};
#define KINDS G_N_ELEMENTS(kinds)

struct tally {
	const char *class; /* of kinds; NULL: there is mail, or a mixture */
	guint kind;
	bool first_level;
};

struct PstClasses {
	GHashTable *tallies; /* NID to struct tally * */
	GArray *order;	     /* NIDs as they came */
};

PstClasses *
pst_classes_new(void)
{
	PstClasses *c = g_new0(PstClasses, 1);

	c->tallies = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	c->order = g_array_new(FALSE, FALSE, sizeof(guint32));
	return c;
}

void
pst_classes_free(PstClasses *c)
{
	if (c == NULL)
		return;
	g_hash_table_unref(c->tallies);
	g_array_unref(c->order);
	g_free(c);
}

static guint
kind_of(const char *class)
{
	guint i = 0;

	while (i < KINDS && g_ascii_strcasecmp(class, kinds[i].item) != 0)
		i++;
	return i;
}

void
pst_classes_add(
    PstClasses *c, const struct folder *folder, guint32 nid, const char *class)
{
	struct tally *t =
	    g_hash_table_lookup(c->tallies, GUINT_TO_POINTER(nid));
	guint kind;

	/* Only of folders that nobody says anything about. */
	if (folder->use != FOLDER_PLAIN || folder->class)
		return;
	kind = kind_of(class);
	if (t == NULL) {
		t = g_new0(struct tally, 1);
		t->kind = kind;
		t->class = kind < KINDS ? kinds[kind].folder : NULL;
		t->first_level = folder->path[1] == NULL;
		g_hash_table_insert(c->tallies, GUINT_TO_POINTER(nid), t);
		g_array_append_val(c->order, nid);
	} else if (t->class &&
		   (kind == KINDS || strcmp(t->class, kinds[kind].folder))) {
		t->class = NULL;
	}
}

void
pst_classes_settle(PstClasses *c, PstWriter *writer)
{
	for (guint i = 0; i < c->order->len; i++) {
		guint32 nid = g_array_index(c->order, guint32, i);
		const struct tally *t =
		    g_hash_table_lookup(c->tallies, GUINT_TO_POINTER(nid));

		if (t->class == NULL)
			continue;
		pst_writer_folder_class(writer, nid, t->class);
		if (t->first_level)
			pst_writer_special(writer, kinds[t->kind].special, nid);
	}
	g_hash_table_remove_all(c->tallies);
	g_array_set_size(c->order, 0);
}
