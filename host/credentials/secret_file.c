/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/io.h"
#include "base/json.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/host_api.h"

#define NS_PER_SECOND  UINT64_C(1000000000)
#define LOCK_PAUSE_MS  5
#define MALFORMED_HINT "correct the file, or move it away and log in again"

static uint64_t generation_of(const struct stat *status)
{
    return (uint64_t)status->st_mtim.tv_sec * NS_PER_SECOND + (uint64_t)status->st_mtim.tv_nsec;
}

/* NOLINTNEXTLINE(misc-no-recursion): at most JSON_DEPTH_MAX levels were parsed */
void secret_tree_destroy(struct json_object *tree)
{
    if (json_object_is_type(tree, json_type_string)) {
        /* json-c gives out the buffer it keeps the string in. */
        explicit_bzero((void *)json_object_get_string(tree),
                       (size_t)json_object_get_string_len(tree));
    } else if (json_object_is_type(tree, json_type_object)) {
        json_object_object_foreach(tree, key, member)
        {
            (void)key;
            secret_tree_destroy(json_object_get(member));
        }
    } else if (json_object_is_type(tree, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(tree); i++) {
            secret_tree_destroy(json_object_get(json_object_array_get_idx(tree, i)));
        }
    }
    (void)json_object_put(tree);
}

void secret_file_finish(struct secret_file *file)
{
    secret_tree_destroy(file->tree);
    *file = (struct secret_file){0};
}

int secret_file_parse(const char *text, size_t n, const char *path, struct json_object **ret,
                      struct beacon_error *err)
{
    struct json_object *tree = NULL;
    struct beacon_error why = {0};
    if (json_parse(text, n, "", &tree, &why) != BEACON_OK) {
        const char *reason = why.message + strspn(why.message, ": "); /* after the name */
        return error_set(err, BEACON_E_INVALID, MALFORMED_HINT, "%s is malformed (%s)", path,
                         reason);
    }
    if (!json_object_is_type(tree, json_type_object)) {
        secret_tree_destroy(tree);
        return error_set(err, BEACON_E_INVALID, MALFORMED_HINT,
                         "%s is malformed (it is not a JSON object)", path);
    }
    *ret = tree;
    return BEACON_OK;
}

static int cannot(const char *what, const char *path, struct beacon_error *err)
{
    return error_set_errno(err, BEACON_E_IO, errno,
                           "check who owns the file and its folder, and whether they can be used",
                           "cannot %s %s: %s", what, path, strerror(errno));
}

/* `ret_fd` stays -1 when there is no such file. A pipe or a device is not waited for. */
static int open_regular(const char *path, int *ret_fd, struct stat *ret, struct beacon_error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ENOENT) {
        return BEACON_OK;
    }
    if (fd < 0 || fstat(fd, ret) != 0) {
        return cannot("read", path, err);
    }
    if (!S_ISREG(ret->st_mode)) {
        return error_set(err, BEACON_E_INVALID, MALFORMED_HINT, "%s is not a regular file", path);
    }
    if (ret->st_size > (off_t)SECRET_FILE_MAX) {
        return error_set(err, BEACON_E_LIMIT, MALFORMED_HINT, "%s is over %u bytes", path,
                         SECRET_FILE_MAX);
    }
    *ret_fd = take_fd(&fd);
    return BEACON_OK;
}

int secret_file_read(const char *path, struct secret_file *ret, struct beacon_error *err)
{
    AUTO_CLOSE int fd = -1;
    struct stat status;
    *ret = (struct secret_file){0};
    int rc = open_regular(path, &fd, &status, err);
    if (rc != BEACON_OK || fd < 0) {
        return rc;
    }
    struct text text;
    text_init(&text, SECRET_FILE_MAX);
    (void)text_reserve(&text, (size_t)status.st_size + 1); /* so that no copy is left behind */
    rc = io_read_all(fd, path, &text, err);
    if (rc == BEACON_OK) {
        rc = secret_file_parse(text_string(&text), text.len, path, &ret->tree, err);
    }
    if (text.data != NULL) {
        explicit_bzero(text.data, text.capacity);
    }
    text_finish(&text);
    if (rc == BEACON_OK) {
        ret->generation = generation_of(&status);
    }
    return rc;
}

/* File systems count time in steps of a nanosecond up to two seconds. */
static bool grow_generation(int fd, uint64_t old)
{
    static const uint64_t steps[] = {1, 1000, 1000000, NS_PER_SECOND, 2 * NS_PER_SECOND};
    struct timespec clock;
    (void)clock_gettime(CLOCK_REALTIME, &clock);
    uint64_t now = (uint64_t)clock.tv_sec * NS_PER_SECOND + (uint64_t)clock.tv_nsec;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        uint64_t wanted = now > old ? now : old + steps[i];
        const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                          {.tv_sec = (time_t)(wanted / NS_PER_SECOND),
                                           .tv_nsec = (long)(wanted % NS_PER_SECOND)}};
        struct stat status;
        if (futimens(fd, times) != 0 || fstat(fd, &status) != 0) {
            return false;
        }
        if (generation_of(&status) > old) {
            return true;
        }
        now = 0;
    }
    errno = ERANGE;
    return false;
}

static void sync_folder(const char *path)
{
    AUTO_FREE char *folder = path_parent(path);
    AUTO_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd); /* the rename is there already; not every file system can do more */
    }
}

int secret_file_write(const char *path, struct json_object *tree, uint64_t old_generation,
                      struct beacon_error *err)
{
    AUTO_FREE char *beside = alloc_printf("%s.tmp", path);
    (void)unlink(beside); /* of a program that died; the lock says nobody else writes */
    AUTO_CLOSE int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return cannot("write", path, err);
    }
    size_t n = 0;
    const char *text = json_object_to_json_string_length(
        tree, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE,
        &n);
    bool is_written = fchmod(fd, 0600) == 0 && io_write_all(fd, text, n) &&
                      io_write_all(fd, "\n", 1) && grow_generation(fd, old_generation) &&
                      fsync(fd) == 0 && rename(beside, path) == 0;
    int cause = errno;
    explicit_bzero((void *)text, n);
    if (!is_written) {
        (void)unlink(beside);
        errno = cause;
        return cannot("write", path, err);
    }
    sync_folder(path);
    return BEACON_OK;
}

static bool is_cancelled(const struct beacon_cancel *cancel)
{
    return cancel != NULL && cancel->is_cancelled != NULL && cancel->is_cancelled(cancel->ctx);
}

static void pause_until_cancelled(const struct beacon_cancel *cancel)
{
    struct pollfd watched = {.fd = cancel != NULL ? cancel->fd : -1, .events = POLLIN};
    (void)poll(&watched, 1, LOCK_PAUSE_MS);
}

int secret_file_lock(const char *path, uint32_t wait_ms, const struct beacon_cancel *cancel,
                     int *ret_fd, struct beacon_error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return cannot("lock", path, err);
    }
    uint64_t until = clock_mono_ns() + (uint64_t)wait_ms * (NS_PER_SECOND / 1000);
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return cannot("lock", path, err);
        }
        if (is_cancelled(cancel)) {
            return error_set(err, BEACON_E_CANCELLED, "try again", "interrupted");
        }
        if (clock_mono_ns() >= until) {
            return error_set(err, BEACON_E_BUSY, "wait for the other program, or end it",
                             "another program has been changing the credentials for %u seconds "
                             "(%s)",
                             wait_ms / 1000, path);
        }
        pause_until_cancelled(cancel);
    }
    *ret_fd = take_fd(&fd);
    return BEACON_OK;
}
