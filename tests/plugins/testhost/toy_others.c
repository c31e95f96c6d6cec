/* SPDX-License-Identifier: Apache-2.0 */
#include "toy.h"

#include <beacon-sdk/error.h>
#include <beacon-sdk/facet.h>
#include <beacon-sdk/text.h>
#include <stdio.h>

/* ---- auth ---- */

static beacon_rc status(void *inst, struct beacon_str account, struct beacon_auth_status *out,
                        struct beacon_error *err)
{
    const struct toy *toy = inst;
    const struct beacon_host_exec *exec = beacon_facet(toy->host, BEACON_HOST_EXEC);
    const struct beacon_str argv[] = {BEACON_STR("/bin/key")};
    int32_t ignored = 0;
    struct beacon_json_out text;
    beacon_json_out_init(&text, 100);
    const struct beacon_sink sink = beacon_sink_to(&text);
    (void)account;
    if (toy_does(toy, "status-runs-a-program")) {
        const struct beacon_bytes none = {NULL, 0};
        (void)exec->run(toy->host, argv, 1, NULL, 0, none, 0, &sink, &sink, &ignored, NULL, err);
        (void)snprintf(out->detail, sizeof out->detail, "%.*s %d", (int)text.n, text.p,
                       (int)ignored);
    }
    BEACON_SET(out, state, BEACON_AUTH_IN);
    beacon_json_out_finish(&text);
    return BEACON_OK;
}

static void ask_person(const struct toy *toy)
{
    const struct beacon_host_ui *ui = beacon_facet(toy->host, BEACON_HOST_UI);
    struct beacon_json_out line;
    beacon_json_out_init(&line, 100);
    const struct beacon_sink sink = beacon_sink_to(&line);
    (void)ui->prompt(toy->host, BEACON_STR("Key?"), 1, &sink, NULL);
    beacon_json_out_finish(&line);
}

static beacon_rc acquire(void *inst, const struct beacon_need *need,
                         const struct beacon_cred_sink *out, const struct beacon_cancel *cancel,
                         struct beacon_error *err)
{
    const struct toy *toy = inst;
    (void)cancel;
    (void)err;
    if (toy_does(toy, "prompt")) {
        ask_person(toy);
    }
    const bool splits = toy_does(toy, "split-header");
    (void)out->header(out, BEACON_STR("x-key"), splits ? BEACON_STR("a\nb") : BEACON_STR("k"));
    (void)out->query(out, BEACON_STR("q"), BEACON_STR("v"));
    return out->expires(out, 5, toy_does(toy, "offer-again") ? need->rejected_gen : 2);
}

static beacon_rc login(void *inst, struct beacon_str account, uint32_t method,
                       const struct beacon_cancel *cancel, struct beacon_error *err)
{
    const struct toy *toy = inst;
    const struct beacon_host_ui *ui = beacon_facet(toy->host, BEACON_HOST_UI);
    const struct beacon_host_secrets *secrets = beacon_facet(toy->host, BEACON_HOST_SECRETS);
    struct beacon_json_out line;
    beacon_json_out_init(&line, 100);
    const struct beacon_sink sink = beacon_sink_to(&line);
    (void)account;
    (void)method;
    beacon_rc rc = ui->prompt(toy->host, BEACON_STR("Key?"), 1, &sink, cancel);
    if (rc != BEACON_OK) {
        rc = beacon_error_fill(err, rc, "try again", "nobody answered");
    } else {
        const struct beacon_bytes value = {(const uint8_t *)line.p, line.n};
        rc = secrets->set(toy->host, BEACON_STR("key"), value, 0, err);
    }
    beacon_json_out_finish(&line);
    return rc;
}

const struct beacon_auth toy_auth = {
    .struct_size = sizeof toy_auth,
    .create = toy_create,
    .destroy = toy_destroy,
    .status = status,
    .acquire = acquire,
    .login = login,
};

/* ---- sandbox ---- */

static beacon_rc probe(void *plugin_state, const struct beacon_host *host,
                       struct beacon_sandbox_report *out, struct beacon_error *err)
{
    (void)plugin_state;
    (void)host;
    (void)err;
    BEACON_SET(out, can_enforce, BEACON_SB_NET);
    return BEACON_OK;
}

