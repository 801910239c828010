/*
 * A strict checker of .pst files: is this a file that Outlook opens without
 * repairing it? It stands on the reader (pst/ndb-read.h and up) and on the
 * rules of spec/pst.md 17.2, and shares nothing with the writer.
 *
 * A rule that Outlook's own files keep applies to every file. Rules marked as
 * ours say more (what our writer promises, or what Outlook's repair tool was
 * seen to want of new files while old ones lack it); they apply when asked for.
 * ANSI and 4-KiB page files are checked for trees, blocks, references, lists,
 * heaps and contexts; the rules on map pages, required nodes, rows and sizes
 * were measured on Unicode files and do not apply to them.
 *
 * Memory: about 40 bytes a block and 32 a node.
 */
#ifndef MAILMIG_PST_CHECK_H
#define MAILMIG_PST_CHECK_H

#include "base/status.h"

#include <stdbool.h>

#define PST_FINDINGS_MAX 1000 /* kept with their text; all are counted */

/* What it means that a rule is broken. */
enum pst_grade {
	PST_BROKEN, /* Outlook's files keep it, and Outlook relies on it */
	PST_MENDED, /* Outlook's files keep it; Outlook counts anew by itself */
	PST_OURS,   /* what we write keeps it; others need not */
};

struct pst_finding {
	const char *rule;  /* its name: "block" */
	const char *words; /* the rule itself, one sentence */
	enum pst_grade grade;
	char *what; /* where and how it is broken */
};

typedef struct PstReport PstReport;
struct pst_report_counts {
	guint64 findings, broken; /* all; of grade PST_BROKEN */
	guint64 nodes, blocks, folders, messages, attachments, recipients;
};

/*
 * Check the file at path; ours: also what our own writer promises.
 * ST_OK with a report, also when rules are broken. ST_MAILBOX when the file
 * cannot be opened or is no such file. *out: pst_report_free().
 */
enum status pst_check(
    PstReport **out, const char *path, bool ours, GError **error);
void pst_report_free(PstReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstReport, pst_report_free)
/* At most PST_FINDINGS_MAX; until the report is freed. */
guint pst_report_n(const PstReport *report);
const struct pst_finding *pst_report_at(const PstReport *report, guint i);
void pst_report_counts(const PstReport *report, struct pst_report_counts *out);
/* How often the rule of that name is broken. */
guint64 pst_report_of_rule(const PstReport *report, const char *rule);

/* All rules, for documents and tests. False behind the last. */
bool pst_rule_at(
    guint i, const char **name, const char **words, enum pst_grade *grade);

#endif
