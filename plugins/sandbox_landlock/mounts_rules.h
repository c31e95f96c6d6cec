/* mounts_rules.h - what each path rule means, seen beside those above it. Private to mounts*.c.
 * Thread: [pure], but for a look at what the paths are.
 */
#ifndef SANDBOX_LANDLOCK_MOUNTS_RULES_H
#define SANDBOX_LANDLOCK_MOUNTS_RULES_H

#include <beacon/sandbox.h>
#include <stdbool.h>
#include <stddef.h>

enum place_change {
    PLACE_SAME,   /* as what is around it */
    PLACE_OPEN,   /* may be written, what is around it may not */
    PLACE_CLOSE,  /* may not be written, what is around it may */
    PLACE_MASK,   /* may not be read either */
    PLACE_REVEAL, /* may be read again, beneath a mask */
    PLACE_DEVICE, /* a device that may be used */
};

struct mount_place {
    struct beacon_str path; /* the rule's */
    int fd;                 /* the rule's; -1: looked up anew */
    enum place_change change;
    bool is_visible, is_writable, is_soft;
    bool is_missing;
    bool holds_revealed;              /* a mask with something revealed in it */
    const struct mount_place *parent; /* the nearest one around it; NULL: none */
};

struct mount_places {
    struct mount_place *list; /* parents before what is beneath them; one for each path */
    size_t n;
    bool is_stable; /* every rule had a descriptor */
    bool is_staged; /* something is revealed */
    bool keeps_shm; /* the host's /dev/shm stays, because a place lies in it */
};

/* *ret is for mount_places_finish(), also after a failure. NOMEM, or UNSUPPORTED: / shall be writable,
 * running shall be taken away. */
beacon_rc mount_places_read(const struct beacon_sandbox_policy *policy, struct mount_places *ret,
                            struct beacon_error *err);
void mount_places_finish(struct mount_places *places);

#endif
