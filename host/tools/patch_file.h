/* patch_file.h - reading, replacing and removing one file by its name in an open folder.
 *
 * The last step of a path is never followed when it is a symlink, nothing but a regular file is read
 * or written, and nothing here waits: a FIFO or a device gives an error. All return 0 or an errno.
 * Thread: [main].
 */
#ifndef HOST_TOOLS_PATCH_FILE_H
#define HOST_TOOLS_PATCH_FILE_H

#include <stddef.h>
#include <sys/stat.h>

struct text;

/* Append the content to `out`. EFBIG: over out's cap; EISDIR: not a regular file. */
int patch_file_read(int dir, const char *name, struct text *out, struct stat *ret);

/* Make `name` a file with these bytes: a temporary file beside it, then rename. `old` describes the
 * file that is there, whose mode and owner are kept, or is NULL; a new file gets `mode` less the
 * umask. Where a rename would lose something (hard links, an owner we may not give, a folder we may
 * not write) the old file is rewritten in place, after room for it was made sure of. */
int patch_file_write(int dir, const char *name, const void *from, size_t n, const struct stat *old,
                     mode_t mode);

/* Unlink a regular file, or a symlink to one. EISDIR for anything else. */
int patch_file_remove(int dir, const char *name);

/* May patch_file_remove() be tried? 0, EISDIR or the errno of looking. */
int patch_file_check_removable(int dir, const char *name);

#endif
