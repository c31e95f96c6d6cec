/* lock.h - plugins.lock: which bytes may run, per plugin and platform, for a mixed fleet.
 *
 * INI, one section per id: version, capabilities, and for each platform `linux-x86_64.sha256`,
 * `.size`, `.needed`. Written by `beacon plugin lock`, sorted, so that a diff reads well. When a lock
 * is in force (the policy's, else $CODE_HOME/plugins.lock if it exists) a plugin file that is not in
 * it, or differs, is refused. Thread: [any] once read.
 */
#ifndef HOST_PLUGIN_LOCK_H
#define HOST_PLUGIN_LOCK_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOCK_FILE       "plugins.lock" /* in $CODE_HOME */
#define LOCK_SHA256_HEX 65             /* with the NUL */

struct plugin_lock;
struct text;

/* What is pinned for one id on one platform. Lists end with NULL. */
struct lock_pin {
    const char *platform; /* "linux-x86_64" */
    char sha256[LOCK_SHA256_HEX];
    uint64_t size_bytes;
    const char *const *needed; /* sonames the file may load; each may be "soname:sha256" */
    uint32_t line;
};

struct lock_entry {
    const char *id, *version;
    const char *const *capabilities;
    size_t n_pins;
    const struct lock_pin *pins;
    uint32_t line;
};

/* INVALID with file:line. *ret is the caller's. */
int plugin_lock_read(const char *path, struct plugin_lock **ret, struct beacon_error *err);
void plugin_lock_destroy(struct plugin_lock *lock); /* NULL is fine */
const char *plugin_lock_path(const struct plugin_lock *lock);

size_t plugin_lock_count(const struct plugin_lock *lock);
const struct lock_entry *plugin_lock_entry(const struct plugin_lock *lock, size_t i);
const struct lock_entry *plugin_lock_find(const struct plugin_lock *lock, const char *id);
const struct lock_pin *lock_entry_pin(const struct lock_entry *entry, const char *platform);

const char *plugin_lock_platform(void); /* of this host: "linux-x86_64"; static */

#endif
