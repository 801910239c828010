/*
 * Charts of the report, as inline SVG: throughput over time, sizes of the
 * mailboxes, failures by cause. Colours come from the style of the page, so
 * that they fit light, dark and paper; what a chart says is also in its title
 * and description, for those who hear the page.
 */
#include "ui/report-private.h"

#include "base/human.h"

#define WIDTH		 400 /* units of the view box; the page scales them */
#define HEIGHT		 180
#define LEFT		 58 /* room for the labels of the axis */
#define BOTTOM		 24
#define TOP		 10
#define BUCKETS		 80 /* points of the curve, at most */
#define CAUSES		 8  /* bars; the rest is summed up */
#define NAME_MAX_COLUMNS 30

static void
begin_figure(GString *out, const char *title, const char *small)
{
	g_string_append(out, "<figure><figcaption>");
	ui_html_text(out, title);
	g_string_append(out, "<small>");
	ui_html_text(out, small);
	g_string_append(out, "</small></figcaption>\n");
}

static void
begin_svg(GString *out, int height, const char *title, const char *text)
{
	g_string_append_printf(out,
	    "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH,
	    height);
	ui_html_text(out, title);
	g_string_append(out, ": ");
	ui_html_text(out, text);
	g_string_append(out, "\">\n");
}

static void
label(GString *out, double x, double y, const char *anchor, const char *text)
{
	g_string_append_printf(out,
	    "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
	ui_html_text(out, text);
	g_string_append(out, "</text>\n");
}

/* 1, 2 or 5 times a power of ten that is not less. */
static double
round_up(double value)
{
	double power = 1;

	while (10 * power < value)
		power *= 10;
	if (value <= power)
		return power;
	if (value <= 2 * power)
		return 2 * power;
	return value <= 5 * power ? 5 * power : 10 * power;
}

/* The same for octets: 1, 2, 4 ... 512 of a unit. */
static double
round_up_bytes(double value)
{
	double power = 1;

	while (power < value)
		power *= 2;
	return power;
}

static char *
rate_text(double value, bool bytes)
{
	g_autofree char *text =
	    bytes ? human_bytes((gint64)value) : human_count((gint64)value);

	return g_strconcat(text, "/s", NULL);
}

static void
axis(GString *out, double top, bool bytes)
{
	for (int i = 0; i <= 2; i++) {
		double y = TOP + (HEIGHT - TOP - BOTTOM) * (2 - i) / 2.0;
		g_autofree char *text = rate_text(top * i / 2, bytes);

		g_string_append_printf(out,
		    "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" "
		    "y2=\"%.1f\"/>\n",
		    LEFT, WIDTH, y, y);
		label(out, LEFT - 6, y + 4, "end", text);
	}
}

static char *
clock_text(gint64 second, bool day)
{
	g_autoptr(GDateTime) t = g_date_time_new_from_unix_local(second);

	return t ? g_date_time_format(t, day ? "%m-%d %H:%M" : "%H:%M:%S")
		 : g_strdup("");
}

void
ui_chart_throughput(const UiReport *report, GString *out)
{
	const char *title = "Throughput over time";
	gint64 first = report->begun_us / G_USEC_PER_SEC;
	gint64 last = MAX(report->ended_us / G_USEC_PER_SEC, first);
	gint64 span = last - first + 1;
	gint64 n = MIN(span, BUCKETS);
	double width = (double)span / (double)n; /* seconds of a bucket */
	double values[BUCKETS] = {0}, peak = 0, top, step;
	bool bytes = report->total.bytes > 0;
	g_autofree char *words = NULL;
	g_autofree char *from = NULL;
	g_autofree char *to = NULL;
	g_autofree char *peak_text = NULL;

	for (guint i = 0; i < report->samples->len; i++) {
		const struct ui_sample *s =
		    &g_array_index(report->samples, struct ui_sample, i);
		gint64 at = (gint64)((double)(s->second - first) / width);

		values[CLAMP(at, 0, n - 1)] +=
		    (double)(bytes ? s->bytes : s->messages) / width;
	}
	for (gint64 i = 0; i < n; i++)
		peak = MAX(peak, values[i]);
	peak_text = rate_text(peak, bytes);
	words = g_strdup_printf(
	    "at most %s%s", peak_text, bytes ? "" : " (messages)");
	begin_figure(out, title, words);
	begin_svg(out, HEIGHT, title, words);
	top = bytes ? round_up_bytes(peak) : round_up(peak);
	axis(out, top, bytes);
	step = (double)(WIDTH - LEFT) / (double)MAX(n, 1);
	for (int curve = 0; curve < 2; curve++) {
		g_string_append_printf(
		    out, "<path class=\"%s\" d=\"", curve ? "curve" : "area");
		if (!curve)
			g_string_append_printf(
			    out, "M%d %d", LEFT, HEIGHT - BOTTOM);
		for (gint64 i = 0; i < n; i++) {
			double y = HEIGHT - BOTTOM -
				   values[i] / top * (HEIGHT - TOP - BOTTOM);

			/* A step for each bucket: nothing is made smooth that
			 * was not measured. */
			g_string_append_printf(out, "%c%.1f %.1fH%.1f",
			    curve && i == 0 ? 'M' : 'L',
			    LEFT + step * (double)i, y,
			    LEFT + step * (double)(i + 1));
		}
		if (!curve)
			g_string_append_printf(out, "V%dZ", HEIGHT - BOTTOM);
		g_string_append(out, "\"/>\n");
	}
	from = clock_text(first, span > 86400);
	to = clock_text(last, span > 86400);
	label(out, LEFT, HEIGHT - 6, "start", from);
	label(out, WIDTH, HEIGHT - 6, "end", to);
	g_string_append(out, "</svg></figure>\n");
}

/* Limits of the columns; the last has none. */
static const struct {
	gint64 below;
	const char *name;
} sizes[] = {
    {1, "0"},
    {G_GINT64_CONSTANT(1) << 20, "<1 M"},
    {G_GINT64_CONSTANT(10) << 20, "1–10 M"},
    {G_GINT64_CONSTANT(100) << 20, "10–100 M"},
    {G_GINT64_CONSTANT(1) << 30, "0.1–1 G"},
    {G_GINT64_CONSTANT(10) << 30, "1–10 G"},
    {G_MAXINT64, "more"},
};

void
ui_chart_sizes(const UiReport *report, GString *out)
{
	const char *title = "Sizes of the mailboxes";
	gint64 counts[G_N_ELEMENTS(sizes)] = {0}, peak = 1;
	const struct ui_mailbox *largest = NULL;
	g_autofree char *words = NULL;
	double step = (double)(WIDTH - 10) / G_N_ELEMENTS(sizes);

	for (guint i = 0; i < report->mailboxes->len; i++) {
		const struct ui_mailbox *m = report->mailboxes->pdata[i];
		guint at = 0;

		if (ui_mailbox_is_nobody(m))
			continue;
		while (m->books.bytes >= sizes[at].below)
			at++;
		counts[at]++;
		peak = MAX(peak, counts[at]);
		if (largest == NULL || m->books.bytes > largest->books.bytes)
			largest = m;
	}
	if (largest != NULL && largest->books.bytes > 0) {
		g_autofree char *bytes = human_bytes(largest->books.bytes);
		g_autofree char *name = human_cut(largest->name, 30);

		words = g_strdup_printf("moved in this run; the largest is %s "
					"with %s",
		    name, bytes);
	} else {
		words = g_strdup("nothing was moved in this run");
	}
	begin_figure(out, title, words);
	begin_svg(out, HEIGHT, title, words);
	g_string_append_printf(out,
	    "<line class=\"grid\" x1=\"0\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>\n",
	    WIDTH, HEIGHT - BOTTOM, HEIGHT - BOTTOM);
	for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
		double full = HEIGHT - BOTTOM - TOP - 14;
		double h = full * (double)counts[i] / (double)peak;
		double x = 5 + step * i;
		g_autofree char *count = human_count(counts[i]);

		if (counts[i] > 0) {
			h = MAX(h, 2);
			g_string_append_printf(out,
			    "<rect class=\"col\" x=\"%.1f\" y=\"%.1f\" "
			    "width=\"%.1f\" height=\"%.1f\" rx=\"3\"/>\n",
			    x + 7, HEIGHT - BOTTOM - h, step - 14, h);
			label(out, x + step / 2, HEIGHT - BOTTOM - h - 5,
			    "middle", count);
		}
		label(out, x + step / 2, HEIGHT - 6, "middle", sizes[i].name);
	}
	g_string_append(out, "</svg></figure>\n");
}

