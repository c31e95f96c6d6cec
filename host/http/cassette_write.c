/* SPDX-License-Identifier: Apache-2.0 */
#include "http/cassette_write.h"

#include <beacon-sdk/json_string.h>
#include <beacon/host.h>
#include <beacon/provider.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/io.h"
#include "base/text.h"
#include "http/cassette.h"
#include "http/cassette_redact.h"
#include "http/scrub.h"
#include "http/tap.h"

#define STARTS_KEPT 64 /* requests under way at once whose begin is known */

struct cassette_writer {
    int fd; /* -1: nothing is written any more */
    char *path;
    struct scrub *scrub;
    struct beacon_json_out line;
    struct text scrubbed;
    cassette_warn_fn warn;
    void *warn_ctx;
    uint64_t began_ns, n_requests;
    uint64_t starts_ns[STARTS_KEPT]; /* by number of the request, modulo */
};

/* ---- the file ---- */

static int refuse_full(const char *path, struct beacon_error *err)
{
    return error_set(err, BEACON_E_INVALID, "name a file that is not there yet",
                     "cannot record into %s: it is there already", path);
}

static int check_file(int fd, const char *path, struct beacon_error *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > 0) {
        return refuse_full(path, err);
    }
    return fchmod(fd, 0600) == 0
               ? BEACON_OK
               : error_set_errno(err, BEACON_E_IO, errno, "name a file of yours",
                                 "cannot record into %s: %s", path, strerror(errno));
}

static int open_file(const char *path, int *ret, struct beacon_error *err)
{
    const int how = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    AUTO_CLOSE int fd = open(path, how | O_CREAT | O_EXCL, 0600);
    const bool is_there = fd < 0 && errno == EEXIST;
    if (is_there) {
        fd = open(path, how);
    }
    if (fd < 0) {
        return error_set_errno(err, BEACON_E_IO, errno,
                               "name a file in a folder that you can write to",
                               "cannot record into %s: %s", path, strerror(errno));
    }
    int rc = is_there ? check_file(fd, path, err) : BEACON_OK;
    if (rc == BEACON_OK) {
        *ret = take_fd(&fd);
    }
    return rc;
}

