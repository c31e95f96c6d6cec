/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon-sdk/json_string.h>
#include <beacon/provider.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/io.h"
#include "base/text.h"
#include "http/cassette.h"

#define HINT "record the session again; the format is docs/protocol/cassette.md"

struct reader {
    struct cassette *cassette;
    const char *name;
    size_t line;
    struct beacon_str object; /* the line */
    const char *problem;      /* NULL: none */
};

static const struct {
    const char *name;
    uint32_t how;
} ends[] = {{"ok", BEACON_END_OK},
            {"truncated", BEACON_END_TRUNCATED},
            {"http_error", BEACON_END_HTTP_ERROR},
            {"cancelled", HTTP_TAP_CANCELLED},
            {"unsent", HTTP_TAP_UNSENT}};

const char *cassette_end_name(uint32_t how)
{
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (ends[i].how == how) {
            return ends[i].name;
        }
    }
    return "truncated";
}

bool cassette_end_named(struct beacon_str name, uint32_t *ret)
{
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (beacon_span_is(name, ends[i].name)) {
            *ret = ends[i].how;
            return true;
        }
    }
    return false;
}

/* ---- values of a line ---- */

static struct beacon_str unescaped(struct reader *r, struct beacon_str raw)
{
    char *room = arena_zeroed(r->cassette->arena, raw.n + 1);
    return (struct beacon_str){room, beacon_json_unescape(raw, room)};
}

static struct beacon_str text_of(struct reader *r, struct beacon_str object, const char *key)
{
    struct beacon_str raw;
    return beacon_json_member_string(object, key, &raw) ? unescaped(r, raw) : beacon_span("", 0);
}

static int64_t number_of(struct beacon_str object, const char *key, int64_t otherwise)
{
    struct beacon_str value;
    return beacon_json_member(object, key, &value) ? beacon_json_integer(value, otherwise)
                                                   : otherwise;
}

static bool object_of(struct beacon_str object, const char *key, struct beacon_str *ret)
{
    return beacon_json_member(object, key, ret) && ret->p[0] == '{';
}

static int digit_of(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

static struct beacon_str decoded(struct reader *r, struct beacon_str from)
{
    char *out = arena_zeroed(r->cassette->arena, from.n + 1);
    size_t n = 0, i = 0;
    uint32_t word = 0;
    int bits = 0;
    for (; i < from.n && digit_of(from.p[i]) >= 0; i++) {
        word = (word << 6 | (uint32_t)digit_of(from.p[i])) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[n++] = (char)(unsigned char)(word >> bits & 0xff);
        }
    }
    for (; i < from.n && from.p[i] == '='; i++) {
    }
    if (i < from.n || from.n % 4 != 0) {
        r->problem = "a value is not base64";
    }
    return (struct beacon_str){out, n};
}

/* The member `key`, or the bytes in `key`_base64. */
static struct beacon_str bytes_of(struct reader *r, const char *key, const char *base64_key)
{
    struct beacon_str raw;
    if (beacon_json_member_string(r->object, base64_key, &raw)) {
        return decoded(r, raw);
    }
    return text_of(r, r->object, key);
}

static size_t count_pairs(struct beacon_str list)
{
    struct beacon_json j;
    size_t n = 0;
    beacon_json_init(&j, list);
    (void)beacon_json_enter_array(&j);
    while (beacon_json_next_element(&j) && beacon_json_skip(&j, NULL)) {
        n++;
    }
    return n;
}

static bool read_pair(struct reader *r, struct beacon_json *j, struct beacon_kv *ret)
{
    struct beacon_str name, value;
    if (!beacon_json_enter_array(j) || !beacon_json_next_element(j) ||
        !beacon_json_string(j, &name) || !beacon_json_next_element(j) ||
        !beacon_json_string(j, &value) || beacon_json_next_element(j)) {
        return false;
    }
    *ret = (struct beacon_kv){unescaped(r, name), unescaped(r, value)};
    return true;
}

static const struct beacon_kv *headers_of(struct reader *r, size_t *ret_n)
{
    struct beacon_str list;
    struct beacon_json j;
    if (!beacon_json_member(r->object, "headers", &list) || list.p[0] != '[') {
        r->problem = "\"headers\" must be a list of pairs";
        return NULL;
    }
    const size_t n = count_pairs(list);
    struct beacon_kv *headers = arena_array(r->cassette->arena, n + 1, sizeof *headers);
    beacon_json_init(&j, list);
    (void)beacon_json_enter_array(&j);
    for (size_t i = 0; i < n; i++) {
        if (!beacon_json_next_element(&j) || !read_pair(r, &j, &headers[i])) {
            r->problem = "\"headers\" must be a list of pairs";
            return NULL;
        }
    }
    *ret_n = n;
    return headers;
}

/* ---- kinds of lines ---- */

