/* approval_parts.h - the inside of struct approvals, for approval.c and approval_case.c only. */
#ifndef HOST_POLICY_APPROVAL_PARTS_H
#define HOST_POLICY_APPROVAL_PARTS_H

#include "policy/approval.h"

struct approval_memory;
struct loop_timer;

struct approval_open {
    struct approval_open *next;
    struct approvals *approvals;
    struct event_approval request; /* with strings of its own */
    char *turn_id;
    approval_answered_fn fn;
    void *ctx;
    struct loop_timer *timer;
    bool is_announced, is_answered;
    bool is_gone;       /* unlinked, to be freed when */
    unsigned n_telling; /* listeners have heard of it */
    enum approval_answer answer;
    char *rule_added; /* NULL: none was */
};

struct approvals {
    struct approvals_settings settings;
    char *home;
    struct rules *no_rules; /* our own, when there are none */
    struct approval_memory *memory;
    struct approval_open *first; /* in the order of asking */
};

#endif
