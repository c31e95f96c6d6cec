/* sealed_file.h - the bytes of a file, read once into memory that nobody can change any more.
 *
 * A memfd that is sealed against writing, growing and shrinking, named after the file, so that
 * addresses in it read well in a backtrace ("/memfd:provider_acme.so"). What is hashed, audited and
 * mapped afterwards is this copy, whatever happens to the file meanwhile. Thread: [any].
 */
#ifndef HOST_PLUGIN_SEALED_FILE_H
#define HOST_PLUGIN_SEALED_FILE_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sealed_file {
    int fd;            /* above the numbers programs like to use; close-on-exec */
    const void *bytes; /* mapped read-only */
    size_t n;
};

/* Read the regular file behind `fd` (borrowed) to its end. LIMIT: over `max_bytes`. REFUSED: it grew
 * or shrank meanwhile. IO. `name` is what errors call it. *ret is the caller's. */
int sealed_file_read(int fd, const char *name, size_t max_bytes, struct sealed_file *ret,
                     struct beacon_error *err);

/* Does the memfd `fd`, of `n` bytes, hold these? */
bool sealed_file_holds(int fd, const void *bytes, size_t n);

/* Unmap, and close `fd` unless the caller has taken it. */
void sealed_file_finish(struct sealed_file *file);

#endif
