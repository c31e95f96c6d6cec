/* caller.h - the process that waits for an answer: its memory, files and identity.
 *
 * The supervisor does for it what it asked, so it looks up names where the caller would, from its root and
 * working directory, and with no more rights than the caller has. Everything comes from descriptors that
 * were the caller's while it waited. Thread: [any], one caller per thread at a time.
 */
#ifndef SANDBOX_LANDLOCK_CALLER_H
#define SANDBOX_LANDLOCK_CALLER_H

#include <beacon/sandbox.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "identity.h"

struct caller {
    int proc;           /* its folder in /proc */
    int pid_fd, mem_fd; /* borrowed */
    struct identities identities;
};

/* 0 or an errno; on failure there is nothing to close. */
int caller_open(struct caller *caller, const struct beacon_sb_notice *notice);
void caller_close(struct caller *caller);

bool caller_is_gone(const struct caller *caller);

/* All `n` bytes at `address`, or EFAULT. */
int caller_read(const struct caller *caller, uint64_t address, void *to, size_t n);

/* A string with its NUL: EFAULT, or `too_long` when there is none in `n` bytes. */
int caller_read_string(const struct caller *caller, uint64_t address, char *to, size_t n,
                       int too_long);

/* A copy of its descriptor `number`: *ret is to be closed. */
int caller_take_fd(const struct caller *caller, int number, int *ret);

#define CALLER_LINK_ITSELF 1u /* a link at the end is not followed */
#define CALLER_EMPTY_PATH  2u /* an empty path means `dirfd` itself */

/* Open `path` with O_PATH as the caller would find it: *ret is to be closed. A link of /proc that stands for
 * an open file is followed at the beginning of the path only. */
int caller_resolve(const struct caller *caller, int dirfd, const char *path, uint32_t how,
                   int *ret);

#endif
