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

struct spawn_child {
    pid_t pid;
    int pidfd; /* the caller's to close; readable when the child has exited */
};

/* On failure nothing is left running; `failure` (may be NULL) tells the stage. A missing program is
 * BEACON_E_NOT_FOUND, a refused operation BEACON_E_REFUSED. */
int spawn_start(const struct spawn_request *request, struct spawn_child *ret,
                struct spawn_failure *failure, struct beacon_error *err);

/* SIGKILL (or another signal) to the whole group the child leads. A vanished group is fine. */
void spawn_kill_group(pid_t pid, int signal_number);

/* From now on orphaned descendants are adopted by this process, so that spawn_sweep() finds them. */
void spawn_adopt_orphans(void);

/* The direct children there are now; *ret is the caller's to free. A program inherits those that it
 * had before execve, and they are not its own to end. */
size_t spawn_list_children(pid_t **ret);

/* Kill and reap every descendant that is not a direct child in `keep` (n_keep pids). Returns how
 * many were ended. Called when a session ends: no process outlives it. */
size_t spawn_sweep(const pid_t *keep, size_t n_keep);

#endif