int cassette_writer_create(const char *path, struct scrub *scrub, struct cassette_writer **ret,
                           struct beacon_error *err)
{
    int fd = -1;
    int rc = open_file(path, &fd, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct cassette_writer *writer = alloc_zeroed(sizeof *writer);
    writer->fd = fd;
    writer->path = alloc_string(path);
    writer->scrub = scrub;
    writer->began_ns = clock_mono_ns();
    beacon_json_out_init(&writer->line, CASSETTE_LINE_MAX);
    text_init(&writer->scrubbed, CASSETTE_LINE_MAX);
    *ret = writer;
    return BEACON_OK;
}

static void close_file(struct cassette_writer *writer)
{
    if (writer->fd >= 0) {
        (void)close(take_fd(&writer->fd));
    }
}

void cassette_writer_destroy(struct cassette_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    close_file(writer);
    beacon_json_out_finish(&writer->line);
    text_finish(&writer->scrubbed);
    free(writer->path);
    free(writer);
}

/* A cassette with a hole would replay as something that never was. */
static void give_up(struct cassette_writer *writer, const char *why)
{
    close_file(writer);
    AUTO_FREE char *sentence =
        alloc_printf("the recording into %s ends here: %s; the session goes on", writer->path, why);
    writer->warn(writer->warn_ctx, sentence);
}

/* ---- lines ---- */

static uint64_t ms_since(uint64_t ns)
{
    return (clock_mono_ns() - ns) / 1000000u;
}

static void put_int(struct beacon_json_out *line, const char *key, uint64_t value)
{
    beacon_json_key(line, key);
    beacon_json_put_int(line, (int64_t)value);
}

struct beacon_json_out *cassette_line(struct cassette_writer *writer, const char *type)
{
    struct beacon_json_out *line = &writer->line;
    beacon_json_out_reset(line);
    beacon_json_begin_object(line);
    beacon_json_put_member(line, "type", beacon_text(type));
    put_int(line, "ms", ms_since(writer->began_ns));
    return line;
}

void cassette_end_line(struct cassette_writer *writer)
{
    struct beacon_json_out *line = &writer->line;
    beacon_json_end_object(line);
    if (writer->fd < 0) {
        return;
    }
    text_reset(&writer->scrubbed);
    if (line->failed || !scrub_text(writer->scrub, line->p, line->n, &writer->scrubbed)) {
        give_up(writer, "a line is over its cap");
    } else if (!io_append_line(writer->fd, writer->scrubbed.data, writer->scrubbed.len)) {
        give_up(writer, strerror(errno));
    }
}

void cassette_write_header(struct cassette_writer *writer, const struct cassette_header *header,
                           cassette_warn_fn warn, void *warn_ctx)
{
    char created[CLOCK_UTC_BYTES];
    writer->warn = warn;
    writer->warn_ctx = warn_ctx;
    clock_format_utc(header->created_ms, created);
    struct beacon_json_out *line = &writer->line;
    beacon_json_out_reset(line);
    beacon_json_begin_object(line);
    put_int(line, "cassette", CASSETTE_VERSION);
    beacon_json_put_member(line, "version", beacon_text(header->version));
    beacon_json_put_member(line, "thread_id", beacon_text(header->thread_id));
    beacon_json_put_member(line, "created", beacon_text(created));
    cassette_end_line(writer);
}

/* ---- from the tap ---- */

static void put_headers(struct beacon_json_out *line, const struct beacon_kv *headers, size_t n,
                        bool (*is_shown)(struct beacon_str name))
{
    beacon_json_key(line, "headers");
    beacon_json_begin_array(line);
    for (size_t i = 0; i < n; i++) {
        beacon_json_begin_array(line);
        beacon_json_put_str(line, headers[i].k);
        beacon_json_put_str(line, is_shown(headers[i].k) ? headers[i].v : beacon_text(SCRUB_MARK));
        beacon_json_end_array(line);
    }
    beacon_json_end_array(line);
}

/* Raw bytes hide a secret from the eyes of the line's own scrubbing. */
static void put_base64(struct cassette_writer *writer, const char *key, struct beacon_str bytes)
{
    AUTO_TEXT struct text scrubbed;
    text_init(&scrubbed, CASSETTE_LINE_MAX);
    (void)scrub_text(writer->scrub, bytes.p, bytes.n, &scrubbed);
    beacon_json_key(&writer->line, key);
    beacon_json_put_base64(&writer->line, beacon_text(""),
                           (struct beacon_bytes){(const uint8_t *)scrubbed.data, scrubbed.len});
}

/* JSON that a line can hold as it is, byte for byte. */
static bool is_plain_json(struct beacon_str bytes)
{
    return bytes.n >= 2 && bytes.p[0] == '{' && bytes.p[bytes.n - 1] == '}' &&
           memchr(bytes.p, '\n', bytes.n) == NULL && memchr(bytes.p, '\r', bytes.n) == NULL &&
           beacon_json_is_whole(bytes, '{');
}

static void put_body(struct cassette_writer *writer, struct beacon_bytes body)
{
    const struct beacon_str text = beacon_span((const char *)body.p, body.n);
    if (!beacon_utf8_is_valid(text)) {
        put_base64(writer, "body_base64", text);
    } else if (is_plain_json(text)) {
        beacon_json_key(&writer->line, "body");
        beacon_json_put_raw(&writer->line, text);
    } else {
        beacon_json_put_member(&writer->line, "body_text", text);
    }
}

static uint64_t begin(void *ctx, const struct beacon_http_request *rq)
{
    struct cassette_writer *writer = ctx;
    AUTO_TEXT struct text url;
    text_init(&url, CASSETTE_LINE_MAX);
    (void)cassette_redact_url(rq->url, &url);
    uint64_t id = ++writer->n_requests;
    writer->starts_ns[id % STARTS_KEPT] = clock_mono_ns();
    struct beacon_json_out *line = cassette_line(writer, "request");
    put_int(line, "n", id);
    beacon_json_put_member(line, "method", rq->method);
    beacon_json_put_member(line, "url", beacon_span(text_string(&url), url.len));
    put_headers(line, rq->headers, rq->n_headers, cassette_shows_request_header);
    put_body(writer, rq->body);
    cassette_end_line(writer);
    return id;
}

static struct beacon_json_out *answer_line(struct cassette_writer *writer, const char *type,
                                           uint64_t id)
{
    struct beacon_json_out *line = &writer->line;
    beacon_json_out_reset(line);
    beacon_json_begin_object(line);
    beacon_json_put_member(line, "type", beacon_text(type));
    put_int(line, "n", id);
    put_int(line, "ms", ms_since(writer->starts_ns[id % STARTS_KEPT]));
    return line;
}

static void on_secret(void *ctx, struct beacon_str value)
{
    struct cassette_writer *writer = ctx;
    scrub_add_n(writer->scrub, value.p, value.n);
}

static void on_response(void *ctx, uint64_t id, const struct beacon_http_response *response)
{
    struct cassette_writer *writer = ctx;
    struct beacon_json_out *line = answer_line(writer, "response", id);
    put_int(line, "status", (uint64_t)response->status);
    put_headers(line, response->headers, response->n_headers, cassette_shows_response_header);
    cassette_end_line(writer);
}

static void on_frame(void *ctx, uint64_t id, struct beacon_str event, struct beacon_bytes data)
{
    struct cassette_writer *writer = ctx;
    const struct beacon_str text = beacon_span((const char *)data.p, data.n);
    struct beacon_json_out *line = answer_line(writer, "frame", id);
    if (event.n > 0 && beacon_utf8_is_valid(event)) {
        beacon_json_put_member(line, "event", event);
    } else if (event.n > 0) {
        put_base64(writer, "event_base64", event);
    }
    if (beacon_utf8_is_valid(text)) {
        beacon_json_put_member(line, "data", text);
    } else {
        put_base64(writer, "data_base64", text);
    }
    cassette_end_line(writer);
}

static void put_error(struct beacon_json_out *line, const struct beacon_error *err)
{
    beacon_json_key(line, "error");
    beacon_json_begin_object(line);
    beacon_json_key(line, "code");
    beacon_json_put_int(line, err->code);
    put_int(line, "flags", err->flags);
    beacon_json_put_member(line, "message", beacon_text(err->message));
    beacon_json_put_member(line, "hint", beacon_text(err->hint));
    beacon_json_end_object(line);
}

static void on_end(void *ctx, uint64_t id, uint32_t how, const struct beacon_error *err)
{
    struct cassette_writer *writer = ctx;
    struct beacon_json_out *line = answer_line(writer, "end", id);
    beacon_json_put_member(line, "how", beacon_text(cassette_end_name(how)));
    if (err != NULL && err->code != BEACON_OK) {
        put_error(line, err);
    }
    cassette_end_line(writer);
}

void cassette_writer_tap(struct cassette_writer *writer, struct http_tap *ret)
{
    *ret = (struct http_tap){begin, on_secret, on_response, on_frame, on_end, writer};
}
