/* tool_stage.h - everything a tool needs, for tests that run real tools: a workspace that is also the
 * session's directory, a loop, a sandbox without limits (until a test asks for one), a command table,
 * and a sink that writes down what happens.
 */
#ifndef TESTS_UNIT_TOOLS_TOOL_STAGE_H
#define TESTS_UNIT_TOOLS_TOOL_STAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "sandbox/sandbox.h"
#include "tools/tool.h"

struct plugin_set;
struct rules;

struct tool_stage {
    const char *dir; /* the workspace */
    struct plugin_set *plugins;
    struct sandbox *sandbox;
    struct loop *loop;
    struct fanout *events;
    struct command_table *commands;
    struct tool_context context;
    struct text seen;             /* one line per event */
    uint64_t approval_timeout_ms; /* of tool_stage_approve(); 0: the usual */
    bool is_left_alone; /* a thread still uses loop and plugins: the teardown keeps them */
};

extern struct tool_stage stage;

int tool_stage_setup(void **state);
int tool_stage_teardown(void **state);
void tool_stage_confine(
    enum sandbox_mode mode); /* only the workspace is writable then, or nothing */

/* This approval policy from now on, with somebody to ask; without it, "never". `rules` is borrowed, NULL:
 * none. */
void tool_stage_approve(const char *policy, struct rules *rules);

const char *stage_seen(void); /* the events so far */

/* One call of a tool. */
struct stage_call {
    struct tool_run run;
    const struct tool *tool;
    char *text, *image_url; /* of the answer; NULL before it */
    int n_answers;
    bool is_awaited;
};

struct stage_call *stage_begin(const char *name, const char *input);
const char *stage_wait(struct stage_call *call); /* runs the loop until it has answered */
void stage_cancel(struct stage_call *call);
const char *stage_run(const char *name, const char *input); /* begin and wait */
const char *stage_runf(const char *name, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Run the loop until `is_met`. */
void stage_until(bool (*is_met)(void *ctx), void *ctx);

#define on_tool_stage(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, tool_stage_setup, tool_stage_teardown)

#endif
