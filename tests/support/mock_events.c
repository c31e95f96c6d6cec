/* SPDX-License-Identifier: Apache-2.0 */
#include "support/mock_events.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/utf8.h"

#define FRAME_MAX (256u << 20)
#define PLAIN     (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
#define USAGE                                                                                      \
    "{\"input_tokens\":100,\"input_tokens_details\":{\"cached_tokens\":20},\"output_tokens\":30,"  \
    "\"output_tokens_details\":{\"reasoning_tokens\":10},\"total_tokens\":130}"

/* JSON text of a string, with its quotes; the caller frees it. */
static char *quote_n(const char *text, size_t n)
{
    AUTO_JSON struct json_object *string = json_object_new_string_len(text, (int)n);
    return alloc_string(json_object_to_json_string_ext(string, PLAIN));
}

static char *quote(const char *text)
{
    return quote_n(text, strlen(text));
}

void events_finish(struct events *events)
{
    for (size_t i = 0; i < events->n; i++) {
        free(events->frames[i]);
    }
    free(events->frames);
    *events = (struct events){0};
}

static void add_frame(struct events *events, char *frame)
{
    if (events->n == events->capacity) {
        events->capacity = events->capacity * 2 + 16;
        events->frames = alloc_grow(events->frames, events->capacity, sizeof *events->frames);
    }
    events->frames[events->n++] = frame;
}

void events_add(struct events *events, const char *type, const char *format, ...)
{
    AUTO_TEXT struct text frame;
    text_init(&frame, FRAME_MAX);
    va_list args;
    va_start(args, format);
    char *members = NULL;
    int len = vasprintf(&members, format, args);
    va_end(args);
    if (len < 0) {
        abort();
    }
    (void)text_addf(&frame, "event: %s\ndata: {\"type\":\"%s\",\"sequence_number\":%u%s", type,
                    type, events->sequence++, len > 0 ? "," : "");
    (void)text_add(&frame, members, (size_t)len);
    (void)text_add_string(&frame, "}\n\n");
    free(members);
    add_frame(events, text_take(&frame));
}

void events_add_array(struct events *events, struct json_object *array)
{
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        struct json_object *event = json_object_array_get_idx(array, i);
        if (json_object_is_type(event, json_type_string)) {
            add_frame(events, alloc_string(json_object_get_string(event)));
        } else {
            add_frame(events, alloc_printf("event: %s\ndata: %s\n\n",
                                           json_string_of(event, "type", "message"),
                                           json_object_to_json_string_ext(event, PLAIN)));
        }
    }
}

void events_begin(struct events *events)
{
    events_add(
        events, "response.created",
        "\"response\":{\"id\":\"resp_%u\",\"object\":\"response\",\"status\":\"in_progress\","
        "\"model\":\"mock\",\"output\":[]}",
        events->number);
}

void events_complete(struct events *events, struct json_object *reply)
{
    struct json_object *usage = json_member(reply, "usage");
    events_add(events, "response.completed",
               "\"response\":{\"id\":\"resp_%u\",\"object\":\"response\",\"status\":\"completed\","
               "\"model\":\"mock\",\"output\":[],\"usage\":%s}",
               events->number,
               usage != NULL ? json_object_to_json_string_ext(usage, PLAIN) : USAGE);
}

void events_open_message(struct events *events)
{
    events_add(events, "response.output_item.added",
               "\"output_index\":%u,\"item\":{\"id\":\"msg_%u_%u\",\"type\":\"message\","
               "\"status\":\"in_progress\",\"role\":\"assistant\",\"content\":[]}",
               events->index, events->number, events->index);
    events_add(events, "response.content_part.added",
               "\"item_id\":\"msg_%u_%u\",\"output_index\":%u,\"content_index\":0,"
               "\"part\":{\"type\":\"output_text\",\"text\":\"\",\"annotations\":[]}",
               events->number, events->index, events->index);
}

void delta_frame_init(struct delta_frame *frame, const struct events *events, const char *text,
                      size_t n)
{
    frame->before = alloc_string("event: response.output_text.delta\ndata: "
                                 "{\"type\":\"response.output_text.delta\",\"sequence_number\":");
    frame->after = alloc_printf(",\"item_id\":\"msg_%u_%u\",\"output_index\":%u,"
                                "\"content_index\":0,\"delta\":\"%.*s\"}\n\n",
                                events->number, events->index, events->index, (int)n, text);
    frame->before_len = strlen(frame->before);
    frame->after_len = strlen(frame->after);
}

void delta_frame_finish(struct delta_frame *frame)
{
    free(frame->before);
    free(frame->after);
    *frame = (struct delta_frame){0};
}

void delta_frame_write(const struct delta_frame *frame, struct events *events, struct text *out)
{
    char digits[16];
    size_t n = sizeof digits;
    for (unsigned left = events->sequence++; n == sizeof digits || left > 0; left /= 10) {
        digits[--n] = (char)('0' + left % 10);
    }
    (void)text_add(out, frame->before, frame->before_len);
    (void)text_add(out, digits + n, sizeof digits - n);
    (void)text_add(out, frame->after, frame->after_len);
}

void events_close_message(struct events *events, const char *quoted_text)
{
    events_add(events, "response.output_text.done",
               "\"item_id\":\"msg_%u_%u\",\"output_index\":%u,\"content_index\":0,\"text\":%s",
               events->number, events->index, events->index, quoted_text);
    events_add(events, "response.output_item.done",
               "\"output_index\":%u,\"item\":{\"id\":\"msg_%u_%u\",\"type\":\"message\","
               "\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":"
               "\"output_text\",\"text\":%s,\"annotations\":[]}]}",
               events->index, events->number, events->index, quoted_text);
    events->index++;
}

