/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/failure.h - what went wrong with an exchange, and what the host should do about it.
 *
 * Kept in an exchange from the moment something fails until judge() is asked. What a status means is
 * the same on every wire and stands here; what the server's error codes mean is a table of each wire:
 *
 *     static const struct beacon_failure_code codes[] = {
 *         {"overloaded_error", NULL,
 *          {BEACON_VERDICT_RETRY, BEACON_E_IO, "the model is overloaded: ",
 *           BEACON_PIECE_MESSAGE, NULL}},
 *         {"invalid_request_error", "prompt is too long", {BEACON_VERDICT_TOO_LONG, …}},
 *         {NULL, NULL, {BEACON_VERDICT_RETRY, BEACON_E_IO, "…", BEACON_PIECE_MESSAGE, NULL}},
 *     };
 *     static const struct beacon_failure_wire wire = {codes, NULL};
 *
 * The texts are those that clients of the exec stream know. Thread: [pure].
 */
#ifndef BEACON_SDK_FAILURE_H
#define BEACON_SDK_FAILURE_H

#include <beacon-sdk/error.h>
#include <beacon-sdk/error_words.h>
#include <beacon-sdk/http_answer.h>
#include <beacon/provider.h>

#define BEACON_FAILURE_QUOTE_MAX   600u /* characters of the server's text that are shown */
#define BEACON_FAILURE_MESSAGE_MAX ((size_t)4 * BEACON_ANSWER_BODY_MAX)

/* What a message is made of after its beginning, in this order. */
#define BEACON_PIECE_STATUS     1u  /* 404 Not Found */
#define BEACON_PIECE_BODY       2u  /* ": " and the body */
#define BEACON_PIECE_BODY_WORDS 4u  /* ": " and the message in the body, else the body */
#define BEACON_PIECE_URL        8u  /* ", url: …", without its query */
#define BEACON_PIECE_REQUEST_ID 16u /* ", request id: …" */
#define BEACON_PIECE_MESSAGE    32u /* the message of the error object */

struct beacon_failure {
    bool is_set;
    uint32_t verdict; /* BEACON_VERDICT_ */
    beacon_rc code;
    int64_t after_ms;               /* the server's wish; -1 = none */
    struct beacon_json_out message; /* plain text, never empty once it is set */
};

/* What a failure means and how it is told. */
struct beacon_failure_row {
    uint32_t verdict;
    beacon_rc code;
    const char *begin;
    uint32_t pieces; /* BEACON_PIECE_ */
    /* Words of its own at the end; `object` is the error object. Often NULL. */
    void (*write)(struct beacon_json_out *out, struct beacon_str object);
};

/* One of the server's error codes. */
struct beacon_failure_code {
    const char *name; /* equal to the object's code, type or status; "": any; NULL: the last row */
    const char *says; /* and its message holds this, in any case; NULL: whatever it says */
    struct beacon_failure_row row;
};

struct beacon_failure_wire {
    const struct beacon_failure_code *codes;
    /* A delay that only this wire's error object knows; -1 = none. May be NULL. */
    int64_t (*delay)(struct beacon_str object);
};

static inline void beacon_failure_init(struct beacon_failure *f)
{
    memset(f, 0, sizeof *f);
    f->after_ms = BEACON_RETRY_AFTER_NONE;
    beacon_json_out_init(&f->message, BEACON_FAILURE_MESSAGE_MAX);
}

static inline void beacon_failure_finish(struct beacon_failure *f)
{
    beacon_json_out_finish(&f->message);
    f->is_set = false;
}

/* ---- words; functions named beacon_failure_add_ are the writer's own ---- */

static inline void beacon_failure_add(struct beacon_json_out *out, struct beacon_str s)
{
    beacon_json_out_bytes(out, s.p, s.n);
}

/* Append part of somebody else's text: valid UTF-8, and not endless. */
static inline void beacon_failure_quote(struct beacon_json_out *out, struct beacon_str s)
{
    const size_t start = out->n;
    beacon_json_out_repaired(out, s);
    size_t at = start;
    for (size_t i = 0; at < out->n && i < BEACON_FAILURE_QUOTE_MAX; i++) {
        at += beacon_utf8_length(out->p + at, out->n - at);
    }
    out->n = out->failed ? out->n : at;
}

