/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

#include <stdlib.h>
#include <string.h>

#include <beacon-sdk/endpoint_quirks.h>
#include <beacon-sdk/endpoint_request.h>

#include "config.h"
#include "content.h"
#include "conversation.h"
#include "thinking.h"
#include "tools.h"

static beacon_rc build_headers(const struct messages_config *config, struct messages_request *rq,
                               struct beacon_error *err)
{
    const struct beacon_kv own[] = {
        {BEACON_STR("Accept"), BEACON_STR("text/event-stream")},
        {BEACON_STR("Content-Type"), BEACON_STR("application/json")},
        {BEACON_STR("anthropic-version"), config->version},
        {BEACON_STR("anthropic-beta"), config->beta},
        {BEACON_STR("User-Agent"), config->endpoint.user_agent},
    };
    return beacon_endpoint_headers(&config->endpoint, own, sizeof own / sizeof own[0], &rq->headers,
                                   &rq->n_headers, err);
}

/* Thousandths, because printf's decimal point is the locale's. */
static void put_temperature(struct beacon_json_out *out, double temperature)
{
    if (!(temperature >= 0 && temperature <= 100)) {
        return; /* also NaN, which means unset */
    }
    char digits[32];
    const int thousandths = (int)(temperature * 1000 + 0.5);
    int n = snprintf(digits, sizeof digits, "%d.%03d", thousandths / 1000, thousandths % 1000);
    beacon_json_key(out, "temperature");
    beacon_json_put_raw(out, beacon_span(digits, (size_t)n));
}

static void put_thinking(struct messages_request *rq, const struct messages_config *config,
                         const struct messages_thinking *thinking)
{
    rq->thinking.at = rq->body.n;
    messages_thinking_put(&rq->body, config, thinking);
    rq->thinking.n = rq->body.n - rq->thinking.at;
    rq->wants_budget = thinking->form == THINKING_BUDGET;
}

/* The form of the answer comes first, so that the effort can be cut off with the comma before it. */
static void put_output_config(struct messages_request *rq, const struct beacon_turn *turn,
                              const char *effort)
{
    struct beacon_json_out *out = &rq->body;
    const size_t start = out->n;
    if (turn->output_schema.n == 0 && effort == NULL) {
        return;
    }
    beacon_json_key(out, "output_config");
    beacon_json_begin_object(out);
    if (turn->output_schema.n > 0) {
        beacon_json_key(out, "format");
        beacon_json_begin_object(out);
        beacon_json_put_member(out, "type", BEACON_STR("json_schema"));
        beacon_json_key(out, "schema");
        beacon_json_put_raw(out, turn->output_schema);
        beacon_json_end_object(out);
    }
    rq->effort.at = out->n;
    if (effort != NULL) {
        beacon_json_put_member(out, "effort", beacon_text(effort));
    }
    rq->effort.n = out->n - rq->effort.at;
    beacon_json_end_object(out);
    if (turn->output_schema.n == 0) { /* there is nothing else in it */
        rq->effort.at = start;
        rq->effort.n = out->n - start;
    }
}

static void put_body(const struct messages_config *config, const struct beacon_turn *turn,
                     const struct messages_conversation *conversation, struct messages_request *rq)
{
    struct beacon_json_out *out = &rq->body;
    const struct messages_thinking thinking = messages_thinking_plan(config, turn, rq->max_tokens);
    const bool has_system = messages_has_system(turn, conversation->n_system);
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "model", turn->model);
    beacon_json_key(out, "max_tokens");
    beacon_json_put_int(out, rq->max_tokens);
    beacon_json_key(out, "stream");
    beacon_json_put_bool(out, true);
    if (thinking.form == THINKING_NONE) { /* the API takes one or the other */
        put_temperature(out, turn->temperature);
    }
    put_thinking(rq, config, &thinking);
    put_output_config(rq, turn, thinking.form == THINKING_ADAPTIVE ? thinking.effort : NULL);
    beacon_endpoint_put_extra(&config->endpoint, turn->extra, messages_own_members, out);
    messages_tools_put(out, turn, &rq->names, config->cache_control && !has_system);
    if (has_system) {
        messages_put_system(out, turn, conversation->n_system, config->cache_control);
    }
    beacon_json_key(out, "messages");
    messages_put_messages(out, conversation, &rq->names);
    beacon_json_end_object(out);
}

