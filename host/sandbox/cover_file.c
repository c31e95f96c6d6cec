/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/cover_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/reaper/reaper.h"

/* Less the umask. Git may look into a directory; nobody has business with the others. */
#define DIRECTORY_MODE 01555

static const char *content_of(enum cover_kind kind)
{
    return kind == COVER_COMMONDIR ? ".\n" : "";
}

static bool has_mark(const struct stat *st)
{
    const unsigned mode = st->st_mode & 07777U & ~(unsigned)REAPER_COVER_IGNORED;
    if (st->st_uid != geteuid()) {
        return false;
    }
    return S_ISSOCK(st->st_mode)  ? mode == REAPER_COVER_MARK
           : S_ISDIR(st->st_mode) ? (mode & REAPER_COVER_DIRECTORY_MASK) == REAPER_COVER_MARK
                                  : S_ISREG(st->st_mode) && mode == REAPER_COVER_FILE &&
                                        st->st_nlink == 1 && st->st_size <= REAPER_COVER_FILE_BYTES;
}

bool cover_file_is_one(int dir, const char *name, struct stat *ret)
{
    return fstatat(dir, name, ret, AT_SYMLINK_NOFOLLOW) == 0 && has_mark(ret);
}

void cover_file_remove(int dir, const char *name)
{
    struct stat st;
    if (cover_file_is_one(dir, name, &st)) { /* a directory that is not empty stays */
        (void)unlinkat(dir, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
    }
}

static int fill(int fd, enum cover_kind kind)
{
    const char *content = content_of(kind);
    return io_write_all(fd, content, strlen(content)) && fchmod(fd, REAPER_COVER_FILE) == 0 ? 0
                                                                                            : -1;
}

/* It appears with its content: git stops at a commondir that is empty. */
static int make_file(int dir, const char *name, enum cover_kind kind)
{
    AUTO_CLOSE int fd = openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0) {
        char self[64];
        (void)snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
        return fill(fd, kind) == 0 ? linkat(AT_FDCWD, self, dir, name, AT_SYMLINK_FOLLOW) : -1;
    }
    if (errno != EOPNOTSUPP && errno != EISDIR) {
        return -1;
    }
    fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0 && fill(fd, kind) != 0) {
        int saved = errno;
        (void)unlinkat(dir, name, 0);
        errno = saved;
        return -1;
    }
    return fd >= 0 ? 0 : -1;
}

/* A file system without further names has sockets all the same; and what is at the name of the twin by
 * now may be something else. */
static int make_socket(int dir, const char *name, const char *twin)
{
    struct stat st;
    if (twin != NULL && linkat(dir, twin, dir, name, 0) == 0) {
        if (cover_file_is_one(dir, name, &st) && S_ISSOCK(st.st_mode)) {
            return 0;
        }
        (void)unlinkat(dir, name, 0);
    }
    return mknodat(dir, name, S_IFSOCK | REAPER_COVER_MARK, 0);
}

static int make(int dir, const char *name, enum cover_kind kind, const char *twin)
{
    switch (kind) {
    case COVER_DIRECTORY:
        return mkdirat(dir, name, DIRECTORY_MODE);
    case COVER_SOCKET:
        return make_socket(dir, name, twin);
    default:
        return make_file(dir, name, kind);
    }
}

static bool has_content(int dir, const char *name, enum cover_kind kind)
{
    char found[REAPER_COVER_FILE_BYTES + 1];
    const char *content = content_of(kind);
    AUTO_CLOSE int fd =
        openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, found, sizeof found) : -1;
    return n == (ssize_t)strlen(content) && memcmp(found, content, (size_t)n) == 0;
}

static bool is_of_kind(int dir, const char *name, const struct stat *st, enum cover_kind kind)
{
    return kind == COVER_SOCKET      ? S_ISSOCK(st->st_mode)
           : kind == COVER_DIRECTORY ? S_ISDIR(st->st_mode)
                                     : S_ISREG(st->st_mode) && has_content(dir, name, kind);
}

int cover_file_make(int dir, const char *name, enum cover_kind kind, const char *twin)
{
    struct stat st;
    int made = make(dir, name, kind, twin);
    if (made != 0 && errno != EEXIST) {
        return -1;
    }
    if (cover_file_is_one(dir, name, &st) && is_of_kind(dir, name, &st, kind)) {
        return 0;
    }
    if (made == 0) {
        (void)unlinkat(dir, name, kind == COVER_DIRECTORY ? AT_REMOVEDIR : 0);
    }
    errno = made == 0 ? EOPNOTSUPP : EEXIST;
    return -1;
}
