#include "engine/boxes.h"

#include "model/address-message.h"

#include <string.h>

struct Boxes {
	Ledger *ledger;
	const struct ledger_share *share;
	const GPtrArray *map;
	GHashTable *by_folder; /* const struct folder *: struct box */
	GHashTable *by_place;  /* path text at the destination: struct box */
	GPtrArray *all;
	struct box *last; /* messages come folder by folder */
	struct box *contacts; /* of boxes_of_contacts() */
	struct folder contacts_folder; /* path of a folder, or of the model */
	struct known known;
	GError *error;
};

static void
box_free(void *data)
{
	struct box *box = data;

	g_strfreev(box->dst.path);
	g_free(box->dst.class);
	g_free(box->dst.identity);
	g_free(box->text);
	g_free(box->refusal);
	g_clear_pointer(&box->fresh, g_hash_table_unref);
	g_free(box->state);
	ledger_folder_clear(&box->row);
	g_free(box);
}

/* Does path begin with the names of head? How many names, 0: no. */
static guint
begins_with(char *const *path, char **head)
{
	guint n = g_strv_length(head);
	char *rest;
	bool same;

	if (n == 0 || g_strv_length((char **)path) < n)
		return 0;
	rest = path[n];
	((char **)path)[n] = NULL;
	same = folder_path_equal(path, head);
	((char **)path)[n] = rest;
	return same ? n : 0;
}

/* The longest row of the map that names the folder or one above it. */
static char **
map_path(const GPtrArray *map, char *const *path)
{
	g_auto(GStrv) copy = g_strdupv((char **)path);
	g_autoptr(GStrvBuilder) out = g_strv_builder_new();
	g_auto(GStrv) to = NULL;
	const char *best = NULL;
	guint depth = 0;

	for (guint i = 0; map && i + 1 < map->len; i += 2) {
		g_auto(GStrv) head = folder_path_from_text(map->pdata[i]);
		guint n = head ? begins_with(copy, head) : 0;

		if (n > depth) {
			depth = n;
			best = map->pdata[i + 1];
		}
	}
	if (best == NULL)
		return g_steal_pointer(&copy);
	to = folder_path_from_text(best);
	g_strv_builder_addv(out, (const char **)to);
	g_strv_builder_addv(out, (const char **)copy + depth);
	return g_strv_builder_end(out);
}

static void
set_destination(Boxes *boxes, struct box *box)
{
	const struct folder *src = box->src;
	g_autofree char *place = NULL;
	bool same;

	box->dst = *src;
	box->dst.path = map_path(boxes->map, src->path);
	box->dst.class = g_strdup(src->class);
	box->dst.identity = g_strdup(src->identity);
	same = folder_path_equal(src->path, box->dst.path);
	/* A name somebody chose is meant literally, not "your sent mail". */
	if (!same)
		box->dst.use =
		    g_ascii_strcasecmp(box->dst.path[0], "INBOX") == 0 &&
			    box->dst.path[1] == NULL
			? FOLDER_INBOX
			: FOLDER_PLAIN;
	box->dst.source_data = NULL;
	place = folder_path_to_text(box->dst.path);
	if (!g_hash_table_contains(boxes->by_place, place))
		g_hash_table_insert(
		    boxes->by_place, g_steal_pointer(&place), box);
}

static void
load(Boxes *boxes, struct box *box)
{
	const struct ledger_share *share = boxes->share;
	GError *error = NULL;

	if (boxes->ledger == NULL)
		return; /* only the names are wanted */
	if (ledger_folder_find(
		boxes->ledger, share->job, box->text, &box->row, &error) < 0) {
		if (boxes->error == NULL)
			boxes->error = error;
		else
			g_error_free(error);
	}
	if (box->row.run != share->run) {
		box->row.run = share->run;
		memset(&box->row.counts, 0, sizeof box->row.counts);
	}
	box->base = box->row.counts.moved + box->row.counts.there;
	box->lookup = box->row.settled > 0 || box->row.counts.failed > 0 ||
		      box->row.counts.filtered > 0;
	box->again =
	    box->row.open || (share->interrupted && !share->same_boot &&
				 box->row.done_pass != share->pass);
}

struct box *
boxes_of(Boxes *boxes, const struct folder *folder)
{
	struct box *box = boxes->last;

	if (box && (box->src == folder || &box->dst == folder))
		return box;
	box = g_hash_table_lookup(boxes->by_folder, folder);
	if (box == NULL) {
		box = g_new0(struct box, 1);
		box->src = folder;
		box->kind = RECORD_MESSAGE;
		box->text = folder_path_to_text(folder->path);
		set_destination(boxes, box);
		if (boxes->contacts && boxes->contacts->joined == NULL &&
		    folder_path_equal(
			box->dst.path, boxes->contacts->dst.path))
			box->joined = boxes->contacts;
		load(boxes, box);
		g_hash_table_insert(boxes->by_folder, (void *)folder, box);
		g_hash_table_insert(boxes->by_folder, &box->dst, box);
		g_ptr_array_add(boxes->all, box);
	}
	boxes->last = box;
	return box;
}

