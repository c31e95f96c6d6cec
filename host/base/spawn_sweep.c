/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/spawn.h"

#define ROUNDS_MAX    100 /* against processes that multiply faster than they are ended */
#define DEATH_WAIT_MS 500 /* of one killed child; one stuck in the kernel is left to init */
#define STAT_BYTES    512

struct process {
    pid_t pid, parent;
    unsigned long long born; /* clock ticks since boot: tells a reused pid */
    bool is_doomed;
};

struct census {
    struct process *list;
    size_t n, capacity;
};

/* Fields 4 and 22 of /proc/PID/stat, counted behind the name, which may hold anything. */
static bool read_process(pid_t pid, struct process *ret)
{
    char path[32], stat[STAT_BYTES];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, stat, sizeof stat - 1);
    if (n <= 0) {
        return false;
    }
    stat[n] = '\0';
    char *at = strrchr(stat, ')');
    if (at == NULL || strlen(at) < 4) {
        return false;
    }
    at += 3; /* ") S" */
    ret->pid = pid;
    ret->parent = (pid_t)strtol(at, &at, 10);
    for (int field = 5; field < 22; field++) {
        (void)strtoll(at, &at, 10);
    }
    ret->born = strtoull(at, NULL, 10);
    return true;
}

static void take_census(struct census *census)
{
    census->n = 0;
    DIR *dir = opendir("/proc");
    if (dir == NULL) {
        return;
    }
    const struct dirent *entry = NULL;
    while ((entry = readdir(dir)) != NULL) {
        long pid = strtol(entry->d_name, NULL, 10);
        struct process process = {0};
        if (pid <= 1 || !read_process((pid_t)pid, &process)) {
            continue;
        }
        if (census->n == census->capacity) {
            census->capacity = census->capacity == 0 ? 256 : census->capacity * 2;
            census->list = alloc_grow(census->list, census->capacity, sizeof *census->list);
        }
        census->list[census->n++] = process;
    }
    (void)closedir(dir);
}

static bool is_kept(pid_t pid, const pid_t *keep, size_t n_keep)
{
    for (size_t i = 0; i < n_keep; i++) {
        if (keep[i] == pid) {
            return true;
        }
    }
    return false;
}

static bool is_doomed(const struct census *census, pid_t pid)
{
    for (size_t i = 0; i < census->n; i++) {
        if (census->list[i].pid == pid) {
            return census->list[i].is_doomed;
        }
    }
    return false;
}

/* Our own children that are not kept, then their children, until nothing is added. */
static size_t doom(struct census *census, const pid_t *keep, size_t n_keep)
{
    size_t total = 0, added = 0;
    pid_t self = getpid();
    do {
        added = 0;
        for (size_t i = 0; i < census->n; i++) {
            struct process *process = &census->list[i];
            if (!process->is_doomed &&
                (process->parent == self ? !is_kept(process->pid, keep, n_keep)
                                         : is_doomed(census, process->parent))) {
                process->is_doomed = true;
                added++;
            }
        }
        total += added;
    } while (added > 0);
    return total;
}

/* Through a pidfd whose owner is looked at again, so that a pid that was reused meanwhile is spared. */
static void kill_process(const struct process *process)
{
    AUTO_CLOSE int pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    struct process now = {0};
    if (pidfd >= 0 && read_process(process->pid, &now) && now.born == process->born) {
        (void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
    }
}

/* Only direct children can be reaped; deeper ones become ours when their parent is gone. */
static bool reap(pid_t pid)
{
    AUTO_CLOSE int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd waiting = {.fd = pidfd, .events = POLLIN};
    if (pidfd >= 0) {
        (void)poll(&waiting, 1, DEATH_WAIT_MS);
    }
    return waitpid(pid, NULL, WNOHANG | __WALL) == pid;
}

static size_t end_doomed(const struct census *census)
{
    size_t ended = 0;
    pid_t self = getpid();
    for (size_t i = 0; i < census->n; i++) {
        if (census->list[i].is_doomed) {
            kill_process(&census->list[i]);
        }
    }
    for (size_t i = 0; i < census->n; i++) {
        const struct process *process = &census->list[i];
        if (process->is_doomed && process->parent == self && reap(process->pid)) {
            ended++;
        }
    }
    return ended;
}

static bool has_children(void)
{
    siginfo_t unused;
    return waitid(P_ALL, 0, &unused, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 || errno != ECHILD;
}

size_t spawn_list_children(pid_t **ret)
{
    struct census census = {0};
    if (has_children()) { /* reading all of /proc is only worth it then */
        take_census(&census);
    }
    pid_t *list = alloc_array(census.n, sizeof *list);
    size_t n = 0;
    for (size_t i = 0; i < census.n; i++) {
        if (census.list[i].parent == getpid()) {
            list[n++] = census.list[i].pid;
        }
    }
    free(census.list);
    *ret = list;
    return n;
}

size_t spawn_sweep(const pid_t *keep, size_t n_keep)
{
    struct census census = {0};
    size_t ended = 0;
    for (int round = 0; round < ROUNDS_MAX && has_children(); round++) {
        take_census(&census);
        if (doom(&census, keep, n_keep) == 0) {
            break;
        }
        ended += end_doomed(&census);
    }
    free(census.list);
    return ended;
}
