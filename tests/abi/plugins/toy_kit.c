/* SPDX-License-Identifier: Apache-2.0 */
/* One file with a component of each other kind: two sandbox backends, an auth plugin with the mandatory
 * slots only, an exporter of either form, and a component of an interface from the future. */
#include <beacon/auth.h>
#include <beacon/sandbox.h>
#include <beacon/telemetry.h>
#include <string.h>

#include "toy_names.h"

static const struct beacon_host *host_in_use;
static int prepared; /* plans not released */

static beacon_rc kit_create(void *plugin_state, const struct beacon_host *h,
                            struct beacon_str config, void **inst, struct beacon_error *e)
{
    (void)plugin_state;
    (void)h;
    (void)config;
    (void)e;
    *inst = &prepared;
    return BEACON_OK;
}

static void kit_destroy(void *inst)
{
    (void)inst;
}

static beacon_rc jail_probe(void *plugin_state, const struct beacon_host *h,
                            struct beacon_sandbox_report *out, struct beacon_error *e)
{
    (void)plugin_state;
    (void)h;
    (void)e;
    BEACON_SET(out, can_enforce, BEACON_SB_FS_WRITE | BEACON_SB_NET);
    memset(out->detail, 'x', sizeof out->detail); /* forgets the NUL */
    return BEACON_OK;
}

/* The plan says NO_NEW_PRIVS, a mount of an older header, and the operation that the first rule's
 * access bits name; whatever the host answers, it goes on. */
static beacon_rc jail_prepare(void *inst, const struct beacon_sandbox_policy *pol,
                              const struct beacon_exec *ex, const struct beacon_plan *plan,
                              void **cookie, struct beacon_error *e)
{
    struct beacon_op op = BEACON_INIT(struct beacon_op);
    struct beacon_mount mount;
    (void)inst;
    (void)ex;
    (void)e;
    op.op = BEACON_OP_NO_NEW_PRIVS;
    op.fd = -1;
    (void)plan->op(plan, &op);
    memset(&mount, 0xa5, sizeof mount);
    memset(&mount, 0, offsetof(struct beacon_mount, fstype));
    mount.struct_size = (uint32_t)offsetof(struct beacon_mount, fstype);
    op.op = BEACON_OP_MASK;
    op.data = &mount;
    op.n = mount.struct_size;
    (void)plan->op(plan, &op);
    if (pol->require != 0) {
        op.op = pol->require;
        op.data = NULL;
        op.n = 0;
        (void)plan->op(plan, &op);
    }
    (void)plan->promise(plan, BEACON_SB_NET);
    prepared++;
    *cookie = &prepared;
    return BEACON_OK;
}

static void jail_release(void *inst, void *cookie)
{
    (void)inst;
    (*(int *)cookie)--;
}

static beacon_rc jail_diagnose(void *inst, void *cookie, int32_t wait_status,
                               struct beacon_bytes err_tail, const struct beacon_sink *out)
{
    (void)inst;
    (void)wait_status;
    (void)err_tail;
    const char open_plans = (char)('0' + *(int *)cookie);
    return out->put(out, &open_plans, 1);
}

static const struct beacon_sandbox jail = {
    .struct_size = (uint32_t)sizeof jail,
    .probe = jail_probe,
    .create = kit_create,
    .destroy = kit_destroy,
    .prepare = jail_prepare,
    .release = jail_release,
    .diagnose = jail_diagnose,
};

/* A backend of an older header, which ended with the mandatory slots. */
static const struct beacon_sandbox old_jail = {
    .struct_size = (uint32_t)offsetof(struct beacon_sandbox, diagnose),
    .probe = jail_probe,
    .create = kit_create,
    .destroy = kit_destroy,
    .prepare = jail_prepare,
    .release = jail_release,
};

static beacon_rc key_status(void *inst, struct beacon_str account, struct beacon_auth_status *out,
                            struct beacon_error *e)
{
    (void)inst;
    (void)account;
    (void)e;
    BEACON_SET(out, state, BEACON_AUTH_IN);
    return BEACON_OK;
}

/* Gives the variable that the audience names as a header, through the host's facet. */
struct key_relay {
    const struct beacon_cred_sink *out;
};

