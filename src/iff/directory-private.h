/* What directory.c and directory-names.c share. */
#ifndef MAILMIG_IFF_DIRECTORY_PRIVATE_H
#define MAILMIG_IFF_DIRECTORY_PRIVATE_H

#include "iff/directory.h"

struct directory_attribute {
	const char *name; /* of the schema */
	guint limit;	  /* characters of a value, 0: none (7.8) */
	bool multi;	  /* several values, separated by '%' */
	bool seven_bit;
};
extern const struct directory_attribute directory_attributes[];
const struct directory_attribute *directory_attribute_find(const char *name);

#endif
