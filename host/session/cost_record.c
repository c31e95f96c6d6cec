/* SPDX-License-Identifier: Apache-2.0 */
#include "session/cost_record.h"

#include <beacon-sdk/json_scan.h>
#include <beacon-sdk/json_write.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "session/rollout_line.h"

#define SCHEME      1 /* of the digests: those of another one say nothing */
#define BLOCK_CHARS 16

static const struct {
    const char *key;
    size_t offset; /* in struct event_usage */
} token_rows[] = {
    {"input_tokens", offsetof(struct event_usage, input)},
    {"cached_input_tokens", offsetof(struct event_usage, cached_input)},
    {"cache_write_input_tokens", offsetof(struct event_usage, cache_write)},
    {"output_tokens", offsetof(struct event_usage, output)},
    {"reasoning_output_tokens", offsetof(struct event_usage, reasoning)},
};

#define N_TOKEN_ROWS (sizeof token_rows / sizeof token_rows[0])

/* ---- writing ---- */

static void put_number(struct beacon_json_out *out, const char *key, int64_t value)
{
    beacon_json_key(out, key);
    if (value >= 0) {
        beacon_json_put_int(out, value);
    } else {
        beacon_json_put_null(out);
    }
}

static void put_usage(struct beacon_json_out *out, const struct event_usage *usage)
{
    beacon_json_key(out, "usage");
    beacon_json_begin_object(out);
    for (size_t i = 0; i < N_TOKEN_ROWS; i++) {
        put_number(out, token_rows[i].key,
                   *(const int64_t *)((const char *)usage + token_rows[i].offset));
    }
    beacon_json_end_object(out);
}

static void put_flags(struct beacon_json_out *out, const struct event_spending *spending)
{
    const struct {
        const char *name;
        bool is_set;
    } rows[] = {{"estimated", spending->last.is_estimated},
                {"broken", spending->is_broken},
                {"total_estimated", spending->total.is_estimated},
                {"total_partial", spending->total.is_partial}};
    beacon_json_key(out, "flags");
    beacon_json_begin_array(out);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].is_set) {
            beacon_json_put_str(out, beacon_text(rows[i].name));
        }
    }
    beacon_json_end_array(out);
}

static void put_prefix(struct beacon_json_out *out, const struct event_prefix *prefix)
{
    beacon_json_key(out, "prefix");
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "hash", beacon_text(prefix->hash));
    put_number(out, "scheme", SCHEME);
    put_number(out, "from", (int64_t)prefix->n_known);
    beacon_json_key(out, "blocks");
    beacon_json_begin_array(out);
    for (size_t i = prefix->n_known; i < prefix->n_blocks; i++) {
        char hex[BLOCK_CHARS + 1];
        (void)snprintf(hex, sizeof hex, "%016" PRIx64, prefix->blocks[i]);
        beacon_json_put_str(out, beacon_span(hex, BLOCK_CHARS));
    }
    beacon_json_end_array(out);
    if (prefix->broken_at != NULL) {
        beacon_json_put_member(out, "broken_at", beacon_text(prefix->broken_at));
    }
    beacon_json_end_object(out);
}

void cost_record_write(struct beacon_json_out *out, const char *turn_id,
                       const struct event_usage *usage, const struct event_spending *spending)
{
    beacon_json_key(out, "cost");
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "turn_id", beacon_text(turn_id));
    beacon_json_put_member(out, "model", beacon_text(spending->model));
    put_number(out, "requests", spending->n_requests);
    put_usage(out, usage);
    put_number(out, "pico_usd", spending->last.pico_usd);
    put_number(out, "total_pico_usd", spending->total.pico_usd);
    put_number(out, "input_price", spending->input_price);
    put_flags(out, spending);
    if (spending->prefix.n_blocks > 0) {
        put_prefix(out, &spending->prefix);
    }
    beacon_json_end_object(out);
}

/* ---- reading ---- */

/* −1: not told, or nothing that could be a count. */
static int64_t number_of(struct beacon_str object, const char *key)
{
    struct beacon_str raw;
    struct beacon_json j;
    int64_t value = -1;
    if (!beacon_json_member(object, key, &raw)) {
        return -1;
    }
    beacon_json_init(&j, raw);
    return beacon_json_int64(&j, &value) && value >= 0 ? value : -1;
}

static struct event_usage usage_of(struct beacon_str object)
{
    struct event_usage usage;
    for (size_t i = 0; i < N_TOKEN_ROWS; i++) {
        *(int64_t *)((char *)&usage + token_rows[i].offset) = number_of(object, token_rows[i].key);
    }
    return usage;
}

