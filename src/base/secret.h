/*
 * Secrets: passwords and tokens, from where an administrator keeps them. None
 * of them is ever printed, logged or written; secret_free() wipes them.
 */
#ifndef MAILMIG_BASE_SECRET_H
#define MAILMIG_BASE_SECRET_H

#include "base/status.h"

#include <stdbool.h>

#define SECRET_MAX	  65536 /* bytes: an OAuth 2.0 token is a few thousand */
#define SECRET_COMMAND_MS 60000 /* for a command that asks a person */

/*
 * The first line of a file, without its line end. *exposed tells that others
 * than its owner can read the file: worth a warning; may be NULL.
 * ST_RUN with ERR_CONFIG: cannot be read, empty, not UTF-8, longer than
 * SECRET_MAX.
 */
enum status secret_from_file(
    char **out, const char *path, bool *exposed, GError **error);

/*
 * The first line that a shell command prints on stdout. Its stdin and stderr
 * are ours, so that it can ask; variables that hold secrets of ours are taken
 * from its environment.
 * ST_MAILBOX with ERR_AUTH: it failed, printed nothing, or took longer than
 * SECRET_COMMAND_MS (RETRY_LATER).
 */
enum status secret_from_command(
    char **out, const char *command, GError **error);

/*
 * Ask on the terminal (/dev/tty), without echo. ST_RUN with ERR_CONFIG when
 * there is none to ask on; ERR_CANCELLED when the answer was Ctrl-C or Ctrl-D.
 */
enum status secret_from_prompt(
    char **out, const char *question, GError **error);

/* Wipes, then frees; NULL is fine. */
void secret_free(char *secret);

#endif
