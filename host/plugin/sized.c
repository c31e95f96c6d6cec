/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/sized.h"

#include <stdint.h>
#include <string.h>

#include "base/error.h"

#define REBUILD_HINT "rebuild the plugin with the SDK, or report it to its author"

int sized_copy(void *full, size_t size, const void *from, const char *what,
               struct beacon_error *err)
{
    uint32_t claimed = 0;
    memcpy(&claimed, from, sizeof claimed);
    if (claimed < SIZED_MIN_BYTES) {
        return error_set(err, BEACON_E_INVALID, REBUILD_HINT,
                         "%s says it has %u bytes, at least %d are needed", what, claimed,
                         SIZED_MIN_BYTES);
    }
    /* Every such struct holds pointers, so an honest size is a multiple of theirs; any other would
     * leave half of one. */
    size_t n = claimed < size ? claimed - claimed % sizeof(void *) : size;
    const uint32_t full_size = (uint32_t)size;
    memset(full, 0, size);
    memcpy(full, from, n);
    memcpy(full, &full_size, sizeof full_size);
    return BEACON_OK;
}

int sized_require(const void *full, const struct sized_slot *slots, size_t n, const char *what,
                  struct beacon_error *err)
{
    static const char nothing[sizeof(void *)];
    for (size_t i = 0; i < n; i++) {
        if (memcmp((const char *)full + slots[i].offset, nothing, sizeof nothing) == 0) {
            return error_set(err, BEACON_E_INVALID, REBUILD_HINT, "%s lacks the mandatory slot %s",
                             what, slots[i].name);
        }
    }
    return BEACON_OK;
}
