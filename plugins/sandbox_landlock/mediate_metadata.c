/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include "caller.h"
#include "guard.h"
#include "mediate.h"

#define CALL_FCHMODAT2 452

#define NAME_BYTES (XATTR_NAME_MAX + 1)
#define LINK_BYTES 64

/* How a call names the file. */
enum place { BY_PATH, BY_LINK, BY_FD, BY_AT };

struct change {
    const struct caller *caller;
    const uint64_t *args; /* those after the name of the file */
    int fd;               /* what was judged */
    bool is_own; /* a copy of the caller's descriptor, with its access, as opposed to O_PATH */
    char link[LINK_BYTES];
};

struct metadata_call {
    int number;
    enum place place;
    int (*make)(const struct change *change); /* 0, or -1 with errno; or an errno */
    uint8_t first;                            /* of `args`, in the call's arguments */
    uint8_t flags;                            /* argument with AT_ flags; 0: it has none */
    bool may_have_no_path;                    /* NULL means the descriptor before it */
};

static int make_chmod(const struct change *change)
{
    mode_t mode = (mode_t)change->args[0];
    return change->is_own ? fchmod(change->fd, mode) : chmod(change->link, mode);
}

static int make_chown(const struct change *change)
{
    uid_t uid = (uid_t)change->args[0];
    gid_t gid = (gid_t)change->args[1];
    return change->is_own ? fchown(change->fd, uid, gid)
                          : fchownat(change->fd, "", uid, gid, AT_EMPTY_PATH);
}

static int set_times(const struct change *change, const struct timespec *times)
{
    return (int)syscall(SYS_utimensat, change->fd, change->is_own ? NULL : "", times,
                        change->is_own ? 0 : AT_EMPTY_PATH);
}

static int make_times(const struct change *change)
{
    struct timespec times[2];
    if (change->args[0] == 0) {
        return set_times(change, NULL);
    }
    int rc = caller_read(change->caller, change->args[0], times, sizeof times);
    return rc != 0 ? rc : set_times(change, times);
}

#ifdef SYS_utimes
static int make_old_times(const struct change *change)
{
    struct timeval old[2];
    struct timespec times[2];
    if (change->args[0] == 0) {
        return set_times(change, NULL);
    }
    int rc = caller_read(change->caller, change->args[0], old, sizeof old);
    for (size_t i = 0; i < 2 && rc == 0; i++) {
        rc = old[i].tv_usec < 0 || old[i].tv_usec >= 1000000 ? EINVAL : 0;
        times[i] = (struct timespec){.tv_sec = old[i].tv_sec,
                                     .tv_nsec = rc == 0 ? old[i].tv_usec * 1000 : 0};
    }
    return rc != 0 ? rc : set_times(change, times);
}

static int make_oldest_times(const struct change *change)
{
    struct utimbuf old;
    if (change->args[0] == 0) {
        return set_times(change, NULL);
    }
    int rc = caller_read(change->caller, change->args[0], &old, sizeof old);
    const struct timespec times[2] = {{.tv_sec = rc == 0 ? old.actime : 0},
                                      {.tv_sec = rc == 0 ? old.modtime : 0}};
    return rc != 0 ? rc : set_times(change, times);
}
#endif

static int read_name(const struct change *change, char name[NAME_BYTES])
{
    return caller_read_string(change->caller, change->args[0], name, NAME_BYTES, ERANGE);
}

static int make_setxattr(const struct change *change)
{
    char name[NAME_BYTES];
    size_t n = (size_t)change->args[2];
    int flags = (int)change->args[3];
    int rc = read_name(change, name);
    if (rc != 0) {
        return rc;
    }
    if (n > XATTR_SIZE_MAX) {
        return E2BIG;
    }
    void *value = malloc(n + 1);
    rc = value == NULL ? ENOMEM : 0;
    rc = rc == 0 && n > 0 ? caller_read(change->caller, change->args[1], value, n) : rc;
    if (rc == 0) {
        rc = change->is_own ? fsetxattr(change->fd, name, value, n, flags)
                            : setxattr(change->link, name, value, n, flags);
    }
    int os_errno = errno;
    free(value);
    errno = os_errno;
    return rc;
}

static int make_removexattr(const struct change *change)
{
    char name[NAME_BYTES];
    int rc = read_name(change, name);
    if (rc != 0) {
        return rc;
    }
    return change->is_own ? fremovexattr(change->fd, name) : removexattr(change->link, name);
}

