/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

/* Newer than the C library. */
#define CALL_FCHMODAT2     452
#define CALL_SETXATTRAT    463
#define CALL_REMOVEXATTRAT 466
#define CALL_FILE_SETATTR  469

#define NO_DUMP 0x40u /* FS_NODUMP_FL: an attribute that does nothing, and that owners may set */

static const char xattr_name[] = "user.planted";

static int change_mode(char **argv)
{
    return attack_result("chmod", chmod(argv[0], 0777));
}

static int change_mode_fd(char **argv)
{
    return attack_result("fchmod", fchmod(open(argv[0], O_RDONLY), 0777));
}

/* To what it is. */
static int keep_mode_fd(char **argv)
{
    struct stat now;
    int fd = open(argv[0], O_RDONLY);
    return fd < 0 || fstat(fd, &now) != 0
               ? attack_failed("open")
               : attack_result("fchmod", fchmod(fd, now.st_mode & 07777));
}

static int change_mode_at(char **argv)
{
    return attack_result("fchmodat", syscall(SYS_fchmodat, AT_FDCWD, argv[0], 0777));
}

static int change_mode_at2(char **argv)
{
    return attack_result("fchmodat2", syscall(CALL_FCHMODAT2, AT_FDCWD, argv[0], 0777, 0));
}

static int change_mode_empty(char **argv)
{
    int fd = open(argv[0], O_PATH);
    return attack_result("fchmodat2", syscall(CALL_FCHMODAT2, fd, "", 0777, AT_EMPTY_PATH));
}

static int change_mode_proc(char **argv)
{
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", open(argv[0], O_PATH));
    return attack_result("chmod", chmod(link, 0777));
}

/* To whom it belongs already: that too is written down, as the time of change. */
static int change_owner(char **argv)
{
    return attack_result("chown", chown(argv[0], getuid(), getgid()));
}

static int change_owner_fd(char **argv)
{
    return attack_result("fchown", fchown(open(argv[0], O_RDONLY), getuid(), getgid()));
}

static int change_owner_empty(char **argv)
{
    int fd = open(argv[0], O_PATH);
    return attack_result("fchownat", fchownat(fd, "", getuid(), getgid(), AT_EMPTY_PATH));
}

static int give_away(char **argv)
{
    return attack_result("lchown", lchown(argv[0], 1234, 1234));
}

static int change_time(char **argv)
{
    const struct utimbuf old = {.actime = 1, .modtime = 1};
    return attack_result("utime", utime(argv[0], &old));
}

static int change_times(char **argv)
{
    const struct timeval old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    return attack_result("utimes", syscall(SYS_utimes, argv[0], old));
}

static int change_times_at(char **argv)
{
    const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    return attack_result("utimensat", utimensat(AT_FDCWD, argv[0], old, AT_SYMLINK_NOFOLLOW));
}

static int change_times_fd(char **argv)
{
    const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    return attack_result("futimens", futimens(open(argv[0], O_RDONLY), old));
}

static int change_times_old(char **argv)
{
    const struct timeval old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    return attack_result("futimesat", syscall(SYS_futimesat, AT_FDCWD, argv[0], old));
}

static int set_xattr(char **argv)
{
    return attack_result("setxattr", setxattr(argv[0], xattr_name, "x", 1, 0));
}

static int set_xattr_fd(char **argv)
{
    return attack_result("fsetxattr", fsetxattr(open(argv[0], O_RDONLY), xattr_name, "x", 1, 0));
}

static int set_xattr_link(char **argv)
{
    return attack_result("lsetxattr", lsetxattr(argv[0], xattr_name, "x", 1, 0));
}

struct xattr_at { /* struct xattr_args of the kernel */
    uint64_t value;
    uint32_t size, flags;
};

static int set_xattr_at(char **argv)
{
    const struct xattr_at args = {.value = (uint64_t)(uintptr_t) "x", .size = 1};
    return attack_result("setxattrat", syscall(CALL_SETXATTRAT, AT_FDCWD, argv[0], 0, xattr_name,
                                               &args, sizeof args));
}

static int remove_xattr(char **argv)
{
    return attack_result("removexattr", removexattr(argv[0], argv[1]));
}

static int remove_xattr_fd(char **argv)
{
    return attack_result("fremovexattr", fremovexattr(open(argv[0], O_RDONLY), argv[1]));
}

static int remove_xattr_at(char **argv)
{
    return attack_result("removexattrat",
                         syscall(CALL_REMOVEXATTRAT, AT_FDCWD, argv[0], 0, argv[1]));
}

/* Everybody may write: version 2, then tag, permissions and id of each entry. */
static int set_acl(char **argv)
{
    static const unsigned char acl[] = {
        2,  0, 0, 0,                     /* version */
        1,  0, 6, 0, 255, 255, 255, 255, /* the owner */
        2,  0, 6, 0, 210, 4,   0,   0,   /* user 1234 */
        4,  0, 6, 0, 255, 255, 255, 255, /* the group */
        16, 0, 6, 0, 255, 255, 255, 255, /* the mask */
        32, 0, 6, 0, 255, 255, 255, 255, /* others */
    };
    return attack_result("acl", setxattr(argv[0], "system.posix_acl_access", acl, sizeof acl, 0));
}

static int set_flags(char **argv)
{
    unsigned long flags = NO_DUMP;
    return attack_result("FS_IOC_SETFLAGS",
                         ioctl(open(argv[0], O_RDONLY), FS_IOC_SETFLAGS, &flags));
}

static int set_fsxattr(char **argv)
{
    struct fsxattr attributes = {.fsx_xflags = FS_XFLAG_NODUMP};
    return attack_result("FS_IOC_FSSETXATTR",
                         ioctl(open(argv[0], O_RDONLY), FS_IOC_FSSETXATTR, &attributes));
}

struct file_attributes { /* struct file_attr of the kernel */
    uint64_t xflags;
    uint32_t extent_size, n_extents, project, cow_extent_size;
};

static int set_file_attributes(char **argv)
{
    const struct file_attributes wanted = {.xflags = FS_XFLAG_NODUMP};
    return attack_result("file_setattr",
                         syscall(CALL_FILE_SETATTR, AT_FDCWD, argv[0], &wanted, sizeof wanted, 0));
}

const struct attack metadata_attacks[] = {
    {"chmod", 1, change_mode},
    {"fchmod", 1, change_mode_fd},
    {"fchmod-same", 1, keep_mode_fd},
    {"fchmodat", 1, change_mode_at},
    {"fchmodat2", 1, change_mode_at2},
    {"fchmodat2-empty", 1, change_mode_empty},
    {"chmod-proc", 1, change_mode_proc},
    {"chown", 1, change_owner},
    {"fchown", 1, change_owner_fd},
    {"fchownat-empty", 1, change_owner_empty},
    {"lchown", 1, give_away},
    {"utime", 1, change_time},
    {"utimes", 1, change_times},
    {"utimensat", 1, change_times_at},
    {"futimens", 1, change_times_fd},
    {"futimesat", 1, change_times_old},
    {"setxattr", 1, set_xattr},
    {"fsetxattr", 1, set_xattr_fd},
    {"lsetxattr", 1, set_xattr_link},
    {"setxattrat", 1, set_xattr_at},
    {"removexattr", 2, remove_xattr},
    {"fremovexattr", 2, remove_xattr_fd},
    {"removexattrat", 2, remove_xattr_at},
    {"acl", 1, set_acl},
    {"setflags", 1, set_flags},
    {"fssetxattr", 1, set_fsxattr},
    {"file-setattr", 1, set_file_attributes},
    {0},
};
