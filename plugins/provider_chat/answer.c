/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"

#include <beacon-sdk/json_string.h>
#include <beacon-sdk/sink.h>

#include "call_id.h"
#include "exchange.h"

void chat_answer_init(struct chat_answer *answer)
{
    memset(answer, 0, sizeof *answer);
    beacon_json_out_init(&answer->words[CHAT_TEXT].text, CHAT_TEXT_MAX);
    beacon_json_out_init(&answer->words[CHAT_REASONING].text, CHAT_TEXT_MAX);
    chat_calls_init(&answer->calls);
    chat_details_init(&answer->details);
}

void chat_answer_finish(struct chat_answer *answer)
{
    beacon_json_out_finish(&answer->words[CHAT_TEXT].text);
    beacon_json_out_finish(&answer->words[CHAT_REASONING].text);
    chat_calls_finish(&answer->calls);
    chat_details_finish(&answer->details);
}

beacon_rc chat_answer_over_limit(const struct chat_context *c, const char *what)
{
    chat_failure_limit(&c->x->failure, what);
    return beacon_failure_error(&c->x->failure, c->err);
}

static beacon_rc fail(const struct chat_context *c, const char *what)
{
    chat_failure_nonsense(&c->x->failure, what);
    return beacon_failure_error(&c->x->failure, c->err);
}

beacon_rc chat_answer_start(const struct chat_context *c, struct beacon_str id,
                            struct beacon_str model)
{
    if (c->x->answer.is_started) {
        return BEACON_OK;
    }
    c->x->answer.is_started = true;
    return beacon_emit_start(c->events, id, model);
}

static beacon_rc begin_item(const struct chat_context *c, const struct beacon_part *part,
                            uint32_t *ret_index)
{
    beacon_rc rc = chat_answer_start(c, BEACON_STR(""), BEACON_STR(""));
    if (rc < 0) {
        return rc;
    }
    *ret_index = c->x->answer.n_items++;
    return beacon_emit_item(c->events, BEACON_EV_ITEM_BEGIN, *ret_index, part);
}

/* ---- text as it comes ---- */

static beacon_rc begin_words(const struct chat_context *c, enum chat_channel channel)
{
    struct chat_words *words = &c->x->answer.words[channel];
    if (words->is_begun) {
        return BEACON_OK;
    }
    words->is_begun = true;
    const struct beacon_part part =
        beacon_part_of(channel == CHAT_TEXT ? BEACON_PART_TEXT : BEACON_PART_REASONING);
    return begin_item(c, &part, &words->index);
}

beacon_rc chat_answer_add(const struct chat_context *c, enum chat_channel channel,
                          struct beacon_str raw)
{
    struct chat_words *words = &c->x->answer.words[channel];
    if (raw.n == 0) {
        return BEACON_OK;
    }
    beacon_rc rc = begin_words(c, channel);
    if (rc < 0) {
        return rc;
    }
    const size_t from = words->text.n;
    beacon_json_out_unescaped(&words->text, raw);
    if (words->text.failed) {
        return chat_answer_over_limit(c, "the answer is over 64 MiB");
    }
    return beacon_emit_delta(c->events, words->index,
                             channel == CHAT_TEXT ? BEACON_DELTA_TEXT : BEACON_DELTA_REASONING,
                             beacon_span(words->text.p + from, words->text.n - from));
}

/* ---- the end ---- */

static beacon_rc end_words(const struct chat_context *c, enum chat_channel channel,
                           struct beacon_str opaque)
{
    struct chat_words *words = &c->x->answer.words[channel];
    if (opaque.n > 0) { /* reasoning that can only be given back is an item, too */
        beacon_rc rc = begin_words(c, channel);
        if (rc < 0) {
            return rc;
        }
    }
    if (!words->is_begun) {
        return BEACON_OK;
    }
    struct beacon_part part =
        beacon_part_of(channel == CHAT_TEXT ? BEACON_PART_TEXT : BEACON_PART_REASONING);
    part.text = beacon_json_out_text(&words->text);
    part.opaque = opaque;
    return beacon_emit_item(c->events, BEACON_EV_ITEM_DONE, words->index, &part);
}

/* A call that the output limit cut off must not run. */
static bool is_cut(const struct chat_answer *answer, size_t i)
{
    return answer->finish == BEACON_FINISH_LENGTH && !chat_call_is_closed(&answer->calls.at[i]);
}

