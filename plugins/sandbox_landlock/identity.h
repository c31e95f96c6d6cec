/* identity.h - acting with the rights of a caller, on this thread alone.
 *
 * A host that runs as root serves commands that may have become somebody else, or given up capabilities.
 * An ordinary user's commands can only be that user. Thread: [any]; between enter and leave, this thread
 * does nothing else.
 */
#ifndef SANDBOX_LANDLOCK_IDENTITY_H
#define SANDBOX_LANDLOCK_IDENTITY_H

#include <linux/capability.h>
#include <stdbool.h>
#include <sys/types.h>

#define IDENTITY_GROUPS_MAX 256

struct identity {
    uid_t uid;
    gid_t gid;
    gid_t groups[IDENTITY_GROUPS_MAX];
    size_t n_groups;
    struct __user_cap_data_struct capabilities[_LINUX_CAPABILITY_U32S_3];
};

struct identities {
    bool are_one; /* nothing to change */
    struct identity own, theirs;
};

/* The thread's own and that of the process with the folder `proc`. False when one cannot be known. */
bool identity_read(int proc, struct identities *ret);

/* False when it cannot be taken; leave it also then. */
bool identity_enter(const struct identities *identities);
void identity_leave(const struct identities *identities); /* keeps errno */

#endif
