/* cover_lock.h - who needs the covers in a directory: a shared flock(2) on the directory for as long
 * as commands run, an exclusive one for removing.
 *
 * Locks are tried, and never waited for without end: a hostile command could hold one. Thread: [main].
 */
#ifndef HOST_SANDBOX_COVER_LOCK_H
#define HOST_SANDBOX_COVER_LOCK_H

#include <stdbool.h>

/* Open `path` (absolute, no part a symlink) and share it. The descriptor, or -1 with errno; EAGAIN:
 * somebody else does not let go of it. */
int cover_lock_share(const char *path);

/* Give the share up and try to have the directory alone. False: somebody else needs the covers, and
 * will remove them. The lock ends when `fd` is closed. */
bool cover_lock_take(int fd);

#endif
