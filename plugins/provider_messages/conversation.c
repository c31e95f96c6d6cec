/* SPDX-License-Identifier: Apache-2.0 */
#include "conversation.h"

#include <stdlib.h>

#include <beacon-sdk/error.h>
#include <beacon-sdk/json_string.h>
#include <beacon-sdk/sink.h>
#include <beacon-sdk/sized.h>

/* ---- the steps, as they stand in the history ---- */

static bool is_assistant_part(uint32_t type)
{
    return type == BEACON_PART_REASONING || type == BEACON_PART_TOOL_CALL ||
           type == BEACON_PART_SERVER_TOOL;
}

/* The API refuses blocks without a visible letter, and thinking that it did not sign. */
static bool is_said(const struct beacon_part *part)
{
    const bool has_opaque = part->opaque.n > 0 && beacon_json_is_whole(part->opaque, '{');
    switch (part->type) {
    case BEACON_PART_TEXT:
        return !beacon_span_is_blank(part->text);
    case BEACON_PART_REASONING:
    case BEACON_PART_SERVER_TOOL:
        return has_opaque;
    case BEACON_PART_TOOL_CALL:
    case BEACON_PART_TOOL_RESULT:
    case BEACON_PART_BLOB:
        return true;
    default:
        return false;
    }
}

static uint32_t role_of(uint32_t role, uint32_t type)
{
    if (is_assistant_part(type)) {
        return BEACON_ROLE_ASSISTANT;
    }
    return role == BEACON_ROLE_ASSISTANT && type != BEACON_PART_TOOL_RESULT ? BEACON_ROLE_ASSISTANT
                                                                            : BEACON_ROLE_USER;
}

static bool is_blob_of(const struct beacon_part *blob, const struct beacon_part *result)
{
    struct beacon_part local;
    BEACON_COPY_IN(local, blob);
    return local.type == BEACON_PART_BLOB &&
           (local.call_id.n == 0 || beacon_span_equal(local.call_id, result->call_id));
}

static void add_message(struct messages_conversation *c, const struct beacon_message *message)
{
    struct messages_step *step = NULL;
    for (size_t i = 0; i < message->n_parts; i++) {
        struct beacon_part part;
        BEACON_COPY_IN(part, message->parts[i]);
        size_t n_blobs = 0;
        while (part.type == BEACON_PART_TOOL_RESULT && i + 1 + n_blobs < message->n_parts &&
               is_blob_of(message->parts[i + 1 + n_blobs], &part)) {
            n_blobs++;
        }
        if (is_said(&part)) {
            step = &c->steps[c->n_steps++];
            *step = (struct messages_step){.part = part,
                                           .blobs = message->parts + i + 1,
                                           .n_blobs = n_blobs,
                                           .role = role_of(message->role, part.type)};
        }
        i += n_blobs;
    }
    if (step != NULL) {
        step->has_hint = (message->cache_hint & BEACON_CACHE_BREAKPOINT) != 0;
    }
}

static size_t count_system(const struct beacon_turn *turn)
{
    size_t n = 0;
    while (n < turn->n_messages && turn->messages[n]->role == BEACON_ROLE_SYSTEM) {
        n++;
    }
    return n;
}

/* ---- the messages ---- */

static size_t end_of_run(const struct messages_conversation *c, size_t from, uint32_t role)
{
    while (from < c->n_steps && c->steps[from].role == role) {
        from++;
    }
    return from;
}

static void append(struct messages_conversation *c, const struct messages_step *step)
{
    if (c->n_messages == 0 || c->messages[c->n_messages - 1].role != step->role) {
        c->messages[c->n_messages++] =
            (struct messages_message){.role = step->role, .first = c->n_order};
    }
    c->order[c->n_order++] = step;
    c->messages[c->n_messages - 1].n++;
}

/* The first result of the call that no earlier call of the same id took. */
static struct messages_step *find_result(struct messages_conversation *c, size_t from,
                                         struct beacon_str call_id)
{
    for (size_t i = from; i < c->n_steps; i++) {
        struct messages_step *step = &c->steps[i];
        if (step->part.type == BEACON_PART_TOOL_RESULT && !step->is_taken &&
            beacon_span_equal(step->part.call_id, call_id)) {
            return step;
        }
    }
    return NULL;
}

static void find_results(struct messages_conversation *c, size_t from, size_t end)
{
    for (size_t i = from; i < end; i++) {
        if (c->steps[i].part.type == BEACON_PART_TOOL_CALL) {
            struct messages_step *result = find_result(c, end, c->steps[i].part.call_id);
            c->steps[i].result = result;
            if (result != NULL) {
                result->is_taken = true;
            }
        }
    }
}

static bool is_left_out(const struct messages_step *step)
{
    return step->part.type == BEACON_PART_TOOL_CALL && step->result == NULL;
}

/* What the model said without a person between, up to `end`. Thinking must not stand last: at the end
 * of all it is what a broken answer left behind, elsewhere a word is put behind it. */
static void append_assistant(struct messages_conversation *c, size_t from, size_t end)
{
    size_t said_end = end;
    while (said_end > from && (c->steps[said_end - 1].part.type == BEACON_PART_REASONING ||
                               is_left_out(&c->steps[said_end - 1]))) {
        said_end--;
    }
    const size_t last = end == c->n_steps ? said_end : end;
    for (size_t i = from; i < last; i++) {
        if (!is_left_out(&c->steps[i])) {
            append(c, &c->steps[i]);
        }
    }
    const struct messages_step *said = c->n_order > 0 ? c->order[c->n_order - 1] : NULL;
    if (last > from && said != NULL && said->part.type == BEACON_PART_REASONING) {
        append(c, &c->fillers[FILLER_INTERRUPTED]);
    }
}

