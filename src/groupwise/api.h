/*
 * Header files of the GroupWise API gateway (*.API; spec/groupwise.md 3): a
 * tree of keywords and values. Grammar and keywords are as captured files and
 * Novell's names show them; unknown keywords are kept like the others.
 */
#ifndef MAILMIG_GROUPWISE_API_H
#define MAILMIG_GROUPWISE_API_H

#include <glib.h>
#include <stdbool.h>

#define API_FILE_MAX  (16 << 20) /* bytes; lists of thousands are 1 MB */
#define API_NODES_MAX 200000	 /* keywords of one file */
#define API_DEPTH_MAX 8		 /* three are known */

/* A keyword: a text, or elements (of sub-keywords), or a flag (neither). */
struct api_node {
	char *name;	     /* as written; a flag without its dashes */
	char *text;	     /* octets, escapes taken out, one line; or NULL */
	GPtrArray *elements; /* of GPtrArray * of struct api_node *; or NULL */
};

struct api_file {
	GPtrArray *nodes; /* of struct api_node *, in order */
	bool ended;	  /* -END- was there */
	guint odd;	  /* places that fit no rule; they are stepped over */
};

/* Parse len octets. */
void api_parse(const char *data, gsize len, struct api_file *out);
void api_clear(struct api_file *file);

/* The first node of the name, without case; or NULL. */
const struct api_node *api_find(const GPtrArray *nodes, const char *name);
/* Its text, or NULL. */
const char *api_text(const GPtrArray *nodes, const char *name);
bool api_flag(const GPtrArray *nodes, const char *name);

struct api_date {
	int year, month, day, hour, minute, second;
	int zone; /* minutes east of UTC */
	bool has_zone;
};
/* "22/8/2007 15:23:19", "26/11/1998 1:5 +0", day first (4). False when it is
 * none, or impossible. */
bool api_date_parse(const char *text, struct api_date *out);

#endif
