/* frame.h - one GenerateContentResponse, read in one pass without a tree.
 *
 * Spans are slices of the frame: strings between their quotes with escapes kept, other values whole.
 * What is not there is an empty span. Thread: [pure].
 */
#ifndef PROVIDER_GEMINI_FRAME_H
#define PROVIDER_GEMINI_FRAME_H

#include <beacon-sdk/json_scan.h>

/* One part of a content. */
struct gemini_part {
    struct beacon_str raw;         /* all of it, as it came */
    struct beacon_str text;        /* string */
    struct beacon_str signature;   /* string: thoughtSignature */
    struct beacon_str call;        /* value: functionCall */
    struct beacon_str kind, value; /* the first member that is none of these, and its value */
    bool has_text, is_thought;
};

/* Tokens as the API counts them; -1: it does not say. */
struct gemini_counts {
    int64_t prompt, cached, tool_prompt; /* cached is part of prompt, tool_prompt is not */
    int64_t answer, thoughts;            /* apart from each other */
};

struct gemini_frame {
    struct beacon_str response_id, model; /* strings */
    struct beacon_str feedback, error;    /* values */
    struct gemini_counts counts;
    struct beacon_str finish_reason, finish_message; /* strings, of the candidate */
    struct beacon_str parts;                         /* value: an array; of the candidate */
    struct gemini_part first;
    size_t n_parts;
    bool has_candidate, has_counts;
};

/* Read `text`. False: it is not one well-formed JSON object. Of several candidates the one with
 * index 0 counts: the others were not asked for. */
bool gemini_frame_read(struct beacon_str text, struct gemini_frame *ret);

/* The next part of frame->parts; `j` was begun with beacon_json_init() and _enter_array(). False: no
 * more. */
bool gemini_frame_next_part(struct beacon_json *j, struct gemini_part *ret);

#endif
