/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent_state.h"

static int64_t known(int64_t tokens)
{
    return tokens > 0 ? tokens : 0;
}

/* Input including what came from the cache, output including reasoning: what clients expect. */
static struct event_usage comparable(const struct beacon_usage *from)
{
    struct event_usage usage = {.input = from->input,
                                .cached_input = from->cache_read,
                                .cache_write = from->cache_write,
                                .output = from->output,
                                .reasoning = from->reasoning};
    if (from->input >= 0 && (from->flags & BEACON_USAGE_INPUT_INCLUDES_CACHE) == 0) {
        usage.input += known(from->cache_read) + known(from->cache_write);
    }
    if (from->output >= 0 && (from->flags & BEACON_USAGE_OUTPUT_INCLUDES_REASONING) == 0) {
        usage.output += known(from->reasoning);
    }
    return usage;
}

void usage_take(struct event_usage *answer, const struct beacon_usage *from)
{
    struct event_usage usage = comparable(from);
    if ((from->flags & BEACON_USAGE_CUMULATIVE) != 0) {
        *answer = usage;
    } else {
        usage_add(answer, &usage);
    }
}

void usage_add(struct event_usage *total, const struct event_usage *answer)
{
    total->input = known(total->input) + known(answer->input);
    total->cached_input = known(total->cached_input) + known(answer->cached_input);
    total->cache_write = known(total->cache_write) + known(answer->cache_write);
    total->output = known(total->output) + known(answer->output);
    total->reasoning = known(total->reasoning) + known(answer->reasoning);
}
