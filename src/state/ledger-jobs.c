#include "state/ledger-private.h"

#include <string.h>

const char *
ledger_state_name(enum ledger_state state)
{
	switch (state) {
	case LEDGER_PENDING:
		return "pending";
	case LEDGER_RUNNING:
		return "running";
	case LEDGER_DONE:
		return "done";
	case LEDGER_FAILED:
		return "failed";
	case LEDGER_STOPPED:
		return "stopped";
	}
	return "unknown";
}

void
ledger_run_clear(struct ledger_run *run)
{
	g_clear_pointer(&run->command, g_free);
}

enum status
ledger_run_begin(
    Ledger *ledger, const char *command, guint64 *out, GError **error)
{
	enum status st = ledger_begin(ledger, false, error);

	if (st == ST_OK)
		st = ledger_run_sql(ledger, SQL_RUN_ORPHANS, error, "");
	if (st == ST_OK)
		st = ledger_run_sql(ledger, SQL_RUN_ADD, error, "t", command);
	if (st == ST_OK) {
		*out = (guint64)sqlite3_last_insert_rowid(ledger->db);
		st = ledger_commit(ledger, error);
	}
	ledger_rollback(ledger);
	return st;
}

enum status
ledger_run_end(Ledger *ledger, const struct ledger_run *run, GError **error)
{
	const struct ledger_counts *c = &run->counts;

	return ledger_run_sql(ledger, SQL_RUN_END, error, "iiiiiiiiii",
	    (gint64)run->exit_status, c->found, c->moved, c->filtered, c->there,
	    c->failed, run->bytes, run->warnings, run->errors, (gint64)run->id);
}

enum status
ledger_run_list(Ledger *ledger, GArray *out, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st = ledger_bind(ledger, SQL_RUN_LIST, &stmt, error, "");

	while (
	    st == ST_OK && (st = ledger_step(ledger, stmt, error)) == ST_OK) {
		struct ledger_run run = {
		    .id = (guint64)sqlite3_column_int64(stmt, 0),
		    .command = g_strdup(ledger_text(stmt, 1)),
		    .begun_s = sqlite3_column_int64(stmt, 2),
		    .ended_s = sqlite3_column_int64(stmt, 3),
		    .exit_status = sqlite3_column_int(stmt, 4),
		    .counts = {sqlite3_column_int64(stmt, 5),
			sqlite3_column_int64(stmt, 6),
			sqlite3_column_int64(stmt, 7),
			sqlite3_column_int64(stmt, 8),
			sqlite3_column_int64(stmt, 9)},
		    .bytes = sqlite3_column_int64(stmt, 10),
		    .warnings = sqlite3_column_int64(stmt, 11),
		    .errors = sqlite3_column_int64(stmt, 12),
		};

		g_array_append_val(out, run);
	}
	return st == ST_END ? ST_OK : st;
}

/* How an earlier pass over a job ended, over all of its shares. */
struct past {
	gint64 id;
	bool any, done, dirty;
	char *boot; /* NULL: of several */
};

