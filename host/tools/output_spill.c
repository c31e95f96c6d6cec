/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/output_spill.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/path.h"

#define FILE_PREFIX "command-"
#define UUID_CHARS  36

struct spill_folder {
    char *parent, *name;
    int fd; /* of the session's folder, locked; -1: not made yet */
    bool has_failed;
    uint64_t left; /* bytes the session may still write */
};

struct spill_file {
    struct spill_folder *folder;
    char *path;
    int fd;
    uint64_t written, missing;
};

struct spill_folder *spill_folder_create(const char *parent, const char *name)
{
    struct spill_folder *folder = alloc_zeroed(sizeof *folder);
    folder->parent = alloc_string(parent);
    folder->name = alloc_string(name);
    folder->fd = -1;
    folder->left = SPILL_SESSION_MAX;
    return folder;
}

/* Of one session's folder, flat: only what has a name of ours, and never through a link. */
static void remove_folder(int parent, const char *name, int fd)
{
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        (void)close(fd);
        return;
    }
    const struct dirent *entry = NULL;
    while ((entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, FILE_PREFIX, sizeof FILE_PREFIX - 1) == 0) {
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
        }
    }
    (void)unlinkat(parent, name, AT_REMOVEDIR);
    (void)closedir(dir); /* the lock goes last */
}

static bool is_session_name(const char *name)
{
    return strlen(name) == UUID_CHARS && strspn(name, "0123456789abcdef-") == UUID_CHARS;
}

/* What the lock of nobody holds was left by a session that was killed. */
static void remove_abandoned(int parent)
{
    int copy = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    if (dir == NULL) {
        return;
    }
    const struct dirent *entry = NULL;
    while ((entry = readdir(dir)) != NULL) {
        if (!is_session_name(entry->d_name)) {
            continue;
        }
        int fd = openat(parent, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
            remove_folder(parent, entry->d_name, fd);
        } else if (fd >= 0) {
            (void)close(fd);
        }
    }
    (void)closedir(dir);
}

/* Locked before somebody tidies up could take it for abandoned; made again if somebody did. */
static int open_locked(int parent, const char *name)
{
    for (int attempt = 0; attempt < 3; attempt++) {
        struct stat held, there;
        if (mkdirat(parent, name, 0700) != 0 && errno != EEXIST) {
            return -1;
        }
        AUTO_CLOSE int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0 && fstat(fd, &held) == 0 &&
            fstatat(parent, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
            held.st_ino == there.st_ino && held.st_dev == there.st_dev) {
            return take_fd(&fd);
        }
    }
    return -1;
}

static int open_parent(const char *path)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return -1;
    }
    return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool make_folder(struct spill_folder *folder)
{
    if (folder->fd >= 0 || folder->has_failed) {
        return folder->fd >= 0;
    }
    AUTO_CLOSE int parent = open_parent(folder->parent);
    if (parent >= 0) {
        remove_abandoned(parent);
        folder->fd = open_locked(parent, folder->name);
    }
    folder->has_failed = folder->fd < 0;
    return !folder->has_failed;
}

void spill_folder_destroy(struct spill_folder *folder)
{
    if (folder == NULL) {
        return;
    }
    AUTO_CLOSE int parent = folder->fd >= 0 ? open_parent(folder->parent) : -1;
    if (parent >= 0) {
        remove_folder(parent, folder->name, take_fd(&folder->fd));
    }
    if (folder->fd >= 0) {
        (void)close(folder->fd);
    }
    free(folder->parent);
    free(folder->name);
    free(folder);
}

struct spill_file *spill_file_create(struct spill_folder *folder, uint32_t command_id)
{
    if (!make_folder(folder)) {
        return NULL;
    }
    AUTO_FREE char *name = alloc_printf(FILE_PREFIX "%u.txt", command_id);
    int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return NULL;
    }
    AUTO_FREE char *dir = path_join(folder->parent, folder->name);
    struct spill_file *file = alloc_zeroed(sizeof *file);
    file->folder = folder;
    file->path = path_join(dir, name);
    file->fd = fd;
    return file;
}

static size_t room_for(const struct spill_file *file, size_t n)
{
    const uint64_t left = SPILL_FILE_MAX - file->written;
    const uint64_t most = left < file->folder->left ? left : file->folder->left;
    return n < most ? n : (size_t)most;
}

void spill_file_add(struct spill_file *file, const char *p, size_t n)
{
    size_t kept = file->missing == 0 ? room_for(file, n) : 0; /* no holes */
    file->missing += n - kept;
    while (kept > 0) {
        ssize_t wrote = write(file->fd, p, kept);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) { /* a full disk: the file ends here */
            file->missing += kept;
            return;
        }
        p += wrote;
        kept -= (size_t)wrote;
        file->written += (uint64_t)wrote;
        file->folder->left -= (uint64_t)wrote;
    }
}

void spill_file_close(struct spill_file *file)
{
    if (file != NULL) {
        (void)close(file->fd);
        free(file->path);
        free(file);
    }
}

const char *spill_file_path(const struct spill_file *file)
{
    return file->path;
}

uint64_t spill_file_missing(const struct spill_file *file)
{
    return file->missing;
}
