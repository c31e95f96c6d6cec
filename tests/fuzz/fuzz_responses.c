/* SPDX-License-Identifier: Apache-2.0
 *
 * What a server of the Responses wire answers. The first byte is the status (0: 200), each line after
 * it a frame. Events must keep their grammar and be UTF-8, the verdict has words, and what the model
 * said must fit into the next request, which is JSON.
 */
#include <assert.h>
#include <stdlib.h>

#include <beacon-sdk/json_string.h>

#include "config.h"
#include "exchange.h"

#define MESSAGES_MAX 64u

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The items of the answer as history, owned. */
struct history {
    struct beacon_message messages[MESSAGES_MAX];
    struct beacon_part parts[MESSAGES_MAX];
    const struct beacon_part *lists[MESSAGES_MAX];
    const struct beacon_message *order[MESSAGES_MAX];
    size_t n, n_finishes;
};

static struct beacon_str copied(struct beacon_str s)
{
    char *p = malloc(s.n + 1);
    assert(p != NULL);
    memcpy(p, s.n > 0 ? s.p : "", s.n);
    return beacon_span(p, s.n);
}

static void keep(struct history *history, const struct beacon_part *from)
{
    if (history->n == MESSAGES_MAX) {
        return;
    }
    const size_t i = history->n++;
    struct beacon_part *part = &history->parts[i];
    *part = *from;
    part->text = copied(from->text);
    part->call_id = copied(from->call_id);
    part->name = copied(from->name);
    part->opaque = i % 2 == 0 ? copied(from->opaque) : beacon_span(NULL, 0);
    part->id = copied(from->id);
    part->ns = copied(from->ns);
    history->lists[i] = part;
    history->messages[i] = (struct beacon_message){.struct_size = sizeof history->messages[i],
                                                   .role = BEACON_ROLE_ASSISTANT,
                                                   .parts = &history->lists[i],
                                                   .n_parts = 1};
    history->order[i] = &history->messages[i];
}

static void forget(struct history *history)
{
    for (size_t i = 0; i < history->n; i++) {
        const struct beacon_part *part = &history->parts[i];
        const struct beacon_str spans[] = {part->text,   part->call_id, part->name,
                                           part->opaque, part->id,      part->ns};
        for (size_t s = 0; s < sizeof spans / sizeof spans[0]; s++) {
            free((void *)(uintptr_t)spans[s].p);
        }
    }
}

static beacon_rc take(const struct beacon_events *events, const struct beacon_event *event)
{
    struct history *history = events->ctx;
    assert(history->n_finishes == 0);
    assert(beacon_utf8_is_valid(event->text) && beacon_utf8_is_valid(event->id));
    history->n_finishes += event->type == BEACON_EV_FINISH;
    if (event->part != NULL) {
        assert(beacon_utf8_is_valid(event->part->text) && beacon_utf8_is_valid(event->part->id));
        assert(beacon_utf8_is_valid(event->part->opaque));
    }
    if (event->type == BEACON_EV_ITEM_DONE) {
        keep(history, event->part);
    }
    return BEACON_OK;
}

static void judge(struct beacon_exchange *x)
{
    struct beacon_verdict verdict = {.struct_size = sizeof verdict};
    responses_judge(x, &verdict);
    assert(verdict.message.n > 0 && beacon_utf8_is_valid(verdict.message));
}

/* The answer, frame by frame; each in memory of its own, for the sanitizer. */
static beacon_rc answer(struct beacon_exchange *x, const uint8_t *data, size_t size,
                        const struct beacon_events *events)
{
    struct beacon_error err = {.struct_size = sizeof err};
    const struct beacon_http_response response = {.struct_size = sizeof response,
                                                  .status = data[0] == 0 ? 200 : 300 + data[0]};
    beacon_rc rc = responses_on_response(x, &response, events, &err);
    for (size_t i = 1; rc >= 0 && i < size;) {
        const uint8_t *stop = memchr(data + i, '\n', size - i);
        const size_t n = stop != NULL ? (size_t)(stop - data) - i : size - i;
        const struct beacon_str frame = copied(beacon_span((const char *)data + i, n));
        rc = responses_on_frame(x, beacon_span("", 0),
                                (struct beacon_bytes){(const uint8_t *)frame.p, n}, events, &err);
        free((void *)(uintptr_t)frame.p);
        i += n + 1;
    }
    return rc < 0 ? rc
                  : responses_on_end(x, data[0] == 0 ? BEACON_END_OK : BEACON_END_HTTP_ERROR,
                                     events, &err);
}

static void ask_again(struct responses_instance *instance, const struct history *history)
{
    struct beacon_error err = {.struct_size = sizeof err};
    struct beacon_exchange *x = NULL;
    const struct beacon_turn turn = {.struct_size = sizeof turn,
                                     .model = {"m", 1},
                                     .max_output_tokens = -1,
                                     .temperature = -1,
                                     .messages = history->order,
                                     .n_messages = history->n};
    assert(responses_open(instance, &turn, &x, &err) == BEACON_OK);
    assert(beacon_json_is_whole(beacon_json_out_text(&x->request.body), '{'));
    responses_close(x);
}

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct responses_config config;
    struct beacon_error err = {.struct_size = sizeof err};
    struct history history = {.n = 0};
    const struct beacon_events events = {
        .struct_size = sizeof events, .ctx = &history, .emit = take};
    const struct beacon_turn turn = {
        .struct_size = sizeof turn, .model = {"m", 1}, .reasoning_summary = {"auto", 4}};
    struct responses_instance instance = {.config = &config};
    struct beacon_action action = {.struct_size = sizeof action};
    struct beacon_exchange *x = NULL;
    if (size == 0) {
        return 0;
    }
    if (config.url.n == 0) {
        assert(responses_config_parse(BEACON_STR("{\"base_url\":\"http://h\"}"), &config, &err) ==
               BEACON_OK);
    }
    assert(responses_open(&instance, &turn, &x, &err) == BEACON_OK);
    assert(responses_poll(x, &action, &err) == BEACON_OK);
    if (answer(x, data, size, &events) < 0) {
        judge(x);
    }
    responses_close(x);
    ask_again(&instance, &history);
    forget(&history);
    return 0;
}