static beacon_rc prepare(void *inst, const struct beacon_sandbox_policy *policy,
                         const struct beacon_exec *exec, const struct beacon_plan *plan,
                         void **cookie, struct beacon_error *err)
{
    const struct toy *toy = inst;
    const struct beacon_op op = {.struct_size = sizeof op,
                                 .op = toy_does(toy, "unknown-op") ? 77 : BEACON_OP_UMASK,
                                 .fd = -1,
                                 .a = 18};
    const struct beacon_str wrap[] = {BEACON_STR("bwrap"), BEACON_STR("--")};
    (void)policy;
    (void)exec;
    (void)err;
    *cookie = inst;
    (void)plan->wrap(plan, wrap, 2);
    (void)plan->env_set(plan, BEACON_STR("A"), BEACON_STR("b"));
    (void)plan->env_unset(plan, BEACON_STR("C"));
    (void)plan->op(plan, &op);
    return plan->promise(plan, toy_does(toy, "promise-too-much") ? 3 : BEACON_SB_NET);
}

static void release(void *inst, void *cookie)
{
    (void)inst;
    (void)cookie;
}

const struct beacon_sandbox toy_sandbox = {
    .struct_size = sizeof toy_sandbox,
    .probe = probe,
    .create = toy_create,
    .destroy = toy_destroy,
    .prepare = prepare,
    .release = release,
};

/* ---- telemetry, form A ---- */

static beacon_rc encode(void *inst, const struct beacon_batch *b, const struct beacon_http_out *out,
                        struct beacon_error *err)
{
    const struct toy *toy = inst;
    char body[64];
    (void)err;
    const int n = snprintf(body, sizeof body, "%zu records, %zu attributes", b->n_records,
                           b->n_records > 0 ? b->records[0]->n_attrs : 0);
    struct beacon_http_request rq = {.struct_size = sizeof rq,
                                     .method = BEACON_STR("POST"),
                                     .url = BEACON_STR("https://toy.example/v1/logs"),
                                     .body = {(const uint8_t *)body, (size_t)n}};
    if (toy_does(toy, "describe-nothing")) {
        return BEACON_OK;
    }
    const beacon_rc rc = out->request(out, &rq);
    return toy_does(toy, "describe-twice") ? out->request(out, &rq) : rc;
}

static beacon_rc reply(void *inst, const struct beacon_http_response *r, struct beacon_bytes body,
                       struct beacon_export_result *out)
{
    (void)inst;
    (void)body;
    BEACON_SET(out, retry, r->status == 503 ? 1 : 0);
    return BEACON_OK;
}

const struct beacon_telemetry toy_telemetry = {
    .struct_size = sizeof toy_telemetry,
    .create = toy_create,
    .destroy = toy_destroy,
    .encode = encode,
    .reply = reply,
};

/* ---- the plugin ---- */

#define COMPONENT(kind_, iface_, vtable_)                                                          \
    {                                                                                              \
        .struct_size = sizeof(struct beacon_component), .kind = (kind_), .name = "toy",            \
        .iface = (iface_), .vtable = (vtable_)                                                     \
    }

static const struct beacon_component all[] = {
    COMPONENT(BEACON_KIND_PROVIDER, BEACON_PROVIDER_IFACE, &toy_provider),
    COMPONENT(BEACON_KIND_AUTH, BEACON_AUTH_IFACE, &toy_auth),
    COMPONENT(BEACON_KIND_SANDBOX, BEACON_SANDBOX_IFACE, &toy_sandbox),
    COMPONENT(BEACON_KIND_TELEMETRY, BEACON_TELEMETRY_IFACE, &toy_telemetry),
};

static const struct beacon_component *const components[] = {&all[0], &all[1], &all[2], &all[3],
                                                            NULL};

const struct beacon_plugin toy_plugin = {
    .struct_size = sizeof toy_plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .id = "com.example.toy",
    .version = "1.0.0",
    .components = components,
};
