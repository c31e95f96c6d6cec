/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include <beacon-sdk/error_words.h>
#include <beacon-sdk/log.h>

#include "chunk.h"
#include "config.h"
#include "exchange.h"
#include "usage.h"

/* What is left of a list that is read element by element. */
static bool next_object(struct beacon_json *list, struct beacon_str *ret)
{
    while (beacon_json_next_element(list) && beacon_json_skip(list, ret)) {
        if (ret->p[0] == '{') {
            return true;
        }
    }
    return false;
}

static bool enter_list(struct beacon_str value, struct beacon_json *ret)
{
    beacon_json_init(ret, value);
    return beacon_json_peek(ret) == BEACON_JSON_ARRAY && beacon_json_enter_array(ret);
}

/* ---- text ---- */

/* The text of {"text":…} or {"content":…}, between its quotes. */
static struct beacon_str text_in(struct beacon_str object)
{
    struct beacon_str raw = beacon_span(NULL, 0);
    if (!beacon_json_member_string(object, "text", &raw)) {
        (void)beacon_json_member_string(object, "content", &raw);
    }
    return raw;
}

static beacon_rc add_objects(const struct chat_context *c, enum chat_channel channel,
                             struct beacon_str list)
{
    struct beacon_json j;
    struct beacon_str object;
    beacon_rc rc = BEACON_OK;
    bool is_list = enter_list(list, &j);
    while (is_list && rc >= 0 && next_object(&j, &object)) {
        rc = chat_answer_add(c, channel, text_in(object));
    }
    return rc;
}

/* Parts of a content list: text, and thoughts, which are lists of texts themselves. */
static beacon_rc add_content_list(const struct chat_context *c, struct beacon_str list)
{
    struct beacon_json j;
    struct beacon_str object, thoughts;
    beacon_rc rc = BEACON_OK;
    bool is_list = enter_list(list, &j);
    while (is_list && rc >= 0 && next_object(&j, &object)) {
        if (!beacon_json_member(object, "thinking", &thoughts)) {
            rc = chat_answer_add(c, CHAT_TEXT, text_in(object));
        } else if (thoughts.p[0] == '[') {
            rc = add_objects(c, CHAT_REASONING, thoughts);
        } else {
            rc = chat_answer_add(c, CHAT_REASONING, chat_unquoted(thoughts));
        }
    }
    return rc;
}

static beacon_rc on_content(const struct chat_context *c, struct beacon_str value)
{
    return value.n > 0 && value.p[0] == '[' ? add_content_list(c, value)
                                            : chat_answer_add(c, CHAT_TEXT, chat_unquoted(value));
}

static beacon_rc on_reasoning(const struct chat_context *c, struct beacon_str value)
{
    if (value.n == 0 || value.p[0] == '"') {
        return chat_answer_add(c, CHAT_REASONING, chat_unquoted(value));
    }
    return value.p[0] == '{' ? chat_answer_add(c, CHAT_REASONING, text_in(value))
                             : add_objects(c, CHAT_REASONING, value);
}

/* The same words usually come as text beside the details; they are shown once. */
static beacon_rc on_details(const struct chat_context *c, struct beacon_str list, bool is_shown)
{
    struct beacon_json j;
    struct beacon_str object;
    beacon_rc rc = BEACON_OK;
    if (!chat_details_add(&c->x->answer.details, list)) {
        return chat_answer_over_limit(c, "the reasoning of the answer is over 16 MiB");
    }
    bool is_list = !is_shown && enter_list(list, &j);
    while (is_list && rc >= 0 && next_object(&j, &object)) {
        rc = chat_answer_add(c, CHAT_REASONING, chat_detail_text(object));
    }
    return rc;
}

static beacon_rc on_refusal(const struct chat_context *c, struct beacon_str value)
{
    const struct beacon_str raw = chat_unquoted(value);
    c->x->answer.is_refused = c->x->answer.is_refused || raw.n > 0;
    return chat_answer_add(c, CHAT_TEXT, raw);
}

/* ---- calls ---- */

static beacon_rc add_call(const struct chat_context *c, const struct chat_fragment *fragment)
{
    return chat_calls_add(&c->x->answer.calls, fragment, &c->x->tools)
               ? BEACON_OK
               : chat_answer_over_limit(c, "the tool calls of the answer are too many or too long");
}

