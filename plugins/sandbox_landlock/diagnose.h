/* diagnose.h - from the end of a command's output to a sentence for the model.
 *
 * The kernel does not tell whose the refusal was, so the words say "probably". Thread: [pure].
 */
#ifndef SANDBOX_LANDLOCK_DIAGNOSE_H
#define SANDBOX_LANDLOCK_DIAGNOSE_H

#include <beacon/host.h>
#include <beacon/sandbox.h>
#include <stdbool.h>

struct denial;

/* What to remember of a policy until its command has ended. NULL when there is no memory: then
 * nothing is explained. */
struct denial *denial_create(const struct beacon_sandbox_policy *policy, bool has_network);
void denial_destroy(struct denial *denial); /* NULL is fine */

/* Writes nothing when the exit does not look like a refusal. */
beacon_rc denial_diagnose(const struct denial *denial, int32_t wait_status,
                          struct beacon_bytes tail, const struct beacon_sink *out);

#endif
