/* SPDX-License-Identifier: Apache-2.0
 *
 * The host's part of a birth into namespaces. It may not sleep as a plain birth lets it (CLONE_VFORK),
 * since the ids of the new user namespace can only be written from outside of it.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
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

/* What the host keeps open until the birth is over; -1: not, or no longer. */
struct midwife {
    int channel;   /* our end of the socket */
    int status_fd; /* ours of the reaper's pipe */
    int child_channel, child_status_fd, go_fd, proc_fd;
    struct spawn_ids *ids;
};

static void close_all(struct midwife *midwife)
{
    const int fds[] = {midwife->channel,         midwife->status_fd, midwife->child_channel,
                       midwife->child_status_fd, midwife->go_fd,     midwife->proc_fd};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
    free(midwife->ids);
}

static int lay_out(const struct spawn_request *request, struct midwife *midwife,
                   struct beacon_error *err)
{
    midwife->proc_fd = spawn_proc_open(err);
    if (midwife->proc_fd < 0) {
        return BEACON_E_REFUSED;
    }
    if (spawn_channel_open(&midwife->channel, &midwife->child_channel) != 0 ||
        spawn_status_open(&midwife->status_fd, &midwife->child_status_fd) != 0 ||
        (midwife->go_fd = spawn_raise_fd(eventfd(0, EFD_CLOEXEC))) < 0) {
        return error_set_errno(err, BEACON_E_LIMIT, errno, "raise the limit of 'ulimit -n'",
                               "cannot make the pipes for %s: %s", request->argv[0],
                               strerror(errno));
    }
    return spawn_ids_plan(midwife->proc_fd, request->space, midwife->ids, err);
}

static void fill_nest(const struct midwife *midwife, int reaper_fd, struct spawn_birth *birth)
{
    struct spawn_nest *nest = birth->nest;
    birth->channel = midwife->child_channel;
    nest->host_end = midwife->channel;
    nest->status_fd = midwife->child_status_fd;
    nest->go_fd = midwife->go_fd;
    nest->proc_fd = midwife->proc_fd;
    nest->reaper_fd = reaper_fd;
    nest->uid_map = midwife->ids->inner_uid_map;
    nest->gid_map = midwife->ids->inner_gid_map;
    if ((birth->request->space->flags & CLONE_NEWNS) != 0) {
        spawn_streams_plan(birth->request, nest->streams);
    } else {
        nest->streams = NULL;
    }
}

/* The first process waits for the answer; without one it ends. */
static int answer(const struct midwife *midwife, pid_t pid, struct beacon_error *err)
{
    const int32_t is_done = 0;
    const int rc = spawn_ids_write(midwife->proc_fd, midwife->ids, pid, err);
    if (rc == BEACON_OK) {
        (void)send(midwife->channel, &is_done, sizeof is_done, MSG_NOSIGNAL);
    }
    return rc;
}

/* Everything between the birth and its end, with signals held: errno is the children's as well. */
static int attend(struct midwife *midwife, struct spawn_birth *birth, char *stack_end,
                  struct spawn_child *child, struct beacon_error *err)
{
    const struct spawn_request *request = birth->request;
    const int flags = SPAWN_MEMORY_FLAGS | CLONE_PIDFD | SIGCHLD | (int)request->space->flags;
    child->pid = clone(spawn_nest_main, stack_end, flags, birth, &child->pidfd);
    if (child->pid < 0) {
        birth->failure = (struct spawn_failure){SPAWN_STAGE_SETUP, SPAWN_STEP_SPACE, errno};
        return spawn_explain(birth, err);
    }
    (void)close(take_fd(&midwife->child_channel));
    (void)close(take_fd(&midwife->child_status_fd));
    int rc = answer(midwife, child->pid, err);
    if (rc != BEACON_OK) {
        (void)kill(child->pid, SIGKILL);
    }
    spawn_channel_drain(midwife->channel, request->sent);
    return rc;
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

static int give_birth(struct midwife *midwife, struct spawn_birth *birth, char *stack_end,
                      struct spawn_child *ret, struct beacon_error *err)
{
    struct spawn_child child = {.pid = -1, .pidfd = -1};
    const uint64_t before = spawn_hold_signals();
    int rc = attend(midwife, birth, stack_end, &child, err);
    spawn_let_signals(before);
    rc = rc == BEACON_OK ? judge(birth, err) : rc;
    if (rc != BEACON_OK) {
        if (child.pid > 0) {
            (void)kill(child.pid, SIGKILL);
            spawn_bury(child.pid);
            (void)close(child.pidfd);
        }
        return rc;
    }
    child.group = (pid_t)strtol(birth->nest->inner_pid, NULL, 10);
    child.status_fd = take_fd(&midwife->status_fd);
    *ret = child;
    return BEACON_OK;
}

int spawn_space_start(struct spawn_birth *birth, char *stack_end, struct spawn_child *ret,
                      struct beacon_error *err)
{
    const uint64_t needed = CLONE_NEWUSER | CLONE_NEWPID;
    const uint64_t known =
        needed | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWCGROUP;
    struct midwife midwife = {-1, -1, -1, -1, -1, -1, NULL};
    int reaper_fd = -1;
    assert((birth->request->space->flags & needed) == needed);
    assert((birth->request->space->flags & ~known) == 0);
    assert(birth->highest_target < SPAWN_FD_FLOOR);
    int rc = reaper_image_open(&reaper_fd, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    midwife.ids = alloc_zeroed(sizeof *midwife.ids);
    rc = lay_out(birth->request, &midwife, err);
    if (rc == BEACON_OK) {
        fill_nest(&midwife, reaper_fd, birth);
        rc = give_birth(&midwife, birth, stack_end, ret, err);
    }
    close_all(&midwife);
    return rc;
}
