#include "base/nearest.h"

#include <string.h>

#define NEAREST_MAX 64 /* bytes: no word of ours is longer */

guint
nearest_distance(const char *a, const char *b)
{
	guint row[NEAREST_MAX + 1];
	gsize n = MIN(strlen(b), NEAREST_MAX);

	for (guint j = 0; j <= n; j++)
		row[j] = j;
	for (guint i = 1; *a != '\0'; i++, a++) {
		guint diagonal = row[0];

		row[0] = i;
		for (guint j = 1; j <= n; j++) {
			guint above = row[j];
			guint cost =
			    g_ascii_tolower(*a) != g_ascii_tolower(b[j - 1]);

			row[j] =
			    MIN(MIN(above, row[j - 1]) + 1, diagonal + cost);
			diagonal = above;
		}
	}
	return row[n];
}

const char *
nearest_word(const char *word, const char *const *words)
{
	guint limit = MAX(2, (guint)strlen(word) / 3), best = limit + 1;
	const char *found = NULL;

	for (; *words != NULL; words++) {
		guint d = nearest_distance(word, *words);

		/* A beginning counts as near, however much is missing. */
		if (*word != '\0' && g_str_has_prefix(*words, word))
			d = MIN(d, limit);
		if (d < best) {
			best = d;
			found = *words;
		}
	}
	return found;
}
