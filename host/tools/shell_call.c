/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/shell_call.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "event/event.h"
#include "event/fanout.h"
#include "policy/approval.h"
#include "policy/words.h"
#include "sandbox/sandbox.h"
#include "tools/command.h"
#include "tools/denial.h"
#include "tools/output_limit.h"
#include "tools/quote.h"
#include "tools/rejection.h"
#include "tools/shell_wait.h"
#include "tools/tool.h"

#define RESTRICTS_NOTHING "none" /* the backend of that name */

struct shell_call {
    struct tool_run *run;
    struct shell_request request; /* with lists and strings of its own */
    char *line;                   /* for people: argv as the model meant it */
    struct approval_case judged;
    struct approval_open *open; /* while a person is asked */
    uint32_t failed_id;         /* it failed in the sandbox; a yes repeats it outside. 0: none */
};

/* NULL when it was forgotten meanwhile, as output is that nobody comes for. */
static struct command *failed_command(const struct shell_call *call)
{
    return command_find(call->run->context->commands, call->failed_id);
}

static char **copy_words(const char *const *words)
{
    return words != NULL ? words_copy(words, words_count(words)) : NULL;
}

static struct shell_call *create(struct tool_run *run, const struct shell_request *request)
{
    struct shell_call *call = alloc_zeroed(sizeof *call);
    call->run = run;
    call->request = *request;
    call->request.argv = (const char *const *)copy_words(request->argv);
    call->request.shown = (const char *const *)copy_words(request->shown);
    call->request.cwd = alloc_string(request->cwd);
    call->request.justification = NULL; /* in the judged case from here on */
    call->request.wanted_prefix = NULL;
    call->line = quote_argv(request->shown);
    return call;
}

static void destroy(void *ctx)
{
    struct shell_call *call = ctx;
    words_free((char **)call->request.argv);
    words_free((char **)call->request.shown);
    free((void *)call->request.cwd);
    free(call->line);
    approval_case_finish(&call->judged);
    free(call);
}

/* ---- what is told of the decision ---- */

static struct event_decision decision_of(const struct shell_call *call, const char *word)
{
    return (struct event_decision){.decision = word,
                                   .source = "config",
                                   .by = call->judged.ruling.by,
                                   .where = call->judged.where,
                                   .layer = call->judged.layer,
                                   .is_escalated = call->judged.ruling.is_outside};
}

/* Clients that heard of no start hear of the end: it was not run. */
static void tell_declined(const struct shell_call *call)
{
    const struct tool_context *context = call->run->context;
    struct event event = {.kind = EVENT_COMMAND_FINISHED, .turn_id = context->turn_id};
    event.as.command = (struct event_command){.call_id = call->run->call_id,
                                              .command = call->line,
                                              .cwd = call->request.cwd,
                                              .output = "",
                                              .exit_code = -1,
                                              .status = EVENT_DECLINED};
    fanout_emit(context->events, &event);
}

/* ---- running it ---- */

static void begin_wait(struct shell_call *call, struct command *command);

static void start(struct shell_call *call, struct sandbox *sandbox)
{
    const struct shell_request *request = &call->request;
    const struct command_request wanted = {.argv = request->argv,
                                           .shown = request->shown,
                                           .cwd = request->cwd,
                                           .call_id = call->run->call_id,
                                           .sandbox = sandbox,
                                           .has_terminal = request->has_terminal,
                                           .timeout_ms = request->timeout_ms};
    struct command *command = NULL;
    struct beacon_error err = {0};
    struct tool_run *run = call->run;
    if (command_start(run->context, &wanted, &command, &err) != BEACON_OK) {
        destroy(call);
        tool_answerf(run, "%s failed: %s (%s)", run->name, err.message, err.hint);
        return;
    }
    begin_wait(call, command);
}

