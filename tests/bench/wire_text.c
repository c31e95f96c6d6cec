/* SPDX-License-Identifier: Apache-2.0 */
#include "wire_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <beacon-sdk/text.h>

/* Deltas as the servers send them, with everything in them that nobody reads. */
static const struct wire wires[] = {
    {"responses",
     "event: response.created\n"
     "data: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\","
     "\"model\":\"m\"}}\n\n"
     "event: response.output_item.added\n"
     "data: {\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":{\"id\":"
     "\"msg_68af0c5d2b1c8190a1b2c3d4e5f60718\",\"type\":\"message\",\"content\":[]}}\n\n",
     "event: response.output_item.done\n"
     "data: {\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":{\"id\":"
     "\"msg_68af0c5d2b1c8190a1b2c3d4e5f60718\",\"type\":\"message\",\"role\":\"assistant\","
     "\"content\":[{\"type\":\"output_text\",\"text\":\"x\"}]}}\n\n"
     "event: response.completed\n"
     "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"usage\":{"
     "\"input_tokens\":1,\"output_tokens\":1}}}\n\n",
     "event: response.output_text.delta\n"
     "data: {\"type\":\"response.output_text.delta\",\"item_id\":"
     "\"msg_68af0c5d2b1c8190a1b2c3d4e5f60718\",\"output_index\":0,\"content_index\":0,\"delta\":\"",
     "\",\"logprobs\":[]}\n\n"},
    {"chat",
     "data: "
     "{\"id\":\"chatcmpl-9xYzAbCdEfGhIjKlMnOpQrStUvWxY\",\"object\":\"chat.completion.chunk\","
     "\"created\":1760000000,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":"
     "\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n",
     "data: "
     "{\"id\":\"chatcmpl-9xYzAbCdEfGhIjKlMnOpQrStUvWxY\",\"object\":\"chat.completion.chunk\","
     "\"created\":1760000000,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},"
     "\"finish_reason\":\"stop\"}]}\n\n"
     "data: [DONE]\n\n",
     "data: "
     "{\"id\":\"chatcmpl-9xYzAbCdEfGhIjKlMnOpQrStUvWxY\",\"object\":\"chat.completion.chunk\","
     "\"created\":1760000000,\"model\":\"m\",\"system_fingerprint\":\"fp_1a2b3c4d5e\",\"choices\":["
     "{"
     "\"index\":0,\"delta\":{\"content\":\"",
     "\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n"},
    {"messages",
     "event: message_start\n"
     "data: "
     "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":"
     "\"assistant\",\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":1,"
     "\"output_tokens\":1}}}\n\n"
     "event: content_block_start\n"
     "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\","
     "\"text\":\"\"}}\n\n",
     "event: content_block_stop\n"
     "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
     "event: message_delta\n"
     "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":"
     "null},\"usage\":{\"output_tokens\":9}}\n\n"
     "event: message_stop\n"
     "data: {\"type\":\"message_stop\"}\n\n",
     "event: content_block_delta\n"
     "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
     "\"text\":\"",
     "\"}}\n\n"},
    {"gemini", "",
     "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"},"
     "\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":10,"
     "\"candidatesTokenCount\":5,\"totalTokenCount\":15},\"modelVersion\":\"m\",\"responseId\":"
     "\"xYz0aLq2Kc-9nsEPmJ2a8Ao\"}\r\n\r\n",
     "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"",
     "\"}],\"role\": \"model\"},\"index\": 0}],\"usageMetadata\": {\"promptTokenCount\": 10,"
     "\"candidatesTokenCount\": 5,\"totalTokenCount\": 15},\"modelVersion\": \"m\",\"responseId\": "
     "\"xYz0aLq2Kc-9nsEPmJ2a8Ao\"}\r\n\r\n"},
};

const struct wire *wire_find(const char *name)
{
    for (size_t i = 0; i < sizeof wires / sizeof wires[0]; i++) {
        if (strcmp(wires[i].name, name) == 0) {
            return &wires[i];
        }
    }
    return NULL;
}

static void *must_have(void *p)
{
    if (p == NULL) {
        (void)fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return p;
}

static char *add(char *to, const char *text)
{
    const size_t n = strlen(text);
    memcpy(to, text, n); /* NOLINT(bugprone-not-null-terminated-result): a stream has no NUL */
    return to + n;
}

/* A line of prose that differs from place to place; `n` bytes, no NUL. */
static void write_prose(char *to, size_t n, size_t seed)
{
    static const char letters[] = "the quick brown fox jumps over a lazy dog, and then it sleeps. ";
    for (size_t i = 0; i < n; i++) {
        to[i] = letters[(seed * 7 + i) % (sizeof letters - 1)];
    }
}

char *wire_stream(const struct wire *wire, size_t n, size_t *ret_n, size_t *ret_deltas)
{
    const size_t each = strlen(wire->before) + WIRE_DELTA_BYTES + strlen(wire->after);
    const size_t deltas = n / each + 1;
    char *stream =
        must_have(malloc(strlen(wire->head) + deltas * each + strlen(wire->tail) + 1)); /* NUL */
    char *to = add(stream, wire->head);
    for (size_t i = 0; i < deltas; i++) {
        to = add(to, wire->before);
        write_prose(to, WIRE_DELTA_BYTES, i);
        to = add(to + WIRE_DELTA_BYTES, wire->after);
    }
    to = add(to, wire->tail);
    *ret_n = (size_t)(to - stream);
    *ret_deltas = deltas;
    return stream;
}

/* ---- the conversation ---- */

static struct beacon_str prose(size_t n, size_t seed, bool has_lines)
{
    char *text = must_have(malloc(n));
    write_prose(text, n, seed);
    for (size_t i = 60; has_lines && i < n; i += 60) { /* what a command writes: lines, quotes */
        text[i] = i % 180 == 0 ? '"' : '\n';
    }
    return beacon_span(text, n);
}

static const struct beacon_message *message(uint32_t role, const struct beacon_part *part)
{
    struct beacon_message *m = must_have(calloc(1, sizeof *m));
    struct beacon_part *copy = must_have(calloc(1, sizeof *copy));
    const struct beacon_part **list = must_have(calloc(1, sizeof(void *)));
    *copy = *part;
    copy->struct_size = (uint32_t)sizeof *copy;
    list[0] = copy;
    m->struct_size = (uint32_t)sizeof *m;
    m->role = role;
    m->parts = list;
    m->n_parts = 1;
    return m;
}

static struct beacon_str call_id(size_t i)
{
    char *id = must_have(malloc(32));
    return beacon_span(id, (size_t)snprintf(id, 32, "call_%06zu", i));
}

static size_t add_turn(const struct beacon_message **to, size_t i)
{
    const struct beacon_part ask = {.type = BEACON_PART_TEXT, .text = prose(200, i, false)};
    const struct beacon_part call = {
        .type = BEACON_PART_TOOL_CALL,
        .call_id = call_id(i),
        .name = BEACON_STR("exec_command"),
        .text = BEACON_STR("{\"cmd\":\"rg --line-number 'struct beacon_' include\"}")};
    const struct beacon_part output = {
        .type = BEACON_PART_TOOL_RESULT, .call_id = call.call_id, .text = prose(4096, i, true)};
    const struct beacon_part answer = {.type = BEACON_PART_TEXT, .text = prose(600, i, true)};
    to[0] = message(BEACON_ROLE_USER, &ask);
    to[1] = message(BEACON_ROLE_ASSISTANT, &call);
    to[2] = message(BEACON_ROLE_TOOL, &output);
    to[3] = message(BEACON_ROLE_ASSISTANT, &answer);
    return 4;
}

const struct beacon_turn *wire_conversation(size_t n)
{
    static const struct beacon_tool tool = {
        .struct_size = sizeof tool,
        .name = {"exec_command", 12},
        .description = {"Run a command.", 14},
        .parameters = {"{\"type\":\"object\",\"properties\":{\"cmd\":{\"type\":\"string\"}}}", 56}};
    static const struct beacon_tool *const tools[] = {&tool};
    const struct beacon_part base = {.type = BEACON_PART_TEXT, .text = prose(4096, 0, true)};
    const struct beacon_part last = {.type = BEACON_PART_TEXT, .text = BEACON_STR("Go on.")};
    const struct beacon_message **messages = must_have(calloc(4 * n + 2, sizeof(void *)));
    struct beacon_turn *turn = must_have(calloc(1, sizeof *turn));
    size_t at = 0;
    messages[at++] = message(BEACON_ROLE_SYSTEM, &base);
    for (size_t i = 0; i < n; i++) {
        at += add_turn(messages + at, i);
    }
    messages[at++] = message(BEACON_ROLE_USER, &last);
    turn->struct_size = (uint32_t)sizeof *turn;
    turn->model = BEACON_STR("m");
    turn->session_id = BEACON_STR("0190a1b2-0000-7000-8000-000000000000");
    turn->attempt = 1;
    turn->messages = messages;
    turn->n_messages = at;
    turn->tools = tools;
    turn->n_tools = 1;
    turn->max_output_tokens = -1;
    turn->temperature = -1;
    return turn;
}
