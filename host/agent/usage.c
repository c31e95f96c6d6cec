/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent_state.h"

static int64_t known(int64_t tokens)
{
    return tokens > 0 ? tokens : 0;
}

/* The peer's numbers may be absurd; adding them must not be. */
static int64_t sum(int64_t a, int64_t b)
{
    int64_t total = 0;
    return __builtin_add_overflow(known(a), known(b), &total) ? INT64_MAX : total;
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
        usage.input = sum(usage.input, sum(from->cache_read, from->cache_write));
    }
    if (from->output >= 0 && (from->flags & BEACON_USAGE_OUTPUT_INCLUDES_REASONING) == 0) {
        usage.output = sum(usage.output, from->reasoning);
    }
    return usage;
}

typedef int64_t (*combine_fn)(int64_t before, int64_t now);

static void combine(struct event_usage *into, const struct event_usage *from, combine_fn fn)
{
    into->input = fn(into->input, from->input);
    into->cached_input = fn(into->cached_input, from->cached_input);
    into->cache_write = fn(into->cache_write, from->cache_write);
    into->output = fn(into->output, from->output);
    into->reasoning = fn(into->reasoning, from->reasoning);
}

/* A later report may be of some numbers only. */
static int64_t replace(int64_t before, int64_t now)
{
    return now >= 0 ? now : before;
}

/* Nobody having told is not nothing having been used. */
static int64_t sum_of_known(int64_t before, int64_t now)
{
    return before < 0 && now < 0 ? -1 : sum(before, now);
}

void usage_take(struct event_usage *answer, const struct beacon_usage *from)
{
    struct event_usage usage = comparable(from);
    combine(answer, &usage, (from->flags & BEACON_USAGE_CUMULATIVE) != 0 ? replace : sum_of_known);
}

void usage_add(struct event_usage *total, const struct event_usage *answer)
{
    combine(total, answer, sum);
}
