/* canary.h - small forbidden things, each tried by a process of its own that runs under a backend's plan.
 * The process is this program again, started with --canary NAME ARGUMENT. What it does is harmless where
 * it is not stopped.
 */
#ifndef SDK_CHECK_CANARY_H
#define SDK_CHECK_CANARY_H

#define CANARY_OPTION "--canary"

/* Exit statuses. */
#define CANARY_THROUGH 0  /* it could be done */
#define CANARY_DENIED  40 /* a permission was missing, or the thing was not to be seen */
#define CANARY_UNKNOWN 41 /* it failed for another reason, or there is no such canary */

int canary_main(const char *name, const char *argument);

#endif
