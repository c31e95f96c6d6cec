/* SPDX-License-Identifier: Apache-2.0 */
#include "failure.h"

#define DISCONNECTED "stream disconnected before completion: "
#define TOO_LONG                                                                                   \
    {                                                                                              \
        BEACON_VERDICT_TOO_LONG, BEACON_E_LIMIT,                                                   \
            "the conversation is too long for the model: ", BEACON_PIECE_MESSAGE, NULL             \
    }
#define ROW(verdict, code, begin)                                                                  \
    {                                                                                              \
        BEACON_VERDICT_##verdict, BEACON_E_##code, begin, BEACON_PIECE_MESSAGE, NULL               \
    }

static const struct beacon_failure_code codes[] = {
    {"INVALID_ARGUMENT", "exceeds the maximum number of tokens", TOO_LONG},
    {"INVALID_ARGUMENT", "input token count", TOO_LONG},
    {"INVALID_ARGUMENT", NULL, ROW(FATAL, INVALID, "")},
    {"FAILED_PRECONDITION", NULL, ROW(FATAL, INVALID, "")},
    {"OUT_OF_RANGE", NULL, ROW(FATAL, INVALID, "")},
    {"UNIMPLEMENTED", NULL, ROW(FATAL, INVALID, "")},
    {"UNAUTHENTICATED", NULL, ROW(REAUTH, AUTH, "")},
    {"PERMISSION_DENIED", NULL, ROW(FATAL, AUTH, "")},
    {"NOT_FOUND", NULL, ROW(FATAL, NOT_FOUND, "")},
    {"RESOURCE_EXHAUSTED", NULL, ROW(RETRY, LIMIT, "rate limit exceeded: ")},
    {"UNAVAILABLE", NULL, ROW(RETRY, IO, "the model is overloaded: ")},
    {NULL, NULL, ROW(RETRY, IO, DISCONNECTED)},
};

/* "12s", "0.5s": a duration as protocol buffers write it. */
static int64_t duration_ms(struct beacon_str raw)
{
    if (raw.n < 2 || raw.p[raw.n - 1] != 's' || raw.p[0] < '0' || raw.p[0] > '9') {
        return BEACON_RETRY_AFTER_NONE;
    }
    return beacon_retry_after_header(beacon_span(raw.p, raw.n - 1), 0);
}

/* The elements of error.details that are objects, one after the other. */
static bool begin_details(struct beacon_str object, struct beacon_json *ret)
{
    struct beacon_str details;
    if (!beacon_json_member(object, "details", &details) || details.p[0] != '[') {
        return false;
    }
    beacon_json_init(ret, details);
    return beacon_json_enter_array(ret);
}

static bool next_detail(struct beacon_json *j, struct beacon_str *ret)
{
    while (beacon_json_next_element(j) && beacon_json_skip(j, ret)) {
        if (ret->p[0] == '{') {
            return true;
        }
    }
    return false;
}

static int64_t retry_delay(struct beacon_str object)
{
    struct beacon_json j;
    struct beacon_str detail, raw;
    bool goes_on = begin_details(object, &j);
    while (goes_on && next_detail(&j, &detail)) {
        if (beacon_json_member_string(detail, "retryDelay", &raw)) {
            return duration_ms(raw);
        }
    }
    return BEACON_RETRY_AFTER_NONE;
}

static const struct beacon_failure_wire wire = {codes, retry_delay};

/* The reason of ErrorInfo, or a sentence about it: wrong keys are a 400 here. */
static bool is_about_key(const struct beacon_error_words *words)
{
    struct beacon_json j;
    struct beacon_str detail, raw;
    bool goes_on = begin_details(words->text, &j);
    while (goes_on && next_detail(&j, &detail)) {
        if (beacon_json_member_string(detail, "reason", &raw) &&
            beacon_json_key_is(raw, "API_KEY_INVALID")) {
            return true;
        }
    }
    return beacon_error_words_say(words->message, "api key not valid") ||
           beacon_error_words_say(words->message, "api key expired");
}

/* A quota of the day comes back tomorrow, whatever the delay says that stands beside it. */
static bool is_about_day(const struct beacon_error_words *words)
{
    struct beacon_json j;
    struct beacon_str detail;
    bool goes_on = begin_details(words->text, &j);
    while (goes_on && next_detail(&j, &detail)) {
        if (beacon_error_words_say(detail, "PerDay")) {
            return true;
        }
    }
    return false;
}

