#include "dest/dest.h"

#include <string.h>

static const struct dest_driver *
driver_of(const Dest *dest)
{
	return ((const struct dest_base *)(const void *)dest)->driver;
}

enum status
dest_open(Dest **out, const struct dest_driver *driver, const struct end *end,
    GError **error)
{
	enum status st = driver->open(out, end, error);

	g_assert(st < 0 || driver_of(*out) == driver);
	return st;
}

enum status
dest_begin(Dest *dest, const struct job *job, GError **error)
{
	return driver_of(dest)->begin(dest, job, error);
}

enum status
dest_announce(Dest *dest, const struct folder *folder, GError **error)
{
	if (driver_of(dest)->announce == NULL)
		return ST_OK;
	return driver_of(dest)->announce(dest, folder, error);
}

enum status
dest_put(Dest *dest, const struct record *record, guint64 seq, GError **error)
{
	return driver_of(dest)->put(dest, record, seq, error);
}

enum status
dest_outcome(Dest *dest, struct outcome *out, GError **error)
{
	return driver_of(dest)->outcome(dest, out, error);
}

bool
dest_can_update(const Dest *dest)
{
	return driver_of(dest)->update != NULL;
}

enum status
dest_update(Dest *dest, const struct record *record, const char *dest_key,
    guint32 old_flags, const char *const *old_keywords, GError **error)
{
	return driver_of(dest)->update(
	    dest, record, dest_key, old_flags, old_keywords, error);
}

enum status
dest_commit(Dest *dest, bool last, GError **error)
{
	return driver_of(dest)->commit(dest, last, error);
}

char *const *
dest_map(Dest *dest, const struct folder *folder)
{
	if (driver_of(dest)->map == NULL)
		return folder->path;
	return driver_of(dest)->map(dest, folder);
}

void
dest_place_init(struct dest_place *place)
{
	*place = (struct dest_place){
	    .message_max = -1, .bytes_left = -1, .messages_left = -1};
}

void
dest_place_clear(struct dest_place *place)
{
	g_free(place->server);
	g_free(place->capabilities);
	dest_place_init(place);
}

enum status
dest_place(Dest *dest, struct dest_place *out, GError **error)
{
	if (driver_of(dest)->place == NULL)
		return ST_OK;
	return driver_of(dest)->place(dest, out, error);
}

void
dest_end(Dest *dest)
{
	driver_of(dest)->end(dest);
}

void
dest_close(Dest *dest)
{
	if (dest)
		driver_of(dest)->close(dest);
}

const struct dest_driver *
dest_driver_find(const char *scheme)
{
	for (guint i = 0; dest_drivers[i]; i++)
		if (g_strv_contains(dest_drivers[i]->schemes, scheme))
			return dest_drivers[i];
	return NULL;
}
