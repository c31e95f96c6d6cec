/* SPDX-License-Identifier: Apache-2.0 */
/* The policy of commands, for the tools of the agent that touch files by themselves. */
#include <beacon/sandbox.h>

#include "base/error.h"
#include "sandbox/places.h"
#include "sandbox/sandbox.h"
#include "sandbox/sandbox_parts.h"

int sandbox_check_write(const struct sandbox *sandbox, const char *path, struct beacon_error *err)
{
    const struct place *place = places_decide(&sandbox->places, path);
    if (sandbox_is_unrestricted(sandbox)) {
        return BEACON_OK;
    }
    const uint32_t access = place != NULL ? place->access : 0;
    if ((access & BEACON_PATH_WRITE) == 0) {
        return error_set(err, BEACON_E_REFUSED, "choose a path beneath a writable directory",
                         "writing %s is outside of every writable directory", path);
    }
    if ((access & BEACON_PATH_DENY) != 0) {
        return error_set(err, BEACON_E_REFUSED, "ask the person to change it",
                         "writing %s is closed to the agent: %s", path, place->why);
    }
    return BEACON_OK;
}

int sandbox_check_read(const struct sandbox *sandbox, const char *path, struct beacon_error *err)
{
    const uint32_t closed = BEACON_PATH_DENY | BEACON_PATH_READ;
    const struct place *place = places_decide(&sandbox->places, path);
    if (place != NULL && (place->access & closed) == closed) {
        return error_set(err, BEACON_E_REFUSED, "ask the person for what you need from it",
                         "reading %s is closed to the agent: %s", path, place->why);
    }
    return BEACON_OK;
}
