/* breadcrumb.h - which plugin this thread is inside of, and in which slot.
 *
 * Every call into a plugin is wrapped by its adapter:
 *
 *     const struct breadcrumb before = breadcrumb_enter(plugin_id(plugin), "on_frame");
 *     rc = table->on_frame(…);
 *     breadcrumb_leave(before);
 *
 * A fatal signal handler and a watchdog read it to say whose fault it is. Costs a few stores per
 * call; calls nest (a plugin calls the host, the host another plugin). A callback of the host that does
 * much says breadcrumb_enter_host(), so that what goes wrong in there is not blamed on the plugin.
 * Thread: its own, per thread, but for breadcrumb_look().
 */
#ifndef HOST_PLUGIN_BREADCRUMB_H
#define HOST_PLUGIN_BREADCRUMB_H

#include <stdint.h>

struct breadcrumb {
    const char *plugin_id; /* NULL: in the host */
    const char *slot;      /* static, "on_frame" */
};

/* Safe to read in a signal handler of the same thread. */
extern _Thread_local struct breadcrumb breadcrumb_now;

/* How many calls this thread made: two looks that find the same number found the same call. */
extern _Thread_local uint32_t breadcrumb_calls;

static inline void breadcrumb_set(struct breadcrumb to)
{
    /* Single stores, for the watchdog that looks from another thread. */
    __atomic_store_n(&breadcrumb_now.plugin_id, to.plugin_id, __ATOMIC_RELAXED);
    __atomic_store_n(&breadcrumb_now.slot, to.slot, __ATOMIC_RELAXED);
}

static inline struct breadcrumb breadcrumb_enter(const char *plugin_id, const char *slot)
{
    const struct breadcrumb before = breadcrumb_now;
    __atomic_store_n(&breadcrumb_calls, breadcrumb_calls + 1, __ATOMIC_RELAXED);
    breadcrumb_set((struct breadcrumb){.plugin_id = plugin_id, .slot = slot});
    /* The stores must be done before the call, for a handler that runs in the middle of it. */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return before;
}

static inline struct breadcrumb breadcrumb_enter_host(void)
{
    const struct breadcrumb before = breadcrumb_now;
    breadcrumb_set((struct breadcrumb){0});
    return before;
}

static inline void breadcrumb_leave(struct breadcrumb before)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    breadcrumb_set(before);
}

/* What another thread may look at while this one lives. */
struct breadcrumb_view {
    const struct breadcrumb *now;
    const uint32_t *calls;
};
struct breadcrumb_view breadcrumb_view(void);

/* The view's breadcrumb as of now, and the number of its call. The two may belong to different calls
 * when the thread goes on meanwhile. [any] */
struct breadcrumb breadcrumb_look(struct breadcrumb_view view, uint32_t *ret_call);

#endif
