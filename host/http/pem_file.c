/* SPDX-License-Identifier: Apache-2.0 */
#include "http/pem_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "http/request.h"

void pem_file_init(struct pem_file *file, const char *path, const char *name, const char *mark)
{
    *file = (struct pem_file){.name = name, .mark = mark};
    file->path = path != NULL && path[0] != '\0' ? alloc_string(path) : NULL;
    text_init(&file->content, PEM_FILE_MAX);
}

static void wipe(struct text *content)
{
    if (content->data != NULL) {
        explicit_bzero(content->data, content->capacity);
    }
    text_finish(content);
}

void pem_file_finish(struct pem_file *file)
{
    wipe(&file->content);
    free(take_pointer(file->path));
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int permanent(int rc, struct beacon_error *err)
{
    if (err != NULL) {
        err->flags |= HTTP_ERROR_PERMANENT;
    }
    return rc;
}

static int cannot_read(const struct pem_file *file, int cause, struct beacon_error *err)
{
    return permanent(error_set_errno(err, BEACON_E_IO, cause,
                                     "name a file in PEM form that you may read there",
                                     "the file %s, named by %s, cannot be read: %s", file->path,
                                     file->name, strerror(cause)),
                     err);
}

static int check(const struct pem_file *file, const struct text *content, struct beacon_error *err)
{
    if (strstr(text_string(content), file->mark) == NULL) {
        return permanent(error_set(err, BEACON_E_INVALID,
                                   "name a file in PEM form, with lines of -----BEGIN …-----",
                                   "the file %s, named by %s, has no %s in it", file->path,
                                   file->name, file->mark),
                         err);
    }
    return BEACON_OK;
}

static int read_now(struct pem_file *file, int fd, const struct stat *st, struct beacon_error *err)
{
    struct text content;
    text_init(&content, PEM_FILE_MAX);
    int rc = permanent(io_read_all(fd, file->path, &content, err), err);
    rc = rc == BEACON_OK ? check(file, &content, err) : rc;
    if (rc != BEACON_OK) {
        wipe(&content);
        return rc;
    }
    wipe(&file->content);
    file->content = content;
    file->seen = *st;
    file->is_read = true;
    return BEACON_OK;
}

int pem_file_refresh(struct pem_file *file, bool *ret_changed, struct beacon_error *err)
{
    struct stat st;
    if (file->path == NULL ||
        (file->is_read && stat(file->path, &st) == 0 && is_same(&st, &file->seen))) {
        return BEACON_OK;
    }
    /* A pipe that nobody writes to must not be waited for. */
    AUTO_CLOSE int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) != 0) {
        return cannot_read(file, errno, err);
    }
    if (!S_ISREG(st.st_mode)) {
        return cannot_read(file, S_ISDIR(st.st_mode) ? EISDIR : EINVAL, err);
    }
    int rc = read_now(file, fd, &st, err);
    if (rc == BEACON_OK && ret_changed != NULL) {
        *ret_changed = true;
    }
    return rc;
}
