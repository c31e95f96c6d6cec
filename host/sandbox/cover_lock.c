/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/cover_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>

#include "base/auto.h"
#include "sandbox/place_open.h"

/* Who holds the exclusive lock is between two system calls, unless it is a hostile one. */
#define ATTEMPTS_MAX     1000
#define ATTEMPT_PAUSE_NS 100000L

static int open_directory(const char *path)
{
    char self[64];
    AUTO_CLOSE int held = place_open(path);
    if (held < 0) {
        return -1;
    }
    (void)snprintf(self, sizeof self, "/proc/self/fd/%d", held);
    return open(self, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int cover_lock_share(const char *path)
{
    const struct timespec pause = {.tv_nsec = ATTEMPT_PAUSE_NS};
    AUTO_CLOSE int fd = open_directory(path);
    if (fd < 0) {
        return -1;
    }
    for (int i = 0; i < ATTEMPTS_MAX; i++) {
        if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
            return take_fd(&fd);
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return -1;
        }
        (void)nanosleep(&pause, NULL);
    }
    errno = EAGAIN;
    return -1;
}

/* The share is let go before the exclusive lock is tried. So of several who leave at the same time, the
 * last to let go finds only one who has the exclusive lock and removes everything, or nobody. */
bool cover_lock_take(int fd)
{
    (void)flock(fd, LOCK_UN);
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
}
