/* policy.h - what of a policy this backend can hold, and what it cannot. Thread: [pure]. */
#ifndef SANDBOX_LANDLOCK_POLICY_H
#define SANDBOX_LANDLOCK_POLICY_H

#include <beacon/sandbox.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POLICY_SHOWN 16

struct policy_view {
    bool has_network;
    bool is_read_limited, is_exec_limited; /* not everything may be read, or run */
    bool is_read_only;                     /* no directory may be written */
    bool lacks_loopback;                   /* it was asked for, and is off with the network */

    /* What a rule takes away and Landlock cannot: how many, and the first of them. */
    const struct beacon_path_rule *unhidden[POLICY_SHOWN], *unprotected[POLICY_SHOWN];
    size_t n_unhidden, n_unprotected;
};

/* BEACON_E_UNSUPPORTED for whatever this backend does not know or cannot hold and that would make a
 * plan weaker than the policy. */
beacon_rc policy_read(const struct beacon_sandbox_policy *policy, struct policy_view *ret,
                      struct beacon_error *err);

/* Is `path` at or beneath `root`, both absolute? */
bool policy_is_beneath(struct beacon_str path, struct beacon_str root);

/* A directory in which files may be made, as opposed to a device. */
bool policy_is_writable_tree(const struct beacon_path_rule *rule);

/* BEACON_SB_* that hold for such a policy at this Landlock level. */
uint32_t policy_promise(const struct policy_view *view, uint32_t level);

/* BEACON_SB_* that can be promised at all at this level. */
uint32_t policy_can_enforce(uint32_t level);

#endif
