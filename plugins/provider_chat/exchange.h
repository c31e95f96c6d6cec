/* exchange.h - one turn on its way: request out, response in.
 *
 * Owns everything the turn needs after open(), so the host's copy may go. exchange.c is the order of
 * things, stream.c reads what comes. Thread: [worker], one call at a time.
 */
#ifndef PROVIDER_CHAT_EXCHANGE_H
#define PROVIDER_CHAT_EXCHANGE_H

#include <beacon-sdk/http_answer.h>
#include <beacon/provider.h>
#include <stdbool.h>

#include "answer.h"
#include "failure.h"
#include "request.h"
#include "shape.h"
#include "tools.h"

#define CHAT_FRAME_MAX ((size_t)256 << 20) /* bytes of a frame that is repaired */

struct chat_config;

struct chat_instance {
    const struct beacon_host *host;
    struct chat_config *config;
};

struct beacon_exchange {
    const struct chat_instance *instance;
    struct chat_request request;
    struct beacon_http_request http; /* what poll() hands out */
    struct chat_tools tools;
    bool is_sent;
    struct beacon_answer response;       /* status, headers, the body of an error */
    struct beacon_json_out content_type; /* of an answer that is no stream of events, else "" */
    struct beacon_json_out repaired;     /* a frame that was not UTF-8 */
    struct chat_shape shape;
    struct chat_answer answer;
    struct beacon_failure failure;
};

/* The slots of struct beacon_provider; contracts in beacon/provider.h. */
beacon_rc chat_open(void *inst, const struct beacon_turn *turn, struct beacon_exchange **ret,
                    struct beacon_error *err);
beacon_rc chat_poll(struct beacon_exchange *x, struct beacon_action *ret, struct beacon_error *err);
beacon_rc chat_on_response(struct beacon_exchange *x, const struct beacon_http_response *r,
                           const struct beacon_events *events, struct beacon_error *err);
beacon_rc chat_on_frame(struct beacon_exchange *x, struct beacon_str event,
                        struct beacon_bytes data, const struct beacon_events *events,
                        struct beacon_error *err);
beacon_rc chat_on_end(struct beacon_exchange *x, uint32_t how, const struct beacon_events *events,
                      struct beacon_error *err);
void chat_judge(struct beacon_exchange *x, struct beacon_verdict *ret);
void chat_close(struct beacon_exchange *x);

#endif
