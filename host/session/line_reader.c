/* SPDX-License-Identifier: Apache-2.0 */
#include "session/line_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

#define CHUNK_BYTES     (64u << 10)
#define KEPT_LINE_BYTES (256u << 10) /* a larger line buffer is given back after use */

void line_reader_init(struct line_reader *reader, int fd, size_t line_max)
{
    *reader = (struct line_reader){.fd = fd, .owned = alloc_zeroed(CHUNK_BYTES)};
    reader->chunk = reader->owned;
    text_init(&reader->line, line_max);
}

void line_reader_init_bytes(struct line_reader *reader, const char *bytes, size_t n,
                            size_t line_max)
{
    *reader = (struct line_reader){.fd = -1, .chunk = bytes, .n = n, .has_any_bytes = n > 0};
    text_init(&reader->line, line_max);
}

void line_reader_finish(struct line_reader *reader)
{
    free(reader->owned);
    text_finish(&reader->line);
}

static bool refill(struct line_reader *reader)
{
    if (reader->fd < 0) {
        return false;
    }
    ssize_t got = -1;
    do {
        got = read(reader->fd, reader->owned, CHUNK_BYTES);
    } while (got < 0 && errno == EINTR);
    reader->os_errno = got < 0 ? errno : 0;
    reader->at = 0;
    reader->n = got > 0 ? (size_t)got : 0;
    reader->has_any_bytes = reader->has_any_bytes || got > 0;
    return got > 0;
}

static void reset_line(struct line_reader *reader)
{
    if (reader->line.capacity > KEPT_LINE_BYTES) {
        text_finish(&reader->line);
    } else {
        text_reset(&reader->line);
    }
}

/* Collect up to the newline, over as many chunks as it takes. */
static bool next_of_any_length(struct line_reader *reader, struct beacon_str *ret, bool *is_held)
{
    reset_line(reader);
    *is_held = true;
    bool has_bytes = false;
    while (reader->at < reader->n || refill(reader)) {
        const char *from = reader->chunk + reader->at;
        size_t left = reader->n - reader->at;
        const char *newline = memchr(from, '\n', left);
        size_t take = newline != NULL ? (size_t)(newline - from) : left;
        reader->at += take + (newline != NULL ? 1 : 0);
        if (newline != NULL && !has_bytes) {
            *ret = (struct beacon_str){from, take};
            *is_held = take <= reader->line.max_bytes;
            return true;
        }
        has_bytes = true;
        if (*is_held && !text_add(&reader->line, from, take)) {
            *is_held = false;
            text_finish(&reader->line);
        }
        if (newline != NULL) {
            *ret = (struct beacon_str){text_string(&reader->line), reader->line.len};
            return true;
        }
    }
    reader->n_passed += has_bytes ? 1 : 0;
    return false;
}

bool line_reader_next(struct line_reader *reader, struct beacon_str *ret)
{
    struct beacon_str line;
    bool is_held = false;
    while (next_of_any_length(reader, &line, &is_held)) {
        if (is_held) {
            *ret = line;
            return true;
        }
        reader->n_passed++;
    }
    return false;
}
