/* SPDX-License-Identifier: Apache-2.0 */
#include "contents.h"

#include <beacon-sdk/json_string.h>

#include "blob.h"
#include "calls.h"

/* Messages [at, end) of the turn, part by part. */
struct walk {
    const struct beacon_turn *turn;
    size_t at, end, part;
};

struct writer {
    struct beacon_json_out *out;
    const struct beacon_turn *turn;
    const struct beacon_tool_names *names;
    struct beacon_str signature;
    const char *role;            /* of the content that is open; NULL: none is */
    size_t step_begin, step_end; /* messages that made the latest content of the model */
    bool has_call;               /* in the model's content at hand */
};

static bool next_part(struct walk *walk, struct beacon_part *ret)
{
    for (; walk->at < walk->end; walk->at++, walk->part = 0) {
        struct beacon_message message;
        BEACON_COPY_IN(message, walk->turn->messages[walk->at]);
        if (walk->part < message.n_parts) {
            BEACON_COPY_IN(*ret, message.parts[walk->part]);
            walk->part++;
            return true;
        }
    }
    return false;
}

static void close_content(struct writer *w)
{
    if (w->role != NULL) {
        beacon_json_end_array(w->out);
        beacon_json_end_object(w->out);
        w->role = NULL;
    }
}

/* Called when a part is about to be written, so that no content is empty. */
static void open_content(struct writer *w, const char *role)
{
    if (w->role != NULL && strcmp(w->role, role) == 0) {
        return;
    }
    close_content(w);
    beacon_json_begin_object(w->out);
    beacon_json_put_member(w->out, "role", beacon_text(role));
    beacon_json_key(w->out, "parts");
    beacon_json_begin_array(w->out);
    w->role = role;
    w->has_call = false;
}

static void put_text(struct writer *w, const char *role, struct beacon_str text)
{
    if (text.n == 0) {
        return; /* the API refuses it */
    }
    open_content(w, role);
    beacon_json_begin_object(w->out);
    beacon_json_put_member(w->out, "text", text);
    beacon_json_end_object(w->out);
}

static void put_blob(struct writer *w, const char *role, const struct beacon_part *part)
{
    open_content(w, role);
    gemini_blob_put(w->out, part);
}

/* ---- the model ---- */

/* What items.c made: one part, or a list of them. */
static bool put_opaque(struct writer *w, struct beacon_str opaque)
{
    if (beacon_json_is_whole(opaque, '{')) {
        open_content(w, "model");
        beacon_json_put_raw(w->out, opaque);
        return true;
    }
    if (opaque.n < 2 || !beacon_json_is_whole(opaque, '[')) {
        return false;
    }
    const struct beacon_str inside = beacon_span(opaque.p + 1, opaque.n - 2);
    if (!beacon_span_is_blank(inside)) {
        open_content(w, "model");
        beacon_json_put_raw(w->out, inside);
    }
    return true;
}

/* The first call of a content is the one whose signature is asked for. */
static void put_call(struct writer *w, const struct beacon_part *part)
{
    open_content(w, "model");
    gemini_call_put(w->out, w->names, part, w->has_call ? BEACON_STR("") : w->signature);
}

/* Without what the API gave with them, thoughts and its own tools mean nothing to it. */
static void put_of_model(struct writer *w, const struct beacon_part *part)
{
    if (part->opaque.n > 0 && put_opaque(w, part->opaque)) {
        /* as it came */
    } else if (part->type == BEACON_PART_TEXT) {
        put_text(w, "model", part->text);
    } else if (part->type == BEACON_PART_TOOL_CALL) {
        put_call(w, part);
    } else if (part->type == BEACON_PART_BLOB) {
        put_blob(w, "model", part);
    }
    w->has_call = w->has_call || part->type == BEACON_PART_TOOL_CALL;
}

static void put_model_message(struct writer *w, size_t i)
{
    struct walk walk = {w->turn, i, i + 1, 0};
    struct beacon_part part;
    const bool goes_on = w->role != NULL && strcmp(w->role, "model") == 0;
    w->step_begin = goes_on ? w->step_begin : i;
    w->step_end = i + 1;
    while (next_part(&walk, &part)) {
        put_of_model(w, &part);
    }
}

