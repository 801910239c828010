/*
 * Rich text: CD records (spec/notes.md 4) to plain text and to HTML.
 */
#ifndef MAILMIG_NSF_RICHTEXT_H
#define MAILMIG_NSF_RICHTEXT_H

#include <glib.h>
#include <stdbool.h>

struct nsf_note;

#define NSF_RICH_DEPTH_MAX 64	      /* tables in tables; deeper is hostile */
#define NSF_RICH_MAX	   (64 << 20) /* chars of HTML of one note */
#define NSF_PICTURES_MAX   10000

/* A picture that the text holds; in HTML it is cid:CONTENT_ID. */
struct nsf_picture {
	GByteArray *data;
	const char *type; /* "image/gif" */
	char *content_id;
};

struct nsf_rich {
	GString *text;	     /* UTF-8, LF */
	GString *html;	     /* a fragment, what stands in <body> */
	GPtrArray *files;    /* internal names of attachments, in their order */
	GPtrArray *pictures; /* of struct nsf_picture * */
	guint unknown;	     /* records that were skipped unread */
	guint dropped;	     /* of these, pictures in the old Notes form */
	bool damaged;	     /* ended early */
};

struct nsf_rich *nsf_rich_new(void);
void nsf_rich_free(struct nsf_rich *rich); /* NULL does nothing */

/*
 * Read all items of that name of the note, which are composites (HTML and text
 * items too, as they are), and add what they say. Links are resolved by the
 * note's $Links. False when the note has no such item.
 */
bool nsf_rich_read(
    struct nsf_rich *rich, const struct nsf_note *note, const char *name);

/* Text in HTML: & < > " escaped, LF as <br>. */
void nsf_html_escape(GString *out, const char *text);
/* Plain text of HTML, crudely: tags away, entities of HTML 2, breaks kept. */
void nsf_html_strip(GString *out, const char *html);

#endif
