/*
 * Keys that are pressed while something runs, on the terminal of standard
 * input. Ctrl-C and Ctrl-Z keep their meaning. Without a terminal, or in the
 * background, there are none. One at a time: the terminal is one.
 */
#ifndef MAILMIG_CLI_KEYS_H
#define MAILMIG_CLI_KEYS_H

#include <stdbool.h>

/* Keys come one by one and without an echo from now on. False: there is no
 * terminal. */
bool keys_open(void);
/* The next key that was pressed, or 0; never waits. */
int keys_next(void);
/* The terminal as it was; also from a signal handler. */
void keys_close(void);

#endif
