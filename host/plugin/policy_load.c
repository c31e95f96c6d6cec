/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/ini_file.h"
#include "base/path.h"
#include "plugin/policy_parts.h"
#include "plugin/root_owned.h"

#define SUFFIX ".ini"
#define CORRECT_HINT                                                                               \
    "ask the administrator to correct the policy; docs/plugin-policy.md has every key"

/* The names of the files that count, sorted. */
struct names {
    char *list[POLICY_FILES_MAX];
    size_t n;
};

static void names_finish(struct names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        free(names->list[i]);
    }
}

static bool is_policy_name(const char *name)
{
    size_t n = strlen(name), suffix = strlen(SUFFIX);
    return name[0] != '.' && n > suffix && strcmp(name + n - suffix, SUFFIX) == 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_names(DIR *stream, const char *dir, struct names *names, struct beacon_error *err)
{
    const struct dirent *item = NULL;
    errno = 0;
    while ((item = readdir(stream)) != NULL) { /* NOLINT(concurrency-mt-unsafe): our own stream */
        if (!is_policy_name(item->d_name)) {
            continue;
        }
        if (names->n == POLICY_FILES_MAX) {
            return error_set(err, BEACON_E_POLICY, "ask the administrator to join some of them",
                             "the policy folder %s has more than %d files", dir, POLICY_FILES_MAX);
        }
        names->list[names->n++] = alloc_string(item->d_name);
        errno = 0;
    }
    if (errno != 0) {
        return error_set_errno(err, BEACON_E_POLICY, errno, "ask the administrator to look at it",
                               "cannot list the policy folder %s: %s", dir, strerror(errno));
    }
    qsort(names->list, names->n, sizeof names->list[0], compare);
    return BEACON_OK;
}

/* A policy that cannot be read is one that forbids everything. */
static int as_policy_error(struct beacon_error *err)
{
    if (err != NULL && err->code != BEACON_E_POLICY) {
        AUTO_FREE char *what = alloc_string(err->message);
        (void)error_set(err, BEACON_E_POLICY, CORRECT_HINT, "%s", what);
    }
    return BEACON_E_POLICY;
}

static int read_file(struct plugin_policy *policy, int dir_fd, const char *dir, const char *name,
                     struct beacon_error *err)
{
    AUTO_CLOSE int fd = -1;
    AUTO_FREE char *path = path_join(dir, name);
    struct ini_file *file = NULL;
    int rc = root_owned_file_at(dir_fd, dir, name, &fd, err);
    if (rc == BEACON_OK) {
        rc = ini_file_read(fd, path, &file, err);
    }
    if (rc == BEACON_OK) {
        rc = policy_add_file(policy, file, err);
    }
    ini_file_destroy(file);
    return rc == BEACON_OK ? rc : as_policy_error(err);
}

static int read_files(struct plugin_policy *policy, int dir_fd, const char *dir,
                      const struct names *names, struct beacon_error *err)
{
    int rc = BEACON_OK;
    for (size_t i = 0; i < names->n && rc == BEACON_OK; i++) {
        rc = read_file(policy, dir_fd, dir, names->list[i], err);
    }
    return rc == BEACON_OK ? policy_settle(policy, err) : rc;
}

static int load(DIR *stream, const char *dir, struct plugin_policy **ret, struct beacon_error *err)
{
    struct names names = {.n = 0};
    struct plugin_policy *policy = NULL;
    int rc = read_names(stream, dir, &names, err);
    if (rc == BEACON_OK && names.n > 0) {
        policy = alloc_zeroed(sizeof *policy);
        rc = read_files(policy, dirfd(stream), dir, &names, err);
    }
    names_finish(&names);
    if (rc != BEACON_OK) {
        plugin_policy_destroy(policy);
        return rc;
    }
    *ret = policy;
    return BEACON_OK;
}

int plugin_policy_load(const char *dir, struct plugin_policy **ret, struct beacon_error *err)
{
    AUTO_CLOSE int fd = -1;
    int rc = root_owned_folder(dir, &fd, err);
    if (rc == BEACON_E_NOT_FOUND) {
        *ret = NULL;
        return BEACON_OK;
    }
    if (rc != BEACON_OK) {
        return rc;
    }
    DIR *stream = fdopendir(fd);
    if (stream == NULL) {
        return error_set_errno(err, BEACON_E_POLICY, errno, "ask the administrator to look at it",
                               "cannot list the policy folder %s: %s", dir, strerror(errno));
    }
    (void)take_fd(&fd); /* the stream's now */
    rc = load(stream, dir, ret, err);
    (void)closedir(stream);
    return rc;
}
