/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/truncation.h"

#define FAR_TOO_FEW  4    /* no tokenizer packs text four times as densely as the estimate has it */
#define WORTH_A_LOOK 2000 /* tokens: below, frames and rounding decide */

void truncation_forget(struct truncation *truncation)
{
    truncation->counted = truncation->estimate = 0;
}

/* Grown by a quarter, and read as no more than before. */
static bool has_stopped_growing(const struct truncation *before, int64_t estimate, int64_t counted)
{
    const int64_t grown = estimate - before->estimate;
    return before->counted > 0 && grown > WORTH_A_LOOK / 2 && grown > before->estimate / 4 &&
           counted <= before->counted + before->counted / 100;
}

bool truncation_is_seen(struct truncation *truncation, int64_t estimate, int64_t counted)
{
    if (counted < 0 || truncation->is_told || estimate < WORTH_A_LOOK) {
        return false;
    }
    truncation->is_told =
        counted < estimate / FAR_TOO_FEW || has_stopped_growing(truncation, estimate, counted);
    if (estimate > truncation->estimate) {
        truncation->estimate = estimate;
        truncation->counted = counted;
    }
    return truncation->is_told;
}