/* ---- the user, and what the tools answered ---- */

static void put_of_user(struct writer *w, const struct beacon_part *part)
{
    if (part->type == BEACON_PART_BLOB) {
        put_blob(w, "user", part);
    } else {
        put_text(w, "user", part->text);
    }
}

static void put_user_message(struct writer *w, size_t i)
{
    struct walk walk = {w->turn, i, i + 1, 0};
    struct beacon_part part;
    while (next_part(&walk, &part)) {
        put_of_user(w, &part);
    }
}

static bool find(struct walk walk, uint32_t type, struct beacon_str call_id,
                 struct beacon_part *ret)
{
    while (next_part(&walk, ret)) {
        if (ret->type == type && beacon_span_equal(ret->call_id, call_id)) {
            return true;
        }
    }
    return false;
}

/* Answers come in the order in which tools finish, and belong in that of the calls. */
static void put_results(struct writer *w, struct walk results)
{
    struct walk calls = {w->turn, w->step_begin, w->step_end, 0};
    struct beacon_part call, result;
    while (next_part(&calls, &call)) {
        if (call.type == BEACON_PART_TOOL_CALL &&
            find(results, BEACON_PART_TOOL_RESULT, call.call_id, &result)) {
            open_content(w, "user");
            gemini_response_put(w->out, w->names, &call, &result);
        }
    }
}

/* Pictures, and answers to nothing that is known: the API would refuse such a response. */
static void put_rest(struct writer *w, struct walk results)
{
    const struct walk calls = {w->turn, w->step_begin, w->step_end, 0};
    struct beacon_part part, call;
    while (next_part(&results, &part)) {
        if (part.type != BEACON_PART_TOOL_RESULT ||
            !find(calls, BEACON_PART_TOOL_CALL, part.call_id, &call)) {
            put_of_user(w, &part);
        }
    }
}

static uint32_t role_of(const struct writer *w, size_t i)
{
    return w->turn->messages[i]->role;
}

/* All tool messages in a row; returns the index of the last. */
static size_t put_tool_messages(struct writer *w, size_t i)
{
    struct walk results = {w->turn, i, i + 1, 0};
    while (results.end < w->turn->n_messages && role_of(w, results.end) == BEACON_ROLE_TOOL) {
        results.end++;
    }
    put_results(w, results);
    put_rest(w, results);
    return results.end - 1;
}

/* ---- the whole ---- */

static size_t count_instructions(const struct beacon_turn *turn)
{
    size_t n = 0;
    while (n < turn->n_messages && turn->messages[n]->role == BEACON_ROLE_SYSTEM) {
        n++;
    }
    return n;
}

void gemini_instruction_put(struct beacon_json_out *out, const struct beacon_turn *turn)
{
    struct walk walk = {turn, 0, count_instructions(turn), 0};
    struct beacon_part part;
    bool is_begun = false;
    while (next_part(&walk, &part)) {
        if (part.type != BEACON_PART_TEXT || part.text.n == 0) {
            continue;
        }
        if (!is_begun) {
            beacon_json_key(out, "systemInstruction");
            beacon_json_begin_object(out);
            beacon_json_key(out, "parts");
            beacon_json_begin_array(out);
            is_begun = true;
        }
        beacon_json_begin_object(out);
        beacon_json_put_member(out, "text", part.text);
        beacon_json_end_object(out);
    }
    if (is_begun) {
        beacon_json_end_array(out);
        beacon_json_end_object(out);
    }
}

void gemini_contents_put(struct beacon_json_out *out, const struct beacon_turn *turn,
                         const struct beacon_tool_names *names, struct beacon_str signature)
{
    struct writer w = {.out = out, .turn = turn, .names = names, .signature = signature};
    beacon_json_key(out, "contents");
    beacon_json_begin_array(out);
    for (size_t i = count_instructions(turn); i < turn->n_messages; i++) {
        if (role_of(&w, i) == BEACON_ROLE_ASSISTANT) {
            put_model_message(&w, i);
        } else if (role_of(&w, i) == BEACON_ROLE_TOOL) {
            i = put_tool_messages(&w, i);
        } else {
            put_user_message(&w, i);
        }
    }
    close_content(&w);
    beacon_json_end_array(out);
}
