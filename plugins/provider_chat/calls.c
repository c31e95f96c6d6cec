/* SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"

#include <stdlib.h>

#include "tools.h"

#define CALLS_GROWN 8u

void chat_calls_init(struct chat_calls *calls)
{
    memset(calls, 0, sizeof *calls);
    beacon_json_out_init(&calls->scratch, 2 * CHAT_ARGUMENTS_MAX + 1);
}

void chat_calls_finish(struct chat_calls *calls)
{
    for (size_t i = 0; i < calls->n; i++) {
        beacon_json_out_finish(&calls->at[i].id);
        beacon_json_out_finish(&calls->at[i].name);
        beacon_json_out_finish(&calls->at[i].arguments);
        beacon_json_out_finish(&calls->at[i].extra);
    }
    free(calls->at);
    beacon_json_out_finish(&calls->scratch);
    memset(calls, 0, sizeof *calls);
}

/* ---- which call a piece belongs to ---- */

static bool equals_raw(const struct beacon_json_out *text, struct beacon_str raw,
                       struct beacon_json_out *scratch)
{
    beacon_json_out_reset(scratch);
    return beacon_span_equal(beacon_json_out_text(text), beacon_json_value(raw, scratch));
}

static struct chat_call *find_index(struct chat_calls *calls, int64_t index)
{
    for (size_t i = calls->n; i-- > 0;) {
        if (calls->at[i].index == index) {
            return &calls->at[i];
        }
    }
    return NULL;
}

static struct chat_call *find_id(struct chat_calls *calls, struct beacon_str raw_id)
{
    for (size_t i = calls->n; raw_id.n > 0 && i-- > 0;) {
        if (equals_raw(&calls->at[i].id, raw_id, &calls->scratch)) {
            return &calls->at[i];
        }
    }
    return NULL;
}

static bool has_object(const struct chat_fragment *fragment)
{
    const struct beacon_str value = fragment->arguments;
    return value.n > 0 && (value.p[0] == '{' || (value.n > 2 && value.p[1] == '{'));
}

/* Some servers send whole calls and call each of them number 0. */
static bool begins_anew(struct chat_calls *calls, const struct chat_call *call,
                        const struct chat_fragment *fragment)
{
    const bool is_same_id =
        fragment->id.n > 0 && equals_raw(&call->id, fragment->id, &calls->scratch);
    return fragment->name.n > 0 && has_object(fragment) && !is_same_id && call->arguments.n > 0 &&
           chat_call_is_closed(call);
}

/* A piece that has no index goes on with the last call, unless it names another one. */
static bool goes_on(struct chat_calls *calls, const struct chat_call *last,
                    const struct chat_fragment *fragment)
{
    if (fragment->name.n == 0) {
        return true;
    }
    if (last->arguments.n > 0 && chat_call_is_closed(last)) {
        return false;
    }
    const bool is_begun = last->arguments.n > 0 || fragment->id.n == 0;
    return is_begun && equals_raw(&last->name, fragment->name, &calls->scratch);
}

/* NULL: it begins a new one. */
static struct chat_call *find(struct chat_calls *calls, const struct chat_fragment *fragment)
{
    struct chat_call *const last = calls->n > 0 ? &calls->at[calls->n - 1] : NULL;
    if (fragment->is_whole || last == NULL) {
        return NULL;
    }
    if (fragment->index != FRAGMENT_NO_INDEX) {
        struct chat_call *call = find_index(calls, fragment->index);
        return call != NULL && !begins_anew(calls, call, fragment) ? call : NULL;
    }
    struct chat_call *call = find_id(calls, fragment->id);
    if (call != NULL) {
        return call;
    }
    return goes_on(calls, last, fragment) ? last : NULL;
}

