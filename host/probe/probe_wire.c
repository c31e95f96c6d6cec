/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/probe_wire.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"

#define MODEL_MARK "$MODEL"
#define PARAMETERS                                                                                 \
    "{\"type\":\"object\",\"properties\":{\"word\":{\"type\":\"string\"}},\"required\":[\"word\"]" \
    "}"
#define PROMPT "Call the tool probe with the word ok. Say nothing else."
#define TOKENS "256"

static const char responses_body[] =
    "{\"model\":$MODEL,\"input\":[{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":"
    "\"input_text\",\"text\":\"" PROMPT "\"}]}],\"tools\":[{\"type\":\"function\",\"name\":"
    "\"probe\",\"description\":\"Takes a word.\",\"strict\":false,\"parameters\":" PARAMETERS
    "}],\"tool_choice\":\"auto\",\"store\":false,\"stream\":true,\"max_output_tokens\":" TOKENS "}";

static const char messages_body[] =
    "{\"model\":$MODEL,\"max_tokens\":" TOKENS ",\"messages\":[{\"role\":\"user\",\"content\":"
    "\"" PROMPT "\"}],\"tools\":[{\"name\":\"probe\",\"description\":\"Takes a word.\","
    "\"input_schema\":" PARAMETERS "}],\"stream\":true}";

static const char gemini_body[] =
    "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"" PROMPT "\"}]}],\"tools\":["
    "{\"functionDeclarations\":[{\"name\":\"probe\",\"description\":\"Takes a word.\","
    "\"parameters\":" PARAMETERS "}]}],\"generationConfig\":{\"maxOutputTokens\":" TOKENS "}}";

#define CHAT_BODY(more_)                                                                           \
    "{\"model\":$MODEL,\"messages\":[{\"role\":\"user\",\"content\":\"" PROMPT "\"}],\"tools\":["  \
    "{\"type\":\"function\",\"function\":{\"name\":\"probe\",\"description\":\"Takes a word.\","   \
    "\"parameters\":" PARAMETERS "}}],\"stream\":true" more_ ",\"max_tokens\":" TOKENS "}"

static const char chat_body[] = CHAT_BODY(",\"stream_options\":{\"include_usage\":true}");
static const char plain_chat_body[] = CHAT_BODY("");

static struct json_object *at(struct json_object *array, size_t i)
{
    bool is_array = array != NULL && json_object_is_type(array, json_type_array);
    return is_array && i < json_object_array_length(array) ? json_object_array_get_idx(array, i)
                                                           : NULL;
}

/* A member of an object that may be missing, or be something else. */
static struct json_object *of(struct json_object *object, const char *key)
{
    bool is_object = object != NULL && json_object_is_type(object, json_type_object);
    return is_object ? json_member(object, key) : NULL;
}

static const char *word(struct json_object *object, const char *key)
{
    struct json_object *value = of(object, key);
    return value != NULL && json_object_is_type(value, json_type_string)
               ? json_object_get_string(value)
               : "";
}

static void note_usage(struct probe_wire *wire, struct json_object *usage)
{
    wire->has_usage |= usage != NULL && json_object_is_type(usage, json_type_object);
}

static void see_responses(void *ctx, struct json_object *event)
{
    struct probe_wire *wire = ctx;
    const char *type = word(event, "type");
    struct json_object *item = of(event, "item");
    wire->is_spoken |= strncmp(type, "response.", strlen("response.")) == 0;
    if (strcmp(type, "response.function_call_arguments.delta") == 0) {
        wire->n_pieces++;
    } else if (strcmp(type, "response.output_item.done") == 0 &&
               strcmp(word(item, "type"), "function_call") == 0) {
        wire->has_call = true;
        wire->has_id |= word(item, "call_id")[0] != '\0';
    } else if (strcmp(type, "response.completed") == 0) {
        note_usage(wire, of(of(event, "response"), "usage"));
    }
}

static void see_messages(void *ctx, struct json_object *event)
{
    struct probe_wire *wire = ctx;
    const char *type = word(event, "type");
    struct json_object *block = of(event, "content_block");
    wire->is_spoken |= strcmp(type, "message_start") == 0;
    note_usage(wire, of(of(event, "message"), "usage"));
    note_usage(wire, of(event, "usage"));
    if (strcmp(word(block, "type"), "tool_use") == 0) {
        wire->has_call = true;
        wire->has_id |= word(block, "id")[0] != '\0';
    }
    if (strcmp(word(of(event, "delta"), "type"), "input_json_delta") == 0) {
        wire->n_pieces++;
    }
}

static void see_gemini(void *ctx, struct json_object *event)
{
    struct probe_wire *wire = ctx;
    struct json_object *candidates = of(event, "candidates");
    struct json_object *parts = of(of(at(candidates, 0), "content"), "parts");
    wire->is_spoken |= candidates != NULL;
    note_usage(wire, of(event, "usageMetadata"));
    for (size_t i = 0; at(parts, i) != NULL; i++) {
        struct json_object *call = of(at(parts, i), "functionCall");
        if (call != NULL) {
            wire->has_call = true;
            wire->n_pieces++;
            wire->has_id |= word(call, "id")[0] != '\0';
        }
    }
}

