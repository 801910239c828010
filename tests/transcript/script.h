/*
 * What the test programs of both sides share: messages by name, the scripted
 * server as a child, and the [client] part of a transcript as words.
 */
#ifndef MAILMIG_TESTS_SCRIPT_H
#define MAILMIG_TESTS_SCRIPT_H

#include "base/blob.h"

#include <stdbool.h>

/* "m1", "m2x5000" (filled to 5000 octets), "nul", "empty"; as in liar.py. */
GBytes *script_message(const char *name);
/* The name among m1..m99 that these octets have, or a size. g_free(). */
char *script_message_name(const struct blob *blob);

struct script {
	char *path;
	char *title;	  /* the first line, without "# " */
	GPtrArray *lines; /* char *, of the [client] part, comments left out */
	int port;
	GPid pid;
	int in; /* its stdin: closed to end it */
};
void script_load(struct script *script, const char *path);
void script_start(struct script *script);
/* True when the server saw what it expected. */
bool script_stop(struct script *script);
void script_clear(struct script *script);

/* Cuts the first word off; NULL at the end. */
char *script_word(char **line);
/* "a/b" to its names. g_strfreev(). */
char **script_path(const char *text);
/* Takes \Seen and so on; other words are keywords. */
guint32 script_flags(char **line, GPtrArray *keywords);
/* ST_LINK for "LINK" and so on. */
enum status script_status(const char *word);

/* Runs each transcript of the folder as a TAP test. */
typedef void (*script_run)(struct script *script);
int script_main(int argc, char **argv, const char *folder, script_run run);

#endif
