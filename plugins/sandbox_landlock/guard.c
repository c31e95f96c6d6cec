/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include <beacon-sdk/text.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy.h"

#define LEAST_ROOM     1024
#define ABOVE_STANDARD 3 /* descriptors */

struct guard_rule {
    char *path; /* of the beginning; a denied one stays known by it */
    int fd;     /* of a writable directory, which is known by what it is; else -1 */
    int host_fd;
    uint32_t access;
    bool is_writable;
};

struct guard {
    unsigned owners;
    uint64_t mark;
    struct guard_rule *rules;
    size_t n_rules;
    char **sockets;
    size_t n_sockets;
};

static char *copy(struct beacon_str from)
{
    char *to = malloc(from.n + 1);
    if (to != NULL) {
        memcpy(to, from.p, from.n);
        to[from.n] = '\0';
    }
    return to;
}

static int hold(const struct beacon_path_rule *rule, const char *path)
{
    return rule->fd >= 0 ? fcntl(rule->fd, F_DUPFD_CLOEXEC, ABOVE_STANDARD)
                         : open(path, O_PATH | O_CLOEXEC);
}

static bool add_rule(struct guard *guard, const struct beacon_path_rule *from)
{
    struct guard_rule *rule = &guard->rules[guard->n_rules];
    rule->fd = -1;
    rule->host_fd = from->fd;
    rule->access = from->access;
    rule->path = copy(from->path);
    if (rule->path == NULL) {
        return false;
    }
    guard->n_rules++;
    rule->is_writable = policy_is_writable_tree(from);
    if (rule->is_writable) {
        rule->fd = hold(from, rule->path);
    }
    return !rule->is_writable || rule->fd >= 0;
}

/* A sixteenth of what there is may be lost by it. */
static uint64_t choose_mark(void)
{
    struct rlimit limit;
    uint32_t chance = 0;
    if (getrlimit(RLIMIT_MSGQUEUE, &limit) != 0 ||
        getrandom(&chance, sizeof chance, 0) != (ssize_t)sizeof chance) {
        return 0;
    }
    if (limit.rlim_max == RLIM_INFINITY) {
        return UINT64_C(0x4000000000) + chance;
    }
    uint64_t room = limit.rlim_max / 16;
    return room < LEAST_ROOM ? 0 : limit.rlim_max - 1 - chance % room;
}

static bool fill(struct guard *guard, const struct beacon_sandbox_policy *policy)
{
    guard->rules = calloc(policy->n_paths + 1, sizeof *guard->rules);
    guard->sockets = calloc(policy->n_unix_allow + 1, sizeof(char *));
    if (guard->rules == NULL || guard->sockets == NULL) {
        return false;
    }
    for (size_t i = 0; i < policy->n_paths; i++) {
        if (!add_rule(guard, policy->paths[i])) {
            return false;
        }
    }
    for (; guard->n_sockets < policy->n_unix_allow; guard->n_sockets++) {
        guard->sockets[guard->n_sockets] = copy(policy->unix_allow[guard->n_sockets]);
        if (guard->sockets[guard->n_sockets] == NULL) {
            return false;
        }
    }
    return true;
}

struct guard *guard_create(const struct beacon_sandbox_policy *policy)
{
    struct guard *guard = calloc(1, sizeof *guard);
    if (guard == NULL) {
        return NULL;
    }
    guard->owners = 1;
    guard->mark = choose_mark();
    if (!fill(guard, policy)) {
        guard_release(guard);
        return NULL;
    }
    return guard;
}

static bool is_same_rule(const struct guard_rule *rule, const struct beacon_path_rule *from)
{
    return rule->host_fd == from->fd && rule->access == from->access &&
           beacon_span_equal(beacon_text(rule->path), from->path);
}

bool guard_fits(const struct guard *guard, const struct beacon_sandbox_policy *policy)
{
    if (guard->n_rules != policy->n_paths || guard->n_sockets != policy->n_unix_allow) {
        return false;
    }
    for (size_t i = 0; i < guard->n_rules; i++) {
        if (!is_same_rule(&guard->rules[i], policy->paths[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < guard->n_sockets; i++) {
        if (!beacon_span_equal(beacon_text(guard->sockets[i]), policy->unix_allow[i])) {
            return false;
        }
    }
    return true;
}

uint64_t guard_mark(const struct guard *guard)
{
    return guard->mark;
}

struct guard *guard_share(struct guard *guard)
{
    if (guard != NULL) {
        guard->owners++;
    }
    return guard;
}

void guard_release(struct guard *guard)
{
    if (guard == NULL || --guard->owners > 0) {
        return;
    }
    for (size_t i = 0; i < guard->n_rules; i++) {
        free(guard->rules[i].path);
        if (guard->rules[i].fd >= 0) {
            (void)close(guard->rules[i].fd);
        }
    }
    for (size_t i = 0; i < guard->n_sockets; i++) {
        free(guard->sockets[i]);
    }
    free(guard->rules);
    free(guard->sockets);
    free(guard);
}

/* Where the file is now, as the kernel says. Empty when that cannot be told. */
static struct beacon_str path_of(int fd, char to[PATH_MAX])
{
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, to, PATH_MAX);
    return n > 0 && n < PATH_MAX ? beacon_span(to, (size_t)n) : beacon_span(to, 0);
}

/* Length of the rule's path when it covers `path`, else 0. */
static size_t covers(const struct guard_rule *rule, struct beacon_str path)
{
    char now[PATH_MAX];
    struct beacon_str root = rule->fd >= 0 ? path_of(rule->fd, now) : beacon_text(rule->path);
    return root.n > 0 && policy_is_beneath(path, root) ? root.n : 0;
}

/* The longest path decides; of equal ones the last. */
static bool is_writable(const struct guard *guard, struct beacon_str path)
{
    size_t longest = 0;
    bool is_writable = false;
    for (size_t i = 0; i < guard->n_rules; i++) {
        size_t n = covers(&guard->rules[i], path);
        if (n > 0 && n >= longest) {
            longest = n;
            is_writable = guard->rules[i].is_writable;
        }
    }
    return is_writable;
}

/* Pipes and sockets are the command's or lent to it; a file in memory has no name and never had. */
static bool has_no_path(int fd, struct beacon_str path)
{
    struct stat st;
    if (path.n == 0 || fstat(fd, &st) != 0) {
        return false;
    }
    bool is_memory = beacon_span_starts(path, "/memfd:") && S_ISREG(st.st_mode);
    return is_memory ? st.st_nlink == 0
                     : path.p[0] != '/' && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

bool guard_lets_change(const struct guard *guard, int fd)
{
    char name[PATH_MAX];
    struct beacon_str path = path_of(fd, name);
    return path.n > 0 && (has_no_path(fd, path) || (path.p[0] == '/' && is_writable(guard, path)));
}

static bool is_named(const struct guard *guard, const struct stat *socket)
{
    for (size_t i = 0; i < guard->n_sockets; i++) {
        struct stat st;
        if (stat(guard->sockets[i], &st) == 0 && st.st_dev == socket->st_dev &&
            st.st_ino == socket->st_ino) {
            return true;
        }
    }
    return false;
}

bool guard_lets_connect(const struct guard *guard, int fd)
{
    struct stat st;
    char name[PATH_MAX];
    if (fstat(fd, &st) != 0 || !S_ISSOCK(st.st_mode)) {
        return false;
    }
    struct beacon_str path = path_of(fd, name);
    return is_named(guard, &st) || (path.n > 0 && path.p[0] == '/' && is_writable(guard, path));
}
