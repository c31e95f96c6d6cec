/* SPDX-License-Identifier: Apache-2.0 */
#include "input.h"

#include <beacon-sdk/json_string.h>
#include <beacon-sdk/sized.h>

#include "config.h"
#include "spans.h"

/* One message on its way into the array. */
struct writer {
    struct beacon_json_out *out;
    struct responses_spans *reasoning;
    bool keeps_ids;
    uint32_t role;
    const char *role_name;
    bool is_open; /* a message item is begun and takes content */
};

/* The parts that follow one part in its message. */
struct rest {
    const struct beacon_part *const *at;
    size_t n;
};

static void close_message(struct writer *w)
{
    if (w->is_open) {
        beacon_json_end_array(w->out);
        beacon_json_end_object(w->out);
        w->is_open = false;
    }
}

static void open_message(struct writer *w, const struct beacon_part *part)
{
    if (w->is_open) {
        return;
    }
    beacon_json_begin_object(w->out);
    beacon_json_put_member(w->out, "type", BEACON_STR("message"));
    beacon_json_put_member(w->out, "role", beacon_text(w->role_name));
    if (w->keeps_ids && part->id.n > 0) {
        beacon_json_put_member(w->out, "id", part->id);
    }
    beacon_json_key(w->out, "content");
    beacon_json_begin_array(w->out);
    w->is_open = true;
}

static void put_text(struct beacon_json_out *out, const char *type, struct beacon_str text)
{
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "type", beacon_text(type));
    beacon_json_put_member(out, "text", text);
    beacon_json_end_object(out);
}

/* The bytes of a blob as a data: URL, or the URL it came with. */
static void put_url(struct beacon_json_out *out, const struct beacon_part *part)
{
    if (part->url.n > 0) {
        beacon_json_put_str(out, part->url);
        return;
    }
    char prefix[160];
    struct beacon_str type = beacon_utf8_cut(part->media_type, 100);
    int n = snprintf(prefix, sizeof prefix, "data:%.*s;base64,", (int)type.n,
                     type.p != NULL ? type.p : "");
    beacon_json_put_base64(out, beacon_span(prefix, (size_t)n), part->blob);
}

static void put_blob(struct beacon_json_out *out, const struct beacon_part *part)
{
    const bool is_image = part->media_type.n == 0 || beacon_span_starts(part->media_type, "image/");
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "type",
                           is_image ? BEACON_STR("input_image") : BEACON_STR("input_file"));
    if (!is_image) {
        beacon_json_put_member(out, "filename",
                               part->name.n > 0 ? part->name : BEACON_STR("attachment"));
    }
    beacon_json_key(out, is_image ? "image_url" : "file_data");
    put_url(out, part);
    beacon_json_end_object(out);
}

static size_t write_text(struct writer *w, const struct beacon_part *part, struct rest rest)
{
    (void)rest;
    open_message(w, part);
    put_text(w->out, w->role == BEACON_ROLE_ASSISTANT ? "output_text" : "input_text", part->text);
    return 0;
}

static size_t write_blob(struct writer *w, const struct beacon_part *part, struct rest rest)
{
    (void)rest;
    open_message(w, part);
    put_blob(w->out, part);
    return 0;
}

/* Without the encrypted form only a server that stored the item knows what it was. */
static size_t write_reasoning(struct writer *w, const struct beacon_part *part, struct rest rest)
{
    (void)rest;
    if (!w->keeps_ids || part->id.n == 0) {
        return 0;
    }
    beacon_json_begin_object(w->out);
    beacon_json_put_member(w->out, "type", BEACON_STR("reasoning"));
    beacon_json_put_member(w->out, "id", part->id);
    beacon_json_key(w->out, "summary");
    beacon_json_begin_array(w->out);
    if (part->text.n > 0) {
        put_text(w->out, "summary_text", part->text);
    }
    beacon_json_end_array(w->out);
    beacon_json_end_object(w->out);
    return 0;
}

static size_t write_call(struct writer *w, const struct beacon_part *part, struct rest rest)
{
    (void)rest;
    const bool is_custom = (part->flags & BEACON_PART_FREEFORM) != 0;
    beacon_json_begin_object(w->out);
    beacon_json_put_member(
        w->out, "type", is_custom ? BEACON_STR("custom_tool_call") : BEACON_STR("function_call"));
    if (w->keeps_ids && part->id.n > 0) {
        beacon_json_put_member(w->out, "id", part->id);
    }
    beacon_json_put_member(w->out, "name", part->name);
    if (part->ns.n > 0) {
        beacon_json_put_member(w->out, "namespace", part->ns);
    }
    beacon_json_put_member(w->out, is_custom ? "input" : "arguments", part->text);
    beacon_json_put_member(w->out, "call_id", part->call_id);
    beacon_json_end_object(w->out);
    return 0;
}

static bool is_blob_of(const struct beacon_part *blob, const struct beacon_part *result)
{
    struct beacon_part local;
    BEACON_COPY_IN(local, blob);
    return local.type == BEACON_PART_BLOB &&
           (local.call_id.n == 0 || beacon_span_equal(local.call_id, result->call_id));
}

/* The images that belong to a result follow it. */
static size_t count_blobs(const struct beacon_part *result, struct rest rest)
{
    size_t n = 0;
    while (n < rest.n && is_blob_of(rest.at[n], result)) {
        n++;
    }
    return n;
}

