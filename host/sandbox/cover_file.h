/* cover_file.h - one cover on disk: made, recognised, shared and removed. Private to cover.c.
 *
 * The locks are always tried and never waited for: a hostile command could hold one. Thread: [main].
 */
#ifndef HOST_SANDBOX_COVER_FILE_H
#define HOST_SANDBOX_COVER_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "sandbox/cover.h"

/* Make the cover or take over the one that is there. The descriptor, which holds a shared lock; or -1
 * with errno: EEXIST when something else is there, EAGAIN when it does not come to rest. */
int cover_file_make(int parent, const char *name, enum cover_kind kind);

/* Let go of `fd`, which is closed, and remove the cover unless somebody else holds it. False: at the
 * name is something else now, or nothing. */
bool cover_file_remove(int parent, const char *name, int fd);

bool cover_file_is_one(const struct stat *st); /* by owner and mode */

/* By what is in it, too. */
bool cover_file_is_vacant(int parent, const char *name);

#endif
