/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"

void tool_answer_text(struct tool_run *run, const char *text, size_t n)
{
    run->on_answer(run->on_answer_ctx, run, &(struct tool_answer){.text = text, .n = n});
}

void tool_answerf(struct tool_run *run, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    AUTO_FREE char *text = NULL;
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0) {
        abort();
    }
    tool_answer_text(run, text, (size_t)n);
}

void tool_answer_image(struct tool_run *run, const char *data_url)
{
    run->on_answer(run->on_answer_ctx, run,
                   &(struct tool_answer){.text = "", .n = 0, .image_url = data_url});
}

struct json_object *tool_arguments(struct tool_run *run)
{
    struct json_object *arguments = NULL;
    struct beacon_error err = {0};
    if (json_parse(run->input, run->input_bytes, "arguments", &arguments, &err) != BEACON_OK) {
        tool_answerf(run, "failed to parse function arguments: %s", err.message);
        return NULL;
    }
    if (!json_object_is_type(arguments, json_type_object)) {
        json_object_put(arguments);
        tool_answerf(run, "failed to parse function arguments: expected an object");
        return NULL;
    }
    return arguments;
}

const char *tool_required_string(struct tool_run *run, struct json_object *arguments,
                                 const char *key)
{
    struct json_object *member = json_member(arguments, key);
    if (member == NULL) {
        tool_answerf(run, "failed to parse function arguments: missing field `%s`", key);
        return NULL;
    }
    if (!json_object_is_type(member, json_type_string)) {
        tool_answerf(run, "failed to parse function arguments: field `%s` must be a string", key);
        return NULL;
    }
    return json_object_get_string(member);
}