static gint
by_count(gconstpointer a, gconstpointer b)
{
	const struct ui_cause *x = *(struct ui_cause *const *)a;
	const struct ui_cause *y = *(struct ui_cause *const *)b;

	if (x->items->len != y->items->len)
		return x->items->len < y->items->len ? 1 : -1;
	return x->event - y->event;
}

static void
cause_free(void *data)
{
	struct ui_cause *cause = data;

	g_array_unref(cause->items);
	g_free(cause);
}

static bool
is_of(const struct ui_cause *cause, const struct ui_item *item)
{
	return cause->event == item->event &&
	       g_strcmp0(cause->kind, item->kind) == 0;
}

GPtrArray *
ui_causes(const UiReport *report)
{
	GPtrArray *causes = g_ptr_array_new_with_free_func(cause_free);

	for (guint i = 0; i < report->items->len; i++) {
		const struct ui_item *item = report->items->pdata[i];
		struct ui_cause *cause = NULL;

		for (guint j = 0; cause == NULL && j < causes->len; j++)
			if (is_of(causes->pdata[j], item))
				cause = causes->pdata[j];
		if (cause == NULL) {
			cause = g_new0(struct ui_cause, 1);
			cause->event = item->event;
			cause->kind = item->kind;
			cause->items = g_array_new(FALSE, FALSE, sizeof(guint));
			g_ptr_array_add(causes, cause);
		}
		g_array_append_val(cause->items, i);
	}
	g_ptr_array_sort(causes, by_count);
	return causes;
}

