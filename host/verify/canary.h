/* canary.h - small forbidden things, each tried by a process of its own that runs under a sandbox.
 *
 * The process is a program of ours, started again with the name of a canary and its argument; what it
 * does is harmless where it is not stopped. For `beacon sandbox verify` and for the checks of backends
 * in `beacon plugin check`. Thread: the only one of that process.
 */
#ifndef HOST_VERIFY_CANARY_H
#define HOST_VERIFY_CANARY_H

#include <stdbool.h>

/* Exit statuses. */
#define CANARY_THROUGH 0  /* it could be done */
#define CANARY_DENIED  40 /* a permission was missing, or the thing was not to be seen */
#define CANARY_UNKNOWN 41 /* it failed for another reason, or there is no such canary */

/* Try it and return the exit status; says why it was denied on standard error. */
int canary_main(const char *name, const char *argument);

#endif
