/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

#include <stdlib.h>

#include <beacon-sdk/endpoint_request.h>

#include "config.h"
#include "history.h"
#include "messages.h"
#include "tools.h"

static beacon_rc build_headers(const struct chat_config *config, struct chat_request *rq,
                               struct beacon_error *err)
{
    const struct beacon_kv own[] = {
        {BEACON_STR("Accept"), BEACON_STR("text/event-stream")},
        {BEACON_STR("Content-Type"), BEACON_STR("application/json")},
        {BEACON_STR("originator"), config->endpoint.originator},
        {BEACON_STR("User-Agent"), config->endpoint.user_agent},
    };
    return beacon_endpoint_headers(&config->endpoint, own, sizeof own / sizeof own[0], &rq->headers,
                                   &rq->n_headers, err);
}

/* The body on its way out, and the members it has so far: `extra` must not repeat one. */
#define MEMBERS_MAX 32u

struct body {
    struct beacon_json_out *out;
    const struct chat_config *config;
    const struct beacon_turn *turn;
    const char *members[MEMBERS_MAX];
    size_t n;
};

static void member(struct body *b, const char *name)
{
    beacon_json_key(b->out, name);
    b->members[b->n++] = name;
}

static void put_string(struct body *b, const char *name, struct beacon_str value)
{
    member(b, name);
    beacon_json_put_str(b->out, value);
}

/* ---- how to answer ---- */

static void put_stream(struct body *b)
{
    member(b, "stream");
    beacon_json_put_bool(b->out, true);
    if (b->config->quirks.usage == CHAT_USAGE_STREAM_OPTIONS) {
        member(b, "stream_options");
        beacon_json_put_raw(b->out, BEACON_STR("{\"include_usage\":true}"));
    }
}

/* Thousandths, because printf's decimal point is the locale's. */
static void put_temperature(struct body *b)
{
    const double temperature = b->turn->temperature;
    if (!(temperature >= 0 && temperature <= 100)) {
        return; /* also NaN, which means unset */
    }
    char digits[32];
    const int thousandths = (int)(temperature * 1000 + 0.5);
    int n = snprintf(digits, sizeof digits, "%d.%03d", thousandths / 1000, thousandths % 1000);
    member(b, "temperature");
    beacon_json_put_raw(b->out, beacon_span(digits, (size_t)n));
}

static void put_limits(struct body *b)
{
    const uint32_t name = b->config->quirks.max_tokens_name;
    if (b->turn->max_output_tokens >= 0 && name != CHAT_MAX_NOT_SENT) {
        member(b, name == CHAT_MAX_TOKENS ? "max_tokens" : "max_completion_tokens");
        beacon_json_put_int(b->out, b->turn->max_output_tokens);
    }
    put_temperature(b);
}

/* A switch with three notches, in the words of the server that has it. */
static void put_think(struct body *b, struct beacon_str effort)
{
    member(b, "think");
    if (beacon_span_is(effort, "none")) {
        beacon_json_put_bool(b->out, false);
    } else if (beacon_span_is(effort, "low") || beacon_span_is(effort, "minimal")) {
        beacon_json_put_str(b->out, BEACON_STR("low"));
    } else {
        beacon_json_put_str(b->out, beacon_span_is(effort, "medium") ? effort : BEACON_STR("high"));
    }
}

static void put_effort(struct body *b)
{
    const struct beacon_str effort = b->turn->effort;
    if (effort.n == 0) {
        return;
    }
    switch (b->config->quirks.effort_name) {
    case CHAT_EFFORT_FLAT:
        put_string(b, "reasoning_effort", effort);
        break;
    case CHAT_EFFORT_NESTED:
        member(b, "reasoning");
        beacon_json_begin_object(b->out);
        beacon_json_put_member(b->out, "effort", effort);
        beacon_json_end_object(b->out);
        break;
    case CHAT_EFFORT_THINK:
        put_think(b, effort);
        break;
    default:
        break;
    }
}

static void put_format(struct body *b)
{
    struct beacon_json_out *out = b->out;
    if (b->turn->output_schema.n == 0) {
        return;
    }
    member(b, "response_format");
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "type", BEACON_STR("json_schema"));
    beacon_json_key(out, "json_schema");
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "name", BEACON_STR("codex_output_schema"));
    beacon_json_key(out, "strict");
    beacon_json_put_bool(out, true);
    beacon_json_key(out, "schema");
    beacon_json_put_raw(out, b->turn->output_schema);
    beacon_json_end_object(out);
    beacon_json_end_object(out);
}

