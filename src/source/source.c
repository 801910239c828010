#include "source/source.h"

#include <string.h>

static const struct source_driver *
driver_of(const Source *source)
{
	return ((const struct source_base *)(const void *)source)->driver;
}

enum status
source_open(Source **out, const struct source_driver *driver,
    const struct end *end, GError **error)
{
	enum status st = driver->open(out, end, error);

	g_assert(st < 0 || driver_of(*out) == driver);
	return st;
}

enum status
source_list(Source *source, GPtrArray *out, GError **error)
{
	return driver_of(source)->list(source, out, error);
}

enum status
source_begin(Source *source, const struct job *job, GError **error)
{
	return driver_of(source)->begin(source, job, error);
}

enum status
source_next(Source *source, struct record *record, GError **error)
{
	return driver_of(source)->next(source, record, error);
}

gint64
source_expect(const Source *source)
{
	const struct source_driver *driver = driver_of(source);

	return driver->expect ? driver->expect(source) : -1;
}

void
source_end(Source *source)
{
	driver_of(source)->end(source);
}

void
source_close(Source *source)
{
	if (source)
		driver_of(source)->close(source);
}

const struct source_driver *
source_driver_find(const char *scheme)
{
	for (guint i = 0; source_drivers[i]; i++)
		if (g_strv_contains(source_drivers[i]->schemes, scheme))
			return source_drivers[i];
	return NULL;
}
