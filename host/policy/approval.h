/* approval.h - who may say yes: decides about each call of the model, asks the person when it must, and
 * keeps what waits for an answer.
 *
 * Owned by the session; borrows the rules, which it adds to. Tools ask here before they act; a front door
 * hears EVENT_APPROVAL_REQUESTED and answers through agent_approve(). Several requests may be open at
 * once, told apart by their call ids. Everything that happens to a request comes from the loop, never
 * from inside approvals_ask(). Thread: [main].
 */
#ifndef HOST_POLICY_APPROVAL_H
#define HOST_POLICY_APPROVAL_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/event.h"
#include "policy/approval_matrix.h"

#define APPROVAL_TIMEOUT_MS 300000

struct approval_open;
struct approvals;
struct fanout;
struct loop;
struct rules;

enum approval_answer {
    APPROVED,
    APPROVED_FOR_SESSION,
    APPROVED_WITH_PREFIX, /* now, and from now on whatever begins with the words of the request */
    DENIED,
    ABORT, /* no, and the turn ends */
};

struct approvals_settings { /* borrowed, outlives the approvals; strings are copied */
    struct loop *loop;
    struct fanout *events;
    struct rules *rules; /* NULL: none */
    const char *home;    /* CODE_HOME, for accepted prefixes; NULL: they last for the session */
    enum approval_policy policy;
    bool can_ask;        /* a front door listens that can ask a person */
    uint64_t timeout_ms; /* 0: APPROVAL_TIMEOUT_MS */
};

struct approvals *approvals_create(const struct approvals_settings *settings);
void approvals_destroy(struct approvals *approvals); /* nothing may be open; NULL is fine */

enum approval_policy approvals_policy(const struct approvals *approvals);

/* Should the model be told how to ask for more than the sandbox gives? */
bool approvals_may_escalate(const struct approvals *approvals);

struct approval_command {
    const char *const *argv; /* as the model meant it, NULL-terminated */
    const char *cwd;
    bool wants_escalation;
    const char *justification;            /* of the model; "" when it gave none */
    const char *const *wanted_prefix;     /* that the model proposes, NULL-terminated; or NULL */
    bool is_unrestricted, has_no_sandbox; /* approval_matrix.h */
};

/* What was decided, and why. Owned by the caller, for approval_case_finish(). */
struct approval_case {
    struct approval_ruling ruling;
    char *refusal; /* REFUSE: why, for the model; NULL for APPROVAL_NO_ESCALATION */
    char *reason;  /* ASK: for the person; "" when there is none */
    char *where;   /* event_decision */
    const char *layer;
    char **prefix; /* ASK: offered; or NULL */
};

void approvals_judge_command(const struct approvals *approvals,
                             const struct approval_command *command, struct approval_case *ret);

struct approval_patch {
    const struct event_change *changes;
    size_t n_changes;
    bool is_inside; /* every path may be written without asking */
};

void approvals_judge_patch(const struct approvals *approvals, const struct approval_patch *patch,
                           struct approval_case *ret);
void approval_case_finish(struct approval_case *judged); /* a zeroed one is fine */

/* The folder that an approval of this patch for the session would open: the deepest one with all paths in
 * it. NULL: they have none in common but "/", or a hidden name is among them; then it is for these paths
 * only. The caller's to free. */
char *approval_grant_root(const struct event_change *changes, size_t n);

struct approval_outcome {
    enum approval_answer answer; /* never ABORT: that comes as a cancel of the call */
    const char *by;              /* "person" or "timeout" */
    const char *rule_added;      /* the file; "" when none was */
};

typedef void (*approval_answered_fn)(void *ctx, const struct approval_outcome *outcome);

struct approval_asker {
    const char *turn_id; /* copied */
    approval_answered_fn fn;
    void *ctx;
};

/* Put a question to the person. `request` is copied. Then the asker is called once from the loop, or never
 * after approvals_withdraw(). *ret is valid until either. BEACON_E_BUSY: a request of this call id is
 * open already. */
int approvals_ask(struct approvals *approvals, const struct event_approval *request,
                  const struct approval_asker *asker, struct approval_open **ret,
                  struct beacon_error *err);

/* Whoever asked has gone. Returns who ended it: "person" when the answer was ABORT, else "interrupt". */
const char *approvals_withdraw(struct approval_open *open);

/* The person's word. BEACON_E_NOT_FOUND: nothing of that id waits, or it was answered before;
 * _INVALID: this request offers no prefix, and stays open. */
int approvals_answer(struct approvals *approvals, const char *call_id, enum approval_answer answer,
                     struct beacon_error *err);

const char *approval_answer_name(enum approval_answer answer); /* "approved_for_session" */

#endif
