/* cost.h - what tokens cost by a price table, and adding it up. Amounts as in base/money.h. Thread: [pure].
 */
#ifndef HOST_AGENT_COST_H
#define HOST_AGENT_COST_H

#include <stdint.h>

#include "event/event.h"

struct model_prices;

/* Of one answer; `usage` as usage_take() leaves it: input includes what came from the cache and went into
 * it, output includes reasoning. Where a price for the cache is missing, that of the input counts, and the
 * sum is estimated when there are such tokens. MONEY_UNKNOWN: a price that is needed, or the number of the
 * input or the output, is not known. `prices` NULL: none is. */
struct event_cost cost_of(const struct event_usage *usage, const struct model_prices *prices);

/* Can money be counted with these? */
bool cost_is_known(const struct model_prices *prices);

/* A total begins as cost_nothing. An unknown cost leaves the amount and makes it partial. */
extern const struct event_cost cost_nothing;
void cost_add(struct event_cost *total, const struct event_cost *answer);

#endif
