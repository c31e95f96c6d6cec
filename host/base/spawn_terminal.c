/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/spawn_child.h"
#include "base/spawn_send.h"
#include "base/spawn_streams.h"

#define NEW_TERMINALS "/dev/pts/"
#define NEW_TERMINAL  NEW_TERMINALS "ptmx"
#define ATTRIBUTES    (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)

static struct spawn_stream *first_terminal(struct spawn_streams *streams)
{
    for (int i = 0; i < SPAWN_STREAMS; i++) {
        if (streams->list[i].kind == SPAWN_STREAM_TERMINAL) {
            return &streams->list[i];
        }
    }
    return NULL;
}

static bool is_this(const struct spawn_stream *stream, const struct stat *st)
{
    return st->st_dev == stream->device && st->st_ino == stream->inode;
}

void spawn_terminal_take(struct spawn_streams *streams)
{
    const struct spawn_stream *terminal = first_terminal(streams);
    struct mount_attr attributes = {.attr_set = ATTRIBUTES, .attr_clr = MOUNT_ATTR_NODEV};
    struct stat st;
    if (terminal == NULL) {
        return;
    }
    AUTO_CLOSE int tree =
        spawn_raise_fd((int)syscall(SYS_open_tree, AT_FDCWD, terminal->path,
                                    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW));
    if (tree >= 0 && fstat(tree, &st) == 0 && is_this(terminal, &st) &&
        syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0) {
        streams->tree_fd = take_fd(&tree);
    }
}

static void rename_terminal(struct spawn_streams *streams, const struct spawn_stream *terminal,
                            const char *path)
{
    const struct stat wanted = {.st_dev = terminal->device, .st_ino = terminal->inode};
    for (int i = 0; i < SPAWN_STREAMS; i++) {
        struct spawn_stream *stream = &streams->list[i];
        if (stream->kind == SPAWN_STREAM_TERMINAL && is_this(stream, &wanted)) {
            memcpy(stream->path, path, strlen(path) + 1);
        }
    }
}

/* The new terminals are another file system, where the name of the old one is somebody else's or
 * nobody's. A pseudoterminal that is never used lends it a name and a place to be mounted on. */
void spawn_terminal_place(struct spawn_streams *streams)
{
    const struct spawn_stream *terminal = first_terminal(streams);
    char path[32] = NEW_TERMINALS;
    unsigned number = 0;
    struct stat st;
    AUTO_CLOSE int tree = take_fd(&streams->tree_fd);
    if (tree < 0 || terminal == NULL ||
        (stat(terminal->path, &st) == 0 && is_this(terminal, &st))) {
        return;
    }
    AUTO_CLOSE int place = spawn_raise_fd(open(NEW_TERMINAL, O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (place < 0 || ioctl(place, TIOCGPTN, &number) != 0) {
        return;
    }
    spawn_write_number(number, path + sizeof NEW_TERMINALS - 1);
    if (syscall(SYS_move_mount, tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) == 0) {
        streams->place_fd = take_fd(&place);
        rename_terminal(streams, terminal, path);
    }
}
