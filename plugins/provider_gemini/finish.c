/* SPDX-License-Identifier: Apache-2.0 */
#include "finish.h"

#define REFUSED   "the model refused to go on: "
#define MALFORMED "the model made a call that its server could not read: "
#define AGAIN     0u, BEACON_VERDICT_RETRY

/* STOP also ends an answer with calls; who has seen some makes FINISH_TOOLS of it. */
static const struct gemini_finish rows[] = {
    {"STOP", BEACON_FINISH_STOP, 0, NULL},
    {"MAX_TOKENS", BEACON_FINISH_LENGTH, 0, "the answer ends at the limit of output tokens: "},
    {"SAFETY", BEACON_FINISH_REFUSAL, 0, REFUSED},
    {"RECITATION", BEACON_FINISH_REFUSAL, 0, REFUSED},
    {"BLOCKLIST", BEACON_FINISH_REFUSAL, 0, REFUSED},
    {"PROHIBITED_CONTENT", BEACON_FINISH_REFUSAL, 0, REFUSED},
    {"SPII", BEACON_FINISH_REFUSAL, 0, REFUSED},
    {"LANGUAGE", BEACON_FINISH_REFUSAL, 0, REFUSED},
    {"MODEL_ARMOR", BEACON_FINISH_REFUSAL, 0, REFUSED},
    {"IMAGE_SAFETY", BEACON_FINISH_REFUSAL, 0, REFUSED},
    {"IMAGE_RECITATION", BEACON_FINISH_REFUSAL, 0, REFUSED},
    {"IMAGE_PROHIBITED_CONTENT", BEACON_FINISH_REFUSAL, 0, REFUSED},
    {"MALFORMED_FUNCTION_CALL", AGAIN, MALFORMED},
    {"UNEXPECTED_TOOL_CALL", AGAIN, MALFORMED},
    {"MALFORMED_RESPONSE", AGAIN, "the model's answer could not be read: "},
    {"TOO_MANY_TOOL_CALLS", AGAIN, "the model went on calling tools: "},
    {"MISSING_THOUGHT_SIGNATURE", 0, BEACON_VERDICT_FATAL,
     "the request lacks a signature of the model's thoughts: "},
    {NULL, BEACON_FINISH_STOP, 0, "the model ended its answer without saying why: "},
};

const struct gemini_finish *gemini_finish_find(struct beacon_str raw_reason)
{
    const struct gemini_finish *row = rows;
    while (row->reason != NULL && !beacon_json_key_is(raw_reason, row->reason)) {
        row++;
    }
    return row;
}

static void add_unescaped(struct beacon_json_out *out, struct beacon_str raw)
{
    struct beacon_json_out value;
    beacon_json_out_init(&value, BEACON_FAILURE_MESSAGE_MAX);
    beacon_json_out_unescaped(&value, beacon_utf8_cut(raw, BEACON_ANSWER_BODY_MAX));
    beacon_failure_quote(out, beacon_json_out_text(&value));
    beacon_json_out_finish(&value);
}

void gemini_finish_tell(struct beacon_json_out *out, const struct gemini_finish *finish,
                        struct beacon_str raw_reason, struct beacon_str raw_message)
{
    beacon_failure_add(out, beacon_text(finish->sentence));
    add_unescaped(out, raw_reason);
    if (raw_message.n > 0) {
        beacon_failure_add(out, BEACON_STR(" ("));
        add_unescaped(out, raw_message);
        beacon_failure_add(out, BEACON_STR(")"));
    }
}
