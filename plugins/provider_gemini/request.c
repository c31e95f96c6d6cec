/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

#include <beacon-sdk/endpoint_quirks.h>
#include <beacon-sdk/endpoint_request.h>

#include "config.h"
#include "contents.h"
#include "schema.h"
#include "thinking.h"
#include "tools.h"

#define MODEL_MAX 256u

/* ---- where to ---- */

/* "models/…" and "tunedModels/…" are written by people who copied the full name. */
static struct beacon_str split_model(struct beacon_str model, const char **ret_folder)
{
    static const char *const folders[] = {"models/", "tunedModels/"};
    *ret_folder = folders[0];
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        const size_t n = strlen(folders[i]);
        if (beacon_span_starts(model, folders[i])) {
            *ret_folder = folders[i];
            return beacon_span(model.p + n, model.n - n);
        }
    }
    return model;
}

static beacon_rc check_model(struct beacon_str model, struct beacon_error *err)
{
    if (model.n == 0 || model.n > MODEL_MAX) {
        return beacon_error_fill(err, BEACON_E_INVALID, "name the model as the API lists it",
                                 "the name of the model has %zu bytes instead of 1 to %u", model.n,
                                 MODEL_MAX);
    }
    if (!beacon_is_header_value(model)) {
        return beacon_error_fill(err, BEACON_E_INVALID, "name the model as the API lists it",
                                 "the name of the model holds a control character");
    }
    return BEACON_OK;
}

static beacon_rc build_url(const struct beacon_endpoint *endpoint, struct beacon_str name,
                           struct gemini_request *rq, struct beacon_error *err)
{
    const char *folder;
    struct beacon_json_out path;
    const struct beacon_str model = split_model(name, &folder);
    beacon_rc rc = check_model(model, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    beacon_json_out_init(&path, BEACON_ENDPOINT_URL_MAX);
    const struct beacon_str head = beacon_text(folder);
    const struct beacon_str tail = BEACON_STR(":streamGenerateContent?alt=sse");
    beacon_json_out_bytes(&path, head.p, head.n);
    beacon_url_encoded(&path, model);
    beacon_json_out_bytes(&path, tail.p, tail.n);
    rc = path.failed
             ? beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory")
             : beacon_endpoint_url(endpoint, beacon_json_out_text(&path), &rq->url, err);
    beacon_json_out_finish(&path);
    return rc;
}

static beacon_rc build_headers(const struct beacon_endpoint *endpoint, struct gemini_request *rq,
                               struct beacon_error *err)
{
    const struct beacon_kv own[] = {
        {BEACON_STR("Accept"), BEACON_STR("text/event-stream")},
        {BEACON_STR("Content-Type"), BEACON_STR("application/json")},
        {BEACON_STR("originator"), endpoint->originator},
        {BEACON_STR("User-Agent"), endpoint->user_agent},
    };
    return beacon_endpoint_headers(endpoint, own, sizeof own / sizeof own[0], &rq->headers,
                                   &rq->n_headers, err);
}

/* ---- body ---- */

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

static void put_output_schema(struct beacon_json_out *out, struct beacon_str schema,
                              uint32_t schema_name)
{
    if (schema.n == 0) {
        return;
    }
    beacon_json_put_member(out, "responseMimeType", BEACON_STR("application/json"));
    if (schema_name == GEMINI_SCHEMA_OPENAPI) {
        beacon_json_key(out, "responseSchema");
        gemini_schema_put(out, schema);
    } else {
        beacon_json_key(out, "responseJsonSchema");
        beacon_json_put_raw(out, schema);
    }
}

static void put_generation(const struct gemini_config *config, const struct beacon_turn *turn,
                           struct gemini_request *rq)
{
    struct beacon_json_out *out = &rq->body;
    const struct beacon_json_out before = *out;
    beacon_json_key(out, "generationConfig");
    beacon_json_begin_object(out);
    const size_t inside = out->n;
    if (turn->max_output_tokens >= 0) {
        beacon_json_key(out, "maxOutputTokens");
        beacon_json_put_int(out, turn->max_output_tokens);
    }
    put_temperature(out, turn->temperature);
    put_output_schema(out, turn->output_schema, config->quirks.schema_name);
    rq->thinking_at = out->n; /* the last member, which can be taken out with its comma */
    gemini_thinking_put(out, config->quirks.thinking, turn);
    rq->thinking_n = out->n - rq->thinking_at;
    const bool is_empty = out->n == inside;
    beacon_json_end_object(out);
    if (is_empty) {
        out->n = before.n;
        out->comma_due = before.comma_due;
    }
}

/* The conversation comes last: what stands before it is the same in every request of a session. */
static void build_body(const struct gemini_config *config, const struct beacon_turn *turn,
                       const struct beacon_tool_names *names, struct gemini_request *rq)
{
    struct beacon_json_out *out = &rq->body;
    beacon_json_begin_object(out);
    gemini_instruction_put(out, turn);
    gemini_tools_put(out, turn, names, config->quirks.schema_name);
    put_generation(config, turn, rq);
    beacon_endpoint_put_extra(&config->endpoint, turn->extra, gemini_own_fields, out);
    gemini_contents_put(out, turn, names, config->quirks.foreign_signature);
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
    return gemini_tools_check(turn, err);
}

beacon_rc gemini_request_build(const struct gemini_config *config, const struct beacon_turn *turn,
                               const struct beacon_tool_names *names, struct gemini_request *ret,
                               struct beacon_error *err)
{
    memset(ret, 0, sizeof *ret);
    beacon_json_out_init(&ret->url, BEACON_ENDPOINT_URL_MAX);
    beacon_json_out_init(&ret->body, REQUEST_BYTES_MAX);
    beacon_rc rc = check_json(turn, err);
    rc = rc == BEACON_OK ? build_url(&config->endpoint, turn->model, ret, err) : rc;
    rc = rc == BEACON_OK ? build_headers(&config->endpoint, ret, err) : rc;
    if (rc != BEACON_OK) {
        return rc;
    }
    build_body(config, turn, names, ret);
    if (ret->body.failed) {
        return beacon_error_fill(err, BEACON_E_LIMIT, "compact the session, or start a new one",
                                 "the request is over %zu bytes, or memory is used up",
                                 REQUEST_BYTES_MAX);
    }
    return BEACON_OK;
}

bool gemini_request_drop_thinking(struct gemini_request *request)
{
    if (request->thinking_n == 0) {
        return false;
    }
    struct beacon_json_out *body = &request->body;
    const size_t after = request->thinking_at + request->thinking_n;
    memmove(body->p + request->thinking_at, body->p + after, body->n - after);
    body->n -= request->thinking_n;
    request->thinking_n = 0;
    return true;
}

void gemini_request_finish(struct gemini_request *request)
{
    beacon_json_out_finish(&request->url);
    beacon_json_out_finish(&request->body);
    free(request->headers);
    memset(request, 0, sizeof *request);
}
