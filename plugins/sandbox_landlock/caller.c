/* SPDX-License-Identifier: Apache-2.0 */
#include "caller.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHUNK    256u /* of a string, cut at a page */
#define PAGE     4096u
#define ATTEMPTS 3 /* of a lookup that raced with a rename */

int caller_open(struct caller *caller, const struct beacon_sb_notice *notice)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d", (int)notice->pid);
    int proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0) {
        return ESRCH;
    }
    caller->proc = proc;
    caller->pid_fd = notice->pid_fd;
    caller->mem_fd = notice->mem_fd;
    int rc = identity_read(proc, &caller->identities) ? 0 : EPERM;
    /* Alive now, so the number was still its own when the folder was opened. */
    rc = caller_is_gone(caller) ? ESRCH : rc;
    if (rc != 0) {
        caller_close(caller);
    }
    return rc;
}

void caller_close(struct caller *caller)
{
    (void)close(caller->proc);
    caller->proc = -1;
}

bool caller_is_gone(const struct caller *caller)
{
    struct pollfd fd = {.fd = caller->pid_fd, .events = POLLIN};
    return poll(&fd, 1, 0) != 0;
}

int caller_read(const struct caller *caller, uint64_t address, void *to, size_t n)
{
    if (address == 0 || address > (uint64_t)INT64_MAX) {
        return EFAULT;
    }
    size_t done = 0;
    while (done < n) {
        ssize_t got = pread(caller->mem_fd, (char *)to + done, n - done, (off_t)(address + done));
        if (got <= 0) {
            return EFAULT;
        }
        done += (size_t)got;
    }
    return 0;
}

int caller_read_string(const struct caller *caller, uint64_t address, char *to, size_t n,
                       int too_long)
{
    size_t done = 0;
    while (done < n) {
        size_t chunk = CHUNK - (size_t)((address + done) % CHUNK); /* never across a page */
        chunk = chunk < n - done ? chunk : n - done;
        int rc = caller_read(caller, address + done, to + done, chunk);
        if (rc != 0) {
            return rc;
        }
        if (memchr(to + done, '\0', chunk) != NULL) {
            return 0;
        }
        done += chunk;
    }
    return too_long;
}

int caller_take_fd(const struct caller *caller, int number, int *ret)
{
    if (number < 0) {
        return EBADF;
    }
    int fd = (int)syscall(SYS_pidfd_getfd, caller->pid_fd, number, 0);
    if (fd < 0) {
        return errno;
    }
    *ret = fd;
    return 0;
}

/* A file of the caller by a link of its folder: "cwd", "root", "fd/3". */
static int open_own(const struct caller *caller, const char *name, int *ret)
{
    int fd = openat(caller->proc, name, O_PATH | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? EBADF : errno;
    }
    *ret = fd;
    return 0;
}

/* The text of a link in the caller's words is the supervisor's own folder here: what programs write at
 * the beginning of a path is put right. Returns what follows it, or NULL. */
static const char *skip_own_folder(const char *path)
{
    static const char *const folders[] = {"/proc/self/", "/proc/thread-self/"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        size_t n = strlen(folders[i]);
        if (strncmp(path, folders[i], n) == 0) {
            return path + n;
        }
    }
    return strncmp(path, "/dev/fd/", 8) == 0 ? path + 5 : NULL;
}

/* "fd/3", "cwd" or "root" at the beginning of `rest`: its length, or 0. */
static size_t own_link_length(const char *rest)
{
    size_t n = 0;
    if (strncmp(rest, "fd/", 3) == 0) {
        n = 3 + strspn(rest + 3, "0123456789");
        n = n == 3 || n > 12 ? 0 : n;
    } else if (strncmp(rest, "cwd", 3) == 0) {
        n = 3;
    } else if (strncmp(rest, "root", 4) == 0) {
        n = 4;
    }
    return n > 0 && (rest[n] == '\0' || rest[n] == '/') ? n : 0;
}

struct start {
    int fd;           /* where to look from */
    const char *rest; /* what is left to look up; empty: nothing */
};

static int start_at_own_link(const struct caller *caller, const char *rest, size_t n, uint32_t how,
                             struct start *ret)
{
    char name[16];
    (void)snprintf(name, sizeof name, "%.*s", (int)n, rest);
    bool is_last = rest[n] == '\0';
    if (is_last && (how & CALLER_LINK_ITSELF) != 0) {
        return EPERM; /* a link of /proc itself */
    }
    int rc = open_own(caller, name, &ret->fd);
    ret->rest = rest + n + strspn(rest + n, "/");
    return rc == EBADF ? ENOENT : rc;
}

