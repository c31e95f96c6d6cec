/* shell_call.h - one command of the model from its request to its answer: decided, perhaps asked about,
 * run in the sandbox or outside of it, and perhaps repeated outside. Private to shell.c.
 * Thread: [main].
 */
#ifndef HOST_TOOLS_SHELL_CALL_H
#define HOST_TOOLS_SHELL_CALL_H

#include <stdbool.h>
#include <stdint.h>

struct tool_run;

struct shell_request {        /* borrowed for the call */
    const char *const *argv;  /* what is executed */
    const char *const *shown; /* what the model meant: it is judged, and clients see it */
    const char *cwd;
    bool has_terminal;
    bool is_classic; /* one of the older tools: other words, and a JSON answer */
    uint64_t timeout_ms, yield_ms;
    uint32_t max_tokens;
    bool wants_escalation;
    const char *justification;        /* "" when none */
    const char *const *wanted_prefix; /* NULL when none */
};

/* The run is answered, now or later; it may be gone when this returns. */
void shell_call_begin(struct tool_run *run, const struct shell_request *request);

#endif
