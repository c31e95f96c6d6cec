/* loader.h - bringing one chosen plugin file into the process.
 *
 * A file is mapped when the first of its components is opened and stays mapped: never dlclose().
 * The registry of loaded plugins is the process's, because a mapping is: load() of a plugin runs
 * once per process however many sets are opened. Called by the adapters. Thread: [main].
 */
#ifndef HOST_PLUGIN_LOADER_H
#define HOST_PLUGIN_LOADER_H

#include <beacon/plugin.h>

#include "plugin/manifest.h"

struct plugin_set; /* discover.h */
struct plugin;

/* A component ready to be used; everything lives as long as the process. */
struct plugin_component {
    const struct plugin *plugin;
    const char *name;   /* short name, "acme" */
    const void *vtable; /* of the plugin, of any size: sized_copy() it */
    enum manifest_form form;
};

/* Find the component (plugin_select) and load its file unless it is loaded. Refused with one
 * sentence: no entry symbol or one of another major, an entry that declines, code that disagrees
 * with the note, a load() that fails. */
int plugin_open_component(const struct plugin_set *set, uint32_t kind, const char *name,
                          struct plugin_component *ret, struct beacon_error *err);

const char *plugin_id(const struct plugin *plugin);
void *plugin_state(const struct plugin *plugin); /* what load() left */
const struct beacon_host *plugin_host(const struct plugin *plugin);

/* Call unload() of every loaded plugin, once, at the end of the program when no object of any plugin
 * is left. Nothing can be opened afterwards. */
void plugin_unload_all(void);

#endif
