/* worker.h - one blocking call on one thread, its results posted back to the loop.
 *
 * For plugin calls that may block (a provider's own transport, probing a sandbox, a login). The call
 * runs on a thread of its own, with all signals blocked but the fatal ones; worker_post() copies
 * results into the mailbox, the only lock of the host, and the loop hands them out in order. Cancel is
 * a flag plus a pollable descriptor.
 */
#ifndef HOST_LOOP_WORKER_H
#define HOST_LOOP_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct worker;

struct worker_job {
    /* [worker] May block. */
    void (*run)(struct worker *worker, void *ctx);
    /* [main] In order of posting; `p` is aligned to 8 bytes and borrowed for the call. */
    void (*on_post)(void *ctx, uint32_t kind, const void *p, size_t n);
    /* [main] run() returned and every post was handed out; the last call. */
    void (*on_done)(void *ctx);
    void *ctx;
};

/* [main] The worker frees itself after on_done. NULL, with errno set and nothing called, when the
 * system has no thread or descriptor left. */
struct worker *worker_start(struct loop *loop, const struct worker_job *job);

/* [worker] Copy `n` bytes to the loop. Blocks while more than 1 MiB waits there, so a fast producer
 * cannot fill the memory. False after worker_cancel(): stop producing. */
bool worker_post(struct worker *worker, uint32_t kind, const void *p, size_t n);

/* [any] Is it cancelled? / descriptor that turns readable when it is. */
bool worker_is_cancelled(const struct worker *worker);
int worker_cancel_fd(const struct worker *worker);

/* [main] Ask run() to return. Posts already made are dropped; on_done is still called, when run()
 * returns. Also from inside on_post. */
void worker_cancel(struct worker *worker);

/* [main] Give up on a run() that ignores the cancel: on_done is called at once, the thread is left
 * alone for ever and its later posts go nowhere. What run() uses must outlive the process's end.
 * Also from inside on_post. */
void worker_abandon(struct worker *worker);

#endif
