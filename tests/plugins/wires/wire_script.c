/* SPDX-License-Identifier: Apache-2.0 */
#include "wire_script.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char frames[WIRE_FRAMES_MAX][2048];
static size_t n_frames;

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(frames[n_frames++], sizeof frames[0], format, args);
    va_end(args);
}

static size_t hand_out(const char *ret[WIRE_FRAMES_MAX])
{
    const size_t n = n_frames;
    for (size_t i = 0; i < n; i++) {
        ret[i] = frames[i];
    }
    n_frames = 0;
    return n;
}

#define ITEM "{\"type\":\"response.output_item.done\",\"output_index\":%d,\"item\":{"

static size_t answer_responses(int i, int calls, const char *ret[WIRE_FRAMES_MAX])
{
    add("{\"type\":\"response.created\",\"response\":{\"id\":\"resp_%d\",\"model\":\"m\"}}", i);
    add(ITEM "\"type\":\"reasoning\", \"id\":\"rs_%d\",\"summary\":[{\"type\":\"summary_text\","
             "\"text\":\"Thought %d\"}],\"encrypted_content\":\"e\\/%d==\"}}",
        0, i, i, i);
    add(ITEM "\"type\":\"message\",\"id\":\"msg_%d\",\"role\":\"assistant\",\"content\":[{\"type\":"
             "\"output_text\",\"text\":\"Words %d \\u20ac\"}]}}",
        1, i, i);
    if (calls > 0) {
        add(ITEM "\"type\":\"function_call\",\"id\":\"fc_%d\",\"call_id\":\"call_%d_0\",\"name\":"
                 "\"exec_command\",\"arguments\":\"{ \\\"cmd\\\":\\\"ls %d\\\"}\"}}",
            2, i, i, i);
    }
    if (calls > 1) {
        add(ITEM
            "\"type\":\"custom_tool_call\",\"id\":\"ctc_%d\",\"call_id\":\"call_%d_1\",\"name\":"
            "\"apply_patch\",\"input\":\"*** Begin %d\\n\"}}",
            3, i, i, i);
    }
    add("{\"type\":\"response.completed\",\"response\":{\"id\":\"resp_%d\",\"usage\":{"
        "\"input_tokens\":1,\"output_tokens\":1}}}",
        i);
    return hand_out(ret);
}

#define CHUNK "{\"id\":\"c%d\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{"
#define CALL                                                                                       \
    "\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":%d,\"id\":\"call_%d_%d\",\"type\":"         \
    "\"function\",\"function\":{\"name\":\"%s\",\"arguments\":\"%s\"}}]},\"finish_reason\":null}]" \
    "}"

static size_t answer_chat(int i, int calls, const char *ret[WIRE_FRAMES_MAX])
{
    char arguments[128];
    add(CHUNK "\"index\":0,\"delta\":{\"role\":\"assistant\",\"reasoning\":\"Thought %d\"},"
              "\"finish_reason\":null}]}",
        i, i);
    add(CHUNK "\"index\":0,\"delta\":{\"content\":\"Words %d \\u20ac\"},\"finish_reason\":null}]}",
        i, i);
    if (calls > 0) {
        (void)snprintf(arguments, sizeof arguments, "{ \\\"cmd\\\":\\\"ls %d\\\"}", i);
        add(CHUNK CALL, i, 0, i, 0, "exec_command", arguments);
    }
    if (calls > 1) {
        (void)snprintf(arguments, sizeof arguments, "{\\\"input\\\": \\\"*** Begin %d\\\\n\\\"}",
                       i);
        add(CHUNK CALL, i, 1, i, 1, "apply_patch", arguments);
    }
    add(CHUNK "\"index\":0,\"delta\":{},\"finish_reason\":\"%s\"}]}", i,
        calls > 0 ? "tool_calls" : "stop");
    add("[DONE]");
    return hand_out(ret);
}

#define START "{\"type\":\"content_block_start\",\"index\":%d,\"content_block\":"
#define DELTA "{\"type\":\"content_block_delta\",\"index\":%d,\"delta\":"

static void add_use(int i, int call, const char *name, const char *json)
{
    const int index = 2 + call;
    add(START "{\"type\":\"tool_use\",\"id\":\"call_%d_%d\",\"name\":\"%s\",\"input\":{}}}", index,
        i, call, name);
    add(DELTA "{\"type\":\"input_json_delta\",\"partial_json\":\"%s\"}}", index, json);
    add("{\"type\":\"content_block_stop\",\"index\":%d}", index);
}

static size_t answer_messages(int i, int calls, const char *ret[WIRE_FRAMES_MAX])
{
    char json[128];
    add("{\"type\":\"message_start\",\"message\":{\"id\":\"msg_%d\",\"type\":\"message\",\"role\":"
        "\"assistant\",\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":1}}}",
        i);
    add(START "{\"type\":\"thinking\",\"thinking\":\"Thought %d\",\"signature\":\"\"}}", 0, i);
    add(DELTA "{\"type\":\"signature_delta\",\"signature\":\"s\\/%d==\"}}", 0, i);
    add("{\"type\":\"content_block_stop\",\"index\":0}");
    add(START "{\"type\":\"text\",\"text\":\"\"}}", 1);
    add(DELTA "{\"type\":\"text_delta\",\"text\":\"Words %d \\u20ac\"}}", 1, i);
    add("{\"type\":\"content_block_stop\",\"index\":1}");
    if (calls > 0) {
        (void)snprintf(json, sizeof json, "{ \\\"cmd\\\":\\\"ls %d\\\"}", i);
        add_use(i, 0, "exec_command", json);
    }
    if (calls > 1) {
        (void)snprintf(json, sizeof json, "{\\\"input\\\": \\\"*** Begin %d\\\\n\\\"}", i);
        add_use(i, 1, "apply_patch", json);
    }
    add("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"%s\"},\"usage\":{"
        "\"output_tokens\":9}}",
        calls > 0 ? "tool_use" : "end_turn");
    add("{\"type\":\"message_stop\"}");
    return hand_out(ret);
}

#define PARTS "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":["

static size_t answer_gemini(int i, int calls, const char *ret[WIRE_FRAMES_MAX])
{
    add(PARTS "{\"text\":\"Thought %d\",\"thought\":true}]}}]}", i);
    add(PARTS "{\"text\":\"Words %d \\u20ac\"}]}}]}", i);
    if (calls > 0) {
        add(PARTS "{\"functionCall\":{\"name\":\"exec_command\",\"args\":{ \"cmd\":\"ls %d\"}},"
                  "\"thoughtSignature\":\"s\\/%d==\"}]}}]}",
            i, i);
    }
    if (calls > 1) {
        add(PARTS "{\"functionCall\":{\"name\":\"apply_patch\",\"args\":{\"input\": "
                  "\"*** Begin %d\\n\"}}}]}}]}",
            i);
    }
    add("{\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":1,"
        "\"candidatesTokenCount\":1,\"totalTokenCount\":2}}");
    return hand_out(ret);
}

const struct wire_script *wire_script_find(const char *plugin)
{
    static const struct wire_script scripts[] = {
        {"provider_responses", "input", answer_responses},
        {"provider_chat", "messages", answer_chat},
        {"provider_messages", "messages", answer_messages},
        {"provider_gemini", "contents", answer_gemini},
    };
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        if (strcmp(scripts[i].plugin, plugin) == 0) {
            return &scripts[i];
        }
    }
    return NULL;
}
