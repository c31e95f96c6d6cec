/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/tools/tool_stage.h"

#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/spawn.h"
#include "event/event.h"
#include "event/fanout.h"
#include "loop/loop.h"
#include "plugin/discover.h"
#include "policy/approval.h"
#include "tools/command.h"
#include "tools/output_limit.h"
#include "tools/tool_table.h"

#define SEEN_MAX  (64u << 20)
#define CALLS_MAX 64

struct tool_stage stage;

static struct stage_call *calls[CALLS_MAX]; /* freed with the stage */
static size_t n_calls;

static struct tool_stage left_alone[4]; /* so that leak checkers find what is in use for ever */
static size_t n_left_alone;

static const char *const variables[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/nonexistent",
                                        "LC_ALL=C", "TERM=dumb", NULL};

static void see_patch(const struct event_patch *patch)
{
    (void)text_addf(&stage.seen, "patch %s:",
                    patch->status == EVENT_IN_PROGRESS ? "started"
                    : patch->status == EVENT_COMPLETED ? "completed"
                                                       : "failed");
    for (size_t i = 0; i < patch->n_changes; i++) {
        (void)text_addf(&stage.seen, " %s %s", patch->changes[i].kind, patch->changes[i].path);
    }
    (void)text_add_char(&stage.seen, '\n');
}

static void see_plan(const struct event_plan *plan)
{
    (void)text_addf(&stage.seen, "plan (%s):", plan->explanation);
    for (size_t i = 0; i < plan->n_steps; i++) {
        (void)text_addf(&stage.seen, " %s=%s", plan->steps[i].text, plan->steps[i].status);
    }
    (void)text_add_char(&stage.seen, '\n');
}

static void see_question(const struct event_approval *approval)
{
    (void)text_addf(&stage.seen, "asked%s: %s%s", approval->is_escalation ? " to leave" : "",
                    approval->command, approval->reason);
    for (size_t i = 0; i < approval->n_changes; i++) {
        (void)text_addf(&stage.seen, " %s %s", approval->changes[i].kind,
                        approval->changes[i].path);
    }
    (void)text_add_char(&stage.seen, '\n');
}

static void see(void *ctx, const struct event *event)
{
    (void)ctx;
    const struct event_command *command = &event->as.command;
    switch (event->kind) {
    case EVENT_COMMAND_STARTED:
        (void)text_addf(&stage.seen, "started: %s\n", command->command);
        break;
    case EVENT_COMMAND_FINISHED:
        (void)text_addf(&stage.seen, "finished %d%s: %.*s\n", command->exit_code,
                        command->status == EVENT_FAILED     ? " failed"
                        : command->status == EVENT_DECLINED ? " declined"
                                                            : "",
                        (int)command->output_bytes, command->output);
        break;
    case EVENT_PATCH_STARTED:
    case EVENT_PATCH_FINISHED:
        see_patch(&event->as.patch);
        break;
    case EVENT_PLAN_UPDATED:
        see_plan(&event->as.plan);
        break;
    case EVENT_APPROVAL_REQUESTED:
        see_question(&event->as.approval);
        break;
    case EVENT_APPROVAL_ANSWERED:
        (void)text_addf(&stage.seen, "answered: %s by %s\n", event->as.approval.answer,
                        event->as.approval.by);
        break;
    case EVENT_TOOL_DECIDED: /* for telemetry; what a client sees is of interest here */
    case EVENT_TOOL_FINISHED:
        break;
    default:
        (void)text_addf(&stage.seen, "event %d\n", (int)event->kind);
    }
}

static void use_sandbox(enum sandbox_mode mode)
{
    struct beacon_error err = {0};
    struct sandbox_settings settings = {.mode = mode,
                                        .backend = "auto",
                                        .cwd = stage.dir,
                                        .exclude_tmpdir = true,
                                        .exclude_slash_tmp = true};
    sandbox_destroy(stage.sandbox);
    stage.sandbox = NULL;
    assert_ok(sandbox_create(stage.plugins, &settings, &stage.sandbox, &err), &err);
    stage.context.sandbox = stage.sandbox;
}

void tool_stage_approve(const char *policy, struct rules *rules)
{
    approvals_destroy(stage.context.approvals);
    stage.context.approvals =
        approvals_create(&(struct approvals_settings){.loop = stage.loop,
                                                      .events = stage.events,
                                                      .rules = rules,
                                                      .home = stage.dir,
                                                      .policy = approval_policy_named(policy),
                                                      .can_ask = true,
                                                      .timeout_ms = stage.approval_timeout_ms});
}