static bool has_flag(struct beacon_str flags, const char *name)
{
    struct beacon_json j;
    struct beacon_str value;
    bool has = false;
    beacon_json_init(&j, flags);
    (void)beacon_json_enter_array(&j);
    while (beacon_json_next_element(&j) && beacon_json_skip(&j, &value)) {
        has |= value.n > 2 && value.p[0] == '"' &&
               beacon_json_key_is(beacon_span(value.p + 1, value.n - 2), name);
    }
    return has;
}

static bool read_block(struct beacon_str raw, uint64_t *ret)
{
    uint64_t value = 0;
    if (raw.n != BLOCK_CHARS) {
        return false;
    }
    for (size_t i = 0; i < raw.n; i++) {
        const char c = raw.p[i];
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0) {
            return false;
        }
        value = value << 4 | (uint64_t)digit;
    }
    *ret = value;
    return true;
}

static void forget_blocks(struct cost_state *state)
{
    free(state->blocks);
    state->blocks = NULL;
    state->n_blocks = 0;
}

/* Blocks that cannot be put together are none: the next request is then compared with nothing. */
static void take_blocks(struct cost_state *state, struct beacon_str prefix)
{
    const int64_t from = number_of(prefix, "from");
    struct beacon_str list = {"", 0}, raw;
    struct beacon_json j;
    if (number_of(prefix, "scheme") != SCHEME || from < 0 || (uint64_t)from > state->n_blocks ||
        !beacon_json_member(prefix, "blocks", &list)) {
        forget_blocks(state);
        return;
    }
    state->n_blocks = (size_t)from;
    state->blocks = alloc_grow(state->blocks, state->n_blocks + list.n / BLOCK_CHARS + 1,
                               sizeof *state->blocks);
    beacon_json_init(&j, list);
    (void)beacon_json_enter_array(&j);
    while (beacon_json_next_element(&j)) {
        if (beacon_json_peek(&j) != BEACON_JSON_STRING || !beacon_json_string(&j, &raw) ||
            !read_block(raw, &state->blocks[state->n_blocks])) {
            forget_blocks(state);
            return;
        }
        state->n_blocks++;
    }
}

static void take_prefix(struct beacon_str cost, struct cost_state *state,
                        struct cost_record *record)
{
    struct beacon_str prefix;
    record->has_prefix = beacon_json_member(cost, "prefix", &prefix);
    if (record->has_prefix) {
        take_blocks(state, prefix);
        record->broken_at = rollout_string(prefix, "broken_at");
    }
}

static char *string_of(struct beacon_str object, const char *key)
{
    char *value = rollout_string(object, key);
    return value != NULL ? value : alloc_string("");
}

bool cost_record_read(struct beacon_str message, struct cost_state *state, struct cost_record *ret)
{
    struct beacon_str cost, usage = {"", 0}, flags = {"", 0};
    if (!beacon_json_member(message, "cost", &cost) || cost.p[0] != '{') {
        state->total.pico_usd = state->n_requests == 0 ? -1 : state->total.pico_usd;
        state->total.is_partial = true;
        state->n_requests++;
        forget_blocks(state);
        return false;
    }
    (void)beacon_json_member(cost, "usage", &usage);
    (void)beacon_json_member(cost, "flags", &flags);
    const int64_t requests = number_of(cost, "requests");
    state->n_requests = requests >= 0 ? requests : state->n_requests + 1;
    state->total = (struct event_cost){.pico_usd = number_of(cost, "total_pico_usd"),
                                       .is_estimated = has_flag(flags, "total_estimated"),
                                       .is_partial = has_flag(flags, "total_partial")};
    struct cost_record record = {
        .turn_id = string_of(cost, "turn_id"),
        .model = string_of(cost, "model"),
        .usage = usage_of(usage),
        .cost = {.pico_usd = number_of(cost, "pico_usd"),
                 .is_estimated = has_flag(flags, "estimated")},
        .input_price = number_of(cost, "input_price"),
        .is_broken = has_flag(flags, "broken"),
    };
    record.cost.is_partial = record.cost.pico_usd < 0;
    take_prefix(cost, state, &record);
    if (record.broken_at == NULL) {
        record.broken_at = alloc_string("");
    }
    *ret = record;
    return true;
}

void cost_record_finish(struct cost_record *record)
{
    free(record->turn_id);
    free(record->model);
    free(record->broken_at);
    *record = (struct cost_record){0};
}

void cost_state_finish(struct cost_state *state)
{
    free(state->blocks);
    *state = (struct cost_state){0};
}
