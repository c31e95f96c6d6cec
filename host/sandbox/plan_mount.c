/* SPDX-License-Identifier: Apache-2.0
 *
 * Mounts, in the first process of a new mount namespace. Every path is looked up once, without
 * following a link, and from there on known by its descriptor: what a command of before has put in its
 * place is another file, and is told apart from the one the host holds.
 */
#include <beacon/sandbox.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "sandbox/plan_step.h"

#define UNMOUNT_DETACH 2 /* MNT_DETACH; <sys/mount.h> does not go together with <linux/mount.h> */
#define MAKE_PRIVATE   (UINT64_C(1) << 18) /* MS_PRIVATE */
#define HOLLOW_DIR     "d"
#define HOLLOW_FILE    "f"

static int look_up_at(int dir, const char *path, uint64_t flags)
{
    const struct open_how how = {.flags = flags | O_CLOEXEC,
                                 .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
}

static int look_up(const char *path)
{
    return look_up_at(AT_FDCWD, path, O_PATH);
}

static int check(const struct plan_mount *mount, int fd)
{
    struct stat st;
    if (!mount->is_compared) {
        return 0;
    }
    if (fstat(fd, &st) != 0) {
        return -1;
    }
    if (st.st_dev != mount->device || st.st_ino != mount->inode ||
        (st.st_mode & S_IFMT) != mount->kind) {
        errno = ESTALE;
        return -1;
    }
    return 0;
}

/* Files come and go while a command is being started; some of them need not be there. */
static int pass_over(const struct plan_mount *mount)
{
    const bool is_gone = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
    return is_gone && (mount->flags & BEACON_MOUNT_IF_THERE) != 0 ? 0 : -1;
}

static bool is_directory(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

static int make_target(const struct plan_mount *mount, bool is_dir)
{
    AUTO_CLOSE int dir = look_up(mount->target_dir);
    if (dir < 0) {
        return -1;
    }
    if (is_dir) {
        return mkdirat(dir, mount->target_name, 0755) == 0 || errno == EEXIST ? 0 : -1;
    }
    AUTO_CLOSE int file = look_up_at(dir, mount->target_name, O_WRONLY | O_CREAT | O_EXCL);
    return file >= 0 || errno == EEXIST ? 0 : -1;
}

static int open_target(const struct plan_mount *mount, bool is_dir)
{
    if ((mount->flags & BEACON_MOUNT_MAKE_TARGET) != 0 && make_target(mount, is_dir) != 0) {
        return -1;
    }
    return look_up(mount->target);
}

static int set_attributes(int fd, const struct plan_mount *mount)
{
    const struct mount_attr attr = {.attr_set = mount->attr_set, .attr_clr = mount->attr_clr};
    const unsigned deep = (mount->flags & BEACON_MOUNT_RECURSIVE) != 0 ? AT_RECURSIVE : 0;
    if ((attr.attr_set | attr.attr_clr) == 0) {
        return 0;
    }
    return (int)syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | deep, &attr, sizeof attr);
}

static int attach(int tree, int target)
{
    return (int)syscall(SYS_move_mount, tree, "", target, "",
                        MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static int copy_tree(int dir, const char *path, unsigned flags)
{
    return (int)syscall(SYS_open_tree, dir, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
}

/* What happens to the mounts of the host shall not happen in here. */
int plan_make_private(void)
{
    const struct mount_attr attr = {.propagation = MAKE_PRIVATE};
    return (int)syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof attr);
}

int plan_bind(const struct plan_operation *operation, struct plan_stage *stage)
{
    const struct plan_mount *mount = operation->mount;
    const unsigned deep = (mount->flags & BEACON_MOUNT_RECURSIVE) != 0 ? AT_RECURSIVE : 0;
    (void)stage;
    AUTO_CLOSE int source = look_up(mount->source);
    if (source < 0) {
        return pass_over(mount);
    }
    if (check(mount, source) != 0) {
        return -1;
    }
    AUTO_CLOSE int tree = copy_tree(source, "", AT_EMPTY_PATH | deep);
    if (tree < 0) {
        return pass_over(mount);
    }
    if (set_attributes(tree, mount) != 0) {
        return -1;
    }
    if (strcmp(mount->source, mount->target) == 0) {
        return attach(tree, source) == 0 ? 0 : pass_over(mount); /* it may go at any moment */
    }
    AUTO_CLOSE int target = open_target(mount, is_directory(source));
    return target < 0 ? -1 : attach(tree, target);
}

static int set_options(int fs, const char *const *options)
{
    for (; options[0] != NULL; options += 2) {
        const unsigned kind = options[1][0] == '\0' ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
        const char *value = options[1][0] == '\0' ? NULL : options[1];
        if (syscall(SYS_fsconfig, fs, kind, options[0], value, 0) != 0) {
            return -1;
        }
    }
    return 0;
}

static int set_source(int fs, const char *source)
{
    return source == NULL
               ? 0
               : (int)syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", source, 0);
}

static int new_mount(const struct plan_mount *mount)
{
    AUTO_CLOSE int fs = (int)syscall(SYS_fsopen, mount->fstype, FSOPEN_CLOEXEC);
    if (fs < 0 || set_source(fs, mount->source) != 0 || set_options(fs, mount->options) != 0 ||
        syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0) {
        return -1;
    }
    return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, mount->attr_set);
}

int plan_mount(const struct plan_operation *operation, struct plan_stage *stage)
{
    const struct plan_mount *mount = operation->mount;
    (void)stage;
    AUTO_CLOSE int tree = new_mount(mount);
    if (tree < 0) {
        return -1;
    }
    AUTO_CLOSE int target = open_target(mount, true);
    return target < 0 || check(mount, target) != 0 ? -1 : attach(tree, target);
}

/* Read-only, of mode 0: one directory and one file to put over whatever is to be hidden. */
static int make_hollow(struct plan_stage *stage)
{
    static const char *const options[] = {"mode", "0", "size", "4k", "nr_inodes", "4", NULL};
    const struct plan_mount hollow = {.fstype = "tmpfs",
                                      .source = "hidden",
                                      .options = options,
                                      .attr_set =
                                          MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
    const struct mount_attr shut = {.attr_set = MOUNT_ATTR_RDONLY};
    AUTO_CLOSE int tree = new_mount(&hollow);
    if (tree < 0 || mkdirat(tree, HOLLOW_DIR, 0) != 0 ||
        mknodat(tree, HOLLOW_FILE, S_IFREG, 0) != 0 ||
        syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &shut, sizeof shut) != 0) {
        return -1;
    }
    stage->hollow_fd = take_fd(&tree);
    return 0;
}

int plan_hollow_attach(struct plan_stage *stage)
{
    if (stage->hollow_fd < 0 && make_hollow(stage) != 0) {
        return -1;
    }
    AUTO_CLOSE int root = look_up("/");
    if (root < 0 || attach(stage->hollow_fd, root) != 0) {
        return -1;
    }
    stage->is_hollow_attached = true;
    return 0;
}

static int copy_hollow(struct plan_stage *stage, const char *name)
{
    if (stage->hollow_fd < 0 && make_hollow(stage) != 0) {
        return -1;
    }
    const int tree = copy_tree(stage->hollow_fd, name, 0);
    if (tree >= 0 || errno != EINVAL || stage->is_hollow_attached || stage->is_hollow_left) {
        return tree;
    }
    return plan_hollow_attach(stage) != 0 ? -1 : copy_tree(stage->hollow_fd, name, 0);
}

int plan_hollow_finish(struct plan_stage *stage)
{
    AUTO_CLOSE int hollow = stage->hollow_fd;
    stage->hollow_fd = -1;
    if (!stage->is_hollow_attached) {
        return 0;
    }
    stage->is_hollow_attached = false;
    return fchdir(hollow) != 0 || syscall(SYS_umount2, ".", UNMOUNT_DETACH) != 0 ? -1 : chdir("/");
}

/* The first directory that is hidden is where the hollow stays, beneath what hides it: taking it down
 * again would wait for every processor. */
static int leave_hollow(struct plan_stage *stage, int target)
{
    if (stage->hollow_fd < 0 && make_hollow(stage) != 0) {
        return -1;
    }
    if (stage->is_hollow_attached || stage->is_hollow_left) {
        return 0;
    }
    stage->is_hollow_left = attach(stage->hollow_fd, target) == 0;
    return stage->is_hollow_left ? 0 : -1;
}

int plan_mask(const struct plan_operation *operation, struct plan_stage *stage)
{
    const struct plan_mount *mount = operation->mount;
    AUTO_CLOSE int target = look_up(mount->target);
    if (target < 0) {
        return pass_over(mount);
    }
    if (check(mount, target) != 0) {
        return -1;
    }
    const bool is_dir = is_directory(target);
    if (is_dir && leave_hollow(stage, target) != 0) {
        return pass_over(mount);
    }
    AUTO_CLOSE int top = look_up(mount->target); /* the hollow, if it is here now */
    if (top < 0) {
        return pass_over(mount);
    }
    AUTO_CLOSE int tree = copy_hollow(stage, is_dir ? HOLLOW_DIR : HOLLOW_FILE);
    return tree < 0 ? -1 : attach(tree, top) == 0 ? 0 : pass_over(mount);
}

int plan_change_mount(const struct plan_operation *operation, struct plan_stage *stage)
{
    (void)stage;
    AUTO_CLOSE int target = look_up(operation->mount->target);
    return target < 0 || check(operation->mount, target) != 0
               ? -1
               : set_attributes(target, operation->mount);
}

int plan_link(const struct plan_operation *operation, struct plan_stage *stage)
{
    const struct plan_mount *mount = operation->mount;
    (void)stage;
    AUTO_CLOSE int dir = look_up(mount->target_dir);
    return dir < 0 ? -1 : symlinkat(mount->source, dir, mount->target_name);
}

/* Both roots in one place: the old one ends up on top of the new one, and is taken off. */
int plan_pivot(const struct plan_operation *operation, struct plan_stage *stage)
{
    AUTO_CLOSE int root = plan_hollow_finish(stage) == 0 ? look_up(operation->data) : -1;
    if (root < 0 || fchdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
        syscall(SYS_umount2, ".", UNMOUNT_DETACH) != 0) {
        return -1;
    }
    return chdir("/");
}
