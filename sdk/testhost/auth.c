/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon-sdk/testhost_auth.h>
#include <stdlib.h>

#include "facets.h"
#include "instance.h"

struct testhost_auth {
    struct beacon_auth table;
    struct instance i;
};

struct testhost_auth *testhost_auth_create(struct testhost *t, const char *name, const char *config)
{
    struct testhost_auth *a = testhost_alloc(sizeof *a);
    if (!instance_table(t, BEACON_KIND_AUTH, name, &a->table, sizeof a->table) ||
        instance_create(t, a->table.create, config, &a->i) != BEACON_OK) {
        free(a);
        return NULL;
    }
    return a;
}

void testhost_auth_destroy(struct testhost_auth *a)
{
    if (a != NULL) {
        instance_destroy(&a->i, a->table.destroy);
        free(a);
    }
}

/* ---- the sink of credentials ---- */

/* The arguments of one call, and what came of it. */
struct auth_call {
    struct testhost_auth *a;
    struct buffer lines;
    bool has_expiry;
    const struct beacon_need *need;
    const struct beacon_http_request *request;
    const struct beacon_cred_sink *out;
    const struct beacon_sink *names;
    struct beacon_auth_status *status;
    struct beacon_str account;
    uint32_t method;
};

static bool has_line_end(struct beacon_str s)
{
    return beacon_span_contains(s, "\r") || beacon_span_contains(s, "\n") ||
           (s.n > 0 && memchr(s.p, '\0', s.n) != NULL);
}

static beacon_rc add_line(const struct beacon_cred_sink *s, const char *what,
                          struct beacon_str first, struct beacon_str second, const char *between)
{
    struct auth_call *call = *(struct auth_call **)s->ctx;
    if (!testhost_sink_enter(call->a->i.t, what)) {
        return BEACON_E_INVALID;
    }
    const bool is_bad = has_line_end(first) || has_line_end(second) || first.n == 0;
    if (is_bad) {
        testhost_find(call->a->i.t, "value", "%s gets nothing, or CR, LF or NUL", what);
    }
    call->a->i.t->call.was_refused |= is_bad;
    buffer_add(&call->lines, "%s ", what);
    buffer_shown(&call->lines, first);
    buffer_add(&call->lines, "%s", between);
    buffer_shown(&call->lines, second);
    buffer_add(&call->lines, "\n");
    testhost_sink_leave(call->a->i.t);
    return is_bad ? BEACON_E_INVALID : BEACON_OK;
}

static beacon_rc add_header(const struct beacon_cred_sink *s, struct beacon_str name,
                            struct beacon_str value)
{
    return add_line(s, "header", name, value, ": ");
}

static beacon_rc add_query(const struct beacon_cred_sink *s, struct beacon_str name,
                           struct beacon_str value)
{
    return add_line(s, "query", name, value, "=");
}

static beacon_rc add_cert(const struct beacon_cred_sink *s, struct beacon_str cert_ref,
                          struct beacon_str key_ref)
{
    return add_line(s, "client_cert", cert_ref, key_ref, " ");
}

static beacon_rc add_base_url(const struct beacon_cred_sink *s, struct beacon_str url)
{
    return add_line(s, "base_url", url, beacon_span(NULL, 0), "");
}

static beacon_rc set_expiry(const struct beacon_cred_sink *s, uint64_t unix_ms, uint64_t generation)
{
    struct auth_call *call = *(struct auth_call **)s->ctx;
    if (!testhost_sink_enter(call->a->i.t, "expires")) {
        return BEACON_E_INVALID;
    }
    if (call->has_expiry) {
        testhost_find(call->a->i.t, "value", "says twice when the credentials expire");
    }
    call->has_expiry = true;
    buffer_add(&call->lines, "expires %llu generation %llu\n", (unsigned long long)unix_ms,
               (unsigned long long)generation);
    if (call->need != NULL && call->need->why == BEACON_WANT_REJECTED &&
        generation == call->need->rejected_gen) {
        testhost_find(call->a->i.t, "value", "offers the rejected generation again");
    }
    testhost_sink_leave(call->a->i.t);
    return BEACON_OK;
}

static const struct beacon_cred_sink *lend_sink(struct auth_call *call)
{
    struct testhost *t = call->a->i.t;
    const struct beacon_cred_sink sink = {.struct_size = sizeof sink,
                                          .flags = testhost_noise(t),
                                          .ctx = testhost_lend_pointer(t, call),
                                          .header = add_header,
                                          .query = add_query,
                                          .client_cert = add_cert,
                                          .base_url = add_base_url,
                                          .expires = set_expiry};
    return testhost_lend_struct(t, "cred_sink", &sink, sizeof sink);
}

/* ---- the slots ---- */

static beacon_rc make(struct auth_call *mine, const char *slot, void (*fn)(struct instance_call *))
{
    struct instance_call call = {
        .i = &mine->a->i, .err = testhost_lend_error(mine->a->i.t), .fn = fn, .arg = mine};
    return instance_call(&call, slot, false);
}

/* What the person has seen and what was asked of the network: how much of it there is now. */
static size_t traffic(const struct testhost *t, bool with_network)
{
    const struct testhost_facets *f = t->facets;
    return f->shown.n + (with_network ? f->requested.n + f->executed.n : 0);
}

static void do_acquire(struct instance_call *call)
{
    struct auth_call *mine = call->arg;
    call->rc = mine->a->table.acquire(mine->a->i.inst, mine->need, mine->out,
                                      testhost_cancel_token(call->i->t), call->err);
}

