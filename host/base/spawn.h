/* spawn.h - the only place in the host that starts processes.
 *
 * A child gets exactly the three standard descriptors it is given and those in `fds`; every other
 * descriptor of the host is closed (close_range), signals are back to default and unblocked, and it
 * leads its own session, so spawn_kill_group() reaches what it starts and the person's terminal is out of
 * its reach. When the host dies, the
 * child is killed (PDEATHSIG, with the parent checked again after it is set).
 * Thread: [main] only: PDEATHSIG follows the thread that spawned.
 */
#ifndef HOST_BASE_SPAWN_H
#define HOST_BASE_SPAWN_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct spawn_fd {
    int parent_fd; /* borrowed */
    int child_fd;  /* number in the child, ≥ 3 */
};

/* What failed in the child between its birth and execve. */
struct spawn_failure {
    int stage;    /* one of the SPAWN_STAGE_ values */
    int index;    /* SPAWN_STAGE_PREPARE: which operation, counted from 0 */
    int os_errno; /* of the failing call */
};
#define SPAWN_STAGE_NONE    0
#define SPAWN_STAGE_SETUP   1 /* descriptors, signals, working directory */
#define SPAWN_STAGE_PREPARE 2 /* the caller's prepare() */
#define SPAWN_STAGE_EXEC    3 /* execve: program missing or not executable */

struct spawn_request {
    const char *const *argv;   /* NULL-terminated; argv[0] without '/' is searched in env's PATH */
    const char *const *env;    /* NULL-terminated "K=V" */
    const char *cwd;           /* NULL: the host's */
    int in_fd, out_fd, err_fd; /* borrowed; -1 = /dev/null */
    const struct spawn_fd *fds;
    size_t n_fds;
    bool is_terminal;     /* in_fd is a pty slave: make it the controlling terminal */
    bool shares_terminal; /* stay in the host's session: job control on the person's terminal */
    /* Last thing before execve, in the child, which shares the host's memory: raw system calls on
     * plain data only, no allocation, no locks, no stdio. 0, or fill `failure` and return -1. */
    int (*prepare)(const void *ctx, struct spawn_failure *failure);
    const void *prepare_ctx;
};

/* One started process. In a pid namespace `pid` is the process that reaps there, and everything in the
 * namespace ends with it. */
struct spawn_child {
    pid_t pid;   /* direct child of this process */
    pid_t group; /* process group of the program itself, as this process sees it */
    int pidfd;   /* readable when everything is over; spawn_reap() closes it */
};

/* On failure nothing is left running; `failure` (may be NULL) tells the stage. A missing program is
 * BEACON_E_NOT_FOUND, a refused operation BEACON_E_REFUSED. */
int spawn_start(const struct spawn_request *request, struct spawn_child *ret,
                struct spawn_failure *failure, struct beacon_error *err);

/* A signal to the program's whole group. A vanished one is fine. */
void spawn_signal(const struct spawn_child *child, int signal_number);

/* SIGKILL to the group and, in a pid namespace, to everything in it. Reap it afterwards. */
void spawn_kill(const struct spawn_child *child);

/* Wait for the end, however long that takes; at once when the pidfd is readable. *ret_status is that of
 * waitpid(), of the program itself also when something reaped it inside. Closes the descriptors of
 * `child` and forgets it; a child that was reaped before is fine (status 0). */
void spawn_reap(struct spawn_child *child, int *ret_status);

/* From now on orphaned descendants are adopted by this process, so that spawn_sweep() finds them. */
void spawn_adopt_orphans(void);

/* The direct children there are now; *ret is the caller's to free. A program inherits those that it
 * had before execve, and they are not its own to end. */
size_t spawn_list_children(pid_t **ret);

/* Kill and reap every descendant that is not a direct child in `keep` (n_keep pids). Returns how
 * many were ended. Called when a session ends: no process outlives it. */
size_t spawn_sweep(const pid_t *keep, size_t n_keep);

#endif
