/* SPDX-License-Identifier: Apache-2.0 */
/* Group X: probing and planning, without running what was planned. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"
#include "check.h"
#include "checks.h"
#include "fence.h"
#include "memory.h"
#include "process_state.h"
#include "sandbox/plan.h"
#include "slate.h"
#include "verify/canary.h"
#include "yard.h"

#define PLANS         300
#define FAILURES_MAX  2000
#define PHRASE_BYTES  512
#define LATER_BYTES   64
#define UNKNOWN_BIT   (1u << 30)
#define DESCRIPTION   ((size_t)1 << 20)
#define PROBE_TIMES   3
#define CRITICAL_HINT "refuse with BEACON_E_UNSUPPORTED whatever bit is not known (sandbox.h)"

/* ---- probe ---- */

static beacon_rc probe(const struct yard *yard, struct beacon_sandbox_report *report,
                       struct beacon_error *err)
{
    slot_enter("probe");
    beacon_rc rc =
        yard->table.probe(yard->maker.subject.state, yard->maker.subject.host, report, err);
    slot_leave();
    return rc;
}

static void check_report(struct check_case *c, const struct beacon_sandbox_report *report,
                         uint32_t can_enforce)
{
    if (report->can_enforce != can_enforce) {
        check_fail(c, "the same answer each time", "look at the kernel, and at nothing else",
                   "can_enforce was 0x%x and is 0x%x", can_enforce, report->can_enforce);
    } else if (memchr(report->detail, '\0', sizeof report->detail) == NULL) {
        check_fail(c, "a detail that ends with NUL", "write it with snprintf()",
                   "detail has no NUL");
    } else if (report->detail[0] == '\0') {
        check_fail(c, "a sentence for the person", "fill in detail", "detail is empty");
    }
}

void check_plan_probe(struct check_case *c)
{
    struct yard yard;
    char phrase[PHRASE_BYTES] = "";
    if (yard_open(&yard, c)) {
        struct process_state *before = process_state_take();
        for (int i = 0; i < PROBE_TIMES; i++) {
            struct beacon_sandbox_report report = BEACON_INIT(struct beacon_sandbox_report);
            struct beacon_error err = BEACON_INIT(struct beacon_error);
            (void)probe(&yard, &report, &err);
            check_report(c, &report, yard.can_enforce);
        }
        struct process_state *after = process_state_take();
        if (process_state_files_differ(before, after, phrase, sizeof phrase) ||
            process_state_sockets_differ(before, after, phrase, sizeof phrase)) {
            check_fail(c, "no side effects", "close in probe() what it opens", "%s", phrase);
        }
        process_state_free(before);
        process_state_free(after);
    }
    yard_close(&yard);
}

/* ---- prepare ---- */

void check_plan_promise(struct check_case *c)
{
    struct yard yard;
    if (yard_open(&yard, c)) {
        struct yard_policy policy;
        struct beacon_error err = BEACON_INIT(struct beacon_error);
        uint32_t promised = 0;
        yard_policy_init(&yard, 0, &policy);
        if (!yard_promises(&yard, &policy.policy, &promised, &err)) {
            instance_check_error(c, err.code, &err, "prepare() of an ordinary policy");
        } else if ((promised & ~yard.can_enforce) != 0) {
            check_fail(c, "no more than probe() reported",
                       "promise what probe() says, less what this policy does not ask for",
                       "the plan promises 0x%x, and probe() said 0x%x", promised, yard.can_enforce);
        }
        yard_policy_finish(&policy);
    }
    yard_close(&yard);
}

void check_plan_ordinary(struct check_case *c)
{
    struct yard yard;
    if (yard_open(&yard, c)) {
        struct yard_policy policy;
        struct beacon_error err = BEACON_INIT(struct beacon_error);
        uint32_t promised = 0;
        yard_policy_init(&yard, 0, &policy);
        if (!yard_promises(&yard, &policy.policy, &promised, &err)) {
            check_skip(c, "this kernel is refused: %s", err.message);
        } else if (yard_run(&yard, &policy.policy, "ordinary", "", &err) != CANARY_THROUGH) {
            check_fail(c, "a command that writes, reads and deletes a file in the writable folder",
                       "allow what the policy allows, and what every dynamic program needs",
                       "an ordinary command cannot work%s%s", err.message[0] != '\0' ? ": " : "",
                       err.message);
        }
        yard_policy_finish(&policy);
    }
    yard_close(&yard);
}