static void put_output(struct beacon_json_out *out, const struct beacon_part *part,
                       const struct beacon_part *const *blobs, size_t n_blobs)
{
    if (n_blobs == 0) {
        beacon_json_put_str(out, part->text);
        return;
    }
    beacon_json_begin_array(out);
    if (part->text.n > 0) {
        put_text(out, "input_text", part->text);
    }
    for (size_t i = 0; i < n_blobs; i++) {
        struct beacon_part blob;
        BEACON_COPY_IN(blob, blobs[i]);
        put_blob(out, &blob);
    }
    beacon_json_end_array(out);
}

static size_t write_result(struct writer *w, const struct beacon_part *part, struct rest rest)
{
    const size_t n_blobs = count_blobs(part, rest);
    const bool is_custom = (part->flags & BEACON_PART_FREEFORM) != 0;
    beacon_json_begin_object(w->out);
    beacon_json_put_member(w->out, "type",
                           is_custom ? BEACON_STR("custom_tool_call_output")
                                     : BEACON_STR("function_call_output"));
    beacon_json_put_member(w->out, "call_id", part->call_id);
    beacon_json_key(w->out, "output");
    put_output(w->out, part, rest.at, n_blobs);
    beacon_json_end_object(w->out);
    return n_blobs;
}

/* How each kind of part is built when it has no opaque form. A writer returns how many of the
 * following parts it took as well. SERVER_TOOL has no row: only the server can describe it. */
static const struct kind {
    uint32_t type;
    bool is_content; /* stays inside the open message */
    size_t (*write)(struct writer *w, const struct beacon_part *part, struct rest rest);
} kinds[] = {
    {BEACON_PART_TEXT, true, write_text},
    {BEACON_PART_BLOB, true, write_blob},
    {BEACON_PART_REASONING, false, write_reasoning},
    {BEACON_PART_TOOL_CALL, false, write_call},
    {BEACON_PART_TOOL_RESULT, false, write_result},
};

static size_t write_part(struct writer *w, const struct beacon_part *part, struct rest rest)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].type == part->type) {
            if (!kinds[i].is_content) {
                close_message(w);
            }
            return kinds[i].write(w, part, rest);
        }
    }
    return 0;
}

/* A server refuses reasoning without the item it led to: the one a broken stream left behind, or a
 * person who spoke before there was more. `is_led_on`: the model spoke after this message. */
static void write_message(struct writer *w, const struct beacon_message *message, bool is_led_on)
{
    for (size_t i = 0; i < message->n_parts; i++) {
        const struct rest rest = {message->parts + i + 1, message->n_parts - i - 1};
        struct beacon_part part;
        BEACON_COPY_IN(part, message->parts[i]);
        if (part.type == BEACON_PART_REASONING && rest.n == 0 && !is_led_on) {
            break;
        }
        if (part.opaque.n == 0 || !beacon_json_is_whole(part.opaque, '{')) {
            i += write_part(w, &part, rest);
            continue;
        }
        close_message(w);
        const size_t at = w->out->n;
        beacon_json_put_raw(w->out, part.opaque);
        if (part.type == BEACON_PART_REASONING) {
            responses_spans_add(w->reasoning, at, w->out->n - at);
        }
        /* An answer kept whole has its images inside. */
        i += part.type == BEACON_PART_TOOL_RESULT ? count_blobs(&part, rest) : 0;
    }
    close_message(w);
}

static const char *role_name(uint32_t role)
{
    switch (role) {
    case BEACON_ROLE_SYSTEM:
        return "developer";
    case BEACON_ROLE_ASSISTANT:
        return "assistant";
    default:
        return "user";
    }
}

/* Index of the message that became the instructions, n_messages when there is none. */
static size_t find_instructions(const struct beacon_turn *turn)
{
    size_t i = 0;
    while (i < turn->n_messages && turn->messages[i]->role != BEACON_ROLE_SYSTEM) {
        i++;
    }
    return i;
}

bool responses_input_has_instructions(const struct responses_config *config,
                                      const struct beacon_turn *turn)
{
    return !config->quirks.developer_instructions && find_instructions(turn) < turn->n_messages;
}

void responses_input_put_instructions(struct beacon_json_out *out, const struct beacon_turn *turn)
{
    struct beacon_message message;
    BEACON_COPY_IN(message, turn->messages[find_instructions(turn)]);
    beacon_json_begin_string(out);
    for (size_t i = 0; i < message.n_parts; i++) {
        struct beacon_part part;
        BEACON_COPY_IN(part, message.parts[i]);
        if (part.type == BEACON_PART_TEXT) {
            beacon_json_out_escaped(out, part.text);
        }
    }
    beacon_json_end_string(out);
}

/* True when the next message with anything in it goes on with what the model did. */
static bool is_led_on(const struct beacon_turn *turn, size_t at)
{
    struct beacon_message next;
    do {
        if (++at >= turn->n_messages) {
            return false;
        }
        BEACON_COPY_IN(next, turn->messages[at]);
    } while (next.n_parts == 0);
    return next.role == BEACON_ROLE_ASSISTANT || next.role == BEACON_ROLE_TOOL;
}

void responses_input_put_items(struct beacon_json_out *out, const struct responses_config *config,
                               const struct beacon_turn *turn, struct responses_spans *reasoning)
{
    const size_t instructions =
        responses_input_has_instructions(config, turn) ? find_instructions(turn) : turn->n_messages;
    beacon_json_begin_array(out);
    for (size_t i = 0; i < turn->n_messages; i++) {
        struct beacon_message message;
        BEACON_COPY_IN(message, turn->messages[i]);
        struct writer w = {.out = out,
                           .reasoning = reasoning,
                           .keeps_ids = config->endpoint.is_azure,
                           .role = message.role};
        w.role_name = role_name(message.role);
        if (i != instructions) {
            write_message(&w, &message, is_led_on(turn, i));
        }
    }
    beacon_json_end_array(out);
}