static inline void beacon_failure_add_message(struct beacon_json_out *out,
                                              const struct beacon_error_words *words)
{
    struct beacon_json_out value;
    struct beacon_str raw = words->message.n > 0 ? words->message : words->code;
    raw = raw.n > 0 ? raw : words->type;
    beacon_json_out_init(&value, BEACON_FAILURE_MESSAGE_MAX);
    beacon_json_out_unescaped(&value, beacon_utf8_cut(raw, BEACON_ANSWER_BODY_MAX));
    beacon_failure_quote(out, value.n > 0 ? beacon_json_out_text(&value)
                                          : BEACON_STR("the server gave no reason"));
    beacon_json_out_finish(&value);
}

static inline void beacon_failure_add_status(struct beacon_json_out *out, int32_t status)
{
    char line[64];
    const char *reason = beacon_status_reason(status);
    int n =
        snprintf(line, sizeof line, "%d%s%s", (int)status, reason[0] != '\0' ? " " : "", reason);
    beacon_failure_add(out, beacon_span(line, n > 0 ? (size_t)n : 0));
}

static inline void beacon_failure_add_body(struct beacon_json_out *out, struct beacon_str body,
                                           const struct beacon_error_words *words, uint32_t pieces)
{
    if (beacon_span_is_blank(body)) {
        return;
    }
    beacon_failure_add(out,
                       (pieces & BEACON_PIECE_STATUS) != 0 ? BEACON_STR(": ") : BEACON_STR(""));
    if ((pieces & BEACON_PIECE_BODY_WORDS) != 0 && words->message.n > 0) {
        beacon_failure_add_message(out, words);
    } else {
        beacon_failure_quote(out, body);
    }
}

/* Some servers take their key in the query; a message is shown, logged and kept. */
static inline void beacon_failure_add_url(struct beacon_json_out *out, struct beacon_str url)
{
    size_t n = 0;
    while (n < url.n && url.p[n] != '?') {
        n++;
    }
    beacon_failure_add(out, BEACON_STR(", url: "));
    beacon_failure_quote(out, beacon_span(url.p, n));
}

/* The pieces that only an HTTP answer has. */
static inline void beacon_failure_add_answer(struct beacon_json_out *out, uint32_t pieces,
                                             const struct beacon_answer *answer,
                                             struct beacon_str url,
                                             const struct beacon_error_words *words)
{
    if ((pieces & BEACON_PIECE_STATUS) != 0) {
        beacon_failure_add_status(out, answer->status);
    }
    if ((pieces & (BEACON_PIECE_BODY | BEACON_PIECE_BODY_WORDS)) != 0) {
        beacon_failure_add_body(out, beacon_json_out_text(&answer->body), words, pieces);
    }
    if ((pieces & BEACON_PIECE_URL) != 0) {
        beacon_failure_add_url(out, url);
    }
    if ((pieces & BEACON_PIECE_REQUEST_ID) != 0 && answer->request_id.n > 0) {
        beacon_failure_add(out, BEACON_STR(", request id: "));
        beacon_failure_quote(out, beacon_json_out_text(&answer->request_id));
    }
}

static inline void beacon_failure_add_words(struct beacon_json_out *out,
                                            const struct beacon_failure_row *row,
                                            const struct beacon_error_words *words)
{
    if ((row->pieces & BEACON_PIECE_MESSAGE) != 0) {
        beacon_failure_add_message(out, words);
    }
    if (row->write != NULL) {
        row->write(out, words->text);
    }
}

/* ---- which row ---- */

#define BEACON_FAILURE_UNEXPECTED "unexpected status "

