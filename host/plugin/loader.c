/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/loader.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "plugin/breadcrumb.h"
#include "plugin/discover.h"
#include "plugin/host_api.h"
#include "plugin/introduce.h"
#include "plugin/mapping.h"
#include "plugin/outcome.h"
#include "plugin/sealed_file.h"
#include "plugin/select.h"
#include "plugin/static_set.h"
#include "plugin/trust.h"

struct plugin {
    struct plugin *next;
    const struct static_plugin *built_in; /* or NULL, and then: */
    int fd;                               /* its sealed bytes, for ever */
    uint64_t n_bytes;
    struct beacon_plugin table; /* complete, unless `failure` says otherwise */
    struct host_api *api;
    void *state;
    struct beacon_error failure; /* of bringing it in, which is not tried twice; code 0 = fine */
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

/* The same bytes are the same plugin, from wherever they were read: mapped twice, their constructors
 * would run twice. */
static struct plugin *find_loaded(const struct trusted_file *file)
{
    for (struct plugin *plugin = loaded; plugin != NULL; plugin = plugin->next) {
        if (plugin->built_in == NULL && plugin->n_bytes == file->size_bytes &&
            sealed_file_holds(plugin->fd, file->bytes, (size_t)file->size_bytes)) {
            return plugin;
        }
    }
    return NULL;
}

static void call_load(struct plugin *plugin)
{
    if (plugin->table.load == NULL) {
        return;
    }
    struct beacon_error theirs;
    outcome_init(&theirs);
    const struct breadcrumb before = breadcrumb_enter(plugin_id(plugin), "load");
    beacon_rc answer = plugin->table.load(plugin_host(plugin), &plugin->state, &theirs);
    breadcrumb_leave(before);
    (void)outcome_of(plugin, "load", answer, &theirs, &plugin->failure);
}

/* Check what the mapped code says, then let it load(). */
static void introduce(struct plugin *plugin, beacon_plugin_entry_fn entry,
                      const struct plugin_manifest *manifest, const char *file_name)
{
    if (entry == NULL) { /* the audit saw one */
        (void)error_set(&plugin->failure, BEACON_E_INVALID, "rebuild the plugin",
                        "the linker does not find the entry of %s", file_name);
        return;
    }
    if (introduce_plugin(entry, manifest, file_name, &plugin->table, &plugin->failure) ==
        BEACON_OK) {
        plugin->api = host_api_create(manifest);
        call_load(plugin);
    }
}

static int copy_failure(const struct plugin *plugin, struct beacon_error *err)
{
    const struct beacon_error *failure = &plugin->failure;
    return error_set_errno(err, failure->code, failure->os_errno, failure->hint, "%s",
                           failure->message);
}

/* Map a file whose bytes are new. What fails once the linker has it may have run, and stays failed. */
static int bring_in(struct trusted_file *file, const char *path, bool is_pinned,
                    struct plugin **ret, struct beacon_error *err)
{
    void *handle = NULL;
    const int fd = file->fd;
    struct plugin *plugin = alloc_zeroed(sizeof *plugin);
    int rc = mapping_open(file, path, is_pinned, &handle, &plugin->failure);
    if (rc != BEACON_OK && file->fd >= 0) { /* not given away: nothing happened */
        copy_failure(plugin, err);
        free(plugin);
        return rc;
    }
    plugin->fd = fd;
    plugin->n_bytes = file->size_bytes;
    plugin->next = loaded;
    loaded = plugin;
    if (rc == BEACON_OK) {
        introduce(plugin, mapping_entry(handle), file->manifest, path_base(path));
    }
    *ret = plugin;
    return BEACON_OK;
}

static int check_unchanged(const struct plugin_entry *entry, const struct trusted_file *file,
                           struct beacon_error *err)
{
    if (manifest_is_same(entry->manifest, file->manifest)) {
        return BEACON_OK;
    }
    return error_set(err, BEACON_E_REFUSED, "start beacon again",
                     "%s changed since it was listed: it was %s %s, now it is %s %s", entry->path,
                     entry->manifest->id, entry->manifest->version, file->manifest->id,
                     file->manifest->version);
}

static int load_file(const struct plugin_set *set, const struct plugin_entry *entry,
                     struct plugin **ret, struct beacon_error *err)
{
    const struct trust_rules rules = {.policy = plugin_set_policy(set),
                                      .lock = plugin_set_lock(set),
                                      .known = plugin_set_folders(set),
                                      .skips_hash = true};
    struct trusted_file file;
    int rc = trust_check_environment(&rules, err);
    if (rc == BEACON_OK) {
        rc = trust_open(entry->path, &rules, &file, err);
    }
    if (rc != BEACON_OK) {
        return rc;
    }
    rc = check_unchanged(entry, &file, err);
    if (rc == BEACON_OK) {
        *ret = find_loaded(&file);
        if (*ret == NULL) {
            rc = bring_in(&file, entry->path, trust_is_strict(&rules), ret, err);
        }
    }
    trusted_file_finish(&file);
    return rc;
}

/* What is part of the program has only to introduce itself. */
static struct plugin *enter_static(const struct plugin_entry *entry)
{
    for (struct plugin *plugin = loaded; plugin != NULL; plugin = plugin->next) {
        if (plugin->built_in == entry->built_in) {
            return plugin;
        }
    }
    struct plugin *plugin = alloc_zeroed(sizeof *plugin);
    plugin->built_in = entry->built_in;
    plugin->fd = -1;
    plugin->next = loaded;
    loaded = plugin;
    introduce(plugin, entry->built_in->entry, entry->manifest, entry->built_in->name);
    return plugin;
}

/* A plugin that could not be brought in says so every time. */
static int load_entry(const struct plugin_set *set, const struct plugin_entry *entry,
                      struct plugin **ret, struct beacon_error *err)
{
    struct plugin *plugin = NULL;
    int rc = BEACON_OK;
    if (entry->built_in != NULL) {
        plugin = enter_static(entry);
    } else {
        rc = load_file(set, entry, &plugin, err);
    }
    if (rc != BEACON_OK) {
        return rc;
    }
    if (plugin->failure.code != BEACON_OK) {
        return copy_failure(plugin, err);
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
        rc = load_entry(set, entry, &plugin, err);
    }
    if (rc != BEACON_OK) {
        return rc;
    }
    assert(plugin != NULL && wanted != NULL);
    struct beacon_component component;
    if (!introduce_find(&plugin->table, wanted, &component)) {
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
            const struct breadcrumb before = breadcrumb_enter(plugin_id(plugin), "unload");
            plugin->table.unload(plugin->state);
            breadcrumb_leave(before);
        }
        host_api_destroy(plugin->api);
        free(plugin);
    }
}
