/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/secret.h - forgetting secrets.
 *
 * A buffer that grows leaves copies behind: give it its room first, with beacon_json_out_reserve().
 * Thread: that of the memory.
 */
#ifndef BEACON_SDK_SECRET_H
#define BEACON_SDK_SECRET_H

#include <beacon-sdk/json_write.h>

/* Overwrite `n` bytes, also when nobody reads them afterwards. */
static inline void beacon_wipe(void *p, size_t n)
{
    volatile unsigned char *byte = (volatile unsigned char *)p;
    for (size_t i = 0; i < n; i++) {
        byte[i] = 0;
    }
}

/* Overwrite what was written, then free it. */
static inline void beacon_json_out_wipe(struct beacon_json_out *out)
{
    beacon_wipe(out->p, out->capacity);
    beacon_json_out_finish(out);
}

#endif
