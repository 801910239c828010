#include "engine/pump.h"

#include "engine/pump-private.h"

#include <errno.h>
#include <string.h>

/* One turn. ST_END: the source is dry. */
static enum status
turn(struct pump *pump, const char **side, GError **error)
{
	struct record record;
	g_autoptr(GError) why = NULL;
	enum status st;

	memset(&record, 0, sizeof record);
	record.key = "";
	*side = "source";
	report_hold(pump->report);
	st = source_next(pump->source, &record, &why);
	if (st == ST_ITEM) {
		*side = "destination";
		st = pump_unreadable(pump, &record, why, error);
	} else if (st < 0) {
		report_release(pump->report);
		g_propagate_error(error, g_steal_pointer(&why));
		return st;
	} else {
		report_release(pump->report);
		if (st == ST_END)
			return st;
		*side = "destination";
		st = pump_take(pump, &record, error);
	}
	if (st == ST_OK)
		st = pump_drain(pump, error);
	if (st == ST_OK)
		st = boxes_error(pump->boxes, error);
	if (st == ST_OK &&
	    (pump->bytes >= PUMP_BATCH_BYTES ||
		pump->messages >= PUMP_BATCH_MESSAGES ||
		g_get_monotonic_time() - pump->committed_us >= PUMP_BATCH_US))
		st = pump_commit(pump, false, error);
	else if (st == ST_OK && batch_size(pump->batch) >= PUMP_BATCH_MESSAGES)
		st = batch_enter(pump->batch, error);
	return st;
}

/* For progress. Of several parts, the first one tells for all. */
static void
tell_size(struct pump *pump)
{
	gint64 messages = source_expect(pump->source);
	Event *event;

	if (messages < 0 || pump->p->share->part > 0)
		return;
	event = event_new(EVENT_JOB_SIZED);
	event_number(event, "messages", messages);
	event_number(event, "parts", pump->p->share->parts);
	feed_tell(pump->p->feed, event);
}

/* Whoever fills them, and whether something is new in them or not: the
 * destination's names for all folders of the mailbox, in one order, so that the
 * parts and the passes agree. A folder that an earlier pass made keeps its
 * name, so these come first. */
static enum status
announce(struct pump *pump, bool made, GError **error)
{
	const GPtrArray *all = boxes_all(pump->boxes);
	enum status st = ST_OK;

	for (guint i = 0; st == ST_OK && i < all->len; i++) {
		const struct box *box = all->pdata[i];

		if (box->announced && box->row.made == made &&
		    filter_folder(&pump->p->plan->filter, box->src) ==
			FILTER_PASS)
			st = dest_announce(pump->dest, &box->dst, error);
	}
	return st;
}

/* What every mailbox of a server will meet ends the run. But a server that the
 * accounts file names for this mailbox says nothing of the others. */
static enum status
open_reach(enum status st, const struct url *url, const struct url *plans)
{
	bool own = g_strcmp0(url->host, plans->host) != 0 ||
		   url->port != plans->port;

	return st == ST_RUN && own ? ST_MAILBOX : st;
}

static enum status
open_ends(struct pump *pump, const char **side, GError **error)
{
	const struct pump_params *p = pump->p;
	const struct ends ends = {.source_driver = p->source_driver,
	    .dest_driver = p->dest_driver,
	    .from = &p->route->from,
	    .to = &p->route->to};
	bool dest_failed;
	enum status st;

	st = ends_open(&ends, &pump->source, &pump->dest, &dest_failed, error);
	*side = dest_failed ? "destination" : "source";
	if (st < 0 && dest_failed)
		return open_reach(st, &p->route->to_url, &p->plan->to.url);
	if (st < 0)
		return open_reach(
		    st, &p->route->from_url, &p->plan->from.url);
	st = source_begin(pump->source, &pump->job, error);
	if (st < 0)
		return st;
	pump->source_begun = true;
	tell_size(pump);
	*side = "destination";
	st = dest_begin(pump->dest, &pump->job, error);
	pump->dest_begun = st == ST_OK;
	if (st == ST_OK)
		st = announce(pump, true, error);
	if (st == ST_OK)
		st = announce(pump, false, error);
	return st;
}

/* Once for all public folders of the job. */
static void
tell_no_rights(struct pump *pump)
{
	const struct job *job = &pump->job;
	struct remark remark = {.level = REMARK_WARNING,
	    .code = "PUBLIC_RIGHTS",
	    .text = "public folders: this destination has no owners and no "
		    "rights of folders; set them where the folders are used",
	    .line = -1,
	    .offset = -1};

	if (job->mailbox->is_public && job->part == 0 &&
	    (job->public_owner || job->public_rights) &&
	    !pump->p->dest_driver->rights)
		job->remark(job->remark_ctx, &remark);
}

