/* spawn_stage.h - what the tests of births into namespaces share. */
#ifndef TESTS_UNIT_BASE_SPAWN_STAGE_H
#define TESTS_UNIT_BASE_SPAWN_STAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/spawn.h"

struct text;

#define SPAWN_STAGE_SKIPPED 77 /* exit status of a test program that has nothing to try here */

bool spaces_are_possible(void); /* does this system make user namespaces for us? */

/* Own users, processes, mounts, network and shared memory, locked; all standard descriptors unset. */
struct spawn_request space_request(void);

/* Run it to its end; `out` becomes what it wrote to its standard output. Returns the wait status. */
int space_run(struct spawn_request *request, struct text *out);
int space_script(const char *script, struct text *out); /* by sh, in namespaces */
int space_status(const char *script);

size_t count_open_fds(void);
size_t count_mounts(void);

/* This process has no child: neither one that runs nor one that was not reaped. */
void assert_nothing_runs(void);

#endif
