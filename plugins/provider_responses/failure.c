/* SPDX-License-Identifier: Apache-2.0 */
#include "failure.h"

#include <beacon-sdk/error.h>
#include <beacon-sdk/json_string.h>
#include <beacon-sdk/retry_after.h>

#include "failure_text.h"

#define MESSAGE_MAX ((size_t)4 * FAILURE_BODY_MAX)

/* What a message is made of, in this order, after its fixed beginning. */
#define PIECE_STATUS      1u  /* 404 Not Found */
#define PIECE_BODY        2u  /* ": " and the body */
#define PIECE_BODY_WORDS  4u  /* ": " and the message in the body, else the body */
#define PIECE_URL         8u  /* ", url: …" */
#define PIECE_REQUEST_ID  16u /* ", request id: …" */
#define PIECE_MESSAGE     32u /* the message of an error object */
#define PIECE_USAGE_LIMIT 64u

enum text {
    TEXT_UNEXPECTED,
    TEXT_WITH_URL,
    TEXT_BODY,
    TEXT_LAST_STATUS,
    TEXT_DEMAND,
    TEXT_ROOM,
    TEXT_QUOTA,
    TEXT_USAGE_LIMIT,
    TEXT_PLAN,
    TEXT_MESSAGE,
    TEXT_RATE,
    TEXT_DISCONNECTED,
};

static const struct {
    const char *begin;
    uint32_t pieces;
} texts[] = {
    [TEXT_UNEXPECTED] = {"unexpected status ", PIECE_STATUS | PIECE_BODY | PIECE_REQUEST_ID},
    [TEXT_WITH_URL] = {"unexpected status ",
                       PIECE_STATUS | PIECE_BODY_WORDS | PIECE_URL | PIECE_REQUEST_ID},
    [TEXT_BODY] = {"", PIECE_BODY},
    [TEXT_LAST_STATUS] = {"exceeded retry limit, last status: ", PIECE_STATUS | PIECE_REQUEST_ID},
    [TEXT_DEMAND] = {"We’re currently experiencing high demand, which may cause temporary errors.",
                     0},
    [TEXT_ROOM] = {"Codex ran out of room in the model's context window. Start a new thread or "
                   "clear earlier history before retrying.",
                   0},
    [TEXT_QUOTA] = {"Quota exceeded. Check your plan and billing details.", 0},
    [TEXT_USAGE_LIMIT] = {"", PIECE_USAGE_LIMIT},
    [TEXT_PLAN] = {"Your plan does not include this model. Upgrade the plan, or use an API key.",
                   0},
    [TEXT_MESSAGE] = {"", PIECE_MESSAGE},
    [TEXT_RATE] = {"rate limit exceeded: ", PIECE_MESSAGE},
    [TEXT_DISCONNECTED] = {"stream disconnected before completion: ", PIECE_MESSAGE},
};

struct row {
    uint32_t verdict;
    beacon_rc code;
    enum text text;
};

static const struct status_row {
    int32_t first, last;
    struct row row;
} statuses[] = {
    {400, 400, {BEACON_VERDICT_FATAL, BEACON_E_INVALID, TEXT_BODY}},
    {401, 401, {BEACON_VERDICT_REAUTH, BEACON_E_AUTH, TEXT_WITH_URL}},
    {403, 403, {BEACON_VERDICT_FATAL, BEACON_E_AUTH, TEXT_UNEXPECTED}},
    {404, 404, {BEACON_VERDICT_FATAL, BEACON_E_NOT_FOUND, TEXT_WITH_URL}},
    {413, 413, {BEACON_VERDICT_TOO_LONG, BEACON_E_LIMIT, TEXT_UNEXPECTED}},
    {429, 429, {BEACON_VERDICT_RETRY, BEACON_E_LIMIT, TEXT_LAST_STATUS}},
    {500, 599, {BEACON_VERDICT_RETRY, BEACON_E_IO, TEXT_DEMAND}},
    {INT32_MIN, INT32_MAX, {BEACON_VERDICT_FATAL, BEACON_E_PROTOCOL, TEXT_UNEXPECTED}},
};

/* The server's error codes; the last row is any other. */
static const struct code_row {
    const char *code;
    struct row row;
} codes[] = {
    {"context_length_exceeded", {BEACON_VERDICT_TOO_LONG, BEACON_E_LIMIT, TEXT_ROOM}},
    {"insufficient_quota", {BEACON_VERDICT_FATAL, BEACON_E_LIMIT, TEXT_QUOTA}},
    {"usage_limit_reached", {BEACON_VERDICT_FATAL, BEACON_E_LIMIT, TEXT_USAGE_LIMIT}},
    {"usage_not_included", {BEACON_VERDICT_FATAL, BEACON_E_LIMIT, TEXT_PLAN}},
    {"invalid_prompt", {BEACON_VERDICT_FATAL, BEACON_E_INVALID, TEXT_MESSAGE}},
    {"cyber_policy", {BEACON_VERDICT_FATAL, BEACON_E_INVALID, TEXT_MESSAGE}},
    {"rate_limit_exceeded", {BEACON_VERDICT_RETRY, BEACON_E_LIMIT, TEXT_RATE}},
    {NULL, {BEACON_VERDICT_RETRY, BEACON_E_IO, TEXT_DISCONNECTED}},
};

