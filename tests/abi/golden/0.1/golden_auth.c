/* SPDX-License-Identifier: Apache-2.0 */
/* An auth plugin with every slot: gives a header of the generation after the one that was rejected. */
#include <beacon/auth.h>
#include <stdlib.h>
#include <string.h>

#include "golden_auth_manifest.h"

static struct beacon_str str(const char *s)
{
    struct beacon_str span = {s, strlen(s)};
    return span;
}

static beacon_rc golden_create(void *plugin_state, const struct beacon_host *h,
                               struct beacon_str config, void **inst, struct beacon_error *e)
{
    (void)plugin_state;
    (void)h;
    (void)config;
    (void)e;
    *inst = calloc(1, 1);
    return *inst != NULL ? BEACON_OK : BEACON_E_NOMEM;
}

static void golden_destroy(void *inst)
{
    free(inst);
}

static beacon_rc golden_status(void *inst, struct beacon_str account,
                               struct beacon_auth_status *out, struct beacon_error *e)
{
    (void)inst;
    (void)account;
    (void)e;
    BEACON_SET(out, state, BEACON_AUTH_EXPIRED);
    BEACON_SET(out, expires_unix_ms, 1700000000123u);
    BEACON_SET(out, methods, BEACON_LOGIN_DEVICE | BEACON_LOGIN_SECRET);
    if (BEACON_HAS(out, account)) {
        strncpy(out->account, "golden@example.com", sizeof out->account - 1);
    }
    if (BEACON_HAS(out, detail)) {
        strncpy(out->detail, "expired", sizeof out->detail - 1);
    }
    return BEACON_OK;
}

static beacon_rc golden_accounts(void *inst, const struct beacon_sink *names,
                                 struct beacon_error *e)
{
    (void)inst;
    (void)e;
    return names->put(names, "golden", 6);
}

static beacon_rc golden_acquire(void *inst, const struct beacon_need *n,
                                const struct beacon_cred_sink *out, const struct beacon_cancel *c,
                                struct beacon_error *e)
{
    (void)inst;
    (void)c;
    (void)e;
    if (n->why != BEACON_WANT_REJECTED) {
        return BEACON_E_AUTH;
    }
    beacon_rc rc = out->header(out, str("authorization"), str("Golden x"));
    return rc == BEACON_OK ? out->expires(out, 1800000000000u, n->rejected_gen + 1) : rc;
}

static beacon_rc golden_sign(void *inst, const struct beacon_http_request *rq,
                             const struct beacon_cred_sink *out, const struct beacon_cancel *c,
                             struct beacon_error *e)
{
    (void)inst;
    (void)c;
    (void)e;
    return out->header(out, str("x-signed"), rq->url);
}

static beacon_rc golden_login(void *inst, struct beacon_str account, uint32_t method,
                              const struct beacon_cancel *c, struct beacon_error *e)
{
    (void)inst;
    (void)account;
    (void)c;
    (void)e;
    return method == BEACON_LOGIN_DEVICE ? BEACON_OK : BEACON_E_UNSUPPORTED;
}

static beacon_rc golden_logout(void *inst, struct beacon_str account, const struct beacon_cancel *c,
                               struct beacon_error *e)
{
    (void)inst;
    (void)account;
    (void)c;
    BEACON_SET(e, code, BEACON_E_IO);
    return BEACON_E_IO;
}

static const struct beacon_auth table = {
    .struct_size = (uint32_t)sizeof table,
    .create = golden_create,
    .destroy = golden_destroy,
    .status = golden_status,
    .accounts = golden_accounts,
    .acquire = golden_acquire,
    .sign = golden_sign,
    .login = golden_login,
    .logout = golden_logout,
};

static const struct beacon_component component = {
    .struct_size = (uint32_t)sizeof component,
    .kind = BEACON_KIND_AUTH,
    .name = "golden-key",
    .iface = BEACON_AUTH_IFACE,
    .vtable = &table,
};
static const struct beacon_component *const components[] = {&component, NULL};

static const struct beacon_plugin plugin = {
    .struct_size = (uint32_t)sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
};

BEACON_PLUGIN(golden_auth, &plugin)
