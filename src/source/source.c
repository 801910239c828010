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

static void
finding_free(gpointer data)
{
	struct finding *finding = data;

	g_free(finding->where);
	g_free(finding);
}

void
source_check_add(struct source_check *check, const char *rule,
    const char *words, const char *where, bool broken)
{
	struct finding *finding = g_new0(struct finding, 1);

	if (check->findings == NULL)
		check->findings = g_ptr_array_new_with_free_func(finding_free);
	finding->rule = rule;
	finding->words = words;
	finding->where = g_strdup(where);
	finding->broken = broken;
	g_ptr_array_add(check->findings, finding);
}

void
source_check_clear(struct source_check *check)
{
	g_clear_pointer(&check->findings, g_ptr_array_unref);
	g_clear_pointer(&check->summary, g_free);
	check->broken = check->warnings = 0;
}

enum status
source_check(Source *source, const struct mailbox *mailbox,
    struct source_check *out, GError **error)
{
	const struct source_driver *driver = driver_of(source);

	if (driver->check == NULL)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "%s: there is no check of its files; pst: has one",
		    driver->name);
	return driver->check(source, mailbox, out, error);
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