/* The row that the SDK has for the status, in this API's words: its bodies are long, and the sentence
 * for people is in them. */
static struct beacon_failure_row row_of(const struct beacon_answer *answer,
                                        const struct beacon_error_words *words)
{
    static const struct beacon_failure_row day =
        ROW(FATAL, LIMIT, "the quota of the day is used up: ");
    struct beacon_failure_row row = beacon_failure_row_of_answer(&wire, answer, words);
    if ((row.pieces & BEACON_PIECE_BODY) != 0 && words->message.n > 0) {
        row.pieces ^= BEACON_PIECE_BODY | BEACON_PIECE_BODY_WORDS;
    }
    if (answer->status == 429 && is_about_day(words)) {
        row = day;
    } else if (answer->status == 400 && is_about_key(words)) {
        row.verdict = BEACON_VERDICT_REAUTH;
        row.code = BEACON_E_AUTH;
    }
    return row;
}

void gemini_failure_of_answer(struct beacon_failure *f, const struct beacon_answer *answer,
                              struct beacon_str url)
{
    struct beacon_error_words words;
    beacon_error_words_find(beacon_json_out_text(&answer->body), &words);
    const struct beacon_failure_row row = row_of(answer, &words);
    beacon_failure_set(f, &row);
    beacon_failure_add_answer(&f->message, row.pieces, answer, url, &words);
    beacon_failure_add_words(&f->message, &row, &words);
    if (row.verdict == BEACON_VERDICT_RETRY) {
        f->after_ms = answer->retry_after_ms >= 0 ? answer->retry_after_ms
                                                  : beacon_failure_delay(&wire, &words);
    }
}

/* Gateways send the number without the word. */
void gemini_failure_of_error(struct beacon_failure *f, struct beacon_str object)
{
    struct beacon_str number = beacon_span(NULL, 0), word;
    beacon_failure_of_error(f, &wire, object);
    (void)beacon_json_member(object, "code", &number);
    const int64_t status = beacon_json_integer(number, 0);
    if (beacon_json_member_string(object, "status", &word) || status < 400 || status > 599) {
        return;
    }
    const struct beacon_failure_row row = beacon_failure_row_of_status((int32_t)status);
    f->verdict = row.verdict;
    f->code = row.code;
    f->after_ms = row.verdict == BEACON_VERDICT_RETRY ? f->after_ms : BEACON_RETRY_AFTER_NONE;
}

bool gemini_failure_of_feedback(struct beacon_failure *f, struct beacon_str feedback)
{
    static const struct beacon_failure_row row = {BEACON_VERDICT_FATAL, BEACON_E_INVALID,
                                                  "the prompt was blocked: ", 0, NULL};
    struct beacon_error_words words;
    struct beacon_str reason, message;
    if (!beacon_json_member_string(feedback, "blockReason", &reason)) {
        return false;
    }
    beacon_failure_set(f, &row);
    memset(&words, 0, sizeof words);
    words.message = reason;
    beacon_failure_add_message(&f->message, &words);
    if (beacon_json_member_string(feedback, "blockReasonMessage", &message) && message.n > 0) {
        words.message = message;
        beacon_failure_add(&f->message, BEACON_STR(": "));
        beacon_failure_add_message(&f->message, &words);
    }
    return true;
}

void gemini_failure_too_large(struct beacon_failure *f)
{
    static const struct beacon_failure_row row = {BEACON_VERDICT_FATAL, BEACON_E_LIMIT,
                                                  "the answer of the model is too large to be kept",
                                                  0, NULL};
    beacon_failure_set(f, &row);
}

bool gemini_failure_is_about_thinking(struct beacon_str body)
{
    struct beacon_error_words words;
    beacon_error_words_find(body, &words);
    return beacon_error_words_say(words.message, "thinking");
}

void gemini_failure_of_nonsense(struct beacon_failure *f)
{
    static const struct beacon_failure_row row =
        ROW(RETRY, PROTOCOL,
            "stream disconnected before completion: the server sent an event that is no JSON");
    beacon_failure_set(f, &row);
}
