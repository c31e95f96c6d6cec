/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/approval.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "event/fanout.h"
#include "loop/loop.h"
#include "policy/amend.h"
#include "policy/approval_memory.h"
#include "policy/approval_parts.h"
#include "policy/rules.h"
#include "policy/words.h"

static const char *const answer_names[] = {[APPROVED] = "approved",
                                           [APPROVED_FOR_SESSION] = "approved_for_session",
                                           [APPROVED_WITH_PREFIX] = "approved_with_prefix",
                                           [DENIED] = "denied",
                                           [ABORT] = "abort"};

const char *approval_answer_name(enum approval_answer answer)
{
    return answer_names[answer];
}

struct approvals *approvals_create(const struct approvals_settings *settings)
{
    struct approvals *self = alloc_zeroed(sizeof *self);
    self->settings = *settings;
    self->home = settings->home != NULL ? alloc_string(settings->home) : NULL;
    if (settings->rules == NULL) {
        self->no_rules = rules_create();
        self->settings.rules = self->no_rules;
    }
    if (settings->timeout_ms == 0) {
        self->settings.timeout_ms = APPROVAL_TIMEOUT_MS;
    }
    self->memory = approval_memory_create();
    return self;
}

void approvals_destroy(struct approvals *approvals)
{
    if (approvals == NULL) {
        return;
    }
    assert(approvals->first == NULL);
    approval_memory_destroy(approvals->memory);
    rules_destroy(approvals->no_rules);
    free(approvals->home);
    free(approvals);
}

enum approval_policy approvals_policy(const struct approvals *approvals)
{
    return approvals->settings.policy;
}

bool approvals_may_escalate(const struct approvals *approvals)
{
    const enum approval_policy policy = approvals->settings.policy;
    return approvals->settings.can_ask &&
           (policy == APPROVAL_ON_REQUEST || policy == APPROVAL_UNTRUSTED);
}

/* ---- a request's own copy of what is asked ---- */

static char *copy(const char *text)
{
    return alloc_string(text != NULL ? text : "");
}

static struct event_change *copy_changes(const struct event_change *from, size_t n)
{
    struct event_change *changes = alloc_array(n, sizeof *changes);
    for (size_t i = 0; i < n; i++) {
        changes[i] = (struct event_change){
            .path = alloc_string(from[i].path),
            .kind = alloc_string(from[i].kind),
            .move_path = from[i].move_path != NULL ? alloc_string(from[i].move_path) : NULL};
    }
    return changes;
}

static char **copy_words(const char *const *words)
{
    return words != NULL ? words_copy(words, words_count(words)) : NULL;
}

static void copy_request(struct approval_open *open, const struct event_approval *from)
{
    open->request = *from;
    open->request.call_id = copy(from->call_id);
    open->request.argv = (const char *const *)copy_words(from->argv);
    open->request.command = copy(from->command);
    open->request.cwd = copy(from->cwd);
    open->request.reason = copy(from->reason);
    open->request.prefix = (const char *const *)copy_words(from->prefix);
    open->request.changes = copy_changes(from->changes, from->n_changes);
    open->request.diff = copy(from->diff);
    open->request.grant_root = from->grant_root != NULL ? alloc_string(from->grant_root) : NULL;
    open->request.answer = open->request.by = "";
}

static void free_open(struct approval_open *open)
{
    const struct event_approval *request = &open->request;
    for (size_t i = 0; i < request->n_changes; i++) {
        free((void *)request->changes[i].path);
        free((void *)request->changes[i].kind);
        free((void *)request->changes[i].move_path);
    }
    const void *const owned[] = {request->call_id,   request->command, request->cwd,
                                 request->reason,    request->changes, request->diff,
                                 request->grant_root};
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) {
        free((void *)owned[i]);
    }
    words_free((char **)request->argv);
    words_free((char **)request->prefix);
    loop_timer_close(open->timer);
    free(open->turn_id);
    free(open->rule_added);
    free(open);
}

/* ---- what becomes of it ---- */

static void unlink_open(struct approval_open *open)
{
    struct approval_open **at = &open->approvals->first;
    while (*at != open) {
        at = &(*at)->next;
    }
    *at = open->next;
}

/* It is unlinked; listeners that still hear of it come first. */
static void dispose(struct approval_open *open)
{
    if (open->n_telling > 0) {
        open->is_gone = true;
    } else {
        free_open(open);
    }
}

/* False: a listener ended the turn, and `open` is gone. */
static bool tell(struct approval_open *open, enum event_kind kind)
{
    struct event event = {.kind = kind, .turn_id = open->turn_id};
    event.as.approval = open->request;
    open->n_telling++;
    fanout_emit(open->approvals->settings.events, &event);
    open->n_telling--;
    if (!open->is_gone) {
        return true;
    }
    dispose(open);
    return false;
}

static void settle(struct approval_open *open, enum approval_answer answer, const char *by)
{
    open->is_answered = true;
    open->answer = answer;
    open->request.answer = approval_answer_name(answer);
    open->request.by = by;
}

static void deliver(struct approval_open *open)
{
    struct approval_outcome outcome = {.answer = open->answer,
                                       .by = open->request.by,
                                       .rule_added =
                                           open->rule_added != NULL ? open->rule_added : ""};
    unlink_open(open);
    open->fn(open->ctx, &outcome);
    dispose(open);
}