/* With a bit nobody knows the plan must fail; one that promises nothing is refused by the host anyway. */
static void try_unknown(struct yard *yard, const struct beacon_sandbox_policy *policy,
                        const char *what)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    uint32_t promised = 0;
    if (yard_promises(yard, policy, &promised, &err)) {
        if (promised != 0) {
            check_fail(
                yard->c, "BEACON_E_UNSUPPORTED: in sandbox.h every bit is critical", CRITICAL_HINT,
                "a policy with an unknown bit in %s is planned, promising 0x%x", what, promised);
        }
        return;
    }
    instance_check_error(yard->c, err.code, &err, "prepare() of a policy with an unknown bit");
}

void check_plan_unknown_bits(struct check_case *c)
{
    struct yard yard;
    if (yard_open(&yard, c)) {
        struct yard_policy policy;
        yard_policy_init(&yard, 0, &policy);
        struct beacon_sandbox_policy changed = policy.policy;
        changed.require = UNKNOWN_BIT;
        try_unknown(&yard, &changed, "require");
        changed = policy.policy;
        changed.flags = UNKNOWN_BIT;
        try_unknown(&yard, &changed, "flags");
        changed = policy.policy;
        changed.net = 77;
        try_unknown(&yard, &changed, "net");
        policy.rules[0].access |= UNKNOWN_BIT;
        try_unknown(&yard, &policy.policy, "the access of a path");
        yard_policy_finish(&policy);
    }
    yard_close(&yard);
}

/* ---- a host that does not take the plan ---- */

struct refusing {
    struct beacon_plan plan;
    unsigned n_calls, refuse_at; /* the call that fails, from 1 */
};

static beacon_rc answer(const struct beacon_plan *plan)
{
    struct refusing *r = plan->ctx;
    return ++r->n_calls == r->refuse_at ? BEACON_E_UNSUPPORTED : BEACON_OK;
}

static beacon_rc refuse_wrap(const struct beacon_plan *p, const struct beacon_str *prefix, size_t n)
{
    (void)prefix;
    (void)n;
    return answer(p);
}

static beacon_rc refuse_env_set(const struct beacon_plan *p, struct beacon_str k,
                                struct beacon_str v)
{
    (void)k;
    (void)v;
    return answer(p);
}

static beacon_rc refuse_env_unset(const struct beacon_plan *p, struct beacon_str k)
{
    (void)k;
    return answer(p);
}

static beacon_rc refuse_give_fd(const struct beacon_plan *p, int32_t parent_fd, int32_t child_fd)
{
    (void)parent_fd;
    (void)child_fd;
    return answer(p);
}

static beacon_rc refuse_op(const struct beacon_plan *p, const struct beacon_op *op)
{
    (void)op;
    return answer(p);
}

static beacon_rc refuse_promise(const struct beacon_plan *p, uint32_t enforced)
{
    (void)enforced;
    return answer(p);
}

static beacon_rc take_note(const struct beacon_plan *p, struct beacon_str human)
{
    (void)p;
    (void)human;
    return BEACON_OK;
}

/* True: the call that was to be refused was made. */
static bool try_refusal(struct yard *yard, const struct beacon_sandbox_policy *policy, unsigned at)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    void *cookie = NULL;
    struct refusing r = {
        .plan = {.struct_size = sizeof r.plan,
                 .wrap = refuse_wrap,
                 .env_set = refuse_env_set,
                 .env_unset = refuse_env_unset,
                 .give_fd = refuse_give_fd,
                 .op = refuse_op,
                 .promise = refuse_promise,
                 .note = take_note},
        .refuse_at = at,
    };
    r.plan.ctx = &r;
    if (yard_prepare(yard, policy, &r.plan, &cookie, &err) == BEACON_OK) {
        yard_release(yard, cookie);
        if (r.n_calls >= at) {
            check_fail(yard->c, "prepare() fails with the code it was given",
                       "look at the result of every call of the plan, and return it",
                       "the host refused call %u of the plan, and prepare() succeeds", at);
        }
    }
    return r.n_calls >= at;
}

void check_plan_refused(struct check_case *c)
{
    struct yard yard;
    if (yard_open(&yard, c)) {
        struct yard_policy policy;
        yard_policy_init(&yard, 0, &policy);
        unsigned at = 1;
        while (at < 200 && try_refusal(&yard, &policy.policy, at)) {
            at++;
        }
        if (at == 1) {
            check_skip(c, "the plan is empty");
        }
        yard_policy_finish(&policy);
    }
    yard_close(&yard);
}

