/* SPDX-License-Identifier: Apache-2.0 */
#include "failure.h"

#define BROKEN "stream disconnected before completion: "

#define TOO_LONG                                                                                   \
    {                                                                                              \
        BEACON_VERDICT_TOO_LONG, BEACON_E_LIMIT, "", BEACON_PIECE_MESSAGE, NULL                    \
    }
#define QUOTA                                                                                      \
    {                                                                                              \
        BEACON_VERDICT_FATAL, BEACON_E_LIMIT,                                                      \
            "Quota exceeded. Check your plan and billing details.", 0, NULL                        \
    }
#define BUSY                                                                                       \
    {                                                                                              \
        BEACON_VERDICT_RETRY, BEACON_E_IO, BROKEN, BEACON_PIECE_MESSAGE, NULL                      \
    }
#define RATE                                                                                       \
    {                                                                                              \
        BEACON_VERDICT_RETRY, BEACON_E_LIMIT, "rate limit exceeded: ", BEACON_PIECE_MESSAGE, NULL  \
    }
#define REFUSED                                                                                    \
    {                                                                                              \
        BEACON_VERDICT_FATAL, BEACON_E_INVALID, "", BEACON_PIECE_MESSAGE, NULL                     \
    }

/* First the codes that say it, then sentences of servers whose codes say nothing. */
static const struct beacon_failure_code codes[] = {
    {"context_length_exceeded", NULL, TOO_LONG},
    {"exceed_context_size_error", NULL, TOO_LONG}, /* llama.cpp */
    {"request_too_large", NULL, TOO_LONG},
    {"insufficient_quota", NULL, QUOTA},
    {"billing_hard_limit_reached", NULL, QUOTA},
    {"billing_not_active", NULL, QUOTA},
    {"insufficient_balance", NULL, QUOTA},
    {"exceeded_current_quota_error", NULL, QUOTA},
    {"rate_limit_exceeded", NULL, RATE},
    {"rate_limit_error", NULL, RATE},
    {"rate_limit_reached_error", NULL, RATE},
    {"overloaded_error", NULL, BUSY},
    {"engine_overloaded_error", NULL, BUSY},
    {"", "maximum context length", TOO_LONG}, /* OpenAI, vLLM, Mistral, OpenRouter, DeepSeek */
    {"", "maximum model length", TOO_LONG},   /* vLLM */
    {"", "model's context length", TOO_LONG}, /* SGLang */
    {"", "available context size", TOO_LONG}, /* llama.cpp */
    {"", "exceeds the context", TOO_LONG},    /* Ollama */
    {"", "exceed context limit", TOO_LONG},   /* gateways to Messages */
    {"", "exceeds the maximum number of tokens", TOO_LONG}, /* Gemini behind this wire */
    {"", "greater than the context length", TOO_LONG},      /* LM Studio */
    {"", "reached context length", TOO_LONG},               /* LM Studio */
    {"", "context the overflows", TOO_LONG},                /* LM Studio, its own words */
    {"", "context window", TOO_LONG},
    {"", "maximum prompt length", TOO_LONG}, /* xAI */
    {"", "prompt is too long", TOO_LONG},
    {"", "input is too long", TOO_LONG},
    {"", "prompt exceeds max length", TOO_LONG},
    {"", "exceeded model token limit", TOO_LONG},
    {"", "`inputs` must have less than", TOO_LONG},            /* TGI */
    {"", "`inputs` tokens + `max_new_tokens` must", TOO_LONG}, /* TGI */
    {"", "reduce the length of the messages", TOO_LONG},       /* Groq */
    {"", "insufficient balance", QUOTA},                       /* DeepSeek */
    {"content_filter", NULL, REFUSED},
    {"content_policy_violation", NULL, REFUSED},
    {"model_not_found",
     NULL,
     {BEACON_VERDICT_FATAL, BEACON_E_NOT_FOUND, "", BEACON_PIECE_MESSAGE, NULL}},
    {NULL, NULL, BUSY},
};

static const struct beacon_failure_wire wire = {codes, NULL};

