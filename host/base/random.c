/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

#include <stdlib.h>
#include <unistd.h>

uint32_t random_number(void)
{
    uint32_t number = 0;
    if (getentropy(&number, sizeof number) != 0) {
        abort(); /* no kernel this program runs on lacks it */
    }
    return number;
}

double random_unit(void)
{
    return (double)random_number() / (double)UINT32_MAX;
}
