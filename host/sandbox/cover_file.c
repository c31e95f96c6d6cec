/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/cover_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/reaper/reaper.h"

/* Who holds the exclusive lock is between two system calls, unless it is a hostile one. */
#define ATTEMPTS_MAX     1000
#define ATTEMPT_PAUSE_NS 100000L

static const char *content_of(enum cover_kind kind)
{
    return kind == COVER_COMMONDIR ? ".\n" : kind == COVER_HIDDEN ? "*\n" : "";
}

static bool is_directory_kind(enum cover_kind kind)
{
    return kind == COVER_DIRECTORY || kind == COVER_HIDDEN;
}

bool cover_file_is_one(const struct stat *st)
{
    bool is_directory = S_ISDIR(st->st_mode) &&
                        (st->st_mode & REAPER_COVER_DIRECTORY_MASK) == REAPER_COVER_DIRECTORY;
    bool is_file = S_ISREG(st->st_mode) && (st->st_mode & 07777) == REAPER_COVER_FILE &&
                   st->st_nlink == 1 && st->st_size <= REAPER_COVER_FILE_BYTES;
    return (is_directory || is_file) && st->st_uid == geteuid();
}

static int fill(int fd, enum cover_kind kind)
{
    const char *content = content_of(kind);
    return io_write_all(fd, content, strlen(content)) && fchmod(fd, REAPER_COVER_FILE) == 0 ? 0
                                                                                            : -1;
}

/* It appears with its content: git stops at a commondir that is empty. */
static int make_file(int parent, const char *name, enum cover_kind kind)
{
    AUTO_CLOSE int fd = openat(parent, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0) {
        char self[64];
        (void)snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
        return fill(fd, kind) == 0 ? linkat(AT_FDCWD, self, parent, name, AT_SYMLINK_FOLLOW) : -1;
    }
    if (errno != EOPNOTSUPP && errno != EISDIR) {
        return -1;
    }
    fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0 && fill(fd, kind) != 0) {
        int saved = errno;
        (void)unlinkat(parent, name, 0);
        errno = saved;
        return -1;
    }
    return fd >= 0 ? 0 : -1;
}

static bool is_at(int parent, const char *name, int fd)
{
    struct stat at, held;
    return fstatat(parent, name, &at, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &held) == 0 &&
           at.st_dev == held.st_dev && at.st_ino == held.st_ino;
}

static bool has_content(int fd, enum cover_kind kind)
{
    char found[8];
    const char *content = content_of(kind);
    ssize_t n = pread(fd, found, sizeof found, 0);
    return n == (ssize_t)strlen(content) && memcmp(found, content, (size_t)n) == 0;
}

/* Is there nothing in the directory but what hides it? */
static bool is_vacant(int fd)
{
    struct stat st;
    bool is_ours = true;
    const struct dirent *entry = NULL;
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = own >= 0 ? fdopendir(own) : NULL;
    if (dir == NULL) {
        auto_close(&own);
        return false;
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is local */
    while (is_ours && (entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;
        is_ours = strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
                  (strcmp(name, REAPER_COVER_HIDING_NAME) == 0 &&
                   fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
                   cover_file_is_one(&st));
    }
    (void)closedir(dir);
    return is_ours;
}

static bool is_of_kind(int fd, enum cover_kind kind)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !cover_file_is_one(&st)) {
        return false;
    }
    return is_directory_kind(kind) ? S_ISDIR(st.st_mode) && is_vacant(fd)
                                   : S_ISREG(st.st_mode) && has_content(fd, kind);
}

bool cover_file_is_vacant(int parent, const char *name)
{
    struct stat st;
    AUTO_CLOSE int fd =
        openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd >= 0 && fstat(fd, &st) == 0 && cover_file_is_one(&st) &&
           (S_ISREG(st.st_mode) || is_vacant(fd));
}

/* The file that hides it may be there already: somebody shares the cover. */
static void hide(int fd)
{
    (void)make_file(fd, REAPER_COVER_HIDING_NAME, COVER_HIDDEN);
}

/* Share what is there, which with `is_new` was made just now. -1 with EEXIST when it is no cover of
 * this kind, ENOENT or EAGAIN when it is just being removed. */
static int share(int parent, const char *name, enum cover_kind kind, bool is_new)
{
    struct stat st;
    AUTO_CLOSE int fd =
        openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        errno = errno == ENOENT ? ENOENT : EEXIST;
        return -1;
    }
    bool is_ours = is_new ? fstat(fd, &st) == 0 && cover_file_is_one(&st) : is_of_kind(fd, kind);
    if (!is_ours) {
        errno = EEXIST;
        return -1;
    }
    if (flock(fd, LOCK_SH | LOCK_NB) != 0 || !is_at(parent, name, fd)) {
        errno = EAGAIN;
        return -1;
    }
    if (kind == COVER_HIDDEN) {
        hide(fd);
    }
    return take_fd(&fd);
}

int cover_file_make(int parent, const char *name, enum cover_kind kind)
{
    for (int i = 0; i < ATTEMPTS_MAX; i++) {
        int made = is_directory_kind(kind) ? mkdirat(parent, name, COVER_DIRECTORY_MODE)
                                           : make_file(parent, name, kind);
        if (made != 0 && errno != EEXIST) {
            return -1;
        }
        int fd = share(parent, name, kind, made == 0);
        if (fd < 0 && errno == EEXIST && made == 0) { /* a file system without such modes */
            (void)unlinkat(parent, name, is_directory_kind(kind) ? AT_REMOVEDIR : 0);
            errno = EOPNOTSUPP;
            return -1;
        }
        if (fd >= 0 || errno == EEXIST) {
            return fd;
        }
        const struct timespec pause = {.tv_nsec = ATTEMPT_PAUSE_NS};
        (void)nanosleep(&pause, NULL);
    }
    errno = EAGAIN;
    return -1;
}

/* The shared lock is let go before the exclusive one is tried. So of several who leave at the same
 * time, the last to let go finds only one who has the exclusive lock and will remove it, or nobody. */
bool cover_file_remove(int parent, const char *name, int fd)
{
    AUTO_CLOSE int owned = fd;
    struct stat st;
    if (!is_at(parent, name, owned) || fstat(owned, &st) != 0) {
        return false;
    }
    (void)flock(owned, LOCK_UN);
    if (flock(owned, LOCK_EX | LOCK_NB) == 0 && is_at(parent, name, owned)) {
        if (S_ISDIR(st.st_mode) && is_vacant(owned)) {
            (void)unlinkat(owned, REAPER_COVER_HIDING_NAME, 0);
        }
        (void)unlinkat(parent, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
    }
    return true;
}
