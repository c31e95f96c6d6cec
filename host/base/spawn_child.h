/* spawn_child.h - what happens in a new process before execve, as data.
 *
 * Private to base/spawn*.c. A child runs on the host's memory, so everything it needs is made
 * beforehand and it only does raw system calls. A plain child has the host suspended meanwhile. With
 * namespaces the host waits for the end of the socket, and of the two children one runs at a time, up
 * to the point where the first one has nothing left to do but to become the reaper.
 */
#ifndef HOST_BASE_SPAWN_CHILD_H
#define HOST_BASE_SPAWN_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/spawn.h"

struct spawn_streams;

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
    SPAWN_STEP_SPACE,   /* the namespaces of the first process */
    SPAWN_STEP_LOCK,    /* the second process and its user namespace */
    SPAWN_STEP_STREAMS, /* the standard descriptors are opened in the new mounts */
    SPAWN_STEP_KEEPER,  /* the keeper and the program's process */
    SPAWN_STEP_REAPER,  /* the first process becomes the reaper */
};

/* What a birth into namespaces needs besides. Descriptors are ≥ SPAWN_FD_FLOOR and close-on-exec. */
struct spawn_nest {
    int host_end;  /* of the socket: closed in the first process, so that the end is seen */
    int status_fd; /* of the reaper */
    int go_fd;     /* eventfd: readable when the reaper has shut itself in */
    int proc_fd;   /* the host's /proc */
    int reaper_fd;
    const char *uid_map, *gid_map; /* of the second user namespace */
    char *stack_end;               /* of the second process */
    struct spawn_streams *streams; /* NULL: the mounts are the host's */

    uint32_t handshake;  /* futex between the two: one of NEST_ in spawn_nest.c */
    char inner_pid[16];  /* of the second process, in the eyes of the host; decimal */
    bool is_at_the_exec; /* the first one had nothing left to do but become the reaper */
};

/* What a birth with a keeper needs besides; the same goes for its descriptors. */
struct spawn_keep {
    int status_fd;
    int reaper_fd;
    char *stack_end;    /* of the program's process */
    pid_t pid;          /* of the program */
    char pid_words[16]; /* in decimal, for the keeper */
};

struct spawn_birth {
    const struct spawn_request *request;
    char *const *programs; /* paths to try in order, NULL-terminated */
    struct spawn_move *moves;
    size_t n_moves;
    int highest_target;      /* of all moves */
    pid_t parent;            /* of the program: the host, or the keeper */
    int channel;             /* the child's end of the socket to the host; -1: none */
    uint64_t cwd_device;     /* of request->cwd_fd */
    uint64_t cwd_inode;      /* 0: any */
    struct spawn_nest *nest; /* NULL: no namespaces */
    struct spawn_keep *keep; /* NULL: no keeper */

    /* Written by the child, read by the parent once the child has left for execve or is gone. */
    struct spawn_failure failure; /* the first one */
    bool has_reached_exec;
};

/* The main() of a plain child, of a keeper and of the first one in namespaces, given to clone(); `arg` is a struct
 * spawn_birth in memory all can see. */
int spawn_child_main(void *arg);
int spawn_keep_main(void *arg);
int spawn_nest_main(void *arg);

/* Steps that both kinds take: 0, or -1 with errno. */
int spawn_set_session(const struct spawn_birth *birth);
int spawn_set_directory(const struct spawn_birth *birth);
int spawn_set_descriptors(struct spawn_birth *birth);
int spawn_set_terminal(const struct spawn_birth *birth);
int spawn_reset_signals(void); /* handlers to default; the mask stays */

/* In decimal; `to` has room for it. */
void spawn_write_number(unsigned number, char *to);

/* Run one prepare function; NULL is fine. On failure the record is written. */
int spawn_run_prepare(struct spawn_birth *birth, spawn_prepare_fn prepare, pid_t parent);

/* Unblock signals and execve. Returns the exit status of a failure, having recorded it. */
int spawn_run_program(struct spawn_birth *birth);

/* Record errno, unless a failure was recorded before. Returns the exit status. */
int spawn_fail(struct spawn_birth *birth, int stage, int index);

#endif
