/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon/auth.h>
#include <beacon/provider.h>
#include <beacon/sandbox.h>
#include <beacon/telemetry.h>
#include <dlfcn.h>
#include <stdlib.h>

#include "internal.h"

/* The slots a kind cannot do without, by their place in the table. */
struct slot {
    const char *name;
    size_t at;
};

#define SLOT(table, member)                                                                        \
    {                                                                                              \
#member, offsetof(struct table, member)                                                    \
    }

typedef void (*any_fn)(void);

static bool has_slot(const void *table, const struct slot *slot)
{
    uint32_t struct_size;
    any_fn fn = NULL;
    memcpy(&struct_size, table, sizeof struct_size);
    if (struct_size >= slot->at + sizeof fn) {
        memcpy(&fn, (const char *)table + slot->at, sizeof fn);
    }
    return fn != NULL;
}

static size_t n_missing(struct testhost *t, const char *component, const void *table,
                        const struct slot *slots, size_t n, bool is_told)
{
    size_t missing = 0;
    for (size_t i = 0; i < n; i++) {
        if (!has_slot(table, &slots[i])) {
            missing++;
            if (is_told) {
                testhost_find(t, "value", "component %s has no %s()", component, slots[i].name);
            }
        }
    }
    return missing;
}

static const struct slot provider_slots[] = {
    SLOT(beacon_provider, create),      SLOT(beacon_provider, destroy),
    SLOT(beacon_provider, open),        SLOT(beacon_provider, poll),
    SLOT(beacon_provider, on_response), SLOT(beacon_provider, on_frame),
    SLOT(beacon_provider, on_end),      SLOT(beacon_provider, judge),
    SLOT(beacon_provider, close),
};
static const struct slot stream_slots[] = {
    SLOT(beacon_provider, create), SLOT(beacon_provider, destroy), SLOT(beacon_provider, stream)};
static const struct slot sandbox_slots[] = {
    SLOT(beacon_sandbox, probe), SLOT(beacon_sandbox, create), SLOT(beacon_sandbox, destroy),
    SLOT(beacon_sandbox, prepare), SLOT(beacon_sandbox, release)};
static const struct slot auth_slots[] = {SLOT(beacon_auth, create), SLOT(beacon_auth, destroy),
                                         SLOT(beacon_auth, status), SLOT(beacon_auth, acquire)};
static const struct slot write_slots[] = {
    SLOT(beacon_telemetry, create), SLOT(beacon_telemetry, destroy), SLOT(beacon_telemetry, write)};
static const struct slot encode_slots[] = {
    SLOT(beacon_telemetry, create), SLOT(beacon_telemetry, destroy), SLOT(beacon_telemetry, encode),
    SLOT(beacon_telemetry, reply)};

/* A kind, and up to two sets of slots of which one must be whole. */
static const struct {
    uint32_t kind;
    const char *iface;
    const struct slot *slots, *others;
    size_t n_slots, n_others;
} kinds[] = {
#define COUNT(array) (sizeof(array) / sizeof(array)[0])
    {BEACON_KIND_PROVIDER, BEACON_PROVIDER_IFACE, provider_slots, stream_slots,
     COUNT(provider_slots), COUNT(stream_slots)},
    {BEACON_KIND_SANDBOX, BEACON_SANDBOX_IFACE, sandbox_slots, NULL, COUNT(sandbox_slots), 0},
    {BEACON_KIND_AUTH, BEACON_AUTH_IFACE, auth_slots, NULL, COUNT(auth_slots), 0},
    {BEACON_KIND_TELEMETRY, BEACON_TELEMETRY_IFACE, write_slots, encode_slots, COUNT(write_slots),
     COUNT(encode_slots)},
};

