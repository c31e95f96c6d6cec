/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon-sdk/json_scan.h>
#include <beacon-sdk/json_write.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "session/item.h"

static void out_init(struct beacon_json_out *o, const struct text *out)
{
    beacon_json_out_init(o, out->max_bytes - out->len);
}

/* Hands the text over and frees the writer. */
static int finish(struct beacon_json_out *o, struct text *out, struct beacon_error *err)
{
    bool fits = !o->failed && text_add(out, o->p, o->n);
    beacon_json_out_finish(o);
    if (!fits) {
        return error_set(err, BEACON_E_LIMIT, "send smaller images or tool results",
                         "an item of the conversation is over %zu bytes", out->max_bytes);
    }
    return BEACON_OK;
}

static bool is_json(struct beacon_str text)
{
    struct beacon_json j;
    beacon_json_init(&j, text);
    return beacon_json_skip(&j, NULL) && beacon_json_finished(&j);
}

static bool is_item(struct beacon_str json)
{
    struct beacon_str type;
    return json.n > 0 && beacon_json_member_string(json, "type", &type);
}

static void put_if_any(struct beacon_json_out *o, const char *key, struct beacon_str value)
{
    if (value.n > 0) {
        beacon_json_put_member(o, key, value);
    }
}

static void begin_item(struct beacon_json_out *o, const char *type, struct beacon_str id)
{
    beacon_json_begin_object(o);
    beacon_json_put_member(o, "type", beacon_text(type));
    put_if_any(o, "id", id);
}

/* What the Responses form has no place for. */
static void put_extras(struct beacon_json_out *o, const struct beacon_part *part,
                       const char *opaque_ns)
{
    bool has_error = (part->flags & BEACON_PART_ERROR) != 0;
    bool has_opaque = part->opaque.n > 0 && opaque_ns != NULL && opaque_ns[0] != '\0';
    if (!has_error && !has_opaque) {
        return;
    }
    beacon_json_key(o, "beacon");
    beacon_json_begin_object(o);
    if (has_opaque) {
        beacon_json_put_member(o, "opaque_ns", beacon_text(opaque_ns));
        beacon_json_key(o, "opaque");
        beacon_json_put_raw(o, part->opaque);
    }
    if (has_error) {
        beacon_json_key(o, "error");
        beacon_json_put_bool(o, true);
    }
    beacon_json_end_object(o);
}

static const char *role_name(uint32_t role)
{
    switch (role) {
    case BEACON_ROLE_ASSISTANT:
        return "assistant";
    case BEACON_ROLE_SYSTEM:
        return "developer";
    default:
        return "user";
    }
}

static void put_text_content(struct beacon_json_out *o, const char *type, struct beacon_str text)
{
    beacon_json_begin_object(o);
    beacon_json_put_member(o, "type", beacon_text(type));
    beacon_json_put_member(o, "text", text);
    beacon_json_end_object(o);
}

static void put_data_url(struct beacon_json_out *o, const struct beacon_part *part)
{
    if (part->url.n > 0) {
        beacon_json_put_str(o, part->url);
        return;
    }
    char prefix[160];
    int n = snprintf(prefix, sizeof prefix, "data:%.*s;base64,",
                     part->media_type.n < 128 ? (int)part->media_type.n : 128, part->media_type.p);
    beacon_json_put_base64(o, beacon_span(prefix, (size_t)n), part->blob);
}

static void put_blob_content(struct beacon_json_out *o, const struct beacon_part *part)
{
    bool is_image = part->media_type.n == 0 || beacon_span_starts(part->media_type, "image/");
    beacon_json_begin_object(o);
    beacon_json_put_member(o, "type", beacon_text(is_image ? "input_image" : "input_file"));
    beacon_json_key(o, is_image ? "image_url" : "file_data");
    put_data_url(o, part);
    beacon_json_end_object(o);
}

static void put_contents(struct beacon_json_out *o, const char *text_type,
                         const struct beacon_part *const *parts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (parts[i]->type == BEACON_PART_BLOB) {
            put_blob_content(o, parts[i]);
        } else {
            put_text_content(o, text_type, parts[i]->text);
        }
    }
}

static void put_message(struct beacon_json_out *o, uint32_t role,
                        const struct beacon_part *const *parts, size_t n)
{
    bool is_assistant = role == BEACON_ROLE_ASSISTANT;
    begin_item(o, "message", n > 0 ? parts[0]->id : beacon_text(""));
    beacon_json_put_member(o, "role", beacon_text(role_name(role)));
    beacon_json_key(o, "content");
    beacon_json_begin_array(o);
    put_contents(o, is_assistant ? "output_text" : "input_text", parts, n);
    beacon_json_end_array(o);
}

