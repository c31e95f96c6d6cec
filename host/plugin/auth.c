/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "plugin/breadcrumb.h"
#include "plugin/host_api.h"
#include "plugin/loader.h"
#include "plugin/outcome.h"
#include "plugin/sized.h"

struct auth {
    struct plugin_component component;
    struct beacon_auth table; /* complete: every slot is there */
    void *inst;
};

static beacon_rc unsupported(struct beacon_error *err, const char *what)
{
    return error_set(err, BEACON_E_UNSUPPORTED, "choose another auth plugin for this",
                     "this auth plugin has no %s", what);
}

static beacon_rc no_accounts(void *inst, const struct beacon_sink *names, struct beacon_error *e)
{
    (void)inst;
    (void)names;
    return unsupported(e, "list of accounts");
}

static beacon_rc no_sign(void *inst, const struct beacon_http_request *rq,
                         const struct beacon_cred_sink *out, const struct beacon_cancel *c,
                         struct beacon_error *e)
{
    (void)inst;
    (void)rq;
    (void)out;
    (void)c;
    return unsupported(e, "signatures");
}

static beacon_rc no_login(void *inst, struct beacon_str account, uint32_t method,
                          const struct beacon_cancel *c, struct beacon_error *e)
{
    (void)inst;
    (void)account;
    (void)method;
    (void)c;
    return unsupported(e, "login");
}

static beacon_rc no_logout(void *inst, struct beacon_str account, const struct beacon_cancel *c,
                           struct beacon_error *e)
{
    (void)inst;
    (void)account;
    (void)c;
    return unsupported(e, "logout");
}

static const struct sized_slot mandatory[] = {
    SIZED_SLOT(beacon_auth, create),
    SIZED_SLOT(beacon_auth, destroy),
    SIZED_SLOT(beacon_auth, status),
    SIZED_SLOT(beacon_auth, acquire),
};

static int complete_table(struct auth *auth, struct beacon_error *err)
{
    struct beacon_auth *table = &auth->table;
    char what[128];
    (void)snprintf(what, sizeof what, "the auth table of %s", plugin_id(auth->component.plugin));
    int rc = sized_copy(table, sizeof *table, auth->component.vtable, what, err);
    if (rc == BEACON_OK) {
        rc = sized_require(table, mandatory, sizeof mandatory / sizeof mandatory[0], what, err);
    }
    table->accounts = table->accounts != NULL ? table->accounts : no_accounts;
    table->sign = table->sign != NULL ? table->sign : no_sign;
    table->login = table->login != NULL ? table->login : no_login;
    table->logout = table->logout != NULL ? table->logout : no_logout;
    return rc;
}

/* Around a call into the plugin. */
#define CALL(auth_, slot_, call_)                                                                  \
    __extension__({                                                                                \
        const struct breadcrumb before_ = breadcrumb_enter(auth_plugin_id(auth_), slot_);          \
        const beacon_rc rc_ = (call_);                                                             \
        breadcrumb_leave(before_);                                                                 \
        rc_;                                                                                       \
    })

static struct beacon_str span_of(const char *text)
{
    return (struct beacon_str){.p = text, .n = strlen(text)};
}

static int make_instance(struct auth *auth, const char *config_json, const char *const *env_names,
                         struct beacon_error *err)
{
    const struct plugin *plugin = auth->component.plugin;
    for (size_t i = 0; env_names != NULL && env_names[i] != NULL; i++) {
        host_api_grant_env(plugin_host(plugin), env_names[i]);
    }
    return CALL(auth, "create",
                outcome_create(plugin, auth->table.create, config_json, &auth->inst, err));
}

int auth_open(struct plugin_set *set, const char *component, const char *config_json,
              const char *const *env_names, struct auth **ret, struct beacon_error *err)
{
    struct auth *auth = alloc_zeroed(sizeof *auth);
    int rc = plugin_open_component(set, BEACON_KIND_AUTH, component, &auth->component, err);
    if (rc == BEACON_OK) {
        rc = complete_table(auth, err);
    }
    if (rc == BEACON_OK) {
        rc = make_instance(auth, config_json, env_names, err);
    }
    if (rc != BEACON_OK) {
        free(auth);
        return rc;
    }
    *ret = auth;
    return BEACON_OK;
}