/* Who hears of it may answer, or end the turn, at once. */
static void announce(struct approval_open *open)
{
    const struct approvals *approvals = open->approvals;
    open->is_announced = true;
    loop_timer_start(open->timer, approvals->settings.timeout_ms);
    (void)tell(open, EVENT_APPROVAL_REQUESTED);
}

/* One timer for the three things that come from the loop: the question, the answer, and none. */
static void on_timer(void *ctx)
{
    struct approval_open *open = ctx;
    if (!open->is_announced) {
        announce(open);
        return;
    }
    if (open->is_answered && open->answer == ABORT) {
        return; /* the turn is being ended, and the call with it */
    }
    if (!open->is_answered) {
        settle(open, DENIED, "timeout");
        if (!tell(open, EVENT_APPROVAL_ANSWERED)) {
            return;
        }
    }
    deliver(open);
}

static struct approval_open *find(const struct approvals *approvals, const char *call_id)
{
    struct approval_open *open = approvals->first;
    while (open != NULL && strcmp(open->request.call_id, call_id) != 0) {
        open = open->next;
    }
    return open;
}

int approvals_ask(struct approvals *approvals, const struct event_approval *request,
                  const struct approval_asker *asker, struct approval_open **ret,
                  struct beacon_error *err)
{
    if (find(approvals, request->call_id) != NULL) {
        return error_set(err, BEACON_E_BUSY, "give every call an id of its own",
                         "another call of the id %s waits for approval", request->call_id);
    }
    struct approval_open *open = alloc_zeroed(sizeof *open);
    open->approvals = approvals;
    open->turn_id = alloc_string(asker->turn_id);
    open->fn = asker->fn;
    open->ctx = asker->ctx;
    copy_request(open, request);
    open->timer = loop_timer_create(approvals->settings.loop, on_timer, open);
    loop_timer_start(open->timer, 0);
    struct approval_open **end = &approvals->first;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = open;
    *ret = open;
    return BEACON_OK;
}

const char *approvals_withdraw(struct approval_open *open)
{
    const bool is_abort = open->is_answered && open->answer == ABORT;
    const bool is_told = !open->is_announced || open->is_answered;
    loop_timer_stop(open->timer);
    unlink_open(open);
    if (!is_told) {
        settle(open, ABORT, "interrupt");
        (void)tell(open, EVENT_APPROVAL_ANSWERED);
    }
    dispose(open);
    return is_abort ? "person" : "interrupt";
}

/* ---- the person's answer ---- */

static void remember(struct approval_open *open)
{
    struct approval_memory *memory = open->approvals->memory;
    const struct event_approval *request = &open->request;
    if (request->kind == EVENT_APPROVE_COMMAND) {
        approval_memory_add_command(memory, request->argv, request->cwd, request->is_escalation);
        return;
    }
    if (request->grant_root != NULL) {
        approval_memory_add_path(memory, request->grant_root, true);
    }
    for (size_t i = 0; i < request->n_changes; i++) {
        approval_memory_add_path(memory, request->changes[i].path, false);
        if (request->changes[i].move_path != NULL) {
            approval_memory_add_path(memory, request->changes[i].move_path, false);
        }
    }
}

static void warn(const struct approval_open *open, const struct beacon_error *err)
{
    AUTO_FREE char *sentence =
        alloc_printf("the rule is kept for this session only: %s; %s", err->message, err->hint);
    struct event event = {.kind = EVENT_WARNING, .turn_id = open->turn_id};
    event.as.message.text = sentence;
    fanout_emit(open->approvals->settings.events, &event);
}

/* On disk for the sessions to come, in memory for this one. */
static void add_rule(struct approval_open *open)
{
    struct approvals *approvals = open->approvals;
    const char *const *prefix = open->request.prefix;
    const size_t n = words_count(prefix);
    struct beacon_error err = {0};
    if (approvals->home != NULL && amend_append(approvals->home, prefix, n, &err) == BEACON_OK) {
        open->rule_added = alloc_printf("%s/%s", approvals->home, AMEND_FILE);
        (void)rules_add_allowed(approvals->settings.rules, RULE_USER, open->rule_added, prefix, n,
                                true);
        return;
    }
    (void)rules_add_session_prefix(approvals->settings.rules, prefix, n, true);
    if (err.code != BEACON_OK) {
        warn(open, &err);
    }
}

int approvals_answer(struct approvals *approvals, const char *call_id, enum approval_answer answer,
                     struct beacon_error *err)
{
    struct approval_open *open = find(approvals, call_id);
    if (open == NULL || !open->is_announced || open->is_answered) {
        return error_set(err, BEACON_E_NOT_FOUND,
                         "answer each request once, while it waits; it may have timed out",
                         "no call of the id %s waits for approval", call_id);
    }
    if (answer == APPROVED_WITH_PREFIX && open->request.prefix == NULL) {
        return error_set(err, BEACON_E_INVALID, "approve it once or for the session",
                         "the request of call %s proposes no rule", call_id);
    }
    settle(open, answer, "person");
    if (answer == APPROVED_FOR_SESSION) {
        remember(open);
    } else if (answer == APPROVED_WITH_PREFIX) {
        add_rule(open);
    }
    loop_timer_start(open->timer, 0);
    (void)tell(open, EVENT_APPROVAL_ANSWERED); /* last: who hears of it may end the turn */
    return BEACON_OK;
}
