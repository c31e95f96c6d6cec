/* spawn_child.h - what happens in a new process before execve, as data.
 *
 * Private to base/spawn.c. The child runs on the parent's memory while the parent is suspended, so
 * everything it needs is made beforehand and it only does raw system calls.
 */
#ifndef HOST_BASE_SPAWN_CHILD_H
#define HOST_BASE_SPAWN_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/spawn.h"

struct spawn_move {
    int from; /* -1: /dev/null */
    int to;
};

/* Steps of SPAWN_STAGE_SETUP, found in spawn_failure.index. */
enum spawn_step {
    SPAWN_STEP_SESSION,
    SPAWN_STEP_PARENT,
    SPAWN_STEP_CWD,
    SPAWN_STEP_DESCRIPTORS,
    SPAWN_STEP_TERMINAL,
    SPAWN_STEP_SIGNALS,
};

struct spawn_birth {
    const struct spawn_request *request;
    char *const *programs; /* paths to try in order, NULL-terminated */
    struct spawn_move *moves;
    size_t n_moves;
    int highest_target; /* of all moves */
    pid_t parent;

    /* Written by the child, read by the parent once the child has left for execve or is gone. */
    struct spawn_failure failure;
    bool has_reached_exec;
};

/* The child's main(), given to clone(); `arg` is a struct spawn_birth in memory both can see. */
int spawn_child_main(void *arg);

#endif
