/* pem_file.h - a file of certificates or of a key, in memory, read again when it has changed.
 *
 * Content may be a private key: it is zeroed before it is freed. Private to trust.c. Thread: [main].
 */
#ifndef HOST_HTTP_PEM_FILE_H
#define HOST_HTTP_PEM_FILE_H

#include <beacon/error.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/text.h"

#define PEM_FILE_MAX (16u << 20)

struct pem_file {
    char *path;       /* owned; NULL: there is none */
    const char *name; /* who named it, for sentences: "http.ca_bundle" */
    const char *mark; /* the file is of no use without these words */
    bool is_read;
    struct stat seen; /* of the file that `content` is of */
    struct text content;
};

/* `path` is copied; NULL or "" means none. The others are static. */
void pem_file_init(struct pem_file *file, const char *path, const char *name, const char *mark);
void pem_file_finish(struct pem_file *file);

/* Have in `content` what is on disk now; *ret_changed (may be NULL) tells whether that is something else
 * than before. On failure the old content stays, and the error, which names the file and who named it,
 * is permanent. */
int pem_file_refresh(struct pem_file *file, bool *ret_changed, struct beacon_error *err);

#endif
