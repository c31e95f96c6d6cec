/* SPDX-License-Identifier: Apache-2.0
 *
 * An answer of the Messages API: each line is one frame. The events must keep the host's grammar, and
 * what became durable must make a next request that is JSON.
 */
#include <beacon-sdk/json_string.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "exchange.h"

#define CONFIG   "{\"base_url\":\"http://127.0.0.1:1\"}"
#define KEPT_MAX 64u

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the host would know: the state of each item, and copies of what is durable. */
struct heard {
    uint8_t items[EXCHANGE_ITEMS_MAX]; /* 1 begun, 2 done */
    bool is_started, is_finished;
    struct beacon_part kept[KEPT_MAX];
    size_t n_kept;
};

static void must(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

static struct beacon_str copy(struct beacon_str s)
{
    char *p = malloc(s.n + 1);
    must(p != NULL);
    if (s.n > 0) {
        memcpy(p, s.p, s.n);
    }
    must(beacon_utf8_is_valid(beacon_span(p, s.n)));
    return beacon_span(p, s.n);
}

static void keep(struct heard *heard, const struct beacon_part *part)
{
    must(part->opaque.n == 0 || beacon_json_is_whole(part->opaque, '{'));
    must(part->type != BEACON_PART_TOOL_CALL || (part->flags & BEACON_PART_FREEFORM) != 0 ||
         beacon_json_is_whole(part->text, '{'));
    if (heard->n_kept == KEPT_MAX) {
        return;
    }
    struct beacon_part *kept = &heard->kept[heard->n_kept++];
    *kept = *part;
    struct beacon_str *const spans[] = {&kept->text,   &kept->call_id, &kept->name,
                                        &kept->opaque, &kept->id,      &kept->ns};
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        *spans[i] = copy(*spans[i]);
    }
}

static void forget(struct heard *heard)
{
    for (size_t i = 0; i < heard->n_kept; i++) {
        const struct beacon_part *part = &heard->kept[i];
        const struct beacon_str spans[] = {part->text,   part->call_id, part->name,
                                           part->opaque, part->id,      part->ns};
        for (size_t k = 0; k < sizeof spans / sizeof spans[0]; k++) {
            void *p;
            memcpy(&p, &spans[k].p, sizeof p); /* malloc() made it */
            free(p);
        }
    }
}

static beacon_rc hear(const struct beacon_events *sink, const struct beacon_event *event)
{
    struct heard *heard = sink->ctx;
    must(!heard->is_finished);
    must(heard->is_started || event->type == BEACON_EV_START || event->type == BEACON_EV_WARNING);
    must(event->type != BEACON_EV_START || !heard->is_started);
    heard->is_started = heard->is_started || event->type == BEACON_EV_START;
    heard->is_finished = event->type == BEACON_EV_FINISH;
    if (event->type < BEACON_EV_ITEM_BEGIN || event->type > BEACON_EV_ITEM_DONE) {
        return BEACON_OK;
    }
    must(event->index < EXCHANGE_ITEMS_MAX);
    uint8_t *item = &heard->items[event->index];
    must(*item == (event->type == BEACON_EV_ITEM_BEGIN ? 0 : 1));
    *item = event->type == BEACON_EV_ITEM_DONE ? 2 : 1;
    if (event->type == BEACON_EV_ITEM_DONE) {
        keep(heard, event->part);
    }
    return BEACON_OK;
}

static struct beacon_exchange *open_with(struct messages_instance *instance,
                                         const struct beacon_message *const *messages, size_t n)
{
    static const struct beacon_tool tool = {
        .struct_size = sizeof tool, .flags = BEACON_TOOL_FREEFORM, .name = {"apply_patch", 11}};
    static const struct beacon_tool *const tools[] = {&tool};
    const struct beacon_turn turn = {.struct_size = sizeof turn,
                                     .model = {"m", 1},
                                     .messages = messages,
                                     .n_messages = n,
                                     .tools = tools,
                                     .n_tools = 1,
                                     .max_output_tokens = -1,
                                     .temperature = -1};
    struct beacon_exchange *x = NULL;
    must(messages_open(instance, &turn, &x, NULL) == BEACON_OK);
    return x;
}

static void answer(struct messages_instance *instance, const uint8_t *data, size_t size,
                   struct heard *heard)
{
    const struct beacon_events sink = {.struct_size = sizeof sink, .ctx = heard, .emit = hear};
    const struct beacon_http_response response = {.struct_size = sizeof response, .status = 200};
    struct beacon_action action = {.struct_size = sizeof action};
    struct beacon_exchange *x = open_with(instance, NULL, 0);
    beacon_rc rc = messages_poll(x, &action, NULL);
    rc = rc == BEACON_OK ? messages_on_response(x, &response, &sink, NULL) : rc;
    for (size_t at = 0; rc == BEACON_OK && at < size;) {
        const uint8_t *stop = memchr(data + at, '\n', size - at);
        const size_t n = stop != NULL ? (size_t)(stop - data) - at : size - at;
        rc =
            messages_on_frame(x, beacon_text(""), (struct beacon_bytes){data + at, n}, &sink, NULL);
        at += n + 1;
    }
    rc = rc == BEACON_OK ? messages_on_end(x, BEACON_END_OK, &sink, NULL) : rc;
    must((rc == BEACON_OK) == heard->is_finished);
    struct beacon_verdict verdict = {.struct_size = sizeof verdict};
    messages_judge(x, &verdict);
    messages_close(x);
}

/* A block may be as deep as the scanner goes; in a body it is some levels deeper. */
static bool is_deep(const struct heard *heard)
{
    size_t n = 0;
    for (size_t i = 0; i < heard->n_kept; i++) {
        const struct beacon_part *part = &heard->kept[i];
        for (size_t k = 0; k < part->opaque.n; k++) {
            n += part->opaque.p[k] == '{' || part->opaque.p[k] == '[' ? 1 : 0;
        }
        for (size_t k = 0; k < part->text.n; k++) {
            n += part->text.p[k] == '{' || part->text.p[k] == '[' ? 1 : 0;
        }
    }
    return n > BEACON_JSON_DEPTH_MAX - 16;
}

/* What was kept, as the history of the next request. */
static void ask_again(struct messages_instance *instance, const struct heard *heard)
{
    const struct beacon_part *parts[KEPT_MAX];
    for (size_t i = 0; i < heard->n_kept; i++) {
        parts[i] = &heard->kept[i];
    }
    const struct beacon_message message = {.struct_size = sizeof message,
                                           .role = BEACON_ROLE_ASSISTANT,
                                           .parts = parts,
                                           .n_parts = heard->n_kept};
    const struct beacon_message *const messages[] = {&message};
    struct beacon_action action = {.struct_size = sizeof action};
    struct beacon_exchange *x = open_with(instance, messages, 1);
    must(messages_poll(x, &action, NULL) == BEACON_OK);
    const struct beacon_str body =
        beacon_span((const char *)action.http->body.p, action.http->body.n);
    must(beacon_utf8_is_valid(body));
    must(is_deep(heard) || beacon_json_is_whole(body, '{'));
    messages_close(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct messages_config config;
    struct messages_instance instance = {.config = &config};
    struct heard *heard = calloc(1, sizeof *heard);
    must(heard != NULL && messages_config_parse(beacon_text(CONFIG), &config, NULL) == BEACON_OK);
    answer(&instance, data, size, heard);
    ask_again(&instance, heard);
    forget(heard);
    free(heard);
    messages_config_finish(&config);
    return 0;
}
