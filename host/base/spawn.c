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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/reaper/reaper_image.h"
#include "base/spawn_parts.h"
#include "base/spawn_send.h"
#include "base/spawn_streams.h"

#define CHILD_STACK_BYTES (64u << 10)
#define DEFAULT_PATH      "/bin:/usr/bin"

#define CHILD_FLAGS (SPAWN_MEMORY_FLAGS | CLONE_VFORK | CLONE_PIDFD | SIGCHLD)

/* Mapped shared, so that the record is seen by the parent in both kinds. It stands in for a pipe:
 * nothing for the child's descriptors to collide with. The stacks grow down from their ends. */
struct cradle {
    struct spawn_birth birth;
    struct spawn_nest nest;
    struct spawn_keep keep;
    struct spawn_streams streams;
    _Alignas(16) char stack[CHILD_STACK_BYTES];
    _Alignas(16) char inner_stack[CHILD_STACK_BYTES];
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

uint64_t spawn_hold_signals(void)
{
    const uint64_t all = ~UINT64_C(0);
    uint64_t before = 0;
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
    return before;
}

void spawn_let_signals(uint64_t before)
{
    const int saved = errno;
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
    errno = saved;
}

static pid_t give_birth(struct cradle *cradle, int *pidfd)
{
    const uint64_t before = spawn_hold_signals();
    int (*const child_main)(void *) =
        cradle->birth.keep != NULL ? spawn_keep_main : spawn_child_main;
    pid_t pid =
        clone(child_main, cradle->stack + sizeof cradle->stack, CHILD_FLAGS, &cradle->birth, pidfd);
    spawn_let_signals(before);
    return pid;
}

void spawn_bury(pid_t pid)
{
    while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR) {
    }
}

/* The child either runs its program now, or has left its reason and is to be reaped. */
static int meet_child(const struct spawn_birth *birth, struct spawn_child child,
                      struct spawn_child *ret, struct beacon_error *err)
{
    AUTO_CLOSE int pidfd = child.pidfd;
    if (birth->failure.stage != SPAWN_STAGE_NONE) {
        spawn_bury(child.pid);
        return spawn_explain(birth, err);
    }
    if (pidfd < 0 || !birth->has_reached_exec) {
        (void)kill(child.pid, SIGKILL);
        spawn_bury(child.pid);
        return error_set(err, pidfd < 0 ? BEACON_E_UNSUPPORTED : BEACON_E_IO,
                         pidfd < 0 ? "Linux 5.4 or newer is needed" : "try again",
                         "%s could not be started: %s", birth->request->argv[0],
                         pidfd < 0 ? "the kernel gave no pidfd" : "killed before it began");
    }
    *ret = (struct spawn_child){.pid = child.pid, .group = child.pid, .pidfd = take_fd(&pidfd)};
    return BEACON_OK;
}

/* Where none can be had, the program goes without one. */
static bool open_keeper(struct cradle *cradle, int *ret_status_fd, int *ret_their_end)
{
    struct spawn_keep *keep = &cradle->keep;
    struct beacon_error unused = {0};
    if (reaper_image_open(&keep->reaper_fd, &unused) != BEACON_OK ||
        spawn_status_open(ret_status_fd, ret_their_end) != 0) {
        return false;
    }
    keep->status_fd = *ret_their_end;
    keep->stack_end = cradle->inner_stack + sizeof cradle->inner_stack;
    cradle->birth.keep = keep;
    return true;
}

static int start_plain(struct cradle *cradle, struct spawn_child *ret, struct beacon_error *err)
{
    struct spawn_birth *birth = &cradle->birth;
    struct spawn_sent *sent = birth->request->sent;
    struct spawn_child child = {.pidfd = -1};
    AUTO_CLOSE int host_end = -1;
    AUTO_CLOSE int child_end = -1;
    AUTO_CLOSE int status_fd = -1;
    AUTO_CLOSE int their_status_fd = -1;
    const bool is_kept =
        birth->request->is_kept && open_keeper(cradle, &status_fd, &their_status_fd);
    if (sent != NULL && spawn_channel_open(&host_end, &child_end) != 0) {
        return error_set_errno(err, BEACON_E_LIMIT, errno, "raise the limit of 'ulimit -n'",
                               "cannot make a socket for %s: %s", birth->request->argv[0],
                               strerror(errno));
    }
    birth->channel = child_end;
    child.pid = give_birth(cradle, &child.pidfd);
    if (child.pid < 0) {
        return error_set_errno(
            err, BEACON_E_LIMIT, errno, "end other processes, or see 'ulimit -u'",
            "cannot start a process for %s: %s", birth->request->argv[0], strerror(errno));
    }
    if (sent != NULL) {
        (void)close(take_fd(&child_end));
        spawn_channel_drain(host_end, sent);
    }
    int rc = meet_child(birth, child, ret, err);
    if (rc == BEACON_OK && is_kept) {
        ret->is_kept = true;
        ret->group = cradle->keep.pid;
        ret->status_fd = take_fd(&status_fd);
    }
    return rc;
}

static int know_directory(const struct spawn_request *request, struct spawn_birth *birth,
                          struct beacon_error *err)
{
    struct stat st;
    if (request->cwd_fd <= 0) {
        return BEACON_OK;
    }
    if (fstat(request->cwd_fd, &st) != 0) {
        return error_set_errno(err, BEACON_E_IO, errno, "report this as a bug",
                               "cannot look at the working directory %s: %s", request->cwd,
                               strerror(errno));
    }
    birth->cwd_device = st.st_dev;
    birth->cwd_inode = st.st_ino;
    return BEACON_OK;
}

static int start_in(struct cradle *cradle, const struct spawn_request *request,
                    struct spawn_child *ret, struct beacon_error *err)
{
    struct spawn_birth *birth = &cradle->birth;
    AUTO_FREE char **programs = list_programs(request->argv[0], request->env);
    AUTO_FREE struct spawn_move *moves = list_moves(request, &birth->highest_target);
    birth->request = request;
    birth->programs = programs;
    birth->moves = moves;
    birth->n_moves = request->n_fds + 3;
    birth->parent = getpid();
    birth->channel = -1;
    int rc = know_directory(request, birth, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (request->space == NULL) {
        return start_plain(cradle, ret, err);
    }
    birth->nest = &cradle->nest;
    birth->nest->stack_end = cradle->inner_stack + sizeof cradle->inner_stack;
    birth->nest->streams = &cradle->streams;
    return spawn_space_start(birth, cradle->stack + sizeof cradle->stack, ret, err);
}

int spawn_start(const struct spawn_request *request, struct spawn_child *ret,
                struct spawn_failure *failure, struct beacon_error *err)
{
    assert(request->argv != NULL && request->env != NULL);
    struct spawn_failure unused = {0};
    failure = failure != NULL ? failure : &unused;
    *failure = (struct spawn_failure){0};
    if (request->sent != NULL) {
        request->sent->n = 0;
    }
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
    int rc = start_in(cradle, request, ret, err);
    *failure = cradle->birth.failure;
    (void)munmap(cradle, sizeof *cradle);
    if (rc != BEACON_OK) {
        spawn_sent_close(request->sent);
    }
    return rc;
}

void spawn_adopt_orphans(void)
{
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}
