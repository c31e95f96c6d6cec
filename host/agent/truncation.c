/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/truncation.h"

#define WORTH_A_LOOK 2000 /* tokens: below, frames and rounding decide */
#define PERCENT_MIN  35   /* of an estimate: no text of a conversation is packed more densely */

void truncation_forget(struct truncation *truncation)
{
    truncation->counted = truncation->estimate = 0;
}

/* Of what came on top of the request before, or of all of it, too little was read. */
static bool is_too_little(const struct truncation *before, int64_t estimate, int64_t counted)
{
    const int64_t grown = estimate - before->estimate, read = counted - before->counted;
    return grown > WORTH_A_LOOK && read < grown / 100 * PERCENT_MIN;
}

bool truncation_is_seen(struct truncation *truncation, int64_t estimate, int64_t counted)
{
    if (counted < 0 || truncation->is_told || estimate <= truncation->estimate) {
        return false;
    }
    truncation->is_told = is_too_little(truncation, estimate, counted);
    if (estimate - truncation->estimate > WORTH_A_LOOK || truncation->estimate == 0) {
        truncation->estimate = estimate;
        truncation->counted = counted;
    }
    return truncation->is_told;
}
