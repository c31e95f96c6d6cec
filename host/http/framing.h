/* framing.h - cuts the bytes of a response body into frames, however the network split them.
 *
 * SSE by the WHATWG rules: CR, LF or CRLF end a line, one leading BOM, comments, `id:`, `retry:` and
 * unknown fields are dropped, several `data:` lines are joined with LF, an event that the body ends
 * in the middle of is dropped. An event without data, or whose data is empty, is not handed out. A
 * body that begins with { or [ is no stream of events but JSON, and handed out as with WHOLE.
 * NDJSON: one frame per line, empty lines dropped, the last line needs no newline.
 * RAW: each piece as it came. WHOLE: the body as one frame at its end, also an empty one.
 *
 * Bytes inside a frame are passed as they came, also NUL and invalid UTF-8: the receiver parses JSON
 * and refuses what is not. A frame is a pointer into the caller's chunk when it lies inside one and
 * has a single `data:` line, so nothing is copied on the hot path. Thread: one owner at a time.
 */
#ifndef HOST_HTTP_FRAMING_H
#define HOST_HTTP_FRAMING_H

#include <beacon/plugin.h>
#include <stdbool.h>

#define FRAMING_FRAME_MAX (64u << 20) /* bytes of one frame, and of one line */

/* `event` is "" unless an SSE event names its type. Both are borrowed for the call. Less than 0: stop. */
typedef int (*framing_fn)(void *ctx, struct beacon_str event, struct beacon_bytes data);

struct framing;

/* `kind` is one of BEACON_FRAME_ (unknown ones are RAW). Free with framing_destroy(). */
struct framing *framing_create(uint32_t kind, size_t frame_max, framing_fn fn, void *ctx);
void framing_destroy(struct framing *framing); /* NULL is fine */

/* Hand in the next `n` bytes. BEACON_E_LIMIT: a frame is over the cap. A negative result of the
 * callback is returned as it is, `err` untouched. After a failure the framing is only destroyed. */
int framing_feed(struct framing *framing, const char *chunk, size_t n, struct beacon_error *err);

/* The body is complete: hand out what may be. */
int framing_end(struct framing *framing, struct beacon_error *err);

/* Grows whenever the body moved on: everything but SSE comments and blank lines. What an idle clock
 * watches, so that a proxy's keep-alive comments do not hide a model that hangs. */
uint64_t framing_progress(const struct framing *framing);

size_t framing_buffered(const struct framing *framing); /* bytes of memory held now */

#endif
