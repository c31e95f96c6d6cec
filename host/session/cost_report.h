/* cost_report.h - what a session took, read out of its rollout: by turn, by model, by tool.
 *
 * Of sessions that another program wrote, or an older version, the tokens are known and the money is not.
 * What a tool put into the conversation is estimated from its bytes, at the price its input had in the
 * request that followed. Never writes. Thread: [main].
 */
#ifndef HOST_SESSION_COST_REPORT_H
#define HOST_SESSION_COST_REPORT_H

#include <beacon/error.h>
#include <stddef.h>

#include "event/event.h"

struct cost_row {
    char *name;               /* of the turn, the model or the tool */
    struct event_usage usage; /* -1: for none of its requests known */
    struct event_cost cost;
    int64_t n_requests; /* of a tool: calls */
    int64_t n_bytes;    /* of a tool: that its answers put into the conversation */
};

struct cost_rows {
    struct cost_row *list; /* in the order in which they came first */
    size_t n;
};

struct cost_break {
    int64_t request;    /* counted from 1 */
    char *block, *turn; /* the first that changed, and the turn of the request */
};

struct cost_report {
    char *id; /* UUID of the session */
    struct cost_rows turns, models, tools;
    struct cost_row total;
    struct cost_break *breaks;
    size_t n_breaks;
    int64_t n_compared;        /* requests whose prefix is on record */
    int64_t n_broken;          /* answers that broke off */
    int64_t cache_known_input; /* input of the requests that told what came from the cache */
};

/* Errors as of replay_read(). On success give `ret` to cost_report_finish(). */
int cost_report_read(const char *path, struct cost_report *ret, struct beacon_error *err);
void cost_report_finish(struct cost_report *report);

/* How much of the input came from the cache, in tenths of a percent; -1: unknown. */
int64_t cost_report_hit_rate(const struct cost_report *report);

#endif
