#include "base/status.h"

G_DEFINE_QUARK(mailmig-status, status_error)

enum status
fail(enum status reach, GError **error, enum err kind, enum retry retry,
    const char *format, ...)
{
	g_assert(reach < 0);
	if (error) {
		va_list ap;

		va_start(ap, format);
		g_assert(*error == NULL);
		*error = g_error_new_valist(
		    STATUS_ERROR, (int)kind | (int)retry << 8, format, ap);
		va_end(ap);
	}
	return reach;
}

enum err
error_kind(const GError *error)
{
	if (error == NULL || error->domain != STATUS_ERROR)
		return ERR_IO;
	return (enum err)(error->code & 0xff);
}

enum retry
error_retry(const GError *error)
{
	if (error == NULL || error->domain != STATUS_ERROR)
		return RETRY_NEVER;
	return (enum retry)(error->code >> 8 & 0xff);
}

void
error_set_pause(GError *error, guint64 pause_s)
{
	if (error && error->domain == STATUS_ERROR)
		error->code = (error->code & 0xffff) |
			      (int)MIN(pause_s, ERROR_PAUSE_MAX_S) << 16;
}

guint
error_pause_s(const GError *error)
{
	if (error == NULL || error->domain != STATUS_ERROR)
		return 0;
	return (guint)error->code >> 16;
}

const char *
error_kind_name(enum err kind)
{
	switch (kind) {
	case ERR_IO:
		return "io";
	case ERR_PROTOCOL:
		return "protocol";
	case ERR_REFUSED:
		return "refused";
	case ERR_AUTH:
		return "auth";
	case ERR_FORMAT:
		return "format";
	case ERR_LIMIT:
		return "limit";
	case ERR_CONFIG:
		return "config";
	case ERR_CANCELLED:
		return "cancelled";
	}
	return "unknown";
}
