/* loader.h - bringing one chosen plugin file into the process.
 *
 * A file is mapped when the first of its components is opened and stays mapped: never dlclose().
 * The registry of loaded plugins is the process's, because a mapping is: load() of a plugin runs
 * once per process however many sets are opened. Called by the adapters. Thread: [main].
 */
#ifndef HOST_PLUGIN_LOADER_H
#define HOST_PLUGIN_LOADER_H

#include <beacon/error.h>
#include <stdint.h>

struct beacon_component;
struct beacon_host;
struct plugin_set;
struct plugin;

/* Find the component (plugin_set_find), load its file unless it is loaded, and hand out what the
 * adapter needs. Refused with one sentence: no entry symbol or one of another major, an entry that
 * declines, code that disagrees with the note, a load() that fails. Results live as long as the
 * process. */
int plugin_open_component(struct plugin_set *set, uint32_t kind, const char *name,
                          struct plugin **ret_plugin, const struct beacon_component **ret_component,
                          struct beacon_error *err);

const char *plugin_id(const struct plugin *plugin);
void *plugin_state(const struct plugin *plugin); /* what load() left */
const struct beacon_host *plugin_host(const struct plugin *plugin);

/* Call unload() of every loaded plugin, once, at the end of the program when no object of any plugin
 * is left. Nothing can be opened afterwards. */
void plugin_unload_all(void);

#endif
