/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/spawn.h"
#include "base/spawn_parts.h"

struct spawn_expected {
    struct spawn_cradle *cradle;
    struct spawn_midwife *midwife;
    struct spawn_space space;
};

#ifdef BEACON_SANITIZED
/* A copy of the host's memory would never see what is to be run. */
#define MAY_BEGIN false
#else
#define MAY_BEGIN true
#endif

struct spawn_expected *spawn_expect(const struct spawn_space *space)
{
    struct beacon_error unused = {.struct_size = sizeof unused};
    struct spawn_midwife *midwife = NULL;
    struct spawn_cradle *cradle = MAY_BEGIN ? spawn_cradle_make() : NULL;
    if (cradle == NULL) {
        return NULL;
    }
    if (spawn_space_begin(cradle, space, true, &midwife, &unused) != BEACON_OK) {
        spawn_cradle_unmake(cradle);
        return NULL;
    }
    struct spawn_expected *expected = alloc_zeroed(sizeof *expected);
    *expected = (struct spawn_expected){cradle, midwife, *space};
    return expected;
}

void spawn_expect_end(struct spawn_expected *expected)
{
    if (expected != NULL) {
        spawn_space_abandon(expected->midwife);
        spawn_cradle_unmake(expected->cradle);
        free(expected);
    }
}

static bool fits(const struct spawn_expected *expected, const struct spawn_space *space)
{
    return space != NULL && expected->space.flags == space->flags &&
           expected->space.uid == space->uid && expected->space.gid == space->gid;
}

void spawn_expected_take(struct spawn_expected *expected, const struct spawn_space *space,
                         struct spawn_cradle **ret_cradle, struct spawn_midwife **ret_midwife)
{
    if (expected == NULL) {
        return;
    }
    if (!fits(expected, space)) {
        spawn_expect_end(expected);
        return;
    }
    *ret_cradle = expected->cradle;
    *ret_midwife = expected->midwife;
    free(expected);
}
