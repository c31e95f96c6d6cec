/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TREE_CLONE      1u
#define TREE_RECURSIVE  0x8000u
#define ATTR_RDONLY     1u
#define MOVE_FROM_EMPTY 4u

struct mount_attributes { /* struct mount_attr of the kernel */
    uint64_t set, clear, propagation, userns_fd;
};

static int write_at(int folder, const char *name)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT, 0644);
    return fd < 0 ? attack_failed("openat") : attack_result("write", write(fd, "mounted\n", 8));
}

/* Arguments: a folder, a file in it. A copy of its mount, made writable, needs no place. */
static int clone_tree(char **argv)
{
    const struct mount_attributes writable = {.clear = ATTR_RDONLY};
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, argv[0], TREE_CLONE | TREE_RECURSIVE);
    if (tree < 0) {
        return attack_failed("open_tree");
    }
    (void)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &writable, sizeof writable);
    return write_at(tree, argv[1]);
}

static int move_tree(char **argv)
{
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, argv[0], TREE_CLONE);
    return attack_result("move_mount",
                         syscall(SYS_move_mount, tree, "", AT_FDCWD, argv[1], MOVE_FROM_EMPTY));
}

static int bind_mount(char **argv)
{
    return attack_result("mount", mount(argv[0], argv[1], NULL, MS_BIND, NULL));
}

static int remount(char **argv)
{
    return attack_result("remount", mount(NULL, argv[0], NULL, MS_REMOUNT | MS_BIND, NULL));
}

static int cover(char **argv)
{
    return attack_result("mount", mount("planted", argv[0], "tmpfs", 0, NULL));
}

static int uncover(char **argv)
{
    return attack_result("umount", umount2(argv[0], MNT_DETACH));
}

/* Arguments: a file that names a namespace, a file to write. */
static int enter(char **argv)
{
    int fd = open(argv[0], O_RDONLY);
    if (fd < 0 || setns(fd, 0) != 0) {
        return attack_failed("setns");
    }
    return write_at(AT_FDCWD, argv[1]);
}

static int name_host(char **argv)
{
    return attack_result("sethostname", sethostname(argv[0], strlen(argv[0])));
}

static int name_domain(char **argv)
{
    return attack_result("setdomainname", setdomainname(argv[0], strlen(argv[0])));
}

static int account(char **argv)
{
    return attack_result("acct", acct(argv[0]));
}

#define FIRST_PID_NAMESPACE 0xeffffffcu /* its inode, on every Linux */

/* In a process namespace of its own this ends the first process of it; the machine it must never be. */
static int restart(char **argv)
{
    struct stat here;
    (void)argv;
    if (stat("/proc/self/ns/pid", &here) != 0 || here.st_ino == FIRST_PID_NAMESPACE) {
        return attack_failed("this would restart the machine");
    }
    return attack_result("reboot", reboot(RB_AUTOBOOT));
}

static int make_node(char **argv)
{
    const unsigned major = 1, minor = 3; /* null */
    return attack_result("mknod", mknod(argv[0], S_IFCHR | 0666, (dev_t)(major << 8 | minor)));
}

const struct attack mount_attacks[] = {
    {"clone-tree", 2, clone_tree},
    {"move-tree", 2, move_tree},
    {"bind-mount", 2, bind_mount},
    {"remount", 1, remount},
    {"cover", 1, cover},
    {"uncover", 1, uncover},
    {"enter", 2, enter},
    {"name-host", 1, name_host},
    {"name-domain", 1, name_domain},
    {"account", 1, account},
    {"restart", 0, restart},
    {"make-node", 1, make_node},
    {0},
};
