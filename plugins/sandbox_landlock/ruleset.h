/* ruleset.h - from path rules to a Landlock ruleset, in the parent. Thread: [worker]. */
#ifndef SANDBOX_LANDLOCK_RULESET_H
#define SANDBOX_LANDLOCK_RULESET_H

#include <beacon/sandbox.h>
#include <stdbool.h>
#include <stdint.h>

/* Below it nothing could be moved between directories, not even in the workspace. */
#define LANDLOCK_LEVEL_NEEDED 2u

/* From here on truncating is asked about; below it the system call filter refuses what is not. */
#define LANDLOCK_LEVEL_TRUNCATE 3u

uint32_t landlock_level(void); /* 0: not built in, or not switched on */

struct ruleset_wish {
    const struct beacon_path_rule *const *paths;
    size_t n_paths;
    bool has_network;
    bool is_read_limited; /* READ bits are enforced; else anything may be read */
    bool is_exec_limited; /* the same of EXEC bits */

    /* Where everything may be read, device files are what rules name, no others: disks, consoles, …. */
    bool are_devices_limited;
};

/* *ret is the caller's descriptor, closed on exec. */
beacon_rc ruleset_build(const struct ruleset_wish *wish, uint32_t level, int *ret,
                        struct beacon_error *err);

#endif