/* What a status means when the body says nothing better. */
static inline struct beacon_failure_row beacon_failure_row_of_status(int32_t status)
{
    static const uint32_t plain = BEACON_PIECE_STATUS | BEACON_PIECE_BODY | BEACON_PIECE_REQUEST_ID;
    static const uint32_t with_url =
        BEACON_PIECE_STATUS | BEACON_PIECE_BODY_WORDS | BEACON_PIECE_URL | BEACON_PIECE_REQUEST_ID;
    static const struct {
        int32_t first, last;
        struct beacon_failure_row row;
    } rows[] = {
        {400, 400, {BEACON_VERDICT_FATAL, BEACON_E_INVALID, "", BEACON_PIECE_BODY, NULL}},
        {401,
         401,
         {BEACON_VERDICT_REAUTH, BEACON_E_AUTH, BEACON_FAILURE_UNEXPECTED, with_url, NULL}},
        {402, 402, {BEACON_VERDICT_FATAL, BEACON_E_LIMIT, BEACON_FAILURE_UNEXPECTED, plain, NULL}},
        {403, 403, {BEACON_VERDICT_FATAL, BEACON_E_AUTH, BEACON_FAILURE_UNEXPECTED, plain, NULL}},
        {404,
         404,
         {BEACON_VERDICT_FATAL, BEACON_E_NOT_FOUND, BEACON_FAILURE_UNEXPECTED, with_url, NULL}},
        {413,
         413,
         {BEACON_VERDICT_TOO_LONG, BEACON_E_LIMIT, BEACON_FAILURE_UNEXPECTED, plain, NULL}},
        {429,
         429,
         {BEACON_VERDICT_RETRY, BEACON_E_LIMIT, "exceeded retry limit, last status: ",
          BEACON_PIECE_STATUS | BEACON_PIECE_REQUEST_ID, NULL}},
        {500,
         599,
         {BEACON_VERDICT_RETRY, BEACON_E_IO,
          "We’re currently experiencing high demand, which may cause temporary errors.", 0, NULL}},
        {INT32_MIN,
         INT32_MAX,
         {BEACON_VERDICT_FATAL, BEACON_E_PROTOCOL, BEACON_FAILURE_UNEXPECTED, plain, NULL}},
    };
    size_t i = 0;
    while (status < rows[i].first || status > rows[i].last) {
        i++;
    }
    return rows[i].row;
}

/* The row of the server's code; the wire's last one when it is none of those before. */
static inline const struct beacon_failure_code *
beacon_failure_find_code(const struct beacon_failure_wire *wire,
                         const struct beacon_error_words *words)
{
    const struct beacon_failure_code *row = wire->codes;
    for (; row->name != NULL; row++) {
        const bool is_named = row->name[0] == '\0' || beacon_json_key_is(words->code, row->name) ||
                              beacon_json_key_is(words->type, row->name) ||
                              beacon_json_key_is(words->status, row->name);
        if (is_named && (row->says == NULL || beacon_error_words_say(words->message, row->says))) {
            break;
        }
    }
    return row;
}

/* The row of a status, made stricter or more precise by the code in the body: a quota that is used
 * up is no reason to wait, and a conversation that is too long can be shortened. */
static inline struct beacon_failure_row
beacon_failure_row_of_answer(const struct beacon_failure_wire *wire,
                             const struct beacon_answer *answer,
                             const struct beacon_error_words *words)
{
    struct beacon_failure_row row = beacon_failure_row_of_status(answer->status);
    const struct beacon_failure_code *code = beacon_failure_find_code(wire, words);
    if (row.pieces == BEACON_PIECE_BODY &&
        beacon_span_is_blank(beacon_json_out_text(&answer->body))) {
        row.begin = BEACON_FAILURE_UNEXPECTED; /* never an empty message */
        row.pieces = BEACON_PIECE_STATUS | BEACON_PIECE_REQUEST_ID;
    }
    if (code->name == NULL) {
        return row;
    }
    if (answer->status == 429 && code->row.verdict == BEACON_VERDICT_FATAL) {
        return code->row;
    }
    if (code->row.verdict == BEACON_VERDICT_TOO_LONG) {
        row.verdict = code->row.verdict; /* in the server's words */
        row.code = code->row.code;
    }
    return row;
}

/* ---- setting it ---- */

/* Only BEACON_PIECE_MESSAGE, begin and write of the row can be told without an answer. */
static inline void beacon_failure_set(struct beacon_failure *f,
                                      const struct beacon_failure_row *row)
{
    beacon_json_out_reset(&f->message);
    f->is_set = true;
    f->verdict = row->verdict;
    f->code = row->code;
    f->after_ms = BEACON_RETRY_AFTER_NONE;
    beacon_failure_add(&f->message, beacon_text(row->begin));
}