/* The error object of a body or event; raw strings. */
struct error_object {
    struct beacon_str text; /* the object; empty when there is none */
    struct beacon_str code, type, message, param;
};

static void read_error_object(struct beacon_str object, struct error_object *ret)
{
    memset(ret, 0, sizeof *ret);
    if (!beacon_json_is_whole(object, '{')) {
        return;
    }
    ret->text = object;
    (void)beacon_json_member_string(object, "code", &ret->code);
    (void)beacon_json_member_string(object, "type", &ret->type);
    (void)beacon_json_member_string(object, "message", &ret->message);
    (void)beacon_json_member_string(object, "param", &ret->param);
}

static void read_body(struct beacon_str body, struct error_object *ret)
{
    struct beacon_str object = beacon_span(NULL, 0);
    (void)beacon_json_member(body, "error", &object);
    read_error_object(object, ret);
}

static const struct row *row_of_code(const struct error_object *error)
{
    size_t i = 0;
    while (codes[i].code != NULL && !beacon_json_key_is(error->code, codes[i].code) &&
           !beacon_json_key_is(error->type, codes[i].code)) {
        i++;
    }
    return &codes[i].row;
}

/* ---- messages ---- */

static void add(struct beacon_json_out *out, struct beacon_str s)
{
    beacon_json_out_bytes(out, s.p, s.n);
}

/* Part of somebody else's text: valid UTF-8, and not endless. */
static void add_quote(struct beacon_json_out *out, struct beacon_str s)
{
    const size_t start = out->n;
    beacon_json_out_repaired(out, s);
    size_t at = start;
    for (size_t characters = 0; at < out->n && characters < FAILURE_QUOTE_MAX; characters++) {
        at += beacon_utf8_length(out->p + at, out->n - at);
    }
    out->n = out->failed ? out->n : at;
}

static void add_message(struct beacon_json_out *out, const struct error_object *error)
{
    struct beacon_json_out value;
    beacon_json_out_init(&value, MESSAGE_MAX);
    const struct beacon_str words = error->message.n > 0 ? error->message : error->code;
    beacon_json_out_unescaped(&value, beacon_utf8_cut(words, FAILURE_BODY_MAX));
    add_quote(out,
              value.n > 0 ? beacon_json_out_text(&value) : BEACON_STR("the server gave no reason"));
    beacon_json_out_finish(&value);
}

static void add_status(struct beacon_json_out *out, int32_t status)
{
    char line[64];
    const char *reason = responses_status_reason(status);
    int n =
        snprintf(line, sizeof line, "%d%s%s", (int)status, reason[0] != '\0' ? " " : "", reason);
    add(out, beacon_span(line, n > 0 ? (size_t)n : 0));
}

static void add_body(struct beacon_json_out *out, const struct responses_refusal *refusal,
                     const struct error_object *error, uint32_t pieces)
{
    if (beacon_span_is_blank(refusal->body)) {
        return;
    }
    add(out, (pieces & PIECE_STATUS) != 0 ? BEACON_STR(": ") : BEACON_STR(""));
    if ((pieces & PIECE_BODY_WORDS) != 0 && error->message.n > 0) {
        add_message(out, error);
    } else {
        add_quote(out, refusal->body);
    }
}

/* Some servers take their key in the query; a message is shown, logged and kept. */
static struct beacon_str without_query(struct beacon_str url)
{
    size_t n = 0;
    while (n < url.n && url.p[n] != '?') {
        n++;
    }
    return beacon_span(url.p, n);
}

/* The pieces that only an HTTP answer has. */
static void add_refusal(struct beacon_json_out *out, uint32_t pieces,
                        const struct responses_refusal *refusal, const struct error_object *error)
{
    if ((pieces & PIECE_STATUS) != 0) {
        add_status(out, refusal->status);
    }
    if ((pieces & (PIECE_BODY | PIECE_BODY_WORDS)) != 0) {
        add_body(out, refusal, error, pieces);
    }
    if ((pieces & PIECE_URL) != 0) {
        add(out, BEACON_STR(", url: "));
        add_quote(out, without_query(refusal->url));
    }
    if ((pieces & PIECE_REQUEST_ID) != 0 && refusal->request_id.n > 0) {
        add(out, BEACON_STR(", request id: "));
        add_quote(out, refusal->request_id);
    }
}

static void write_text(struct beacon_json_out *out, enum text text,
                       const struct responses_refusal *refusal, const struct error_object *error)
{
    const uint32_t pieces = texts[text].pieces;
    add(out, beacon_text(texts[text].begin));
    if (refusal != NULL) {
        add_refusal(out, pieces, refusal, error);
    }
    if ((pieces & PIECE_MESSAGE) != 0) {
        add_message(out, error);
    }
    if ((pieces & PIECE_USAGE_LIMIT) != 0) {
        responses_write_usage_limit(out, error->text);
    }
}

