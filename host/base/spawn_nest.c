/* SPDX-License-Identifier: Apache-2.0
 *
 * The two processes of a birth into namespaces, on the host's memory. The first one makes the namespaces
 * beside the host, by raw_call() alone; once it was told to go the host waits in recvmsg() all the time,
 * with signals blocked. The first and the second one share errno: each waits for the other by a futex,
 * through raw_call(), and once both run the first one uses nothing but raw_call().
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
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/raw_call.h"
#include "base/reaper/reaper.h"
#include "base/spawn_child.h"
#include "base/spawn_streams.h"

#define EXIT_NOT_STARTED 127
#define INFO_BYTES       512

#ifdef BEACON_SANITIZED
#define INNER_FLAGS SIGCHLD
#else
#define INNER_FLAGS (CLONE_VM | SIGCHLD)
#endif

/* Values of spawn_nest.handshake. */
#define NEST_BORN     0u
#define NEST_RELEASED 1u /* the first process has written the id maps of the second one */

static void release(struct spawn_nest *nest)
{
    __atomic_store_n(&nest->handshake, NEST_RELEASED, __ATOMIC_SEQ_CST);
    (void)raw_call(SYS_futex, &nest->handshake, FUTEX_WAKE, 1, 0, 0);
}

/* When the first process dies instead, the second one dies with it. */
static void wait_for_release(struct spawn_nest *nest)
{
    while (__atomic_load_n(&nest->handshake, __ATOMIC_SEQ_CST) == NEST_BORN) {
        (void)raw_call(SYS_futex, &nest->handshake, FUTEX_WAIT, NEST_BORN, 0, 0);
    }
}

/* ---- the second process ---- */

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
    wait_for_release(birth->nest);
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

/* ---- the first process, beside the host: no errno, and maybe the host's descriptors ---- */

/* Until there is a word, or no host that could say one. */
static bool wait_for_go(const struct spawn_birth *birth)
{
    struct pollfd fds[] = {{.fd = birth->channel, .events = POLLIN},
                           {.fd = birth->nest->host_pidfd, .events = POLLIN}};
    uint32_t word = 0;
    long n = 0;
    do {
        n = raw_call(SYS_ppoll, fds, 2, 0, 0);
    } while (n == -EINTR);
    return n > 0 && fds[1].revents == 0 &&
           raw_call(SYS_read, birth->channel, &word, sizeof word) == (long)sizeof word &&
           word == SPAWN_WORD_GO;
}

/* From here on with descriptors of its own. */
static long part(const struct spawn_birth *birth)
{
    const uint32_t word = SPAWN_WORD_APART;
    const long rc = raw_call(SYS_unshare, CLONE_FILES);
    return rc == 0 ? raw_call(SYS_write, birth->channel, &word, sizeof word) : rc;
}

/* In a group out of the reach of what a terminal sends to the host's. */
static long begin_beside(const struct spawn_birth *birth)
{
    const struct spawn_nest *nest = birth->nest;
    long rc = raw_call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    rc = rc == 0 ? raw_call(SYS_setpgid, 0, 0) : rc;
    rc = rc == 0 && spawn_reset_signals() != 0 ? -EINVAL : rc;
    rc = rc == 0 && nest->is_early ? raw_call(SYS_unshare, nest->unshared) : rc;
    rc = rc == 0 && !wait_for_go(birth) ? -ESRCH : rc;
    rc = rc == 0 && nest->is_early ? part(birth) : rc;
    return rc > 0 ? 0 : rc;
}

/* ---- the first process, with the host waiting ---- */

/* In a new pid namespace getppid() is 0, whether the host lives or not. But its end of the socket is
 * closed before the kernel looks for children that want to be told of its death. */
static int bind_to_host(const struct spawn_birth *birth)
{
    struct pollfd host = {.fd = birth->channel, .events = 0};
    if (close(birth->nest->host_end) != 0) {
        return -1;
    }
    if (poll(&host, 1, 0) != 0) {
        errno = ESRCH;
        return -1;
    }
    return 0;
}

static int set_up_first(struct spawn_birth *birth, enum spawn_step *step)
{
    *step = SPAWN_STEP_PARENT;
    if (bind_to_host(birth) != 0) {
        return -1;
    }
    *step = SPAWN_STEP_DESCRIPTORS;
    return spawn_set_descriptors(birth);
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

/* The number by which the host knows the second process stands in the host's /proc, as a line of what it
 * tells about our descriptor. So nobody has to wait until that process runs. */
static int know_inner(struct spawn_nest *nest, int pidfd)
{
    static const char key[] = "\nPid:\t";
    char path[32] = "self/fdinfo/", info[INFO_BYTES];
    spawn_write_number((unsigned)pidfd, path + strlen(path));
    AUTO_CLOSE int fd = openat(nest->proc_fd, path, O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd < 0 ? -1 : read(fd, info, sizeof info - 1);
    info[n > 0 ? n : 0] = '\0';
    const char *at = strstr(info, key);
    const size_t digits = at == NULL ? 0 : strspn(at += sizeof key - 1, "0123456789");
    if (digits == 0 || digits >= sizeof nest->inner_pid || *at == '0') {
        errno = ESRCH;
        return -1;
    }
    memcpy(nest->inner_pid, at, digits);
    nest->inner_pid[digits] = '\0';
    return 0;
}

static int bear_inner(struct spawn_birth *birth)
{
    struct spawn_nest *nest = birth->nest;
    const bool is_locked = birth->request->space->is_locked;
    const int flags = INNER_FLAGS | CLONE_PIDFD | (is_locked ? CLONE_NEWUSER : 0);
    int pidfd = -1;
    if (clone(inner_main, nest->stack_end, flags, birth, &pidfd) < 0 ||
        know_inner(nest, pidfd) != 0) {
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
    release(nest);
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
    const long rc = begin_beside(birth);
    if (rc != 0) {
        birth->failure = (struct spawn_failure){SPAWN_STAGE_SETUP, SPAWN_STEP_SPACE, (int)-rc};
        return EXIT_NOT_STARTED;
    }
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
