/* Opening both ends of a mailbox's move. */
#ifndef MAILMIG_ENGINE_ENDS_H
#define MAILMIG_ENGINE_ENDS_H

#include "dest/dest.h"
#include "source/source.h"

struct ends {
	const struct source_driver *source_driver;
	const struct dest_driver *dest_driver;
	const struct end *from, *to;
};
/*
 * Open both: at the same time, where each means to log on to a server. *source
 * and *dest are set as far as they are open, also on failure: close them. Errors
 * of the source come first; *dest_failed tells the destination's. What a
 * failure at one side costs is the wait for the other's verdict, which the
 * timeouts of both, and their stop flags, bound.
 */
enum status ends_open(const struct ends *ends, Source **source, Dest **dest,
    bool *dest_failed, GError **error);

#endif