static enum status
find_past(
    Ledger *ledger, const char *identity, struct past *past, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st =
	    ledger_bind(ledger, SQL_JOB_FIND, &stmt, error, "t", identity);

	memset(past, 0, sizeof *past);
	if (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	if (st == ST_OK) {
		past->id = sqlite3_column_int64(stmt, 0);
		past->dirty = sqlite3_column_int(stmt, 2);
		if (sqlite3_column_int(stmt, 4) == 1)
			past->boot = g_strdup(ledger_text(stmt, 3));
		sqlite3_reset(stmt);
	}
	if (past->id == 0)
		return st == ST_END ? ST_OK : st;
	st = ledger_bind(ledger, SQL_JOB_STATE, &stmt, error, "i", past->id);
	if (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	if (st == ST_OK)
		past->done = sqlite3_column_int(stmt, 0) == LEDGER_DONE;
	sqlite3_reset(stmt);
	return st;
}

enum status
ledger_job_enter(Ledger *ledger, guint64 run, struct ledger_job *job,
    bool unfinished_only, bool *entered, GError **error)
{
	struct past past;
	enum status st;

	g_assert(ledger->in_transaction && job->parts > 0);
	st = find_past(ledger, job->identity, &past, error);
	if (st < 0)
		return st;
	*entered = !(unfinished_only && past.id && past.done);
	job->id = past.id;
	if (!*entered) {
		g_free(past.boot);
		return ST_OK;
	}
	if (past.id) {
		st = ledger_run_sql(ledger, SQL_JOB_RENEW, error, "tttiiiiii",
		    job->mailbox, job->ref, job->destination, job->account,
		    (gint64)job->is_public, (gint64)job->no_mail,
		    (gint64)job->parts, (gint64)run, past.id);
	} else {
		st = ledger_run_sql(ledger, SQL_JOB_ADD, error, "ttttiiiii",
		    job->identity, job->mailbox, job->ref, job->destination,
		    job->account, (gint64)job->is_public, (gint64)job->no_mail,
		    (gint64)job->parts, (gint64)run);
		job->id = sqlite3_last_insert_rowid(ledger->db);
	}
	/* Folders are dealt anew in every run, so what one part left open any
	 * other may get: all of them are interrupted if one was. */
	if (st == ST_OK)
		st =
		    ledger_run_sql(ledger, SQL_SHARE_DROP, error, "i", job->id);
	for (guint part = 0; st == ST_OK && part < job->parts; part++)
		st = ledger_run_sql(ledger, SQL_SHARE_ADD, error, "iiit",
		    job->id, (gint64)part, (gint64)past.dirty, past.boot);
	g_free(past.boot);
	return st;
}

enum status
ledger_job_each(
    Ledger *ledger, guint64 run, ledger_job_fn fn, void *user, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st =
	    ledger_bind(ledger, SQL_JOB_EACH, &stmt, error, "i", (gint64)run);

	while (
	    st == ST_OK && (st = ledger_step(ledger, stmt, error)) == ST_OK) {
		struct ledger_job job = {
		    .id = sqlite3_column_int64(stmt, 0),
		    .identity = ledger_text(stmt, 1),
		    .mailbox = ledger_text(stmt, 2),
		    .ref = ledger_text(stmt, 3),
		    .destination = ledger_text(stmt, 4),
		    .account = sqlite3_column_int64(stmt, 5),
		    .is_public = sqlite3_column_int(stmt, 6),
		    .parts = (guint)sqlite3_column_int(stmt, 7),
		    .run = (guint64)sqlite3_column_int64(stmt, 8),
		    .passes = (guint64)sqlite3_column_int64(stmt, 9),
		    .state = (enum ledger_state)sqlite3_column_int(stmt, 10),
		    .error = ledger_text(stmt, 11),
		    .no_mail = sqlite3_column_int(stmt, 12),
		};

		fn(&job, user);
	}
	return st == ST_END ? ST_OK : st;
}

void
ledger_share_clear(struct ledger_share *share)
{
	g_clear_pointer(&share->mailbox, g_free);
	g_clear_pointer(&share->ref, g_free);
	g_clear_pointer(&share->destination, g_free);
}

static void
take_share(Ledger *ledger, sqlite3_stmt *stmt, struct ledger_share *out)
{
	*out = (struct ledger_share){
	    .job = sqlite3_column_int64(stmt, 0),
	    .part = (guint)sqlite3_column_int(stmt, 1),
	    .parts = (guint)sqlite3_column_int(stmt, 2),
	    .run = (guint64)sqlite3_column_int64(stmt, 3),
	    .pass = (guint64)sqlite3_column_int64(stmt, 4),
	    .attempts = (guint)sqlite3_column_int(stmt, 5),
	    .progress = sqlite3_column_int64(stmt, 6),
	    .interrupted = sqlite3_column_int(stmt, 7),
	    .same_boot = g_strcmp0(ledger_text(stmt, 8), ledger->boot) == 0,
	    .mailbox = g_strdup(ledger_text(stmt, 9)),
	    .ref = g_strdup(ledger_text(stmt, 10)),
	    .destination = g_strdup(ledger_text(stmt, 11)),
	    .account = sqlite3_column_int64(stmt, 12),
	    .is_public = sqlite3_column_int(stmt, 13),
	    .no_mail = sqlite3_column_int(stmt, 14),
	};
	sqlite3_reset(stmt);
}

static enum status
how_long(Ledger *ledger, guint64 run, guint *wait_s, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st =
	    ledger_bind(ledger, SQL_SHARE_WAIT, &stmt, error, "i", (gint64)run);

	if (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	if (st == ST_OK) {
		if (sqlite3_column_int(stmt, 1) > 0)
			*wait_s = (guint)MAX(1, sqlite3_column_int64(stmt, 0));
		sqlite3_reset(stmt);
	}
	return st;
}

enum status
ledger_share_claim(Ledger *ledger, guint64 run, guint worker,
    struct ledger_share *out, guint *wait_s, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st;

	*wait_s = 0;
	/* Written through: see the head of ledger.h. */
	st = ledger_begin(ledger, true, error);
	if (st == ST_OK)
		st = ledger_bind(
		    ledger, SQL_SHARE_NEXT, &stmt, error, "i", (gint64)run);
	if (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	if (st == ST_END) {
		st = how_long(ledger, run, wait_s, error);
		ledger_rollback(ledger);
		return st < 0 ? st : ST_END;
	}
	if (st == ST_OK) {
		take_share(ledger, stmt, out);
		st = ledger_run_sql(ledger, SQL_SHARE_CLAIM, error, "iitii",
		    (gint64)worker, (gint64)LEDGER_LEASE_S, ledger->boot,
		    out->job, (gint64)out->part);
		if (st == ST_OK)
			st = ledger_commit(ledger, error);
		if (st < 0)
			ledger_share_clear(out);
	}
	ledger_rollback(ledger);
	return st;
}

/* What the job has settled in this run: an attempt that added to it was not in
 * vain. */
static enum status
settled(Ledger *ledger, const struct ledger_share *share, gint64 *out,
    GError **error)
{
	sqlite3_stmt *stmt;
	enum status st = ledger_bind(ledger, SQL_SHARE_SETTLED, &stmt, error,
	    "ii", share->job, (gint64)share->run);

	if (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	if (st == ST_OK) {
		*out = sqlite3_column_int64(stmt, 0);
		sqlite3_reset(stmt);
	}
	return st;
}

static enum status
job_state(Ledger *ledger, gint64 job, enum ledger_state *out, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st =
	    ledger_bind(ledger, SQL_JOB_STATE, &stmt, error, "i", job);

	if (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	if (st == ST_OK) {
		*out = (enum ledger_state)sqlite3_column_int(stmt, 0);
		sqlite3_reset(stmt);
	}
	return st;
}

enum status
ledger_share_passed(
    Ledger *ledger, const struct ledger_share *share, GError **error)
{
	g_assert(ledger->in_transaction);
	return ledger_run_sql(ledger, SQL_JOB_PASSED, error, "ii",
	    (gint64)share->pass, share->job);
}

enum status
ledger_share_end(Ledger *ledger, const struct ledger_share *share,
    enum ledger_state state, guint pause_s, const char *reason,
    enum ledger_state *state_of_job, GError **error)
{
	gint64 progress = 0;
	enum status st = ledger_begin(ledger, false, error);

	if (st == ST_OK)
		st = settled(ledger, share, &progress, error);
	if (st == ST_OK) {
		guint attempts =
		    progress > share->progress ? 1 : share->attempts + 1;

		st = ledger_run_sql(ledger, SQL_SHARE_END, error, "iiiiitii",
		    (gint64)state, (gint64)(state != LEDGER_DONE),
		    (gint64)pause_s, (gint64)attempts, progress, reason,
		    share->job, (gint64)share->part);
	}
	if (st == ST_OK)
		st = job_state(ledger, share->job, state_of_job, error);
	if (st == ST_OK && *state_of_job == LEDGER_DONE)
		st = ledger_share_passed(ledger, share, error);
	if (st == ST_OK)
		st = ledger_commit(ledger, error);
	ledger_rollback(ledger);
	return st;
}

enum status
ledger_share_of_worker(Ledger *ledger, guint64 run, guint worker,
    struct ledger_share *out, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st = ledger_bind(ledger, SQL_SHARE_HELD, &stmt, error, "ii",
	    (gint64)worker, (gint64)run);

	if (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	if (st == ST_OK)
		take_share(ledger, stmt, out);
	return st;
}

enum status
ledger_share_renew(
    Ledger *ledger, const struct ledger_share *share, GError **error)
{
	g_assert(ledger->in_transaction);
	return ledger_run_sql(ledger, SQL_SHARE_RENEW, error, "iii",
	    (gint64)LEDGER_LEASE_S, share->job, (gint64)share->part);
}

enum status
ledger_worker_renew(Ledger *ledger, guint64 run, guint worker, GError **error)
{
	enum status st = ledger_begin(ledger, false, error);

	if (st == ST_OK)
		st = ledger_run_sql(ledger, SQL_WORKER_RENEW, error, "iii",
		    (gint64)LEDGER_LEASE_S, (gint64)worker, (gint64)run);
	if (st == ST_OK)
		st = ledger_commit(ledger, error);
	ledger_rollback(ledger);
	return st;
}

enum status
ledger_job_hold(Ledger *ledger, guint64 run, guint *jobs, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st = ledger_begin(ledger, false, error);

	if (st == ST_OK)
		st = ledger_bind(
		    ledger, SQL_SHARE_UNBEGUN, &stmt, error, "i", (gint64)run);
	if (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	if (st == ST_OK) {
		*jobs = (guint)sqlite3_column_int(stmt, 0);
		sqlite3_reset(stmt);
		st = ledger_run_sql(
		    ledger, SQL_SHARE_HOLD, error, "i", (gint64)run);
	}
	if (st == ST_OK)
		st = ledger_commit(ledger, error);
	ledger_rollback(ledger);
	return st;
}

enum status
ledger_share_lapsed(Ledger *ledger, guint64 run, GArray *out, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st = ledger_bind(
	    ledger, SQL_SHARE_LAPSED, &stmt, error, "i", (gint64)run);

	while (
	    st == ST_OK && (st = ledger_step(ledger, stmt, error)) == ST_OK) {
		guint worker = (guint)sqlite3_column_int(stmt, 0);

		g_array_append_val(out, worker);
	}
	return st == ST_END ? ST_OK : st;
}

enum status
ledger_share_pending(Ledger *ledger, guint64 run, guint *out, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st =
	    ledger_bind(ledger, SQL_SHARE_WAIT, &stmt, error, "i", (gint64)run);

	if (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	if (st == ST_OK) {
		*out = (guint)sqlite3_column_int(stmt, 1);
		sqlite3_reset(stmt);
	}
	return st;
}

enum status
ledger_folder_claim(Ledger *ledger, const struct ledger_share *share,
    const char *path, bool *mine, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st;

	st = ledger_run_sql(ledger, SQL_CLAIM_ADD, error, "itii", share->job,
	    path, (gint64)share->run, (gint64)share->part);
	if (st == ST_OK)
		st = ledger_bind(ledger, SQL_CLAIM_GET, &stmt, error, "it",
		    share->job, path);
	if (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	if (st == ST_OK) {
		*mine = (guint)sqlite3_column_int(stmt, 0) == share->part;
		sqlite3_reset(stmt);
	}
	return st;
}

enum status
ledger_outbox_put(Ledger *ledger, const struct ledger_share *share,
    guint64 serial, const char *lines, GError **error)
{
	g_assert(ledger->in_transaction);
	return ledger_run_sql(ledger, SQL_OUTBOX_PUT, error, "iiiit",
	    share->job, (gint64)share->part, (gint64)share->run, (gint64)serial,
	    lines);
}

enum status
ledger_outbox_get(Ledger *ledger, const struct ledger_share *share,
    guint64 *serial, char **lines, GError **error)
{
	sqlite3_stmt *stmt;
	enum status st = ledger_bind(ledger, SQL_OUTBOX_GET, &stmt, error,
	    "iii", share->job, (gint64)share->part, (gint64)share->run);

	*serial = 0;
	*lines = NULL;
	if (st == ST_OK)
		st = ledger_step(ledger, stmt, error);
	if (st == ST_OK) {
		*serial = (guint64)sqlite3_column_int64(stmt, 0);
		*lines = g_strdup(ledger_text(stmt, 1));
		sqlite3_reset(stmt);
	}
	return st == ST_END ? ST_OK : st;
}
