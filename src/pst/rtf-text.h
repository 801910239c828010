/*
 * The text within rich text: the HTML or plain text that it encapsulates
 * ([MS-OXRTFEX] 2.1.3), or else what a reader would show of it. (Compression:
 * pst/rtf-read.h.)
 */
#ifndef MAILMIG_PST_RTF_TEXT_H
#define MAILMIG_PST_RTF_TEXT_H

#include "base/status.h"

#define PST_RTF_DEPTH_MAX 200  /* nested groups; deeper ones are left out */
#define PST_RTF_FONTS_MAX 4096 /* whose code page is remembered */

enum pst_rtf_kind {
	PST_RTF_OWN,  /* rich text that was written as such: its plain text */
	PST_RTF_HTML, /* \fromhtml: the HTML as it was */
	PST_RTF_TEXT, /* \fromtext: the plain text as it was */
};

/*
 * Appends the text of len bytes of rich text to out: UTF-8, lines end with CR
 * LF. ST_ITEM with ERR_FORMAT when they are no rich text. What breaks off gives
 * what there is.
 */
enum status pst_rtf_text(const guint8 *p, gsize len, enum pst_rtf_kind *kind,
    GString *out, GError **error);

#endif
