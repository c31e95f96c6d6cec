/* library.h - the libraries a plugin needs beyond those every plugin may.
 *
 * Under a lock each of them is pinned like the plugin: found in the linker's own folders (never in
 * LD_LIBRARY_PATH or an RPATH), copied into sealed memory, compared by hash. The loader opens the copy
 * before the plugin, whose NEEDED then finds a library of that name already there. Thread: [any].
 */
#ifndef HOST_PLUGIN_LIBRARY_H
#define HOST_PLUGIN_LIBRARY_H

#include <beacon/error.h>

struct lock_pin;
struct sealed_file;
struct trusted_file;

/* The library `soname` as a sealed copy; for `beacon plugin lock`, too, which hashes it. `folders`
 * ends with NULL; NULL: those of /etc/ld.so.conf, then the system's. NOT_FOUND, REFUSED (owner, mode),
 * IO, LIMIT. *ret is the caller's. */
int library_open(const char *soname, const char *const *folders, struct sealed_file *ret,
                 struct beacon_error *err);

/* Fill file->libraries with everything it needs, and what that needs. POLICY when one is not pinned
 * by hash or differs; `name` is what errors call the plugin, `lock_path` is for errors. */
struct library_rules {
    const struct lock_pin *pin;
    const char *lock_path;
    const char *const *folders;
};
int library_close_over(const struct library_rules *rules, const char *name,
                       struct trusted_file *file, struct beacon_error *err);

#endif