static beacon_rc check_json(const struct beacon_turn *turn, struct beacon_error *err)
{
    if (turn->extra.n > 0 && !beacon_json_is_whole(turn->extra, '{')) {
        return beacon_error_fill(err, BEACON_E_INVALID, "correct the provider's extra table",
                                 "the extra request fields are not a JSON object");
    }
    if (turn->output_schema.n > 0 && !beacon_json_is_whole(turn->output_schema, '{')) {
        return beacon_error_fill(err, BEACON_E_INVALID, "correct the schema file",
                                 "the output schema is not a JSON object");
    }
    return messages_tools_check(turn->tools, turn->n_tools, err);
}

static beacon_rc build_body(const struct messages_config *config, const struct beacon_turn *turn,
                            struct messages_request *rq, struct beacon_error *err)
{
    struct messages_conversation conversation;
    beacon_rc rc = messages_conversation_init(&conversation, turn, err);
    if (rc == BEACON_OK) {
        if (config->cache_control) {
            messages_conversation_mark(&conversation);
        }
        put_body(config, turn, &conversation, rq);
    }
    messages_conversation_finish(&conversation);
    if (rc == BEACON_OK && rq->body.failed) {
        rc = beacon_error_fill(err, BEACON_E_LIMIT, "compact the session, or start a new one",
                               "the request is over %zu bytes, or memory is used up",
                               REQUEST_BYTES_MAX);
    }
    return rc;
}

beacon_rc messages_request_build(const struct messages_config *config,
                                 const struct beacon_turn *turn, struct messages_request *ret,
                                 struct beacon_error *err)
{
    memset(ret, 0, sizeof *ret);
    beacon_json_out_init(&ret->body, REQUEST_BYTES_MAX);
    ret->max_tokens =
        turn->max_output_tokens > 0 ? turn->max_output_tokens : config->max_tokens_default;
    beacon_rc rc = check_json(turn, err);
    rc = rc == BEACON_OK ? beacon_tool_names_init(&ret->names, turn, err) : rc;
    rc = rc == BEACON_OK ? build_headers(config, ret, err) : rc;
    return rc == BEACON_OK ? build_body(config, turn, ret, err) : rc;
}

static void cut(struct messages_request *request, struct messages_cut *cut)
{
    struct beacon_json_out *body = &request->body;
    const size_t after = cut->at + cut->n;
    if (cut->n == 0) {
        return;
    }
    memmove(body->p + cut->at, body->p + after, body->n - after);
    body->n -= cut->n;
    cut->n = 0;
}

bool messages_request_change_thinking(struct messages_request *request, bool to_adaptive)
{
    static const char adaptive[] = ",\"thinking\":{\"type\":\"adaptive\"}";
    const size_t n = sizeof adaptive - 1;
    if (request->thinking.n == 0) {
        return false;
    }
    if (to_adaptive && request->wants_budget && request->thinking.n > n) {
        memcpy(request->body.p + request->thinking.at, adaptive, n);
        request->thinking.at += n;
        request->thinking.n -= n;
        cut(request, &request->thinking);
        request->wants_budget = false;
        request->thinking = (struct messages_cut){request->thinking.at - n, n};
        return true;
    }
    cut(request, &request->effort); /* from the back, so that places stay true */
    cut(request, &request->thinking);
    return true;
}

void messages_request_finish(struct messages_request *request)
{
    beacon_json_out_finish(&request->body);
    beacon_tool_names_finish(&request->names);
    free(request->headers);
    memset(request, 0, sizeof *request);
}
