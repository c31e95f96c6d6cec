/* secret_file.h - one JSON object on disk that holds secrets: read with suspicion, replaced whole.
 *
 * A file is written beside its place (0600), brought to the disk and renamed, so a reader sees the old
 * content or the new one. Its generation is the time of its last change in nanoseconds, which every
 * write makes grow, however coarse the clock of the file system is; a foreign program's write changes
 * it too. Whoever changes a file holds its lock. What was read is wiped from memory.
 * Thread: [any]; blocking, on local files.
 */
#ifndef HOST_CREDENTIALS_SECRET_FILE_H
#define HOST_CREDENTIALS_SECRET_FILE_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_FILE_MAX (1u << 20) /* bytes */

struct beacon_cancel; /* plugin/host_api.h */
struct json_object;

struct secret_file {
    struct json_object *tree; /* an object; NULL: there is no such file */
    uint64_t generation;      /* 0: there is no such file */
};

/* A file that is missing is no error. INVALID: not one JSON object, or not a regular file; LIMIT: too
 * large; IO. The error names the path and never quotes the content. */
int secret_file_read(const char *path, struct secret_file *ret, struct beacon_error *err);

/* The same over bytes in memory; `path` is what errors call them. */
int secret_file_parse(const char *text, size_t n, const char *path, struct json_object **ret,
                      struct beacon_error *err);

/* Replace `path` by `tree` (borrowed), pretty-printed; its generation will be above `old_generation`. */
int secret_file_write(const char *path, struct json_object *tree, uint64_t old_generation,
                      struct beacon_error *err);

void secret_file_finish(struct secret_file *file);  /* wipes and frees; zeroes it */
void secret_tree_destroy(struct json_object *tree); /* wipes its strings first; NULL is fine */

/* Take the lock file `path` (0600, left in place), waiting at most `wait_ms` and no longer than the
 * `cancel` (may be NULL) allows. *ret_fd holds it until closed. BUSY, CANCELLED, IO. */
int secret_file_lock(const char *path, uint32_t wait_ms, const struct beacon_cancel *cancel,
                     int *ret_fd, struct beacon_error *err);

#endif
