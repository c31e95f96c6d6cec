/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/dispatch.h"

#include <assert.h>
#include <beacon/provider.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "event/event.h"
#include "event/fanout.h"
#include "loop/loop.h"
#include "tools/tool.h"
#include "tools/tool_table.h"

enum call_state { CALL_WAITING, CALL_RUNNING };

struct call {
    struct call *next;
    enum call_state state;
    const struct tool *tool; /* NULL: nobody has one of that name */
    struct tool_run run;
    char *call_id, *name, *input;
    bool is_freeform;
    uint64_t began_ns;
};

struct dispatch {
    struct tool_context *tools;
    struct dispatch_callbacks callbacks;
    void *ctx;
    struct call *first;
    struct call *beginning; /* its start() is on the stack and it has not answered */
    bool is_open;           /* between dispatch_run and on_idle */
    bool is_starting;       /* start_ready() or dispatch_cancel() is on the stack */
    bool is_idle_due;       /* on_all_answered() is scheduled */
    bool is_cancelled;      /* since dispatch_run() */
    bool is_dropping;       /* an answer could not be recorded */
};

struct dispatch *dispatch_create(struct tool_context *tools,
                                 const struct dispatch_callbacks *callbacks, void *ctx)
{
    struct dispatch *dispatch = alloc_zeroed(sizeof *dispatch);
    dispatch->tools = tools;
    dispatch->callbacks = *callbacks;
    dispatch->ctx = ctx;
    return dispatch;
}

static void free_call(struct call *call)
{
    free(call->call_id);
    free(call->name);
    free(call->input);
    free(call);
}

void dispatch_destroy(struct dispatch *dispatch)
{
    if (dispatch == NULL) {
        return;
    }
    while (dispatch->first != NULL) {
        struct call *next = dispatch->first->next;
        assert(dispatch->first->state == CALL_WAITING);
        free_call(dispatch->first);
        dispatch->first = next;
    }
    free(dispatch);
}

static void on_answer(void *ctx, struct tool_run *run, const struct tool_answer *answer);

static char *copy(struct beacon_str from)
{
    return alloc_string_n(from.n > 0 ? from.p : "", from.n);
}

void dispatch_add(struct dispatch *dispatch, const struct beacon_part *part)
{
    struct call *call = alloc_zeroed(sizeof *call);
    call->call_id = copy(part->call_id);
    call->name = copy(part->name);
    call->input = copy(part->text);
    call->is_freeform = (part->flags & BEACON_PART_FREEFORM) != 0;
    call->tool = tool_find(call->name);
    call->run = (struct tool_run){.context = dispatch->tools,
                                  .call_id = call->call_id,
                                  .name = call->name,
                                  .input = call->input,
                                  .input_bytes = part->text.n,
                                  .on_answer = on_answer,
                                  .on_answer_ctx = dispatch};
    struct call **end = &dispatch->first;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = call;
}

size_t dispatch_waiting(const struct dispatch *dispatch)
{
    size_t n = 0;
    for (const struct call *call = dispatch->first; call != NULL; call = call->next) {
        n += call->state == CALL_WAITING ? 1 : 0;
    }
    return n;
}

static bool is_parallel(const struct call *call)
{
    return call->tool != NULL && call->tool->is_parallel;
}

/* The next call that may begin now: nothing but parallel calls may be running before it. */
static struct call *next_ready(struct dispatch *dispatch)
{
    for (struct call *call = dispatch->first; call != NULL; call = call->next) {
        if (call->state == CALL_WAITING) {
            return call == dispatch->first || is_parallel(call) ? call : NULL;
        }
        if (!is_parallel(call)) {
            return NULL;
        }
    }
    return NULL;
}

static void cancel(struct call *call)
{
    assert(call->run.cancel != NULL); /* it did not answer in its start() */
    call->run.cancel(&call->run);
}

static void start(struct dispatch *dispatch, struct call *call)
{
    call->state = CALL_RUNNING;
    call->began_ns = clock_mono_ns();
    const struct tool_frozen *frozen = &dispatch->tools->frozen;
    if (frozen->answer != NULL && frozen->answer(frozen->ctx, &call->run)) {
        return;
    }
    if (call->tool == NULL) {
        tool_answerf(&call->run, "unsupported %s: %s",
                     call->is_freeform ? "custom tool call" : "call", call->name);
        return;
    }
    dispatch->beginning = call;
    call->tool->start(&call->run);
    bool goes_on = dispatch->beginning == call;
    dispatch->beginning = NULL;
    if (goes_on && dispatch->is_cancelled) { /* an event it sent made somebody interrupt the turn */
        cancel(call);
    }
}

