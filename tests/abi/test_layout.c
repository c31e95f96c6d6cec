/* SPDX-License-Identifier: Apache-2.0 */
/* What a released minor promised still holds: checked while compiling. A struct may have grown, but no
 * field has moved and no number has changed. */
#include <beacon/auth.h>
#include <beacon/provider.h>
#include <beacon/sandbox.h>
#include <beacon/telemetry.h>

_Static_assert(sizeof(void *) == 8, "the golden layouts are those of 64-bit machines");

#define LAYOUT_SIZE(name, size)                                                                    \
    _Static_assert(sizeof(struct name) >= (size), "struct " #name " has shrunk")
#define LAYOUT_FIELD(name, field, offset)                                                          \
    _Static_assert(offsetof(struct name, field) == (offset), #name "." #field " has moved")
#define LAYOUT_VALUE(name, value)                                                                  \
    _Static_assert((long long)(name) == (value), #name " was renumbered")

#include "layout_1_0.h"

int main(void)
{
    return 0;
}
