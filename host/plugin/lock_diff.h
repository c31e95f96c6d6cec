/* lock_diff.h - what is different between two locks, what a plugin may do first. Thread: [pure]. */
#ifndef HOST_PLUGIN_LOCK_DIFF_H
#define HOST_PLUGIN_LOCK_DIFF_H

#include <stdbool.h>
#include <stddef.h>

struct plugin_lock;

enum lock_difference_kind {
    LOCK_CAPABILITY_ADDED,
    LOCK_CAPABILITY_REMOVED,
    LOCK_PLUGIN_ADDED,
    LOCK_PLUGIN_REMOVED,
    LOCK_VERSION,
    LOCK_PLATFORM_ADDED,
    LOCK_PLATFORM_REMOVED,
    LOCK_SHA256,
    LOCK_SIZE,
    LOCK_NEEDED_ADDED,
    LOCK_NEEDED_REMOVED,
    LOCK_DIFFERENCE_KINDS
};

/* Strings are borrowed from the locks or static. */
struct lock_difference {
    enum lock_difference_kind kind;
    const char *id;
    const char *platform; /* NULL: of all */
    const char *before;   /* NULL: nothing */
    const char *after;    /* NULL: nothing */
    char numbers[2][24];  /* what before and after of LOCK_SIZE point to */
};

typedef void (*lock_difference_fn)(void *ctx, const struct lock_difference *difference);

/* Call `fn` for each difference, by kind in the order above, then by id. With `platform` only its pins
 * count, and plugins that either lock does not pin for it are absent there. */
void lock_compare(const struct plugin_lock *before, const struct plugin_lock *after,
                  const char *platform, lock_difference_fn fn, void *ctx);

const char *lock_difference_name(enum lock_difference_kind kind); /* "capability-added"; static */

#endif