static beacon_rc on_calls(const struct chat_context *c, struct beacon_str list, bool is_whole)
{
    struct beacon_json j;
    struct beacon_str element;
    struct chat_fragment fragment;
    beacon_rc rc = BEACON_OK;
    bool is_list = enter_list(list, &j);
    while (is_list && rc >= 0 && next_object(&j, &element)) {
        if (chat_fragment_read(element, &fragment)) {
            fragment.is_whole = is_whole;
            rc = add_call(c, &fragment);
        }
    }
    return rc;
}

static beacon_rc on_legacy_call(const struct chat_context *c, struct beacon_str value)
{
    struct chat_fragment fragment;
    return chat_fragment_read_legacy(value, &fragment) ? add_call(c, &fragment) : BEACON_OK;
}

/* ---- one delta, or one message ---- */

/* A message repeats what its deltas brought; only what they did not is taken from it. */
static void drop_known(const struct chat_answer *answer, struct chat_delta *delta)
{
    if (answer->words[CHAT_TEXT].is_begun) {
        delta->content = delta->refusal = beacon_span(NULL, 0);
    }
    if (answer->words[CHAT_REASONING].is_begun) {
        delta->reasoning = delta->details = beacon_span(NULL, 0);
    }
    if (answer->calls.n > 0) {
        delta->tool_calls = delta->function_call = beacon_span(NULL, 0);
    }
}

static beacon_rc on_delta(const struct chat_context *c, const struct chat_delta *delta,
                          bool is_whole)
{
    beacon_rc rc = on_reasoning(c, delta->reasoning);
    if (rc >= 0 && delta->details.n > 2) {
        rc = on_details(c, delta->details, delta->reasoning.n > 0);
    }
    rc = rc < 0 ? rc : on_content(c, delta->content);
    rc = rc < 0 ? rc : on_refusal(c, delta->refusal);
    if (rc >= 0 && delta->tool_calls.n > 2) {
        rc = on_calls(c, delta->tool_calls, is_whole);
    }
    if (rc >= 0 && delta->function_call.n > 2) {
        rc = on_legacy_call(c, delta->function_call);
    }
    return rc;
}

/* Was the text of one channel all that the chunk brought? Then the next one is probably like it. */
static void learn(const struct chat_context *c, const struct chat_chunk *chunk,
                  const struct chat_delta *delta)
{
    const struct beacon_str content = chat_unquoted(delta->content);
    const struct beacon_str reasoning = chat_unquoted(delta->reasoning);
    const bool has_more = delta->refusal.n > 2 || delta->tool_calls.n > 2 ||
                          delta->function_call.n > 2 || delta->details.n > 2;
    const bool is_end =
        chunk->usage.n > 0 || chunk->choice_usage.n > 0 || chunk->finish_reason.n > 0;
    if (!has_more && !is_end && (content.n > 0) != (reasoning.n > 0)) {
        const bool is_content = content.n > 0;
        chat_shape_learn(&c->x->shape, chunk->text, is_content ? content : reasoning,
                         is_content ? CHAT_TEXT : CHAT_REASONING);
    }
}

/* ---- how it ended ---- */

static const struct reason {
    const char *name;
    uint32_t finish; /* BEACON_FINISH_; 0: the server gave up, and asking again may help */
} reasons[] = {
    {"stop", BEACON_FINISH_STOP},
    {"tool_calls", BEACON_FINISH_TOOLS},
    {"function_call", BEACON_FINISH_TOOLS},
    {"length", BEACON_FINISH_LENGTH},
    {"max_tokens", BEACON_FINISH_LENGTH},
    {"model_length", BEACON_FINISH_LENGTH},
    {"content_filter", BEACON_FINISH_REFUSAL},
    {"refusal", BEACON_FINISH_REFUSAL},
    {"sensitive", BEACON_FINISH_REFUSAL},
    {"error", 0},
    {"abort", 0},
    {"network_error", 0},
    {"insufficient_system_resource", 0},
};

/* A reason that is not in the table ends the answer as well. */
static beacon_rc on_finish_reason(const struct chat_context *c, struct beacon_str raw)
{
    struct chat_answer *answer = &c->x->answer;
    if (raw.n == 0) {
        return BEACON_OK;
    }
    answer->is_over = true;
    answer->finish = BEACON_FINISH_STOP;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (beacon_json_key_is(raw, reasons[i].name)) {
            answer->finish = reasons[i].finish;
        }
    }
    if (answer->finish != 0) {
        return BEACON_OK;
    }
    chat_failure_gave_up(&c->x->failure, raw);
    return beacon_failure_error(&c->x->failure, c->err);
}

/* The last count is the one that holds. */
static void on_usage(struct chat_answer *answer, struct beacon_str object)
{
    if (object.n > 0 && chat_usage_read(object, &answer->usage)) {
        answer->has_usage = true;
    }
}

