/* SPDX-License-Identifier: Apache-2.0
 *
 * The child runs on the host's memory beside the host until it runs its own program, so it has only
 * raw_call() and what is laid out for it here.
 */
#include "base/spawn_aside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/raw_call.h"
#include "base/reaper/reaper_image.h"
#include "base/spawn_parts.h"

#define STACK_BYTES      (16u << 10)
#define EXIT_NOT_STARTED 127

/* Mapped shared, since with the sanitizers the child has a copy of all other memory. */
struct crib {
    const char *const *argv;
    int image_fd, given_fd, child_fd;
    int os_errno; /* by the child: why it could not run its program */
    _Alignas(16) char stack[STACK_BYTES];
};

struct spawn_aside {
    pid_t pid;
    int pidfd;
    int gone_fd; /* of a pipe: at its end when the child has left the host's memory; -1: that was seen */
    struct crib *crib; /* NULL: likewise */
    char **argv;       /* one block, for as long as the child looks at it */
};

/* Also when it is there already, and would be closed. */
static long place(int from, int to)
{
    return from == to ? raw_call(SYS_fcntl, to, F_SETFD, 0) : raw_call(SYS_dup3, from, to, 0);
}

static long settle(const struct crib *crib)
{
    long rc = raw_call(SYS_setsid);
    rc = rc >= 0 ? raw_call(SYS_chdir, "/") : rc;
    rc = rc >= 0 ? place(crib->given_fd, crib->child_fd) : rc;
    return rc >= 0 ? raw_call(SYS_close_range, crib->child_fd + 1, ~0U, CLOSE_RANGE_CLOEXEC) : rc;
}

static int child_main(void *arg)
{
    static const char *const env[] = {NULL};
    struct crib *crib = arg;
    long rc = settle(crib);
    rc = rc >= 0 ? raw_call(SYS_execveat, crib->image_fd, "", crib->argv, env, AT_EMPTY_PATH) : rc;
    crib->os_errno = (int)-rc;
    return EXIT_NOT_STARTED;
}

static char **copy_words(const char *const *argv)
{
    size_t n = 0, bytes = 0;
    for (; argv[n] != NULL; n++) {
        bytes += strlen(argv[n]) + 1;
    }
    char **copy = alloc_zeroed((n + 1) * sizeof *copy + bytes);
    char *text = (char *)(copy + n + 1);
    for (size_t i = 0; i < n; i++) {
        const size_t len = strlen(argv[i]) + 1;
        memcpy(text, argv[i], len);
        copy[i] = text;
        text += len;
    }
    return copy;
}

static int refuse(int os_errno, struct beacon_error *err)
{
    return error_set_errno(err, BEACON_E_REFUSED, os_errno,
                           "end other processes, or see 'ulimit -u' and 'sysctl vm.memfd_noexec'",
                           "cannot start the process that looks after the workspace: %s",
                           strerror(os_errno));
}

/* The child left its memory, or is dead. */
static void look_away(struct spawn_aside *aside)
{
    if (aside->gone_fd >= 0) {
        (void)close(aside->gone_fd);
    }
    if (aside->crib != NULL) {
        (void)munmap(aside->crib, sizeof *aside->crib);
    }
    free(aside->argv);
    aside->gone_fd = -1;
    aside->crib = NULL;
    aside->argv = NULL;
}

/* As in every child: no handler of the host may run in there. It has them blocked for good. */
static void bear(struct spawn_aside *aside)
{
    struct crib *crib = aside->crib;
    const int flags = SPAWN_MEMORY_FLAGS | CLONE_PIDFD | SIGCHLD;
    const uint64_t before = spawn_hold_signals();
    aside->pid = clone(child_main, crib->stack + sizeof crib->stack, flags, crib, &aside->pidfd);
    spawn_let_signals(before);
}

int spawn_aside_start(const char *const *argv, int given_fd, int child_fd, struct spawn_aside **ret,
                      struct beacon_error *err)
{
    int image = -1, ends[2];
    int rc = reaper_image_open(&image, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct crib *crib =
        mmap(NULL, sizeof *crib, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (crib == MAP_FAILED) {
        return refuse(errno, err);
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        rc = refuse(errno, err);
        (void)munmap(crib, sizeof *crib);
        return rc;
    }
    struct spawn_aside *aside = alloc_zeroed(sizeof *aside);
    *aside = (struct spawn_aside){.crib = crib, .argv = copy_words(argv), .gone_fd = ends[0]};
    crib->argv = (const char *const *)aside->argv; /* not as a whole: the stack is large */
    crib->image_fd = image;
    crib->given_fd = given_fd;
    crib->child_fd = child_fd;
    bear(aside);
    const int os_errno = errno;
    (void)close(ends[1]);
    if (aside->pid < 0) {
        look_away(aside);
        free(aside);
        return refuse(os_errno, err);
    }
    *ret = aside;
    return BEACON_OK;
}

int spawn_aside_wait(struct spawn_aside *aside, struct beacon_error *err)
{
    char byte = 0;
    if (aside->gone_fd < 0) {
        return BEACON_OK;
    }
    while (read(aside->gone_fd, &byte, sizeof byte) < 0 && errno == EINTR) {
    }
    const int os_errno = aside->crib->os_errno;
    look_away(aside);
    return os_errno == 0 ? BEACON_OK : refuse(os_errno, err);
}

bool spawn_aside_is_alive(const struct spawn_aside *aside)
{
    struct pollfd over = {.fd = aside->pidfd, .events = POLLIN};
    return poll(&over, 1, 0) == 0;
}

void spawn_aside_kill(const struct spawn_aside *aside)
{
    (void)syscall(SYS_pidfd_send_signal, aside->pidfd, SIGKILL, NULL, 0);
}

void spawn_aside_end(struct spawn_aside *aside)
{
    if (aside != NULL) {
        spawn_aside_kill(aside);
        spawn_bury(aside->pid);
        look_away(aside);
        (void)close(aside->pidfd);
        free(aside);
    }
}
