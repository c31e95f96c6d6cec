/* mediate.h - system calls that the supervisor makes in the place of a command.
 *
 * The kernel cannot ask Landlock about changes of metadata and about connecting to a socket by path. The
 * filter stops these calls; here their arguments are read once, the files are opened, judged by what they are,
 * and changed through the descriptors that were judged: nothing the command does meanwhile matters.
 * Thread: [worker], one call at a time per guard's command.
 */
#ifndef SANDBOX_LANDLOCK_MEDIATE_H
#define SANDBOX_LANDLOCK_MEDIATE_H

#include <beacon/sandbox.h>

struct caller;
struct guard;

/* The errno the call returns, 0 for success. */
int mediate(const struct guard *guard, const struct beacon_sb_notice *notice);

/* Parts of it: the calls on metadata, and connect(). -1: not one of them. */
int mediate_metadata(const struct guard *guard, const struct caller *caller,
                     const struct beacon_sb_notice *notice);
int mediate_connect(const struct guard *guard, const struct caller *caller,
                    const struct beacon_sb_notice *notice);

#endif
