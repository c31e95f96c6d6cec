/* mapping.h - handing sealed bytes to the dynamic linker.
 *
 * The linker opens /proc/self/fd/N, where N is the memfd that was checked, and remembers that name:
 * N stays open for ever, or the next file under the number would be taken for this one. Left out of a
 * program that is built without dlopen. Thread: [main].
 */
#ifndef HOST_PLUGIN_MAPPING_H
#define HOST_PLUGIN_MAPPING_H

#include <beacon/error.h>
#include <stdbool.h>

struct trusted_file;

/* Map the libraries, then the file; constructors run now, those of the file under a breadcrumb. The
 * descriptors are taken from `file`. Without /proc a file that is_pinned is POLICY, any other is opened
 * at `path`, as it is then. INVALID: the linker's refusal. *ret is a handle for dlsym(), never to be
 * closed. */
int mapping_open(struct trusted_file *file, const char *path, bool is_pinned, void **ret,
                 struct beacon_error *err);

#endif