char *
ui_cause_name(const struct ui_cause *cause)
{
	const struct event_entry *entry = event_entry_find(cause->event);
	g_auto(GStrv) words = g_strsplit(entry->name, "_", -1);
	g_autofree char *name = g_strjoinv(" ", words);

	return g_strconcat(name, cause->kind ? ": " : "",
	    cause->kind ? cause->kind : "", NULL);
}

void
ui_chart_causes(const UiReport *report, GString *out)
{
	const char *title = "Failures by cause";
	g_autoptr(GPtrArray) causes = ui_causes(report);
	guint n = MIN(causes->len, CAUSES);
	g_autofree char *words = NULL;
	guint most = 1;

	if (n == 0) {
		begin_figure(out, title, "nothing failed");
		begin_svg(out, HEIGHT, title, "nothing failed");
		g_string_append_printf(out,
		    "<circle cx=\"%d\" cy=\"%d\" r=\"34\" class=\"area\"/>"
		    "<path class=\"curve\" d=\"M%d %dl10 11 22 -24\"/>\n"
		    "</svg></figure>\n",
		    WIDTH / 2, HEIGHT / 2, WIDTH / 2 - 16, HEIGHT / 2 + 2);
		return;
	}
	words = g_strdup_printf("%u cause%s, the most frequent first",
	    causes->len, causes->len == 1 ? "" : "s");
	begin_figure(out, title, words);
	begin_svg(out, MAX(HEIGHT, (int)n * 24 + 10), title, words);
	most = ((struct ui_cause *)causes->pdata[0])->items->len;
	for (guint i = 0; i < n; i++) {
		const struct ui_cause *cause = causes->pdata[i];
		g_autofree char *name = ui_cause_name(cause);
		g_autofree char *cut = human_cut(name, NAME_MAX_COLUMNS);
		g_autofree char *count = human_count(cause->items->len);
		double w = 150.0 * cause->items->len / most;
		double y = 6 + 24.0 * i;

		g_string_append_printf(out,
		    "<rect class=\"cause\" x=\"190\" y=\"%.1f\" "
		    "width=\"%.1f\" height=\"15\" rx=\"3\"/>\n",
		    y, MAX(w, 3));
		label(out, 183, y + 12, "end", cut);
		label(out, 196 + MAX(w, 3), y + 12, "start", count);
	}
	g_string_append(out, "</svg></figure>\n");
}
