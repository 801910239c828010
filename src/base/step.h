/*
 * Steps: named points of a run where a crash would hurt. Each call of step()
 * counts one; with MAILMIG_CUT=n in the environment the process ends at the
 * n-th as by SIGKILL, so that tests can cut a migration at every step, resume
 * it and compare (tests/e2e/cut.py). Without it, step() is one comparison.
 */
#ifndef MAILMIG_BASE_STEP_H
#define MAILMIG_BASE_STEP_H

void step(const char *what);

#endif
