/* spent.h - what a session cost, in the words of people and of programs. Thread: [main]. */
#ifndef HOST_CLI_SPENT_H
#define HOST_CLI_SPENT_H

#include <stdint.h>

struct beacon_json_out;
struct event_cost;
struct event_spending;
struct text;

/* "$0.0042", "at least $0.0042 (estimated)", "unknown". */
void spent_add_cost(struct text *out, const struct event_cost *cost);

/* "$0.0042 in this turn, $0.0120 in this session"; once when both are the same. Nothing when there is no
 * price, or nothing to pay. */
void spent_add_turn(struct text *out, const struct event_spending *spending);

/* The member "cost" of an event: {"usd": …, "turn_usd": …, "estimated": true, "partial": true}, the last
 * two only where they are so. Nothing when there is no price. */
void spent_put_json(struct beacon_json_out *out, const struct event_spending *spending);

/* A member with dollars, or null. */
void spent_put_usd(struct beacon_json_out *out, const char *key, int64_t pico_usd);

#endif
