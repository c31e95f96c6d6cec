/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/image.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/text.h"

struct signature {
    const char *bytes;
    size_t n, offset;
    const char *media_type;
};

struct image_judge {
    image_check_fn may_read;
    const void *ctx;
};

static const struct signature signatures[] = {
    {"\x89PNG\r\n\x1a\n", 8, 0, "image/png"},
    {"\xff\xd8\xff", 3, 0, "image/jpeg"},
    {"GIF87a", 6, 0, "image/gif"},
    {"GIF89a", 6, 0, "image/gif"},
    {"WEBP", 4, 8, "image/webp"},
};

static const char *media_type_of(const char *p, size_t n)
{
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        const struct signature *s = &signatures[i];
        if (n >= s->offset + s->n && memcmp(p + s->offset, s->bytes, s->n) == 0) {
            return s->media_type;
        }
    }
    return NULL;
}

static void add_base64(struct text *out, const char *from, size_t n)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    static const unsigned padding = 64; /* of digits */
    const unsigned char *p = (const unsigned char *)from;
    char *to = text_reserve(out, (n + 2) / 3 * 4);
    assert(to != NULL); /* the cap of `out` is set from n */
    size_t made = 0;
    for (size_t i = 0; i < n; i += 3) {
        unsigned left = (unsigned)(n - i < 3 ? n - i : 3);
        unsigned triple = (unsigned)p[i] << 16 | (left > 1 ? (unsigned)p[i + 1] << 8 : 0) |
                          (left > 2 ? (unsigned)p[i + 2] : 0);
        to[made++] = digits[triple >> 18];
        to[made++] = digits[triple >> 12 & 63u];
        to[made++] = digits[left > 1 ? triple >> 6 & 63u : padding];
        to[made++] = digits[left > 2 ? triple & 63u : padding];
    }
    text_commit(out, made);
}

static int not_located(const char *path, struct beacon_error *err)
{
    int problem = errno;
    return error_set_errno(err, BEACON_E_NOT_FOUND, problem, "check the path",
                           "unable to locate image at `%s`: %s (os error %d)", path,
                           strerror(problem), problem);
}

/* Nothing is done to the file before it is known to be a regular one: opening a device can already do
 * something. An O_PATH descriptor does nothing, and can be opened again without its path. */
static int reopen(int held, const char *path, const struct image_judge *judge, int *ret_fd,
                  struct beacon_error *err)
{
    char self[64], real[PATH_MAX];
    struct stat st;
    (void)snprintf(self, sizeof self, "/proc/self/fd/%d", held);
    ssize_t n = readlink(self, real, sizeof real - 1);
    if (n < 0 || fstat(held, &st) != 0) {
        return not_located(path, err);
    }
    real[n] = '\0';
    if (!S_ISREG(st.st_mode)) {
        return error_set(err, BEACON_E_INVALID, "name a picture file",
                         "image path `%s` is not a file", path);
    }
    if (st.st_nlink == 0) { /* its path is no more, so nothing can be said about it */
        errno = ENOENT;
        return not_located(path, err);
    }
    int rc = judge->may_read != NULL ? judge->may_read(judge->ctx, real, err) : BEACON_OK;
    if (rc != BEACON_OK) {
        return rc;
    }
    *ret_fd = open(self, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return *ret_fd < 0 ? not_located(path, err) : BEACON_OK;
}

static int open_regular(const char *path, const struct image_judge *judge, int *ret_fd,
                        struct beacon_error *err)
{
    AUTO_CLOSE int held = open(path, O_PATH | O_CLOEXEC);
    return held < 0 ? not_located(path, err) : reopen(held, path, judge, ret_fd, err);
}

int image_data_url_checked(const char *path, image_check_fn may_read, const void *ctx,
                           char **ret_url, struct beacon_error *err)
{
    const struct image_judge judge = {may_read, ctx};
    AUTO_CLOSE int fd = -1;
    int rc = open_regular(path, &judge, &fd, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    AUTO_TEXT struct text bytes;
    text_init(&bytes, IMAGE_FILE_MAX);
    rc = io_read_all(fd, path, &bytes, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    const char *media_type = media_type_of(text_string(&bytes), bytes.len);
    if (media_type == NULL) {
        return error_set(err, BEACON_E_INVALID, "use a PNG, JPEG, GIF or WebP file",
                         "`%s` is not a picture this program knows", path);
    }
    struct text url;
    text_init(&url, bytes.len / 3 * 4 + 128);
    (void)text_addf(&url, "data:%s;base64,", media_type);
    add_base64(&url, text_string(&bytes), bytes.len);
    *ret_url = text_take(&url);
    return BEACON_OK;
}

int image_data_url(const char *path, char **ret_url, struct beacon_error *err)
{
    return image_data_url_checked(path, NULL, NULL, ret_url, err);
}