static void on_all_answered(void *ctx)
{
    struct dispatch *dispatch = ctx;
    dispatch->is_open = dispatch->is_idle_due = false;
    dispatch->callbacks.on_idle(dispatch->ctx);
}

/* Tools that answer inside start() come back here through on_answer; the flag keeps that flat. */
static void start_ready(struct dispatch *dispatch)
{
    if (dispatch->is_starting) {
        return;
    }
    dispatch->is_starting = true;
    struct call *call = NULL;
    while ((call = next_ready(dispatch)) != NULL) {
        start(dispatch, call);
    }
    dispatch->is_starting = false;
    if (dispatch->first == NULL && dispatch->is_open && !dispatch->is_idle_due) {
        dispatch->is_idle_due = true;
        loop_later(dispatch->tools->loop, on_all_answered, dispatch);
    }
}

static void drop_waiting(struct dispatch *dispatch)
{
    struct call **at = &dispatch->first;
    while (*at != NULL) {
        struct call *call = *at;
        if (call->state == CALL_WAITING) {
            *at = call->next;
            free_call(call);
        } else {
            at = &call->next;
        }
    }
}

static void tell_finished(const struct dispatch *dispatch, const struct call *call,
                          const struct tool_answer *answer)
{
    const uint64_t began_ns = call->began_ns != 0 ? call->began_ns : clock_mono_ns();
    struct event event = {.kind = EVENT_TOOL_FINISHED, .turn_id = dispatch->tools->turn_id};
    event.as.tool = (struct event_tool){.call_id = call->call_id,
                                        .name = call->name,
                                        .input = call->input,
                                        .input_bytes = call->run.input_bytes,
                                        .output = answer->text,
                                        .output_bytes = answer->n,
                                        .image_url = answer->image_url,
                                        .duration_ms = (clock_mono_ns() - began_ns) / 1000000u,
                                        .is_success = !answer->has_failed};
    fanout_emit(dispatch->tools->events, &event);
}

static void on_answer(void *ctx, struct tool_run *run, const struct tool_answer *answer)
{
    struct dispatch *dispatch = ctx;
    struct call **at = &dispatch->first;
    while (&(*at)->run != run) {
        at = &(*at)->next;
    }
    struct call *call = *at;
    *at = call->next;
    if (dispatch->beginning == call) {
        dispatch->beginning = NULL;
    }
    tell_finished(dispatch, call, answer);
    struct dispatch_call told = {call->call_id, call->name, call->is_freeform};
    bool is_lost =
        !dispatch->is_dropping && dispatch->callbacks.on_answer(dispatch->ctx, &told, answer) < 0;
    free_call(call);
    if (is_lost) {
        dispatch->is_dropping = true;
        dispatch_cancel(dispatch);
    } else {
        start_ready(dispatch);
    }
}

bool dispatch_run(struct dispatch *dispatch)
{
    if (dispatch->first == NULL) {
        return false;
    }
    dispatch->is_open = true;
    dispatch->is_cancelled = dispatch->is_dropping = false;
    start_ready(dispatch);
    return true;
}

/* A call whose start() is on the stack is left alone: start() sees to it. */
static struct call *next_to_cancel(const struct dispatch *dispatch)
{
    struct call *call = dispatch->first;
    return call != NULL && call == dispatch->beginning ? call->next : call;
}

void dispatch_cancel(struct dispatch *dispatch)
{
    if (!dispatch->is_open) {
        drop_waiting(dispatch);
        return;
    }
    bool was_starting = dispatch->is_starting;
    dispatch->is_cancelled = true;
    dispatch->is_starting = true; /* nothing new begins while the list is emptied */
    struct call *call = NULL;
    while ((call = next_to_cancel(dispatch)) != NULL) {
        if (call->state == CALL_RUNNING) {
            cancel(call);
        } else {
            call->state = CALL_RUNNING;
            tool_answerf(&call->run, "aborted");
        }
    }
    dispatch->is_starting = was_starting;
    start_ready(dispatch);
}