static void put_names(struct body *b)
{
    if (b->turn->verbosity.n > 0 && beacon_span_starts(b->turn->model, "gpt-5")) {
        put_string(b, "verbosity", b->turn->verbosity);
    }
    if (b->config->quirks.cache_key && b->turn->session_id.n > 0) {
        put_string(b, "prompt_cache_key", b->turn->session_id);
    }
}

/* Only servers that load a model for the request read it, and from `options`; a person's own options
 * stay beside it. */
static void put_context(struct body *b)
{
    static const char *const own[] = {"num_ctx", NULL};
    struct beacon_str options = BEACON_STR("");
    if (b->config->quirks.num_ctx == 0) {
        return;
    }
    (void)beacon_json_member(b->config->endpoint.extra, "options", &options);
    member(b, "num_ctx");
    beacon_json_put_int(b->out, b->config->quirks.num_ctx);
    member(b, "options");
    beacon_json_begin_object(b->out);
    beacon_json_key(b->out, "num_ctx");
    beacon_json_put_int(b->out, b->config->quirks.num_ctx);
    if (beacon_json_is_whole(options, '{')) {
        beacon_extra_put(b->out, options, BEACON_STR(""), own);
    }
    beacon_json_end_object(b->out);
}

/* Where there are no tools, servers mind words about them. */
static void put_tool_options(struct body *b)
{
    if (b->turn->n_tools == 0) {
        return;
    }
    if (b->turn->tool_choice == BEACON_TOOL_CHOICE_NONE) {
        put_string(b, "tool_choice", BEACON_STR("none"));
    } else if (b->turn->tool_choice == BEACON_TOOL_CHOICE_REQUIRED) {
        put_string(b, "tool_choice", BEACON_STR("required"));
    }
    if (b->config->quirks.parallel_calls) {
        member(b, "parallel_tool_calls");
        beacon_json_put_bool(b->out, b->turn->parallel_tools != 0);
    }
}

static void put_extra(struct body *b)
{
    for (size_t i = 0; chat_own_fields[i] != NULL; i++) {
        b->members[b->n++] = chat_own_fields[i];
    }
    b->members[b->n] = NULL;
    beacon_endpoint_put_extra(&b->config->endpoint, b->turn->extra, b->members, b->out);
}

static void build_body(struct body *b, const struct chat_history *history)
{
    beacon_json_begin_object(b->out);
    put_string(b, "model", b->turn->model);
    put_stream(b);
    put_limits(b);
    put_effort(b);
    put_names(b);
    put_format(b);
    put_context(b);
    put_tool_options(b);
    put_extra(b);
    if (b->turn->n_tools > 0) {
        beacon_json_key(b->out, "tools");
        chat_put_tools(b->out, b->config, b->turn);
    }
    beacon_json_key(b->out, "messages");
    chat_put_messages(b->out, b->config, history);
    beacon_json_end_object(b->out);
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
    return BEACON_OK;
}

beacon_rc chat_request_build(const struct chat_config *config, const struct beacon_turn *turn,
                             struct chat_request *ret, struct beacon_error *err)
{
    struct chat_history history = {0};
    memset(ret, 0, sizeof *ret);
    beacon_json_out_init(&ret->body, REQUEST_BYTES_MAX);
    beacon_rc rc = check_json(turn, err);
    rc = rc == BEACON_OK ? build_headers(config, ret, err) : rc;
    rc = rc == BEACON_OK ? chat_history_init(&history, turn, err) : rc;
    if (rc == BEACON_OK) {
        struct body body = {.out = &ret->body, .config = config, .turn = turn};
        build_body(&body, &history);
    }
    chat_history_finish(&history);
    if (rc == BEACON_OK && ret->body.failed) {
        rc = beacon_error_fill(err, BEACON_E_LIMIT, "compact the session, or start a new one",
                               "the request is over %zu bytes, or memory is used up",
                               REQUEST_BYTES_MAX);
    }
    return rc;
}

void chat_request_finish(struct chat_request *request)
{
    beacon_json_out_finish(&request->body);
    free(request->headers);
    memset(request, 0, sizeof *request);
}
