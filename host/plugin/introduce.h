/* introduce.h - the first words with a plugin: its entry function, and does the code agree with the
 * note? Private to loader.c. Thread: [main].
 */
#ifndef HOST_PLUGIN_INTRODUCE_H
#define HOST_PLUGIN_INTRODUCE_H

#include <beacon/plugin.h>
#include <stdbool.h>

struct manifest_component;
struct plugin_manifest;

/* Call `entry` and complete its table. UNSUPPORTED: it declines. INVALID: a mandatory field is missing,
 * named. REFUSED: id, version, ABI or a component is not what the manifest says, both values are told.
 * `file_name` is what errors call the plugin. */
int introduce_plugin(beacon_plugin_entry_fn entry, const struct plugin_manifest *manifest,
                     const char *file_name, struct beacon_plugin *ret, struct beacon_error *err);

/* The component of the code that is `wanted` in the note, completed; false when there is none. */
bool introduce_find(const struct beacon_plugin *table, const struct manifest_component *wanted,
                    struct beacon_component *ret);

#endif
