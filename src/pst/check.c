#include "pst/check.h"

#include "pst/check-private.h"

static const struct {
	const char *name, *words;
	enum pst_grade grade;
} rules[] = {
#define B			  PST_BROKEN
#define M			  PST_MENDED
#define O			  PST_OURS
#define X(id, name, grade, words) [id] = {name, words, grade},
    PST_RULES(X)
#undef X
#undef B
#undef M
#undef O
};

struct PstReport {
	GPtrArray *findings; /* of struct pst_finding */
	guint64 of_rule[RULE_N];
	struct pst_report_counts counts;
};

static void
finding_free(gpointer data)
{
	struct pst_finding *finding = data;

	g_free(finding->what);
	g_free(finding);
}

void
pst_check_say(struct check *c, enum rule rule, const char *format, ...)
{
	PstReport *report = c->report;
	struct pst_finding *finding;
	va_list ap;

	if (rules[rule].grade == PST_OURS && !c->ours)
		return;
	report->of_rule[rule]++;
	report->counts.findings++;
	report->counts.broken += rules[rule].grade == PST_BROKEN;
	if (report->findings->len >= PST_FINDINGS_MAX)
		return;
	finding = g_new0(struct pst_finding, 1);
	finding->rule = rules[rule].name;
	finding->words = rules[rule].words;
	finding->grade = rules[rule].grade;
	va_start(ap, format);
	finding->what = g_strdup_vprintf(format, ap);
	va_end(ap);
	g_ptr_array_add(report->findings, finding);
}

struct check_block *
pst_check_block(struct check *c, guint64 bid)
{
	guint low = 0, high = c->blocks->len;

	bid &= ~1ull;
	while (low < high) {
		guint mid = (low + high) / 2;
		struct check_block *b =
		    &g_array_index(c->blocks, struct check_block, mid);

		if (b->bid == bid)
			return b;
		if (b->bid < bid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const struct pst_node *
pst_check_node(struct check *c, guint32 nid)
{
	guint low = 0, high = c->nodes->len;

	while (low < high) {
		guint mid = (low + high) / 2;
		const struct pst_node *n =
		    &g_array_index(c->nodes, struct pst_node, mid);

		if (n->nid == nid)
			return n;
		if (n->nid < nid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

enum status
pst_check(PstReport **out, const char *path, bool ours, GError **error)
{
	g_autoptr(PstReport) report = g_new0(PstReport, 1);
	g_autoptr(Pst) pst = NULL;
	struct check c = {.ours = ours, .report = report};
	enum status st;

	*out = NULL;
	report->findings = g_ptr_array_new_with_free_func(finding_free);
	st = pst_open(&pst, path, error);
	if (st < 0)
		return st;
	c.pst = pst;
	c.ndb = pst_ndb(pst);
	pst_ndb_no_search(c.ndb);
	c.header = pst_ndb_header(c.ndb);
	c.layout = pst_ndb_layout(c.ndb);
	c.unicode = c.header->variant == PST_UNICODE;
	c.counts = &report->counts;
	c.blocks = g_array_new(FALSE, FALSE, sizeof(struct check_block));
	c.nodes = g_array_new(FALSE, FALSE, sizeof(struct pst_node));
	c.extents = g_array_new(FALSE, FALSE, sizeof(struct check_extent));
	c.versions = g_array_new(FALSE, FALSE, sizeof(guint32));
	c.item_ids = g_array_new(FALSE, FALSE, 20);
	pst_check_trees(&c);
	report->counts.nodes = c.nodes->len;
	report->counts.blocks = c.blocks->len;
	if (c.unicode)
		pst_check_space(&c);
	g_array_set_size(c.extents, 0);
	pst_check_references(&c);
	pst_check_contexts(&c);
	if (c.unicode)
		pst_check_mail(&c);
	g_array_unref(c.blocks);
	g_array_unref(c.nodes);
	g_array_unref(c.extents);
	g_array_unref(c.versions);
	g_array_unref(c.item_ids);
	*out = g_steal_pointer(&report);
	return ST_OK;
}

void
pst_report_free(PstReport *report)
{
	if (report == NULL)
		return;
	g_ptr_array_unref(report->findings);
	g_free(report);
}

guint
pst_report_n(const PstReport *report)
{
	return report->findings->len;
}

const struct pst_finding *
pst_report_at(const PstReport *report, guint i)
{
	return g_ptr_array_index(report->findings, i);
}

void
pst_report_counts(const PstReport *report, struct pst_report_counts *out)
{
	*out = report->counts;
}

guint64
pst_report_of_rule(const PstReport *report, const char *rule)
{
	for (guint i = 0; i < RULE_N; i++)
		if (g_str_equal(rules[i].name, rule))
			return report->of_rule[i];
	g_assert_not_reached();
}

bool
pst_rule_at(
    guint i, const char **name, const char **words, enum pst_grade *grade)
{
	if (i >= RULE_N)
		return false;
	*name = rules[i].name;
	*words = rules[i].words;
	*grade = rules[i].grade;
	return true;
}
