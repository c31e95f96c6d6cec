/* stream_worker.h - asks a provider that brings its own transport (form B): its blocking stream()
 * runs on a worker, its events cross to the loop as copies. Used by stream.c only.
 * Thread: [main]; the plugin runs on [worker].
 */
#ifndef HOST_AGENT_STREAM_WORKER_H
#define HOST_AGENT_STREAM_WORKER_H

#include <beacon/error.h>

struct beacon_turn;
struct stream_core;
struct stream_outcome;
struct stream_worker;

/* `core` is copied; core->arena, which holds the turn, must live until on_end, which comes once, from
 * the loop, and frees the worker. BEACON_E_LIMIT when the system has no thread left: no on_end. */
int stream_worker_start(const struct stream_core *core, const struct beacon_turn *turn,
                        void (*on_end)(void *ctx, const struct stream_outcome *outcome), void *ctx,
                        struct stream_worker **ret, struct beacon_error *err);

/* Ask it to stop. When the plugin has not returned after what the ABI grants, on_end says is_hung and
 * the thread is left alone. */
void stream_worker_cancel(struct stream_worker *self);

#endif
