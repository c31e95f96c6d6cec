/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon-sdk/testhost_sandbox.h>
#include <stdlib.h>
#include <unistd.h>

#include "instance.h"
#include "policy.h"

struct testhost_sandbox {
    struct beacon_sandbox table;
    struct instance i;
    uint32_t can_enforce; /* as probe() said */
};

/* ---- probe ---- */

struct probe_call {
    struct testhost_sandbox *s;
    struct beacon_sandbox_report *report;
};

static void do_probe(struct instance_call *call)
{
    const struct probe_call *mine = call->arg;
    const struct testhost *t = call->i->t;
    call->rc = mine->s->table.probe(t->plugin_state, t->host, mine->report, call->err);
}

static beacon_rc probe(struct testhost_sandbox *s, struct beacon_sandbox_report *ret)
{
    struct testhost *t = s->i.t;
    struct probe_call mine = {s, ret};
    struct instance_call call = {
        .i = &s->i, .err = testhost_lend_error(t), .fn = do_probe, .arg = &mine};
    memset(ret, 0, sizeof *ret);
    ret->struct_size = (uint32_t)sizeof *ret;
    const beacon_rc rc = instance_call(&call, "probe", false);
    if (rc == BEACON_OK && memchr(ret->detail, '\0', sizeof ret->detail) == NULL) {
        testhost_find(t, "value", "probe(): detail has no NUL");
    }
    return rc;
}

beacon_rc testhost_sandbox_probe(struct testhost *t, const char *name,
                                 struct beacon_sandbox_report *ret)
{
    struct testhost_sandbox s;
    memset(&s, 0, sizeof s);
    s.i.t = t;
    return instance_table(t, BEACON_KIND_SANDBOX, name, &s.table, sizeof s.table)
               ? probe(&s, ret)
               : BEACON_E_NOT_FOUND;
}

struct testhost_sandbox *testhost_sandbox_create(struct testhost *t, const char *name,
                                                 const char *config)
{
    struct beacon_sandbox_report report;
    struct testhost_sandbox *s = testhost_alloc(sizeof *s);
    s->i.t = t;
    if (!instance_table(t, BEACON_KIND_SANDBOX, name, &s->table, sizeof s->table) ||
        probe(s, &report) != BEACON_OK ||
        instance_create(t, s->table.create, config, &s->i) != BEACON_OK) {
        free(s);
        return NULL;
    }
    s->can_enforce = report.can_enforce;
    return s;
}

void testhost_sandbox_destroy(struct testhost_sandbox *s)
{
    if (s != NULL) {
        instance_destroy(&s->i, s->table.destroy);
        free(s);
    }
}

/* ---- the plan ---- */

struct plan_call {
    struct testhost_sandbox *s;
    struct lent_policy lent;
    const struct beacon_plan *plan;
    void *cookie;
    struct buffer lines;
    uint32_t promised;
    size_t n_ops;
    bool was_refused;
};

/* Begin a line; false: the plan may not be written now. */
static bool begin_line(const struct beacon_plan *p, const char *what)
{
    struct plan_call *call = *(struct plan_call **)p->ctx;
    if (!testhost_sink_enter(call->s->i.t, what)) {
        return false;
    }
    buffer_add(&call->lines, "%s", what);
    return true;
}

static void end_line(const struct beacon_plan *p)
{
    struct plan_call *call = *(struct plan_call **)p->ctx;
    buffer_add(&call->lines, "\n");
    testhost_sink_leave(call->s->i.t);
}

static beacon_rc add_wrap(const struct beacon_plan *p, const struct beacon_str *prefix, size_t n)
{
    struct plan_call *call = *(struct plan_call **)p->ctx;
    if (!begin_line(p, "wrap")) {
        return BEACON_E_INVALID;
    }
    for (size_t i = 0; i < n; i++) {
        buffer_add(&call->lines, " ");
        buffer_shown(&call->lines, prefix[i]);
    }
    end_line(p);
    return BEACON_OK;
}

static beacon_rc add_env(const struct beacon_plan *p, const char *what, struct beacon_str k,
                         struct beacon_str v)
{
    struct plan_call *call = *(struct plan_call **)p->ctx;
    if (!begin_line(p, what)) {
        return BEACON_E_INVALID;
    }
    const bool is_bad = k.n == 0 || memchr(k.p, '=', k.n) != NULL || memchr(k.p, '\0', k.n) != NULL;
    buffer_add(&call->lines, " ");
    buffer_shown(&call->lines, k);
    if (v.p != NULL) {
        buffer_add(&call->lines, "=");
        buffer_shown(&call->lines, v);
    }
    end_line(p);
    call->was_refused |= is_bad;
    return is_bad ? BEACON_E_INVALID : BEACON_OK;
}

static beacon_rc set_env(const struct beacon_plan *p, struct beacon_str k, struct beacon_str v)
{
    return add_env(p, "env_set", k, beacon_span(v.p != NULL ? v.p : "", v.n));
}

