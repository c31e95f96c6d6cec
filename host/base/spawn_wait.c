/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/spawn.h"

void spawn_signal(const struct spawn_child *child, int signal_number)
{
    if (child->group > 1) {
        (void)kill(-child->group, signal_number);
    }
}

/* The reaper takes everything in its namespace along, what has left the group too; a keeper has to see
 * to that first. */
void spawn_kill(const struct spawn_child *child)
{
    spawn_signal(child, SIGKILL);
    if (child->status_fd > 0 && child->pidfd >= 0) {
        const int how = child->is_kept ? SIGTERM : SIGKILL;
        (void)syscall(SYS_pidfd_send_signal, child->pidfd, how, NULL, 0);
        (void)syscall(SYS_pidfd_send_signal, child->pidfd, SIGCONT, NULL, 0);
    }
}

static bool is_end(int status)
{
    return WIFEXITED(status) || WIFSIGNALED(status);
}

/* False: the reaper has nothing to tell now, or any more. */
static bool read_status(struct spawn_child *child)
{
    int32_t status = 0;
    ssize_t n = 0;
    do {
        n = read(child->status_fd, &status, sizeof status);
    } while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof status) {
        return false;
    }
    child->status = status;
    child->has_told = true;
    return true;
}

static bool wait_for_reaper(struct spawn_child *child, int *ret_status)
{
    struct pollfd told = {.fd = child->status_fd, .events = POLLIN};
    for (;;) {
        if (poll(&told, 1, -1) < 0) {
            continue;
        }
        if (!read_status(child) || is_end(child->status)) {
            return false;
        }
        if (WIFSTOPPED(child->status)) {
            *ret_status = child->status;
            return true;
        }
    }
}

/* The end is only looked at: spawn_reap() collects it. */
static bool wait_for_child(const struct spawn_child *child, int *ret_status)
{
    siginfo_t info;
    do {
        info.si_pid = 0;
    } while (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WSTOPPED | WNOWAIT | __WALL) != 0 &&
             errno == EINTR);
    if (info.si_pid == 0 || info.si_code != CLD_STOPPED) {
        return false;
    }
    (void)waitid(P_PID, (id_t)child->pid, &info, WSTOPPED | WNOHANG | __WALL);
    *ret_status = W_STOPCODE(info.si_status);
    return true;
}

bool spawn_wait(struct spawn_child *child, int *ret_status)
{
    if (child->pid <= 1) {
        return false;
    }
    return child->status_fd > 0 ? wait_for_reaper(child, ret_status)
                                : wait_for_child(child, ret_status);
}

void spawn_reap(struct spawn_child *child, int *ret_status)
{
    *ret_status = 0;
    if (child->pid > 1) {
        while (waitpid(child->pid, ret_status, __WALL) < 0 && errno == EINTR) {
        }
        while (child->status_fd > 0 && read_status(child)) {
        }
        /* Killed before it could tell: then its own end stands for that of the program. */
        if (child->status_fd > 0 && child->has_told && is_end(child->status)) {
            *ret_status = child->status;
        }
        if (child->status_fd > 0) {
            (void)close(child->status_fd);
        }
    }
    if (child->pidfd >= 0) {
        (void)close(child->pidfd);
    }
    *child = (struct spawn_child){.pidfd = -1};
}
