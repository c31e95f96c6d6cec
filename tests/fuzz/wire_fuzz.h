/* SPDX-License-Identifier: Apache-2.0
 *
 * wire_fuzz.h - the fuzzer of a provider plugin's answers: each line of the input is one frame. The events must
 * keep the host's grammar, and what became durable must make a next request that is JSON. Included once, by a
 * file that has included the plugin's headers and defines WIRE(name), what its functions are called.
 */
#ifndef TESTS_FUZZ_WIRE_FUZZ_H
#define TESTS_FUZZ_WIRE_FUZZ_H

#include "heard.h"

#define CONFIG "{\"base_url\":\"http://127.0.0.1:1\"}"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct beacon_exchange *open_with(struct WIRE(instance) * instance,
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
    must(WIRE(open)(instance, &turn, &x, NULL) == BEACON_OK);
    return x;
}

static void answer(struct WIRE(instance) * instance, const uint8_t *data, size_t size,
                   struct heard *heard)
{
    const struct beacon_events sink = {.struct_size = sizeof sink, .ctx = heard, .emit = hear};
    const struct beacon_http_response response = {.struct_size = sizeof response, .status = 200};
    struct beacon_action action = {.struct_size = sizeof action};
    struct beacon_exchange *x = open_with(instance, NULL, 0);
    beacon_rc rc = WIRE(poll)(x, &action, NULL);
    rc = rc == BEACON_OK ? WIRE(on_response)(x, &response, &sink, NULL) : rc;
    for (size_t at = 0; rc == BEACON_OK && at < size;) {
        const uint8_t *stop = memchr(data + at, '\n', size - at);
        const size_t n = stop != NULL ? (size_t)(stop - data) - at : size - at;
        rc = WIRE(on_frame)(x, beacon_text(""), (struct beacon_bytes){data + at, n}, &sink, NULL);
        at += n + 1;
    }
    rc = rc == BEACON_OK ? WIRE(on_end)(x, BEACON_END_OK, &sink, NULL) : rc;
    must((rc == BEACON_OK) == heard->is_finished);
    struct beacon_verdict verdict = {.struct_size = sizeof verdict};
    WIRE(judge)(x, &verdict);
    WIRE(close)(x);
}

/* What was kept, as the history of the next request. */
static void ask_again(struct WIRE(instance) * instance, const struct heard *heard)
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
    must(WIRE(poll)(x, &action, NULL) == BEACON_OK);
    const struct beacon_str body =
        beacon_span((const char *)action.http->body.p, action.http->body.n);
    must(beacon_utf8_is_valid(body));
    must(is_deep(heard) || beacon_json_is_whole(body, '{'));
    WIRE(close)(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct WIRE(config) config;
    struct WIRE(instance) instance = {.config = &config};
    struct heard *heard = calloc(1, sizeof *heard);
    must(heard != NULL && WIRE(config_parse)(beacon_text(CONFIG), &config, NULL) == BEACON_OK);
    answer(&instance, data, size, heard);
    ask_again(&instance, heard);
    forget(heard);
    free(heard);
    WIRE(config_finish)(&config);
    return 0;
}

#endif