struct box *
boxes_of_kind(Boxes *boxes, enum record_kind kind)
{
	struct box *box;

	for (guint i = 0; i < boxes->all->len; i++) {
		box = boxes->all->pdata[i];
		if (box->src == NULL && box->kind == kind)
			return box;
	}
	box = g_new0(struct box, 1);
	box->kind = kind;
	/* No folder's text begins with a separator. */
	box->text = g_strconcat("/", record_kind_name(kind), NULL);
	load(boxes, box);
	g_ptr_array_add(boxes->all, box);
	return box;
}

struct box *
boxes_of_contacts(Boxes *boxes)
{
	struct box *box, *other = NULL;

	if (boxes->contacts)
		return boxes->contacts;
	boxes->contacts_folder = address_folder;
	for (guint i = 0; i < boxes->all->len && other == NULL; i++) {
		box = boxes->all->pdata[i];
		if (box->src && box->src->use == FOLDER_CONTACTS)
			other = box;
	}
	if (other)
		boxes->contacts_folder.path = other->src->path;
	box = g_new0(struct box, 1);
	box->src = &boxes->contacts_folder;
	box->kind = RECORD_MESSAGE;
	box->contacts = true;
	/* No folder's text: a folder of that name has its own row. */
	box->text = g_strconcat("/", record_kind_name(RECORD_ADDRESS), NULL);
	set_destination(boxes, box);
	for (guint i = 0; i < boxes->all->len && other == NULL; i++) {
		struct box *old = boxes->all->pdata[i];

		if (old->src && old->joined == NULL &&
		    folder_path_equal(old->dst.path, box->dst.path))
			other = old;
	}
	box->joined = other;
	load(boxes, box);
	/* Given by the first part only, which is asked for nothing else. */
	box->asked = box->mine = box->begun = true;
	g_hash_table_insert(boxes->by_folder, (void *)box->src, box);
	g_hash_table_insert(boxes->by_folder, &box->dst, box);
	g_ptr_array_add(boxes->all, box);
	return boxes->contacts = box;
}

const struct folder *
box_place(const struct box *box)
{
	return box->joined ? &box->joined->dst : &box->dst;
}

struct box *
boxes_by_id(Boxes *boxes, gint64 folder)
{
	if (boxes->last && boxes->last->row.id == folder)
		return boxes->last;
	for (guint i = 0; i < boxes->all->len; i++) {
		struct box *box = boxes->all->pdata[i];

		if (box->row.id == folder)
			return boxes->last = box;
	}
	return NULL;
}

const GPtrArray *
boxes_all(const Boxes *boxes)
{
	return boxes->all;
}

const struct box *
boxes_joined(Boxes *boxes, const struct box *box)
{
	g_autofree char *place = folder_path_to_text(box->dst.path);
	const struct box *other = g_hash_table_lookup(boxes->by_place, place);

	return other == box ? NULL : other;
}

bool
box_is_renewed(const struct box *box)
{
	return box->src && box->src->identity && box->row.identity &&
	       strcmp(box->src->identity, box->row.identity) != 0;
}

bool
boxes_claim(Boxes *boxes, struct box *box)
{
	GError *error = NULL;

	if (box->asked)
		return box->mine;
	box->asked = true;
	if (boxes->share->parts < 2) {
		box->mine = true;
	} else if (ledger_folder_claim(boxes->ledger, boxes->share, box->text,
		       &box->mine, &error) < 0) {
		g_clear_error(&boxes->error);
		boxes->error = error;
	}
	return box->mine;
}

enum status
boxes_error(Boxes *boxes, GError **error)
{
	if (boxes->error == NULL)
		return ST_OK;
	g_propagate_error(error, g_steal_pointer(&boxes->error));
	return ST_RUN;
}

static const char *
known_state(void *ctx, const struct folder *folder)
{
	const struct box *box = boxes_of(ctx, folder);

	return box_is_renewed(box) ? NULL : box->row.state;
}

static gint64
known_settled(void *ctx, const struct folder *folder)
{
	const struct box *box = boxes_of(ctx, folder);

	return box_is_renewed(box) ? 0 : box->row.settled;
}

static void
keep(Boxes *boxes, GError *error)
{
	if (error && boxes->error)
		g_error_free(error);
	else if (error)
		boxes->error = error;
}

