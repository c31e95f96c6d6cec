/* exchange.h - one turn on its way: request out, response in.
 *
 * Owns everything the turn needs after open(), so the host's copy may go. exchange.c is the order of
 * things, events.c reads the stream. Thread: [worker], one call at a time.
 */
#ifndef PROVIDER_RESPONSES_EXCHANGE_H
#define PROVIDER_RESPONSES_EXCHANGE_H

#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>
#include <stdbool.h>

#include "failure.h"
#include "items.h"
#include "request.h"

struct responses_config;

struct responses_instance {
    const struct beacon_host *host;
    struct responses_config *config;
};

/* What events.c has seen of the stream. */
struct responses_stream {
    bool is_started, is_finished, has_calls;
    int64_t last_sequence;
    struct responses_items items;
    uint64_t is_begun[ITEMS_MAX / 64]; /* bit per item announced and not yet finished */
    struct beacon_json_out repaired;   /* a frame that was not UTF-8 */
    struct beacon_json_out scratch;    /* unescaped text of the frame at hand */
};

struct beacon_exchange {
    const struct responses_instance *instance;
    struct responses_request request;
    struct beacon_http_request http; /* what poll() hands out */
    bool is_sent;
    struct beacon_answer answer;
    struct responses_stream stream;
    struct beacon_failure failure;
};

/* The slots of struct beacon_provider; contracts in beacon/provider.h. */
beacon_rc responses_open(void *inst, const struct beacon_turn *turn, struct beacon_exchange **ret,
                         struct beacon_error *err);
beacon_rc responses_poll(struct beacon_exchange *x, struct beacon_action *ret,
                         struct beacon_error *err);
beacon_rc responses_on_response(struct beacon_exchange *x, const struct beacon_http_response *r,
                                const struct beacon_events *events, struct beacon_error *err);
beacon_rc responses_on_frame(struct beacon_exchange *x, struct beacon_str event,
                             struct beacon_bytes data, const struct beacon_events *events,
                             struct beacon_error *err);
beacon_rc responses_on_end(struct beacon_exchange *x, uint32_t how,
                           const struct beacon_events *events, struct beacon_error *err);
void responses_judge(struct beacon_exchange *x, struct beacon_verdict *ret);
void responses_close(struct beacon_exchange *x);

#endif