static inline int64_t beacon_failure_delay(const struct beacon_failure_wire *wire,
                                           const struct beacon_error_words *words)
{
    struct beacon_str value;
    const int64_t own = wire->delay != NULL && words->text.n > 0 ? wire->delay(words->text) : -1;
    if (own >= 0) {
        return own < BEACON_RETRY_AFTER_MAX_MS ? own : BEACON_RETRY_AFTER_MAX_MS;
    }
    if (beacon_json_member(words->text, "resets_in_seconds", &value)) {
        const int64_t seconds = beacon_json_integer(value, -1);
        const int64_t most = BEACON_RETRY_AFTER_MAX_MS / 1000;
        if (seconds >= 0) {
            return (seconds < most ? seconds : most) * 1000;
        }
    }
    return beacon_retry_after_text(words->message);
}

/* An answer with a status that is no success, after the end of its body. `url` is the request's. */
static inline void beacon_failure_of_answer(struct beacon_failure *f,
                                            const struct beacon_failure_wire *wire,
                                            const struct beacon_answer *answer,
                                            struct beacon_str url)
{
    struct beacon_error_words words;
    beacon_error_words_find(beacon_json_out_text(&answer->body), &words);
    const struct beacon_failure_row row = beacon_failure_row_of_answer(wire, answer, &words);
    beacon_failure_set(f, &row);
    beacon_failure_add_answer(&f->message, row.pieces, answer, url, &words);
    beacon_failure_add_words(&f->message, &row, &words);
    if (row.verdict == BEACON_VERDICT_RETRY) {
        f->after_ms = answer->retry_after_ms >= 0 ? answer->retry_after_ms
                                                  : beacon_failure_delay(wire, &words);
    }
}

/* An error in the middle of a stream; `object` is the JSON object with its code and message, any
 * other value is a failure without a reason. */
static inline void beacon_failure_of_error(struct beacon_failure *f,
                                           const struct beacon_failure_wire *wire,
                                           struct beacon_str object)
{
    struct beacon_error_words words;
    beacon_error_words_read(object, &words);
    const struct beacon_failure_row *row = &beacon_failure_find_code(wire, &words)->row;
    beacon_failure_set(f, row);
    beacon_failure_add_words(&f->message, row, &words);
    if (row->verdict == BEACON_VERDICT_RETRY) {
        f->after_ms = beacon_failure_delay(wire, &words);
    }
}

/* The stream ended before what ends it (`last`, such as "response.completed"), or no answer came. */
static inline void beacon_failure_closed_early(struct beacon_failure *f, const char *last)
{
    static const struct beacon_failure_row row = {
        BEACON_VERDICT_RETRY, BEACON_E_PROTOCOL,
        "stream disconnected before completion: stream closed before ", 0, NULL};
    beacon_failure_set(f, &row);
    beacon_failure_add(&f->message, beacon_text(last));
}

/* ---- telling it ---- */

static inline const char *beacon_failure_hint(beacon_rc code)
{
    switch (code) {
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

/* Fill `err` with the message and a hint; returns the code. */
static inline beacon_rc beacon_failure_error(const struct beacon_failure *f,
                                             struct beacon_error *err)
{
    const struct beacon_str message = beacon_json_out_text(&f->message);
    return beacon_error_fill(err, f->code, beacon_failure_hint(f->code), "%.*s", (int)message.n,
                             message.n > 0 ? message.p : "");
}

/* The body of judge(): `ret` zeroed by the host; its message lives as long as the failure. */
static inline void beacon_failure_judge(const struct beacon_failure *f, struct beacon_verdict *ret)
{
    const int64_t after_ms = f->after_ms < 0 ? 0 : f->after_ms;
    BEACON_SET(ret, verdict, f->verdict);
    BEACON_SET(ret, after_ms, (uint32_t)(after_ms < UINT32_MAX ? after_ms : UINT32_MAX));
    BEACON_SET(ret, flags, 0);
    BEACON_SET(ret, code, f->code);
    BEACON_SET(ret, message, beacon_json_out_text(&f->message));
}

#endif
