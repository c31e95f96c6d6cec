/* plan_parts.h - what a plan is made of. Private to plan*.c. */
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
    bool has_space;     /* NAMESPACES was added: `space` is to be used */
    bool is_locked;     /* LOCK_USERNS was */
    size_t first_inner; /* the operation behind it */
    struct spawn_space space;
    bool sends; /* some operation sends a descriptor */
    struct spawn_sent sent;
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

/* plan_keep.c: copies that live as long as the plan. A string is NULL when it is too much, or when the
 * kernel would see less of it than the plugin wrote. */
bool plan_has_room(struct plan *plan, size_t n);
const char *plan_keep_string(struct plan *plan, struct beacon_str from);
const char *plan_keep_path(struct plan *plan, struct beacon_str from); /* absolute */
beacon_rc plan_keep_mount(struct plan *plan, const struct beacon_op *op,
                          const struct plan_mount **ret);

/* The table given to the plugin: checks and copies what is added to `plan`. */
void plan_init_builder(struct plan *plan);

#endif