static enum status
prepare(struct pump *pump, GError **error)
{
	const struct pump_params *p = pump->p;
	const struct ledger_share *share = p->share;
	enum status st;

	pump->spool_dir = g_build_filename(p->plan->state_dir, "spool", NULL);
	if (g_mkdir_with_parents(pump->spool_dir, 0700) < 0)
		return fail(ST_RUN, error, ERR_IO, RETRY_LATER,
		    "cannot make %s: %s", pump->spool_dir, g_strerror(errno));
	pump->recovery_dir = rescue_dir(p->plan->state_dir, share->run,
	    share->mailbox, share->part, share->parts);
	pump->mailbox = (struct mailbox){.name = share->mailbox,
	    .ref = share->ref,
	    .messages = -1,
	    .bytes = -1,
	    .is_public = share->is_public,
	    .no_mail = share->no_mail};
	pump->boxes = boxes_new(p->ledger, share, p->plan->folder_map);
	pump->batch = batch_new(p->ledger, p->feed, pump->boxes, share);
	pump->report = report_new(p->feed);
	pump->scratch = spool_new(pump->spool_dir);
	pump->letter = spool_new(pump->spool_dir);
	pump->card = g_string_new(NULL);
	pump->flying = g_hash_table_new(NULL, NULL);
	pump->folders = g_hash_table_new(NULL, NULL);
	pump->updates = g_ptr_array_new();
	pump->whole = p->dest_driver->whole;
	pump->committed_us = g_get_monotonic_time();
	pump->job = (struct job){
	    .id = (guint64)share->job,
	    .pass = share->pass,
	    .mailbox = &pump->mailbox,
	    .destination = p->route->destination,
	    .part = share->part,
	    .parts = share->parts,
	    .filter = &p->plan->filter,
	    .known = boxes_known(pump->boxes),
	    .interrupted = share->interrupted,
	    .public_owner = p->plan->public_owner,
	    .public_rights = p->plan->public_rights,
	    .spool_dir = pump->spool_dir,
	    .recovery_dir = pump->recovery_dir,
	    .remark = report_remark,
	    .remark_ctx = pump->report,
	    .stop = p->stop,
	};
	pump->recovery = rescue_new(&pump->job);
	tell_no_rights(pump);
	st = feed_again(p->feed, p->ledger, error);
	if (st == ST_OK && pump->whole) {
		st = ledger_begin(p->ledger, false, error);
		if (st == ST_OK)
			st = ledger_staged_clear(p->ledger, share, error);
		if (st == ST_OK)
			st = ledger_commit(p->ledger, error);
		ledger_rollback(p->ledger);
	}
	return st;
}

static void
tell_not_taken(struct pump *pump)
{
	for (guint kind = 0; kind < G_N_ELEMENTS(pump->not_taken); kind++) {
		Event *event;

		if (pump->not_taken[kind] == 0)
			continue;
		event = event_new(EVENT_NOT_TAKEN);
		event_text(
		    event, "kind", record_kind_name((enum record_kind)kind));
		event_number(event, "n", pump->not_taken[kind]);
		feed_tell(pump->p->feed, event);
	}
}

/* Also of an attempt that came to nothing: perhaps it was the last one. The
 * next one writes the set anew. */
static void
finish_recovery(struct pump *pump, struct pump_result *result)
{
	g_autoptr(GError) error = NULL;
	guint64 n = 0;

	if (rescue_finish(pump->recovery, &n, &error) < 0) {
		result->recovery_trouble = g_strdup(error->message);
		return;
	}
	/* A source of files keeps rows that it rejects there by itself. */
	if (n == 0 && !(pump->failed > 0 &&
			  g_file_test(pump->recovery_dir, G_FILE_TEST_IS_DIR)))
		return;
	result->recovery_dir = g_strdup(pump->recovery_dir);
	result->recovered = n ? (gint64)n : pump->failed;
	result->kept = rescue_items(pump->recovery);
}

void
pump_result_clear(struct pump_result *result)
{
	g_clear_pointer(&result->recovery_dir, g_free);
	g_clear_pointer(&result->kept, g_ptr_array_unref);
	g_clear_pointer(&result->recovery_trouble, g_free);
}

