/* dispatch.h - runs the tool calls of one answer so that order stays safe.
 *
 * Calls begin in the order in which the model made them. Those whose tool is parallel run side by
 * side; any other waits until everything before it has answered and holds back everything after it.
 * Used by turn.c. Thread: [main].
 */
#ifndef HOST_AGENT_DISPATCH_H
#define HOST_AGENT_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>

struct beacon_part;
struct dispatch;
struct tool_answer;
struct tool_context;

struct dispatch_call {
    const char *call_id, *name;
    bool is_freeform; /* the answer must take the freeform shape too */
};

struct dispatch_callbacks {
    /* One answer. < 0 (it could not be recorded): the other calls are stopped and not told. */
    int (*on_answer)(void *ctx, const struct dispatch_call *call, const struct tool_answer *answer);
    /* Every call has answered. From the loop, never from inside dispatch_run(). */
    void (*on_idle)(void *ctx);
};

struct dispatch *dispatch_create(struct tool_context *tools,
                                 const struct dispatch_callbacks *callbacks, void *ctx);
void dispatch_destroy(struct dispatch *dispatch); /* nothing may be running; NULL is fine */

void dispatch_add(struct dispatch *dispatch, const struct beacon_part *part); /* copied */
size_t dispatch_waiting(const struct dispatch *dispatch);                     /* not begun yet */

/* Begin what was added. False when there is nothing: no callback follows. */
bool dispatch_run(struct dispatch *dispatch);

/* Every running call answers "aborted" now, the waiting ones likewise; on_idle still follows. Also
 * from inside on_answer and from an event that a tool sends while it begins. */
void dispatch_cancel(struct dispatch *dispatch);

#endif
