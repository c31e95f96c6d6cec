/* SPDX-License-Identifier: Apache-2.0 */
/* The frames of a Chat Completions stream, one per line. The first byte chooses quirks. Whatever comes, the
 * events keep their grammar, and a frame that is recognised by its shape does what reading it does. */
#include <beacon-sdk/json_string.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "exchange.h"

#define ITEMS_MAX 512u

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was emitted, and a sum that two runs can be compared by. */
struct sum {
    uint64_t hash;
    size_t n_events;
    uint8_t items[ITEMS_MAX]; /* 1 begun, 2 done */
    bool is_started, is_finished;
};

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void add(struct sum *sum, struct beacon_str s)
{
    require(beacon_utf8_is_valid(s));
    for (size_t i = 0; i < s.n; i++) {
        sum->hash = (sum->hash ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
    }
    sum->hash = (sum->hash ^ s.n) * UINT64_C(0x100000001b3);
}

static void check_part(struct sum *sum, const struct beacon_event *event)
{
    const struct beacon_part *part = event->part;
    const bool is_done = event->type == BEACON_EV_ITEM_DONE;
    require(event->index < ITEMS_MAX && sum->items[event->index] == (is_done ? 1 : 0));
    sum->items[event->index]++;
    if (is_done && part->type == BEACON_PART_TOOL_CALL) {
        require(part->call_id.n > 0 && part->name.n > 0);
        require((part->flags & BEACON_PART_FREEFORM) != 0 || beacon_json_is_whole(part->text, '{'));
    }
    require(part->opaque.n == 0 || beacon_json_is_whole(part->opaque, '[') ||
            beacon_json_is_whole(part->opaque, '{'));
    add(sum, part->text);
    add(sum, part->call_id);
    add(sum, part->name);
    add(sum, part->opaque);
}

static beacon_rc emit(const struct beacon_events *sink, const struct beacon_event *event)
{
    struct sum *sum = sink->ctx;
    require(!sum->is_finished);
    require(sum->is_started == (event->type != BEACON_EV_START));
    sum->is_started = true;
    sum->is_finished = event->type == BEACON_EV_FINISH;
    sum->n_events++;
    sum->hash = (sum->hash ^ event->type ^ event->code << 8) * UINT64_C(0x100000001b3);
    add(sum, event->text);
    add(sum, event->model);
    if (event->part != NULL) {
        check_part(sum, event);
    }
    if (event->type == BEACON_EV_DELTA) {
        require(event->index < ITEMS_MAX && sum->items[event->index] == 1);
    }
    return BEACON_OK;
}

/* The frame in memory of its own, for the sanitizer; with a space behind it, it has another shape. */
static beacon_rc give(struct beacon_exchange *x, const struct beacon_events *events,
                      struct beacon_str line, bool is_spaced)
{
    const struct beacon_str no_event = {NULL, 0};
    uint8_t *frame = malloc(line.n + 1);
    require(frame != NULL);
    memcpy(frame, line.p, line.n);
    frame[line.n] = ' ';
    const struct beacon_bytes bytes = {frame, line.n + (is_spaced ? 1 : 0)};
    beacon_rc rc = chat_on_frame(x, no_event, bytes, events, NULL);
    free(frame);
    return rc;
}

static beacon_rc give_all(struct beacon_exchange *x, const struct beacon_events *events,
                          struct beacon_str text, bool is_uneven)
{
    beacon_rc rc = BEACON_OK;
    size_t n = 0;
    while (text.n > 0 && rc == BEACON_OK) {
        const char *stop = memchr(text.p, '\n', text.n);
        const size_t length = stop != NULL ? (size_t)(stop - text.p) : text.n;
        const size_t step = length + (stop != NULL ? 1 : 0);
        rc = give(x, events, beacon_span(text.p, length), is_uneven && n++ % 2 == 0);
        text = beacon_span(text.p + step, text.n - step);
    }
    return rc == BEACON_OK ? chat_on_end(x, BEACON_END_OK, events, NULL) : rc;
}

static beacon_rc run(const struct chat_instance *instance, struct beacon_str text, bool is_uneven,
                     struct sum *sum)
{
    static const struct beacon_tool run_tool = {.struct_size = sizeof run_tool, .name = {"run", 3}};
    static const struct beacon_tool raw_tool = {
        .struct_size = sizeof raw_tool, .name = {"raw", 3}, .flags = BEACON_TOOL_FREEFORM};
    static const struct beacon_tool *const tools[] = {&run_tool, &raw_tool};
    const struct beacon_turn turn = {
        .struct_size = sizeof turn, .tools = tools, .n_tools = 2, .max_output_tokens = -1};
    const struct beacon_events events = {.struct_size = sizeof events, .ctx = sum, .emit = emit};
    const struct beacon_http_response response = {.struct_size = sizeof response, .status = 200};
    struct beacon_verdict verdict = {.struct_size = sizeof verdict};
    struct beacon_exchange *x = NULL;
    require(chat_open((void *)instance, &turn, &x, NULL) == BEACON_OK);
    require(chat_on_response(x, &response, &events, NULL) == BEACON_OK);
    beacon_rc rc = give_all(x, &events, text, is_uneven);
    require((rc == BEACON_OK) == sum->is_finished);
    if (rc != BEACON_OK) {
        chat_judge(x, &verdict);
        require(verdict.message.n > 0 && verdict.code == rc);
    }
    chat_close(x);
    return rc;
}

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const configs[] = {
        "{\"base_url\":\"http://h\"}",
        "{\"base_url\":\"http://h\",\"quirks\":{\"reasoning_out\":[\"r\"]}}",
    };
    if (size == 0) {
        return 0;
    }
    struct chat_config config;
    struct sum plain = {0}, uneven = {0};
    require(chat_config_parse(beacon_text(configs[data[0] & 1]), &config, NULL) == BEACON_OK);
    const struct chat_instance instance = {NULL, &config};
    const struct beacon_str text = beacon_span((const char *)data + 1, size - 1);
    beacon_rc rc = run(&instance, text, false, &plain), other = run(&instance, text, true, &uneven);
    require(rc == other && plain.hash == uneven.hash && plain.n_events == uneven.n_events);
    chat_config_finish(&config);
    return 0;
}