/* ---- delays ---- */

static int64_t delay_of_error(const struct error_object *error)
{
    struct beacon_str value;
    if (beacon_json_member(error->text, "resets_in_seconds", &value)) {
        const int64_t seconds = beacon_json_integer(value, -1);
        if (seconds >= 0) {
            const int64_t most = BEACON_RETRY_AFTER_MAX_MS / 1000;
            return (seconds < most ? seconds : most) * 1000;
        }
    }
    return beacon_retry_after_text(error->message);
}

/* ---- the public part ---- */

void responses_failure_init(struct responses_failure *f)
{
    memset(f, 0, sizeof *f);
    f->after_ms = BEACON_RETRY_AFTER_NONE;
    beacon_json_out_init(&f->message, MESSAGE_MAX);
}

void responses_failure_finish(struct responses_failure *f)
{
    beacon_json_out_finish(&f->message);
    f->is_set = false;
}

static void set(struct responses_failure *f, const struct row *row)
{
    beacon_json_out_reset(&f->message);
    f->is_set = true;
    f->verdict = row->verdict;
    f->code = row->code;
    f->after_ms = BEACON_RETRY_AFTER_NONE;
}

/* The row of a status, made stricter or more precise by the code in the body. */
static struct row row_of_refusal(const struct responses_refusal *refusal,
                                 const struct error_object *error)
{
    size_t i = 0;
    while (refusal->status < statuses[i].first || refusal->status > statuses[i].last) {
        i++;
    }
    struct row row = statuses[i].row;
    if (row.text == TEXT_BODY && beacon_span_is_blank(refusal->body)) {
        row.text = TEXT_UNEXPECTED; /* never an empty message */
    }
    const struct row *by_code = row_of_code(error);
    if (refusal->status == 429 && by_code->verdict == BEACON_VERDICT_FATAL) {
        row = *by_code;
    } else if (refusal->status == 400 && by_code->verdict == BEACON_VERDICT_TOO_LONG) {
        row.verdict = by_code->verdict; /* in the server's words */
        row.code = by_code->code;
    }
    return row;
}

void responses_failure_of_status(struct responses_failure *f,
                                 const struct responses_refusal *refusal)
{
    struct error_object error;
    read_body(refusal->body, &error);
    const struct row row = row_of_refusal(refusal, &error);
    set(f, &row);
    write_text(&f->message, row.text, refusal, &error);
    if (row.verdict == BEACON_VERDICT_RETRY) {
        f->after_ms =
            refusal->retry_after_ms >= 0 ? refusal->retry_after_ms : delay_of_error(&error);
    }
}

void responses_failure_of_event(struct responses_failure *f, struct beacon_str error)
{
    struct error_object words;
    read_error_object(error, &words);
    const struct row *row = row_of_code(&words);
    set(f, row);
    write_text(&f->message, row->text, NULL, &words);
    if (row->verdict == BEACON_VERDICT_RETRY) {
        f->after_ms = delay_of_error(&words);
    }
}

void responses_failure_incomplete(struct responses_failure *f, struct beacon_str raw_reason)
{
    static const struct row row = {BEACON_VERDICT_FATAL, BEACON_E_LIMIT, TEXT_MESSAGE};
    set(f, &row);
    add(&f->message, BEACON_STR("Incomplete response returned, reason: "));
    add_quote(&f->message, raw_reason.n > 0 ? raw_reason : BEACON_STR("unknown"));
}

void responses_failure_closed_early(struct responses_failure *f)
{
    static const struct row row = {BEACON_VERDICT_RETRY, BEACON_E_PROTOCOL, TEXT_DISCONNECTED};
    set(f, &row);
    add(&f->message, BEACON_STR("stream disconnected before completion: stream closed before "
                                "response.completed"));
}

bool responses_failure_is_about_summary(struct beacon_str body)
{
    struct error_object error;
    read_body(body, &error);
    return beacon_json_key_is(error.param, "reasoning.summary") &&
           beacon_json_key_is(error.code, "unsupported_value");
}

static const char *hint_of(const struct responses_failure *f)
{
    switch (f->code) {
    case BEACON_E_AUTH:
        return "check the API key or log in again, and whether the account may use this model";
    case BEACON_E_LIMIT:
        return "wait for the limit to pass, or use another model or account";
    case BEACON_E_NOT_FOUND:
        return "check base_url and the name of the model";
    case BEACON_E_INVALID:
        return "change what the server complains about";
    default:
        return "try again; if it stays, check the network and the server";
    }
}

beacon_rc responses_failure_error(const struct responses_failure *f, struct beacon_error *err)
{
    const struct beacon_str message = beacon_json_out_text(&f->message);
    return beacon_error_fill(err, f->code, hint_of(f), "%.*s", (int)message.n,
                             message.n > 0 ? message.p : "");
}