static beacon_rc end_call(const struct chat_context *c, size_t i, uint64_t hash)
{
    struct beacon_part part;
    uint32_t index = 0;
    if (!chat_call_part(&c->x->answer.calls, i, &c->x->tools, hash, &part)) {
        return chat_answer_over_limit(c, "memory is used up by a tool call");
    }
    struct beacon_part begun = part;
    begun.text = begun.opaque = beacon_span(NULL, 0);
    beacon_rc rc = begin_item(c, &begun, &index);
    return rc < 0 ? rc : beacon_emit_item(c->events, BEACON_EV_ITEM_DONE, index, &part);
}

static beacon_rc end_calls(const struct chat_context *c, bool *ret_has_calls)
{
    struct chat_answer *answer = &c->x->answer;
    const size_t n = answer->calls.n;
    const uint64_t hash = n > 0 ? chat_hash(beacon_json_out_text(&c->x->request.body), 0) : 0;
    for (size_t i = 0; i < n; i++) {
        if (is_cut(answer, i)) {
            continue;
        }
        beacon_rc rc = end_call(c, i, hash);
        if (rc < 0) {
            return rc;
        }
        *ret_has_calls = true;
    }
    return BEACON_OK;
}

/* What a person should know about an answer that stopped early. */
static beacon_rc warn(const struct chat_context *c)
{
    const struct chat_answer *answer = &c->x->answer;
    if (answer->finish == BEACON_FINISH_LENGTH) {
        return beacon_emit_text(c->events, BEACON_EV_WARNING,
                                BEACON_STR("the answer was cut off: the output limit is reached"));
    }
    if (answer->finish == BEACON_FINISH_REFUSAL && !answer->is_refused) {
        return beacon_emit_text(c->events, BEACON_EV_WARNING,
                                BEACON_STR("the server's content filter stopped the answer"));
    }
    return BEACON_OK;
}

static uint32_t finish_code(const struct chat_answer *answer, bool has_calls)
{
    if (answer->finish == BEACON_FINISH_LENGTH || answer->finish == BEACON_FINISH_REFUSAL) {
        return answer->finish;
    }
    if (has_calls) {
        return BEACON_FINISH_TOOLS;
    }
    return answer->is_refused ? BEACON_FINISH_REFUSAL : BEACON_FINISH_STOP;
}

/* Is what came an answer? Asked before anything durable is given out. */
static beacon_rc check(const struct chat_context *c)
{
    const struct chat_answer *answer = &c->x->answer;
    for (size_t i = 0; i < answer->calls.n; i++) {
        const struct chat_call *call = &answer->calls.at[i];
        if (call->name.n == 0 && !is_cut(answer, i)) {
            return fail(c, "the server sent a tool call without a name");
        }
        if (!answer->is_over && !chat_call_is_closed(call)) {
            return fail(c, "the stream ended within a tool call");
        }
    }
    const bool is_empty = !answer->words[CHAT_TEXT].is_begun && answer->calls.n == 0;
    if (is_empty && (!answer->is_over || answer->finish == BEACON_FINISH_TOOLS)) {
        return fail(c, answer->is_over ? "the server announced tool calls and sent none"
                                       : "the server sent no answer");
    }
    return BEACON_OK;
}

static beacon_rc end_items(const struct chat_context *c, bool *ret_has_calls)
{
    struct chat_answer *answer = &c->x->answer;
    beacon_rc rc = chat_answer_start(c, BEACON_STR(""), BEACON_STR(""));
    rc = rc < 0 ? rc : end_words(c, CHAT_REASONING, chat_details_list(&answer->details));
    rc = rc < 0 ? rc : end_words(c, CHAT_TEXT, beacon_span(NULL, 0));
    return rc < 0 ? rc : end_calls(c, ret_has_calls);
}

beacon_rc chat_answer_end(const struct chat_context *c)
{
    struct chat_answer *answer = &c->x->answer;
    bool has_calls = false;
    beacon_rc rc = check(c);
    rc = rc < 0 ? rc : end_items(c, &has_calls);
    rc = rc < 0 ? rc : warn(c);
    if (rc >= 0 && answer->has_usage) {
        rc = beacon_emit_usage(c->events, &answer->usage);
    }
    if (rc < 0) {
        return rc;
    }
    answer->is_finished = true;
    return beacon_emit_finish(c->events, finish_code(answer, has_calls));
}