/* ---- memory and descriptors ---- */

static void plan_once(const struct yard *yard, const struct beacon_sandbox_policy *policy)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    uint32_t promised = 0;
    (void)yard_promises(yard, policy, &promised, &err);
}

void check_plan_leaks(struct check_case *c)
{
    struct yard yard;
    char phrase[PHRASE_BYTES] = "";
    if (yard_open(&yard, c)) {
        struct yard_policy policy;
        yard_policy_init(&yard, 0, &policy);
        plan_once(&yard, &policy.policy);
        plan_once(&yard, &policy.policy);
        struct process_state *before = process_state_take();
        const int64_t blocks = memory_live_blocks(), bytes = memory_live_bytes();
        for (int i = 0; i < PLANS; i++) {
            plan_once(&yard, &policy.policy);
        }
        const int64_t more_blocks = memory_live_blocks() - blocks;
        const int64_t more_bytes = memory_live_bytes() - bytes;
        struct process_state *after = process_state_take();
        if (process_state_files_differ(before, after, phrase, sizeof phrase)) {
            check_fail(c, "no descriptor left of a plan that was released",
                       "close in release() what prepare() opened", "%s", phrase);
        } else if (memory_is_ours() ? more_blocks >= PLANS / 2 : more_bytes >= PLANS) {
            check_fail(c, "as much memory after release() as before prepare()",
                       "free in release() what prepare() allocated",
                       "%d plans leave %lld bytes behind", PLANS, (long long)more_bytes);
        }
        process_state_free(before);
        process_state_free(after);
        yard_policy_finish(&policy);
    }
    yard_close(&yard);
}

/* One prepare() whose n-th allocation fails; false: it has fewer. */
static bool plan_without(struct yard *yard, const struct beacon_sandbox_policy *policy, uint64_t n)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    struct refusing accepting = {
        .plan = {.struct_size = sizeof accepting.plan,
                 .wrap = refuse_wrap,
                 .env_set = refuse_env_set,
                 .env_unset = refuse_env_unset,
                 .give_fd = refuse_give_fd,
                 .op = refuse_op,
                 .promise = refuse_promise,
                 .note = take_note},
    };
    void *cookie = NULL;
    accepting.plan.ctx = &accepting;
    memory_fail_at(n, false);
    if (yard_prepare(yard, policy, &accepting.plan, &cookie, &err) == BEACON_OK) {
        yard_release(yard, cookie);
    }
    const bool was_reached = memory_has_failed();
    memory_fail_at(0, false);
    return was_reached;
}

void check_plan_no_memory(struct check_case *c)
{
    struct yard yard;
    if (!memory_is_ours()) {
        check_skip(c, "a sanitizer owns the allocator of this build");
        return;
    }
    if (yard_open(&yard, c)) {
        struct yard_policy policy;
        yard_policy_init(&yard, 0, &policy);
        for (uint64_t n = 1; n < FAILURES_MAX && plan_without(&yard, &policy.policy, n); n++) {
        }
        yard_policy_finish(&policy);
    }
    yard_close(&yard);
}

/* ---- structs of other hosts ---- */

void check_plan_short_structs(struct check_case *c)
{
    static const size_t sizes[] = {
        offsetof(struct beacon_sandbox_report, flags),
        offsetof(struct beacon_sandbox_report, abi_level),
        offsetof(struct beacon_sandbox_report, detail),
    };
    struct yard yard;
    if (yard_open(&yard, c)) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            struct beacon_error *err = fence_make(NULL, offsetof(struct beacon_error, message));
            struct beacon_sandbox_report *report = fence_make(NULL, sizes[i]);
            err->struct_size = (uint32_t)offsetof(struct beacon_error, message);
            report->struct_size = (uint32_t)sizes[i];
            (void)probe(&yard, report, err);
            if (report->struct_size != sizes[i]) {
                check_fail(c, "the struct_size that the host wrote",
                           "write through BEACON_SET only",
                           "the report's struct_size became %u, it was %zu", report->struct_size,
                           sizes[i]);
            }
        }
    }
    yard_close(&yard);
}

/* Operations, promises and notes of a plan as text. */
static bool describe(struct yard *yard, const struct beacon_sandbox_policy *policy,
                     struct text *out)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    void *cookie = NULL;
    struct plan *plan = plan_create();
    const bool is_good = yard_prepare(yard, policy, plan_builder(plan), &cookie, &err) == BEACON_OK;
    if (is_good) {
        (void)plan_describe(plan, out);
        (void)text_addf(out, "promises 0x%x\n", plan_promised(plan));
        yard_release(yard, cookie);
    }
    plan_destroy(plan);
    return is_good;
}

