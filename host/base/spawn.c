/* SPDX-License-Identifier: Apache-2.0 */
#include "base/spawn.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/spawn_child.h"

#define CHILD_STACK_BYTES (64u << 10)
#define DEFAULT_PATH      "/bin:/usr/bin"

/* A child on borrowed memory costs nothing to make, however large the host is. The sanitizers keep
 * books about that memory which the child would put in disorder, so there it gets a copy. */
#ifdef BEACON_SANITIZED
#define CHILD_FLAGS (CLONE_VFORK | CLONE_PIDFD | SIGCHLD)
#else
#define CHILD_FLAGS (CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD)
#endif

/* Mapped shared, so that the record is seen by the parent in both kinds. It stands in for a pipe:
 * nothing for the child's descriptors to collide with. The child's stack grows down from the end. */
struct cradle {
    struct spawn_birth birth;
    _Alignas(16) char stack[CHILD_STACK_BYTES];
};

static const char *search_path(const char *const *env)
{
    for (; *env != NULL; env++) {
        if (strncmp(*env, "PATH=", 5) == 0) {
            return *env + 5;
        }
    }
    return DEFAULT_PATH;
}

static size_t count_fields(const char *path)
{
    size_t n = 1;
    for (; *path != '\0'; path++) {
        n += *path == ':' ? 1u : 0u;
    }
    return n;
}

/* The paths under which execve shall look for `name`: one block, pointers first, then the text. An
 * empty field of PATH is the working directory. */
static char **list_programs(const char *name, const char *const *env)
{
    bool is_searched = strchr(name, '/') == NULL && *name != '\0';
    const char *path = is_searched ? search_path(env) : "";
    size_t fields = count_fields(path);
    size_t name_len = strlen(name);
    size_t table = (fields + 1) * sizeof(char *);
    char **list = alloc_zeroed(table + strlen(path) + fields * (name_len + 2));
    char *text = (char *)list + table;
    for (size_t i = 0; i < fields; i++) {
        size_t len = strcspn(path, ":");
        list[i] = text;
        memcpy(text, path, len);
        text += len;
        if (len > 0) {
            *text++ = '/';
        }
        memcpy(text, name, name_len + 1);
        text += name_len + 1;
        path += path[len] == ':' ? len + 1 : len;
    }
    return list;
}

static struct spawn_move *list_moves(const struct spawn_request *request, int *highest)
{
    struct spawn_move *moves = alloc_array(request->n_fds + 3, sizeof *moves);
    moves[0] = (struct spawn_move){request->in_fd, STDIN_FILENO};
    moves[1] = (struct spawn_move){request->out_fd, STDOUT_FILENO};
    moves[2] = (struct spawn_move){request->err_fd, STDERR_FILENO};
    *highest = STDERR_FILENO;
    for (size_t i = 0; i < request->n_fds; i++) {
        const struct spawn_fd *fd = &request->fds[i];
        assert(fd->parent_fd >= 0 && fd->child_fd > STDERR_FILENO);
        moves[i + 3] = (struct spawn_move){fd->parent_fd, fd->child_fd};
        *highest = fd->child_fd > *highest ? fd->child_fd : *highest;
    }
    return moves;
}

/* No handler of the host may run in the child before they are reset there. The raw call also holds
 * back the two signals that the C library keeps for itself. */
static pid_t give_birth(struct cradle *cradle, int *pidfd)
{
    const uint64_t all = ~UINT64_C(0);
    uint64_t before = 0;
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
    pid_t pid = clone(spawn_child_main, cradle->stack + sizeof cradle->stack, CHILD_FLAGS,
                      &cradle->birth, pidfd);
    int saved = errno;
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
    errno = saved;
    return pid;
}

static int explain_setup(const struct spawn_request *request, const struct spawn_failure *failure,
                         struct beacon_error *err)
{
    int os_errno = failure->os_errno;
    const char *why = strerror(os_errno);
    switch ((enum spawn_step)failure->index) {
    case SPAWN_STEP_CWD:
        return error_set_errno(err, os_errno == EACCES ? BEACON_E_REFUSED : BEACON_E_NOT_FOUND,
                               os_errno, "name a directory that exists and that you may enter",
                               "cannot enter the working directory %s: %s", request->cwd, why);
    case SPAWN_STEP_DESCRIPTORS:
        return error_set_errno(err, BEACON_E_LIMIT, os_errno, "raise the limit of 'ulimit -n'",
                               "cannot place the descriptors of %s: %s", request->argv[0], why);
    case SPAWN_STEP_TERMINAL:
        return error_set_errno(err, BEACON_E_IO, os_errno, "run the command without a terminal",
                               "cannot give %s a terminal: %s", request->argv[0], why);
    case SPAWN_STEP_SESSION:
    case SPAWN_STEP_PARENT:
    case SPAWN_STEP_SIGNALS:
        break;
    }
    return error_set_errno(err, BEACON_E_INTERNAL, os_errno, "report this as a bug",
                           "cannot set up a process for %s: %s", request->argv[0], why);
}

