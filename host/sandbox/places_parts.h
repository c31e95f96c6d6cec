/* places_parts.h - how the list of places is built up. Private to places*.c and sockets.c. */
#ifndef HOST_SANDBOX_PLACES_PARTS_H
#define HOST_SANDBOX_PLACES_PARTS_H

#include "sandbox/cover.h"
#include "sandbox/place_open.h"
#include "sandbox/places.h"

struct sandbox_settings;

/* Add a place; `path` and `fd` are taken over. A path that is listed already: denials add up, and what
 * the person named as a root stays one. Returns false in that second case. */
bool places_add(struct places *places, struct place place);

/* printf; one sentence for `beacon sandbox explain`. The same one is kept once. */
void places_note(struct places *places, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What one refresh has at hand. */
struct place_refresh {
    struct places *places;
    struct cover_set *covers; /* NULL: none are made */
    uint32_t softness;        /* BEACON_PATH_SOFT, or 0 when a backend has to do it */
    int rc;                   /* of the first cover that failed; the others are not tried then */
    struct beacon_error *err;
};

/* Deny writing `path`, which is copied. A missing one is covered as `kind` says. *ret_is_there (may be
 * NULL). A symlink is not protected but noted, and false is returned. */
bool places_protect(struct place_refresh *refresh, const char *path, enum cover_kind kind,
                    const char *why);

/* .git of the roots and of the nested repositories. */
void places_find_repositories(struct places *places);
void places_protect_repositories(struct place_refresh *refresh);

/* The names beneath the roots, the home and the credentials. */
void places_protect_names(struct place_refresh *refresh);

#endif
