/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "event/event.h"
#include "event/fanout.h"
#include "policy/approval.h"
#include "sandbox/sandbox.h"

void tool_answer_text(struct tool_run *run, const char *text, size_t n)
{
    run->on_answer(run->on_answer_ctx, run, &(struct tool_answer){.text = text, .n = n});
}

void tool_answer_failure(struct tool_run *run, const char *text, size_t n)
{
    run->on_answer(run->on_answer_ctx, run,
                   &(struct tool_answer){.text = text, .n = n, .has_failed = true});
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

void tool_decided_by(const struct tool_run *run, const struct event_decision *decision)
{
    struct event event = {.kind = EVENT_TOOL_DECIDED, .turn_id = run->context->turn_id};
    event.as.decision = *decision;
    event.as.decision.call_id = run->call_id;
    event.as.decision.name = run->name;
    event.as.decision.policy = approval_policy_name(approvals_policy(run->context->approvals));
    const char **const texts[] = {&event.as.decision.by, &event.as.decision.where,
                                  &event.as.decision.layer, &event.as.decision.sandbox,
                                  &event.as.decision.rule_added};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = or_empty(*texts[i]);
    }
    fanout_emit(run->context->events, &event);
}

void tool_decided(const struct tool_run *run, bool may_run)
{
    const struct event_decision decision = {
        .decision = may_run ? "approved" : "denied",
        .source = "config",
        .by = "policy",
        .sandbox = may_run ? sandbox_backend_label(run->context->sandbox) : ""};
    tool_decided_by(run, &decision);
}

int tool_outside(struct tool_context *context, struct sandbox **ret, struct beacon_error *err)
{
    if (sandbox_is_unrestricted(context->sandbox)) {
        *ret = context->sandbox;
        return BEACON_OK;
    }
    if (context->outside == NULL) {
        int rc = context->open_outside(context->open_outside_ctx, &context->outside, err);
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    *ret = context->outside;
    return BEACON_OK;
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
    tool_answer_failure(run, text, (size_t)n);
}

void tool_answer_image(struct tool_run *run, const char *data_url)
{
    run->on_answer(run->on_answer_ctx, run,
                   &(struct tool_answer){.text = "", .n = 0, .image_url = data_url});
}

/* Strings end up in an argv or a path: what follows a NUL would be lost without a word. */
static bool holds_nul(struct json_object *string)
{
    return strlen(json_object_get_string(string)) != (size_t)json_object_get_string_len(string);
}

static bool is_of_type(struct json_object *member, enum tool_type type)
{
    static const enum json_type types[] = {[TOOL_STRING] = json_type_string,
                                           [TOOL_NUMBER] = json_type_int,
                                           [TOOL_BOOLEAN] = json_type_boolean,
                                           [TOOL_ARRAY] = json_type_array};
    return json_object_is_type(member, types[type]) ||
           (type == TOOL_NUMBER && json_object_is_type(member, json_type_double));
}

/* With the place where the object ends without it, as models know such messages. */
static void tell_missing(struct tool_run *run, const char *name)
{
    size_t end = run->input_bytes;
    while (end > 0 && strchr(" \t\r\n", run->input[end - 1]) != NULL) {
        end--;
    }
    size_t line = 1, column = 0;
    for (size_t i = 0; i < end; i++) {
        column = run->input[i] == '\n' ? 0 : column + 1;
        line += run->input[i] == '\n' ? 1 : 0;
    }
    tool_answerf(run,
                 "failed to parse function arguments: missing field `%s` at line %zu column %zu",
                 name, line, column);
}

static bool check(struct tool_run *run, struct json_object *arguments,
                  const struct tool_field *field)
{
    static const char *const names[] = {[TOOL_STRING] = "a string",
                                        [TOOL_NUMBER] = "a number",
                                        [TOOL_BOOLEAN] = "a boolean",
                                        [TOOL_ARRAY] = "an array"};
    struct json_object *member = json_member(arguments, field->name);
    if (member == NULL && !field->is_required) {
        return true;
    }
    if (member == NULL) {
        tell_missing(run, field->name);
    } else if (!is_of_type(member, field->type)) {
        tool_answerf(run, "failed to parse function arguments: field `%s` must be %s", field->name,
                     names[field->type]);
    } else if (field->type == TOOL_STRING && holds_nul(member)) {
        tool_answerf(run, "failed to parse function arguments: field `%s` contains a NUL",
                     field->name);
    } else {
        return true;
    }
    return false;
}

struct json_object *tool_arguments(struct tool_run *run, const struct tool_field *fields, size_t n)
{
    AUTO_JSON struct json_object *arguments = NULL;
    struct beacon_error err = {0};
    if (json_parse(run->input, run->input_bytes, "JSON", &arguments, &err) != BEACON_OK) {
        tool_answerf(run, "failed to parse function arguments: %s", err.message);
        return NULL;
    }
    if (!json_object_is_type(arguments, json_type_object)) {
        tool_answerf(run, "failed to parse function arguments: expected an object");
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        if (!check(run, arguments, &fields[i])) {
            return NULL;
        }
    }
    return take_pointer(arguments);
}

int64_t tool_number(struct json_object *arguments, const char *key, int64_t fallback)
{
    struct json_object *member = json_member(arguments, key);
    return member != NULL ? json_object_get_int64(member) : fallback; /* saturates */
}
