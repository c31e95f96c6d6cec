/* SPDX-License-Identifier: Apache-2.0
 *
 * The host's part of a birth into namespaces. It may not sleep as a plain birth lets it (CLONE_VFORK),
 * since the ids of the new user namespace can only be written from outside of it.
 *
 * One that begins early begins on the host's own table of descriptors, so that it will have those that are
 * opened until it is told to go. What the two share there is closed when it has said that it is apart.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/reaper/reaper_image.h"
#include "base/spawn_ids.h"
#include "base/spawn_parts.h"
#include "base/spawn_send.h"
#include "base/spawn_streams.h"

/* The least it is born into: on shared memory these cannot be had later. */
#define BORN_INTO (CLONE_NEWUSER | CLONE_NEWPID)

/* What the host keeps open until the birth is over; -1: not, or no longer. */
struct spawn_midwife {
    struct spawn_cradle *cradle;
    struct spawn_child child;
    int channel;   /* our end of the socket */
    int status_fd; /* ours of the reaper's pipe */
    int child_channel, child_status_fd, go_fd, proc_fd, host_pidfd;
    struct spawn_ids ids;
};

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

static void dismiss(struct spawn_midwife *midwife)
{
    close_fd(&midwife->channel);
    close_fd(&midwife->status_fd);
    close_fd(&midwife->child_channel);
    close_fd(&midwife->child_status_fd);
    close_fd(&midwife->go_fd);
    close_fd(&midwife->proc_fd);
    close_fd(&midwife->host_pidfd);
    free(midwife);
}

static const char *who(const struct spawn_birth *birth)
{
    return birth->request != NULL ? birth->request->argv[0] : "a command";
}

static bool open_pipes(struct spawn_midwife *midwife)
{
    midwife->host_pidfd = spawn_raise_fd((int)syscall(SYS_pidfd_open, getpid(), 0));
    return midwife->host_pidfd >= 0 &&
           spawn_channel_open(&midwife->channel, &midwife->child_channel) == 0 &&
           spawn_status_open(&midwife->status_fd, &midwife->child_status_fd) == 0 &&
           (midwife->go_fd = spawn_raise_fd(eventfd(0, EFD_CLOEXEC))) >= 0;
}

static int lay_out(struct spawn_midwife *midwife, const struct spawn_space *space,
                   struct beacon_error *err)
{
    midwife->proc_fd = spawn_proc_open(err);
    if (midwife->proc_fd < 0) {
        return BEACON_E_REFUSED;
    }
    if (!open_pipes(midwife)) {
        return error_set_errno(err, BEACON_E_LIMIT, errno, "raise the limit of 'ulimit -n'",
                               "cannot make the pipes for %s: %s", who(&midwife->cradle->birth),
                               strerror(errno));
    }
    return spawn_ids_plan(midwife->proc_fd, space, &midwife->ids, err);
}

static void fill_nest(const struct spawn_midwife *midwife, const struct spawn_space *space,
                      bool is_early, int reaper_fd)
{
    struct spawn_birth *birth = &midwife->cradle->birth;
    struct spawn_nest *nest = &midwife->cradle->nest;
    birth->nest = nest;
    birth->channel = midwife->child_channel;
    nest->is_early = is_early;
    nest->unshared = space->flags & ~(uint64_t)BORN_INTO;
    nest->host_pidfd = midwife->host_pidfd;
    nest->host_end = midwife->channel;
    nest->status_fd = midwife->child_status_fd;
    nest->go_fd = midwife->go_fd;
    nest->proc_fd = midwife->proc_fd;
    nest->reaper_fd = reaper_fd;
    nest->uid_map = midwife->ids.inner_uid_map;
    nest->gid_map = midwife->ids.inner_gid_map;
    nest->stack_end = midwife->cradle->inner_stack + sizeof midwife->cradle->inner_stack;
    nest->streams = (space->flags & CLONE_NEWNS) != 0 ? &midwife->cradle->streams : NULL;
}

static void end_first(struct spawn_midwife *midwife)
{
    if (midwife->child.pid > 0) {
        (void)kill(midwife->child.pid, SIGKILL);
        spawn_bury(midwife->child.pid);
        (void)close(midwife->child.pidfd);
    }
}