/* A copy with noise behind it, as of a later minor. There until the process ends. */
static void *lengthen(const void *from, size_t n)
{
    uint32_t size = (uint32_t)(n + LATER_BYTES);
    char *longer = alloc_zeroed(n + LATER_BYTES);
    memset(longer, 0x5a, n + LATER_BYTES);
    memcpy(longer, from, n);
    memcpy(longer, &size, sizeof size);
    return longer;
}

void check_plan_long_structs(struct check_case *c)
{
    struct yard yard;
    AUTO_TEXT struct text plain, newer;
    text_init(&plain, DESCRIPTION);
    text_init(&newer, DESCRIPTION);
    if (yard_open(&yard, c)) {
        struct yard_policy policy;
        yard_policy_init(&yard, 0, &policy);
        const bool has_plain = describe(&yard, &policy.policy, &plain);
        for (size_t i = 0; i < policy.policy.n_paths; i++) {
            policy.list[i] = lengthen(&policy.rules[i], sizeof policy.rules[i]);
        }
        const struct beacon_sandbox_policy *longer = lengthen(&policy.policy, sizeof policy.policy);
        const bool has_newer = describe(&yard, longer, &newer);
        if (has_plain != has_newer || strcmp(text_string(&plain), text_string(&newer)) != 0) {
            check_fail(c, "the plan for a host of its own minor",
                       "read structs with BEACON_COPY_IN or BEACON_HAS, ignore what is behind them",
                       "longer structs change the plan");
        }
        yard_policy_finish(&policy);
    }
    yard_close(&yard);
}

/* ---- diagnose ---- */

static beacon_rc swallow(const struct beacon_sink *sink, const void *p, size_t n)
{
    (void)p;
    *(size_t *)sink->ctx += n;
    return BEACON_OK;
}

static void diagnose(struct yard *yard, void *cookie, const char *tail, size_t n)
{
    size_t written = 0;
    const struct beacon_sink sink = {.struct_size = sizeof sink, .ctx = &written, .put = swallow};
    uint8_t *fenced = fence_make(tail, n);
    const struct beacon_bytes bytes = {fenced, n};
    slot_enter("diagnose");
    beacon_rc rc = yard->table.diagnose(yard->inst, cookie, 1 << 8, bytes, &sink);
    slot_leave();
    if (rc != BEACON_OK && rc != BEACON_E_UNSUPPORTED) {
        check_fail(yard->c, "BEACON_OK or BEACON_E_UNSUPPORTED",
                   "say UNSUPPORTED when the words tell nothing", "diagnose() returned %d",
                   (int)rc);
    } else if (written > 4096) {
        check_fail(yard->c, "a sentence", "quote a part of the output only",
                   "diagnose() wrote %zu bytes", written);
    }
}

void check_plan_diagnose(struct check_case *c)
{
    static const char *const tails[] = {
        "",
        "sh: 1: cannot create /etc/x: Permission denied\n",
        "bash: line 1: /dev/tcp/127.0.0.1/80: Permission denied",
        "Operation not permitted\n\n\n",
        "\xff\xfe\xc3: Permission denied",
        ": Permission denied: Permission denied: ",
        "mkdir: cannot create directory '",
    };
    struct yard yard;
    if (yard_open(&yard, c)) {
        struct yard_policy policy;
        struct beacon_error err = BEACON_INIT(struct beacon_error);
        void *cookie = NULL;
        struct plan *plan = plan_create();
        yard_policy_init(&yard, 0, &policy);
        if (yard.table.diagnose == NULL) {
            check_skip(c, "the backend does not offer it");
        } else if (yard_prepare(&yard, &policy.policy, plan_builder(plan), &cookie, &err) !=
                   BEACON_OK) {
            check_skip(c, "this kernel is refused: %s", err.message);
        } else {
            AUTO_FREE char *large = alloc_zeroed((size_t)1 << 20);
            for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
                diagnose(&yard, cookie, tails[i], strlen(tails[i]));
            }
            memset(large, 'x', (size_t)1 << 20);
            diagnose(&yard, cookie, large, (size_t)1 << 20);
            yard_release(&yard, cookie);
        }
        yard_policy_finish(&policy);
        plan_destroy(plan);
    }
    yard_close(&yard);
}
