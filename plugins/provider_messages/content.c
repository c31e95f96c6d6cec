/* SPDX-License-Identifier: Apache-2.0 */
#include "content.h"

#include <beacon-sdk/json_string.h>
#include <beacon-sdk/sized.h>

#define ID_MAX 128u /* bytes of a call's id */

void messages_end_block(struct beacon_json_out *out, bool has_breakpoint)
{
    if (has_breakpoint) {
        beacon_json_key(out, "cache_control");
        beacon_json_put_raw(out, BEACON_STR("{\"type\":\"ephemeral\"}"));
    }
    beacon_json_end_object(out);
}

static void begin_block(struct beacon_json_out *out, const char *type)
{
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "type", beacon_text(type));
}

static void put_text(struct beacon_json_out *out, struct beacon_str text, bool has_breakpoint)
{
    begin_block(out, "text");
    beacon_json_put_member(out, "text", text);
    messages_end_block(out, has_breakpoint);
}

/* ---- pictures and documents ---- */

static const char data_scheme[] = "data:";

/* data:TYPE;base64,BYTES is how the history keeps a picture; the API wants the two by themselves. */
static bool split_data_url(struct beacon_str url, struct beacon_str *ret_type,
                           struct beacon_str *ret_base64)
{
    static const char mark[] = ";base64,";
    const size_t from = sizeof data_scheme - 1, n = sizeof mark - 1;
    if (!beacon_span_starts(url, data_scheme)) {
        return false;
    }
    for (size_t i = from; i + n <= url.n && i < from + 128; i++) {
        if (memcmp(url.p + i, mark, n) == 0) {
            *ret_type = beacon_span(url.p + from, i - from);
            *ret_base64 = beacon_span(url.p + i + n, url.n - i - n);
            return true;
        }
    }
    return false;
}

/* A blob as the API sees it. */
struct source {
    struct beacon_str type;
    struct beacon_str base64, url; /* one of them, or neither: bytes */
};

static struct source source_of(const struct beacon_part *part)
{
    struct source source = {.type = part->media_type, .url = part->url};
    if (split_data_url(part->url, &source.type, &source.base64)) {
        source.url = beacon_span(NULL, 0);
    }
    if (source.type.n == 0) {
        source.type = BEACON_STR("image/png");
    }
    return source;
}

static void put_source(struct beacon_json_out *out, const struct source *source,
                       const struct beacon_part *part)
{
    beacon_json_key(out, "source");
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "type",
                           source->url.n > 0 ? BEACON_STR("url") : BEACON_STR("base64"));
    if (source->url.n > 0) {
        beacon_json_put_member(out, "url", source->url);
    } else {
        beacon_json_put_member(out, "media_type", source->type);
        beacon_json_key(out, "data");
        if (source->base64.n > 0) {
            beacon_json_put_str(out, source->base64);
        } else {
            beacon_json_put_base64(out, BEACON_STR(""), part->blob);
        }
    }
    beacon_json_end_object(out);
}

static void put_blob(struct beacon_json_out *out, const struct beacon_part *part,
                     bool has_breakpoint)
{
    const struct source source = source_of(part);
    const bool is_image = beacon_span_starts(source.type, "image/");
    if (!is_image && !beacon_span_is(source.type, "application/pdf")) {
        put_text(out, BEACON_STR("(a file of a type that this model cannot be sent)"),
                 has_breakpoint);
        return;
    }
    begin_block(out, is_image ? "image" : "document");
    put_source(out, &source, part);
    messages_end_block(out, has_breakpoint);
}

/* ---- calls and results ---- */

/* An id that the API would refuse, made by another provider, becomes another that is as unique. */
static void put_id(struct beacon_json_out *out, const char *key, struct beacon_str id)
{
    char buffer[BEACON_TOOL_NAME_MAX];
    bool is_allowed = id.n > 0 && id.n <= ID_MAX;
    for (size_t i = 0; i < id.n && is_allowed; i++) {
        is_allowed = beacon_names_is_allowed(id.p[i]);
    }
    beacon_json_put_member(out, key,
                           is_allowed ? id : beacon_tool_name_of(beacon_span(NULL, 0), id, buffer));
}

/* Arguments that are no JSON object still must go back as one. */
static void put_input(struct beacon_json_out *out, const struct beacon_part *part)
{
    const bool is_freeform = (part->flags & BEACON_PART_FREEFORM) != 0;
    if (!is_freeform && beacon_span_is_blank(part->text)) {
        beacon_json_put_raw(out, BEACON_STR("{}"));
    } else if (!is_freeform && beacon_json_is_whole(part->text, '{') &&
               beacon_utf8_is_valid(part->text)) {
        beacon_json_put_raw(out, part->text);
    } else {
        beacon_json_begin_object(out);
        beacon_json_put_member(out, is_freeform ? "input" : "INVALID_JSON", part->text);
        beacon_json_end_object(out);
    }
}

static void put_call(struct beacon_json_out *out, const struct beacon_part *part,
                     const struct beacon_tool_names *names)
{
    char buffer[BEACON_TOOL_NAME_MAX];
    begin_block(out, "tool_use");
    put_id(out, "id", part->call_id);
    beacon_json_put_member(out, "name",
                           beacon_tool_names_wire(names, part->ns, part->name, buffer));
    beacon_json_key(out, "input");
    put_input(out, part);
    messages_end_block(out, false);
}

