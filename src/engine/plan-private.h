/* What the files of the plan share among themselves. */
#ifndef MAILMIG_ENGINE_PLAN_PRIVATE_H
#define MAILMIG_ENGINE_PLAN_PRIVATE_H

#include "engine/plan.h"

/* As plan_set(); where ("FILE line 12: ", or "") begins the text of an error
 * that is found later. */
enum status plan_set_where(Plan *plan, const char *group, const char *key,
    const char *value, const char *where, GError **error);

/* The variable by which a parent hands the password of an end to its workers,
 * base/secret.c knows the prefix. */
const char *plan_handover_name(const Plan *plan, const struct plan_end *end);

/* text with every %m replaced by mailbox; g_free(). NULL in, NULL out. */
char *plan_expand(const char *text, const char *mailbox);
bool plan_has_mark(const char *text); /* is there a %m in it? */

#endif
