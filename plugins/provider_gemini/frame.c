/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

/* One answer of the model; servers may be asked for several. */
struct candidate {
    struct beacon_str finish_reason, finish_message, parts;
    struct gemini_part first;
    size_t n_parts;
    int64_t index;
};

static inline bool is_key(struct beacon_str raw_key, const char *name, size_t n)
{
    return raw_key.n == n && memcmp(raw_key.p, name, n) == 0;
}

#define IS_KEY(raw_key, name) is_key(raw_key, name, sizeof(name) - 1)

/* A value that should be a string; any other kind counts as not there. */
static bool take_string(struct beacon_json *j, struct beacon_str *ret)
{
    return beacon_json_peek(j) == BEACON_JSON_STRING ? beacon_json_string(j, ret)
                                                     : beacon_json_skip(j, NULL) && false;
}

static void take_true(struct beacon_json *j, bool *ret)
{
    const bool is_true = beacon_json_peek(j) == BEACON_JSON_TRUE;
    *ret = beacon_json_skip(j, NULL) && is_true;
}

/* Members that say something about a part instead of being it. */
static bool is_about(struct beacon_str raw_key)
{
    return IS_KEY(raw_key, "partMetadata") || IS_KEY(raw_key, "videoMetadata") ||
           IS_KEY(raw_key, "mediaResolution");
}

static void take_part_member(struct beacon_json *j, struct beacon_str raw_key,
                             struct gemini_part *part)
{
    if (IS_KEY(raw_key, "text")) {
        part->has_text = take_string(j, &part->text);
    } else if (IS_KEY(raw_key, "thought")) {
        take_true(j, &part->is_thought);
    } else if (IS_KEY(raw_key, "thoughtSignature")) {
        (void)take_string(j, &part->signature);
    } else if (IS_KEY(raw_key, "functionCall")) {
        (void)beacon_json_skip(j, &part->call);
    } else if (part->kind.n > 0 || is_about(raw_key)) {
        (void)beacon_json_skip(j, NULL);
    } else {
        part->kind = raw_key;
        (void)beacon_json_skip(j, &part->value);
    }
}

static bool read_part(struct beacon_json *j, struct gemini_part *ret)
{
    struct beacon_str key;
    const struct beacon_str none = {NULL, 0};
    ret->text = ret->signature = ret->call = ret->kind = ret->value = none;
    ret->has_text = ret->is_thought = false;
    if (beacon_json_peek(j) != BEACON_JSON_OBJECT) {
        return beacon_json_skip(j, &ret->raw);
    }
    const char *const start = j->p;
    (void)beacon_json_enter_object(j);
    while (beacon_json_next_key(j, &key)) {
        take_part_member(j, key, ret);
    }
    ret->raw = beacon_span(start, (size_t)(j->p - start));
    return !j->failed;
}

bool gemini_frame_next_part(struct beacon_json *j, struct gemini_part *ret)
{
    return beacon_json_next_element(j) && read_part(j, ret);
}

static void read_parts(struct beacon_json *j, struct candidate *candidate)
{
    struct gemini_part other;
    if (beacon_json_peek(j) != BEACON_JSON_ARRAY) {
        (void)beacon_json_skip(j, NULL);
        return;
    }
    const char *const start = j->p;
    candidate->n_parts = 0;
    (void)beacon_json_enter_array(j);
    while (gemini_frame_next_part(j, candidate->n_parts == 0 ? &candidate->first : &other)) {
        candidate->n_parts++;
    }
    candidate->parts = beacon_span(start, (size_t)(j->p - start));
}

static void read_content(struct beacon_json *j, struct candidate *candidate)
{
    struct beacon_str key;
    if (beacon_json_peek(j) != BEACON_JSON_OBJECT) {
        (void)beacon_json_skip(j, NULL);
        return;
    }
    (void)beacon_json_enter_object(j);
    while (beacon_json_next_key(j, &key)) {
        if (IS_KEY(key, "parts")) {
            read_parts(j, candidate);
        } else {
            (void)beacon_json_skip(j, NULL);
        }
    }
}

static void take_index(struct beacon_json *j, int64_t *ret)
{
    struct beacon_json at = *j;
    if (!beacon_json_int64(&at, ret)) {
        *ret = 0;
    }
    (void)beacon_json_skip(j, NULL);
}