static void check_component(struct testhost *t, const struct beacon_component *c)
{
    if (c->name == NULL || c->iface == NULL || c->vtable == NULL) {
        testhost_find(t, "value", "a component has no name, iface or vtable");
        return;
    }
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (kinds[i].kind != c->kind) {
            continue;
        }
        if (strcmp(kinds[i].iface, c->iface) != 0) {
            testhost_find(t, "value", "component %s speaks %s, not %s", c->name, c->iface,
                          kinds[i].iface);
        } else if (kinds[i].others == NULL || n_missing(t, c->name, c->vtable, kinds[i].others,
                                                        kinds[i].n_others, false) > 0) {
            (void)n_missing(t, c->name, c->vtable, kinds[i].slots, kinds[i].n_slots, true);
        }
        return;
    }
    if ((t->options.flags & TESTHOST_ANY_KIND) == 0) {
        testhost_find(t, "value", "component %s is of kind %u, which nobody knows", c->name,
                      c->kind);
    }
}

static bool is_complete(struct testhost *t, const struct beacon_plugin *plugin)
{
    if (plugin == NULL) {
        testhost_find(t, "value", "the entry gave no plugin");
        return false;
    }
    if (plugin->id == NULL || plugin->version == NULL || plugin->components == NULL) {
        testhost_find(t, "value", "the plugin has no id, version or components");
        return false;
    }
    if (plugin->min_host_minor > plugin->abi_minor) {
        testhost_find(t, "value", "min_host_minor %u is over abi_minor %u", plugin->min_host_minor,
                      plugin->abi_minor);
    }
    for (size_t i = 0; plugin->components[i] != NULL; i++) {
        check_component(t, plugin->components[i]);
    }
    return true;
}

struct load_call {
    struct testhost *t;
    struct beacon_error *err;
    beacon_rc rc;
};

static void call_load(void *arg)
{
    struct load_call *call = arg;
    struct testhost *t = call->t;
    call->rc = t->plugin->load(t->host, &t->plugin_state, call->err);
    if (call->rc != BEACON_OK) {
        testhost_keep_error(t, call->err);
    }
}

beacon_rc testhost_load(struct testhost *t, const struct beacon_plugin *plugin)
{
    testhost_unload(t);
    if (!is_complete(t, plugin)) {
        return BEACON_E_INVALID;
    }
    t->plugin = plugin;
    t->plugin_state = NULL;
    t->is_loaded = plugin->load == NULL;
    if (plugin->load != NULL) {
        struct load_call call = {t, testhost_lend_error(t), BEACON_E_INTERNAL};
        t->is_loaded = testhost_call_main(t, "load", call_load, &call) && call.rc == BEACON_OK;
        if (!t->is_loaded) {
            return call.rc;
        }
    }
    return BEACON_OK;
}

beacon_rc testhost_load_file(struct testhost *t, const char *path)
{
    beacon_plugin_entry_fn entry;
    void *file = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    void *symbol = file != NULL ? dlsym(file, BEACON_ENTRY_SYMBOL) : NULL;
    if (symbol == NULL) {
        const char *why = dlerror();
        testhost_find(t, "value", "%s", why != NULL ? why : "the file cannot be loaded");
        return BEACON_E_IO;
    }
    memcpy(&entry, &symbol, sizeof entry);
    (void)dlclose(file); /* RTLD_NODELETE keeps it */
    return testhost_load(t, entry(t->host->abi_minor));
}

static void call_unload(void *arg)
{
    const struct testhost *t = arg;
    t->plugin->unload(t->plugin_state);
}

void testhost_unload(struct testhost *t)
{
    if (t->is_loaded && t->plugin->unload != NULL) {
        (void)testhost_call_main(t, "unload", call_unload, t);
    }
    t->is_loaded = false;
    t->plugin = NULL;
}

const struct beacon_component *testhost_component(const struct testhost *t, uint32_t kind,
                                                  const char *name)
{
    for (size_t i = 0; t->plugin != NULL && t->plugin->components[i] != NULL; i++) {
        const struct beacon_component *c = t->plugin->components[i];
        if (c->kind == kind && (name == NULL || strcmp(c->name, name) == 0)) {
            return c;
        }
    }
    return NULL;
}

const struct beacon_plugin *testhost_plugin(const struct testhost *t)
{
    return t->plugin;
}

void *testhost_plugin_state(const struct testhost *t)
{
    return t->plugin_state;
}
