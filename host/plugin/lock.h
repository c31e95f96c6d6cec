/* lock.h - plugins.lock: which bytes may run, per plugin and platform, for a mixed fleet.
 *
 * INI, one section per id: version, capabilities, and for each platform `linux-x86_64.sha256`,
 * `.size`, `.needed`. Written by `beacon plugin lock`, sorted, so that a diff reads well. When a lock
 * is in force (the policy's, else $CODE_HOME/plugins.lock if it exists) a plugin file that is not in
 * it, or differs, is refused. A lock may be signed like a plugin file (plugins.lock.minisig); then
 * the signature covers every hash in it. Thread: [any] once read.
 */
#ifndef HOST_PLUGIN_LOCK_H
#define HOST_PLUGIN_LOCK_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOCK_FILE          "plugins.lock" /* in $CODE_HOME */
#define LOCK_SHA256_HEX    65             /* with the NUL */
#define LOCK_PLATFORMS_MAX 16             /* of one plugin */
#define LOCK_LIST_MAX      64             /* capabilities, or needed libraries */

struct plugin_lock;
struct plugin_policy;
struct text;

/* What is pinned for one id on one platform. Lists end with NULL. */
struct lock_pin {
    const char *platform; /* "linux-x86_64" */
    uint64_t size_bytes;
    const char *const *needed; /* sonames the file may load; each may be "soname:sha256" */
    uint32_t line;
    char sha256[LOCK_SHA256_HEX];
};

struct lock_entry {
    const char *id, *version;
    const char *const *capabilities;
    size_t n_pins;
    const struct lock_pin *pins; /* by platform */
    uint32_t line;
};

/* The lock that is in force: that of the policy, which must be there and be root's alone like the policy
 * itself, else the one in `home` (may be NULL) if it exists. Its signature is verified when the
 * policy has signers and there is one. *ret is NULL when there is no lock. POLICY: it cannot be
 * trusted or read. */
int plugin_lock_open(const struct plugin_policy *policy, const char *home, struct plugin_lock **ret,
                     struct beacon_error *err);

/* Whatever is at `path`, for tools: no owner, no signature. INVALID with file:line, NOT_FOUND, IO. */
int plugin_lock_read(const char *path, struct plugin_lock **ret, struct beacon_error *err);
int plugin_lock_parse(const char *text, size_t n, const char *path, struct plugin_lock **ret,
                      struct beacon_error *err);
struct plugin_lock *plugin_lock_create(const char *path);
void plugin_lock_destroy(struct plugin_lock *lock); /* NULL is fine */
const char *plugin_lock_path(const struct plugin_lock *lock);
const char *plugin_lock_signer(const struct plugin_lock *lock); /* who signed it, or NULL */

/* Entries sorted by id; valid until the next plugin_lock_put(). */
size_t plugin_lock_count(const struct plugin_lock *lock);
const struct lock_entry *plugin_lock_entry(const struct plugin_lock *lock, size_t i);
const struct lock_entry *plugin_lock_find(const struct plugin_lock *lock, const char *id);
const struct lock_pin *lock_entry_pin(const struct lock_entry *entry, const char *platform);

/* Add what `entry` says, which has one pin; everything is copied. An older pin of the same id and
 * platform is replaced; pins of other platforms stay when the version is the same, else they go with
 * the old version and *ret_dropped (may be NULL) is how many. */
void plugin_lock_put(struct plugin_lock *lock, const struct lock_entry *entry, size_t *ret_dropped);

/* The file as text, ready to be written. LIMIT: a value does not fit into a line; INVALID: a value
 * would not be read back as it is. */
int plugin_lock_format(const struct plugin_lock *lock, struct text *out, struct beacon_error *err);

const char *plugin_lock_platform(void); /* of this host: "linux-x86_64"; static */

/* The name of the platform an ELF header belongs to; NULL: none that a lock knows. Static. */
const char *plugin_lock_platform_of(const void *bytes, size_t n);

#endif
