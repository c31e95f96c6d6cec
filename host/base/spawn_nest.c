/* SPDX-License-Identifier: Apache-2.0
 *
 * The two processes of a birth into namespaces, on the host's memory. The host waits in recvmsg() all
 * the time, with signals blocked. The first and the second one share errno: each waits for the other
 * by a futex, through raw_call(), and once both run the first one uses nothing but raw_call().
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/raw_call.h"
#include "base/reaper/reaper.h"
#include "base/spawn_child.h"
#include "base/spawn_streams.h"

#define EXIT_NOT_STARTED 127
#define LOOK_AFTER_S     1 /* whether who is waited for still lives */

#ifdef BEACON_SANITIZED
#define INNER_FLAGS SIGCHLD
#else
#define INNER_FLAGS (CLONE_VM | SIGCHLD)
#endif

/* Values of spawn_nest.handshake. */
#define NEST_BORN     0u
#define NEST_TOLD     1u /* by the second process: inner_pid is there */
#define NEST_RELEASED 2u /* by the first one: the id maps are written */
#define NEST_BROKEN   3u /* by the second one */

static void say(struct spawn_nest *nest, uint32_t what)
{
    __atomic_store_n(&nest->handshake, what, __ATOMIC_SEQ_CST);
    (void)raw_call(SYS_futex, &nest->handshake, FUTEX_WAKE, 1, 0, 0);
}

/* `who` (0: nobody) is a child that may die instead of saying anything. */
static uint32_t wait_past(struct spawn_nest *nest, uint32_t what, pid_t who)
{
    const struct timespec a_while = {.tv_sec = LOOK_AFTER_S};
    uint32_t said = what;
    while ((said = __atomic_load_n(&nest->handshake, __ATOMIC_SEQ_CST)) == what) {
        (void)raw_call(SYS_futex, &nest->handshake, FUTEX_WAIT, what, &a_while, 0);
        if (who > 0 && raw_call(SYS_wait4, who, 0, WNOHANG | __WALL, 0) == who) {
            return NEST_BROKEN;
        }
    }
    return said;
}

/* ---- the second process ---- */

/* In the host's /proc, "self" is the number by which the host knows us. */
static int tell_pid(struct spawn_nest *nest)
{
    const long n = raw_call(SYS_readlinkat, nest->proc_fd, "self", nest->inner_pid,
                            sizeof nest->inner_pid - 1);
    nest->inner_pid[n > 0 ? n : 0] = '\0';
    say(nest, n > 0 ? NEST_TOLD : NEST_BROKEN);
    return n > 0 ? 0 : -1;
}

static int set_up_inner(struct spawn_birth *birth, enum spawn_step *step)
{
    *step = SPAWN_STEP_SESSION;
    if (spawn_set_session(birth) != 0) {
        return -1;
    }
    /* The end of the first process ends the namespace; this is the belt to those braces. */
    *step = SPAWN_STEP_PARENT;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) {
        return -1;
    }
    *step = SPAWN_STEP_CWD;
    if (spawn_set_directory(birth) != 0) {
        return -1;
    }
    *step = SPAWN_STEP_STREAMS;
    if (birth->nest->streams != NULL && spawn_streams_open(birth->nest->streams) != 0) {
        return -1;
    }
    *step = SPAWN_STEP_TERMINAL;
    return spawn_set_terminal(birth);
}

/* Nothing of the program runs before the reaper has shut itself in. */
static int wait_for_reaper(const struct spawn_nest *nest)
{
    uint64_t count = 0;
    return read(nest->go_fd, &count, sizeof count) == (ssize_t)sizeof count ? 0 : -1;
}

static int inner_main(void *arg)
{
    struct spawn_birth *birth = arg;
    enum spawn_step step = SPAWN_STEP_SESSION;
    if (tell_pid(birth->nest) != 0) {
        return EXIT_NOT_STARTED;
    }
    (void)wait_past(birth->nest, NEST_TOLD, 0);
    if (set_up_inner(birth, &step) != 0) {
        return spawn_fail(birth, SPAWN_STAGE_SETUP, (int)step);
    }
    if (spawn_run_prepare(birth, birth->request->prepare, 1) != 0) {
        return EXIT_NOT_STARTED;
    }
    if (wait_for_reaper(birth->nest) != 0) {
        return spawn_fail(birth, SPAWN_STAGE_SETUP, SPAWN_STEP_REAPER);
    }
    return spawn_run_program(birth);
}

/* ---- the first process ---- */

/* In a new pid namespace getppid() is 0, whether the host lives or not. But its end of the socket is
 * closed before the kernel looks for children that want to be told of its death. */
static int bind_to_host(const struct spawn_birth *birth)
{
    struct pollfd host = {.fd = birth->channel, .events = 0};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) {
        return -1;
    }
    if (poll(&host, 1, 0) != 0) {
        errno = ESRCH;
        return -1;
    }
    return 0;
}

