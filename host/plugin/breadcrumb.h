/* breadcrumb.h - which plugin this thread is inside of, and in which slot.
 *
 * Every call into a plugin is wrapped by its adapter:
 *
 *     const struct breadcrumb before = breadcrumb_enter(plugin_id(plugin), "on_frame");
 *     rc = table->on_frame(…);
 *     breadcrumb_leave(before);
 *
 * A fatal signal handler and a watchdog read it to say whose fault it is. Costs two stores per call;
 * calls nest (a plugin calls the host, the host another plugin). Thread: its own, per thread.
 */
#ifndef HOST_PLUGIN_BREADCRUMB_H
#define HOST_PLUGIN_BREADCRUMB_H

struct breadcrumb {
    const char *plugin_id; /* NULL: in the host */
    const char *slot;      /* static, "on_frame" */
};

/* Safe to read in a signal handler of the same thread. */
extern _Thread_local struct breadcrumb breadcrumb_now;

static inline struct breadcrumb breadcrumb_enter(const char *plugin_id, const char *slot)
{
    const struct breadcrumb before = breadcrumb_now;
    breadcrumb_now = (struct breadcrumb){.plugin_id = plugin_id, .slot = slot};
    /* The stores must be done before the call, for a handler that runs in the middle of it. */
    __asm__ volatile("" ::: "memory");
    return before;
}

static inline void breadcrumb_leave(struct breadcrumb before)
{
    __asm__ volatile("" ::: "memory");
    breadcrumb_now = before;
}

#endif