/* The sandbox a yes leads to. False: the administrator lets nothing out; the run has been answered. */
static bool find_sandbox(struct shell_call *call, bool is_outside, struct sandbox **ret)
{
    struct tool_run *run = call->run;
    struct beacon_error err = {0};
    *ret = run->context->sandbox;
    if (!is_outside || tool_outside(run->context, ret, &err) == BEACON_OK) {
        return true;
    }
    struct event_decision decision = decision_of(call, "denied");
    decision.by = err.code == BEACON_E_POLICY ? "admin" : "policy";
    decision.where = err.message;
    decision.layer = err.code == BEACON_E_POLICY ? "admin" : "none";
    tool_decided_by(run, &decision);
    tell_declined(call);
    destroy(call);
    tool_answerf(run, "%s failed: %s (%s)", run->name, err.message, err.hint);
    return false;
}

static void run_it(struct shell_call *call, struct event_decision *decision)
{
    struct sandbox *sandbox = NULL;
    if (find_sandbox(call, call->judged.ruling.is_outside, &sandbox)) {
        decision->sandbox = sandbox_backend_label(sandbox);
        tool_decided_by(call->run, decision);
        start(call, sandbox);
    }
}

/* ---- refusing it ---- */

static void refuse(struct shell_call *call, const char *why)
{
    struct tool_run *run = call->run;
    AUTO_FREE char *text = rejection_text(call->request.is_classic, why);
    tell_declined(call);
    destroy(call);
    tool_answer_failure(run, text, strlen(text));
}

static void refuse_unasked(struct shell_call *call)
{
    const struct event_decision decision = decision_of(call, "denied");
    struct tool_run *run = call->run;
    tool_decided_by(run, &decision);
    if (call->judged.refusal != NULL) {
        AUTO_FREE char *why = take_pointer(call->judged.refusal);
        refuse(call, why);
        return;
    }
    destroy(call); /* a call that was wrong from the start: no command to speak of */
    tool_answerf(run, "%s", REJECTED_ESCALATION);
}

/* ---- asking ---- */

static void answer_as_it_failed(struct shell_call *call, const char *note);

static void release_failed(const struct shell_call *call)
{
    struct command *failed = failed_command(call);
    if (failed != NULL) {
        command_release(failed);
    }
}

static void cancel_asking(struct tool_run *run)
{
    struct shell_call *call = run->state;
    struct event_decision decision = decision_of(call, "abort");
    decision.source = "user"; /* who else ends a turn */
    decision.by = approvals_withdraw(call->open);
    decision.was_asked = true;
    tool_decided_by(run, &decision);
    release_failed(call);
    if (call->failed_id == 0) {
        tell_declined(call);
    }
    destroy(call);
    tool_answerf(run, "aborted");
}

static void on_denied(struct shell_call *call)
{
    if (failed_command(call) != NULL) {
        answer_as_it_failed(call, "the user does not let it run outside of the sandbox");
    } else {
        refuse(call, REJECTED_BY_USER);
    }
}

static void on_answered(void *ctx, const struct approval_outcome *outcome)
{
    struct shell_call *call = ctx;
    const bool is_denied = outcome->answer == DENIED;
    const bool is_lasting = outcome->answer == APPROVED_FOR_SESSION;
    struct event_decision decision = decision_of(call, is_denied    ? "denied"
                                                       : is_lasting ? "approved_for_session"
                                                                    : "approved");
    decision.by = outcome->by;
    decision.source = strcmp(outcome->by, "person") == 0 ? "user" : "config";
    decision.rule_added = outcome->rule_added;
    decision.was_asked = true;
    call->open = NULL;
    call->run->state = NULL;
    call->run->cancel = NULL;
    if (is_denied) {
        tool_decided_by(call->run, &decision);
        on_denied(call);
        return;
    }
    release_failed(call);
    run_it(call, &decision);
}

/* BEACON_E_BUSY only. */
static int put_question(struct shell_call *call, const char *reason, struct beacon_error *err)
{
    struct tool_run *run = call->run;
    const struct event_approval request = {
        .call_id = run->call_id,
        .kind = EVENT_APPROVE_COMMAND,
        .argv = call->request.shown,
        .command = call->line,
        .cwd = call->request.cwd,
        .reason = reason,
        .is_escalation = call->judged.ruling.is_outside,
        .prefix = (const char *const *)call->judged.prefix,
    };
    const struct approval_asker asker = {run->context->turn_id, on_answered, call};
    int rc = approvals_ask(run->context->approvals, &request, &asker, &call->open, err);
    if (rc == BEACON_OK) {
        run->state = call;
        run->cancel = cancel_asking;
    }
    return rc;
}

