/* SPDX-License-Identifier: Apache-2.0 */
#include "history.h"

#include <stdlib.h>

#include <beacon-sdk/error.h>
#include <beacon-sdk/sized.h>

/* The type says more than the role. */
static enum chat_kind kind_of(uint32_t role, uint32_t type)
{
    if (type == BEACON_PART_TOOL_RESULT) {
        return CHAT_RESULT;
    }
    if (type == BEACON_PART_TOOL_CALL || type == BEACON_PART_REASONING) {
        return CHAT_ANSWER;
    }
    switch (role) {
    case BEACON_ROLE_SYSTEM:
        return CHAT_SYSTEM;
    case BEACON_ROLE_ASSISTANT:
        return CHAT_ANSWER;
    case BEACON_ROLE_TOOL:
        return CHAT_RESULT; /* a picture beside a result */
    default:
        return CHAT_USER;
    }
}

static void add_message(struct chat_history *history, const struct beacon_message *message,
                        size_t place)
{
    for (size_t i = 0; i < message->n_parts; i++) {
        struct beacon_part part;
        BEACON_COPY_IN(part, message->parts[i]);
        if (part.type != BEACON_PART_SERVER_TOOL) {
            history->at[history->n++] = (struct chat_entry){
                message->parts[i], kind_of(message->role, part.type), part.type, place};
        }
    }
    if (message->role == BEACON_ROLE_USER) {
        history->last_user = place;
    }
}

beacon_rc chat_history_init(struct chat_history *history, const struct beacon_turn *turn,
                            struct beacon_error *err)
{
    size_t n = 0;
    *history = (struct chat_history){.last_user = SIZE_MAX};
    for (size_t i = 0; i < turn->n_messages; i++) {
        struct beacon_message message;
        BEACON_COPY_IN(message, turn->messages[i]);
        n += message.n_parts;
    }
    history->at = calloc(n + 1, sizeof *history->at);
    if (history->at == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    for (size_t i = 0; i < turn->n_messages; i++) {
        struct beacon_message message;
        BEACON_COPY_IN(message, turn->messages[i]);
        add_message(history, &message, i);
    }
    return BEACON_OK;
}

void chat_history_finish(struct chat_history *history)
{
    free(history->at);
    *history = (struct chat_history){0};
}

size_t chat_history_group_end(const struct chat_history *history, size_t from, bool merges_user)
{
    const struct chat_entry *first = &history->at[from];
    const bool spans_messages = first->kind == CHAT_ANSWER || first->kind == CHAT_RESULT ||
                                (first->kind == CHAT_USER && merges_user);
    size_t end = from + 1;
    while (end < history->n && history->at[end].kind == first->kind &&
           (spans_messages || history->at[end].message == first->message)) {
        end++;
    }
    return end;
}

bool chat_history_find_call(const struct chat_history *history, size_t before,
                            struct beacon_str call_id, struct beacon_part *ret)
{
    for (size_t i = before; i-- > 0;) {
        if (history->at[i].type != BEACON_PART_TOOL_CALL) {
            continue;
        }
        struct beacon_part part;
        BEACON_COPY_IN(part, history->at[i].part);
        if (beacon_span_equal(part.call_id, call_id)) {
            *ret = part;
            return true;
        }
    }
    return false;
}