void auth_close(struct auth *auth)
{
    if (auth == NULL) {
        return;
    }
    const struct breadcrumb before = breadcrumb_enter(auth_plugin_id(auth), "destroy");
    auth->table.destroy(auth->inst);
    breadcrumb_leave(before);
    free(auth);
}

const char *auth_plugin_id(const struct auth *auth)
{
    return plugin_id(auth->component.plugin);
}

static int result(const struct auth *auth, const char *slot, beacon_rc rc,
                  struct beacon_error *theirs, struct beacon_error *err)
{
    return outcome_of(auth->component.plugin, slot, rc, theirs, err);
}

int auth_status(struct auth *auth, const char *account, struct beacon_auth_status *out,
                struct beacon_error *err)
{
    struct beacon_error theirs;
    outcome_init(&theirs);
    *out = (struct beacon_auth_status){.struct_size = (uint32_t)sizeof *out};
    beacon_rc rc =
        CALL(auth, "status", auth->table.status(auth->inst, span_of(account), out, &theirs));
    out->account[sizeof out->account - 1] = '\0';
    out->detail[sizeof out->detail - 1] = '\0';
    if (out->state > BEACON_AUTH_NEEDS_USER) {
        out->state = BEACON_AUTH_NEEDS_USER; /* a state of a newer ABI: let the person look */
    }
    return result(auth, "status", rc, &theirs, err);
}

int auth_accounts(struct auth *auth, const struct beacon_sink *names, struct beacon_error *err)
{
    struct beacon_error theirs;
    outcome_init(&theirs);
    beacon_rc rc = CALL(auth, "accounts", auth->table.accounts(auth->inst, names, &theirs));
    return result(auth, "accounts", rc, &theirs, err);
}

static int check_grant(const struct auth *auth, const struct beacon_need *need,
                       const struct auth_grant *grant, struct beacon_error *err)
{
    if (grant->n_headers == 0) {
        return error_set(err, BEACON_E_PROTOCOL, "report this to the author of the plugin",
                         "the auth plugin %s gave no credentials and no reason",
                         auth_plugin_id(auth));
    }
    if (need->why == BEACON_WANT_REJECTED && grant->generation == need->rejected_gen) {
        return error_set(err, BEACON_E_AUTH, "log in again",
                         "the auth plugin %s has only what the server has just refused",
                         auth_plugin_id(auth));
    }
    return BEACON_OK;
}

int auth_acquire(struct auth *auth, const struct beacon_need *need,
                 const struct beacon_cancel *cancel, struct auth_grant *ret,
                 struct beacon_error *err)
{
    const struct beacon_cred_sink sink = auth_grant_sink(ret);
    struct beacon_error theirs;
    outcome_init(&theirs);
    beacon_rc rc =
        CALL(auth, "acquire", auth->table.acquire(auth->inst, need, &sink, cancel, &theirs));
    int ours = result(auth, "acquire", rc, &theirs, err);
    ours = ours == BEACON_OK ? check_grant(auth, need, ret, err) : ours;
    if (ours != BEACON_OK) {
        auth_grant_finish(ret);
    }
    return ours;
}

int auth_sign(struct auth *auth, const struct beacon_http_request *request,
              const struct beacon_cancel *cancel, struct auth_grant *ret, struct beacon_error *err)
{
    const struct beacon_cred_sink sink = auth_grant_sink(ret);
    struct beacon_error theirs;
    outcome_init(&theirs);
    beacon_rc rc =
        CALL(auth, "sign", auth->table.sign(auth->inst, request, &sink, cancel, &theirs));
    int ours = result(auth, "sign", rc, &theirs, err);
    if (ours != BEACON_OK) {
        auth_grant_finish(ret);
    }
    return ours;
}

int auth_login(struct auth *auth, const char *account, uint32_t method,
               const struct beacon_cancel *cancel, struct beacon_error *err)
{
    struct beacon_error theirs;
    outcome_init(&theirs);
    beacon_rc rc = CALL(auth, "login",
                        auth->table.login(auth->inst, span_of(account), method, cancel, &theirs));
    return result(auth, "login", rc, &theirs, err);
}

int auth_logout(struct auth *auth, const char *account, const struct beacon_cancel *cancel,
                struct beacon_error *err)
{
    struct beacon_error theirs;
    outcome_init(&theirs);
    beacon_rc rc =
        CALL(auth, "logout", auth->table.logout(auth->inst, span_of(account), cancel, &theirs));
    return result(auth, "logout", rc, &theirs, err);
}