static const struct metadata_call calls[] = {
#ifdef SYS_chmod
    {.number = SYS_chmod, .place = BY_PATH, .make = make_chmod, .first = 1},
    {.number = SYS_chown, .place = BY_PATH, .make = make_chown, .first = 1},
    {.number = SYS_lchown, .place = BY_LINK, .make = make_chown, .first = 1},
    {.number = SYS_utime, .place = BY_PATH, .make = make_oldest_times, .first = 1},
    {.number = SYS_utimes, .place = BY_PATH, .make = make_old_times, .first = 1},
    {.number = SYS_futimesat,
     .place = BY_AT,
     .make = make_old_times,
     .first = 2,
     .may_have_no_path = true},
#endif
    {.number = SYS_fchmod, .place = BY_FD, .make = make_chmod, .first = 1},
    {.number = SYS_fchmodat, .place = BY_AT, .make = make_chmod, .first = 2},
    {.number = CALL_FCHMODAT2, .place = BY_AT, .make = make_chmod, .first = 2, .flags = 3},
    {.number = SYS_fchown, .place = BY_FD, .make = make_chown, .first = 1},
    {.number = SYS_fchownat, .place = BY_AT, .make = make_chown, .first = 2, .flags = 4},
    {.number = SYS_utimensat,
     .place = BY_AT,
     .make = make_times,
     .first = 2,
     .flags = 3,
     .may_have_no_path = true},
    {.number = SYS_setxattr, .place = BY_PATH, .make = make_setxattr, .first = 1},
    {.number = SYS_lsetxattr, .place = BY_LINK, .make = make_setxattr, .first = 1},
    {.number = SYS_fsetxattr, .place = BY_FD, .make = make_setxattr, .first = 1},
    {.number = SYS_removexattr, .place = BY_PATH, .make = make_removexattr, .first = 1},
    {.number = SYS_lremovexattr, .place = BY_LINK, .make = make_removexattr, .first = 1},
    {.number = SYS_fremovexattr, .place = BY_FD, .make = make_removexattr, .first = 1},
};

static const struct metadata_call *find_call(int number)
{
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (calls[i].number == number) {
            return &calls[i];
        }
    }
    return NULL;
}

static int read_flags(const struct metadata_call *call, const uint64_t *args, uint32_t *ret_how)
{
    int flags = call->flags != 0 ? (int)args[call->flags] : 0;
    if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) {
        return EINVAL;
    }
    bool is_link = call->place == BY_LINK || (flags & AT_SYMLINK_NOFOLLOW) != 0;
    *ret_how =
        (is_link ? CALLER_LINK_ITSELF : 0) | ((flags & AT_EMPTY_PATH) != 0 ? CALLER_EMPTY_PATH : 0);
    return 0;
}

static int open_named(const struct metadata_call *call, const uint64_t *args, struct change *change)
{
    char path[PATH_MAX];
    uint32_t how = 0;
    bool is_at = call->place == BY_AT;
    int dirfd = is_at ? (int)args[0] : AT_FDCWD;
    uint64_t address = is_at ? args[1] : args[0];
    int rc = read_flags(call, args, &how);
    if (rc == 0 && address == 0 && call->may_have_no_path) {
        change->is_own = true;
        return dirfd == AT_FDCWD ? EFAULT : caller_take_fd(change->caller, dirfd, &change->fd);
    }
    if (rc == 0) {
        rc = caller_read_string(change->caller, address, path, sizeof path, ENAMETOOLONG);
    }
    return rc != 0 ? rc : caller_resolve(change->caller, dirfd, path, how, &change->fd);
}

static int open_file(const struct metadata_call *call, const uint64_t *args, struct change *change)
{
    if (call->place == BY_FD) {
        change->is_own = true;
        return caller_take_fd(change->caller, (int)args[0], &change->fd);
    }
    return open_named(call, args, change);
}

int mediate_metadata(const struct guard *guard, const struct caller *caller,
                     const struct beacon_sb_notice *notice)
{
    const struct metadata_call *call = find_call(notice->syscall);
    if (call == NULL) {
        return -1;
    }
    struct change change = {.caller = caller, .args = notice->args + call->first, .fd = -1};
    int rc = open_file(call, notice->args, &change);
    if (rc != 0) {
        return rc;
    }
    if (guard_lets_change(guard, change.fd)) {
        (void)snprintf(change.link, sizeof change.link, "/proc/self/fd/%d", change.fd);
        rc = identity_enter(&caller->identities) ? call->make(&change) : EPERM;
        rc = rc < 0 ? errno : rc;
        identity_leave(&caller->identities);
    } else {
        rc = EPERM;
    }
    (void)close(change.fd);
    return rc;
}
