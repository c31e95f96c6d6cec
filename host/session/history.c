/* SPDX-License-Identifier: Apache-2.0 */
#include "session/history.h"

#include <beacon-sdk/json_scan.h>
#include <beacon-sdk/sink.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "session/item.h"

#define ABORTED_OUTPUT "aborted"

struct entry {
    char *json; /* owned */
    size_t n;
};

struct history {
    struct entry *entries;
    size_t count, capacity, bytes;
};

struct history *history_create(void)
{
    return alloc_zeroed(sizeof(struct history));
}

void history_clear(struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        free(history->entries[i].json);
    }
    history->count = 0;
    history->bytes = 0;
}

void history_destroy(struct history *history)
{
    if (history != NULL) {
        history_clear(history);
        free(history->entries);
        free(history);
    }
}

int history_append(struct history *history, const char *item, size_t n, struct beacon_error *err)
{
    struct beacon_str json = beacon_span(item, n), type;
    if (!beacon_utf8_is_valid(json) || !beacon_json_member_string(json, "type", &type)) {
        return error_set(err, BEACON_E_INVALID, "report this to the author of the provider plugin",
                         "an item of the conversation is not a JSON object with a type");
    }
    if (n > HISTORY_BYTES_MAX - history->bytes) {
        return error_set(err, BEACON_E_LIMIT, "start a new session",
                         "the conversation is over %u bytes", HISTORY_BYTES_MAX);
    }
    if (history->count == history->capacity) {
        history->capacity = history->capacity == 0 ? 16 : history->capacity * 2;
        history->entries =
            alloc_grow(history->entries, history->capacity, sizeof history->entries[0]);
    }
    history->entries[history->count++] = (struct entry){alloc_copy(item, n), n};
    history->bytes += n;
    return BEACON_OK;
}

size_t history_count(const struct history *history)
{
    return history->count;
}

size_t history_bytes(const struct history *history)
{
    return history->bytes;
}

struct beacon_str history_item(const struct history *history, size_t index)
{
    return beacon_span(history->entries[index].json, history->entries[index].n);
}

/* One item on its way into the request. */
struct step {
    struct item_view view;
    size_t index; /* place in the history */
    bool is_left_out;
    bool needs_output; /* a call nobody answered */
};

static uint32_t part_type(const struct step *step)
{
    return step->view.is_known ? step->view.parts[0]->type : 0;
}

static int by_call_then_place(const void *left, const void *right)
{
    const struct step *a = *(struct step *const *)left, *b = *(struct step *const *)right;
    const struct beacon_str x = a->view.parts[0]->call_id, y = b->view.parts[0]->call_id;
    size_t n = x.n < y.n ? x.n : y.n;
    int order = n > 0 ? memcmp(x.p, y.p, n) : 0;
    if (order == 0) {
        order = (x.n > y.n) - (x.n < y.n);
    }
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

/* Steps of one call id in the order of the conversation: each call takes the first output after it,
 * other outputs go. */
static void pair_group(struct step **group, size_t n)
{
    struct step *open_call = NULL;
    for (size_t i = 0; i < n; i++) {
        if (part_type(group[i]) == BEACON_PART_TOOL_CALL) {
            group[i]->needs_output = true;
            open_call = group[i];
        } else if (open_call != NULL) {
            open_call->needs_output = false;
            open_call = NULL;
        } else {
            group[i]->is_left_out = true;
        }
    }
}

static void pair_calls(struct step *steps, size_t n, struct arena *arena)
{
    struct step **calls = arena_array(arena, n, sizeof(void *));
    size_t n_calls = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t type = part_type(&steps[i]);
        if (type == BEACON_PART_TOOL_CALL || type == BEACON_PART_TOOL_RESULT) {
            calls[n_calls++] = &steps[i];
        }
    }
    if (n_calls > 0) {
        qsort(calls, n_calls, sizeof(void *), by_call_then_place);
    }
    for (size_t i = 0, end = 0; i < n_calls; i = end) {
        struct beacon_str id = calls[i]->view.parts[0]->call_id;
        for (end = i + 1; end < n_calls; end++) {
            if (!beacon_span_equal(id, calls[end]->view.parts[0]->call_id)) {
                break;
            }
        }
        pair_group(calls + i, end - i);
    }
}

/* As the view has it, but opaque data only for the family that wrote it. */
static const struct beacon_message *message_of(const struct step *step, const char *opaque_ns,
                                               struct arena *arena)
{
    const struct item_view *view = &step->view;
    struct beacon_message *message = arena_zeroed(arena, sizeof *message);
    *message = (struct beacon_message){.struct_size = sizeof *message,
                                       .role = view->role,
                                       .parts = view->parts,
                                       .n_parts = view->n_parts};
    if (view->ns.n == 0) {
        return message;
    }
    if (beacon_span_is(view->ns, opaque_ns)) {
        /* The opaque item already holds the images that decoding made parts of their own. */
        message->n_parts = 1;
        return message;
    }
    const struct beacon_part **parts = arena_array(arena, view->n_parts, sizeof(void *));
    memcpy(parts, view->parts, view->n_parts * sizeof(void *));
    struct beacon_part *first = arena_zeroed(arena, sizeof *first);
    *first = *view->parts[0];
    first->opaque = beacon_span("", 0);
    parts[0] = first;
    message->parts = parts;
    return message;
}

static const struct beacon_message *aborted_output(const struct beacon_part *call,
                                                   struct arena *arena)
{
    struct beacon_part *part = arena_zeroed(arena, sizeof *part);
    *part = beacon_part_of(BEACON_PART_TOOL_RESULT);
    part->flags = call->flags | BEACON_PART_ERROR;
    part->call_id = call->call_id;
    part->name = call->name;
    part->text = BEACON_STR(ABORTED_OUTPUT);
    const struct beacon_part **parts = arena_array(arena, 1, sizeof(void *));
    parts[0] = part;
    struct beacon_message *message = arena_zeroed(arena, sizeof *message);
    *message = (struct beacon_message){
        .struct_size = sizeof *message, .role = BEACON_ROLE_TOOL, .parts = parts, .n_parts = 1};
    return message;
}

int history_build_messages(const struct history *history, const char *opaque_ns,
                           struct arena *arena, const struct beacon_message *const **ret,
                           size_t *ret_n, struct beacon_error *err)
{
    size_t n = history->count, n_out = 0;
    struct step *steps = arena_array(arena, n, sizeof *steps);
    for (size_t i = 0; i < n; i++) {
        steps[i].index = i;
        int rc = item_decode(history_item(history, i), arena, &steps[i].view, err);
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    pair_calls(steps, n, arena);
    const struct beacon_message **messages = arena_array(arena, 2 * n, sizeof(void *));
    for (size_t i = 0; i < n; i++) {
        if (!steps[i].view.is_known || steps[i].is_left_out) {
            continue;
        }
        messages[n_out++] = message_of(&steps[i], opaque_ns, arena);
        if (steps[i].needs_output) {
            messages[n_out++] = aborted_output(steps[i].view.parts[0], arena);
        }
    }
    *ret = messages;
    *ret_n = n_out;
    return BEACON_OK;
}
