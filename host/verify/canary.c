/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/canary.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "verify/canary_parts.h"

static int attempt(const struct canary *canary, const char *argument)
{
    errno = 0;
    if (canary->attempt(argument) >= 0 ||
        (canary->other_errno != 0 && errno == canary->other_errno)) {
        return CANARY_THROUGH;
    }
    (void)fprintf(stderr, "%s: %s\n", canary->name, strerror(errno));
    return CANARY_DENIED;
}

int canary_main(const char *name, const char *argument)
{
    const struct canary_list *const lists[] = {&canary_files, &canary_network, &canary_calls};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        for (size_t k = 0; k < lists[i]->n; k++) {
            if (strcmp(lists[i]->canaries[k].name, name) == 0) {
                return attempt(&lists[i]->canaries[k], argument);
            }
        }
    }
    return CANARY_UNKNOWN;
}
