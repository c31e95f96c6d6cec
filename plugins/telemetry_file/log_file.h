/* log_file.h - the file that lines are appended to, and its rotation.
 *
 * Several processes may write the same file: each append holds a lock on it, so lines stay whole, and
 * whoever finds it full renames path to path.1, path.1 to path.2, … and begins a new one. The files never
 * hold more than max_bytes × max_files together. Thread: [worker].
 */
#ifndef TELEMETRY_FILE_LOG_FILE_H
#define TELEMETRY_FILE_LOG_FILE_H

#include <beacon/plugin.h>
#include <stdbool.h>

struct log_file;

struct log_file_settings {
    const char *path; /* absolute; borrowed, outlives the file */
    uint64_t max_bytes;
    unsigned max_files; /* at least 1; then the file is emptied instead of renamed */
    bool wants_fsync;   /* the disk has each append before it returns */
};

/* Asked while waiting for another process: should the call end? */
typedef bool (*log_file_stop_fn)(void *ctx);

/* Open, creating it with mode 0600. Errors are sentences about the path. *ret is the caller's. */
beacon_rc log_file_open(const struct log_file_settings *settings, struct log_file **ret,
                        struct beacon_error *err);
void log_file_close(struct log_file *file); /* NULL is fine */

/* Append whole lines, none longer than max_bytes. When it fails the file is cut back to what it was, but
 * what was rotated away stays. BUSY: another process kept the lock until `stop` said so. */
beacon_rc log_file_append(struct log_file *file, struct beacon_str lines, log_file_stop_fn stop,
                          void *ctx, struct beacon_error *err);

#endif
