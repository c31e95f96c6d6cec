/* namespaces_denial.h - from the end of a command's output to the rule that refused something.
 *
 * The kernel says no more than an errno, so the words say "probably". Thread: [pure].
 */
#ifndef SANDBOX_LANDLOCK_NAMESPACES_DENIAL_H
#define SANDBOX_LANDLOCK_NAMESPACES_DENIAL_H

#include <beacon/host.h>
#include <beacon/sandbox.h>

struct namespaces_denial;

/* What to remember of a policy until its commands have ended; counted, because they share it. NULL when
 * there is no memory: then nothing is explained. `cwd`: what relative names begin at; copied. */
struct namespaces_denial *namespaces_denial_create(const struct beacon_sandbox_policy *policy,
                                                   struct beacon_str cwd);
struct namespaces_denial *namespaces_denial_share(struct namespaces_denial *denial);
void namespaces_denial_release(struct namespaces_denial *denial); /* NULL is fine */

/* Writes nothing when the exit does not look like a refusal. */
beacon_rc namespaces_denial_diagnose(const struct namespaces_denial *denial, int32_t wait_status,
                                     struct beacon_bytes tail, const struct beacon_sink *out);

#endif
