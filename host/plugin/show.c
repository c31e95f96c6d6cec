/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/show.h"

#include <beacon/plugin.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/json.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/discover.h"
#include "plugin/manifest.h"
#include "plugin/report.h"
#include "plugin/sha256.h"
#include "plugin/static_set.h"
#include "plugin/why.h"

#define FILE_MAX_BYTES  (256u << 20)
#define NAME_BYTES      4096
#define OWNER_MAX_BYTES 64

struct plugin_shown {
    const struct plugin_entry *entry; /* NULL: a file that is not installed */
    char *path;                       /* NULL: part of the program */
    const struct plugin_manifest *manifest;
    struct plugin_manifest *own_manifest;
    struct beacon_error trouble; /* why the host would not use it; code 0: it would */
    uint64_t size_bytes;
    char sha256[SHA256_HEX];
    char owner[OWNER_MAX_BYTES];
    uint32_t mode;
};

/* ---- finding out ---- */

static void name_owner(struct plugin_shown *shown, uid_t uid)
{
    char bytes[NAME_BYTES];
    struct passwd user, *found = NULL;
    if (getpwuid_r(uid, &user, bytes, sizeof bytes, &found) == 0 && found != NULL) {
        (void)snprintf(shown->owner, sizeof shown->owner, "%.60s", user.pw_name);
    } else {
        (void)snprintf(shown->owner, sizeof shown->owner, "user %" PRIu32, (uint32_t)uid);
    }
}

static int measure_file(struct plugin_shown *shown, struct beacon_error *err)
{
    struct stat st;
    AUTO_TEXT struct text bytes;
    text_init(&bytes, FILE_MAX_BYTES);
    AUTO_CLOSE int fd = open(shown->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) != 0) {
        return error_set_errno(err, errno == ENOENT ? BEACON_E_NOT_FOUND : BEACON_E_IO, errno,
                               "check the path and its permissions", "cannot open %s: %s",
                               shown->path, strerror(errno));
    }
    int rc = manifest_read_fd(fd, path_base(shown->path), &shown->own_manifest, err);
    if (rc == BEACON_OK) {
        rc = io_read_all(fd, shown->path, &bytes, err);
    }
    if (rc == BEACON_OK) {
        sha256_hex(bytes.data, bytes.len, shown->sha256);
        shown->size_bytes = bytes.len;
        shown->mode = st.st_mode & 07777;
        name_owner(shown, st.st_uid);
    }
    return rc;
}

static int open_file(const char *path, struct plugin_shown *shown, struct beacon_error *err)
{
    shown->path = alloc_string(path);
    int rc = measure_file(shown, err);
    if (rc == BEACON_OK) {
        shown->manifest = shown->own_manifest;
        (void)manifest_check_abi(shown->manifest, path_base(path), &shown->trouble);
    }
    return rc;
}