beacon_rc testhost_auth_acquire(struct testhost_auth *a, uint32_t why, const char *origin,
                                uint64_t rejected_gen, const char **ret_lines)
{
    struct testhost *t = a->i.t;
    struct auth_call mine = {.a = a};
    const struct beacon_need need = {.struct_size = sizeof need,
                                     .why = why,
                                     .rejected_gen = rejected_gen,
                                     .origin = testhost_lend_str(t, beacon_text(origin))};
    const size_t before = traffic(t, false);
    mine.need = testhost_lend_struct(t, "need", &need, sizeof need);
    mine.out = lend_sink(&mine);
    const beacon_rc rc = make(&mine, "acquire", do_acquire);
    if (traffic(t, false) != before) {
        testhost_find(t, "value", "acquire() asks the person");
    }
    *ret_lines = testhost_keep_buffer(t, &mine.lines);
    return rc;
}

static void do_sign(struct instance_call *call)
{
    struct auth_call *mine = call->arg;
    call->rc = mine->a->table.sign(mine->a->i.inst, mine->request, mine->out,
                                   testhost_cancel_token(call->i->t), call->err);
}

beacon_rc testhost_auth_sign(struct testhost_auth *a, const char *method, const char *url,
                             const char *body, const char **ret_lines)
{
    struct testhost *t = a->i.t;
    struct auth_call mine = {.a = a};
    const struct beacon_str bytes = testhost_lend_str(t, beacon_text(body));
    const struct beacon_http_request rq = {.struct_size = sizeof rq,
                                           .method = testhost_lend_str(t, beacon_text(method)),
                                           .url = testhost_lend_str(t, beacon_text(url)),
                                           .body = {(const uint8_t *)bytes.p, bytes.n}};
    if (a->table.sign == NULL) {
        *ret_lines = "";
        return BEACON_E_UNSUPPORTED;
    }
    mine.request = testhost_lend_struct(t, "request", &rq, sizeof rq);
    mine.out = lend_sink(&mine);
    const beacon_rc rc = make(&mine, "sign", do_sign);
    *ret_lines = testhost_keep_buffer(t, &mine.lines);
    return rc;
}

static void look_at_status(struct testhost *t, const struct beacon_auth_status *status)
{
    const char *stop = memchr(status->account, '\0', sizeof status->account);
    const char *other = memchr(status->detail, '\0', sizeof status->detail);
    if (stop == NULL || other == NULL) {
        testhost_find(t, "value", "account or detail has no NUL");
        return;
    }
    testhost_look_at(t, "the status", beacon_text(status->account));
    testhost_look_at(t, "the status", beacon_text(status->detail));
}

static void do_status(struct instance_call *call)
{
    const struct auth_call *mine = call->arg;
    call->rc = mine->a->table.status(mine->a->i.inst, mine->account, mine->status, call->err);
}

/* In memory of its own: what is lent is gone when the call has returned. */
beacon_rc testhost_auth_status(struct testhost_auth *a, struct beacon_auth_status *ret)
{
    struct testhost *t = a->i.t;
    struct auth_call mine = {.a = a, .status = ret};
    const size_t before = traffic(t, true);
    memset(ret, 0, sizeof *ret);
    ret->struct_size = (uint32_t)sizeof *ret;
    const beacon_rc rc = make(&mine, "status", do_status);
    if (traffic(t, true) != before) {
        testhost_find(t, "value", "status() is not offline");
    }
    if (rc == BEACON_OK) {
        look_at_status(t, ret);
    }
    return rc;
}

static beacon_rc put_name(const struct beacon_sink *s, const void *p, size_t n)
{
    struct auth_call *call = *(struct auth_call **)s->ctx;
    if (!testhost_sink_enter(call->a->i.t, "names.put")) {
        return BEACON_E_INVALID;
    }
    buffer_shown(&call->lines, beacon_span(p, n));
    buffer_add(&call->lines, "\n");
    testhost_sink_leave(call->a->i.t);
    return BEACON_OK;
}

static void do_accounts(struct instance_call *call)
{
    const struct auth_call *mine = call->arg;
    call->rc = mine->a->table.accounts(mine->a->i.inst, mine->names, call->err);
}

beacon_rc testhost_auth_accounts(struct testhost_auth *a, const char **ret_lines)
{
    struct testhost *t = a->i.t;
    struct auth_call mine = {.a = a};
    const struct beacon_sink sink = {
        .struct_size = sizeof sink, .ctx = testhost_lend_pointer(t, &mine), .put = put_name};
    *ret_lines = "";
    if (a->table.accounts == NULL) {
        return BEACON_E_UNSUPPORTED;
    }
    mine.names = testhost_lend_struct(t, "sink", &sink, sizeof sink);
    const beacon_rc rc = make(&mine, "accounts", do_accounts);
    *ret_lines = testhost_keep_buffer(t, &mine.lines);
    return rc;
}

static void do_login(struct instance_call *call)
{
    const struct auth_call *mine = call->arg;
    call->rc = mine->a->table.login(mine->a->i.inst, mine->account, mine->method,
                                    testhost_cancel_token(call->i->t), call->err);
}

beacon_rc testhost_auth_login(struct testhost_auth *a, uint32_t method)
{
    struct auth_call mine = {.a = a, .method = method};
    return a->table.login != NULL ? make(&mine, "login", do_login) : BEACON_E_UNSUPPORTED;
}

static void do_logout(struct instance_call *call)
{
    const struct auth_call *mine = call->arg;
    call->rc = mine->a->table.logout(mine->a->i.inst, mine->account,
                                     testhost_cancel_token(call->i->t), call->err);
}

beacon_rc testhost_auth_logout(struct testhost_auth *a)
{
    struct auth_call mine = {.a = a};
    return a->table.logout != NULL ? make(&mine, "logout", do_logout) : BEACON_E_UNSUPPORTED;
}
