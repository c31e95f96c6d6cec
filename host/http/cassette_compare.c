/* SPDX-License-Identifier: Apache-2.0 */
#include "http/cassette_compare.h"

#include <beacon-sdk/json_string.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/utf8.h"
#include "http/cassette_redact.h"
#include "http/scrub.h"

#define SHOWN_BEFORE 24 /* bytes around the first that differs */
#define SHOWN_AFTER  48
#define URL_MAX      (1u << 20)

struct cassette_request cassette_request_of(const struct beacon_http_request *rq,
                                            struct arena *arena)
{
    AUTO_TEXT struct text url;
    text_init(&url, URL_MAX);
    (void)cassette_redact_url(rq->url, &url);
    struct beacon_kv *headers = arena_array(arena, rq->n_headers + 1, sizeof *headers);
    for (size_t i = 0; i < rq->n_headers; i++) {
        headers[i] = rq->headers[i];
        if (!cassette_shows_request_header(headers[i].k)) {
            headers[i].v = beacon_text(SCRUB_MARK);
        }
    }
    return (struct cassette_request){
        .method = rq->method,
        .url = {arena_string_n(arena, text_string(&url), url.len), url.len},
        .headers = headers,
        .n_headers = rq->n_headers,
        .body = rq->body};
}

/* The value in an object or a list that holds the byte at `place`, and how it is called there. */
struct held {
    struct beacon_str value, key; /* value.p is NULL: none */
    size_t index;
};

static struct held member_at(struct beacon_json *j, const char *place)
{
    struct held held = {{NULL, 0}, {NULL, 0}, 0};
    struct beacon_str key, value;
    (void)beacon_json_enter_object(j);
    while (beacon_json_next_key(j, &key) && beacon_json_skip(j, &value) && value.p <= place) {
        held.value = value;
        held.key = key;
    }
    return held;
}

static struct held element_at(struct beacon_json *j, const char *place)
{
    struct held held = {{NULL, 0}, {NULL, 0}, 0};
    struct beacon_str value;
    (void)beacon_json_enter_array(j);
    for (size_t i = 0;
         beacon_json_next_element(j) && beacon_json_skip(j, &value) && value.p <= place; i++) {
        held.value = value;
        held.index = i;
    }
    return held;
}

static void add_path(struct beacon_str json, size_t at, struct text *out)
{
    const char *place = json.p + at;
    for (unsigned depth = 0; depth < BEACON_JSON_DEPTH_MAX; depth++) {
        struct beacon_json j;
        beacon_json_init(&j, json);
        const enum beacon_json_kind kind = beacon_json_peek(&j);
        if (kind != BEACON_JSON_OBJECT && kind != BEACON_JSON_ARRAY) {
            return;
        }
        const struct held held =
            kind == BEACON_JSON_OBJECT ? member_at(&j, place) : element_at(&j, place);
        if (held.value.p == NULL || place >= held.value.p + held.value.n) {
            return;
        }
        if (kind == BEACON_JSON_OBJECT) {
            const size_t n = held.key.n < 100 ? held.key.n : 100;
            (void)text_addf(out, ".%.*s", (int)n, held.key.p);
        } else {
            (void)text_addf(out, "[%zu]", held.index);
        }
        json = held.value;
    }
}

void cassette_json_path(struct beacon_str json, size_t at, struct text *out)
{
    (void)text_add_char(out, '$');
    if (json.n > 0 && at < json.n) {
        add_path(json, at, out);
    }
}

/* What stands around a byte, made printable. */
static void add_words(struct beacon_str bytes, size_t at, struct text *out)
{
    const size_t from = at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0;
    const size_t left = bytes.n - (from < bytes.n ? from : bytes.n);
    const size_t n = left < SHOWN_BEFORE + SHOWN_AFTER ? left : SHOWN_BEFORE + SHOWN_AFTER;
    if (at >= bytes.n) {
        (void)text_add_string(out, "its end");
        return;
    }
    (void)text_add_char(out, '\'');
    (void)utf8_add_lossy(out, bytes.p + from, n);
    (void)text_add_char(out, '\'');
}

static bool compare_bytes(const char *what, struct beacon_str recorded, struct beacon_str now,
                          struct text *out)
{
    const size_t n = recorded.n < now.n ? recorded.n : now.n;
    size_t at = 0;
    while (at < n && recorded.p[at] == now.p[at]) {
        at++;
    }
    if (at == recorded.n && at == now.n) {
        return true;
    }
    (void)text_addf(out, "%s differs at byte %zu", what, at + 1);
    if (strcmp(what, "the body") == 0) {
        (void)text_add_string(out, ", ");
        cassette_json_path(at < recorded.n ? recorded : now, at, out);
    }
    (void)text_add_string(out, ": recorded was ");
    add_words(recorded, at, out);
    (void)text_add_string(out, ", now it is ");
    add_words(now, at, out);
    return false;
}

static bool compare_headers(const struct cassette_request *recorded,
                            const struct cassette_request *now, struct text *out)
{
    for (size_t i = 0; i < recorded->n_headers && i < now->n_headers; i++) {
        if (!compare_bytes("the name of a header", recorded->headers[i].k, now->headers[i].k,
                           out)) {
            return false;
        }
        if (!compare_bytes("a header", recorded->headers[i].v, now->headers[i].v, out)) {
            (void)text_addf(out, " (%.*s)", (int)now->headers[i].k.n, now->headers[i].k.p);
            return false;
        }
    }
    if (recorded->n_headers != now->n_headers) {
        (void)text_addf(out, "there were %zu headers, now there are %zu", recorded->n_headers,
                        now->n_headers);
        return false;
    }
    return true;
}

bool cassette_compare(const struct cassette_request *recorded, const struct cassette_request *now,
                      struct text *out)
{
    const struct beacon_str before = {(const char *)recorded->body.p, recorded->body.n};
    const struct beacon_str after = {(const char *)now->body.p, now->body.n};
    return compare_bytes("the method", recorded->method, now->method, out) &&
           compare_bytes("the URL", recorded->url, now->url, out) &&
           compare_headers(recorded, now, out) && compare_bytes("the body", before, after, out);
}
