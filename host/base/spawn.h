/* spawn.h - the only place in the host that starts processes.
 *
 * A child gets exactly the three standard descriptors it is given and those in `fds`; every other
 * descriptor of the host is closed (close_range), signals are back to default and unblocked, and it
 * leads its own session, so spawn_signal() reaches what it starts and the person's terminal is out
 * of its reach. When the host dies, the child is killed (PDEATHSIG, with the parent checked again
 * after it is set).
 *
 * With `space` two processes are born. The first one is pid 1 of a new pid namespace; it runs
 * `space->prepare`, starts the second one and becomes the reaper (reaper/reaper.c): a program of a
 * few instructions without anything of the host in its memory, environment or descriptors. The second
 * one runs `prepare` and then the program, once the reaper has shut itself in. When the reaper ends,
 * for whatever reason, the kernel ends everything in the namespace.
 * Thread: [main] only: PDEATHSIG follows the thread that spawned.
 */
#ifndef HOST_BASE_SPAWN_H
#define HOST_BASE_SPAWN_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SPAWN_FD_FLOOR 64 /* descriptors of our own are here and above while a child is set up */

struct spawn_fd {
    int parent_fd; /* borrowed */
    int child_fd;  /* number in the child, ≥ 3 and < SPAWN_FD_FLOOR */
};

/* What failed in the child between its birth and execve. */
struct spawn_failure {
    int stage;    /* one of the SPAWN_STAGE_ values */
    int index;    /* SPAWN_STAGE_PREPARE: which operation, counted from 0 */
    int os_errno; /* of the failing call */
};

/* What a prepare() may know of the process it runs in. */
struct spawn_scene {
    pid_t parent; /* what getppid() must say there: 0 for pid 1 of a namespace */
    int host_fd;  /* of spawn_send_fd(); -1: nothing can be sent */
};

/* Runs in the child, on the host's memory: raw system calls on plain data only, no allocation, no
 * locks, no stdio. 0, or fill `failure` and return -1. */
typedef int (*spawn_prepare_fn)(const void *ctx, const struct spawn_scene *scene,
                                struct spawn_failure *failure);

/* Descriptors that were made in the child for the host, in the order they were sent. */
#define SPAWN_SENT_MAX 4
struct spawn_sent {
    struct {
        uint32_t tag;
        int fd; /* the caller's once spawn_start() has succeeded */
    } list[SPAWN_SENT_MAX];
    size_t n;
};

/* Namespaces to be born into. User ids: when the host may, every id that it has is the same inside;
 * else, and when `uid` or `gid` is not the host's own, there is only that one id. */
struct spawn_space {
    uint64_t flags; /* CLONE_NEW*, with CLONE_NEWUSER and CLONE_NEWPID */
    uid_t uid;      /* the host's effective ids as seen inside */
    gid_t gid;
    bool is_locked;           /* the program's process gets one more user namespace, in which it has
                                 no power over the mounts, the network and the reaper of the first */
    spawn_prepare_fn prepare; /* in the first process, which may mount; NULL: nothing */
};
#define SPAWN_STAGE_NONE    0
#define SPAWN_STAGE_SETUP   1 /* descriptors, signals, working directory */
#define SPAWN_STAGE_PREPARE 2 /* the caller's prepare() */
#define SPAWN_STAGE_EXEC    3 /* execve: program missing or not executable */

struct spawn_request {
    const char *const *argv;   /* NULL-terminated; argv[0] without '/' is searched in env's PATH */
    const char *const *env;    /* NULL-terminated "K=V" */
    const char *cwd;           /* NULL: the host's */
    int in_fd, out_fd, err_fd; /* borrowed; -1 = /dev/null; with mounts of its own the program gets
                                  devices, terminals and files to read as they are there */
    const struct spawn_fd *fds;
    size_t n_fds;
    bool is_terminal;     /* in_fd is a pty slave: make it the controlling terminal */
    bool shares_terminal; /* stay in the host's session: job control on the person's terminal */
    bool is_kept; /* without `space`: a keeper (reaper/keeper.c) stands between the host and the
                           program, and kills what descends from it when that or the host ends */
    bool outlives_host; /* not killed with the host: it notices by a descriptor, and ends itself */
    int program_fd;     /* > 0: run this descriptor (≥ SPAWN_FD_FLOOR), argv[0] is but a name */
    int cwd_fd;         /* > 0: `cwd` must be this very directory when it is entered, else ESTALE */
    const struct spawn_space *space; /* NULL: in the host's namespaces */
    spawn_prepare_fn prepare;        /* last thing before execve; NULL: nothing */
    const void *prepare_ctx;         /* of both prepare functions */
    struct spawn_sent *sent;         /* filled with what spawn_send_fd() sent; NULL: it may not */
};

/* One started process. In a pid namespace `pid` is the process that reaps there, and everything in the
 * namespace ends with it. With is_kept it is the keeper, which ends after everything. */
struct spawn_child {
    pid_t pid;    /* direct child of this process */
    pid_t group;  /* process group of the program itself, as this process sees it */
    int pidfd;    /* readable when everything is over; spawn_reap() closes it */
    bool is_kept; /* `pid` is a keeper: SIGTERM makes it kill everything */
    int status_fd; /* what the reaper or keeper tells, readable with each change of state; 0: there is none */
    int status;    /* the last that was told there, private */
    bool has_told; /* private */
};

/* On failure nothing is left running; `failure` (may be NULL) tells the stage. A missing program is
 * BEACON_E_NOT_FOUND, a refused operation BEACON_E_REFUSED. */
int spawn_start(const struct spawn_request *request, struct spawn_child *ret,
                struct spawn_failure *failure, struct beacon_error *err);

/* A signal to the program's whole group. A vanished one is fine. */
void spawn_signal(const struct spawn_child *child, int signal_number);

/* SIGKILL to the group and to everything in the pid namespace, or that a keeper looks after. Reap it
 * afterwards. */
void spawn_kill(const struct spawn_child *child);

/* Wait until the program has stopped (true; *ret_status says by which signal) or is over (false:
 * spawn_reap() it, after spawn_kill() if nothing of its group may stay). For who shares a terminal
 * with it: stops are only told then. */
bool spawn_wait(struct spawn_child *child, int *ret_status);

/* Wait for the end, however long that takes; at once when the pidfd is readable. *ret_status is that of
 * waitpid(), of the program itself also when something reaped it inside. Closes the descriptors of
 * `child` and forgets it; a child that was reaped before is fine (status 0). */
void spawn_reap(struct spawn_child *child, int *ret_status);

/* For a prepare function: hand the host a copy of `fd`, which stays open here. 0, or -1 with errno. */
int spawn_send_fd(const struct spawn_scene *scene, uint32_t tag, int fd);

/* From now on orphaned descendants are adopted by this process, so that spawn_sweep() finds them. */
void spawn_adopt_orphans(void);

/* The direct children there are now; *ret is the caller's to free. A program inherits those that it
 * had before execve, and they are not its own to end. */
size_t spawn_list_children(pid_t **ret);

/* Kill and reap every descendant that is not a direct child in `keep` (n_keep pids). Returns how
 * many were ended. Called when a session ends: no process outlives it. */
size_t spawn_sweep(const pid_t *keep, size_t n_keep);

#endif