static void see_chat(void *ctx, struct json_object *event)
{
    struct probe_wire *wire = ctx;
    struct json_object *choices = of(event, "choices");
    struct json_object *delta = of(at(choices, 0), "delta");
    struct json_object *call = at(of(delta, "tool_calls"), 0);
    wire->is_spoken |= choices != NULL && json_object_is_type(choices, json_type_array);
    note_usage(wire, of(event, "usage"));
    wire->reasons_as[0] |= word(delta, "reasoning")[0] != '\0';
    wire->reasons_as[1] |= word(delta, "reasoning_content")[0] != '\0';
    if (call != NULL) {
        wire->has_call = true;
        wire->n_pieces += word(of(call, "function"), "arguments")[0] != '\0';
        wire->has_id |= word(call, "id")[0] != '\0';
    }
}

struct wire_row {
    const char *name, *path; /* the path may have a model in it */
    const char *body;
    enum probe_style style;
    void (*see)(void *ctx, struct json_object *event);
};

static const struct wire_row rows[] = {
    [PROBE_RESPONSES] = {"responses", "responses", responses_body, PROBE_BEARER, see_responses},
    [PROBE_MESSAGES] = {"messages", "messages", messages_body, PROBE_X_API_KEY, see_messages},
    [PROBE_GEMINI] = {"gemini", "models/" MODEL_MARK ":streamGenerateContent?alt=sse", gemini_body,
                      PROBE_X_GOOG, see_gemini},
    [PROBE_CHAT] = {"chat", "chat/completions", chat_body, PROBE_BEARER, see_chat},
};

/* The text with the model instead of its mark. */
static char *with_model(const char *text, const char *model)
{
    const char *mark = strstr(text, MODEL_MARK);
    return mark == NULL ? alloc_string(text)
                        : alloc_printf("%.*s%s%s", (int)(mark - text), text, model,
                                       mark + strlen(MODEL_MARK));
}

static void judge(const struct probe_answer *answer, struct probe_wire *wire)
{
    wire->status = answer->status;
    wire->wants_key = answer->status == 401 || answer->status == 403;
    if (!wire->is_spoken) {
        probe_answer_reason(answer, wire->reason, sizeof wire->reason);
    }
    if (!wire->is_spoken && wire->reason[0] == '\0') {
        bool is_good = answer->status >= 200 && answer->status < 300;
        (void)snprintf(wire->reason, sizeof wire->reason, "%s",
                       is_good ? "what it sent is not of this wire" : "it is not there");
    }
}

static int try_once(const struct probe_request *request, const char *url, const char *body,
                    const struct wire_row *row, struct probe_wire *wire, struct beacon_error *err)
{
    const struct probe_ask ask = {
        .url = url, .body = body, .style = wire->style, .on_event = row->see, .ctx = wire};
    struct probe_answer answer;
    int rc = probe_ask(request, &ask, &answer, err);
    if (rc == BEACON_OK) {
        judge(&answer, wire);
    }
    probe_answer_finish(&answer);
    return rc;
}

static bool is_refused(const struct probe_wire *wire)
{
    return wire->status == 400 || wire->status == 422;
}

int probe_wire_try(const struct probe_request *request, const char *base_url, const char *model,
                   enum probe_wire_name which, struct probe_wire *ret, struct beacon_error *err)
{
    const struct wire_row *row = &rows[which];
    AUTO_JSON struct json_object *quoted = json_object_new_string(model);
    const char *name = json_object_to_json_string_ext(quoted, JSON_C_TO_STRING_PLAIN |
                                                                  JSON_C_TO_STRING_NOSLASHESCAPE);
    AUTO_FREE char *path = with_model(row->path, model);
    AUTO_FREE char *url = alloc_printf("%s/%s", base_url, path);
    AUTO_FREE char *body = with_model(row->body, name);
    *ret = (struct probe_wire){.name = row->name, .style = row->style};
    int rc = try_once(request, url, body, row, ret, err);
    if (rc == BEACON_OK && ret->wants_key && request->key != NULL && row->style != PROBE_BEARER) {
        ret->style = PROBE_BEARER; /* as gateways take it for every wire */
        rc = try_once(request, url, body, row, ret, err);
    }
    ret->usage_is_asked = which == PROBE_CHAT && ret->has_usage;
    if (rc == BEACON_OK && which == PROBE_CHAT && !ret->is_spoken && is_refused(ret)) {
        AUTO_FREE char *plain = with_model(plain_chat_body, name);
        rc = try_once(request, url, plain, row, ret, err);
    }
    return rc;
}

static void put(struct json_object *object, const char *key, const char *value)
{
    (void)json_object_object_add(object, key, json_object_new_string(value));
}

struct json_object *probe_wire_json(const struct probe_wire *wire)
{
    struct json_object *object = json_object_new_object();
    put(object, "wire", wire->name);
    (void)json_object_object_add(object, "answers", json_object_new_boolean(wire->is_spoken));
    (void)json_object_object_add(object, "status", json_object_new_int(wire->status));
    if (!wire->is_spoken) {
        (void)json_object_object_add(object, "wants_key", json_object_new_boolean(wire->wants_key));
        put(object, "reason", wire->reason);
        return object;
    }
    put(object, "tool_call", !wire->has_call ? "none" : wire->n_pieces > 1 ? "fragments" : "whole");
    (void)json_object_object_add(object, "tool_call_id", json_object_new_boolean(wire->has_id));
    put(object, "usage",
        !wire->has_usage       ? "none"
        : wire->usage_is_asked ? "stream_options"
                               : "always");
    if (wire->reasons_as[0] || wire->reasons_as[1]) {
        put(object, "reasoning", wire->reasons_as[0] ? "reasoning" : "reasoning_content");
    }
    return object;
}
