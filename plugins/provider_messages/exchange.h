/* exchange.h - one turn on its way: request out, response in.
 *
 * Owns everything the turn needs after open(), so the host's copy may go. exchange.c is the order of
 * things, events.c reads the stream, finish.c ends it. Thread: [worker], one call at a time.
 */
#ifndef PROVIDER_MESSAGES_EXCHANGE_H
#define PROVIDER_MESSAGES_EXCHANGE_H

#include <beacon-sdk/failure.h>
#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>
#include <stdbool.h>

#include "block.h"
#include "request.h"

#define EXCHANGE_ITEMS_MAX 4096u /* blocks of one answer */

struct messages_config;

struct messages_instance {
    const struct beacon_host *host;
    struct messages_config *config;
};

/* What events.c has seen of the stream. */
struct messages_stream {
    bool is_started, is_finished, has_calls, has_told_usage;
    bool is_incomplete; /* a stop reason after which an unfinished call means nothing */
    uint32_t stop;    /* BEACON_FINISH_ of the stop reason; 0 = none seen, or one without meaning */
    uint32_t n_items; /* that the host was told of */
    size_t n_kept;    /* bytes taken into blocks so far */
    struct messages_block *blocks; /* all of the answer, in the order of their beginnings */
    size_t n_blocks, blocks_capacity;
    struct beacon_usage usage;
    struct beacon_json_out repaired; /* a frame that was not UTF-8 */
    struct beacon_json_out scratch;  /* unescaped text of the frame at hand */
};

struct beacon_exchange {
    const struct messages_instance *instance;
    struct messages_request request;
    struct beacon_http_request http; /* what poll() hands out */
    bool is_sent;
    uint32_t n_repeats;
    struct beacon_answer answer;
    struct messages_stream stream;
    struct beacon_failure failure;
};

/* Everything a handler of the stream needs. */
struct messages_context {
    struct beacon_exchange *x;
    const struct beacon_events *events;
    struct beacon_error *err;
};

/* The slots of struct beacon_provider; contracts in beacon/provider.h. */
beacon_rc messages_open(void *inst, const struct beacon_turn *turn, struct beacon_exchange **ret,
                        struct beacon_error *err);
beacon_rc messages_poll(struct beacon_exchange *x, struct beacon_action *ret,
                        struct beacon_error *err);
beacon_rc messages_on_response(struct beacon_exchange *x, const struct beacon_http_response *r,
                               const struct beacon_events *events, struct beacon_error *err);
beacon_rc messages_on_frame(struct beacon_exchange *x, struct beacon_str event,
                            struct beacon_bytes data, const struct beacon_events *events,
                            struct beacon_error *err);
beacon_rc messages_on_end(struct beacon_exchange *x, uint32_t how,
                          const struct beacon_events *events, struct beacon_error *err);
void messages_judge(struct beacon_exchange *x, struct beacon_verdict *ret);
void messages_close(struct beacon_exchange *x);

#endif