/* A gateway's own words are "Provider returned error"; what the provider said stands below. */
static void prefer_raw(struct beacon_error_words *words)
{
    struct beacon_str metadata, raw;
    if (beacon_json_member(words->text, "metadata", &metadata) &&
        beacon_json_member_string(metadata, "raw", &raw) && raw.n > 0) {
        words->message = raw;
    }
}

static void set(struct beacon_failure *f, const struct beacon_failure_row *row,
                const struct beacon_error_words *words)
{
    beacon_failure_add_words(&f->message, row, words);
    if (row->verdict == BEACON_VERDICT_RETRY) {
        f->after_ms = beacon_failure_delay(&wire, words);
    }
}

void chat_failure_of_answer(struct beacon_failure *f, const struct beacon_answer *answer,
                            struct beacon_str url)
{
    struct beacon_error_words words;
    beacon_error_words_find(beacon_json_out_text(&answer->body), &words);
    prefer_raw(&words);
    const struct beacon_failure_row row = beacon_failure_row_of_answer(&wire, answer, &words);
    beacon_failure_set(f, &row);
    beacon_failure_add_answer(&f->message, row.pieces, answer, url, &words);
    set(f, &row, &words);
    if (row.verdict == BEACON_VERDICT_RETRY && answer->retry_after_ms >= 0) {
        f->after_ms = answer->retry_after_ms;
    }
}

/* Many servers write the status that the answer would have had as the code. */
static int32_t status_of(const struct beacon_error_words *words)
{
    struct beacon_str code;
    const int64_t status =
        beacon_json_member(words->text, "code", &code) ? beacon_json_integer(code, 0) : 0;
    return status >= 400 && status <= 599 ? (int32_t)status : 0;
}

void chat_failure_of_frame(struct beacon_failure *f, struct beacon_str frame)
{
    struct beacon_error_words words;
    beacon_error_words_find(frame, &words);
    prefer_raw(&words);
    const struct beacon_failure_code *code = beacon_failure_find_code(&wire, &words);
    const int32_t status = status_of(&words);
    struct beacon_failure_row row = code->row;
    if (code->name == NULL && status != 0) {
        const struct beacon_failure_row by_status = beacon_failure_row_of_status(status);
        row.verdict = by_status.verdict;
        row.code = by_status.code;
        row.begin = row.verdict == BEACON_VERDICT_RETRY ? BROKEN : "";
    }
    beacon_failure_set(f, &row);
    set(f, &row, &words);
}

void chat_failure_closed_early(struct beacon_failure *f, struct beacon_str content_type)
{
    static const struct beacon_failure_row row = {BEACON_VERDICT_RETRY, BEACON_E_PROTOCOL,
                                                  BROKEN "the answer is no stream of events but ",
                                                  0, NULL};
    if (content_type.n == 0) {
        beacon_failure_closed_early(f, "finish_reason");
        return;
    }
    beacon_failure_set(f, &row);
    beacon_failure_quote(&f->message, content_type);
}

void chat_failure_gave_up(struct beacon_failure *f, struct beacon_str raw_reason)
{
    static const struct beacon_failure_row row = {
        BEACON_VERDICT_RETRY, BEACON_E_IO, BROKEN "the server gave up, finish_reason ", 0, NULL};
    beacon_failure_set(f, &row);
    beacon_failure_quote(&f->message, raw_reason);
}

void chat_failure_nonsense(struct beacon_failure *f, const char *what)
{
    static const struct beacon_failure_row row = {BEACON_VERDICT_RETRY, BEACON_E_PROTOCOL, BROKEN,
                                                  0, NULL};
    beacon_failure_set(f, &row);
    beacon_failure_add(&f->message, beacon_text(what));
}

void chat_failure_limit(struct beacon_failure *f, const char *what)
{
    static const struct beacon_failure_row row = {BEACON_VERDICT_FATAL, BEACON_E_LIMIT, "", 0,
                                                  NULL};
    beacon_failure_set(f, &row);
    beacon_failure_add(&f->message, beacon_text(what));
}
