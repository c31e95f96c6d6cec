/* stream_held.h - reasoning waits for what it led to. A server refuses reasoning that nothing follows, and
 * that is what a stream leaves that breaks off in between; asked again, the model thinks again. So such a
 * part becomes durable together with the next part, or at the end of the answer. Used by stream.c and
 * stream_worker.c. Thread: [main].
 */
#ifndef HOST_AGENT_STREAM_HELD_H
#define HOST_AGENT_STREAM_HELD_H

struct beacon_part;
struct stream_core;

/* Give `part` (borrowed) to on_item, after those that wait; reasoning is copied into core->arena and waits.
 * Less than 0: on_item refused one, the stream is to be stopped. */
int stream_held_item(struct stream_core *core, const struct beacon_part *part);

/* The answer is complete: give away what waits. Returns as above. */
int stream_held_finish(struct stream_core *core);

#endif