/* One more at the end of an array of `n`. */
#define GROW(array, n) ((array) = alloc_grow((array), (n) + 1, sizeof *(array)))

static uint64_t ms_of(struct reader *r)
{
    const int64_t ms = number_of(r->object, "ms", -1);
    if (ms < 0 || ms > (int64_t)1 << 40) {
        r->problem = "\"ms\" must be a whole number, not below 0";
    }
    return ms < 0 ? 0 : (uint64_t)ms;
}

/* The request that the line belongs to. */
static struct cassette_exchange *exchange_of(struct reader *r)
{
    struct cassette *cassette = r->cassette;
    const int64_t n = number_of(r->object, "n", 0);
    if (n < 1 || (uint64_t)n > cassette->n_exchanges) {
        r->problem = "\"n\" names no request before it";
        return NULL;
    }
    struct cassette_exchange *exchange = &cassette->exchanges[n - 1];
    if (exchange->has_ended) {
        r->problem = "the answer of that request has ended before";
        return NULL;
    }
    return exchange;
}

static void read_request(struct reader *r)
{
    struct cassette *cassette = r->cassette;
    struct beacon_str body;
    GROW(cassette->exchanges, cassette->n_exchanges);
    struct cassette_exchange *exchange = &cassette->exchanges[cassette->n_exchanges];
    *exchange = (struct cassette_exchange){.line = r->line};
    exchange->answer.how = HTTP_TAP_CANCELLED;
    exchange->request.method = text_of(r, r->object, "method");
    exchange->request.url = text_of(r, r->object, "url");
    exchange->request.headers = headers_of(r, &exchange->request.n_headers);
    if (!object_of(r->object, "body", &body)) {
        body = bytes_of(r, "body_text", "body_base64");
    }
    exchange->request.body = (struct beacon_bytes){(const uint8_t *)body.p, body.n};
    cassette->n_exchanges++;
    if (number_of(r->object, "n", 0) != (int64_t)cassette->n_exchanges) {
        r->problem = "requests must be numbered 1, 2, …";
    } else if (exchange->request.method.n == 0 || exchange->request.url.n == 0) {
        r->problem = "a request needs \"method\" and \"url\"";
    }
}

static void read_response(struct reader *r)
{
    struct cassette_exchange *exchange = exchange_of(r);
    if (exchange == NULL) {
        return;
    }
    const int64_t status = number_of(r->object, "status", 0);
    if (status < 100 || status > 999 || exchange->answer.status != 0) {
        r->problem = "\"status\" must be 100 to 999, once for a request";
        return;
    }
    exchange->answer.status = (int32_t)status;
    exchange->answer.response_ms = ms_of(r);
    exchange->answer.headers = headers_of(r, &exchange->answer.n_headers);
}

static void read_frame(struct reader *r)
{
    struct cassette_exchange *exchange = exchange_of(r);
    if (exchange == NULL || exchange->answer.status == 0) {
        r->problem = r->problem != NULL ? r->problem : "a frame without a response before it";
        return;
    }
    struct http_answer *answer = &exchange->answer;
    struct http_answer_frame *frames = exchange->frames;
    if ((answer->n_frames & (answer->n_frames - 1)) == 0) { /* capacities are powers of two */
        const size_t room = answer->n_frames == 0 ? 1 : answer->n_frames * 2;
        frames = alloc_grow(frames, room, sizeof *frames);
        exchange->frames = frames;
        answer->frames = frames;
    }
    const struct beacon_str data = bytes_of(r, "data", "data_base64");
    frames[answer->n_frames++] =
        (struct http_answer_frame){.ms = ms_of(r),
                                   .event = bytes_of(r, "event", "event_base64"),
                                   .data = {(const uint8_t *)data.p, data.n}};
}

static void copy_words(char *out, size_t size, struct beacon_str words)
{
    const size_t n = words.n < size - 1 ? words.n : size - 1;
    memcpy(out, words.n > 0 ? words.p : "", n);
    out[n] = '\0';
}

static void read_end(struct reader *r)
{
    struct cassette_exchange *exchange = exchange_of(r);
    struct beacon_str error;
    if (exchange == NULL) {
        return;
    }
    struct http_answer *answer = &exchange->answer;
    if (!cassette_end_named(text_of(r, r->object, "how"), &answer->how)) {
        r->problem = "\"how\" must be ok, truncated, http_error, cancelled or unsent";
        return;
    }
    answer->end_ms = ms_of(r);
    exchange->has_ended = true;
    if (object_of(r->object, "error", &error)) {
        const int64_t code = number_of(error, "code", BEACON_E_IO);
        answer->error.code = code < 0 && code > -1000 ? (beacon_rc)code : BEACON_E_IO;
        answer->error.flags = (uint32_t)(number_of(error, "flags", 0) & 0xff);
        copy_words(answer->error.message, sizeof answer->error.message,
                   text_of(r, error, "message"));
        copy_words(answer->error.hint, sizeof answer->error.hint, text_of(r, error, "hint"));
    }
}