/* The entry that is in use before one that is not. */
static const struct plugin_entry *find_entry(const struct plugin_set *set, const char *name)
{
    const struct plugin_entry *best = NULL;
    for (size_t i = 0; i < plugin_set_count(set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(set, i);
        if (plugin_why_matches(set, i, name) &&
            (best == NULL ||
             (best->state != PLUGIN_USABLE &&
              (entry->state == PLUGIN_USABLE || (best->manifest == NULL && entry->manifest))))) {
            best = entry;
        }
    }
    return best;
}

static int open_entry(const struct plugin_entry *entry, struct plugin_shown *shown,
                      struct beacon_error *err)
{
    shown->entry = entry;
    shown->trouble = entry->refusal;
    if (entry->manifest == NULL) {
        *err = entry->refusal;
        return entry->refusal.code;
    }
    shown->manifest = entry->manifest;
    if (entry->path[0] == '\0') {
        return BEACON_OK;
    }
    shown->path = alloc_string(entry->path);
    return measure_file(shown, err);
}

int plugin_shown_open(const struct plugin_set *set, const char *name, struct plugin_shown **ret,
                      struct beacon_error *err)
{
    struct plugin_shown *shown = alloc_zeroed(sizeof *shown);
    const struct plugin_entry *entry = find_entry(set, name);
    int rc = BEACON_OK;
    if (entry != NULL) {
        rc = open_entry(entry, shown, err);
    } else if (strchr(name, '/') != NULL) {
        rc = open_file(name, shown, err);
    } else {
        rc = error_set(err, BEACON_E_NOT_FOUND,
                       "'beacon plugin list' shows what there is; a file is given by its path, "
                       "like ./acme.so",
                       "there is no plugin called %s", name);
    }
    if (rc != BEACON_OK) {
        plugin_shown_close(shown);
        return rc;
    }
    *ret = shown;
    return BEACON_OK;
}

void plugin_shown_close(struct plugin_shown *shown)
{
    if (shown != NULL) {
        manifest_destroy(shown->own_manifest);
        free(shown->path);
        free(shown);
    }
}

/* ---- as text ---- */

static void add_line(struct text *out, const char *label, const char *words)
{
    if (words[0] != '\0') {
        (void)text_addf(out, "  %-12s", label);
        (void)report_add_shown(out, words);
        (void)text_add_char(out, '\n');
    }
}

static void add_state(const struct plugin_shown *shown, struct text *out)
{
    const struct plugin_entry *entry = shown->entry;
    const char *state = entry == NULL ? "not installed" : plugin_state_name(entry->state);
    (void)text_addf(out, "  %-12s%s", "State", state);
    if (entry != NULL) {
        (void)text_addf(out, ", from: %s", plugin_place_name(entry->place));
    }
    (void)text_add_char(out, '\n');
    if (shown->trouble.code != BEACON_OK) {
        add_line(out, "", shown->trouble.message);
        add_line(out, "What to do", shown->trouble.hint);
    }
}

static void add_file(const struct plugin_shown *shown, struct text *out)
{
    if (shown->path == NULL) {
        add_line(out, "File", "none, it is part of the program");
        if (shown->entry->built_in != NULL) {
            add_line(out, "Sources", shown->entry->built_in->sources_sha256);
        }
        return;
    }
    add_line(out, "File", shown->path);
    (void)text_addf(out, "  %-12s%" PRIu64 " bytes\n", "Size", shown->size_bytes);
    add_line(out, "SHA-256", shown->sha256);
    (void)text_addf(out, "  %-12s%s, mode %04o\n", "Owner", shown->owner, (unsigned)shown->mode);
}

static bool add_components(const struct plugin_manifest *manifest, struct text *out)
{
    int widths[3] = {0};
    for (size_t i = 0; i < manifest->n_components; i++) {
        const struct manifest_component *component = &manifest->components[i];
        const int sizes[3] = {(int)strlen(component->name), (int)strlen(component->kind_name),
                              (int)strlen(component->iface)};
        for (size_t j = 0; j < 3; j++) {
            widths[j] = sizes[j] > widths[j] ? sizes[j] : widths[j];
        }
    }
    (void)text_add_string(out, "\nWhat it offers:\n");
    for (size_t i = 0; i < manifest->n_components; i++) {
        const struct manifest_component *component = &manifest->components[i];
        const char *form = report_form_name(component);
        const char *note = component->is_known ? form : "not spoken by this host";
        (void)text_addf(out, "  %-*s  %-*s  ", widths[0], component->name, widths[1],
                        component->kind_name);
        if (note[0] == '-') {
            (void)text_addf(out, "%s\n", component->iface);
        } else {
            (void)text_addf(out, "%-*s  %s\n", widths[2], component->iface, note);
        }
    }
    return true;
}

static bool add_capabilities(const struct plugin_manifest *manifest, struct text *out)
{
    if (manifest->n_capabilities == 0) {
        return text_add_string(out, "\nIt asks for nothing.\n");
    }
    size_t width = 0;
    for (size_t i = 0; i < manifest->n_capabilities; i++) {
        const size_t n = strlen(manifest->capabilities[i]);
        width = n > width && n <= 40 ? n : width;
    }
    bool is_whole = text_add_string(out, "\nWhat it asks for:\n");
    for (size_t i = 0; is_whole && i < manifest->n_capabilities; i++) {
        const char *capability = manifest->capabilities[i];
        const size_t n = strlen(capability);
        (void)text_add_string(out, "  ");
        (void)report_add_shown(out, capability);
        (void)text_addf(out, "%*s", (int)(n < width ? width - n : 0) + 2, "");
        is_whole = report_add_capability(out, capability) && text_add_char(out, '\n');
    }
    return is_whole;
}

bool plugin_shown_text(const struct plugin_shown *shown, struct text *out)
{
    const struct plugin_manifest *manifest = shown->manifest;
    (void)text_addf(out, "%s %s\n", manifest->id, manifest->version);
    if (manifest->description[0] != '\0') {
        (void)report_add_shown(out, manifest->description);
        (void)text_add_char(out, '\n');
    }
    (void)text_add_char(out, '\n');
    add_state(shown, out);
    add_file(shown, out);
    add_line(out, "Licence", manifest->license);
    add_line(out, "Homepage", manifest->homepage);
    (void)text_addf(out, "  %-12sbuilt for %u.%u, needs %u.%u; this host has %u.%u\n", "ABI",
                    manifest->abi_major, manifest->abi_minor, manifest->abi_major,
                    manifest->min_host_minor, BEACON_ABI_MAJOR, BEACON_ABI_MINOR);
    if (manifest->abi_major != BEACON_ABI_MAJOR) {
        return text_add_string(out, "\nThe rest is written for another ABI major.\n");
    }
    return add_components(manifest, out) && add_capabilities(manifest, out);
}

/* ---- as JSON ---- */

bool plugin_shown_json(const struct plugin_shown *shown, struct text *out)
{
    AUTO_JSON struct json_object *document =
        shown->entry != NULL ? report_entry_json(shown->entry) : json_object_new_object();
    if (shown->entry == NULL) {
        report_put_string(document, "path", shown->path);
        report_put_string(document, "state",
                          shown->trouble.code == BEACON_OK ? "not installed" : "refused");
        if (shown->trouble.code != BEACON_OK) {
            report_put_refusal(document, &shown->trouble);
        }
        report_put_manifest(document, shown->manifest);
    }
    if (shown->entry != NULL && shown->entry->built_in != NULL) {
        report_put_string(document, "sources_sha256", shown->entry->built_in->sources_sha256);
    }
    if (shown->path != NULL) {
        char mode[8];
        (void)snprintf(mode, sizeof mode, "%04o", (unsigned)shown->mode);
        json_object_object_add(document, "size_bytes",
                               json_object_new_int64((int64_t)shown->size_bytes));
        report_put_string(document, "sha256", shown->sha256);
        report_put_string(document, "owner", shown->owner);
        report_put_string(document, "mode", mode);
    }
    return report_add_json(out, document);
}
