/* profile.h - a policy as a Seatbelt profile: text in the language of macOS' sandbox-exec(1).
 *
 * Pure: the same policy gives the same bytes on every system, nothing is opened or asked. Paths never
 * stand in the text; they are parameters, `-DWRITE_0=/path`, so no path can be mistaken for a rule. Everything is denied that
 * no line allows, and no line depends on the order of the others but the last block, which only denies.
 * Thread: [pure].
 */
#ifndef SANDBOX_SEATBELT_PROFILE_H
#define SANDBOX_SEATBELT_PROFILE_H

#include <beacon/sandbox.h>
#include <stdbool.h>
#include <stddef.h>

#define PROFILE_TEXT_MAX       (256u << 10)
#define PROFILE_PARAMETERS_MAX 1024u /* paths: of rules, pinned ancestors and sockets */

struct profile {
    char *text; /* with NUL */
    size_t n;
    char **parameters; /* "-DWRITE_0=/path" each, in the order of their first use */
    size_t n_parameters;
    bool is_too_large; /* one of the limits, or memory: the profile is not to be used */
};

/* BEACON_E_UNSUPPORTED: a flag or access bit is not known here. LIMIT: it would be too large. INVALID: a
 * path is not absolute. *ret is to be finished in any case. */
beacon_rc profile_make(const struct beacon_sandbox_policy *policy, struct profile *ret);
void profile_finish(struct profile *profile);

#endif
