/* io.h - whole-file and whole-buffer reads and writes that retry on EINTR. Blocking, for local files
 * and pipes only. Functions returning bool leave errno set on failure. Thread: [any].
 */
#ifndef HOST_BASE_IO_H
#define HOST_BASE_IO_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct text;

/* Open /dev/null on each of the descriptors 0 to 2 that is closed, before anything else is opened:
 * the next file would take the number, and what is said on stdout would be written into it. */
bool io_hold_standard_files(void);

/* Have the kernel make room for descriptors up to IO_FILES_EXPECTED while there is one thread: with
 * several it waits for every processor whenever their table grows, some ten milliseconds. [main] before
 * the first thread; a lower limit of the process is fine. */
#define IO_FILES_EXPECTED 256
void io_expect_files(void);

bool io_write_all(int fd, const void *from, size_t n);

/* One line, newline added. When the write stops half-way (disk full) the file is cut back to the
 * length it had, so it ends on a whole line; errno is that of the write. `fd` is O_APPEND. */
bool io_append_line(int fd, const char *line, size_t n);

/* Everything until end of file. BEACON_E_LIMIT when there is more than out's cap. `name` is what
 * the error calls the source. */
int io_read_all(int fd, const char *name, struct text *out, struct beacon_error *err);
int io_read_file(const char *path, struct text *out, struct beacon_error *err);

/* Replace `path` by a file with these bytes and mode, atomically: temporary file beside it, then
 * rename. Readers see the old content or the new one. */
int io_replace_file(const char *path, const void *from, size_t n, mode_t mode,
                    struct beacon_error *err);

/* mkdir -p. Directories that exist keep their mode. */
int io_make_directories(const char *path, mode_t mode, struct beacon_error *err);

#endif
