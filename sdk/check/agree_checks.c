/* SPDX-License-Identifier: Apache-2.0 */
/* Group L: the tables of the code against the manifest and the ABI. */
#include <beacon/auth.h>
#include <beacon/provider.h>
#include <beacon/sandbox.h>
#include <beacon/telemetry.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "check.h"
#include "checks.h"
#include "plugin/manifest.h"
#include "plugin/sized.h"
#include "subject.h"

#define COMPONENTS_MAX 64
#define AGREE_HINT                                                                                 \
    "take id, version and minors from the header that beacon_add_plugin() makes of plugin.json"

/* ---- L.agrees ---- */

static void compare_text(struct check_case *c, const char *what, const char *in_note,
                         const char *in_code)
{
    if (strcmp(in_note, in_code) != 0) {
        check_fail(c, "the same in both", AGREE_HINT, "%s is %s in the manifest and %s in the code",
                   what, in_note, in_code);
    }
}

static void compare_number(struct check_case *c, const char *what, uint32_t in_note,
                           uint32_t in_code)
{
    if (in_note != in_code) {
        check_fail(c, "the same in both", AGREE_HINT, "%s is %u in the manifest and %u in the code",
                   what, in_note, in_code);
    }
}

static bool is_in_code(const struct subject *s, const struct manifest_component *wanted)
{
    for (size_t i = 0; i < COMPONENTS_MAX && s->table.components[i] != NULL; i++) {
        struct beacon_component found;
        if (sized_copy(&found, sizeof found, s->table.components[i], "component", NULL) ==
                BEACON_OK &&
            found.name != NULL && found.iface != NULL && found.vtable != NULL &&
            found.kind == wanted->kind && strcmp(found.name, wanted->name) == 0 &&
            strcmp(found.iface, wanted->iface) == 0) {
            return true;
        }
    }
    return false;
}

static size_t count_components(const struct subject *s)
{
    size_t n = 0;
    while (n < COMPONENTS_MAX && s->table.components[n] != NULL) {
        n++;
    }
    return n;
}

void check_load_agrees(struct check_case *c)
{
    struct subject s;
    const struct plugin_manifest *manifest = c->manifest;
    if (!subject_map(c, &s)) {
        return;
    }
    compare_text(c, "id", manifest->id, s.table.id);
    compare_text(c, "version", manifest->version, s.table.version);
    compare_number(c, "abi.minor", manifest->abi_minor, s.table.abi_minor);
    compare_number(c, "abi.min_host_minor", manifest->min_host_minor, s.table.min_host_minor);
    compare_number(c, "the number of components", (uint32_t)manifest->n_components,
                   (uint32_t)count_components(&s));
    for (size_t i = 0; i < manifest->n_components; i++) {
        const struct manifest_component *wanted = &manifest->components[i];
        if (wanted->is_known && !is_in_code(&s, wanted)) {
            check_fail(c, "every component of the manifest, with a vtable",
                       "correct plugin.json or the components of the code",
                       "the code has no %s %s of %s", wanted->kind_name, wanted->name,
                       wanted->iface);
        }
    }
}

/* ---- L.tables ---- */

static const struct sized_slot provider_a[] = {
    SIZED_SLOT(beacon_provider, create),      SIZED_SLOT(beacon_provider, destroy),
    SIZED_SLOT(beacon_provider, open),        SIZED_SLOT(beacon_provider, poll),
    SIZED_SLOT(beacon_provider, on_response), SIZED_SLOT(beacon_provider, on_frame),
    SIZED_SLOT(beacon_provider, on_end),      SIZED_SLOT(beacon_provider, judge),
    SIZED_SLOT(beacon_provider, close),
};
static const struct sized_slot provider_b[] = {
    SIZED_SLOT(beacon_provider, create),
    SIZED_SLOT(beacon_provider, destroy),
    SIZED_SLOT(beacon_provider, stream),
};
static const struct sized_slot sandbox[] = {
    SIZED_SLOT(beacon_sandbox, probe),   SIZED_SLOT(beacon_sandbox, create),
    SIZED_SLOT(beacon_sandbox, destroy), SIZED_SLOT(beacon_sandbox, prepare),
    SIZED_SLOT(beacon_sandbox, release),
};
static const struct sized_slot auth[] = {
    SIZED_SLOT(beacon_auth, create),
    SIZED_SLOT(beacon_auth, destroy),
    SIZED_SLOT(beacon_auth, status),
    SIZED_SLOT(beacon_auth, acquire),
};
static const struct sized_slot telemetry_a[] = {
    SIZED_SLOT(beacon_telemetry, create),
    SIZED_SLOT(beacon_telemetry, destroy),
    SIZED_SLOT(beacon_telemetry, encode),
    SIZED_SLOT(beacon_telemetry, reply),
};
static const struct sized_slot telemetry_b[] = {
    SIZED_SLOT(beacon_telemetry, create),
    SIZED_SLOT(beacon_telemetry, destroy),
    SIZED_SLOT(beacon_telemetry, write),
};

#define COUNT(table) (table), sizeof(table) / sizeof(table)[0]

static const struct {
    uint32_t kind;
    enum manifest_form form;
    size_t size; /* of the whole table */
    const struct sized_slot *slots;
    size_t n;
} mandatory[] = {
    {BEACON_KIND_PROVIDER, MANIFEST_FORM_SANS_IO, sizeof(struct beacon_provider),
     COUNT(provider_a)},
    {BEACON_KIND_PROVIDER, MANIFEST_FORM_OWN_TRANSPORT, sizeof(struct beacon_provider),
     COUNT(provider_b)},
    {BEACON_KIND_SANDBOX, MANIFEST_FORM_SANS_IO, sizeof(struct beacon_sandbox), COUNT(sandbox)},
    {BEACON_KIND_AUTH, MANIFEST_FORM_SANS_IO, sizeof(struct beacon_auth), COUNT(auth)},
    {BEACON_KIND_TELEMETRY, MANIFEST_FORM_SANS_IO, sizeof(struct beacon_telemetry),
     COUNT(telemetry_a)},
    {BEACON_KIND_TELEMETRY, MANIFEST_FORM_OWN_TRANSPORT, sizeof(struct beacon_telemetry),
     COUNT(telemetry_b)},
};

static void check_table_of(struct check_case *c, const struct manifest_component *component,
                           const void *vtable)
{
    union {
        struct beacon_provider provider;
        struct beacon_sandbox sandbox;
        struct beacon_auth auth;
        struct beacon_telemetry telemetry;
    } full;
    struct beacon_error err = {0};
    for (size_t i = 0; i < sizeof mandatory / sizeof mandatory[0]; i++) {
        if (mandatory[i].kind != component->kind || mandatory[i].form != component->form) {
            continue;
        }
        int rc = sized_copy(&full, mandatory[i].size, vtable, component->name, &err);
        if (rc == BEACON_OK) {
            rc = sized_require(&full, mandatory[i].slots, mandatory[i].n, component->name, &err);
        }
        if (rc != BEACON_OK) {
            check_fail(c, "every mandatory slot of the form that the manifest names",
                       "fill in the slot, or correct \"form\" in plugin.json", "the table of %s",
                       err.message);
        }
    }
}

void check_load_tables(struct check_case *c)
{
    struct subject s;
    if (!subject_map(c, &s)) {
        return;
    }
    for (size_t i = 0; i < c->manifest->n_components; i++) {
        struct check_case one = *c;
        struct beacon_component component;
        one.component = &c->manifest->components[i];
        if (one.component->is_known && subject_component(&one, &s, &component)) {
            check_table_of(c, one.component, component.vtable);
        }
    }
}
