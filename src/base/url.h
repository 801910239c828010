/*
 * URLs as the command line and plan name both ends (DESIGN section 6):
 *	imaps://user@host:port/?option=value     (RFC 3986 authority, %XX decoded)
 *	files:DIR?profile=plain                  (a path up to the first '?')
 * In the forms without "//" the path is taken as it is typed (no %XX), so that
 * any directory can be named; a '?' in it is written %3F.
 */
#ifndef MAILMIG_BASE_URL_H
#define MAILMIG_BASE_URL_H

#include "base/status.h"

struct url {
	char *scheme; /* lower case: "imaps", "files" */
	char *user; /* or NULL */
	char *password; /* or NULL; given on the command line: warn */
	char *host; /* or NULL; IPv6 without brackets */
	int port; /* or 0 */
	char *path; /* or NULL */
	char **names; /* option names and values, in parallel, NULL-ended */
	char **values;
};

/* ST_RUN with ERR_CONFIG when text is no URL; *out is cleared first. */
enum status url_parse(const char *text, struct url *out, GError **error);
void url_clear(struct url *url);
/* Without the password, for messages. Free with g_free(). */
char *url_to_text(const struct url *url);

#endif
