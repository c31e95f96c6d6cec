/* SPDX-License-Identifier: Apache-2.0 */
#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STATUS_BYTES (16u << 10)
#define UNCHANGED    ((uid_t)-1)

/* The C library would change all threads of the host. */
static int set_uid(uid_t uid)
{
    return (int)syscall(SYS_setresuid, UNCHANGED, uid, UNCHANGED);
}

static int set_gid(gid_t gid)
{
    return (int)syscall(SYS_setresgid, UNCHANGED, gid, UNCHANGED);
}

static int set_groups(const gid_t *groups, size_t n)
{
    return (int)syscall(SYS_setgroups, n, groups);
}

static int exchange_capabilities(long call, struct __user_cap_data_struct *data)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    return (int)syscall(call, &header, data);
}

static bool know_own(struct identity *ret)
{
    int n = getgroups(IDENTITY_GROUPS_MAX, ret->groups);
    ret->uid = geteuid();
    ret->gid = getegid();
    ret->n_groups = n > 0 ? (size_t)n : 0;
    return n >= 0 && exchange_capabilities(SYS_capget, ret->capabilities) == 0;
}

static const char *find_line(const char *status, const char *name)
{
    const char *line = strstr(status, name);
    return line == NULL ? NULL : line + strlen(name);
}

/* Real, effective, saved and that of file access, which counts. */
static bool read_fourth(const char *line, unsigned *ret)
{
    for (int i = 0; i < 4 && line != NULL; i++) {
        char *end = NULL;
        *ret = (unsigned)strtoul(line, &end, 10);
        line = end != line ? end : NULL;
    }
    return line != NULL;
}

static bool read_groups(const char *line, struct identity *ret)
{
    if (line == NULL) {
        return false;
    }
    while (*line != '\n' && *line != '\0') {
        char *end = NULL;
        unsigned long group = strtoul(line, &end, 10);
        if (end == line) {
            line++;
            continue;
        }
        if (ret->n_groups == IDENTITY_GROUPS_MAX) {
            return false;
        }
        ret->groups[ret->n_groups++] = (gid_t)group;
        line = end;
    }
    return true;
}

/* The capabilities of another user namespace are none here. */
static bool shares_users(int proc)
{
    struct stat ours, theirs;
    return stat("/proc/self/ns/user", &ours) == 0 && fstatat(proc, "ns/user", &theirs, 0) == 0 &&
           ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

static bool read_theirs(int proc, struct identity *ret)
{
    char status[STATUS_BYTES];
    int fd = openat(proc, "status", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, status, sizeof status - 1);
    if (fd >= 0) {
        (void)close(fd);
    }
    if (n <= 0) {
        return false;
    }
    status[n] = '\0';
    const char *line = find_line(status, "\nCapEff:\t");
    ret->n_groups = 0;
    if (line == NULL || !read_fourth(find_line(status, "\nUid:\t"), &ret->uid) ||
        !read_fourth(find_line(status, "\nGid:\t"), &ret->gid) ||
        !read_groups(find_line(status, "\nGroups:\t"), ret)) {
        return false;
    }
    const uint64_t capabilities = shares_users(proc) ? strtoull(line, NULL, 16) : 0;
    ret->capabilities[0].effective = (uint32_t)capabilities;
    ret->capabilities[1].effective = (uint32_t)(capabilities >> 32);
    return true;
}

static bool has_same_ids(const struct identity *a, const struct identity *b)
{
    return a->uid == b->uid && a->gid == b->gid && a->n_groups == b->n_groups &&
           memcmp(a->groups, b->groups, a->n_groups * sizeof a->groups[0]) == 0;
}

/* Only what both have, so that no capability is gained either way. */
static int limit_capabilities(const struct identity *own, const struct identity *to)
{
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    memcpy(data, own->capabilities, sizeof data);
    for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        data[i].effective &= to->capabilities[i].effective;
    }
    return exchange_capabilities(SYS_capset, data);
}

bool identity_read(int proc, struct identities *ret)
{
    ret->are_one = geteuid() != 0;
    return ret->are_one || (know_own(&ret->own) && read_theirs(proc, &ret->theirs));
}

bool identity_enter(const struct identities *identities)
{
    const struct identity *own = &identities->own, *to = &identities->theirs;
    if (identities->are_one) {
        return true;
    }
    bool is_taken = has_same_ids(own, to) || (set_groups(to->groups, to->n_groups) == 0 &&
                                              set_gid(to->gid) == 0 && set_uid(to->uid) == 0);
    return is_taken && limit_capabilities(own, to) == 0;
}

/* Capabilities first: without them the rest could not be undone. */
void identity_leave(const struct identities *identities)
{
    int os_errno = errno;
    struct identity own = identities->own;
    if (identities->are_one) {
        return;
    }
    bool is_back = exchange_capabilities(SYS_capset, own.capabilities) == 0;
    if (is_back && !has_same_ids(&own, &identities->theirs)) {
        is_back = set_uid(own.uid) == 0 &&
                  exchange_capabilities(SYS_capset, own.capabilities) == 0 &&
                  set_gid(own.gid) == 0 && set_groups(own.groups, own.n_groups) == 0;
    }
    if (!is_back) {
        abort(); /* never act for one command with the identity of another */
    }
    errno = os_errno;
}