/* The results first, in the order of their calls, then what else the person has to say. */
static void append_user(struct messages_conversation *c, size_t calls, size_t from, size_t end)
{
    for (size_t i = calls; i < from; i++) {
        if (c->steps[i].result != NULL) {
            append(c, c->steps[i].result);
        }
    }
    for (size_t i = from; i < end; i++) {
        if (!c->steps[i].is_taken) {
            append(c, &c->steps[i]);
        }
    }
}

static void arrange(struct messages_conversation *c)
{
    if (c->n_steps > 0 && c->steps[0].role == BEACON_ROLE_ASSISTANT) {
        append(c, &c->fillers[FILLER_BEGIN]);
    }
    for (size_t at = 0; at < c->n_steps;) {
        const size_t said_end = end_of_run(c, at, BEACON_ROLE_ASSISTANT);
        const size_t end = end_of_run(c, said_end, BEACON_ROLE_USER);
        find_results(c, at, said_end);
        append_assistant(c, at, said_end);
        append_user(c, at, said_end, end);
        at = end;
    }
    if (c->n_messages > 0 && c->messages[c->n_messages - 1].role == BEACON_ROLE_ASSISTANT &&
        !messages_conversation_is_paused(c)) {
        append(c, &c->fillers[FILLER_GO_ON]); /* models no longer complete a message of theirs */
    }
}

/* ---- what is known of it ---- */

bool messages_conversation_is_paused(const struct messages_conversation *c)
{
    const struct messages_message *last =
        c->n_messages > 0 ? &c->messages[c->n_messages - 1] : NULL;
    for (size_t i = 0; last != NULL && last->role == BEACON_ROLE_ASSISTANT && i < last->n; i++) {
        if (c->order[last->first + i]->part.type == BEACON_PART_SERVER_TOOL) {
            return true;
        }
    }
    return false;
}

static bool has_hint(const struct messages_conversation *c, const struct messages_message *m)
{
    for (size_t i = 0; i < m->n; i++) {
        if (c->order[m->first + i]->has_hint) {
            return true;
        }
    }
    return false;
}

/* A message of the model goes back as it came, so its hint counts for the one before. */
static void mark_hint(struct messages_conversation *c)
{
    for (size_t i = c->n_messages; i > 0; i--) {
        if (has_hint(c, &c->messages[i - 1])) {
            const bool is_user = c->messages[i - 1].role == BEACON_ROLE_USER;
            if (is_user || i > 1) {
                c->messages[is_user ? i - 1 : i - 2].has_breakpoint = true;
            }
            return;
        }
    }
}

void messages_conversation_mark(struct messages_conversation *c)
{
    size_t n = 0;
    for (size_t i = c->n_messages; i > 0 && n < 2; i--) {
        if (c->messages[i - 1].role == BEACON_ROLE_USER) {
            c->messages[i - 1].has_breakpoint = true;
            n++;
        }
    }
    mark_hint(c);
}

/* ---- making it ---- */

static void init_fillers(struct messages_conversation *c)
{
    static const struct {
        uint32_t role;
        const char *text;
    } rows[N_FILLERS] = {
        [FILLER_BEGIN] = {BEACON_ROLE_USER, "(The conversation goes on.)"},
        [FILLER_INTERRUPTED] = {BEACON_ROLE_ASSISTANT, "(interrupted)"},
        [FILLER_GO_ON] = {BEACON_ROLE_USER, "Go on."},
    };
    for (size_t i = 0; i < N_FILLERS; i++) {
        c->fillers[i].part = beacon_part_of(BEACON_PART_TEXT);
        c->fillers[i].part.text = beacon_text(rows[i].text);
        c->fillers[i].role = rows[i].role;
    }
}

beacon_rc messages_conversation_init(struct messages_conversation *ret,
                                     const struct beacon_turn *turn, struct beacon_error *err)
{
    size_t n_parts = 0;
    memset(ret, 0, sizeof *ret);
    init_fillers(ret);
    for (size_t i = 0; i < turn->n_messages; i++) {
        n_parts += turn->messages[i]->n_parts;
    }
    const size_t most = 2 * n_parts + N_FILLERS; /* each step may need a filler behind it */
    ret->steps = calloc(n_parts + 1, sizeof *ret->steps);
    ret->order = calloc(most, sizeof(void *));
    ret->messages = calloc(most, sizeof *ret->messages);
    if (ret->steps == NULL || ret->order == NULL || ret->messages == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    ret->n_system = count_system(turn);
    for (size_t i = ret->n_system; i < turn->n_messages; i++) {
        struct beacon_message message;
        BEACON_COPY_IN(message, turn->messages[i]);
        add_message(ret, &message);
    }
    arrange(ret);
    return BEACON_OK;
}

void messages_conversation_finish(struct messages_conversation *conversation)
{
    free(conversation->steps);
    free(conversation->order);
    free(conversation->messages);
    conversation->steps = NULL;
    conversation->order = NULL;
    conversation->messages = NULL;
}
