/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/mapping.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "plugin/breadcrumb.h"
#include "plugin/manifest.h"
#include "plugin/trust.h"

#define FD_PATH_BYTES  32
#define REINSTALL_HINT "install the plugin again, or remove it from the plugin folder"

/* Libraries are the process's, like the mappings of plugins. */
struct mapped_library {
    struct mapped_library *next;
    char *soname;
    char sha256[TRUST_SHA256_HEX];
};
static struct mapped_library *libraries;

/* false: there is no /proc, or none that shows this descriptor. */
static bool fd_path(int fd, char path[FD_PATH_BYTES])
{
    struct stat there, here;
    (void)snprintf(path, FD_PATH_BYTES, "/proc/self/fd/%d", fd);
    return stat(path, &there) == 0 && fstat(fd, &here) == 0 && there.st_dev == here.st_dev &&
           there.st_ino == here.st_ino;
}

static int refused_by_linker(const char *name, const char *path, struct beacon_error *err)
{
    const char *why = dlerror();
    const size_t n = strlen(path);
    if (why == NULL) {
        why = "no reason given";
    } else if (strncmp(why, path, n) == 0 && why[n] == ':') {
        why += n + 1 + strspn(why + n + 1, " ");
    }
    return error_set(err, BEACON_E_INVALID, REINSTALL_HINT, "the system cannot load %s: %s", name,
                     why);
}

static const struct mapped_library *find_library(const char *soname)
{
    for (const struct mapped_library *library = libraries; library != NULL;
         library = library->next) {
        if (strcmp(library->soname, soname) == 0) {
            return library;
        }
    }
    return NULL;
}

/* A name is taken by the first that bears it, so it must be the right one. */
static int check_free(const char *soname, struct beacon_error *err)
{
    if (dlopen(soname, RTLD_NOW | RTLD_NOLOAD) == NULL) {
        (void)dlerror();
        return BEACON_OK;
    }
    return error_set(err, BEACON_E_POLICY, "link the library into the plugin",
                     "the pinned library %s cannot be used: another one of that name is already "
                     "loaded",
                     soname);
}

static int map_library(struct trusted_library *library, struct beacon_error *err)
{
    char path[FD_PATH_BYTES];
    const struct mapped_library *mapped = find_library(library->soname);
    if (mapped != NULL) {
        return strcmp(mapped->sha256, library->sha256) == 0
                   ? BEACON_OK
                   : error_set(err, BEACON_E_POLICY, "pin one version of it for all plugins",
                               "the pinned library %s is already loaded with other content",
                               library->soname);
    }
    int rc = check_free(library->soname, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    (void)fd_path(take_fd(&library->fd), path);
    if (dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) == NULL) {
        return refused_by_linker(library->soname, path, err);
    }
    struct mapped_library *added = alloc_zeroed(sizeof *added);
    added->soname = alloc_string(library->soname);
    memcpy(added->sha256, library->sha256, sizeof added->sha256);
    added->next = libraries;
    libraries = added;
    return BEACON_OK;
}

int mapping_open(struct trusted_file *file, const char *path, bool is_pinned, void **ret,
                 struct beacon_error *err)
{
    char sealed_path[FD_PATH_BYTES];
    const char *name = path_base(path);
    const char *from = sealed_path;
    if (!fd_path(file->fd, sealed_path)) {
        if (is_pinned) {
            return error_set(err, BEACON_E_POLICY, "mount /proc, then start beacon again",
                             "%s cannot be loaded without /proc: only there the bytes that were "
                             "checked can be mapped, and a lock or policy is in force",
                             name);
        }
        from = path;
    }
    for (size_t i = 0; i < file->n_libraries; i++) {
        int rc = map_library(&file->libraries[i], err);
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    (void)take_fd(&file->fd); /* also when the linker refuses: it may remember the name */
    const struct breadcrumb before = breadcrumb_enter(file->manifest->id, "constructor");
    void *handle = dlopen(from, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    breadcrumb_leave(before);
    if (handle == NULL) {
        return refused_by_linker(name, from, err);
    }
    *ret = handle;
    return BEACON_OK;
}

beacon_plugin_entry_fn mapping_entry(void *handle)
{
    beacon_plugin_entry_fn entry = NULL;
    for (unsigned major = BEACON_ABI_MAJOR; major > 0 && entry == NULL; major--) {
        char symbol[64];
        (void)snprintf(symbol, sizeof symbol, "beacon_plugin_entry_v%u", major);
        *(void **)&entry = dlsym(handle, symbol);
    }
    return entry;
}

int mapping_check_possible(const char *file, struct beacon_error *err)
{
    (void)file;
    (void)err;
    return BEACON_OK;
}
