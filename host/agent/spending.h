/* spending.h - what a session takes: tokens, money, requests and time, request by request.
 *
 * Between request.c, which makes a request, and stream.c, which sends it: the budget may refuse it, its
 * beginning is compared with the request before, and when its answer is over what it took is told and
 * settled. What the provider did not count is estimated (estimate.h), and marked. Part of struct agent.
 * Thread: [main].
 */
#ifndef HOST_AGENT_SPENDING_H
#define HOST_AGENT_SPENDING_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/budget.h"
#include "agent/prefix.h"
#include "event/event.h"

struct agent;
struct beacon_part;
struct beacon_turn;
struct beacon_usage;
struct loop_timer;

struct spending {
    struct budget budget;
    struct prefix prefix;
    struct event_cost turn, total;

    /* The request under way. */
    bool is_asking;
    bool is_aside; /* it is none of the conversation, but asks for a summary of it */
    struct budget_amount reserved;
    int64_t estimate;                 /* of its tokens, by the rule of estimate.h; and */
    int64_t input_estimate;           /* with what the provider counted before */
    size_t delta_bytes;               /* of the answer so far */
    int64_t item_tokens;              /* estimated, of what is durable of it */
    int64_t nano_usd;                 /* that the provider says it costs; -1 = it does not */
    char lost_at[PREFIX_LABEL_BYTES]; /* a break that was warned of, so that it is told once */
    bool is_model_told;               /* people know that the next request goes to another model */

    /* The answer before, which the next request holds. */
    int64_t last_input, last_output, last_cached; /* tokens; -1 unknown */
    int64_t last_estimate;                        /* `estimate` of its request */

    /* The turn under way. */
    uint64_t began_ns; /* 0: none is */
    struct loop_timer *clock;
    bool is_over; /* the turn ends because of the budget */
};

void spending_open(struct agent *agent);  /* with the settings of the agent */
void spending_close(struct agent *agent); /* none of its turns is under way */

void spending_begin_turn(struct agent *agent);
void spending_end_turn(struct agent *agent);

/* `turn` is to be sent: may it be? BEACON_E_LIMIT or _DEADLINE: not within the budget; _INVALID: nobody
 * knows whether it would be. */
int spending_begin_request(struct agent *agent, const struct beacon_turn *turn,
                           struct beacon_error *err);
/* It was sent: say whether its beginning is that of the request before. */
void spending_tell_prefix(struct agent *agent);

/* As the answer arrives. */
void spending_add_delta(struct agent *agent, size_t n_bytes);
void spending_add_item(struct agent *agent, const struct beacon_part *part);
void spending_add_usage(struct agent *agent, const struct beacon_usage *usage);

/* The answer is over, wholly or broken off: tell what it took. */
void spending_end_request(struct agent *agent, bool is_whole);

/* For EVENT_TURN_COMPLETED; valid until the agent does something. */
struct event_spending spending_of_turn(const struct agent *agent);

#endif
