/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/sized.h - reading structs of the host that may be shorter or longer than ours.
 *
 * Thread: [pure].
 */
#ifndef BEACON_SDK_SIZED_H
#define BEACON_SDK_SIZED_H

#include <beacon/plugin.h>
#include <string.h>

static inline void beacon_copy_in(void *to, size_t to_size, const void *from, uint32_t from_size)
{
    memset(to, 0, to_size);
    memcpy(to, from, from_size < to_size ? from_size : to_size);
}

/* Fill `local` (a struct, not a pointer) from *from: fields the host does not have are zero,
 * fields we do not have are left behind. Saves a BEACON_HAS before every read. */
#define BEACON_COPY_IN(local, from)                                                                \
    beacon_copy_in(&(local), sizeof(local), (from), (from)->struct_size)

#endif
