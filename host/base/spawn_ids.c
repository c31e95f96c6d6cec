/* SPDX-License-Identifier: Apache-2.0 */
#include "base/spawn_ids.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/spawn_send.h"

#define CHOOSE_ANOTHER "choose another sandbox backend: --backend landlock"

static int refuse(const char *what, struct beacon_error *err)
{
    return error_set_errno(err, BEACON_E_REFUSED, errno, CHOOSE_ANOTHER,
                           "cannot %s of a new user namespace: %s", what, strerror(errno));
}

int spawn_proc_open(struct beacon_error *err)
{
    char self[16];
    AUTO_CLOSE int fd = spawn_raise_fd(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const ssize_t n = fd < 0 ? -1 : readlinkat(fd, "self", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    if (strtol(self, NULL, 10) != getpid()) {
        (void)error_set(err, BEACON_E_REFUSED, "mount a proc file system for this pid namespace",
                        "/proc is missing or shows other processes than ours");
        return -1;
    }
    return take_fd(&fd);
}

static bool may_give_all(void)
{
    const uint32_t needed =
        UINT32_C(1) << CAP_SETUID | UINT32_C(1) << CAP_SETGID | UINT32_C(1) << CAP_SETFCAP;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    return syscall(SYS_capget, &header, data) == 0 && (data[0].effective & needed) == needed;
}

/* "inside outside count" of ours becomes "inside inside count" of theirs. */
static bool copy_map(const char *ours, char *ret)
{
    size_t len = 0;
    while (*ours != '\0') {
        char *at = NULL;
        const unsigned long inside = strtoul(ours, &at, 10);
        (void)strtoul(at, &at, 10);
        const unsigned long count = strtoul(at, &at, 10);
        const int n =
            snprintf(ret + len, SPAWN_MAP_MAX - len, "%lu %lu %lu\n", inside, inside, count);
        if (n < 0 || len + (size_t)n >= SPAWN_MAP_MAX || *at != '\n') {
            return false;
        }
        len += (size_t)n;
        ours = at + 1;
    }
    return len > 0;
}

static bool read_map(int proc_fd, const char *path, char *ret)
{
    char ours[SPAWN_MAP_MAX];
    AUTO_CLOSE int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd < 0 ? -1 : read(fd, ours, sizeof ours - 1);
    if (n <= 0) {
        return false;
    }
    ours[n] = '\0';
    return copy_map(ours, ret);
}

static void write_single(unsigned inside, unsigned outside, char *ret, char *ret_inner)
{
    (void)snprintf(ret, SPAWN_MAP_MAX, "%u %u 1\n", inside, outside);
    (void)snprintf(ret_inner, SPAWN_MAP_MAX, "%u %u 1\n", inside, inside);
}

int spawn_ids_plan(int proc_fd, const struct spawn_space *space, struct spawn_ids *ret,
                   struct beacon_error *err)
{
    const uid_t uid = geteuid();
    const gid_t gid = getegid();
    ret->is_single = space->uid != uid || space->gid != gid || !may_give_all();
    if (ret->is_single) {
        write_single(space->uid, uid, ret->uid_map, ret->inner_uid_map);
        write_single(space->gid, gid, ret->gid_map, ret->inner_gid_map);
        return BEACON_OK;
    }
    errno = EINVAL;
    if (!read_map(proc_fd, "self/uid_map", ret->uid_map) ||
        !read_map(proc_fd, "self/gid_map", ret->gid_map)) {
        return refuse("know the ids", err);
    }
    memcpy(ret->inner_uid_map, ret->uid_map, sizeof ret->uid_map);
    memcpy(ret->inner_gid_map, ret->gid_map, sizeof ret->gid_map);
    return BEACON_OK;
}

static bool write_file(int proc_fd, pid_t pid, const char *name, const char *text)
{
    char path[32];
    (void)snprintf(path, sizeof path, "%d/%s", (int)pid, name);
    AUTO_CLOSE int fd = openat(proc_fd, path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

int spawn_ids_write(int proc_fd, const struct spawn_ids *ids, pid_t pid, struct beacon_error *err)
{
    if (ids->is_single && !write_file(proc_fd, pid, "setgroups", "deny")) {
        return refuse("switch off the groups", err);
    }
    if (!write_file(proc_fd, pid, "uid_map", ids->uid_map)) {
        return refuse("write the user ids", err);
    }
    if (!write_file(proc_fd, pid, "gid_map", ids->gid_map)) {
        return refuse("write the group ids", err);
    }
    return BEACON_OK;
}