static void put_reasoning(struct beacon_json_out *o, const struct beacon_part *part)
{
    begin_item(o, "reasoning", part->id);
    beacon_json_key(o, "summary");
    beacon_json_begin_array(o);
    if (part->text.n > 0) {
        put_text_content(o, "summary_text", part->text);
    }
    beacon_json_end_array(o);
    beacon_json_key(o, "content");
    beacon_json_put_null(o);
}

static void put_call(struct beacon_json_out *o, const struct beacon_part *part)
{
    bool is_freeform = (part->flags & BEACON_PART_FREEFORM) != 0;
    begin_item(o, is_freeform ? "custom_tool_call" : "function_call", part->id);
    if (is_freeform) {
        beacon_json_put_member(o, "status", BEACON_STR("completed"));
    }
    beacon_json_put_member(o, "call_id", part->call_id);
    beacon_json_put_member(o, "name", part->name);
    put_if_any(o, "namespace", part->ns);
    beacon_json_put_member(o, is_freeform ? "input" : "arguments", part->text);
}

static void begin_result(struct beacon_json_out *o, const struct beacon_part *part)
{
    bool is_freeform = (part->flags & BEACON_PART_FREEFORM) != 0;
    begin_item(o, is_freeform ? "custom_tool_call_output" : "function_call_output", part->id);
    beacon_json_put_member(o, "call_id", part->call_id);
    beacon_json_key(o, "output");
}

static void put_server_tool(struct beacon_json_out *o, const struct beacon_part *part)
{
    begin_item(o, "web_search_call", part->id);
    beacon_json_put_member(o, "status", BEACON_STR("completed"));
    beacon_json_key(o, "action");
    if (part->text.n > 0 && part->text.p[0] == '{' && is_json(part->text)) {
        beacon_json_put_raw(o, part->text);
        return;
    }
    beacon_json_begin_object(o);
    beacon_json_put_member(o, "type", BEACON_STR("search"));
    beacon_json_put_member(o, "query", part->text);
    beacon_json_end_object(o);
}

static bool put_part(struct beacon_json_out *o, uint32_t role, const struct beacon_part *part)
{
    switch (part->type) {
    case BEACON_PART_TEXT:
    case BEACON_PART_BLOB:
        put_message(o, role, &part, 1);
        return true;
    case BEACON_PART_REASONING:
        put_reasoning(o, part);
        return true;
    case BEACON_PART_TOOL_CALL:
        put_call(o, part);
        return true;
    case BEACON_PART_TOOL_RESULT:
        begin_result(o, part);
        beacon_json_put_str(o, part->text);
        return true;
    case BEACON_PART_SERVER_TOOL:
        put_server_tool(o, part);
        return true;
    default:
        return false;
    }
}

int item_from_part(uint32_t role, const struct beacon_part *part, const char *opaque_ns,
                   struct text *out, struct beacon_error *err)
{
    bool is_native = opaque_ns != NULL && strcmp(opaque_ns, ITEM_NS_RESPONSES) == 0;
    if (part->opaque.n > 0 && !is_json(part->opaque)) {
        return error_set(err, BEACON_E_PROTOCOL, "report this to the author of the provider plugin",
                         "the provider attached opaque data that is not JSON");
    }
    struct beacon_json_out o;
    out_init(&o, out);
    if (is_native && is_item(part->opaque)) {
        beacon_json_out_bytes(&o, part->opaque.p, part->opaque.n);
        return finish(&o, out, err);
    }
    if (!put_part(&o, role, part)) {
        beacon_json_out_finish(&o);
        return error_set(err, BEACON_E_INVALID, "report this to the author of the provider plugin",
                         "part type %u is not known", part->type);
    }
    put_extras(&o, part, opaque_ns);
    beacon_json_end_object(&o);
    return finish(&o, out, err);
}

int item_from_message(uint32_t role, const struct beacon_part *const *parts, size_t n_parts,
                      struct text *out, struct beacon_error *err)
{
    struct beacon_json_out o;
    out_init(&o, out);
    put_message(&o, role, parts, n_parts);
    beacon_json_end_object(&o);
    return finish(&o, out, err);
}

int item_from_result(const struct beacon_part *result, const struct beacon_part *const *images,
                     size_t n_images, struct text *out, struct beacon_error *err)
{
    if (n_images == 0) {
        return item_from_part(BEACON_ROLE_TOOL, result, NULL, out, err);
    }
    struct beacon_json_out o;
    out_init(&o, out);
    begin_result(&o, result);
    beacon_json_begin_array(&o);
    if (result->text.n > 0) {
        put_text_content(&o, "input_text", result->text);
    }
    put_contents(&o, "input_text", images, n_images);
    beacon_json_end_array(&o);
    put_extras(&o, result, NULL);
    beacon_json_end_object(&o);
    return finish(&o, out, err);
}
