/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/path.h"
#include "support/beacon_test.h"
#include "support/owned.h"

/* The marker lies beside the test's directory, so the test finds its own one empty. Only a directory
 * with the marker in it is ever emptied, and only through descriptors that follow no symlink. */
#define MARKER "made-by-beacon-test"
#define INNER  "d"

struct temp_dir {
    char *outer; /* holds the marker and the directory below */
    char *inner; /* what the test sees */
};

static char *create_outer(void)
{
    const char *parent = getenv("TMPDIR");
    AUTO_FREE char *resolved = realpath(parent != NULL ? parent : "/tmp", NULL);
    if (resolved == NULL) {
        return NULL;
    }
    AUTO_FREE char *outer = path_join(resolved, "beacon-test.XXXXXX");
    return mkdtemp(outer) != NULL ? take_pointer(outer) : NULL;
}

int temp_dir_setup(void **state)
{
    AUTO_FREE char *outer = create_outer();
    if (outer == NULL) {
        print_error("cannot make a temporary directory: %s\n", strerror(errno));
        return -1;
    }
    AUTO_FREE char *marker = path_join(outer, MARKER);
    AUTO_FREE char *inner = path_join(outer, INNER);
    AUTO_CLOSE int fd = open(marker, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || mkdir(inner, 0700) != 0) {
        print_error("cannot fill %s: %s\n", outer, strerror(errno));
        return -1;
    }
    struct temp_dir *dir = alloc_zeroed(sizeof *dir);
    dir->outer = take_pointer(outer);
    dir->inner = take_pointer(inner);
    *state = dir;
    return 0;
}

static bool empty_directory(int fd);

/* Remove `name` in the directory `fd`, with all that is in it. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the tree a test made, which is small */
static bool remove_entry(int fd, const char *name)
{
    if (unlinkat(fd, name, 0) == 0) {
        return true;
    }
    struct stat info;
    if (fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(info.st_mode)) {
        return false;
    }
    /* A test may have taken the directory's rights away. */
    if ((info.st_mode & S_IRWXU) != S_IRWXU && fchmodat(fd, name, 0700, 0) != 0) {
        return false;
    }
    AUTO_CLOSE int below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return below >= 0 && empty_directory(below) && unlinkat(fd, name, AT_REMOVEDIR) == 0;
}

/* NOLINTNEXTLINE(misc-no-recursion): as above */
static bool empty_directory(int fd)
{
    DIR *listing = fdopendir(dup(fd));
    if (listing == NULL) {
        return false;
    }
    bool is_empty = true;
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            is_empty = remove_entry(fd, entry->d_name) && is_empty;
        }
    }
    (void)closedir(listing);
    return is_empty;
}

static bool remove_outer(const char *outer)
{
    AUTO_CLOSE int fd = open(outer, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || faccessat(fd, MARKER, F_OK, AT_SYMLINK_NOFOLLOW) != 0) {
        return false;
    }
    return remove_entry(fd, INNER) && unlinkat(fd, MARKER, 0) == 0 && rmdir(outer) == 0;
}

int temp_dir_teardown(void **state)
{
    struct temp_dir *dir = *state;
    bool is_removed = remove_outer(dir->outer);
    if (!is_removed) {
        print_error("cannot remove %s: %s\n", dir->outer, strerror(errno));
    }
    free(dir->outer);
    free(dir->inner);
    free(dir);
    *state = NULL;
    owned_free_all();
    return is_removed ? 0 : -1;
}

const char *temp_dir(void **state)
{
    const struct temp_dir *dir = *state;
    return dir->inner;
}

const char *temp_path(void **state, const char *name)
{
    return owned_keep(path_join(temp_dir(state), name));
}
