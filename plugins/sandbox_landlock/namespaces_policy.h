/* namespaces_policy.h - what of a policy the namespaces backend holds. Thread: [pure]. */
#ifndef SANDBOX_LANDLOCK_NAMESPACES_POLICY_H
#define SANDBOX_LANDLOCK_NAMESPACES_POLICY_H

#include <beacon/sandbox.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct namespaces_view {
    uint32_t net;                          /* BEACON_NET_* */
    bool has_sockets;                      /* other ones than local: the host's, or loopback's */
    bool is_read_limited, is_exec_limited; /* not everything may be read, or run */
};

/* BEACON_E_UNSUPPORTED for whatever this backend does not know or cannot hold and that would make a
 * plan weaker than the policy. `level` is that of Landlock. */
beacon_rc namespaces_read(const struct beacon_sandbox_policy *policy, uint32_t level,
                          struct namespaces_view *ret, struct beacon_error *err);

uint32_t namespaces_promise(const struct namespaces_view *view, uint32_t level);
uint32_t namespaces_can_enforce(uint32_t level);
const char *namespaces_note(const struct namespaces_view *view); /* what stays open */

/* What a plan of mounts depends on. Zeroed storage fits nothing. */
struct policy_key {
    char *bytes;
    size_t n;
};

void policy_key_set(struct policy_key *key, const struct beacon_sandbox_policy *policy);
bool policy_key_fits(const struct policy_key *key, const struct beacon_sandbox_policy *policy);
void policy_key_finish(struct policy_key *key);

#endif
