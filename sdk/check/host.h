/* host.h - the host as the checks of loading and of life cycles lend it: it answers, allocates nothing and
 * keeps nothing, so that what is counted is the plugin's. Checks of what a plugin does with its host use
 * <beacon-sdk/testhost.h> instead.
 */
#ifndef SDK_CHECK_HOST_H
#define SDK_CHECK_HOST_H

#include <beacon/host.h>
#include <stdbool.h>

enum host_shape {
    HOST_ORDINARY, /* as this program was compiled */
    HOST_OLDER,    /* of the first release, ending where an unreadable page begins */
    HOST_NEWER,    /* of a later minor: longer, with noise there and in reserved fields */
};

/* There until the process ends. */
const struct beacon_host *host_lend(enum host_shape shape);

/* From now on every environment variable that is asked for has this value; NULL: none is set. Borrowed. */
void host_set_variables(const char *value);

/* A token for one blocking call, with a deadline of CLOCK_MONOTONIC (0 = none). Storage of the caller. */
struct beacon_cancel {
    uint64_t deadline_ns;
    bool is_cancelled;
};

#endif
