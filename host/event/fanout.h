/* fanout.h - one event to every listener, in the order they were added: the journal is added first,
 * so a record is on disk before a client hears of it. Thread: [main].
 */
#ifndef HOST_EVENT_FANOUT_H
#define HOST_EVENT_FANOUT_H

#include <stdbool.h>
#include <stddef.h>

struct event;
struct fanout;

typedef void (*fanout_sink_fn)(void *ctx, const struct event *event);

struct fanout *fanout_create(void);
void fanout_destroy(struct fanout *fanout); /* NULL is fine; sinks are not told */
void fanout_add(struct fanout *fanout, fanout_sink_fn sink, void *ctx);

/* For who waits for the whole message anyway: deltas come ten thousand times a turn. */
void fanout_add_without_deltas(struct fanout *fanout, fanout_sink_fn sink, void *ctx);
bool fanout_hears_deltas(const struct fanout *fanout); /* false: no delta need be made */

/* For telemetry: no deltas, but EVENT_FRAME, which nobody else hears. */
void fanout_add_with_frames(struct fanout *fanout, fanout_sink_fn sink, void *ctx);
bool fanout_hears_frames(const struct fanout *fanout); /* false: no frame need be told of */

void fanout_emit(struct fanout *fanout, const struct event *event);

#endif
