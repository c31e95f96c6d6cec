/* mailbox.h - bytes from one worker thread to the loop thread, in order and bounded. The only lock
 * of the host. For worker.c only.
 *
 * Posts are packed into one buffer; the loop swaps it for an empty one and hands out the whole batch
 * without the lock, so a wakeup costs the same for one post and for ten thousand.
 */
#ifndef HOST_LOOP_MAILBOX_H
#define HOST_LOOP_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAILBOX_MAX_BYTES (1u << 20)

struct mailbox;

typedef void (*mailbox_ring_fn)(void *ctx);
typedef void (*mailbox_post_fn)(void *ctx, uint32_t kind, const void *p, size_t n);

/* `ring` wakes the loop thread; it is called with the lock held and must neither block nor call
 * back into the mailbox. */
struct mailbox *mailbox_create(mailbox_ring_fn ring, void *ctx);
void mailbox_destroy(struct mailbox *box); /* NULL is fine */

/* [worker] Copy in `n` bytes (`p` may be NULL when 0). Waits while more than MAILBOX_MAX_BYTES are
 * in the box. False, with nothing kept, once it refuses. */
bool mailbox_put(struct mailbox *box, uint32_t kind, const void *p, size_t n);

/* [worker] Nothing will be put any more. */
void mailbox_finish(struct mailbox *box);

/* [main] Hand out what is there, each post 8-byte aligned and borrowed for the call; `fn` may refuse
 * or close the box and hears no more then. True when the box is finished and empty. */
bool mailbox_deliver(struct mailbox *box, mailbox_post_fn fn, void *ctx);

/* [main] Drop what waits and refuse every put from now on; mailbox_finish() still rings. */
void mailbox_refuse(struct mailbox *box);

/* [main] Refuse, and never ring again: when this returns, `ring` will not be called any more. True
 * when the box was finished already. */
bool mailbox_close(struct mailbox *box);

#endif
