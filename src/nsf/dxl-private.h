/* What the reader of Domino XML and its rich text share. */
#ifndef MAILMIG_NSF_DXL_PRIVATE_H
#define MAILMIG_NSF_DXL_PRIVATE_H

#include "nsf/dxl.h"
#include "nsf/richtext.h"

#include <libxml/parser.h>

/* What the characters that come are. */
enum nsf_dxl_collect {
	COLLECT_NOTHING, /* or rich text */
	COLLECT_TEXT,
	COLLECT_NUMBER,
	COLLECT_TIME,
	COLLECT_RAW,	 /* Base64: a value in its canonical form */
	COLLECT_FILE,	 /* Base64: an attachment */
	COLLECT_PICTURE, /* Base64 */
	COLLECT_MIME,	 /* a whole message */
};

enum nsf_dxl_info { INFO_NONE, INFO_CREATED, INFO_MODIFIED, INFO_ADDED };

struct nsf_dxl_doc {
	struct nsf_note note;
	Spool *files;
};

struct nsf_dxl_style {
	char align[8];
	char list; /* 'u', 'o' or 0 */
};

struct NsfDxl {
	int fd;
	char *path, *spool_dir;
	xmlParserCtxtPtr parser;
	bool dry;
	GError *trouble;
	char *complaint; /* the first thing that was not well-formed */
	guint unnamed;
	GQueue ready;		   /* of struct nsf_dxl_doc *, whole */
	struct nsf_dxl_doc *doc;   /* being read */
	struct nsf_dxl_doc *given; /* whose note the caller has */
	guint depth, doc_depth;
	guint skip_depth; /* everything is passed over until its end; 0: no */
	enum nsf_dxl_info info;
	bool in_item;
	enum nsf_dxl_collect collect;
	guint collect_depth;
	GString *buf, *text;
	GPtrArray *values; /* char * of the item */
	GByteArray *binary;
	int b64_state;
	guint b64_save;
	gint64 file_at; /* where the content at hand begins in the spool */
	/* Rich text: */
	struct nsf_rich *rich;
	guint rich_depth;
	GHashTable *styles; /* paragraph definitions by id */
	struct nsf_dxl_style style;
	bool open; /* a paragraph */
	char list; /* that is open in HTML */
	guint number, fonts, table_depth;
	guint cell; /* of the row */
	bool blank; /* the last character was a blank, or none has come */
	bool after_break;
	GArray *ends; /* of struct nsf_dxl_end: what closes open runs */
	struct nsf_picture *picture;
};

void nsf_dxl_mend(GString *text);
const char *nsf_dxl_attribute(
    int n, const xmlChar **attributes, const char *name, GString *out);
void nsf_dxl_collect(NsfDxl *x, enum nsf_dxl_collect what);
bool nsf_dxl_time(const char *text, guint8 out[NSF_TIMEDATE]);
void nsf_dxl_rich_begin(NsfDxl *x, struct nsf_item *item);
void nsf_dxl_rich_start(
    NsfDxl *x, const char *name, int n, const xmlChar **attributes);
void nsf_dxl_rich_end(NsfDxl *x, const char *name, guint depth);
void nsf_dxl_rich_text(NsfDxl *x, const char *text, gsize len);

#endif
