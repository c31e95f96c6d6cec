/* tool.h - what a tool is: one row with its schema and the function that runs a call.
 *
 * A row describes itself to the model and is started by agent/dispatch.c; it answers exactly once,
 * during start() or later from the loop. A tool never touches the history: its answer does.
 * Thread: [main].
 */
#ifndef HOST_TOOLS_TOOL_H
#define HOST_TOOLS_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct approval_case;
struct approvals;
struct command_table;
struct event_decision;
struct fanout;
struct loop;
struct sandbox;
struct beacon_error;

#define TOOL_INPUT_MAX (64u << 20) /* bytes of one call's input */

struct tool_run;

/* Answers calls instead of the tools: a recording is played. True: it has. */
struct tool_frozen {
    bool (*answer)(void *ctx, struct tool_run *run);
    void *ctx;
};

/* What every tool may use; owned by the agent, lives as long as the session. */
struct tool_context {
    struct loop *loop;
    struct tool_frozen frozen; /* answer NULL: the tools run */
    struct sandbox *sandbox;
    struct approvals *approvals; /* asked before anything is done */
    struct fanout *events;
    struct command_table *commands; /* processes that outlive the call that started them */
    const char *cwd;                /* of the session, absolute and normal */
    const char *const *env;         /* for commands, NULL-terminated */
    const char *shell;              /* absolute path of the default shell */
    const char *program_dir;        /* with apply_patch, first in PATH of `env`; NULL: none */
    const char *turn_id;            /* of the turn that runs now */
    uint32_t max_output_tokens;     /* most that one answer may carry */
    /* Make the sandbox that restricts nothing, for what a person or a rule lets out: tool_outside(). */
    int (*open_outside)(void *ctx, struct sandbox **ret, struct beacon_error *err);
    void *open_outside_ctx;
    struct sandbox *outside; /* once it was made; who owns the context destroys it */
};

struct tool_answer {
    const char *text; /* valid UTF-8; borrowed for the call */
    size_t n;
    const char *image_url; /* a data: URL that goes with it, or NULL */
    bool has_failed;       /* it says why the call came to nothing */
};

typedef void (*tool_answer_fn)(void *ctx, struct tool_run *run, const struct tool_answer *answer);

/* One call in flight. Owned by the dispatcher; `state` is the tool's own until it answers. */
struct tool_run {
    struct tool_context *context;
    const char *call_id, *name;
    const char *input; /* arguments as JSON text, or raw text when the tool is freeform */
    size_t input_bytes;
    tool_answer_fn on_answer;
    void *on_answer_ctx;
    void *state;
    /* Set by a tool whose start() has not answered: answer "aborted" at once. */
    void (*cancel)(struct tool_run *run);
};

struct tool {
    const char *name;
    const char *description;
    const char *parameters; /* JSON Schema; "" for a freeform tool */
    const char
        *parameters_escalating; /* where the model may ask to leave the sandbox; NULL: the same */
    const char *grammar;        /* freeform: lark grammar; "" otherwise */
    bool is_freeform;
    bool is_offered;  /* told to the model; the others are accepted when called */
    bool is_parallel; /* may run beside other parallel calls; else it waits for all before it */
    void (*start)(struct tool_run *run);
};

/* Say on the bus that the configuration let this call run, or did not. */
void tool_decided(const struct tool_run *run, bool may_run);

/* The same with who said so. call_id, name and policy are filled in; NULL is "" elsewhere. */
void tool_decided_by(const struct tool_run *run, const struct event_decision *decision);

/* The sandbox for what may leave the sandbox: that of the session when it restricts nothing, else one that
 * is made when first needed. BEACON_E_POLICY: the administrator forbids it. */
int tool_outside(struct tool_context *context, struct sandbox **ret, struct beacon_error *err);

/* Give the answer; the run may be gone when this returns. */
void tool_answer_text(struct tool_run *run, const char *text, size_t n);
void tool_answer_failure(struct tool_run *run, const char *text, size_t n);
/* A failure in words. */
void tool_answerf(struct tool_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void tool_answer_image(struct tool_run *run, const char *data_url);

struct json_object;

enum tool_type { TOOL_STRING, TOOL_NUMBER, TOOL_BOOLEAN, TOOL_ARRAY };

struct tool_field {
    const char *name;
    enum tool_type type;
    bool is_required;
};

/* The arguments as an object with these fields; others, and null for one that may be left out, are let
 * pass. On failure the run has been answered with the sentence for the model and NULL is returned. The
 * caller's to put. */
struct json_object *tool_arguments(struct tool_run *run, const struct tool_field *fields, size_t n);

/* A number of the arguments, cut to a whole one; the fallback when absent. */
int64_t tool_number(struct json_object *arguments, const char *key, int64_t fallback);

#endif
