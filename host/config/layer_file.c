/* SPDX-License-Identifier: Apache-2.0 */
#include "config/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/text.h"
#include "config/toml_reader.h"

static int fail_read(const struct layer_file *file, int os_errno, const char *why,
                     struct beacon_error *err)
{
    const char *description = file->description != NULL ? file->description : "config file";
    return error_set_errno(err, BEACON_E_IO, os_errno, "check the file and its permissions",
                           "failed to read %s %s: %s", description, file->path, why);
}

/* *ret_fd stays -1 when there is no such file. A pipe or device would never end, or never begin. */
static int open_regular(const struct layer_file *file, int *ret_fd, struct beacon_error *err)
{
    AUTO_CLOSE int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd < 0) {
        bool is_absent = errno == ENOENT || errno == ENOTDIR;
        return is_absent ? BEACON_OK : fail_read(file, errno, strerror(errno), err);
    }
    if (fstat(fd, &st) != 0) {
        return fail_read(file, errno, strerror(errno), err);
    }
    if (!S_ISREG(st.st_mode)) {
        return fail_read(file, 0, "not a regular file", err);
    }
    *ret_fd = take_fd(&fd);
    return BEACON_OK;
}

static int parse(const struct layer_file *file, const struct text *text, struct arena *arena,
                 struct toml_value **ret, struct beacon_error *err)
{
    struct beacon_error inner = {0};
    struct toml_source source = {file->path, text_string(text), text->len};
    struct toml_place where = {0};
    int rc = toml_read(&source, arena, ret, &where, &inner);
    if (rc == BEACON_OK) {
        return BEACON_OK;
    }
    if (file->display != NULL) {
        toml_show_error(&source, where, &inner, file->display);
    }
    if (file->description == NULL) {
        return error_set(err, rc, inner.hint, "%s", inner.message);
    }
    return error_set(err, rc, inner.hint, "failed to parse %s %s", file->description,
                     inner.message);
}

int layer_read_file(const struct layer_file *file, struct arena *arena, struct toml_value **ret,
                    struct beacon_error *err)
{
    AUTO_CLOSE int fd = -1;
    AUTO_TEXT struct text text = {0};
    *ret = NULL;
    int rc = open_regular(file, &fd, err);
    if (rc != BEACON_OK || fd < 0) {
        return rc;
    }
    text_init(&text, CONFIG_FILE_MAX);
    rc = io_read_all(fd, file->path, &text, err);
    return rc == BEACON_OK ? parse(file, &text, arena, ret, err) : rc;
}
