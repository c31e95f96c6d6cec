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

struct plugin_lock;
struct plugin_manifest;
struct plugin_policy;

struct trust_rules {
    const struct plugin_policy *policy; /* NULL: none */
    const struct plugin_lock *lock;     /* NULL: nothing is pinned */
};

struct trusted_file {
    int fd; /* the sealed memfd; once it is mapped it must stay open for ever */
    char sha256[TRUST_SHA256_HEX];
    uint64_t size_bytes;
    struct plugin_manifest *manifest; /* read from the sealed bytes */
    struct elf_audit *audit;
    const char *signer; /* whose signature counted, or NULL */
};

/* All of the above. POLICY: lock or policy forbid it. REFUSED: owner, mode or a link in the path.
 * INVALID, UNSUPPORTED, LIMIT: the file. IO. On success trusted_file_finish(), which leaves `fd` open
 * when it was given to the dynamic linker. */
int trust_open(const char *path, const struct trust_rules *rules, struct trusted_file *ret,
               struct beacon_error *err);
void trusted_file_finish(struct trusted_file *file);

/* The first step alone: open `path` for reading after checking who could have changed it. For
 * discovery, which reads the note only. `is_strict` does not tolerate a group-writable folder of a
 * private group. *ret_fd is the caller's. */
int trust_open_owned(const char *path, bool is_strict, int *ret_fd, struct beacon_error *err);

/* With a lock in force LD_PRELOAD, LD_LIBRARY_PATH or LD_AUDIT would defeat it: POLICY names the variable.
 * Called once before the first plugin is loaded. */
int trust_check_environment(const struct trust_rules *rules, struct beacon_error *err);

#endif