static beacon_rc unset_env(const struct beacon_plan *p, struct beacon_str k)
{
    return add_env(p, "env_unset", k, beacon_span(NULL, 0));
}

static beacon_rc give_fd(const struct beacon_plan *p, int32_t parent_fd, int32_t child_fd)
{
    struct plan_call *call = *(struct plan_call **)p->ctx;
    if (!begin_line(p, "give_fd")) {
        return BEACON_E_INVALID;
    }
    const int copy = dup(parent_fd);
    buffer_add(&call->lines, " %d", child_fd);
    end_line(p);
    if (copy < 0 || child_fd < 0) {
        call->was_refused = true;
        return BEACON_E_INVALID;
    }
    (void)close(copy);
    return BEACON_OK;
}

static beacon_rc add_op(const struct beacon_plan *p, const struct beacon_op *op)
{
    struct plan_call *call = *(struct plan_call **)p->ctx;
    if (!begin_line(p, "op")) {
        return BEACON_E_INVALID;
    }
    const bool is_known = op->struct_size >= sizeof *op && op->op >= BEACON_OP_NO_NEW_PRIVS &&
                          op->op <= BEACON_OP_SYMLINK;
    if (op->struct_size >= sizeof *op) {
        buffer_add(&call->lines, " %u%s flags=%u a=%llu b=%llu c=%llu bytes=%zu", op->op,
                   op->fd >= 0 ? " fd" : "", op->flags, (unsigned long long)op->a,
                   (unsigned long long)op->b, (unsigned long long)op->c, op->n);
    }
    end_line(p);
    call->n_ops++;
    call->was_refused |= !is_known;
    return is_known ? BEACON_OK : BEACON_E_UNSUPPORTED;
}

static beacon_rc add_promise(const struct beacon_plan *p, uint32_t enforced)
{
    struct plan_call *call = *(struct plan_call **)p->ctx;
    if (!begin_line(p, "promise")) {
        return BEACON_E_INVALID;
    }
    buffer_add(&call->lines, " %u", enforced);
    call->promised |= enforced;
    end_line(p);
    return BEACON_OK;
}

static beacon_rc add_note(const struct beacon_plan *p, struct beacon_str human)
{
    struct plan_call *call = *(struct plan_call **)p->ctx;
    if (!begin_line(p, "note")) {
        return BEACON_E_INVALID;
    }
    testhost_look_at(call->s->i.t, "a note", human);
    buffer_add(&call->lines, " ");
    buffer_shown(&call->lines, human);
    end_line(p);
    return BEACON_OK;
}

static const struct beacon_plan *lend_plan(struct plan_call *call)
{
    struct testhost *t = call->s->i.t;
    const struct beacon_plan plan = {.struct_size = sizeof plan,
                                     .flags = testhost_noise(t),
                                     .ctx = testhost_lend_pointer(t, call),
                                     .wrap = add_wrap,
                                     .env_set = set_env,
                                     .env_unset = unset_env,
                                     .give_fd = give_fd,
                                     .op = add_op,
                                     .promise = add_promise,
                                     .note = add_note};
    return testhost_lend_struct(t, "plan", &plan, sizeof plan);
}

static void do_prepare(struct instance_call *call)
{
    struct plan_call *mine = call->arg;
    call->rc = mine->s->table.prepare(call->i->inst, mine->lent.policy, mine->lent.exec, mine->plan,
                                      &mine->cookie, call->err);
}

static void do_release(struct instance_call *call)
{
    const struct plan_call *mine = call->arg;
    mine->s->table.release(call->i->inst, mine->cookie);
    call->rc = BEACON_OK;
}

static void check_plan(const struct plan_call *mine)
{
    struct testhost *t = mine->s->i.t;
    if (mine->was_refused) {
        testhost_find(t, "value", "prepare() goes on after a part of its plan was refused");
    }
    if ((mine->promised & ~mine->s->can_enforce) != 0) {
        testhost_find(t, "value", "prepare() promises %u, but probe() said %u", mine->promised,
                      mine->s->can_enforce);
    }
}

struct testhost_plan testhost_sandbox_plan(struct testhost_sandbox *s, const char *policy)
{
    struct testhost *t = s->i.t;
    struct plan_call mine = {.s = s};
    struct testhost_plan plan = {.rc = BEACON_E_INVALID, .lines = ""};
    if (!policy_lend(t, policy, &mine.lent)) {
        return plan;
    }
    mine.plan = lend_plan(&mine);
    struct instance_call call = {
        .i = &s->i, .err = testhost_lend_error(t), .fn = do_prepare, .arg = &mine};
    plan.rc = instance_call(&call, "prepare", false);
    if (plan.rc == BEACON_OK) {
        check_plan(&mine);
        struct instance_call release = {.i = &s->i, .fn = do_release, .arg = &mine};
        (void)instance_call(&release, "release", false);
    }
    policy_finish(&mine.lent);
    plan.promised = mine.promised;
    plan.n_ops = mine.n_ops;
    plan.lines = testhost_keep_buffer(t, &mine.lines);
    return plan;
}
