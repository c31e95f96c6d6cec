/* SPDX-License-Identifier: Apache-2.0 */
/* What a released minor promised still holds: checked while compiling. A struct may have grown, but no
 * field has moved or changed its type, and no number and no name has changed. */
#include <beacon/auth.h>
#include <beacon/provider.h>
#include <beacon/sandbox.h>
#include <beacon/telemetry.h>

_Static_assert(sizeof(void *) == 8, "the golden layouts are those of 64-bit machines");

#define LAYOUT_SIZE(name, size)                                                                    \
    _Static_assert(sizeof(struct name) >= (size), "struct " #name " has shrunk")
#define LAYOUT_FIELD(name, field, offset, ...)                                                     \
    _Static_assert(offsetof(struct name, field) == (offset), #name "." #field " has moved");       \
    _Static_assert(__builtin_types_compatible_p(__typeof__(((struct name *)NULL)->field),          \
                                                __typeof__(__VA_ARGS__)),                          \
                   #name "." #field " has another type")
#define LAYOUT_VALUE(name, value)                                                                  \
    _Static_assert((long long)(name) == (value), #name " was renumbered")
#define LAYOUT_TEXT(name, text)                                                                    \
    _Static_assert(__builtin_strcmp(name, text) == 0, #name " was changed")

#include "layout_1_0.h"

int main(void)
{
    return 0;
}