static void read_session(struct reader *r)
{
    if (r->cassette->session.p != NULL || !object_of(r->object, "session", &r->cassette->session)) {
        r->problem = "\"session\" must be an object, once";
    }
}

static void read_prompt(struct reader *r)
{
    if (r->cassette->prompt.p != NULL || !object_of(r->object, "prompt", &r->cassette->prompt)) {
        r->problem = "\"prompt\" must be an object, once";
    }
}

static void read_context(struct reader *r)
{
    struct cassette *cassette = r->cassette;
    GROW(cassette->contexts, cassette->n_contexts);
    if (!object_of(r->object, "item", &cassette->contexts[cassette->n_contexts])) {
        r->problem = "\"item\" must be an object";
        return;
    }
    cassette->n_contexts++;
}

static void read_turn(struct reader *r)
{
    r->cassette->turn_id = text_of(r, r->object, "turn_id");
    if (r->cassette->turn_id.n == 0 || r->cassette->turn_id.n > 36) {
        r->problem = "\"turn_id\" must be a UUID";
    }
}

static void read_tool(struct reader *r)
{
    struct cassette *cassette = r->cassette;
    struct beacon_str is_success = beacon_span("", 0);
    (void)beacon_json_member(r->object, "is_success", &is_success);
    GROW(cassette->tools, cassette->n_tools);
    cassette->tools[cassette->n_tools++] =
        (struct cassette_tool){.call_id = text_of(r, r->object, "call_id"),
                               .name = text_of(r, r->object, "name"),
                               .input = text_of(r, r->object, "input"),
                               .output = text_of(r, r->object, "output"),
                               .image_url = text_of(r, r->object, "image_url"),
                               .is_success = beacon_span_is(is_success, "true")};
}

static void read_event(struct reader *r)
{
    r->cassette->n_events++;
}

static const struct {
    const char *type;
    void (*read)(struct reader *r);
} kinds[] = {{"session", read_session}, {"context", read_context}, {"prompt", read_prompt},
             {"turn", read_turn},       {"request", read_request}, {"response", read_response},
             {"frame", read_frame},     {"end", read_end},         {"tool", read_tool},
             {"event", read_event}};

/* ---- the whole ---- */

static void read_line(struct reader *r)
{
    if (!beacon_utf8_is_valid(r->object) || !beacon_json_is_whole(r->object, '{')) {
        r->problem = "it is not a JSON object";
        return;
    }
    if (r->line == 1) {
        r->cassette->thread_id = text_of(r, r->object, "thread_id");
        r->problem = number_of(r->object, "cassette", 0) != CASSETTE_VERSION
                         ? "this version plays cassettes of format 1"
                         : NULL;
        return;
    }
    const struct beacon_str type = text_of(r, r->object, "type");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (beacon_span_is(type, kinds[i].type)) {
            kinds[i].read(r);
            return;
        }
    }
    r->problem = "\"type\" is none that a cassette has";
}

static int tell(const struct reader *r, struct beacon_error *err)
{
    return error_set(err, BEACON_E_INVALID, HINT, "%s, line %zu: %s", r->name, r->line, r->problem);
}

int cassette_read_bytes(const char *name, const char *text, size_t n, struct cassette *ret,
                        struct beacon_error *err)
{
    *ret = (struct cassette){.arena = arena_create()};
    ret->text = alloc_string_n(text, n);
    struct reader r = {.cassette = ret, .name = name};
    const char *p = ret->text, *end = p + n;
    while (p < end && r.problem == NULL) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        const char *stop = newline != NULL ? newline : end;
        r.line++;
        r.object = beacon_span(p, (size_t)(stop - p));
        read_line(&r);
        p = newline != NULL ? newline + 1 : end;
    }
    if (r.problem == NULL && r.line == 0) {
        r.line = 1;
        r.problem = "the file is empty";
    }
    if (r.problem != NULL) {
        (void)tell(&r, err);
        cassette_finish(ret);
        return BEACON_E_INVALID;
    }
    return BEACON_OK;
}

int cassette_read(const char *path, struct cassette *ret, struct beacon_error *err)
{
    struct text content;
    text_init(&content, CASSETTE_BYTES_MAX);
    int rc = io_read_file(path, &content, err);
    rc = rc == BEACON_OK ? cassette_read_bytes(path, text_string(&content), content.len, ret, err)
                         : rc;
    text_finish(&content);
    return rc;
}

void cassette_finish(struct cassette *cassette)
{
    for (size_t i = 0; i < cassette->n_exchanges; i++) {
        free(cassette->exchanges[i].frames);
    }
    free(cassette->exchanges);
    free(cassette->contexts);
    free(cassette->tools);
    free(cassette->text);
    arena_destroy(cassette->arena);
    *cassette = (struct cassette){0};
}
