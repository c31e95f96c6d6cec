/* shell_wait.h - a call that waits for a command: to exit, or to have run for long enough; then it
 * answers. Private to shell.c and shell_call.c. Thread: [main].
 */
#ifndef HOST_TOOLS_SHELL_WAIT_H
#define HOST_TOOLS_SHELL_WAIT_H

#include <stdbool.h>
#include <stdint.h>

struct command;
struct tool_run;

struct shell_wait {
    struct tool_run *run;
    struct command *command;
    uint64_t yield_ms; /* 0: until it exits */
    uint32_t max_tokens;
    bool wants_json; /* the older tools answer with a JSON text */
    /* The command has exited. True: the call goes on otherwise, the command is kept, and nothing is
     * answered here. NULL: never. */
    bool (*takes_over)(void *ctx, struct command *command);
    void (*forget)(void *ctx); /* the call is answered or cancelled; NULL: nothing to do */
    void *ctx;
};

/* Sets the run's cancel. */
void shell_wait_begin(const struct shell_wait *wait);

/* Answer with what the command has said so far, and release it when it has exited. `note` is put below:
 * what else the model must know; or "". */
void shell_wait_answer(const struct shell_wait *wait, uint64_t since_ns, const char *note);

#endif
