/* cassette.h - reads a cassette: a session as it was recorded, to be played again or compared.
 *
 * Strict and bounded: what is no cassette is refused with the number of the line. Everything a cassette
 * points to lives as long as it does. The format is docs/protocol/cassette.md. Thread: [main].
 */
#ifndef HOST_HTTP_CASSETTE_H
#define HOST_HTTP_CASSETTE_H

#include <beacon/host.h>
#include <stdbool.h>

#include "http/player.h"

#define CASSETTE_VERSION   1
#define CASSETTE_LINE_MAX  (192u << 20)
#define CASSETTE_BYTES_MAX (1024u << 20)

struct arena;

struct cassette_request {
    struct beacon_str method, url; /* redacted, as in the file */
    const struct beacon_kv *headers;
    size_t n_headers;
    struct beacon_bytes body;
};

struct cassette_exchange {
    struct cassette_request request;
    struct http_answer answer;        /* without an end line: cancelled */
    struct http_answer_frame *frames; /* what answer.frames is, owned */
    bool has_ended;
    size_t line; /* of the request */
};

struct cassette_tool {
    struct beacon_str call_id, name, input, output, image_url;
    bool is_success;
};

struct cassette {
    char *text; /* of the file */
    struct arena *arena;
    struct beacon_str thread_id;
    struct beacon_str session;   /* JSON object; p is NULL when there is none */
    struct beacon_str prompt;    /* likewise */
    struct beacon_str turn_id;   /* "" when no turn began */
    struct beacon_str *contexts; /* JSON of the items before the prompt */
    size_t n_contexts;
    struct cassette_exchange *exchanges;
    size_t n_exchanges;
    struct cassette_tool *tools;
    size_t n_tools;
    size_t n_events;
};

/* INVALID: no cassette, err->message begins with "NAME, line N: ". LIMIT, IO: as io_read_file(). On success
 * cassette_finish(). */
int cassette_read(const char *path, struct cassette *ret, struct beacon_error *err);
int cassette_read_bytes(const char *name, const char *text, size_t n, struct cassette *ret,
                        struct beacon_error *err);
void cassette_finish(struct cassette *cassette); /* a zeroed one is fine */

/* BEACON_END_ and HTTP_TAP_ as words. */
const char *cassette_end_name(uint32_t how);
bool cassette_end_named(struct beacon_str name, uint32_t *ret);

#endif