static int bear_first(struct spawn_midwife *midwife, const struct spawn_space *space, bool is_early,
                      struct beacon_error *err)
{
    const int kind = is_early ? CLONE_FILES | BORN_INTO : (int)space->flags;
    struct spawn_cradle *cradle = midwife->cradle;
    struct spawn_child *child = &midwife->child;
    const uint64_t before = spawn_hold_signals();
    child->pid =
        clone(spawn_nest_main, cradle->stack + sizeof cradle->stack,
              SPAWN_MEMORY_FLAGS | CLONE_PIDFD | SIGCHLD | kind, &cradle->birth, &child->pidfd);
    spawn_let_signals(before);
    if (child->pid < 0) {
        cradle->birth.failure = (struct spawn_failure){SPAWN_STAGE_SETUP, SPAWN_STEP_SPACE, errno};
        return cradle->birth.request != NULL ? spawn_explain(&cradle->birth, err)
                                             : BEACON_E_REFUSED;
    }
    if (!is_early) {
        close_fd(&midwife->child_channel);
        close_fd(&midwife->child_status_fd);
    }
    return spawn_ids_write(midwife->proc_fd, &midwife->ids, child->pid, err);
}

int spawn_space_begin(struct spawn_cradle *cradle, const struct spawn_space *space, bool is_early,
                      struct spawn_midwife **ret, struct beacon_error *err)
{
    const uint64_t known =
        BORN_INTO | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWCGROUP;
    int reaper_fd = -1;
    assert((space->flags & BORN_INTO) == BORN_INTO && (space->flags & ~known) == 0);
    int rc = reaper_image_open(&reaper_fd, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct spawn_midwife *midwife = alloc_zeroed(sizeof *midwife);
    midwife->cradle = cradle;
    midwife->child = (struct spawn_child){.pid = -1, .pidfd = -1};
    midwife->channel = midwife->status_fd = midwife->child_channel = midwife->child_status_fd =
        midwife->go_fd = midwife->proc_fd = midwife->host_pidfd = -1;
    rc = lay_out(midwife, space, err);
    if (rc == BEACON_OK) {
        fill_nest(midwife, space, is_early, reaper_fd);
        rc = bear_first(midwife, space, is_early, err);
    }
    if (rc != BEACON_OK) {
        spawn_space_abandon(midwife);
        return rc;
    }
    *ret = midwife;
    return BEACON_OK;
}

void spawn_space_abandon(struct spawn_midwife *midwife)
{
    if (midwife != NULL) {
        end_first(midwife);
        dismiss(midwife);
    }
}

/* Until the first process has descriptors of its own, or is dead. */
static void wait_until_apart(const struct spawn_midwife *midwife)
{
    struct pollfd fds[] = {{.fd = midwife->channel, .events = POLLIN},
                           {.fd = midwife->child.pidfd, .events = POLLIN}};
    uint32_t word = 0;
    while (poll(fds, 2, -1) < 0 && errno == EINTR) {
    }
    (void)recv(midwife->channel, &word, sizeof word, MSG_DONTWAIT);
}

/* Everything up to the end of the birth, with signals held: errno is the children's as well. */
static void attend(struct spawn_midwife *midwife, struct spawn_sent *sent)
{
    const uint32_t go = SPAWN_WORD_GO;
    const uint64_t before = spawn_hold_signals();
    (void)send(midwife->channel, &go, sizeof go, MSG_NOSIGNAL);
    if (midwife->cradle->nest.is_early) {
        wait_until_apart(midwife);
    }
    close_fd(&midwife->child_channel);
    close_fd(&midwife->child_status_fd);
    spawn_channel_drain(midwife->channel, sent);
    spawn_let_signals(before);
}

static int judge(const struct spawn_birth *birth, struct beacon_error *err)
{
    if (birth->failure.stage != SPAWN_STAGE_NONE) {
        return spawn_explain(birth, err);
    }
    if (!birth->has_reached_exec || !birth->nest->is_at_the_exec) {
        return error_set(err, BEACON_E_IO, "try again",
                         "%s could not be started: killed before it began",
                         birth->request->argv[0]);
    }
    return BEACON_OK;
}

int spawn_space_end(struct spawn_midwife *midwife, struct spawn_child *ret,
                    struct beacon_error *err)
{
    struct spawn_birth *birth = &midwife->cradle->birth;
    assert(birth->highest_target < SPAWN_FD_FLOOR);
    if (birth->nest->streams != NULL) {
        spawn_streams_plan(birth->request, birth->nest->streams);
    }
    attend(midwife, birth->request->sent);
    int rc = judge(birth, err);
    if (rc != BEACON_OK) {
        spawn_space_abandon(midwife);
        return rc;
    }
    *ret = midwife->child;
    ret->group = (pid_t)strtol(birth->nest->inner_pid, NULL, 10);
    ret->status_fd = take_fd(&midwife->status_fd);
    dismiss(midwife);
    return BEACON_OK;
}
