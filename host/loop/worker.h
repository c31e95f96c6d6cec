/* worker.h - one blocking call on one thread, its results posted back to the loop.
 *
 * For plugin calls that may block (a provider's own transport, probing a sandbox, a login). The call
 * runs on a thread of its own; worker_post() copies results into the mailbox, the only lock of the
 * host, and the loop hands them out in order. Cancel is a flag plus a pollable descriptor.
 */
#ifndef HOST_LOOP_WORKER_H
#define HOST_LOOP_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct worker;

struct worker_job {
    void (*run)(struct worker *worker, void *ctx); /* [worker] may block */
    void (*on_post)(void *ctx, uint32_t kind, const void *p,
                    size_t n);  /* [main] in order of posting */
    void (*on_done)(void *ctx); /* [main] run() returned and every post was handed out; last call */
    void *ctx;
};

/* [main] The worker frees itself after on_done. */
struct worker *worker_start(struct loop *loop, const struct worker_job *job);

/* [worker] Copy `n` bytes to the loop. Blocks while more than 1 MiB waits there, so a fast producer
 * cannot fill the memory. False after worker_cancel(): stop producing. */
bool worker_post(struct worker *worker, uint32_t kind, const void *p, size_t n);

/* [any] Is it cancelled? / descriptor that turns readable when it is. */
bool worker_is_cancelled(const struct worker *worker);
int worker_cancel_fd(const struct worker *worker);

/* [main] Ask run() to return. Posts already made are dropped; on_done is still called, when run()
 * returns. */
void worker_cancel(struct worker *worker);

/* [main] Give up on a run() that ignores the cancel: on_done is called at once, the thread is left
 * alone for ever and its later posts go nowhere. */
void worker_abandon(struct worker *worker);

#endif
