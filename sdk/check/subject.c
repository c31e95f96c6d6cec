/* SPDX-License-Identifier: Apache-2.0 */
#include "subject.h"

#include <dlfcn.h>
#include <string.h>

#include "base/error.h"
#include "check.h"
#include "host.h"
#include "plugin/manifest.h"
#include "plugin/sized.h"
#include "slate.h"

#define COMPONENTS_MAX 64
#define BUILD_HINT     "build the plugin with beacon_add_plugin() and BEACON_PLUGIN()"

static int call_entry(struct subject *s, struct beacon_error *err)
{
    slot_enter(BEACON_ENTRY_SYMBOL);
    s->given = s->entry(BEACON_ABI_MINOR);
    slot_leave();
    if (s->given == NULL) {
        return error_set(err, BEACON_E_UNSUPPORTED, "return the plugin to every host it can serve",
                         "the entry returned NULL to a host of ABI %u.%u", BEACON_ABI_MAJOR,
                         BEACON_ABI_MINOR);
    }
    int rc = sized_copy(&s->table, sizeof s->table, s->given, "struct beacon_plugin", err);
    if (rc != BEACON_OK) {
        return rc;
    }
    static const struct sized_slot mandatory[] = {
        SIZED_SLOT(beacon_plugin, id),
        SIZED_SLOT(beacon_plugin, version),
        SIZED_SLOT(beacon_plugin, components),
    };
    return sized_require(&s->table, mandatory, sizeof mandatory / sizeof mandatory[0],
                         "struct beacon_plugin", err);
}

beacon_rc subject_try_map(const struct check_case *c, struct subject *ret, struct beacon_error *err)
{
    struct subject s = {0};
    slot_enter("dlopen");
    s.handle = dlopen(c->request->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    slot_leave();
    if (s.handle == NULL) {
        return error_set(err, BEACON_E_INVALID, "link the plugin with every library it needs",
                         "the dynamic linker said: %s", dlerror());
    }
    *(void **)&s.entry = dlsym(s.handle, BEACON_ENTRY_SYMBOL);
    if (s.entry == NULL) {
        return error_set(err, BEACON_E_INVALID, BUILD_HINT, "the file exports no %s",
                         BEACON_ENTRY_SYMBOL);
    }
    int rc = call_entry(&s, err);
    if (rc == BEACON_OK) {
        *ret = s;
    }
    return rc;
}

beacon_rc subject_try_load(struct subject *s, const struct beacon_host *host,
                           struct beacon_error *err)
{
    s->host = host;
    if (s->table.load == NULL) {
        return BEACON_OK;
    }
    slot_enter("load");
    beacon_rc rc = s->table.load(host, &s->state, err);
    slot_leave();
    return rc;
}

bool subject_map(struct check_case *c, struct subject *ret)
{
    struct beacon_error err = {0};
    if (subject_try_map(c, ret, &err) != BEACON_OK) {
        check_skip(c, "the plugin cannot be mapped, see L.maps");
        return false;
    }
    return true;
}

bool subject_load(struct check_case *c, struct subject *ret)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    if (!subject_map(c, ret)) {
        return false;
    }
    if (subject_try_load(ret, host_lend(HOST_ORDINARY), &err) != BEACON_OK) {
        check_skip(c, "load() fails, see L.loads");
        return false;
    }
    return true;
}

bool subject_component(struct check_case *c, const struct subject *s, struct beacon_component *ret)
{
    const struct manifest_component *wanted = c->component;
    for (size_t i = 0; i < COMPONENTS_MAX && s->table.components[i] != NULL; i++) {
        struct beacon_component found;
        if (sized_copy(&found, sizeof found, s->table.components[i], "component", NULL) ==
                BEACON_OK &&
            found.name != NULL && found.iface != NULL && found.vtable != NULL &&
            found.kind == wanted->kind && strcmp(found.name, wanted->name) == 0) {
            *ret = found;
            return true;
        }
    }
    check_skip(c, "the code has no component %s, see L.agrees", wanted->name);
    return false;
}
