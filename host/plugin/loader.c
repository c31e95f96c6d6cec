/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/loader.h"

#include <assert.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "plugin/discover.h"
#include "plugin/host_api.h"
#include "plugin/outcome.h"
#include "plugin/select.h"
#include "plugin/sized.h"

#define MAJORS_PROBED  9 /* entry symbols looked for when ours is missing */
#define COMPONENTS_MAX 64
#define DISAGREE_HINT  "rebuild the plugin so that code and note come from one plugin.json"
#define REINSTALL_HINT "install the plugin again, or remove it from the plugin folder"

struct plugin {
    struct plugin *next;
    void *handle;
    const char *file_name;      /* for errors while loading; gone afterwards */
    struct beacon_plugin table; /* complete */
    struct host_api *api;
    void *state;
    struct beacon_error failure; /* of load(), which is not tried twice; code 0 = fine */
};

/* Mappings belong to the process, so does the list of them. */
static struct plugin *loaded;
static bool is_over;

const char *plugin_id(const struct plugin *plugin)
{
    return plugin->table.id;
}

void *plugin_state(const struct plugin *plugin)
{
    return plugin->state;
}

const struct beacon_host *plugin_host(const struct plugin *plugin)
{
    return host_api_table(plugin->api);
}

static int no_entry(void *handle, const char *file_name, struct beacon_error *err)
{
    for (unsigned major = 1; major <= MAJORS_PROBED; major++) {
        char symbol[64];
        (void)snprintf(symbol, sizeof symbol, "beacon_plugin_entry_v%u", major);
        if (dlsym(handle, symbol) != NULL) {
            return error_set(err, BEACON_E_UNSUPPORTED,
                             "rebuild it with an SDK of major 1, or use a newer beacon",
                             "%s speaks ABI major %u (%s), this host speaks %u", file_name, major,
                             symbol, BEACON_ABI_MAJOR);
        }
    }
    return error_set(err, BEACON_E_INVALID, "build the plugin with beacon_add_plugin()",
                     "%s exports no %s, which every plugin must", file_name, BEACON_ENTRY_SYMBOL);
}

