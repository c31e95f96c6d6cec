/* SPDX-License-Identifier: Apache-2.0 */
#include "filter.h"

#include "filter_programs.h"

bool filter_is_supported(void)
{
    return filter_program_count > 0;
}

const struct sock_filter *filter_find(uint32_t variant, size_t *ret_n)
{
    for (size_t i = 0; i < filter_program_count; i++) {
        if (filter_programs[i].variant == variant) {
            *ret_n = filter_programs[i].n;
            return filter_programs[i].code;
        }
    }
    return NULL;
}
