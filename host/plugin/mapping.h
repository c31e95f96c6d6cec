/* mapping.h - handing sealed bytes to the dynamic linker.
 *
 * The linker opens /proc/self/fd/N, where N is the memfd that was checked, and remembers that name:
 * N stays open for ever, or the next file under the number would be taken for this one. A program that is built
 * without dlopen has mapping_absent.c instead. Thread: [main].
 */
#ifndef HOST_PLUGIN_MAPPING_H
#define HOST_PLUGIN_MAPPING_H

#include <beacon/error.h>
#include <beacon/plugin.h>
#include <stdbool.h>

struct trusted_file;

/* Map the libraries, then the file; constructors run now, those of the file under a breadcrumb. The
 * descriptors are taken from `file`. Without /proc a file that is_pinned is POLICY, any other is opened
 * at `path`, as it is then. INVALID: the linker's refusal. *ret is a handle for dlsym(), never to be
 * closed. */
int mapping_open(struct trusted_file *file, const char *path, bool is_pinned, void **ret,
                 struct beacon_error *err);

/* The entry of the highest major this host and the file behind `handle` have in common, or NULL. */
beacon_plugin_entry_fn mapping_entry(void *handle);

/* UNSUPPORTED, naming `file`, in a program that was built without dlopen. */
int mapping_check_possible(const char *file, struct beacon_error *err);

#endif