static int explain_exec(const char *program, int os_errno, struct beacon_error *err)
{
    switch (os_errno) {
    case ENOENT:
    case ENOTDIR:
        return error_set_errno(err, BEACON_E_NOT_FOUND, os_errno,
                               "install the program, or give its full path",
                               "program %s was not found", program);
    case EACCES:
    case EPERM:
        return error_set_errno(err, BEACON_E_REFUSED, os_errno,
                               "check its mode with 'ls -l' and, in a sandbox, what may be run",
                               "program %s may not be executed: %s", program, strerror(os_errno));
    case E2BIG:
        return error_set_errno(err, BEACON_E_LIMIT, os_errno, "pass long input through a file",
                               "the arguments of %s are too long", program);
    default:
        return error_set_errno(err, BEACON_E_INVALID, os_errno,
                               "check with 'file' what it is; a script needs a #! line",
                               "program %s cannot be run: %s", program, strerror(os_errno));
    }
}

static int explain_failure(const struct spawn_request *request, const struct spawn_failure *failure,
                           struct beacon_error *err)
{
    if (failure->stage == SPAWN_STAGE_SETUP) {
        return explain_setup(request, failure, err);
    }
    if (failure->stage == SPAWN_STAGE_EXEC) {
        return explain_exec(request->argv[0], failure->os_errno, err);
    }
    return error_set_errno(err, BEACON_E_REFUSED, failure->os_errno,
                           "the command was not started; see 'beacon sandbox explain'",
                           "operation %d before %s failed: %s", failure->index, request->argv[0],
                           strerror(failure->os_errno));
}

static void bury(pid_t pid)
{
    while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR) {
    }
}

/* The child either runs its program now, or has left its reason and is to be reaped. */
static int meet_child(const struct spawn_birth *birth, struct spawn_child child,
                      struct spawn_child *ret, struct spawn_failure *failure,
                      struct beacon_error *err)
{
    AUTO_CLOSE int pidfd = child.pidfd;
    if (birth->failure.stage != SPAWN_STAGE_NONE) {
        bury(child.pid);
        *failure = birth->failure;
        return explain_failure(birth->request, failure, err);
    }
    if (pidfd < 0 || !birth->has_reached_exec) {
        (void)kill(child.pid, SIGKILL);
        bury(child.pid);
        return error_set(err, pidfd < 0 ? BEACON_E_UNSUPPORTED : BEACON_E_IO,
                         pidfd < 0 ? "Linux 5.4 or newer is needed" : "try again",
                         "%s could not be started: %s", birth->request->argv[0],
                         pidfd < 0 ? "the kernel gave no pidfd" : "killed before it began");
    }
    *ret = (struct spawn_child){.pid = child.pid, .group = child.pid, .pidfd = take_fd(&pidfd)};
    return BEACON_OK;
}

static int start_in(struct cradle *cradle, const struct spawn_request *request,
                    struct spawn_child *ret, struct spawn_failure *failure,
                    struct beacon_error *err)
{
    struct spawn_birth *birth = &cradle->birth;
    AUTO_FREE char **programs = list_programs(request->argv[0], request->env);
    AUTO_FREE struct spawn_move *moves = list_moves(request, &birth->highest_target);
    birth->request = request;
    birth->programs = programs;
    birth->moves = moves;
    birth->n_moves = request->n_fds + 3;
    birth->parent = getpid();
    struct spawn_child child = {.pidfd = -1};
    child.pid = give_birth(cradle, &child.pidfd);
    if (child.pid < 0) {
        return error_set_errno(
            err, BEACON_E_LIMIT, errno, "end other processes, or see 'ulimit -u'",
            "cannot start a process for %s: %s", request->argv[0], strerror(errno));
    }
    return meet_child(birth, child, ret, failure, err);
}

int spawn_start(const struct spawn_request *request, struct spawn_child *ret,
                struct spawn_failure *failure, struct beacon_error *err)
{
    assert(request->argv != NULL && request->env != NULL);
    struct spawn_failure unused = {0};
    failure = failure != NULL ? failure : &unused;
    *failure = (struct spawn_failure){0};
    if (request->argv[0] == NULL) {
        return error_set(err, BEACON_E_INVALID, "give at least the program",
                         "the command is empty");
    }
    struct cradle *cradle =
        mmap(NULL, sizeof *cradle, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (cradle == MAP_FAILED) {
        return error_set_errno(err, BEACON_E_LIMIT, errno, "free some memory",
                               "cannot start a process for %s: %s", request->argv[0],
                               strerror(errno));
    }
    int rc = start_in(cradle, request, ret, failure, err);
    (void)munmap(cradle, sizeof *cradle);
    return rc;
}

void spawn_signal(const struct spawn_child *child, int signal_number)
{
    if (child->group > 1) {
        (void)kill(-child->group, signal_number);
    }
}

void spawn_kill(const struct spawn_child *child)
{
    spawn_signal(child, SIGKILL);
}

void spawn_reap(struct spawn_child *child, int *ret_status)
{
    *ret_status = 0;
    if (child->pid > 1) {
        while (waitpid(child->pid, ret_status, __WALL) < 0 && errno == EINTR) {
        }
    }
    if (child->pidfd >= 0) {
        (void)close(child->pidfd);
    }
    *child = (struct spawn_child){.pidfd = -1};
}

void spawn_adopt_orphans(void)
{
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}
