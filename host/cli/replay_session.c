/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/replay_session.h"

#include <beacon-sdk/text.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/version.h"
#include "cli/wire.h"
#include "http/cassette_compare.h"
#include "plugin/provider.h"
#include "session/history.h"

#define DIFFERENCE_MAX 4096

void replay_parts_finish(struct replay_parts *parts)
{
    if (parts->session != NULL) {
        (void)json_object_put(parts->session);
    }
    free(parts->difference);
    free(parts->is_answered);
    free(parts->turn_id);
    arena_destroy(parts->arena);
    *parts = (struct replay_parts){0};
}

void replay_thread_id(const struct replay_parts *parts, struct wire *wire)
{
    const struct beacon_str id = parts->cassette->thread_id;
    const size_t n = id.n < sizeof wire->thread_id - 1 ? id.n : sizeof wire->thread_id - 1;
    memcpy(wire->thread_id, id.n > 0 ? id.p : "", n);
}

static void note_difference(struct replay_parts *parts, const char *words)
{
    if (parts->first_different == 0) {
        parts->first_different = parts->n_asked;
        parts->difference = alloc_string(words);
    }
}

static int answer(void *ctx, const struct beacon_http_request *rq, struct http_answer *ret,
                  struct beacon_error *err)
{
    struct replay_parts *parts = ctx;
    const struct cassette *cassette = parts->cassette;
    if (parts->n_asked++ >= cassette->n_exchanges) {
        note_difference(parts, "it was not recorded");
        err->flags |= HTTP_ERROR_PERMANENT;
        return error_set(err, BEACON_E_NOT_FOUND, "see what differs above",
                         "the cassette has %zu requests, and one more is asked for",
                         cassette->n_exchanges);
    }
    const struct cassette_exchange *exchange = &cassette->exchanges[parts->n_asked - 1];
    AUTO_TEXT struct text words;
    text_init(&words, DIFFERENCE_MAX);
    parts->arena = parts->arena != NULL ? parts->arena : arena_create();
    arena_reset(parts->arena);
    const struct cassette_request now = cassette_request_of(rq, parts->arena);
    if (!cassette_compare(&exchange->request, &now, &words)) {
        note_difference(parts, text_string(&words));
    }
    *ret = exchange->answer;
    return BEACON_OK;
}

int replay_open_provider(struct replay_parts *parts, struct wire *wire, struct beacon_error *err)
{
    const char *component =
        parts->plugin != NULL ? parts->plugin : json_string_of(parts->session, "component", "");
    wire->provider_settings.id = alloc_string(json_string_of(parts->session, "provider", "replay"));
    wire->provider_settings.name = alloc_string(wire->provider_settings.id);
    wire->provider_settings.plugin = alloc_string(component);
    wire->provider_config = alloc_string(
        json_object_to_json_string_ext(json_member(parts->session, "config"),
                                       JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    int rc =
        provider_open(wire->plugins.set, component, wire->provider_config, &wire->provider, err);
    if (rc == BEACON_OK && provider_is_blocking(wire->provider)) {
        rc =
            error_set(err, BEACON_E_REFUSED, "choose a plugin whose requests the host makes",
                      "provider %s makes its own connections, which cannot be replayed", component);
    }
    if (rc == BEACON_OK) {
        http_set_player(wire->http, &(struct http_player){answer, parts, parts->speed});
    }
    return rc;
}

static int64_t number(struct replay_parts *parts, const char *key, int64_t fallback)
{
    return json_int_of(parts->session, key, fallback);
}

static bool is_answer_to(const struct cassette_tool *tool, const struct tool_run *run)
{
    return beacon_span_is(tool->call_id, run->call_id) && beacon_span_is(tool->name, run->name);
}

/* Answers are used up, so that an id that comes twice gets both in order. */
static bool answer_call(void *ctx, struct tool_run *run)
{
    struct replay_parts *parts = ctx;
    const struct cassette *cassette = parts->cassette;
    size_t i = 0;
    while (i < cassette->n_tools &&
           (parts->is_answered[i] || !is_answer_to(&cassette->tools[i], run))) {
        i++;
    }
    if (i == cassette->n_tools) {
        tool_answerf(run, "the cassette has no answer to this call");
        return true;
    }
    const struct cassette_tool *tool = &cassette->tools[i];
    parts->is_answered[i] = true;
    if (tool->image_url.n > 0) {
        tool_answer_image(run, tool->image_url.p);
    } else if (tool->is_success) {
        tool_answer_text(run, tool->output.p, tool->output.n);
    } else {
        tool_answer_failure(run, tool->output.p, tool->output.n);
    }
    return true;
}

void replay_settle(struct replay_parts *parts, struct wire *wire, struct agent_settings *settings)
{
    struct json_object *session = parts->session;
    free(wire->base_instructions);
    wire->base_instructions = alloc_string(json_string_of(session, "base_instructions", ""));
    free(wire->compact_prompt);
    const char *compact_prompt = json_string_of(session, "compact_prompt", "");
    wire->compact_prompt = compact_prompt[0] != '\0' ? alloc_string(compact_prompt) : NULL;
    settings->base_instructions = wire->base_instructions;
    settings->compact_prompt = wire->compact_prompt;
    settings->model = json_string_of(session, "model", "");
    settings->effort = json_string_of(session, "effort", "");
    settings->summary = json_string_of(session, "summary", "");
    settings->verbosity = json_string_of(session, "verbosity", "");
    settings->output_schema = json_string_of(session, "output_schema", "");
    settings->max_output_tokens = number(parts, "max_output_tokens", -1);
    settings->context_tokens = number(parts, "context_tokens", -1);
    settings->compact_limit = number(parts, "compact_limit", -1);
    settings->request_max_retries = (uint32_t)number(parts, "request_max_retries", 0);
    settings->stream_max_retries = (uint32_t)number(parts, "stream_max_retries", 0);
    settings->profile = NULL;
    settings->budget = NULL;
    settings->is_hasty = true;
    const struct beacon_str turn_id = parts->cassette->turn_id;
    if (turn_id.n > 0) {
        parts->turn_id = alloc_string_n(turn_id.p, turn_id.n);
        settings->turn_id = parts->turn_id;
    }
    if (!parts->is_live) {
        parts->is_answered = alloc_array(parts->cassette->n_tools + 1, sizeof(bool));
        wire->tools.frozen = (struct tool_frozen){answer_call, parts};
    }
}

/* The conversation as it was before the prompt, whoever said it. */
int replay_begin(struct replay_parts *parts, struct wire *wire, struct beacon_error *err)
{
    struct event event = {.kind = EVENT_SESSION_STARTED, .turn_id = ""};
    event.as.session = (struct event_session){
        .thread_id = wire->thread_id,
        .cwd = wire->start->cwd,
        .model = json_string_of(parts->session, "model", ""),
        .provider = wire->provider_settings.id,
        .approval = wire->approval_policy,
        .sandbox = config_string(wire->start->config, "sandbox_mode"),
        .sandbox_backend = sandbox_backend_label(wire->sandbox),
        .effort = json_string_of(parts->session, "effort", ""),
        .summary = json_string_of(parts->session, "summary", ""),
        .version = BEACON_VERSION,
    };
    fanout_emit(wire->events, &event);
    int rc = BEACON_OK;
    for (size_t i = 0; rc == BEACON_OK && i < parts->cassette->n_contexts; i++) {
        const struct beacon_str item = parts->cassette->contexts[i];
        rc = history_append(wire->history, item.p, item.n, err);
    }
    return rc;
}
