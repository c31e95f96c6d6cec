/* exchange.h - one turn on its way: request out, response in.
 *
 * Owns everything the turn needs after open(), so the host's copy may go. exchange.c is the order of
 * things, stream.c reads the answer. Thread: [worker], one call at a time.
 */
#ifndef PROVIDER_GEMINI_EXCHANGE_H
#define PROVIDER_GEMINI_EXCHANGE_H

#include <beacon-sdk/failure.h>

#include "request.h"
#include "stream.h"

struct gemini_config;

struct gemini_instance {
    const struct beacon_host *host;
    struct gemini_config *config;
};

struct beacon_exchange {
    const struct gemini_instance *instance;
    struct beacon_tool_names names;
    struct gemini_request request;
    struct beacon_http_request http; /* what poll() hands out */
    bool is_sent, is_repeated;
    struct beacon_answer answer;
    struct gemini_stream stream;
    struct beacon_failure failure;
};

/* The slots of struct beacon_provider; contracts in beacon/provider.h. */
beacon_rc gemini_open(void *inst, const struct beacon_turn *turn, struct beacon_exchange **ret,
                      struct beacon_error *err);
beacon_rc gemini_poll(struct beacon_exchange *x, struct beacon_action *ret,
                      struct beacon_error *err);
beacon_rc gemini_on_response(struct beacon_exchange *x, const struct beacon_http_response *r,
                             const struct beacon_events *events, struct beacon_error *err);
beacon_rc gemini_on_frame(struct beacon_exchange *x, struct beacon_str event,
                          struct beacon_bytes data, const struct beacon_events *events,
                          struct beacon_error *err);
beacon_rc gemini_on_end(struct beacon_exchange *x, uint32_t how, const struct beacon_events *events,
                        struct beacon_error *err);
void gemini_judge(struct beacon_exchange *x, struct beacon_verdict *ret);
void gemini_close(struct beacon_exchange *x);

#endif
