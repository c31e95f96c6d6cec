/* SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"

#include <beacon-sdk/json_string.h>

static void put_name(struct beacon_json_out *out, const struct beacon_tool_names *names,
                     const struct beacon_part *call)
{
    char buffer[BEACON_TOOL_NAME_MAX];
    beacon_json_put_member(out, "name",
                           beacon_tool_names_wire(names, call->ns, call->name, buffer));
}

/* Arguments are an object here; what is none is passed under a name that tells what it is. */
static void put_arguments(struct beacon_json_out *out, const struct beacon_part *call)
{
    const bool is_freeform = (call->flags & BEACON_PART_FREEFORM) != 0;
    beacon_json_key(out, "args");
    if (!is_freeform && beacon_json_is_whole(call->text, '{')) {
        beacon_json_put_raw(out, call->text);
        return;
    }
    beacon_json_begin_object(out);
    if (is_freeform || !beacon_span_is_blank(call->text)) {
        beacon_json_put_member(out, is_freeform ? "input" : "arguments", call->text);
    }
    beacon_json_end_object(out);
}

void gemini_call_put(struct beacon_json_out *out, const struct beacon_tool_names *names,
                     const struct beacon_part *call, struct beacon_str signature)
{
    beacon_json_begin_object(out);
    beacon_json_key(out, "functionCall");
    beacon_json_begin_object(out);
    put_name(out, names, call);
    put_arguments(out, call);
    beacon_json_end_object(out);
    if (signature.n > 0) {
        beacon_json_put_member(out, "thoughtSignature", signature);
    }
    beacon_json_end_object(out);
}

/* A string of the API's own call, byte for byte. */
static bool put_original(struct beacon_json_out *out, const struct beacon_part *call,
                         const char *key)
{
    struct beacon_str original, value;
    if (!beacon_json_member(call->opaque, "functionCall", &original) ||
        !beacon_json_member(original, key, &value) || value.p[0] != '"') {
        return false;
    }
    beacon_json_key(out, key);
    beacon_json_put_raw(out, value);
    return true;
}

void gemini_response_put(struct beacon_json_out *out, const struct beacon_tool_names *names,
                         const struct beacon_part *call, const struct beacon_part *result)
{
    const bool is_error = (result->flags & BEACON_PART_ERROR) != 0;
    beacon_json_begin_object(out);
    beacon_json_key(out, "functionResponse");
    beacon_json_begin_object(out);
    (void)put_original(out, call, "id");
    if (!put_original(out, call, "name")) {
        put_name(out, names, call);
    }
    beacon_json_key(out, "response");
    beacon_json_begin_object(out);
    beacon_json_put_member(out, is_error ? "error" : "output", result->text);
    beacon_json_end_object(out);
    beacon_json_end_object(out);
    beacon_json_end_object(out);
}
