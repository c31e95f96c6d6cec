/* exec_human.h - the progress of `exec` for a person, on standard error: what is asked, thought, run,
 * changed and answered. Control characters of strangers are shown, not obeyed. A fanout sink.
 * Thread: [main].
 */
#ifndef HOST_CLI_EXEC_HUMAN_H
#define HOST_CLI_EXEC_HUMAN_H

#include <stdbool.h>

struct event;
struct exec_human;

struct exec_human_settings {
    bool has_color;
    bool hides_reasoning;
};

struct exec_human *exec_human_create(const struct exec_human_settings *settings);
void exec_human_destroy(struct exec_human *human); /* NULL is fine */
void exec_human_sink(void *ctx, const struct event *event);

/* On a terminal the wait before another try is counted down, with timers of this loop, which must live until
 * exec_human_destroy() or a call with NULL. */
struct loop;
void exec_human_count_on(struct exec_human *human, struct loop *loop);

#endif