/* The host says when the ids of this user namespace are there. */
static int wait_for_ids(const struct spawn_birth *birth)
{
    int32_t answer = EPERM;
    const ssize_t n = recv(birth->channel, &answer, sizeof answer, 0);
    if (n != (ssize_t)sizeof answer) {
        errno = ESRCH;
        return -1;
    }
    errno = answer;
    return answer == 0 ? 0 : -1;
}

static int set_up_first(struct spawn_birth *birth, enum spawn_step *step)
{
    *step = SPAWN_STEP_PARENT;
    if (close(birth->nest->host_end) != 0 || bind_to_host(birth) != 0) {
        return -1;
    }
    *step = SPAWN_STEP_SIGNALS;
    if (spawn_reset_signals() != 0) {
        return -1;
    }
    /* Out of the reach of what a terminal sends to the host's group. */
    *step = SPAWN_STEP_SESSION;
    if (setpgid(0, 0) != 0) {
        return -1;
    }
    *step = SPAWN_STEP_DESCRIPTORS;
    if (spawn_set_descriptors(birth) != 0) {
        return -1;
    }
    *step = SPAWN_STEP_SPACE;
    return wait_for_ids(birth);
}

static int write_map(const struct spawn_nest *nest, const char *file, const char *map)
{
    char path[sizeof nest->inner_pid + 16];
    const size_t n = strlen(nest->inner_pid);
    memcpy(path, nest->inner_pid, n);
    memcpy(path + n, file, strlen(file) + 1);
    const int fd = openat(nest->proc_fd, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    const ssize_t written = write(fd, map, strlen(map));
    const int saved = errno;
    (void)close(fd);
    errno = saved;
    return written == (ssize_t)strlen(map) ? 0 : -1;
}

static int bear_inner(struct spawn_birth *birth)
{
    struct spawn_nest *nest = birth->nest;
    const bool is_locked = birth->request->space->is_locked;
    const int flags = INNER_FLAGS | (is_locked ? CLONE_NEWUSER : 0);
    const pid_t pid = clone(inner_main, nest->stack_end, flags, birth);
    if (pid < 0) {
        return -1;
    }
    errno = ECHILD;
    if (wait_past(nest, NEST_BORN, pid) != NEST_TOLD) {
        return -1;
    }
    if (!is_locked) {
        return 0;
    }
    return write_map(nest, "/uid_map", nest->uid_map) != 0 ||
                   write_map(nest, "/gid_map", nest->gid_map) != 0
               ? -1
               : 0;
}

/* What the command was given under the same number is not for the reaper. */
static int lend_name(const struct spawn_nest *nest)
{
    const int terminal = nest->streams != NULL ? nest->streams->place_fd : -1;
    if (terminal < 0) {
        (void)close(REAPER_TERMINAL_FD);
        return 0;
    }
    return dup2(terminal, REAPER_TERMINAL_FD) < 0 ? -1 : 0;
}

static int place_for_reaper(const struct spawn_nest *nest)
{
    return dup2(nest->status_fd, REAPER_STATUS_FD) < 0 || dup2(nest->go_fd, REAPER_GO_FD) < 0 ||
                   lend_name(nest) != 0 || chdir("/") != 0
               ? -1
               : 0;
}

/* From here on the second process runs, too. */
static int become_reaper(struct spawn_birth *birth)
{
    const char *const argv[] = {REAPER_NAME, birth->request->shares_terminal ? "tells stops" : NULL,
                                NULL};
    const char *const env[] = {NULL};
    struct spawn_nest *nest = birth->nest;
    nest->is_at_the_exec = true;
    say(nest, NEST_RELEASED);
    const long rc = raw_call(SYS_execveat, nest->reaper_fd, "", argv, env, AT_EMPTY_PATH);
    if (birth->failure.stage == SPAWN_STAGE_NONE) {
        birth->failure = (struct spawn_failure){
            .stage = SPAWN_STAGE_SETUP, .index = SPAWN_STEP_REAPER, .os_errno = (int)-rc};
    }
    return EXIT_NOT_STARTED;
}

static int prepare_first(struct spawn_birth *birth)
{
    struct spawn_streams *streams = birth->nest->streams;
    if (streams != NULL) {
        spawn_terminal_take(streams);
    }
    if (spawn_run_prepare(birth, birth->request->space->prepare, 0) != 0) {
        return -1;
    }
    if (streams != NULL) {
        spawn_terminal_place(streams);
    }
    return 0;
}

int spawn_nest_main(void *arg)
{
    struct spawn_birth *birth = arg;
    enum spawn_step step = SPAWN_STEP_PARENT;
    if (set_up_first(birth, &step) != 0) {
        return spawn_fail(birth, SPAWN_STAGE_SETUP, (int)step);
    }
    if (prepare_first(birth) != 0) {
        return EXIT_NOT_STARTED;
    }
    if (bear_inner(birth) != 0) {
        return spawn_fail(birth, SPAWN_STAGE_SETUP, SPAWN_STEP_LOCK);
    }
    if (place_for_reaper(birth->nest) != 0) {
        return spawn_fail(birth, SPAWN_STAGE_SETUP, SPAWN_STEP_REAPER);
    }
    return become_reaper(birth);
}
