/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/lock_make.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "plugin/elf_audit.h"
#include "plugin/library.h"
#include "plugin/lock_parts.h"
#include "plugin/manifest.h"
#include "plugin/sealed_file.h"
#include "plugin/sha256.h"
#include "plugin/trust.h"

#define LOCK_THERE "lock it on a machine of that platform, with -o the same lock"

/* One file on its way into the lock. */
struct making {
    const char *path, *name, *platform;
    bool is_foreign; /* of another platform */
    struct sealed_file sealed;
    struct plugin_manifest *manifest;
    struct elf_audit *audit;
    struct lock_list needed;
    struct beacon_error *err;
};

static int check_platform(struct making *it, const char *wanted)
{
    it->platform = plugin_lock_platform_of(it->sealed.bytes, it->sealed.n);
    if (it->platform == NULL) {
        return error_set(it->err, BEACON_E_INVALID, "name a plugin file (NAME.so)",
                         "%s is no shared object of a platform that locks know", it->path);
    }
    if (wanted != NULL && strcmp(wanted, it->platform) != 0) {
        return error_set(it->err, BEACON_E_INVALID, "name the file of that platform",
                         "%s is for %s, not for %s", it->path, it->platform, wanted);
    }
    it->is_foreign = strcmp(it->platform, plugin_lock_platform()) != 0;
    return BEACON_OK;
}

/* Who could have changed it matters for a file that is to run here; one of another platform is only on
 * its way through. */
static int read_file(struct making *it, const char *wanted)
{
    AUTO_CLOSE int fd = -1;
    int rc = trust_open_owned(it->path, false, &fd, it->err);
    rc = rc == BEACON_OK
             ? sealed_file_read(fd, it->name, TRUST_FILE_MAX_BYTES, &it->sealed, it->err)
             : rc;
    rc = rc == BEACON_OK ? check_platform(it, wanted) : rc;
    if (rc == BEACON_OK && !it->is_foreign) {
        AUTO_CLOSE int again = -1;
        rc = trust_open_owned(it->path, true, &again, it->err);
    }
    return rc;
}

/* The note and the list of needed libraries are the same on every machine of this class and byte order:
 * in a copy that claims to be ours they can be read. */
static int read_foreign(struct making *it)
{
    unsigned char own[EI_NIDENT + 4];
    AUTO_FREE unsigned char *copy = alloc_copy(it->sealed.bytes, it->sealed.n);
    FILE *self = fopen("/proc/self/exe", "re");
    size_t got = self != NULL ? fread(own, 1, sizeof own, self) : 0;
    if (self != NULL) {
        (void)fclose(self);
    }
    if (got != sizeof own || own[EI_CLASS] != copy[EI_CLASS] || own[EI_DATA] != copy[EI_DATA]) {
        return error_set(it->err, BEACON_E_UNSUPPORTED, LOCK_THERE,
                         "%s is for %s, whose files cannot be read here", it->path, it->platform);
    }
    memcpy(copy + EI_NIDENT + 2, own + EI_NIDENT + 2, 2);
    int rc = manifest_read_bytes(copy, it->sealed.n, it->path, &it->manifest, it->err);
    return rc == BEACON_OK ? elf_audit_read(copy, it->sealed.n, it->path, &it->audit, it->err) : rc;
}

static int read_own(struct making *it)
{
    const void *bytes = it->sealed.bytes;
    int rc = manifest_read_bytes(bytes, it->sealed.n, it->path, &it->manifest, it->err);
    return rc == BEACON_OK ? elf_audit_read(bytes, it->sealed.n, it->path, &it->audit, it->err)
                           : rc;
}

/* ---- the libraries ---- */

static bool has_library(const struct making *it, const char *soname)
{
    size_t n = strlen(soname);
    for (size_t i = 0; i < it->needed.n; i++) {
        if (strncmp(it->needed.items[i], soname, n) == 0 &&
            (it->needed.items[i][n] == ':' || it->needed.items[i][n] == '\0')) {
            return true;
        }
    }
    return false;
}

