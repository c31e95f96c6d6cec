/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/introduce.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "plugin/breadcrumb.h"
#include "plugin/manifest.h"
#include "plugin/sized.h"

#define COMPONENTS_MAX 64
#define DISAGREE_HINT  "rebuild the plugin so that code and note come from one plugin.json"

/* What is being introduced. */
struct introduction {
    const struct plugin_manifest *manifest;
    const char *file_name;
    struct beacon_plugin table; /* complete */
};

/* Ask the code for its plugin table and complete it. */
static int call_entry(struct introduction *plugin, beacon_plugin_entry_fn entry,
                      struct beacon_error *err)
{
    const struct breadcrumb before = breadcrumb_enter(plugin->manifest->id, "entry");
    const struct beacon_plugin *theirs = entry(BEACON_ABI_MINOR);
    breadcrumb_leave(before);
    if (theirs == NULL) {
        return error_set(err, BEACON_E_UNSUPPORTED,
                         "use a newer beacon, or a build of the plugin for this one",
                         "%s declines to serve a host of ABI %u.%u", plugin->file_name,
                         BEACON_ABI_MAJOR, BEACON_ABI_MINOR);
    }
    int rc = sized_copy(&plugin->table, sizeof plugin->table, theirs, plugin->file_name, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    static const struct sized_slot mandatory[] = {
        SIZED_SLOT(beacon_plugin, id),
        SIZED_SLOT(beacon_plugin, version),
        SIZED_SLOT(beacon_plugin, components),
    };
    return sized_require(&plugin->table, mandatory, sizeof mandatory / sizeof mandatory[0],
                         plugin->file_name, err);
}

static int disagree(const struct introduction *plugin, const char *what, const char *in_note,
                    const char *in_code, struct beacon_error *err)
{
    return error_set(err, BEACON_E_REFUSED, DISAGREE_HINT,
                     "%s disagrees with its note: the note says %s %s, the code %s",
                     plugin->file_name, what, in_note, in_code);
}

static int compare_identity(const struct introduction *plugin, struct beacon_error *err)
{
    const struct plugin_manifest *manifest = plugin->manifest;
    assert(plugin->table.id != NULL && plugin->table.version != NULL); /* call_entry() asked */
    if (strcmp(plugin->table.id, manifest->id) != 0) {
        return disagree(plugin, "id", manifest->id, plugin->table.id, err);
    }
    if (strcmp(plugin->table.version, manifest->version) != 0) {
        return disagree(plugin, "version", manifest->version, plugin->table.version, err);
    }
    if (plugin->table.abi_minor != manifest->abi_minor ||
        plugin->table.min_host_minor != manifest->min_host_minor) {
        char in_note[64], in_code[64];
        (void)snprintf(in_note, sizeof in_note, "1.%u for hosts from 1.%u", manifest->abi_minor,
                       manifest->min_host_minor);
        (void)snprintf(in_code, sizeof in_code, "1.%u for hosts from 1.%u", plugin->table.abi_minor,
                       plugin->table.min_host_minor);
        return disagree(plugin, "ABI", in_note, in_code, err);
    }
    return BEACON_OK;
}

bool introduce_find(const struct beacon_plugin *table, const struct manifest_component *wanted,
                    struct beacon_component *ret)
{
    for (size_t i = 0; i < COMPONENTS_MAX && table->components[i] != NULL; i++) {
        struct beacon_component component;
        if (sized_copy(&component, sizeof component, table->components[i], "component", NULL) ==
                BEACON_OK &&
            component.name != NULL && component.iface != NULL && component.vtable != NULL &&
            component.kind == wanted->kind && strcmp(component.name, wanted->name) == 0 &&
            strcmp(component.iface, wanted->iface) == 0) {
            *ret = component;
            return true;
        }
    }
    return false;
}

static int compare_components(const struct introduction *plugin, struct beacon_error *err)
{
    const struct plugin_manifest *manifest = plugin->manifest;
    size_t in_code = 0;
    while (in_code < COMPONENTS_MAX && plugin->table.components[in_code] != NULL) {
        in_code++;
    }
    if (in_code != manifest->n_components) {
        return error_set(err, BEACON_E_REFUSED, DISAGREE_HINT,
                         "%s disagrees with its note: the note lists %zu components, the code %zu",
                         plugin->file_name, manifest->n_components, in_code);
    }
    for (size_t i = 0; i < manifest->n_components; i++) {
        const struct manifest_component *wanted = &manifest->components[i];
        struct beacon_component component;
        if (wanted->is_known && !introduce_find(&plugin->table, wanted, &component)) {
            return error_set(err, BEACON_E_REFUSED, DISAGREE_HINT,
                             "%s disagrees with its note: the note lists the %s %s (%s), the code "
                             "does not",
                             plugin->file_name, wanted->kind_name, wanted->name, wanted->iface);
        }
    }
    return BEACON_OK;
}

int introduce_plugin(beacon_plugin_entry_fn entry, const struct plugin_manifest *manifest,
                     const char *file_name, struct beacon_plugin *ret, struct beacon_error *err)
{
    struct introduction plugin = {.manifest = manifest, .file_name = file_name};
    int rc = call_entry(&plugin, entry, err);
    if (rc == BEACON_OK) {
        rc = compare_identity(&plugin, err);
    }
    if (rc == BEACON_OK) {
        rc = compare_components(&plugin, err);
    }
    if (rc == BEACON_OK) {
        *ret = plugin.table;
    }
    return rc;
}
