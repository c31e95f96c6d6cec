/* plan_step.h - the operations this host knows, one row each.
 *
 * Private to the room. A row says what the operation takes, so that plan.c refuses anything else, and
 * how it is done, in the child, by raw system calls on plain data.
 */
#ifndef HOST_SANDBOX_PLAN_STEP_H
#define HOST_SANDBOX_PLAN_STEP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct plan_operation {
    uint32_t op, flags;
    int fd;
    uint64_t a, b, c;
    const void *data; /* aligned for any type */
    size_t n;
    pid_t host; /* who must still be the parent */
};

enum plan_fd_use {
    PLAN_FD_UNUSED,
    PLAN_FD_OURS,   /* a descriptor of the parent: duplicated when added */
    PLAN_FD_NUMBER, /* a number in the child, taken as it is */
};

struct plan_step {
    const char *name; /* a phrase that continues "cannot" */
    enum plan_fd_use fd_use;
    uint32_t known_flags;
    size_t data_unit; /* `n` is a multiple of it, at least one; 0 = no data */
    int (*run)(const struct plan_operation *operation); /* 0, or -1 with errno */
};

const struct plan_step *plan_step_of(uint32_t op); /* NULL: not known here */

#endif
