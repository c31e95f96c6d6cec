/* SPDX-License-Identifier: Apache-2.0 */
#include "log_file_failure.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <beacon-sdk/error.h>

#define OTHER_PATH "name another file with path under [otel.exporter.file]"
#define FREE_SPACE "free some disk space, or lower max_bytes and max_files"

static const struct {
    int cause;
    const char *why, *hint;
} reasons[] = {
    {ENOENT, "its folder does not exist", "create the folder, or choose another path"},
    {ENOTDIR, "a part of its path is no folder", OTHER_PATH},
    {EISDIR, "it is a folder", OTHER_PATH},
    {ELOOP, "it is a symbolic link", "name the file it leads to"},
    {ENXIO, "it is no regular file", OTHER_PATH},
    {EACCES, "permission is denied",
     "make its folder writable for this user, or choose another path"},
    {EPERM, "permission is denied",
     "make its folder writable for this user, or choose another path"},
    {EROFS, "its file system is read-only", OTHER_PATH},
    {ENOSPC, "the disk is full", FREE_SPACE},
    {EDQUOT, "the disk quota is used up", FREE_SPACE},
    {EFBIG, "it may not grow any more", "raise the limit on file sizes, or lower max_bytes"},
    {ENAMETOOLONG, "its name is too long", OTHER_PATH},
};

beacon_rc log_file_failure(struct beacon_error *err, int cause, const char *doing, const char *path)
{
    const char *why = strerrordesc_np(cause), *hint = OTHER_PATH;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].cause == cause) {
            why = reasons[i].why;
            hint = reasons[i].hint;
        }
    }
    (void)beacon_error_fill(err, BEACON_E_IO, hint, "cannot %s telemetry file %s: %s", doing, path,
                            why != NULL ? why : "unknown error");
    if (err != NULL) {
        err->os_errno = cause;
    }
    return BEACON_E_IO;
}