void tool_stage_confine(enum sandbox_mode mode)
{
    use_sandbox(mode);
}

int tool_stage_setup(void **state)
{
    const struct plugin_places places = {.executable_dir = TEST_BUILD_DIR "/bin",
                                         .env_path = TEST_BUILD_DIR "/tests/odd_providers"};
    struct beacon_error err = {0};
    stage = (struct tool_stage){0};
    if (temp_dir_setup(state) != 0 || plugin_set_open(&places, &stage.plugins, &err) != BEACON_OK) {
        return -1;
    }
    spawn_adopt_orphans();
    stage.dir = temp_dir(state);
    stage.loop = loop_create();
    stage.events = fanout_create();
    stage.commands = command_table_create();
    text_init(&stage.seen, SEEN_MAX);
    fanout_add(stage.events, see, NULL);
    stage.context = (struct tool_context){.loop = stage.loop,
                                          .events = stage.events,
                                          .commands = stage.commands,
                                          .cwd = stage.dir,
                                          .env = variables,
                                          .shell = "/bin/bash",
                                          .turn_id = "turn",
                                          .max_output_tokens = OUTPUT_TOKENS_MAX};
    tool_stage_approve("never", NULL);
    use_sandbox(SANDBOX_DANGER_FULL_ACCESS);
    return 0;
}

int tool_stage_teardown(void **state)
{
    command_table_destroy(stage.commands);
    for (size_t i = 0; i < n_calls; i++) {
        free((void *)calls[i]->run.input);
        free(calls[i]->text);
        free(calls[i]->image_url);
        free(calls[i]);
    }
    n_calls = 0;
    approvals_destroy(stage.context.approvals);
    fanout_destroy(stage.events);
    sandbox_destroy(stage.context.outside);
    sandbox_destroy(stage.sandbox);
    if (stage.is_left_alone) {
        left_alone[n_left_alone++] = stage;
    } else {
        plugin_set_close(stage.plugins);
        loop_destroy(stage.loop);
    }
    text_finish(&stage.seen);
    return temp_dir_teardown(state);
}

const char *stage_seen(void)
{
    return text_string(&stage.seen);
}

static void on_answer(void *ctx, struct tool_run *run, const struct tool_answer *answer)
{
    struct stage_call *call = ctx;
    assert_ptr_equal(run, &call->run);
    assert_int_equal(call->n_answers, 0);
    call->n_answers++;
    call->text = alloc_string_n(answer->text, answer->n);
    call->image_url = answer->image_url != NULL ? alloc_string(answer->image_url) : NULL;
    if (call->is_awaited) {
        loop_stop(stage.loop);
    }
}

struct stage_call *stage_begin(const char *name, const char *input)
{
    assert_true(n_calls < CALLS_MAX);
    struct stage_call *call = alloc_zeroed(sizeof *call);
    calls[n_calls++] = call;
    call->tool = tool_find(name);
    assert_non_null(call->tool);
    call->run = (struct tool_run){.context = &stage.context,
                                  .call_id = "call_1",
                                  .name = call->tool->name,
                                  .input = alloc_string(input),
                                  .input_bytes = strlen(input),
                                  .on_answer = on_answer,
                                  .on_answer_ctx = call};
    call->tool->start(&call->run);
    return call;
}

const char *stage_wait(struct stage_call *call)
{
    call->is_awaited = true;
    while (call->n_answers == 0) {
        loop_run(stage.loop);
    }
    return call->text;
}

void stage_cancel(struct stage_call *call)
{
    call->run.cancel(&call->run);
}

const char *stage_run(const char *name, const char *input)
{
    return stage_wait(stage_begin(name, input));
}

const char *stage_runf(const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    AUTO_FREE char *input = NULL;
    int n = vasprintf(&input, format, args);
    va_end(args);
    assert_true(n >= 0);
    return stage_run(name, input);
}

struct until {
    bool (*is_met)(void *ctx);
    void *ctx;
    struct loop_timer *tick;
};

static void on_tick(void *ctx)
{
    struct until *until = ctx;
    if (until->is_met(until->ctx)) {
        loop_stop(stage.loop);
    } else {
        loop_timer_start(until->tick, 1);
    }
}

void stage_until(bool (*is_met)(void *ctx), void *ctx)
{
    struct until until = {.is_met = is_met, .ctx = ctx};
    until.tick = loop_timer_create(stage.loop, on_tick, &until);
    loop_timer_start(until.tick, 0);
    while (!is_met(ctx)) {
        loop_run(stage.loop);
    }
    loop_timer_close(until.tick);
}