/* Nothing may be left without a verdict after the last commit. */
static enum status
check_settled(struct pump *pump, GError **error)
{
	const GPtrArray *all = boxes_all(pump->boxes);

	for (guint i = 0; i < all->len; i++) {
		const struct box *box = all->pdata[i];

		if (box->open != 0)
			return fail(ST_LINK, error, ERR_PROTOCOL, RETRY_NOW,
			    "%s: the destination gave no outcome for "
			    "%" G_GINT64_FORMAT " messages",
			    box->text, box->open);
	}
	return ST_OK;
}

/* A source that stops in the middle of a folder has not given all of it. */
static void
end_boxes(struct pump *pump)
{
	const GPtrArray *all = boxes_all(pump->boxes);

	for (guint i = 0; i < all->len; i++) {
		struct box *box = all->pdata[i];

		if (box->src == NULL || (box->begun && !box->ended &&
					    boxes_claim(pump->boxes, box))) {
			if (box->src)
				box->found = box->given + box->resettled;
			box->ended = true;
			batch_touch(pump->batch, box);
		}
	}
}

/*
 * Cut short by the source or by the user: what the destination has accepted is
 * brought home all the same, so that nothing of it is in doubt. Not a whole
 * one: half of it must not look like all of it.
 */
static void
bring_home(struct pump *pump)
{
	g_autoptr(GError) error = NULL;

	if (pump->dest_begun && !pump->whole)
		pump_commit(pump, true, &error);
	else
		batch_enter(pump->batch, &error);
}

static void
clear(struct pump *pump)
{
	if (pump->dest_begun)
		dest_end(pump->dest);
	if (pump->source_begun)
		source_end(pump->source);
	dest_close(pump->dest);
	source_close(pump->source);
	rescue_free(pump->recovery);
	batch_free(pump->batch);
	g_clear_pointer(&pump->updates, g_ptr_array_unref);
	if (pump->flying) {
		GHashTableIter iter;
		gpointer slot;
		Batch *shelf = batch_new(NULL, NULL, NULL, NULL);

		g_hash_table_iter_init(&iter, pump->flying);
		while (g_hash_table_iter_next(&iter, NULL, &slot))
			batch_drop(shelf, slot);
		batch_free(shelf);
		g_hash_table_unref(pump->flying);
	}
	g_clear_pointer(&pump->folders, g_hash_table_unref);
	report_free(pump->report);
	spool_free(pump->scratch);
	spool_free(pump->letter);
	if (pump->card)
		g_string_free(pump->card, TRUE);
	boxes_free(pump->boxes);
	g_free(pump->spool_dir);
	g_free(pump->recovery_dir);
}

/* Paused: what was given is brought home first, so that nothing is in doubt
 * for as long as that takes. */
static enum status
rest(struct pump *pump, GError **error)
{
	enum status st = pump->whole ? ST_OK : pump_commit(pump, false, error);

	while (st == ST_OK && *pump->p->pause && !*pump->p->stop)
		g_usleep(PUMP_IDLE_MS * 1000);
	return st;
}

static enum status
run(struct pump *pump, struct pump_result *result, GError **error)
{
	enum status st = prepare(pump, error);

	if (st == ST_OK)
		st = open_ends(pump, &result->side, error);
	if (st < 0)
		return st;
	result->opened = true;
	while (st == ST_OK) {
		if (*pump->p->stop) {
			bring_home(pump);
			return ST_END;
		}
		if (*pump->p->pause)
			st = rest(pump, error);
		else
			st = turn(pump, &result->side, error);
	}
	if (st < 0) {
		if (strcmp(result->side, "source") == 0)
			bring_home(pump);
		else if (!pump->whole) /* what has an outcome is final */
			pump_drain(pump, NULL);
		batch_enter(pump->batch, NULL);
		return st;
	}
	result->side = "destination";
	end_boxes(pump);
	st = pump_commit(pump, true, error);
	if (st < 0 && !pump->whole) { /* what has an outcome is final */
		pump_drain(pump, NULL);
		batch_enter(pump->batch, NULL);
	}
	if (st == ST_OK)
		st = check_settled(pump, error);
	if (st == ST_OK)
		st = boxes_error(pump->boxes, error);
	if (st == ST_OK)
		tell_not_taken(pump);
	return st;
}

enum status
pump_run(const struct pump_params *params, struct pump_result *result,
    GError **error)
{
	struct pump pump = {.p = params};
	enum status st;

	*result = (struct pump_result){.side = "engine"};
	st = run(&pump, result, error);
	if (pump.recovery)
		finish_recovery(&pump, result);
	clear(&pump);
	return st == ST_ITEM ? ST_MAILBOX : st;
}