static beacon_rc key_put(const struct beacon_sink *s, const void *p, size_t n)
{
    const struct key_relay *relay = s->ctx;
    const struct beacon_str name = {"x-key", 5}, value = {p, n};
    return relay->out->header(relay->out, name, value);
}

static beacon_rc key_acquire(void *inst, const struct beacon_need *n,
                             const struct beacon_cred_sink *out, const struct beacon_cancel *c,
                             struct beacon_error *e)
{
    const struct beacon_host_env *env = host_in_use->facet(host_in_use, BEACON_HOST_ENV);
    struct key_relay relay = {.out = out};
    const struct beacon_sink sink = {
        .struct_size = (uint32_t)sizeof sink, .ctx = &relay, .put = key_put};
    (void)inst;
    (void)c;
    (void)e;
    return env->get(host_in_use, n->audience, &sink);
}

static const struct beacon_auth key = {
    .struct_size = (uint32_t)sizeof key,
    .create = kit_create,
    .destroy = kit_destroy,
    .status = key_status,
    .acquire = key_acquire,
};

static beacon_rc wire_encode(void *inst, const struct beacon_batch *b,
                             const struct beacon_http_out *out, struct beacon_error *e)
{
    (void)inst;
    (void)b;
    (void)out;
    (void)e;
    return BEACON_OK;
}

static beacon_rc wire_reply(void *inst, const struct beacon_http_response *r,
                            struct beacon_bytes body, struct beacon_export_result *out)
{
    (void)inst;
    (void)r;
    (void)body;
    BEACON_SET(out, retry, 1);
    return BEACON_OK;
}

static const struct beacon_telemetry wire = {
    .struct_size = (uint32_t)sizeof wire,
    .create = kit_create,
    .destroy = kit_destroy,
    .encode = wire_encode,
    .reply = wire_reply,
};

static beacon_rc paper_write(void *inst, const struct beacon_batch *b,
                             const struct beacon_cancel *deadline, struct beacon_error *e)
{
    (void)inst;
    (void)b;
    (void)deadline;
    (void)e;
    return BEACON_OK;
}

static const struct beacon_telemetry paper = {
    .struct_size = (uint32_t)sizeof paper,
    .create = kit_create,
    .destroy = kit_destroy,
    .write = paper_write,
};

static const struct beacon_component jail_component = {
    .struct_size = (uint32_t)sizeof jail_component,
    .kind = BEACON_KIND_SANDBOX,
    .name = "jail",
    .iface = BEACON_SANDBOX_IFACE,
    .vtable = &jail,
};

static const struct beacon_component old_jail_component = {
    .struct_size = (uint32_t)sizeof old_jail_component,
    .kind = BEACON_KIND_SANDBOX,
    .name = "old_jail",
    .iface = BEACON_SANDBOX_IFACE,
    .vtable = &old_jail,
};

static const struct beacon_component key_component = {
    .struct_size = (uint32_t)sizeof key_component,
    .kind = BEACON_KIND_AUTH,
    .name = "key",
    .iface = BEACON_AUTH_IFACE,
    .vtable = &key,
};

static const struct beacon_component wire_component = {
    .struct_size = (uint32_t)sizeof wire_component,
    .kind = BEACON_KIND_TELEMETRY,
    .name = "wire",
    .iface = BEACON_TELEMETRY_IFACE,
    .vtable = &wire,
};

static const struct beacon_component paper_component = {
    .struct_size = (uint32_t)sizeof paper_component,
    .kind = BEACON_KIND_TELEMETRY,
    .name = "paper",
    .iface = BEACON_TELEMETRY_IFACE,
    .vtable = &paper,
};

static const struct beacon_component future_component = {
    .struct_size = (uint32_t)sizeof future_component,
    .kind = BEACON_KIND_SANDBOX,
    .name = "future",
    .iface = "beacon.sandbox/9",
    .vtable = &jail,
};

static const struct beacon_component *const components[] = {
    &jail_component,  &old_jail_component, &key_component, &wire_component,
    &paper_component, &future_component,   NULL,
};

static beacon_rc kit_load(const struct beacon_host *host, void **state, struct beacon_error *err)
{
    (void)state;
    (void)err;
    host_in_use = host;
    return BEACON_OK;
}

static const struct beacon_plugin plugin = {
    .struct_size = (uint32_t)sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
    .load = kit_load,
};
BEACON_PLUGIN(kit, &plugin)
