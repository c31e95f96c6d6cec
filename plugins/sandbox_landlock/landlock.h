/* landlock.h - the component `landlock`: a ruleset, a filter, and the supervisor for what neither sees. */
#ifndef SANDBOX_LANDLOCK_LANDLOCK_H
#define SANDBOX_LANDLOCK_LANDLOCK_H

#include <beacon/sandbox.h>

extern const struct beacon_sandbox landlock_backend;

#endif