static void put_result_content(struct beacon_json_out *out, const struct messages_step *step)
{
    if (step->n_blobs == 0) {
        const bool is_empty = beacon_span_is_blank(step->part.text);
        /* The API refuses an error that says nothing. */
        beacon_json_put_str(out, is_empty && (step->part.flags & BEACON_PART_ERROR) != 0
                                     ? BEACON_STR("(no output)")
                                     : step->part.text);
        return;
    }
    beacon_json_begin_array(out);
    if (!beacon_span_is_blank(step->part.text)) {
        put_text(out, step->part.text, false);
    }
    for (size_t i = 0; i < step->n_blobs; i++) {
        struct beacon_part blob;
        BEACON_COPY_IN(blob, step->blobs[i]);
        put_blob(out, &blob, false);
    }
    beacon_json_end_array(out);
}

static void put_result(struct beacon_json_out *out, const struct messages_step *step,
                       bool has_breakpoint)
{
    if (!step->is_taken) { /* nobody called: all that can be done with it is to show it */
        put_text(out,
                 beacon_span_is_blank(step->part.text) ? BEACON_STR("(no output)")
                                                       : step->part.text,
                 has_breakpoint);
        return;
    }
    begin_block(out, "tool_result");
    put_id(out, "tool_use_id", step->part.call_id);
    beacon_json_key(out, "content");
    put_result_content(out, step);
    if ((step->part.flags & BEACON_PART_ERROR) != 0) {
        beacon_json_key(out, "is_error");
        beacon_json_put_bool(out, true);
    }
    messages_end_block(out, has_breakpoint);
}

/* ---- messages ---- */

static bool goes_back_as_it_came(const struct messages_step *step)
{
    return step->role == BEACON_ROLE_ASSISTANT && step->part.opaque.n > 0 &&
           beacon_json_is_whole(step->part.opaque, '{');
}

static void put_step(struct beacon_json_out *out, const struct messages_step *step,
                     const struct beacon_tool_names *names, bool has_breakpoint)
{
    if (goes_back_as_it_came(step)) {
        beacon_json_put_raw(out, step->part.opaque);
        return;
    }
    switch (step->part.type) {
    case BEACON_PART_TEXT:
        put_text(out, step->part.text, has_breakpoint);
        break;
    case BEACON_PART_BLOB:
        put_blob(out, &step->part, has_breakpoint);
        break;
    case BEACON_PART_TOOL_CALL:
        put_call(out, &step->part, names);
        break;
    case BEACON_PART_TOOL_RESULT:
        put_result(out, step, has_breakpoint);
        break;
    default: /* what only its opaque form can say */
        break;
    }
}

void messages_put_messages(struct beacon_json_out *out,
                           const struct messages_conversation *conversation,
                           const struct beacon_tool_names *names)
{
    beacon_json_begin_array(out);
    for (size_t i = 0; i < conversation->n_messages; i++) {
        const struct messages_message *message = &conversation->messages[i];
        const bool is_user = message->role == BEACON_ROLE_USER;
        beacon_json_begin_object(out);
        beacon_json_put_member(out, "role", is_user ? BEACON_STR("user") : BEACON_STR("assistant"));
        beacon_json_key(out, "content");
        beacon_json_begin_array(out);
        for (size_t k = 0; k < message->n; k++) {
            put_step(out, conversation->order[message->first + k], names,
                     message->has_breakpoint && k + 1 == message->n);
        }
        beacon_json_end_array(out);
        beacon_json_end_object(out);
    }
    beacon_json_end_array(out);
}

/* ---- system ---- */

/* The texts that say something, all of them or only counted (`out` NULL); returns how many. */
static size_t put_system_texts(struct beacon_json_out *out, const struct beacon_turn *turn,
                               size_t n_system, size_t marked)
{
    size_t n = 0;
    for (size_t i = 0; i < n_system; i++) {
        struct beacon_message message;
        BEACON_COPY_IN(message, turn->messages[i]);
        for (size_t k = 0; k < message.n_parts; k++) {
            struct beacon_part part;
            BEACON_COPY_IN(part, message.parts[k]);
            if (part.type != BEACON_PART_TEXT || beacon_span_is_blank(part.text)) {
                continue;
            }
            n++;
            if (out != NULL) {
                put_text(out, part.text, n == marked);
            }
        }
    }
    return n;
}

bool messages_has_system(const struct beacon_turn *turn, size_t n_system)
{
    return put_system_texts(NULL, turn, n_system, 0) > 0;
}

void messages_put_system(struct beacon_json_out *out, const struct beacon_turn *turn,
                         size_t n_system, bool has_breakpoint)
{
    const size_t n = put_system_texts(NULL, turn, n_system, 0);
    beacon_json_key(out, "system");
    beacon_json_begin_array(out);
    (void)put_system_texts(out, turn, n_system, has_breakpoint ? n : 0);
    beacon_json_end_array(out);
}
