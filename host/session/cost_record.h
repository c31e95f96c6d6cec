/* cost_record.h - the member "cost" of a token_count record: what one request took, who was asked, and
 * whether its beginning was that of the request before.
 *
 *     "cost": {"turn_id": "…", "model": "…", "requests": 3, "usage": {…},
 *              "pico_usd": 4200000000, "total_pico_usd": 10700000000, "input_price": 3000000,
 *              "flags": ["estimated", …], "prefix": {"hash": "…", "scheme": 1, "from": 5,
 *              "blocks": ["0123456789abcdef", …], "broken_at": "tools"}}
 *
 * Other programs that read session files pass over it. A number is null when it is not known; "usage" has
 * the names of token_count; money is in pico-dollars (base/money.h). Flags: estimated, broken, and
 * total_estimated, total_partial. "blocks" are the digests from `from` on; those before are as told before.
 * No "prefix": the request was none of the conversation.
 * Used by recorder.c, replay.c and cost_report.c. Thread: [main].
 */
#ifndef HOST_SESSION_COST_RECORD_H
#define HOST_SESSION_COST_RECORD_H

#include <beacon/plugin.h>
#include <stdbool.h>
#include <stddef.h>

#include "event/event.h"

struct beacon_json_out;

/* Where a session stands, for the agent that goes on with it. A zeroed struct: before the first request. */
struct cost_state {
    struct event_cost total;
    int64_t n_requests;
    uint64_t *blocks; /* of the newest request on record */
    size_t n_blocks;
};

void cost_state_finish(struct cost_state *state);

/* Put the member into the object that is being written. */
void cost_record_write(struct beacon_json_out *out, const char *turn_id,
                       const struct event_usage *usage, const struct event_spending *spending);

struct cost_record {
    char *turn_id, *model;
    struct event_usage usage;
    struct event_cost cost;
    int64_t input_price;
    bool is_broken;
    char *broken_at; /* "": the prefix held */
    bool has_prefix;
};

/* Read `message`, the payload of a token_count. Bring `state` up to it and fill *ret, which is for
 * cost_record_finish(). False: it has no such member; *ret is left alone, and what was spent from here on
 * is not wholly known. Whatever of it is odd counts as not told. */
bool cost_record_read(struct beacon_str message, struct cost_state *state, struct cost_record *ret);
void cost_record_finish(struct cost_record *record);

#endif
