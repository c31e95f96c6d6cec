/* budget.h - limits of a session, held before anything is spent: a request reserves what it is expected to
 * take, and settles with what it took. Refused is the next request; none under way is cut off, but by the
 * time.
 *
 * Tokens, money and requests count over the whole session, also when it is resumed; seconds count while a
 * turn of this process is under way. Used by agent/spending.c, and by cli/ to tell at the start what could
 * not be held. Thread: [main].
 */
#ifndef HOST_AGENT_BUDGET_H
#define HOST_AGENT_BUDGET_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stdint.h>

struct model_profile;

#define BUDGET_NONE (-1)

struct budget_limits {
    int64_t max_tokens;   /* input and output of all requests; each below: BUDGET_NONE = no limit */
    int64_t max_pico_usd; /* money.h */
    int64_t max_turns;    /* requests to the model, each counted once however often it was tried */
    int64_t max_seconds;
};

extern const struct budget_limits budget_unlimited;

struct budget_amount {
    int64_t tokens, pico_usd, turns;
};

struct budget {
    struct budget_limits limits;
    struct budget_amount spent, reserved;
    uint64_t spent_ms;
    bool is_estimated; /* the provider did not count all of it */
};

/* May a request that takes about `need` be sent? Then it is reserved. BEACON_E_LIMIT, BEACON_E_DEADLINE
 * for the seconds: it may not, and err->message tells which budget, how much of it is used, and how to
 * raise it. */
int budget_reserve(struct budget *budget, const struct budget_amount *need,
                   struct beacon_error *err);

/* What was reserved as `need` took `took`, unknown money as 0. */
void budget_settle(struct budget *budget, const struct budget_amount *need,
                   const struct budget_amount *took);

/* Milliseconds until max_seconds is used up by a turn that is under way; INT64_MAX: never. */
int64_t budget_left_ms(const struct budget *budget);

/* The error of a turn that is stopped because they are: BEACON_E_DEADLINE. */
int budget_time_is_up(const struct budget *budget, struct beacon_error *err);

/* A limit of money cannot be held for a model without prices: BEACON_E_INVALID, with the key to set.
 * `model` and `provider` are what to call them, `profile` may be NULL. */
int budget_check_prices(const struct budget_limits *limits, const struct model_profile *profile,
                        const char *provider, const char *model, struct beacon_error *err);

#endif
