/* SPDX-License-Identifier: Apache-2.0 */
#include "usage.h"

#include <beacon-sdk/json_string.h>

#define NANO_DIGITS 9
#define POWER_MAX   1000

/* Of the first of these that is there; -1: none. */
static int64_t count_in(struct beacon_str object, const char *const *names)
{
    for (; *names != NULL; names++) {
        struct beacon_str value;
        if (beacon_json_member(object, *names, &value)) {
            const int64_t count = beacon_json_integer(value, -1);
            if (count >= 0) {
                return count;
            }
        }
    }
    return -1;
}

static int64_t detail(struct beacon_str usage, const char *object, const char *const *names)
{
    struct beacon_str details;
    return beacon_json_member(usage, object, &details) ? count_in(details, names) : -1;
}

/* The digits of a number without its point, and the power of ten that they stand for. */
struct decimal {
    int64_t digits;
    int64_t exponent;
};

static void add_digit(struct decimal *d, char c, bool is_fraction)
{
    if (d->digits < INT64_MAX / 100) {
        d->digits = d->digits * 10 + (c - '0');
        d->exponent -= is_fraction ? 1 : 0;
    } else {
        d->exponent += is_fraction ? 0 : 1; /* further places are dropped */
    }
}

/* What follows the digits: nothing, or the power of ten, with leading zeros as some print it. */
static bool read_power(struct beacon_str text, struct decimal *d)
{
    size_t i = 1;
    int64_t power = 0;
    if (text.n == 0) {
        return true;
    }
    const bool is_negative = text.n > 1 && text.p[1] == '-';
    i += is_negative || (text.n > 1 && text.p[1] == '+') ? 1 : 0;
    for (; i < text.n && text.p[i] >= '0' && text.p[i] <= '9' && power < POWER_MAX; i++) {
        power = power * 10 + (text.p[i] - '0');
    }
    d->exponent += is_negative ? -power : power;
    return i == text.n && power < POWER_MAX;
}

static bool read_decimal(struct beacon_str text, struct decimal *ret)
{
    size_t i = 0;
    bool is_fraction = false;
    for (; i < text.n && (text.p[i] == '.' || (text.p[i] >= '0' && text.p[i] <= '9')); i++) {
        if (text.p[i] == '.') {
            is_fraction = true;
        } else {
            add_digit(ret, text.p[i], is_fraction);
        }
    }
    return read_power(beacon_span(text.p + i, text.n - i), ret);
}

/* Dollars, as gateways write them that bill for others. */
static int64_t nano_usd(struct beacon_str value)
{
    struct decimal d = {0, NANO_DIGITS};
    if (value.n == 0 || value.p[0] < '0' || value.p[0] > '9' || !read_decimal(value, &d)) {
        return -1;
    }
    for (; d.exponent < 0 && d.digits > 0; d.exponent++) {
        d.digits /= 10;
    }
    for (; d.exponent > 0 && d.digits > 0; d.exponent--) {
        if (d.digits > INT64_MAX / 10) {
            return -1;
        }
        d.digits *= 10;
    }
    return d.digits;
}

static void read_counts(struct beacon_str usage, struct beacon_usage *u)
{
    static const char *const input[] = {"prompt_tokens", "input_tokens", NULL};
    static const char *const output[] = {"completion_tokens", "output_tokens", NULL};
    static const char *const cached[] = {"cached_tokens", NULL};
    static const char *const cached_flat[] = {"prompt_cache_hit_tokens", "cached_tokens",
                                              "cache_read_input_tokens", NULL};
    static const char *const written[] = {"cache_write_tokens", "cache_creation_tokens", NULL};
    static const char *const written_flat[] = {"cache_creation_input_tokens", NULL};
    static const char *const reasoning[] = {"reasoning_tokens", NULL};
    u->input = count_in(usage, input);
    u->output = count_in(usage, output);
    u->cache_read = detail(usage, "prompt_tokens_details", cached);
    u->cache_read = u->cache_read >= 0 ? u->cache_read : count_in(usage, cached_flat);
    u->cache_write = detail(usage, "prompt_tokens_details", written);
    u->cache_write = u->cache_write >= 0 ? u->cache_write : count_in(usage, written_flat);
    u->reasoning = detail(usage, "completion_tokens_details", reasoning);
    u->reasoning = u->reasoning >= 0 ? u->reasoning : count_in(usage, reasoning);
}

/* A total that is larger than its two parts by the reasoning counts it apart. */
static bool counts_reasoning_apart(struct beacon_str usage, const struct beacon_usage *u)
{
    static const char *const total[] = {"total_tokens", NULL};
    if (u->reasoning > u->output) {
        return true;
    }
    return u->reasoning > 0 && u->input >= 0 && u->input < INT64_MAX / 4 &&
           u->output < INT64_MAX / 4 &&
           count_in(usage, total) == u->input + u->output + u->reasoning;
}

bool chat_usage_read(struct beacon_str object, struct beacon_usage *ret)
{
    struct beacon_str cost;
    struct beacon_usage u = beacon_usage_unknown(0);
    read_counts(object, &u);
    if (u.input <= 0 && u.output <= 0) {
        return false; /* no prompt is empty: these were not counted */
    }
    u.input = u.input > 0 ? u.input : -1;
    if (beacon_json_member(object, "cost", &cost)) {
        u.cost_nano_usd = nano_usd(cost);
    }
    u.flags |= u.cache_read <= u.input || u.input < 0 ? BEACON_USAGE_INPUT_INCLUDES_CACHE : 0;
    u.flags |= counts_reasoning_apart(object, &u) ? 0 : BEACON_USAGE_OUTPUT_INCLUDES_REASONING;
    *ret = u;
    return true;
}