static void read_candidate(struct beacon_json *j, struct candidate *candidate)
{
    struct beacon_str key;
    (void)beacon_json_enter_object(j);
    while (beacon_json_next_key(j, &key)) {
        if (IS_KEY(key, "content")) {
            read_content(j, candidate);
        } else if (IS_KEY(key, "finishReason")) {
            (void)take_string(j, &candidate->finish_reason);
        } else if (IS_KEY(key, "finishMessage")) {
            (void)take_string(j, &candidate->finish_message);
        } else if (IS_KEY(key, "index")) {
            take_index(j, &candidate->index);
        } else {
            (void)beacon_json_skip(j, NULL);
        }
    }
}

static void keep(struct gemini_frame *frame, const struct candidate *candidate)
{
    frame->has_candidate = true;
    frame->finish_reason = candidate->finish_reason;
    frame->finish_message = candidate->finish_message;
    frame->parts = candidate->parts;
    frame->first = candidate->first;
    frame->n_parts = candidate->n_parts;
}

static void read_candidates(struct beacon_json *j, struct gemini_frame *frame)
{
    if (beacon_json_peek(j) != BEACON_JSON_ARRAY) {
        (void)beacon_json_skip(j, NULL);
        return;
    }
    (void)beacon_json_enter_array(j);
    while (beacon_json_next_element(j)) {
        struct candidate candidate;
        if (beacon_json_peek(j) != BEACON_JSON_OBJECT) {
            (void)beacon_json_skip(j, NULL);
            continue;
        }
        memset(&candidate, 0, sizeof candidate);
        read_candidate(j, &candidate);
        if (candidate.index == 0 && !frame->has_candidate) {
            keep(frame, &candidate);
        }
    }
}

static void take_count(struct beacon_json *j, int64_t *ret)
{
    struct beacon_json at = *j;
    int64_t count;
    if (beacon_json_int64(&at, &count) && count >= 0) {
        *ret = count;
        *j = at;
    } else {
        (void)beacon_json_skip(j, NULL);
    }
}

static void take_usage_member(struct beacon_json *j, struct beacon_str raw_key,
                              struct gemini_counts *counts)
{
    if (IS_KEY(raw_key, "promptTokenCount")) {
        take_count(j, &counts->prompt);
    } else if (IS_KEY(raw_key, "candidatesTokenCount")) {
        take_count(j, &counts->answer);
    } else if (IS_KEY(raw_key, "thoughtsTokenCount")) {
        take_count(j, &counts->thoughts);
    } else if (IS_KEY(raw_key, "cachedContentTokenCount")) {
        take_count(j, &counts->cached);
    } else if (IS_KEY(raw_key, "toolUsePromptTokenCount")) {
        take_count(j, &counts->tool_prompt);
    } else {
        (void)beacon_json_skip(j, NULL);
    }
}

static void read_usage(struct beacon_json *j, struct gemini_frame *frame)
{
    struct beacon_str key;
    if (beacon_json_peek(j) != BEACON_JSON_OBJECT) {
        (void)beacon_json_skip(j, NULL);
        return;
    }
    frame->has_counts = true;
    (void)beacon_json_enter_object(j);
    while (beacon_json_next_key(j, &key)) {
        take_usage_member(j, key, &frame->counts);
    }
}

static void take_member(struct beacon_json *j, struct beacon_str raw_key,
                        struct gemini_frame *frame)
{
    if (IS_KEY(raw_key, "candidates")) {
        read_candidates(j, frame);
    } else if (IS_KEY(raw_key, "usageMetadata")) {
        read_usage(j, frame);
    } else if (IS_KEY(raw_key, "modelVersion")) {
        (void)take_string(j, &frame->model);
    } else if (IS_KEY(raw_key, "responseId")) {
        (void)take_string(j, &frame->response_id);
    } else if (IS_KEY(raw_key, "promptFeedback")) {
        (void)beacon_json_skip(j, &frame->feedback);
    } else if (IS_KEY(raw_key, "error")) {
        (void)beacon_json_skip(j, &frame->error);
    } else {
        (void)beacon_json_skip(j, NULL);
    }
}

bool gemini_frame_read(struct beacon_str text, struct gemini_frame *ret)
{
    struct beacon_json j;
    struct beacon_str key;
    memset(ret, 0, sizeof *ret);
    ret->counts = (struct gemini_counts){-1, -1, -1, -1, -1};
    beacon_json_init(&j, text);
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &key)) {
        take_member(&j, key, ret);
    }
    return beacon_json_finished(&j);
}