static void add_message(struct events *events, const char *text, size_t delta)
{
    size_t n = strlen(text), from = 0;
    events_open_message(events);
    while (from < n) {
        size_t len = n - from <= delta ? n - from : utf8_cut(text + from, delta);
        len = len > 0 ? len : delta; /* not UTF-8: cut anywhere */
        AUTO_FREE char *piece = quote_n(text + from, len);
        events_add(events, "response.output_text.delta",
                   "\"item_id\":\"msg_%u_%u\",\"output_index\":%u,\"content_index\":0,"
                   "\"delta\":%s",
                   events->number, events->index, events->index, piece);
        from += len;
    }
    AUTO_FREE char *quoted = quote(text);
    events_close_message(events, quoted);
}

static void add_reasoning(struct events *events, struct json_object *reasoning)
{
    AUTO_FREE char *summary = quote(json_string_of(reasoning, "summary", "Thinking."));
    AUTO_FREE char *encrypted = quote(json_string_of(reasoning, "encrypted_content", "c2VjcmV0"));
    unsigned n = events->number, i = events->index++;
    events_add(events, "response.output_item.added",
               "\"output_index\":%u,\"item\":{\"id\":\"rs_%u_%u\",\"type\":\"reasoning\","
               "\"summary\":[]}",
               i, n, i);
    events_add(events, "response.reasoning_summary_part.added",
               "\"item_id\":\"rs_%u_%u\",\"output_index\":%u,\"summary_index\":0,"
               "\"part\":{\"type\":\"summary_text\",\"text\":\"\"}",
               n, i, i);
    events_add(events, "response.reasoning_summary_text.delta",
               "\"item_id\":\"rs_%u_%u\",\"output_index\":%u,\"summary_index\":0,\"delta\":%s", n,
               i, i, summary);
    events_add(events, "response.output_item.done",
               "\"output_index\":%u,\"item\":{\"id\":\"rs_%u_%u\",\"type\":\"reasoning\","
               "\"summary\":[{\"type\":\"summary_text\",\"text\":%s}],\"encrypted_content\":%s}",
               i, n, i, summary, encrypted);
}

/* How the two kinds of tool call differ on the wire. */
struct call_kind {
    const char *type, *id_prefix, *payload, *delta_event, *done_event;
};

static const struct call_kind function_kind = {"function_call", "fc", "arguments",
                                               "response.function_call_arguments.delta",
                                               "response.function_call_arguments.done"};
static const struct call_kind custom_kind = {"custom_tool_call", "ctc", "input",
                                             "response.custom_tool_call_input.delta",
                                             "response.custom_tool_call_input.done"};

/* A string is taken as it is, an object as its JSON text. */
static char *quoted_payload(struct json_object *call, const char *key)
{
    struct json_object *payload = json_member(call, key);
    if (payload == NULL) {
        return quote("{}");
    }
    return json_object_is_type(payload, json_type_string)
               ? quote(json_object_get_string(payload))
               : quote(json_object_to_json_string_ext(payload, PLAIN));
}

static void add_call(struct events *events, const struct call_kind *kind, struct json_object *call)
{
    unsigned n = events->number, i = events->index++;
    AUTO_FREE char *payload = quoted_payload(call, kind->payload);
    AUTO_FREE char *made_id = alloc_printf("call_%u_%u", n, i);
    AUTO_FREE char *call_id = quote(json_string_of(call, "call_id", made_id));
    AUTO_FREE char *name = quote(json_string_of(call, "name", ""));
    AUTO_FREE char *item =
        alloc_printf("\"id\":\"%s_%u_%u\",\"type\":\"%s\",\"call_id\":%s,\"name\":%s",
                     kind->id_prefix, n, i, kind->type, call_id, name);
    events_add(events, "response.output_item.added",
               "\"output_index\":%u,\"item\":{%s,\"status\":\"in_progress\",\"%s\":\"\"}", i, item,
               kind->payload);
    events_add(events, kind->delta_event,
               "\"item_id\":\"%s_%u_%u\",\"output_index\":%u,\"delta\":%s", kind->id_prefix, n, i,
               i, payload);
    events_add(events, kind->done_event, "\"item_id\":\"%s_%u_%u\",\"output_index\":%u,\"%s\":%s",
               kind->id_prefix, n, i, i, kind->payload, payload);
    events_add(events, "response.output_item.done",
               "\"output_index\":%u,\"item\":{%s,\"status\":\"completed\",\"%s\":%s}", i, item,
               kind->payload, payload);
}

static void add_calls(struct events *events, const struct call_kind *kind,
                      struct json_object *calls)
{
    size_t n = calls != NULL ? json_object_array_length(calls) : 0;
    for (size_t i = 0; i < n; i++) {
        add_call(events, kind, json_object_array_get_idx(calls, i));
    }
}

void events_add_items(struct events *events, struct json_object *reply)
{
    struct json_object *reasoning = json_member(reply, "reasoning");
    const char *text = json_string_of(reply, "text", NULL);
    if (reasoning != NULL) {
        add_reasoning(events, reasoning);
    }
    if (text != NULL) {
        int64_t delta = json_int_of(reply, "delta", 16);
        add_message(events, text, delta > 0 ? (size_t)delta : 16);
    }
    add_calls(events, &function_kind, json_member(reply, "calls"));
    add_calls(events, &custom_kind, json_member(reply, "custom"));
}
