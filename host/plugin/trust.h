/* trust.h - from a path to bytes that are known, sealed and may be mapped.
 *
 * The sequence: every component of the path is opened without following a link, owner and mode are
 * checked on the opened descriptors; the file is read once into a sealed memfd while its SHA-256 is
 * computed; hash, size, signature and needed libraries are compared with lock and policy; the sealed
 * bytes are audited (elf_audit.h). Nothing of the file has run by then, and what is mapped later is
 * what was checked, whatever happens to the path meanwhile. Thread: [main].
 */
#ifndef HOST_PLUGIN_TRUST_H
#define HOST_PLUGIN_TRUST_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stdint.h>

#include "plugin/elf_audit.h"

#define TRUST_FILE_MAX_BYTES (256u << 20) /* of one plugin file */
#define TRUST_SHA256_HEX     65           /* with the NUL */

struct owned_folders; /* ownership.h */
struct plugin_lock;
struct plugin_manifest;
struct plugin_policy;

struct trust_rules {
    const struct plugin_policy *policy; /* NULL: none */
    const struct plugin_lock *lock;     /* NULL: nothing is pinned */
    bool skips_hash;             /* leave sha256 empty when there is no lock to compare it with */
    struct owned_folders *known; /* NULL: every path is walked from "/" */
    const char *const *library_folders; /* NULL: the system's; for tests */
};

struct trusted_file {
    int fd; /* the sealed memfd; once it is mapped it must stay open for ever */
    char sha256[TRUST_SHA256_HEX];
    uint64_t size_bytes;
    const void *bytes;                /* the sealed bytes, mapped read-only */
    struct plugin_manifest *manifest; /* read from them, as is the audit */
    struct elf_audit *audit;
    const char *signer; /* whose signature counted, or NULL; lives as long as the policy */
    /* What it needs beyond the libraries every plugin may, in the order to load it: sealed like the
     * file, so that the dynamic linker finds the pinned bytes already there. Under a lock only. */
    size_t n_libraries;
    struct trusted_library *libraries;
};

struct trusted_library {
    char *soname;
    int fd;
    char sha256[TRUST_SHA256_HEX];
};

/* All of the above. POLICY: lock or policy forbid it. REFUSED: owner, mode or a link in the path, or
 * what its linking would do. INVALID, UNSUPPORTED, LIMIT: the file. IO. `rules` may be NULL. On
 * success trusted_file_finish(), which closes what the caller has not taken with take_fd(). */
int trust_open(const char *path, const struct trust_rules *rules, struct trusted_file *ret,
               struct beacon_error *err);
void trusted_file_finish(struct trusted_file *file);

/* Is a lock or a policy in force? Then there is no way around the sealed bytes. */
bool trust_is_strict(const struct trust_rules *rules);

/* The first step alone: open `path` for reading after checking who could have changed it. For
 * discovery, which reads the note only. `is_strict` does not tolerate a group-writable folder of a
 * private group. A link is refused, but for root's in folders only root can change, among the parents.
 * NOT_FOUND: there is no such file. REFUSED names the chown or chmod. *ret_fd is the caller's. */
int trust_open_owned(const char *path, bool is_strict, int *ret_fd, struct beacon_error *err);

/* The same for many files of few folders: `known` (ownership.h) remembers the way to them. */
int trust_open_owned_in(struct owned_folders *known, const char *path, bool is_strict, int *ret_fd,
                        struct beacon_error *err);

/* With a lock or a policy in force some variables would defeat it (LD_PRELOAD, OPENSSL_CONF …), and so
 * would a dynamic linker that was started by hand with its own options: POLICY, naming the variable.
 * Called once before the first plugin is loaded. */
int trust_check_environment(const struct trust_rules *rules, struct beacon_error *err);

#endif
