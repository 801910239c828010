/*
 * A plan as its editors see it: what was given for a key, and taking it back.
 */
#include "engine/plan.h"

#include <string.h>

/* The index of a key in the table; G_MAXUINT: none. */
static guint
find_key(const char *group, const char *key)
{
	for (guint i = 0; plan_keys[i].group != NULL; i++)
		if (strcmp(plan_keys[i].group, group) == 0 &&
		    strcmp(plan_keys[i].key, key) == 0)
			return i;
	return G_MAXUINT;
}

static GPtrArray *
settings_of(const Plan *plan, const char *group)
{
	return strcmp(group, "from") == 0 ? plan->from.settings
	       : strcmp(group, "to") == 0 ? plan->to.settings
					  : NULL;
}

/* A number, date or switch as it is in a plan to which nobody said anything. */
static void
reset_field(Plan *plan, const struct plan_key *key)
{
	g_autoptr(Plan) fresh = plan_new();
	void *to = (char *)plan + key->field;
	const void *from = (const char *)fresh + key->field;

	switch (key->type) {
	case PLAN_TEXT:
	case PLAN_PATH:
		g_free(*(char **)to);
		*(char **)to = g_strdup(*(char *const *)from);
		return;
	case PLAN_URL:
		g_clear_pointer(&((struct plan_end *)to)->text, g_free);
		url_clear(&((struct plan_end *)to)->url);
		return;
	case PLAN_BOOL:
		*(bool *)to = *(const bool *)from;
		return;
	case PLAN_NUMBER:
		*(guint *)to = *(const guint *)from;
		return;
	case PLAN_SIZE:
	case PLAN_DATE:
		*(gint64 *)to = *(const gint64 *)from;
		return;
	case PLAN_LIST:
		g_ptr_array_set_size(*(GPtrArray **)to, 0);
		return;
	}
}

void
plan_unset(Plan *plan, const char *group, const char *key)
{
	GPtrArray *settings = settings_of(plan, group);
	guint at = find_key(group, key);

	if (at != G_MAXUINT) {
		reset_field(plan, &plan_keys[at]);
		g_clear_pointer(&plan->texts->pdata[at], g_free);
		return;
	}
	g_assert(settings);
	for (guint i = settings->len; i >= 3; i -= 3)
		if (strcmp(settings->pdata[i - 3], key) == 0)
			g_ptr_array_remove_range(settings, i - 3, 3);
}

char *
plan_get(const Plan *plan, const char *group, const char *key)
{
	const GPtrArray *settings = settings_of(plan, group);
	guint at = find_key(group, key);

	if (at != G_MAXUINT && plan_keys[at].type == PLAN_LIST) {
		const GPtrArray *list =
		    *(GPtrArray *const *)((const char *)plan +
					  plan_keys[at].field);
		GString *out = g_string_new(NULL);

		for (guint i = 0; i < list->len; i++)
			g_string_append_printf(out, "%s%s", i > 0 ? ";" : "",
			    (const char *)list->pdata[i]);
		return g_string_free(out, list->len == 0);
	}
	if (at != G_MAXUINT)
		return g_strdup(plan->texts->pdata[at]);
	for (guint i = settings ? settings->len : 0; i >= 3; i -= 3)
		if (strcmp(settings->pdata[i - 3], key) == 0)
			return g_strdup(settings->pdata[i - 2]);
	return NULL;
}
