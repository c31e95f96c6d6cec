/* stuck.h - what a person gets when a plugin never gives the loop's thread back.
 *
 * A thread of its own looks at the breadcrumb of the thread that asked for the watch. A call that has
 * lasted for seconds is named on stderr once. After SIGINT or SIGTERM, which the loop then cannot hear,
 * the same call gets one more second, or until the next signal; then the plugin is named, counted in the
 * quarantine, and the program ends with 130 or 143. Calls on workers are not watched: they may last.
 * Thread: [main].
 */
#ifndef HOST_CLI_STUCK_H
#define HOST_CLI_STUCK_H

struct stuck;

/* NULL when the system has no thread or descriptor left: then nobody watches. One at a time. */
struct stuck *stuck_watch(void);

/* The handlers of the two signals were changed by somebody: stand before them, and pass on to them what
 * is not about a plugin. NULL is fine. */
void stuck_follow(struct stuck *stuck);
void stuck_forget(struct stuck *stuck); /* NULL is fine */

#endif
