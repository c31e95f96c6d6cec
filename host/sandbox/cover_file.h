/* cover_file.h - one cover on disk: made, recognised and removed. Private to cover*.c.
 *
 * Whoever calls this holds a lock on the directory (cover_lock.h). Thread: [main].
 */
#ifndef HOST_SANDBOX_COVER_FILE_H
#define HOST_SANDBOX_COVER_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "sandbox/cover.h"

/* Make the cover or take over the one that is there. `twin` is the name of another one of the same kind
 * in `dir`: one more name of a socket is made in a fifth of the time of a new one. NULL: there is none.
 * 0, or -1 with errno: EEXIST when something else is there, EOPNOTSUPP when the file system does not
 * keep such modes. */
int cover_file_make(int dir, const char *name, enum cover_kind kind, const char *twin);

/* Is there a cover of this user, of whatever kind? */
bool cover_file_is_one(int dir, const char *name, struct stat *ret);

/* Remove it, if there is one. */
void cover_file_remove(int dir, const char *name);

#endif