static struct chat_call *begin(struct chat_calls *calls, int64_t index)
{
    if (calls->n == CHAT_CALLS_MAX) {
        return NULL;
    }
    if (calls->at == NULL || calls->n == calls->capacity) {
        const size_t capacity = calls->capacity + CALLS_GROWN;
        struct chat_call *grown = realloc(calls->at, capacity * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        calls->at = grown;
        calls->capacity = capacity;
    }
    struct chat_call *call = &calls->at[calls->n++];
    memset(call, 0, sizeof *call);
    call->index = index;
    beacon_json_out_init(&call->id, CHAT_CALL_NAME_MAX);
    beacon_json_out_init(&call->name, CHAT_CALL_NAME_MAX);
    beacon_json_out_init(&call->arguments, CHAT_ARGUMENTS_MAX);
    beacon_json_out_init(&call->extra, CHAT_CALL_EXTRA_MAX);
    return call;
}

/* ---- what a piece adds ---- */

static void count_byte(struct chat_nesting *nesting, char c)
{
    if (nesting->is_in_string) {
        const bool was_escaped = nesting->is_escaped;
        nesting->is_escaped = c == '\\' && !was_escaped;
        nesting->is_in_string = c != '"' || was_escaped;
        return;
    }
    switch (c) {
    case '"':
        nesting->is_in_string = true;
        break;
    case '{':
    case '[':
        nesting->is_begun = true;
        nesting->depth++;
        break;
    case '}':
    case ']':
        nesting->depth -= nesting->depth > 0 ? 1 : 0;
        break;
    default:
        break;
    }
}

bool chat_call_is_closed(const struct chat_call *call)
{
    if (!call->nesting.is_begun) {
        return beacon_span_is_blank(beacon_json_out_text(&call->arguments));
    }
    return call->nesting.depth == 0 && !call->nesting.is_in_string;
}

static bool add_arguments(struct chat_calls *calls, struct chat_call *call, struct beacon_str value)
{
    struct beacon_json_out *out = &call->arguments;
    if (value.n == 0 || (call->nesting.is_begun && chat_call_is_closed(call))) {
        return true; /* an object that is whole is only said again */
    }
    const size_t from = out->n;
    if (value.p[0] == '"') {
        beacon_json_out_unescaped(out, beacon_span(value.p + 1, value.n - 2));
    } else {
        beacon_json_out_bytes(out, value.p, value.n);
    }
    for (size_t i = from; i < out->n; i++) {
        count_byte(&call->nesting, out->p[i]);
    }
    calls->arguments_bytes += out->n - from;
    return !out->failed && calls->arguments_bytes <= CHAT_ARGUMENTS_MAX;
}

/* Most servers say the name once, some with every piece, and some in pieces. */
static bool add_name(struct chat_calls *calls, struct chat_call *call, struct beacon_str raw,
                     const struct chat_tools *tools)
{
    const struct beacon_str name = beacon_json_out_text(&call->name);
    const bool is_whole =
        name.n > 0 && (equals_raw(&call->name, raw, &calls->scratch) || call->arguments.n > 0 ||
                       chat_tools_find(tools, name) != NULL);
    if (!is_whole) {
        beacon_json_out_unescaped(&call->name, raw);
    }
    return !call->name.failed;
}

bool chat_calls_add(struct chat_calls *calls, const struct chat_fragment *fragment,
                    const struct chat_tools *tools)
{
    struct chat_call *call = find(calls, fragment);
    call = call != NULL ? call : begin(calls, fragment->index);
    if (call == NULL || !add_name(calls, call, fragment->name, tools)) {
        return false;
    }
    if (call->id.n == 0) {
        beacon_json_out_unescaped(&call->id, fragment->id);
    }
    if (fragment->extra.n > 0) {
        beacon_json_out_reset(&call->extra);
        beacon_json_out_bytes(&call->extra, fragment->extra.p, fragment->extra.n);
    }
    return add_arguments(calls, call, fragment->arguments) && !call->id.failed &&
           !call->extra.failed && !calls->scratch.failed;
}
