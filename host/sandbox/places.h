/* places.h - the paths a sandbox policy speaks of: canonical, existing, and held open.
 *
 * Everything may be read and run; written may be what the mode and the settings name, and the few
 * devices no program does without. Each place is resolved once, when the session begins, and kept by an
 * O_PATH descriptor, so that a link swapped later leads nowhere else. Used by sandbox/sandbox.c.
 * Thread: [main].
 */
#ifndef HOST_SANDBOX_PLACES_H
#define HOST_SANDBOX_PLACES_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sandbox_settings;

struct place {
    char *path;
    int fd;          /* O_PATH; -1 for a path that is denied and not there */
    uint32_t access; /* BEACON_PATH_* */
    bool is_root;    /* a writable root of the person, as opposed to a device or to what is read */
};

struct places {
    struct place *list;
    size_t n;
};

/* For the modes that restrict. BEACON_E_INVALID when the working directory cannot be opened. The
 * caller calls places_finish() also after a failure. */
int places_init(struct places *places, const struct sandbox_settings *settings,
                struct beacon_error *err);
void places_finish(struct places *places);

/* The `index`th writable root, or NULL. */
const struct place *places_root(const struct places *places, size_t index);

#endif
