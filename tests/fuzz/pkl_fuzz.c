#include "iff/pkl.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

/* What was read is written and read again as the same. */
int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	g_autoptr(Diags) diags = diags_new(NULL, NULL);
	g_autoptr(GString) text = g_string_new(NULL);
	Pkl *pkl, *again;

	if (pkl_parse(&pkl, data, len, 0, 0, diags, NULL) < 0)
		return 0;
	pkl_format(pkl, text);
	if (pkl_parse(&again, text->str, text->len, 0, 0, diags, NULL) < 0)
		g_error("written packing list cannot be read");
	g_assert_cmpuint(pkl->codepage, ==, again->codepage);
	g_assert_cmpuint(pkl->files->len, >=, again->files->len);
	pkl_free(again);
	pkl_free(pkl);
	return 0;
}