/* ---- frames ---- */

static beacon_rc start(const struct chat_context *c, const struct chat_chunk *chunk)
{
    char values[1024];
    if (c->x->answer.is_started || (!chunk->has_choices && chunk->id.n == 0)) {
        return BEACON_OK;
    }
    const struct beacon_str id = beacon_utf8_cut(chunk->id, sizeof values / 2);
    const struct beacon_str model = beacon_utf8_cut(chunk->model, sizeof values / 2);
    const size_t id_n = beacon_json_unescape(id, values);
    const size_t model_n = beacon_json_unescape(model, values + id_n);
    return chat_answer_start(c, beacon_span(values, id_n), beacon_span(values + id_n, model_n));
}

static beacon_rc on_choice(const struct chat_context *c, const struct chat_chunk *chunk)
{
    struct chat_delta delta;
    const bool is_whole = chunk->delta.n == 0;
    if (is_whole && chunk->message.n == 0) {
        return BEACON_OK;
    }
    chat_delta_read(is_whole ? chunk->message : chunk->delta,
                    &c->x->instance->config->quirks.reasoning_out, &delta);
    if (is_whole) {
        drop_known(&c->x->answer, &delta);
    } else {
        learn(c, chunk, &delta);
    }
    return on_delta(c, &delta, is_whole);
}

/* Errors without a member that says so: no chunk, but words. */
static bool is_error(const struct chat_chunk *chunk, struct beacon_str event)
{
    struct beacon_error_words words;
    if (chunk->is_error || beacon_span_is(event, "error")) {
        return true;
    }
    if (chunk->has_choices || chunk->usage.n > 0 || chunk->id.n > 0) {
        return false;
    }
    beacon_error_words_find(chunk->text, &words);
    return words.message.n > 0;
}

static beacon_rc on_chunk(const struct chat_context *c, const struct chat_chunk *chunk)
{
    struct chat_answer *answer = &c->x->answer;
    beacon_rc rc = start(c, chunk);
    rc = rc < 0 ? rc : on_choice(c, chunk);
    on_usage(answer, chunk->choice_usage);
    on_usage(answer, chunk->usage);
    rc = rc < 0 ? rc : on_finish_reason(c, chunk->finish_reason);
    /* After the counts nothing comes but the mark of the end, which some servers forget. */
    const bool is_last = answer->is_over && chunk->usage.n > 0 && !chunk->has_choice;
    return rc >= 0 && is_last ? chat_answer_end(c) : rc;
}

/* Read the frame as UTF-8 whatever it was: behind this door everything is. */
static bool read_repaired(const struct chat_context *c, struct beacon_str frame,
                          struct chat_chunk *ret)
{
    if (beacon_utf8_is_valid(frame)) {
        return chat_chunk_read(frame, ret);
    }
    beacon_json_out_reset(&c->x->repaired);
    beacon_json_out_repaired(&c->x->repaired, frame);
    return chat_chunk_read(beacon_json_out_text(&c->x->repaired), ret);
}

/* Words between the chunks are a server's own; a chunk that is broken takes a part of the answer with
 * it, which nothing later says again. */
static beacon_rc on_nonsense(const struct chat_context *c, struct beacon_str frame)
{
    if (beacon_span_starts(frame, "{")) {
        chat_failure_nonsense(&c->x->failure, "the server sent a chunk that is not JSON");
        return beacon_failure_error(&c->x->failure, c->err);
    }
    beacon_log(c->x->instance->host, BEACON_LOG_WARN, "skipped a line of %zu bytes between chunks",
               frame.n);
    return BEACON_OK;
}

beacon_rc chat_read_frame(const struct chat_context *c, struct beacon_str event,
                          struct beacon_str frame)
{
    struct chat_chunk chunk;
    struct beacon_str raw;
    if (c->x->answer.is_finished) {
        return BEACON_OK;
    }
    if (chat_shape_match(&c->x->shape, frame, &raw)) {
        return chat_answer_add(c, (enum chat_channel)c->x->shape.channel, raw);
    }
    if (beacon_span_starts(frame, "[DONE]")) {
        return chat_answer_end(c);
    }
    if (!read_repaired(c, frame, &chunk)) {
        return on_nonsense(c, frame);
    }
    if (is_error(&chunk, event)) {
        chat_failure_of_frame(&c->x->failure, chunk.text);
        return beacon_failure_error(&c->x->failure, c->err);
    }
    return on_chunk(c, &chunk);
}
