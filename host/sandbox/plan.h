/* plan.h - what a backend wants done before a command runs, collected as data.
 *
 * The backend fills the builder in the parent; every add is checked and copied, nothing of the
 * plugin is needed afterwards. The child executes the operations in order by plan_execute(), which
 * does raw system calls only. An operation, flag or size this host does not know is refused when it is
 * added. Descriptors are duplicated when they are added, to numbers no descriptor of the command uses.
 * Used by sandbox/sandbox.c. Thread: one owner; plan_execute() in the child.
 */
#ifndef HOST_SANDBOX_PLAN_H
#define HOST_SANDBOX_PLAN_H

#include <beacon/sandbox.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_OPERATIONS_MAX 64
#define PLAN_FDS_MAX        32
#define PLAN_FD_FLOOR       64         /* numbers below may be targets of DUP_TO and give_fd */
#define PLAN_DATA_MAX       (1u << 20) /* bytes of everything that is copied */

struct plan;
struct spawn_failure;
struct spawn_scene;
struct spawn_fd;
struct text;

struct plan *plan_create(void);
void plan_destroy(struct plan *plan); /* closes the duplicates; NULL is fine */

const struct beacon_plan *plan_builder(struct plan *plan); /* lives as long as the plan */

uint32_t plan_promised(const struct plan *plan); /* BEACON_SB_* */

/* The command as it is to be run, NULL-terminated; valid as long as the plan and the input. */
const char *const *plan_argv(struct plan *plan, const char *const *argv);
const char *const *plan_env(struct plan *plan, const char *const *env);
const struct spawn_fd *plan_fds(const struct plan *plan, size_t *ret_n);

/* Run every operation in order; fits spawn_request.prepare, with the plan as `ctx`. */
int plan_execute(const void *ctx, const struct spawn_scene *scene, struct spawn_failure *failure);

/* "apply the Landlock ruleset", to continue "cannot"; static. */
const char *plan_operation_name(const struct plan *plan, int index);

/* Operations and notes, one line each. */
bool plan_describe(const struct plan *plan, struct text *out);

/* "file writes, network" for a mask of BEACON_SB_*. */
bool plan_name_promises(uint32_t mask, struct text *out);

#endif
