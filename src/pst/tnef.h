/*
 * TNEF, the content of a winmail.dat: [MS-OXTNEF]. A message of another mail
 * system's properties in a stream of attributes; attachments and messages
 * within it too. Reading only.
 *
 * What is read points into the caller's bytes, or belongs to the tree.
 */
#ifndef MAILMIG_PST_TNEF_H
#define MAILMIG_PST_TNEF_H

#include "base/status.h"

#include <stdbool.h>

#define TNEF_MAX	     (64 << 20) /* bytes of a stream that is looked at */
#define TNEF_PROPS_MAX	     50000	/* in all */
#define TNEF_ATTACHMENTS_MAX 10000	/* in all */
#define TNEF_RECIPIENTS_MAX  65535	/* in all */
#define TNEF_VALUES_MAX	     10000	/* of one property */
#define TNEF_DEPTH_MAX	     32		/* messages within messages */

/* A value: bytes as they are, strings without their NULs. */
struct tnef_value {
	const guint8 *p;
	gsize len; /* bytes */
};

struct tnef_prop {
	guint16 type, id; /* id from 0x8000 on: named */
	bool named;
	guint8 guid[16];	   /* of named ones */
	guint32 lid;		   /* of those with a number */
	char *name;		   /* of those with a name: UTF-8, else NULL */
	struct tnef_value value;   /* of one value; fixed types: their bytes */
	struct tnef_value *values; /* of multiple ones, else NULL */
	guint n_values;
};

struct tnef_object {
	GArray *props;		/* of struct tnef_prop, each id once */
	GPtrArray *recipients;	/* of struct tnef_object: props only */
	GPtrArray *attachments; /* of struct tnef_object: props, and message */
	struct tnef_object *message; /* of an attachment: it is one; or NULL */
	struct tnef_value data;	     /* of an attachment by attAttachData */
	bool has_data;
	guint codepage; /* of its 8-bit strings */
};

typedef struct tnef_object Tnef;

/*
 * All of a stream. ST_ITEM: ERR_FORMAT, it is damaged (a checksum is wrong, an
 * attribute is cut, a property list does not add up) and nothing of it is
 * given; ERR_LIMIT, it is larger than a limit.
 */
enum status tnef_read(
    Tnef **out, const guint8 *data, gsize len, GError **error);
void tnef_free(Tnef *tnef);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tnef, tnef_free)

/* The property with an id that is not named, or NULL. */
const struct tnef_prop *tnef_find(const Tnef *tnef, guint16 id);
/* A string of either type as UTF-8; NULL when it is none. g_free(). */
char *tnef_text(const Tnef *tnef, const struct tnef_prop *prop);
char *tnef_value_text(
    const Tnef *tnef, guint16 type, const struct tnef_value *value);
/* A number of up to four bytes; fallback when it is none. */
guint32 tnef_int(const struct tnef_prop *prop, guint32 fallback);

#endif