static bool
known_is_settled(void *ctx, const struct folder *folder, const char *key)
{
	Boxes *boxes = ctx;
	const struct box *box = boxes_of(boxes, folder);
	struct ledger_item item;
	GError *error = NULL;
	bool yes;

	if (box_is_renewed(box) || box->row.settled == 0)
		return false;
	yes = ledger_item_get(boxes->ledger, box->row.id, key, &item, &error) ==
		  ST_OK &&
	      item.fate <= LEDGER_THERE;
	keep(boxes, error);
	return yes;
}

static void
known_settled_numbers(void *ctx, const struct folder *folder, GArray *out)
{
	Boxes *boxes = ctx;
	const struct box *box = boxes_of(boxes, folder);
	GError *error = NULL;

	if (box_is_renewed(box) || box->row.settled == 0)
		return;
	ledger_item_numbers(boxes->ledger, box->row.id, out, &error);
	keep(boxes, error);
}

static bool
known_claim(void *ctx, const struct folder *folder)
{
	return boxes_claim(ctx, boxes_of(ctx, folder));
}

static void
known_announce(void *ctx, const struct folder *folder)
{
	boxes_of(ctx, folder)->announced = true;
}

static const char *
known_dest_state(void *ctx, const struct folder *folder)
{
	return boxes_of(ctx, folder)->row.dest_state;
}

static void
known_set_dest_state(void *ctx, const struct folder *folder, const char *text)
{
	struct box *box = boxes_of(ctx, folder);

	if (g_strcmp0(box->row.dest_state, text) == 0)
		return;
	g_free(box->row.dest_state);
	box->row.dest_state = g_strdup(text);
	box->touched = true;
}

static enum status
known_hold(void *ctx, GError **error)
{
	Boxes *boxes = ctx;
	enum status st = ledger_begin(boxes->ledger, false, error);

	for (guint i = 0; st == ST_OK && i < boxes->all->len; i++) {
		struct box *box = boxes->all->pdata[i];

		if (box->touched)
			st = ledger_folder_save(boxes->ledger,
			    boxes->share->job, box->text, &box->row, error);
	}
	if (st == ST_OK)
		st = ledger_commit(boxes->ledger, error);
	ledger_rollback(boxes->ledger);
	return st;
}

static bool
known_dest_key_taken(
    void *ctx, const struct folder *folder, const char *dest_key)
{
	Boxes *boxes = ctx;
	const struct box *box = boxes_of(boxes, folder);
	GError *error = NULL;
	bool taken = box->fresh && g_hash_table_contains(box->fresh, dest_key);

	if (!taken && box->row.id)
		ledger_dest_key_taken(
		    boxes->ledger, box->row.id, dest_key, &taken, &error);
	keep(boxes, error);
	return taken;
}

Boxes *
boxes_new(
    Ledger *ledger, const struct ledger_share *share, const GPtrArray *map)
{
	Boxes *boxes = g_new0(Boxes, 1);

	boxes->ledger = ledger;
	boxes->share = share;
	boxes->map = map;
	boxes->by_folder = g_hash_table_new(NULL, NULL);
	boxes->by_place =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	boxes->all = g_ptr_array_new_with_free_func(box_free);
	boxes->known = (struct known){
	    .ctx = boxes,
	    .state = known_state,
	    .settled = known_settled,
	    .is_settled = known_is_settled,
	    .settled_numbers = known_settled_numbers,
	    .claim = known_claim,
	    .announce = known_announce,
	    .dest_state = known_dest_state,
	    .set_dest_state = known_set_dest_state,
	    .hold = known_hold,
	    .dest_key_taken = known_dest_key_taken,
	};
	return boxes;
}

void
boxes_free(Boxes *boxes)
{
	if (boxes == NULL)
		return;
	g_hash_table_unref(boxes->by_folder);
	g_hash_table_unref(boxes->by_place);
	g_ptr_array_unref(boxes->all);
	g_clear_error(&boxes->error);
	g_free(boxes);
}

const struct known *
boxes_known(Boxes *boxes)
{
	return &boxes->known;
}

static const char *
nothing_text(void *ctx, const struct folder *folder)
{
	return NULL;
}

static gint64
nothing_settled(void *ctx, const struct folder *folder)
{
	return 0;
}

static bool
nothing_has(void *ctx, const struct folder *folder, const char *key)
{
	return false;
}

static void
nothing_numbers(void *ctx, const struct folder *folder, GArray *out)
{
}

static bool
nothing_claim(void *ctx, const struct folder *folder)
{
	return true;
}

static void
nothing_set(void *ctx, const struct folder *folder, const char *text)
{
}

static enum status
nothing_hold(void *ctx, GError **error)
{
	return ST_OK;
}

const struct known boxes_nothing = {
    .state = nothing_text,
    .settled = nothing_settled,
    .is_settled = nothing_has,
    .settled_numbers = nothing_numbers,
    .claim = nothing_claim,
    .dest_state = nothing_text,
    .set_dest_state = nothing_set,
    .hold = nothing_hold,
    .dest_key_taken = nothing_has,
};
