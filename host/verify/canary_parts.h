/* canary_parts.h - the canaries, by subject. Private to canary*.c. */
#ifndef HOST_VERIFY_CANARY_PARTS_H
#define HOST_VERIFY_CANARY_PARTS_H

#include <stddef.h>

struct canary {
    const char *name;
    long (*attempt)(const char *argument); /* below 0 with errno: it failed */
    int other_errno; /* of a call that was let through, and failed for this harmless reason; 0: none */
};

struct canary_list {
    const struct canary *canaries;
    size_t n;
};

extern const struct canary_list canary_files;   /* the argument is a path */
extern const struct canary_list canary_network; /* a port, a path, a name */
extern const struct canary_list canary_calls;   /* a process id, or nothing */

#endif