static int add_libraries(struct making *it, const struct elf_audit *audit, bool is_plugin);

/* NOLINTNEXTLINE(misc-no-recursion): LOCK_LIST_MAX libraries at most, each once */
static int add_hashed(struct making *it, const char *soname)
{
    char hash[SHA256_HEX];
    struct sealed_file sealed = {.fd = -1};
    struct elf_audit *audit = NULL;
    if (it->is_foreign) {
        return error_set(it->err, BEACON_E_UNSUPPORTED, LOCK_THERE,
                         "%s needs the library %s of %s, which is not here to be hashed", it->path,
                         soname, it->platform);
    }
    int rc = library_open(soname, NULL, &sealed, it->err);
    if (rc == BEACON_OK) {
        sha256_hex(sealed.bytes, sealed.n, hash);
        AUTO_FREE char *item = alloc_printf("%s:%s", soname, hash);
        lock_list_add(&it->needed, item, strlen(item));
        rc = elf_audit_read(sealed.bytes, sealed.n, soname, &audit, it->err);
    }
    rc = rc == BEACON_OK ? add_libraries(it, audit, false) : rc;
    elf_audit_destroy(audit);
    sealed_file_finish(&sealed);
    return rc;
}

/* NOLINTNEXTLINE(misc-no-recursion): as above */
static int add_libraries(struct making *it, const struct elf_audit *audit, bool is_plugin)
{
    int rc = BEACON_OK;
    for (size_t i = 0; audit->needed[i] != NULL && rc == BEACON_OK; i++) {
        const char *soname = audit->needed[i];
        bool is_allowed = elf_audit_is_allowed_library(soname);
        if (has_library(it, soname) || (is_allowed && !is_plugin)) {
            continue;
        }
        if (it->needed.n == LOCK_LIST_MAX) {
            return error_set(it->err, BEACON_E_LIMIT, "link fewer libraries into the plugin",
                             "%s needs more than %d libraries", it->path, LOCK_LIST_MAX);
        }
        if (is_allowed) {
            lock_list_add(&it->needed, soname, strlen(soname));
        } else {
            rc = add_hashed(it, soname);
        }
    }
    return rc;
}

/* ---- into the lock ---- */

static void put(const struct making *it, struct plugin_lock *lock, struct lock_made *ret)
{
    const char *capabilities[MANIFEST_CAPABILITIES_MAX + 1] = {NULL};
    memcpy(capabilities, it->manifest->capabilities,
           it->manifest->n_capabilities * sizeof capabilities[0]);
    struct lock_pin pin = {.platform = it->platform,
                           .size_bytes = it->sealed.n,
                           .needed = (const char *const *)it->needed.items};
    sha256_hex(it->sealed.bytes, it->sealed.n, pin.sha256);
    const struct lock_entry entry = {.id = it->manifest->id,
                                     .version = it->manifest->version,
                                     .capabilities = capabilities,
                                     .n_pins = 1,
                                     .pins = &pin};
    ret->platform = it->platform;
    (void)snprintf(ret->id, sizeof ret->id, "%s", entry.id);
    plugin_lock_put(lock, &entry, &ret->n_dropped);
}

int lock_make_file(struct plugin_lock *lock, const char *path, const char *platform,
                   struct lock_made *ret, struct beacon_error *err)
{
    struct making it = {.path = path, .name = path_base(path), .sealed = {.fd = -1}, .err = err};
    int rc = read_file(&it, platform);
    if (rc == BEACON_OK) {
        rc = it.is_foreign ? read_foreign(&it) : read_own(&it);
    }
    rc = rc == BEACON_OK ? add_libraries(&it, it.audit, true) : rc;
    if (rc == BEACON_OK) {
        put(&it, lock, ret);
    }
    lock_list_finish(&it.needed);
    elf_audit_destroy(it.audit);
    manifest_destroy(it.manifest);
    sealed_file_finish(&it.sealed);
    return rc;
}
