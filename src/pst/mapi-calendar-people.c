/* Who takes part in a meeting. */
#include "pst/mapi-calendar-private.h"

#define ATTENDEES_MAX 10000

/* "mailto:anna@example.org" and CN; NULL without an address. */
static struct person *
person_of(icalproperty *p, const char *address)
{
	icalparameter *cn =
	    icalproperty_get_first_parameter(p, ICAL_CN_PARAMETER);
	const char *name = cn ? icalparameter_get_cn(cn) : NULL;
	g_autofree char *valid = NULL;
	g_autofree char *valid_name = NULL;

	if (address == NULL)
		return NULL;
	if (g_ascii_strncasecmp(address, "mailto:", 7) == 0)
		address += 7;
	valid = g_utf8_make_valid(address, -1);
	valid_name = name ? g_utf8_make_valid(name, -1) : NULL;
	return person_new(
	    valid_name && *valid_name ? valid_name : NULL, "SMTP", valid);
}

enum status
pst_calendar_people(
    struct pst_calendar *it, const struct envelope *e, guint *n, GError **error)
{
	icalproperty *p = icalcomponent_get_first_property(
	    it->event, ICAL_ORGANIZER_PROPERTY);
	bool named = e->to->len + e->cc->len + e->bcc->len > 0;
	enum status st = ST_OK;

	*n = 0;
	if (p &&
	    (e->from->len == 0 || it->m->mail->place == PST_PLACE_CALENDAR)) {
		struct person *who =
		    person_of(p, icalproperty_get_organizer(p));

		if (who)
			st = pst_mapi_senders(
			    pst_writer_bag(it->m->w), who, who, error);
		person_free(who);
	}
	for (p = icalcomponent_get_first_property(
		 it->event, ICAL_ATTENDEE_PROPERTY);
	     p && st == ST_OK && *n < ATTENDEES_MAX;
	     p = icalcomponent_get_next_property(
		 it->event, ICAL_ATTENDEE_PROPERTY)) {
		struct person *who = person_of(p, icalproperty_get_attendee(p));
		icalparameter *role =
		    icalproperty_get_first_parameter(p, ICAL_ROLE_PARAMETER);
		icalparameter *type =
		    icalproperty_get_first_parameter(p, ICAL_CUTYPE_PARAMETER);
		struct pst_recipient r = {.kind = PST_TO};

		if (who == NULL)
			continue;
		(*n)++;
		if (role &&
		    (icalparameter_get_role(role) == ICAL_ROLE_OPTPARTICIPANT ||
			icalparameter_get_role(role) ==
			    ICAL_ROLE_NONPARTICIPANT))
			r.kind = PST_CC;
		if (type &&
		    (icalparameter_get_cutype(type) == ICAL_CUTYPE_ROOM ||
			icalparameter_get_cutype(type) == ICAL_CUTYPE_RESOURCE))
			r.kind = PST_BCC;
		r.name = who->name;
		r.type = who->type;
		r.address = who->address;
		if (!named)
			st = pst_writer_recipient(it->m->w, &r, error);
		person_free(who);
	}
	return st;
}

static bool
is_among(const GPtrArray *people, const char *address)
{
	for (guint i = 0; i < people->len; i++) {
		const struct person *p = people->pdata[i];

		if (p->address && g_ascii_strcasecmp(p->address, address) == 0)
			return true;
	}
	return false;
}

bool
pst_calendar_is_said(icalcomponent *event, const struct envelope *e)
{
	const GPtrArray *lists[] = {e->to, e->cc, e->bcc, e->from};
	icalproperty *p;

	for (p = icalcomponent_get_first_property(event, ICAL_X_PROPERTY); p;
	     p = icalcomponent_get_next_property(event, ICAL_X_PROPERTY)) {
		const char *name = icalproperty_get_x_name(p);

		if (name && !g_str_has_prefix(name, "X-MICROSOFT-") &&
		    !g_str_has_prefix(name, "X-MS-"))
			return false;
	}
	if (icalcomponent_get_first_property(event, ICAL_COMMENT_PROPERTY))
		return false;
	for (p = icalcomponent_get_first_property(
		 event, ICAL_ATTENDEE_PROPERTY);
	     p; p = icalcomponent_get_next_property(
		    event, ICAL_ATTENDEE_PROPERTY)) {
		struct person *who = person_of(p, icalproperty_get_attendee(p));
		bool found = false;

		for (guint i = 0; who && i < G_N_ELEMENTS(lists); i++)
			found = found || is_among(lists[i], who->address);
		person_free(who);
		if (!found)
			return false;
	}
	return true;
}
