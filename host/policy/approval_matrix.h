/* approval_matrix.h - may a command or a patch run, as a table of facts: rules first, then what the person
 * allowed before, then the approval policy against the sandbox mode.
 *
 * Nothing is asked and nothing kept here; approval.c gathers the facts. Thread: [any], pure.
 *
 * A command leaves the sandbox only when it was asked for and a person or an "allow" rule says yes:
 * being known safe is not enough, for `cat` outside reads what is hidden inside.
 */
#ifndef HOST_POLICY_APPROVAL_MATRIX_H
#define HOST_POLICY_APPROVAL_MATRIX_H

#include <stdbool.h>

struct judgement;

enum approval_policy { /* the strictest first */
                       APPROVAL_UNTRUSTED,
                       APPROVAL_ON_FAILURE,
                       APPROVAL_ON_REQUEST,
                       APPROVAL_NEVER,
};

const char *approval_policy_name(enum approval_policy policy); /* "on-request" */
enum approval_policy approval_policy_named(const char *name);  /* unknown: UNTRUSTED */

struct approval_facts {
    enum approval_policy policy;
    bool can_ask;          /* somebody is there to answer */
    bool is_unrestricted;  /* danger-full-access: nothing to leave */
    bool has_no_sandbox;   /* the mode asks for one, and nothing confines commands */
    bool wants_escalation; /* the model asks to run it outside of the sandbox */
    bool is_remembered;    /* the person allowed this very command, as far out, for the session */
};

enum approval_verdict { APPROVAL_REFUSE, APPROVAL_ASK, APPROVAL_RUN };

enum approval_refusal {
    APPROVAL_BY_JUDGEMENT, /* a rule forbids it, or asks and nobody is there: judgement_refusal() */
    APPROVAL_NO_ESCALATION, /* outside of the sandbox, and nobody is there to allow it */
    APPROVAL_NOT_TRUSTED,   /* only known commands run without asking, and nobody is there */
};

struct approval_ruling {
    enum approval_verdict verdict;
    enum approval_refusal refusal; /* REFUSE */
    const char *by;                /* "rule", "heuristic", "session" or "policy"; static */
    bool is_outside;               /* once it may run: outside of the sandbox */
    bool may_retry_outside;        /* when it fails in the sandbox, ask to repeat it outside */
};

struct approval_ruling approval_rule_on_command(const struct approval_facts *facts,
                                                const struct judgement *judgement);

struct approval_patch_facts {
    enum approval_policy policy;
    bool can_ask;
    bool is_inside;     /* the sandbox lets every path be written; so in danger-full-access */
    bool is_remembered; /* the person opened every path for the session */
};

struct approval_ruling approval_rule_on_patch(const struct approval_patch_facts *facts);

#endif
