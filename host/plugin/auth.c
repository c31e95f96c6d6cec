/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/auth.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
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

int auth_open(struct plugin_set *set, const char *component, const char *config_json,
              struct auth **ret, struct beacon_error *err)
{
    struct auth *auth = alloc_zeroed(sizeof *auth);
    int rc = plugin_open_component(set, BEACON_KIND_AUTH, component, &auth->component, err);
    if (rc == BEACON_OK) {
        rc = complete_table(auth, err);
    }
    if (rc == BEACON_OK) {
        rc = outcome_create(auth->component.plugin, auth->table.create, config_json, &auth->inst,
                            err);
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
    if (auth != NULL) {
        auth->table.destroy(auth->inst);
        free(auth);
    }
}

const struct beacon_auth *auth_table(const struct auth *auth)
{
    return &auth->table;
}

void *auth_instance(const struct auth *auth)
{
    return auth->inst;
}
