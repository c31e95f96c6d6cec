/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

#include <stdlib.h>
#include <string.h>

#include <beacon-sdk/error.h>
#include <beacon-sdk/json_string.h>

#include "config.h"
#include "input.h"
#include "tools.h"

#define N_OWN_HEADERS 7u

/* ---- headers ---- */

static bool is_configured(const struct responses_config *config, const char *name)
{
    for (size_t i = 0; i < config->http_headers.n; i++) {
        if (beacon_span_is_nocase(config->http_headers.at[i].k, name)) {
            return true;
        }
    }
    return false;
}

static void add_header(const struct responses_config *config, struct responses_request *rq,
                       const char *name, struct beacon_str value)
{
    if (value.n > 0 && !is_configured(config, name)) {
        rq->headers[rq->n_headers].k = beacon_text(name);
        rq->headers[rq->n_headers].v = value;
        rq->n_headers++;
    }
}

static beacon_rc build_headers(const struct responses_config *config,
                               const struct beacon_turn *turn, struct responses_request *rq,
                               struct beacon_error *err)
{
    if (!responses_is_header_value(turn->session_id)) {
        return beacon_error_fill(err, BEACON_E_INVALID, "start a new session",
                                 "the session id holds a control character");
    }
    const size_t n = turn->session_id.n;
    rq->session_id = malloc(n + 1);
    rq->headers = calloc(N_OWN_HEADERS + config->http_headers.n, sizeof *rq->headers);
    if (rq->session_id == NULL || rq->headers == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    if (n > 0) {
        memcpy(rq->session_id, turn->session_id.p, n);
    }
    const struct beacon_str session = beacon_span(rq->session_id, n);
    add_header(config, rq, "Accept", BEACON_STR("text/event-stream"));
    add_header(config, rq, "Content-Type", BEACON_STR("application/json"));
    add_header(config, rq, "originator", config->originator);
    add_header(config, rq, "User-Agent", config->user_agent);
    add_header(config, rq, "session-id", session);
    add_header(config, rq, "thread-id", session);
    add_header(config, rq, "x-client-request-id", session);
    for (size_t i = 0; i < config->http_headers.n; i++) {
        rq->headers[rq->n_headers++] = config->http_headers.at[i];
    }
    return BEACON_OK;
}

/* ---- body ---- */

static bool wants_summary(const struct beacon_turn *turn)
{
    return turn->reasoning_summary.n > 0 && !beacon_span_is(turn->reasoning_summary, "none");
}

static bool has_reasoning(const struct beacon_turn *turn)
{
    return turn->effort.n > 0 || wants_summary(turn);
}

static void put_reasoning(struct responses_request *rq, const struct beacon_turn *turn)
{
    struct beacon_json_out *out = &rq->body;
    beacon_json_key(out, "reasoning");
    if (!has_reasoning(turn)) {
        beacon_json_put_null(out);
        return;
    }
    beacon_json_begin_object(out);
    if (turn->effort.n > 0) {
        beacon_json_put_member(out, "effort", turn->effort);
    }
    if (wants_summary(turn)) {
        rq->summary_at = out->n;
        beacon_json_put_member(out, "summary", turn->reasoning_summary);
        rq->summary_n = out->n - rq->summary_at;
    }
    beacon_json_end_object(out);
}

static void put_include(struct beacon_json_out *out, const struct beacon_turn *turn)
{
    beacon_json_key(out, "include");
    beacon_json_begin_array(out);
    if (has_reasoning(turn)) {
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

static bool is_own_field(struct beacon_str key)
{
    static const char *const own[] = {
        "model",     "instructions", "input",  "tools", "tool_choice",      "parallel_tool_calls",
        "reasoning", "store",        "stream", "text",  "prompt_cache_key", "max_output_tokens",
        "include",   "temperature",
    };
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (beacon_json_key_is(key, own[i])) {
            return true;
        }
    }
    return false;
}

/* The configuration's extra fields, after ours; one key twice would mean what the server likes. */
static void put_extra(struct beacon_json_out *out, struct beacon_str extra)
{
    struct beacon_json j;
    struct beacon_str key, value;
    beacon_json_init(&j, extra);
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &key) && beacon_json_skip(&j, &value)) {
        if (!is_own_field(key)) {
            beacon_json_put_raw(out, beacon_span(key.p - 1, key.n + 2)); /* with its quotes */
            beacon_json_out_bytes(out, ":", 1);
            beacon_json_out_bytes(out, value.p, value.n);
        }
    }
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
    if (responses_input_has_instructions(turn)) {
        beacon_json_key(out, "instructions");
        responses_input_put_instructions(out, turn);
    }
    beacon_json_key(out, "input");
    responses_input_put_items(out, turn, config->is_azure);
    beacon_json_key(out, "tools");
    responses_tools_put(out, turn->tools, turn->n_tools);
    beacon_json_put_member(out, "tool_choice", beacon_text(tool_choice(turn->tool_choice)));
    beacon_json_key(out, "parallel_tool_calls");
    beacon_json_put_bool(out, turn->parallel_tools != 0);
    put_reasoning(rq, turn);
    beacon_json_key(out, "store");
    beacon_json_put_bool(out, config->is_azure);
    beacon_json_key(out, "stream");
    beacon_json_put_bool(out, true);
    put_include(out, turn);
    beacon_json_put_member(out, "prompt_cache_key", turn->session_id);
    put_text_options(out, turn);
    put_limits(out, turn);
    put_extra(out, turn->extra);
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

void responses_request_finish(struct responses_request *request)
{
    beacon_json_out_finish(&request->body);
    free(request->session_id);
    free(request->headers);
    memset(request, 0, sizeof *request);
}
