/* plan_parts.h - what a plan is made of. Private to plan.c and plan_build.c. */
#ifndef HOST_SANDBOX_PLAN_PARTS_H
#define HOST_SANDBOX_PLAN_PARTS_H

#include "base/spawn.h"
#include "sandbox/plan.h"
#include "sandbox/plan_step.h"

struct arena;

#define PLAN_ENTRIES_MAX 64 /* of each list: wrapping words, variables, notes */

struct plan {
    struct beacon_plan builder;
    struct arena *arena; /* everything that was copied */
    size_t copied_bytes;
    uint32_t promised;
    struct plan_operation operations[PLAN_OPERATIONS_MAX];
    size_t n_operations;
    struct spawn_fd fds[PLAN_FDS_MAX];
    size_t n_fds;
    const char *prefix[PLAN_ENTRIES_MAX];
    size_t n_prefix;
    /* "K=V" to set, "K" to take away; a later one overrules an earlier one. */
    const char *variables[PLAN_ENTRIES_MAX];
    size_t n_variables;
    const char *notes[PLAN_ENTRIES_MAX];
    size_t n_notes;
};

/* The table given to the plugin: checks and copies what is added to `plan`. */
void plan_init_builder(struct plan *plan);

#endif
