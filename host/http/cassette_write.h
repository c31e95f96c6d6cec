/* cassette_write.h - writes a cassette: JSON Lines, one for each thing that happened, the format of
 * docs/protocol/cassette.md.
 *
 * Every line is complete and scrubbed of known secrets before the file sees a byte of it. What cannot be
 * written is told once, by `warn`, and ends the recording, never the session. Thread: [main].
 */
#ifndef HOST_HTTP_CASSETTE_WRITE_H
#define HOST_HTTP_CASSETTE_WRITE_H

#include <beacon/error.h>
#include <beacon/plugin.h>
#include <stdbool.h>

struct beacon_json_out;
struct cassette_writer;
struct http_tap;
struct scrub;

struct cassette_header {
    const char *version, *thread_id;
    uint64_t created_ms; /* Unix */
};

typedef void (*cassette_warn_fn)(void *ctx, const char *sentence);

/* A new file of mode 0600, or an empty one that is there. `scrub` is borrowed, and gets the credentials
 * that are put on requests. INVALID: the file holds something. IO: it cannot be made. */
int cassette_writer_create(const char *path, struct scrub *scrub, struct cassette_writer **ret,
                           struct beacon_error *err);
void cassette_writer_destroy(struct cassette_writer *writer); /* NULL is fine */

/* The first line; before any other. */
void cassette_write_header(struct cassette_writer *writer, const struct cassette_header *header,
                           cassette_warn_fn warn, void *warn_ctx);

/* What the tap of http/ shows goes into the file. The tap borrows the writer. */
void cassette_writer_tap(struct cassette_writer *writer, struct http_tap *ret);

/* A line of the front door: {"type":`type`,"ms":…, then what the caller adds as members; then end it. */
struct beacon_json_out *cassette_line(struct cassette_writer *writer, const char *type);
void cassette_end_line(struct cassette_writer *writer);

#endif
