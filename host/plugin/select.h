/* select.h - from the name a person wrote to one component of one plugin file. Thread: [main]. */
#ifndef HOST_PLUGIN_SELECT_H
#define HOST_PLUGIN_SELECT_H

#include <beacon/error.h>
#include <stdint.h>

struct manifest_component;
struct plugin_entry;
struct plugin_set;

/* The one usable component of `kind` that `name` ("acme" or "com.acme.llm:acme") selects. NOT_FOUND
 * names those there are; REFUSED gives the reason when a plugin has it that is refused, masked, in
 * quarantine or shadowed; POLICY the same when the policy forbids it; INVALID: two plugins carry the
 * name; UNSUPPORTED: it speaks another revision of the interface. Results live as long as the set. */
int plugin_select(const struct plugin_set *set, uint32_t kind, const char *name,
                  const struct plugin_entry **ret_entry,
                  const struct manifest_component **ret_component, struct beacon_error *err);

#endif
