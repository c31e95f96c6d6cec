/* stream.h - one question to the model: drives a provider plugin until its answer is complete.
 *
 * For a sans-IO provider it performs the HTTP the plugin describes and feeds the frames back; for one
 * with its own transport it runs the plugin on a worker. Either way the same callbacks, on the loop,
 * and on_end once and last. Used by turn.c. Thread: [main].
 */
#ifndef HOST_AGENT_STREAM_H
#define HOST_AGENT_STREAM_H

#include <beacon/provider.h>
#include <stdbool.h>

struct arena;
struct http;
struct http_limits;
struct loop;
struct provider;
struct stream;

enum stream_phase {
    STREAM_ASKING,   /* no answer with a good status yet */
    STREAM_ANSWERING /* the answer had begun */
};

struct stream_outcome {
    bool is_ok;      /* FINISH came */
    uint32_t finish; /* BEACON_FINISH_ */
    enum stream_phase phase;
    uint32_t verdict; /* BEACON_VERDICT_, when not ok */
    int64_t after_ms; /* the server's wish before a retry, -1 = none */
    beacon_rc code;
    const char *message; /* one sentence; borrowed for the call */
    const char *hint;    /* "" when there is none */
    bool is_hung; /* a plugin's thread ignored the cancel and still runs: close nothing of it */
};

struct stream_callbacks { /* never from inside stream_start() */
    void *ctx;
    void (*on_delta)(void *ctx, uint32_t code, const char *p, size_t n);
    int (*on_item)(void *ctx, const struct beacon_part *part); /* durable; < 0 stops the stream */
    void (*on_usage)(void *ctx, const struct beacon_usage *usage);
    void (*on_warning)(void *ctx, const char *p, size_t n);
    void (*on_end)(void *ctx,
                   const struct stream_outcome *outcome); /* the stream is gone after it */
    /* For who watches the wire; not of a provider with its own transport. NULL: nobody does. */
    void (*on_status)(void *ctx, int32_t status);
    void (*on_frame)(void *ctx, struct beacon_str kind); /* all but deltas and the unnamed */
};

struct stream_parts {
    struct loop *loop;
    struct http *http;
    struct provider *provider;
    const struct http_limits *limits;
};

/* Ask. `arena` holds everything `turn` points to and becomes the stream's, on success only. */
int stream_start(const struct stream_parts *parts, const struct beacon_turn *turn,
                 struct arena *arena, const struct stream_callbacks *callbacks, struct stream **ret,
                 struct beacon_error *err);

/* Stop: the connection is closed at once, no event follows, and on_end comes from the loop with code
 * BEACON_E_CANCELLED, at most 250 ms later whatever the plugin does. */
void stream_cancel(struct stream *stream);

/* For the two ways of asking inside this room: begin, and give up at once. */
struct stream_core {
    struct stream_parts parts;
    struct arena *arena;
    struct stream_callbacks callbacks;
    struct held_part *held; /* see stream_held.h; in the arena */
};

extern const struct stream_outcome stream_cancelled;

#endif
