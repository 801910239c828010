/*
 * The nearest known word, for "did you mean": commands, options, plan keys,
 * drivers, columns.
 */
#ifndef MAILMIG_BASE_NEAREST_H
#define MAILMIG_BASE_NEAREST_H

#include <glib.h>

/* Edit distance (Levenshtein) of two short words; beyond 64 bytes of b is not
 * looked at. */
guint nearest_distance(const char *a, const char *b);

/* The word of the NULL-ended list that is nearest to word, or NULL when none
 * is near enough to be meant (more than a third of its letters wrong). */
const char *nearest_word(const char *word, const char *const *words);

#endif
