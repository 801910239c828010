/* What the files of the way from MAPI to iCalendar share. */
#ifndef MAILMIG_PST_CALENDAR_PRIVATE_H
#define MAILMIG_PST_CALENDAR_PRIVATE_H

#include "pst/calendar-read.h"
#include "pst/recurrence-read.h"
#include "pst/timezone-read.h"

struct pst_cal {
	Pst *pst;
	PstMessage *message;
	const PstProps *props;
	const struct envelope *envelope;
	const char *method;
	GString *out;
	GPtrArray *lost;
	bool has_zone, recurs;
	struct pst_zone zone;
	struct pst_pattern recurrence;
};

/* Properties; set NULL: lid is the id. */
guint pst_cal_id(const struct pst_cal *c, const guint8 set[16], guint32 lid);
guint32 pst_cal_int(const struct pst_cal *c, const guint8 set[16], guint32 lid,
    guint32 fallback);
bool pst_cal_time(
    const struct pst_cal *c, const guint8 set[16], guint32 lid, gint64 *out);
char *pst_cal_text(const struct pst_cal *c, const guint8 set[16], guint32 lid);
bool pst_cal_filetime(guint64 time, gint64 *out);

/* Lines. */
gint64 pst_cal_local(const struct pst_cal *c, gint64 utc, bool all_day);
void pst_cal_put_utc(struct pst_cal *c, const char *name, gint64 utc);
void pst_cal_put_day(struct pst_cal *c, const char *name, gint64 local);
void pst_cal_put_local(
    struct pst_cal *c, const char *name, gint64 local, bool all_day);
void pst_cal_put_body(struct pst_cal *c, const PstProps *props);
void pst_cal_put_alarm(struct pst_cal *c, guint32 minutes);
void pst_cal_put_busy(struct pst_cal *c, guint32 busy);

/* calendar-recurrence-read.c. start: UTC, of the first time; a zone is made up
 * from it when there is none. */
void pst_cal_recurrence(struct pst_cal *c, gint64 start);
void pst_cal_put_rule(struct pst_cal *c, bool all_day);
void pst_cal_put_task_rule(struct pst_cal *c);
void pst_cal_put_exceptions(
    struct pst_cal *c, bool all_day, void (*put_uid)(struct pst_cal *c));

#endif