static int find_start(const struct caller *caller, int dirfd, const char *path, uint32_t how,
                      struct start *ret)
{
    const char *rest = skip_own_folder(path);
    size_t n = rest == NULL ? 0 : own_link_length(rest);
    if (n > 0) {
        return start_at_own_link(caller, rest, n, how, ret);
    }
    ret->rest = path;
    if (path[0] == '/') {
        return open_own(caller, "root", &ret->fd);
    }
    if (path[0] == '\0' && (how & CALLER_EMPTY_PATH) == 0) {
        return ENOENT;
    }
    if (dirfd == AT_FDCWD) {
        return open_own(caller, "cwd", &ret->fd);
    }
    char name[32];
    (void)snprintf(name, sizeof name, "fd/%d", dirfd);
    return dirfd < 0 ? EBADF : open_own(caller, name, &ret->fd);
}

struct lookup {
    uint32_t how;     /* CALLER_* */
    uint64_t resolve; /* RESOLVE_* beside the one that is always set */
};

/* The kernel's way from a start; never through links of /proc, which here would be the supervisor's. */
static int look_up(const struct caller *caller, int start, const char *path,
                   const struct lookup *lookup, int *ret)
{
    uint32_t how = lookup->how;
    const struct open_how open_how = {
        .flags = O_PATH | O_CLOEXEC | ((how & CALLER_LINK_ITSELF) != 0 ? O_NOFOLLOW : 0),
        .resolve = RESOLVE_NO_MAGICLINKS | lookup->resolve,
    };
    int fd = -1, rc = EAGAIN;
    if (!identity_enter(&caller->identities)) {
        rc = EPERM;
    }
    for (int attempt = 0; attempt < ATTEMPTS && rc == EAGAIN; attempt++) {
        fd = (int)syscall(SYS_openat2, start, path, &open_how, sizeof open_how);
        rc = fd < 0 ? errno : 0;
    }
    identity_leave(&caller->identities);
    if (rc == 0) {
        *ret = fd;
    }
    return rc;
}

static bool is_our_root(int root)
{
    struct statx ours, theirs;
    const unsigned wanted = STATX_INO | STATX_MNT_ID;
    return statx(AT_FDCWD, "/", 0, wanted, &ours) == 0 &&
           statx(root, "", AT_EMPTY_PATH, wanted, &theirs) == 0 && ours.stx_ino == theirs.stx_ino &&
           ours.stx_mnt_id == theirs.stx_mnt_id && ours.stx_dev_major == theirs.stx_dev_major &&
           ours.stx_dev_minor == theirs.stx_dev_minor;
}

static bool read_path(int fd, char to[PATH_MAX])
{
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, to, PATH_MAX);
    if (n <= 0 || n >= PATH_MAX) {
        return false;
    }
    to[n] = '\0';
    return true;
}

/* In a root of its own (chroot, mount namespace) an absolute link leads elsewhere than here: the path is
 * made absolute in that root, and looked up with it as the top. */
static int look_up_in(const struct caller *caller, int root, const struct start *start,
                      uint32_t how, int *ret)
{
    const struct lookup lookup = {how, RESOLVE_IN_ROOT};
    char top[PATH_MAX], from[PATH_MAX], whole[2 * PATH_MAX];
    if (start->rest[0] == '/') {
        return look_up(caller, root, start->rest, &lookup, ret);
    }
    if (!read_path(root, top) || !read_path(start->fd, from)) {
        return ENAMETOOLONG;
    }
    size_t n = strcmp(top, "/") == 0 ? 0 : strlen(top);
    if (strncmp(from, top, n) != 0 || (from[n] != '/' && from[n] != '\0')) {
        return EACCES;
    }
    (void)snprintf(whole, sizeof whole, "%s/%s", from + n, start->rest);
    return look_up(caller, root, whole, &lookup, ret);
}

int caller_resolve(const struct caller *caller, int dirfd, const char *path, uint32_t how, int *ret)
{
    struct start start = {.fd = -1};
    int rc = find_start(caller, dirfd, path, how, &start);
    if (rc != 0) {
        return rc;
    }
    if (start.rest[0] == '\0') {
        *ret = start.fd;
        return 0;
    }
    int root = -1;
    rc = open_own(caller, "root", &root);
    if (rc == 0) {
        const struct lookup lookup = {.how = how};
        rc = is_our_root(root) ? look_up(caller, start.fd, start.rest, &lookup, ret)
                               : look_up_in(caller, root, &start, how, ret);
        (void)close(root);
    }
    (void)close(start.fd);
    return rc;
}
