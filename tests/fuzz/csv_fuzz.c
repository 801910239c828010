#include "base/csv.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	g_autoptr(Csv) csv = NULL;
	char *const *fields;
	enum status st;
	guint n;

	if (csv_open_mem(&csv, "fuzz", data, len, NULL) < 0)
		return 0;
	while ((st = csv_next(csv, &fields, &n, NULL)) != ST_END)
		g_assert(st != ST_OK || fields[n] == NULL);
	return 0;
}
