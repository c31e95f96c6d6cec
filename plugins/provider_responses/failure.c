/* SPDX-License-Identifier: Apache-2.0 */
#include "failure.h"

#include "usage_limit.h"

static const struct beacon_failure_code codes[] = {
    {"context_length_exceeded",
     NULL,
     {BEACON_VERDICT_TOO_LONG, BEACON_E_LIMIT,
      "Codex ran out of room in the model's context window. Start a new thread or clear earlier "
      "history before retrying.",
      0, NULL}},
    {"exceed_context_size_error",
     NULL,
     {BEACON_VERDICT_TOO_LONG, BEACON_E_LIMIT, "", BEACON_PIECE_MESSAGE, NULL}},
    {"insufficient_quota",
     NULL,
     {BEACON_VERDICT_FATAL, BEACON_E_LIMIT, "Quota exceeded. Check your plan and billing details.",
      0, NULL}},
    {"usage_limit_reached",
     NULL,
     {BEACON_VERDICT_FATAL, BEACON_E_LIMIT, "", 0, responses_write_usage_limit}},
    {"usage_not_included",
     NULL,
     {BEACON_VERDICT_FATAL, BEACON_E_LIMIT,
      "Your plan does not include this model. Upgrade the plan, or use an API key.", 0, NULL}},
    {"invalid_prompt",
     NULL,
     {BEACON_VERDICT_FATAL, BEACON_E_INVALID, "", BEACON_PIECE_MESSAGE, NULL}},
    {"cyber_policy",
     NULL,
     {BEACON_VERDICT_FATAL, BEACON_E_INVALID, "", BEACON_PIECE_MESSAGE, NULL}},
    {"rate_limit_exceeded",
     NULL,
     {BEACON_VERDICT_RETRY, BEACON_E_LIMIT, "rate limit exceeded: ", BEACON_PIECE_MESSAGE, NULL}},
    {NULL,
     NULL,
     {BEACON_VERDICT_RETRY, BEACON_E_IO,
      "stream disconnected before completion: ", BEACON_PIECE_MESSAGE, NULL}},
};

const struct beacon_failure_wire responses_failures = {codes, NULL};

void responses_failure_incomplete(struct beacon_failure *f, struct beacon_str raw_reason)
{
    static const struct beacon_failure_row row = {
        BEACON_VERDICT_FATAL, BEACON_E_LIMIT, "Incomplete response returned, reason: ", 0, NULL};
    beacon_failure_set(f, &row);
    beacon_failure_quote(&f->message, raw_reason.n > 0 ? raw_reason : BEACON_STR("unknown"));
}

bool responses_failure_is_about_summary(struct beacon_str body)
{
    struct beacon_error_words words;
    beacon_error_words_find(body, &words);
    return beacon_json_key_is(words.param, "reasoning.summary") &&
           beacon_json_key_is(words.code, "unsupported_value");
}

bool responses_failure_is_about_reasoning(struct beacon_str body)
{
    struct beacon_error_words words;
    beacon_error_words_find(body, &words);
    return beacon_json_key_is(words.code, "invalid_encrypted_content");
}
