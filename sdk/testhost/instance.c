/* SPDX-License-Identifier: Apache-2.0 */
#include "instance.h"

bool instance_table(struct testhost *t, uint32_t kind, const char *name, void *table, size_t size)
{
    const struct beacon_component *c = testhost_component(t, kind, name);
    uint32_t theirs = 0;
    if (c == NULL) {
        testhost_find(t, "value", "there is no component %s of this kind",
                      name != NULL ? name : "at all");
        return false;
    }
    memset(table, 0, size);
    memcpy(&theirs, c->vtable, sizeof theirs);
    memcpy(table, c->vtable, theirs < size ? theirs : size);
    return true;
}

static void run_call(void *arg)
{
    struct instance_call *call = arg;
    struct testhost *t = call->i->t;
    call->fn(call);
    if (call->rc > 0) {
        testhost_find(t, "value", "returns %d, which is no result code", call->rc);
    }
    if (call->rc != BEACON_OK && call->err != NULL) {
        testhost_keep_error(t, call->err);
    }
}

beacon_rc instance_call(struct instance_call *call, const char *slot, bool is_pure)
{
    struct instance *i = call->i;
    call->rc = BEACON_E_INTERNAL;
    if (i->is_broken) {
        return BEACON_E_INTERNAL;
    }
    const bool is_done = is_pure ? testhost_call_pure(i->t, slot, run_call, call)
                                 : testhost_call(i->t, slot, run_call, call);
    if (!is_done) {
        i->is_broken = true;
        return BEACON_E_INTERNAL;
    }
    return call->rc;
}

struct creation {
    instance_create_fn create;
    struct beacon_str config;
};

static void do_create(struct instance_call *call)
{
    const struct creation *c = call->arg;
    const struct testhost *t = call->i->t;
    call->rc = c->create(t->plugin_state, t->host, c->config, &call->i->inst, call->err);
}

beacon_rc instance_create(struct testhost *t, instance_create_fn create, const char *config,
                          struct instance *ret)
{
    struct creation c = {create, testhost_lend_str(t, beacon_text(config))};
    memset(ret, 0, sizeof *ret);
    ret->t = t;
    struct instance_call call = {
        .i = ret, .err = testhost_lend_error(t), .fn = do_create, .arg = &c};
    return instance_call(&call, "create", false);
}

struct destruction {
    instance_destroy_fn destroy;
    void *inst;
};

static void do_destroy(void *arg)
{
    const struct destruction *d = arg;
    d->destroy(d->inst);
}

void instance_destroy(struct instance *i, instance_destroy_fn destroy)
{
    struct destruction d = {destroy, i->inst};
    if (!i->is_broken) {
        (void)testhost_call(i->t, "destroy", do_destroy, &d);
    }
}
