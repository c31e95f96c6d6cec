/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/manifest.h"

#include <beacon/auth.h>
#include <beacon/provider.h>
#include <beacon/sandbox.h>
#include <beacon/telemetry.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/elf_note.h"

struct kind_row {
    uint32_t kind;
    const char *name;
    const char *iface; /* the one this host speaks */
};

static const struct kind_row kinds[] = {
    {BEACON_KIND_PROVIDER, "provider", BEACON_PROVIDER_IFACE},
    {BEACON_KIND_SANDBOX, "sandbox", BEACON_SANDBOX_IFACE},
    {BEACON_KIND_AUTH, "auth", BEACON_AUTH_IFACE},
    {BEACON_KIND_TELEMETRY, "telemetry", BEACON_TELEMETRY_IFACE},
};

const char *manifest_kind_name(uint32_t kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind == kind) {
            return kinds[i].name;
        }
    }
    return "unknown";
}

uint32_t manifest_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return kinds[i].kind;
        }
    }
    return 0;
}

const char *manifest_kind_iface(uint32_t kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind == kind) {
            return kinds[i].iface;
        }
    }
    return "unknown";
}

bool manifest_is_same(const struct plugin_manifest *a, const struct plugin_manifest *b)
{
    return a->n_json == b->n_json && memcmp(a->json, b->json, a->n_json) == 0;
}

static int read_elf(const struct elf_file *file, struct plugin_manifest **ret,
                    struct beacon_error *err)
{
    AUTO_TEXT struct text note;
    text_init(&note, ELF_NOTE_MAX_BYTES);
    int rc = elf_note_read(file, &note, err);
    return rc == BEACON_OK ? manifest_parse(text_string(&note), note.len, file->name, ret, err)
                           : rc;
}

int manifest_read_bytes(const void *bytes, size_t n, const char *name, struct plugin_manifest **ret,
                        struct beacon_error *err)
{
    const struct elf_file file = {
        .name = name, .fd = -1, .memory = bytes, .in_memory = n, .size = n};
    return read_elf(&file, ret, err);
}

static int cannot_open(const char *name, struct beacon_error *err)
{
    return error_set_errno(err, BEACON_E_IO, errno,
                           "make the file readable, or remove it from the plugin folder",
                           "cannot open %s: %s", name, strerror(errno));
}

int manifest_read_fd(int fd, const char *name, struct plugin_manifest **ret,
                     struct beacon_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return cannot_open(name, err);
    }
    if (!S_ISREG(st.st_mode)) {
        return error_set(err, BEACON_E_INVALID, "remove it from the plugin folder",
                         "%s is %s, not a plugin file", name,
                         S_ISDIR(st.st_mode) ? "a folder" : "no regular file");
    }
    const struct elf_file file = {.name = name, .fd = fd, .size = (uint64_t)st.st_size};
    return read_elf(&file, ret, err);
}

int manifest_read_file(const char *path, struct plugin_manifest **ret, struct beacon_error *err)
{
    const char *name = path_base(path);
    /* O_NONBLOCK: a fifo in the folder must not stop the program. */
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return fd < 0 ? cannot_open(name, err) : manifest_read_fd(fd, name, ret, err);
}

int manifest_check_abi(const struct plugin_manifest *manifest, const char *name,
                       struct beacon_error *err)
{
    if (manifest->abi_major != BEACON_ABI_MAJOR) {
        return error_set(err, BEACON_E_UNSUPPORTED,
                         "rebuild it with an SDK of major 1, or use a newer beacon",
                         "%s speaks ABI major %u, this host speaks %u", name, manifest->abi_major,
                         BEACON_ABI_MAJOR);
    }
    if (manifest->min_host_minor > BEACON_ABI_MINOR) {
        return error_set(
            err, BEACON_E_UNSUPPORTED, "use a newer beacon, or a build of the plugin for this one",
            "%s needs a host of ABI %u.%u, this one is %u.%u", name, manifest->abi_major,
            manifest->min_host_minor, BEACON_ABI_MAJOR, BEACON_ABI_MINOR);
    }
    return BEACON_OK;
}

bool manifest_has_capability(const struct plugin_manifest *manifest, const char *prefix,
                             const char *value)
{
    size_t n = strlen(prefix);
    for (size_t i = 0; i < manifest->n_capabilities; i++) {
        const char *capability = manifest->capabilities[i];
        if (strncmp(capability, prefix, n) == 0 &&
            (value == NULL || fnmatch(capability + n, value, 0) == 0)) {
            return true;
        }
    }
    return false;
}

void manifest_destroy(struct plugin_manifest *manifest)
{
    if (manifest != NULL) {
        free(manifest->json);
        free(manifest->strings);
        free(manifest);
    }
}
