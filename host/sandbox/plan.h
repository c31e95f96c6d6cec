/* plan.h - what a backend wants done before a command runs, collected as data.
 *
 * The backend fills the builder in the parent; every add is checked and copied, nothing of the
 * plugin is needed afterwards. The child executes the operations in order, by raw system calls only:
 * with NAMESPACES those before LOCK_USERNS (all, when there is none) in the first process of the
 * namespaces, those behind it in the command's. An operation, flag, size or order this host does not
 * know is refused when it is added. Descriptors are duplicated when they are added, to numbers no
 * descriptor of the command uses.
 * Used by sandbox/run.c. Thread: one owner.
 */
#ifndef HOST_SANDBOX_PLAN_H
#define HOST_SANDBOX_PLAN_H

#include <beacon/sandbox.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/spawn.h"

#define PLAN_OPERATIONS_MAX 512
#define PLAN_FDS_MAX        32
#define PLAN_FD_FLOOR       SPAWN_FD_FLOOR /* numbers below may be targets of DUP_TO and give_fd */
#define PLAN_DATA_MAX       (1u << 20)     /* bytes of everything that is copied */

struct plan;
struct text;

struct plan *plan_create(void);
void plan_destroy(struct plan *plan); /* closes the duplicates; NULL is fine */

const struct beacon_plan *plan_builder(struct plan *plan); /* lives as long as the plan */

uint32_t plan_promised(const struct plan *plan); /* BEACON_SB_* */

/* The command as it is to be run, NULL-terminated; valid as long as the plan and the input. */
const char *const *plan_argv(struct plan *plan, const char *const *argv);
const char *const *plan_env(struct plan *plan, const char *const *env);

/* Let spawn_start() run the operations, in the processes they belong in: descriptors, namespaces and
 * prepare functions of `request` are set. The plan must outlive the call. */
void plan_equip(struct plan *plan, struct spawn_request *request);

/* What the child of the last spawn_start() sent: PLAN_SENT_, the caller's; -1: nothing. */
#define PLAN_SENT_NOTIFIER 1u /* of SECCOMP with BEACON_SECCOMP_NOTIFY */
#define PLAN_SENT_LISTENER 2u /* of LISTEN_TO_HOST */
int plan_take_sent(struct plan *plan, uint32_t tag);

/* "apply the Landlock ruleset", "bind /work", to continue "cannot". */
bool plan_name_operation(const struct plan *plan, int index, struct text *out);

bool plan_has(const struct plan *plan, uint32_t op); /* BEACON_OP_* */

/* Operations and notes, one line each. */
bool plan_describe(const struct plan *plan, struct text *out);

/* "file writes, network" for a mask of BEACON_SB_*. */
bool plan_name_promises(uint32_t mask, struct text *out);

#endif
