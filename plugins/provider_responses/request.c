/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

#include <stdlib.h>
#include <string.h>

#include <beacon-sdk/endpoint_quirks.h>
#include <beacon-sdk/endpoint_request.h>

#include "config.h"
#include "input.h"
#include "tools.h"

static beacon_rc build_headers(const struct responses_config *config,
                               const struct beacon_turn *turn, struct responses_request *rq,
                               struct beacon_error *err)
{
    if (!beacon_is_header_value(turn->session_id)) {
        return beacon_error_fill(err, BEACON_E_INVALID, "start a new session",
                                 "the session id holds a control character");
    }
    const size_t n = turn->session_id.n;
    rq->session_id = malloc(n + 1);
    if (rq->session_id == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    if (n > 0) {
        memcpy(rq->session_id, turn->session_id.p, n);
    }
    const struct beacon_str session = beacon_span(rq->session_id, n);
    const struct beacon_kv own[] = {
        {BEACON_STR("Accept"), BEACON_STR("text/event-stream")},
        {BEACON_STR("Content-Type"), BEACON_STR("application/json")},
        {BEACON_STR("originator"), config->endpoint.originator},
        {BEACON_STR("User-Agent"), config->endpoint.user_agent},
        {BEACON_STR("session-id"), session},
        {BEACON_STR("thread-id"), session},
        {BEACON_STR("x-client-request-id"), session},
    };
    return beacon_endpoint_headers(&config->endpoint, own, sizeof own / sizeof own[0], &rq->headers,
                                   &rq->n_headers, err);
}

/* ---- body ---- */

static bool wants_summary(const struct responses_config *config, const struct beacon_turn *turn)
{
    return config->quirks.reasoning_summary && turn->reasoning_summary.n > 0 &&
           !beacon_span_is(turn->reasoning_summary, "none");
}

static bool has_reasoning(const struct responses_config *config, const struct beacon_turn *turn)
{
    return turn->effort.n > 0 || wants_summary(config, turn);
}

static void put_reasoning(struct responses_request *rq, const struct responses_config *config,
                          const struct beacon_turn *turn)
{
    struct beacon_json_out *out = &rq->body;
    beacon_json_key(out, "reasoning");
    if (!has_reasoning(config, turn)) {
        beacon_json_put_null(out);
        return;
    }
    beacon_json_begin_object(out);
    if (turn->effort.n > 0) {
        beacon_json_put_member(out, "effort", turn->effort);
    }
    if (wants_summary(config, turn)) {
        rq->summary_at = out->n;
        beacon_json_put_member(out, "summary", turn->reasoning_summary);
        rq->summary_n = out->n - rq->summary_at;
    }
    beacon_json_end_object(out);
}

static void put_include(struct beacon_json_out *out, const struct responses_config *config,
                        const struct beacon_turn *turn)
{
    beacon_json_key(out, "include");
    beacon_json_begin_array(out);
    if (config->quirks.encrypted_reasoning && has_reasoning(config, turn)) {
        beacon_json_put_str(out, BEACON_STR("reasoning.encrypted_content"));
    }
    beacon_json_end_array(out);
}

static void put_format(struct beacon_json_out *out, struct beacon_str schema)
{
    beacon_json_key(out, "format");
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "type", BEACON_STR("json_schema"));
    beacon_json_key(out, "strict");
    beacon_json_put_bool(out, true);
    beacon_json_put_member(out, "name", BEACON_STR("codex_output_schema"));
    beacon_json_key(out, "schema");
    beacon_json_put_raw(out, schema);
    beacon_json_end_object(out);
}

static void put_text_options(struct beacon_json_out *out, const struct beacon_turn *turn)
{
    const bool has_verbosity = turn->verbosity.n > 0 && beacon_span_starts(turn->model, "gpt-5");
    if (!has_verbosity && turn->output_schema.n == 0) {
        return;
    }
    beacon_json_key(out, "text");
    beacon_json_begin_object(out);
    if (has_verbosity) {
        beacon_json_put_member(out, "verbosity", turn->verbosity);
    }
    if (turn->output_schema.n > 0) {
        put_format(out, turn->output_schema);
    }
    beacon_json_end_object(out);
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

static void put_limits(struct beacon_json_out *out, const struct beacon_turn *turn)
{
    if (turn->max_output_tokens >= 0) {
        beacon_json_key(out, "max_output_tokens");
        beacon_json_put_int(out, turn->max_output_tokens);
    }
    put_temperature(out, turn->temperature);
}

static const char *tool_choice(uint32_t choice)
{
    static const char *const names[] = {"auto", "none", "required"};
    return names[choice < 3 ? choice : 0];
}

static void build_body(const struct responses_config *config, const struct beacon_turn *turn,
                       struct responses_request *rq)
{
    struct beacon_json_out *out = &rq->body;
    beacon_json_out_init(out, REQUEST_BYTES_MAX);
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "model", turn->model);
    if (responses_input_has_instructions(config, turn)) {
        beacon_json_key(out, "instructions");
        responses_input_put_instructions(out, turn);
    }
    beacon_json_key(out, "input");
    responses_input_put_items(out, config, turn, &rq->reasoning);
    beacon_json_key(out, "tools");
    responses_tools_put(out, config, turn);
    beacon_json_put_member(out, "tool_choice", beacon_text(tool_choice(turn->tool_choice)));
    beacon_json_key(out, "parallel_tool_calls");
    beacon_json_put_bool(out, turn->parallel_tools != 0);
    put_reasoning(rq, config, turn);
    beacon_json_key(out, "store");
    beacon_json_put_bool(out, config->endpoint.is_azure);
    beacon_json_key(out, "stream");
    beacon_json_put_bool(out, true);
    put_include(out, config, turn);
    beacon_json_put_member(out, "prompt_cache_key", turn->session_id);
    put_text_options(out, turn);
    put_limits(out, turn);
    beacon_endpoint_put_extra(&config->endpoint, turn->extra, responses_own_fields, out);
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
    return responses_tools_check(turn->tools, turn->n_tools, err);
}

beacon_rc responses_request_build(const struct responses_config *config,
                                  const struct beacon_turn *turn, struct responses_request *ret,
                                  struct beacon_error *err)
{
    memset(ret, 0, sizeof *ret);
    beacon_rc rc = check_json(turn, err);
    rc = rc == BEACON_OK ? build_headers(config, turn, ret, err) : rc;
    if (rc != BEACON_OK) {
        return rc;
    }
    build_body(config, turn, ret);
    if (ret->body.failed) {
        return beacon_error_fill(err, BEACON_E_LIMIT, "compact the session, or start a new one",
                                 "the request is over %zu bytes, or memory is used up",
                                 REQUEST_BYTES_MAX);
    }
    return BEACON_OK;
}

bool responses_request_drop_summary(struct responses_request *request)
{
    if (request->summary_n == 0) {
        return false;
    }
    struct beacon_json_out *body = &request->body;
    const size_t after = request->summary_at + request->summary_n;
    memmove(body->p + request->summary_at, body->p + after, body->n - after);
    body->n -= request->summary_n;
    request->summary_n = 0;
    return true;
}

bool responses_request_drop_reasoning(struct responses_request *request)
{
    if (request->reasoning.n == 0) {
        return false;
    }
    responses_spans_cut(&request->reasoning, &request->body, &request->summary_at);
    return true;
}

void responses_request_finish(struct responses_request *request)
{
    responses_spans_finish(&request->reasoning);
    beacon_json_out_finish(&request->body);
    free(request->session_id);
    free(request->headers);
    memset(request, 0, sizeof *request);
}
