/* SPDX-License-Identifier: Apache-2.0 */
#include "http/tap.h"

#include "http/exchange.h"

void tap_secret(struct http_exchange *exchange, struct beacon_str value)
{
    if (exchange->tap_id != 0 && exchange->tap.on_secret != NULL) {
        exchange->tap.on_secret(exchange->tap.ctx, value);
    }
}

void tap_response(struct http_exchange *exchange, const struct beacon_http_response *response)
{
    if (exchange->tap_id != 0) {
        exchange->tap.on_response(exchange->tap.ctx, exchange->tap_id, response);
    }
}

void tap_frame(struct http_exchange *exchange, struct beacon_str event, struct beacon_bytes data)
{
    if (exchange->tap_id != 0) {
        exchange->tap.on_frame(exchange->tap.ctx, exchange->tap_id, event, data);
    }
}

void tap_end(struct http_exchange *exchange, uint32_t how, const struct beacon_error *err)
{
    uint64_t id = exchange->tap_id;
    exchange->tap_id = 0;
    if (id != 0) {
        exchange->tap.on_end(exchange->tap.ctx, id, how, err);
    }
}
