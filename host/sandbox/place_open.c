/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/place_open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"

/* Kernels before 5.6, and containers that refuse what they do not know. */
static int open_compared(const char *path)
{
    struct stat st;
    AUTO_FREE char *real = realpath(path, NULL);
    if (real == NULL) {
        return -1;
    }
    AUTO_CLOSE int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        return -1;
    }
    if (strcmp(real, path) != 0 || S_ISLNK(st.st_mode)) {
        errno = ELOOP;
        return -1;
    }
    return take_fd(&fd);
}

int place_open(const char *path)
{
    struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                           .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
        return open_compared(path);
    }
    return fd;
}