static void ask(struct shell_call *call)
{
    struct sandbox *sandbox = NULL;
    struct beacon_error err = {0};
    if (!find_sandbox(call, call->judged.ruling.is_outside, &sandbox)) {
        return; /* a yes could not be kept */
    }
    if (put_question(call, call->judged.reason, &err) != BEACON_OK) {
        const struct event_decision decision = decision_of(call, "denied");
        tool_decided_by(call->run, &decision);
        refuse(call, err.message);
    }
}

/* ---- after it has failed in the sandbox ---- */

static void answer_as_it_failed(struct shell_call *call, const char *note)
{
    struct command *failed = failed_command(call);
    const struct shell_wait wait = {.run = call->run,
                                    .command = failed,
                                    .max_tokens = call->request.max_tokens,
                                    .wants_json = call->request.is_classic,
                                    .forget = destroy,
                                    .ctx = call};
    shell_wait_answer(&wait, clock_mono_ns() - command_age_ns(failed), note);
}

static bool is_denied_by_sandbox(const struct command *command, struct output_limit *fresh)
{
    AUTO_TEXT struct text output;
    text_init(&output, (size_t)OUTPUT_KEPT_BYTES * 4);
    output_limit_copy(fresh, &output);
    return !command_has_timed_out(command) &&
           denial_is_likely(command_exit_code(command), text_string(&output), output.len,
                            command_diagnosis(command));
}

/* Ask whether to repeat it outside. False: it stays as it is. */
static bool takes_over(void *ctx, struct command *command)
{
    struct shell_call *call = ctx;
    struct sandbox *outside = NULL;
    struct beacon_error err = {0};
    if (!call->judged.ruling.may_retry_outside ||
        !is_denied_by_sandbox(command, command_fresh_output(command)) ||
        tool_outside(call->run->context, &outside, &err) != BEACON_OK) {
        return false;
    }
    AUTO_FREE char *reason =
        command_diagnosis(command)[0] != '\0'
            ? alloc_printf("%s. Run it again outside of the sandbox?", command_diagnosis(command))
            : alloc_printf("It failed in the sandbox (exit code %d). Run it again outside of it?",
                           command_exit_code(command));
    call->judged.ruling.is_outside = true;
    call->judged.ruling.may_retry_outside = false;
    call->failed_id = command_id(command);
    if (put_question(call, reason, &err) != BEACON_OK) {
        call->failed_id = 0;
        return false;
    }
    return true;
}

static void begin_wait(struct shell_call *call, struct command *command)
{
    shell_wait_begin(&(struct shell_wait){.run = call->run,
                                          .command = command,
                                          .yield_ms = call->request.yield_ms,
                                          .max_tokens = call->request.max_tokens,
                                          .wants_json = call->request.is_classic,
                                          .takes_over = takes_over,
                                          .forget = destroy,
                                          .ctx = call});
}

/* ---- the interface ---- */

void shell_call_begin(struct tool_run *run, const struct shell_request *request)
{
    const struct sandbox *sandbox = run->context->sandbox;
    const bool is_unrestricted = sandbox_is_unrestricted(sandbox);
    const struct approval_command command = {
        .argv = request->shown,
        .cwd = request->cwd,
        .wants_escalation = request->wants_escalation,
        .justification = request->justification,
        .wanted_prefix = request->wanted_prefix,
        .is_unrestricted = is_unrestricted,
        .has_no_sandbox =
            !is_unrestricted && strcmp(sandbox_backend_label(sandbox), RESTRICTS_NOTHING) == 0};
    struct shell_call *call = create(run, request);
    approvals_judge_command(run->context->approvals, &command, &call->judged);
    if (call->judged.ruling.verdict == APPROVAL_REFUSE) {
        refuse_unasked(call);
    } else if (call->judged.ruling.verdict == APPROVAL_ASK) {
        ask(call);
    } else {
        struct event_decision decision = decision_of(call, "approved");
        run_it(call, &decision);
    }
}