/* Ask the code for its plugin table and complete it. */
static int call_entry(struct plugin *plugin, struct beacon_error *err)
{
    beacon_plugin_entry_fn entry = NULL;
    *(void **)&entry = dlsym(plugin->handle, BEACON_ENTRY_SYMBOL);
    if (entry == NULL) {
        return no_entry(plugin->handle, plugin->file_name, err);
    }
    const struct beacon_plugin *theirs = entry(BEACON_ABI_MINOR);
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

static int disagree(const struct plugin *plugin, const char *what, const char *in_note,
                    const char *in_code, struct beacon_error *err)
{
    return error_set(err, BEACON_E_REFUSED, DISAGREE_HINT,
                     "%s disagrees with its note: the note says %s %s, the code %s",
                     plugin->file_name, what, in_note, in_code);
}

static int compare_identity(const struct plugin *plugin, const struct plugin_manifest *manifest,
                            struct beacon_error *err)
{
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

/* The component of the code that is `wanted` in the note, completed; false when there is none. */
static bool find_in_code(const struct plugin *plugin, const struct manifest_component *wanted,
                         struct beacon_component *ret)
{
    for (size_t i = 0; i < COMPONENTS_MAX && plugin->table.components[i] != NULL; i++) {
        struct beacon_component component;
        if (sized_copy(&component, sizeof component, plugin->table.components[i], "component",
                       NULL) == BEACON_OK &&
            component.name != NULL && component.iface != NULL && component.vtable != NULL &&
            component.kind == wanted->kind && strcmp(component.name, wanted->name) == 0 &&
            strcmp(component.iface, wanted->iface) == 0) {
            *ret = component;
            return true;
        }
    }
    return false;
}

static int compare_components(const struct plugin *plugin, const struct plugin_manifest *manifest,
                              struct beacon_error *err)
{
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
        if (wanted->is_known && !find_in_code(plugin, wanted, &component)) {
            return error_set(err, BEACON_E_REFUSED, DISAGREE_HINT,
                             "%s disagrees with its note: the note lists the %s %s (%s), the code "
                             "does not",
                             plugin->file_name, wanted->kind_name, wanted->name, wanted->iface);
        }
    }
    return BEACON_OK;
}

static struct plugin *find_loaded(const void *handle)
{
    for (struct plugin *plugin = loaded; plugin != NULL; plugin = plugin->next) {
        if (plugin->handle == handle) {
            return plugin;
        }
    }
    return NULL;
}

/* Check what the mapped file says, then let it load(). */
static int introduce(struct plugin *plugin, const struct plugin_manifest *manifest,
                     struct beacon_error *err)
{
    int rc = call_entry(plugin, err);
    if (rc == BEACON_OK) {
        rc = compare_identity(plugin, manifest, err);
    }
    if (rc == BEACON_OK) {
        rc = compare_components(plugin, manifest, err);
    }
    if (rc != BEACON_OK) {
        return rc;
    }
    plugin->api = host_api_create(manifest);
    if (plugin->table.load != NULL) {
        struct beacon_error theirs;
        outcome_init(&theirs);
        beacon_rc answer = plugin->table.load(plugin_host(plugin), &plugin->state, &theirs);
        (void)outcome_of(plugin, "load", answer, &theirs, &plugin->failure);
    }
    return BEACON_OK;
}

static int load_file(const struct plugin_entry *entry, struct plugin **ret,
                     struct beacon_error *err)
{
    const char *file_name = path_base(entry->path);
    void *handle = dlopen(entry->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == NULL) {
        return error_set(err, BEACON_E_INVALID, REINSTALL_HINT, "the system cannot load %s: %s",
                         file_name, dlerror());
    }
    struct plugin *plugin = find_loaded(handle);
    if (plugin == NULL) {
        plugin = alloc_zeroed(sizeof *plugin);
        plugin->handle = handle;
        plugin->file_name = file_name;
        int rc = introduce(plugin, entry->manifest, err);
        plugin->file_name = NULL;
        if (rc != BEACON_OK) {
            free(plugin);
            return rc;
        }
        plugin->next = loaded;
        loaded = plugin;
    }
    if (plugin->failure.code != BEACON_OK) {
        return error_set_errno(err, plugin->failure.code, plugin->failure.os_errno,
                               plugin->failure.hint, "%s", plugin->failure.message);
    }
    *ret = plugin;
    return BEACON_OK;
}

int plugin_open_component(const struct plugin_set *set, uint32_t kind, const char *name,
                          struct plugin_component *ret, struct beacon_error *err)
{
    assert(!is_over);
    const struct plugin_entry *entry = NULL;
    const struct manifest_component *wanted = NULL;
    struct plugin *plugin = NULL;
    int rc = plugin_select(set, kind, name, &entry, &wanted, err);
    if (rc == BEACON_OK) {
        rc = load_file(entry, &plugin, err);
    }
    if (rc != BEACON_OK) {
        return rc;
    }
    assert(plugin != NULL && wanted != NULL);
    struct beacon_component component;
    if (!find_in_code(plugin, wanted, &component)) {
        /* Loaded earlier from a set that read another note of the same file. */
        return error_set(err, BEACON_E_REFUSED, "start beacon again",
                         "the file of plugin %s changed while it was in use", plugin_id(plugin));
    }
    *ret = (struct plugin_component){
        .plugin = plugin,
        .name = component.name,
        .vtable = component.vtable,
        .form = wanted->form,
    };
    return BEACON_OK;
}

void plugin_unload_all(void)
{
    is_over = true;
    while (loaded != NULL) {
        struct plugin *plugin = loaded;
        loaded = plugin->next;
        if (plugin->table.unload != NULL && plugin->failure.code == BEACON_OK) {
            plugin->table.unload(plugin->state);
        }
        host_api_destroy(plugin->api);
        free(plugin);
    }
}
