/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/pin.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "plugin/lock.h"
#include "plugin/manifest.h"
#include "plugin/trust.h"

#define DIFF_HINT     "see what changed with: beacon plugin lock --diff"
#define LIST_MAX      128 /* bytes of a list in a message */
#define PLATFORMS_MAX 96

/* What is compared, and how errors call it. */
struct check {
    const struct trusted_file *file;
    const char *name, *lock_path;
    const struct lock_entry *entry;
    struct beacon_error *err;
};

/* The lock pins this id for other platforms; perhaps the file is of one of them. */
static int other_platform(const struct check *check)
{
    const struct lock_entry *entry = check->entry;
    AUTO_TEXT struct text platforms;
    text_init(&platforms, PLATFORMS_MAX);
    for (size_t i = 0; i < entry->n_pins; i++) {
        const struct lock_pin *pin = &entry->pins[i];
        if (strcmp(pin->sha256, check->file->sha256) == 0) {
            return error_set(check->err, BEACON_E_POLICY,
                             "install the file of this platform, then lock it: beacon plugin lock",
                             "%s has the hash of another platform: %s:%" PRIu32
                             " pins it for %s, this host is %s",
                             check->name, check->lock_path, pin->line, pin->platform,
                             plugin_lock_platform());
        }
        (void)text_addf(&platforms, "%s%s", i == 0 ? "" : ", ", pin->platform);
    }
    return error_set(check->err, BEACON_E_POLICY,
                     "look at the file, then lock it for this platform: beacon plugin lock",
                     "%s:%" PRIu32 " pins %s for %s only, this host is %s", check->lock_path,
                     entry->line, entry->id, text_string(&platforms), plugin_lock_platform());
}

static int check_version(const struct check *check)
{
    const char *version = check->file->manifest->version;
    if (strcmp(version, check->entry->version) != 0) {
        return error_set(check->err, BEACON_E_POLICY, DIFF_HINT,
                         "%s is version %s, %s:%" PRIu32 " pins %s", check->name, version,
                         check->lock_path, check->entry->line, check->entry->version);
    }
    return BEACON_OK;
}

static int check_bytes(const struct check *check, const struct lock_pin *pin)
{
    if (strcmp(check->file->sha256, pin->sha256) != 0) {
        const struct lock_entry *entry = check->entry;
        for (size_t i = 0; i < entry->n_pins; i++) {
            if (strcmp(check->file->sha256, entry->pins[i].sha256) == 0) {
                return other_platform(check);
            }
        }
        return error_set(check->err, BEACON_E_POLICY, DIFF_HINT,
                         "%s has the SHA-256 %s, pinned is %s by %s:%" PRIu32, check->name,
                         check->file->sha256, pin->sha256, check->lock_path, pin->line);
    }
    if (check->file->size_bytes != pin->size_bytes) {
        return error_set(check->err, BEACON_E_POLICY, DIFF_HINT,
                         "%s has %" PRIu64 " bytes, %s:%" PRIu32 " pins %" PRIu64, check->name,
                         check->file->size_bytes, check->lock_path, pin->line, pin->size_bytes);
    }
    return BEACON_OK;
}

static bool is_among(const char *word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n && list[i] != NULL; i++) {
        if (strcmp(list[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static const char *list_text(const char *const *list, size_t n, struct text *out)
{
    for (size_t i = 0; i < n && list[i] != NULL; i++) {
        if (!text_addf(out, "%s%s", i == 0 ? "" : ", ", list[i])) {
            (void)text_add_string(out, "…");
            break;
        }
    }
    return out->len > 0 ? text_string(out) : "none";
}

static int check_capabilities(const struct check *check)
{
    const struct plugin_manifest *manifest = check->file->manifest;
    const char *const *pinned = check->entry->capabilities;
    bool is_equal = true;
    size_t n_pinned = 0;
    for (; pinned != NULL && pinned[n_pinned] != NULL; n_pinned++) {
        is_equal = is_equal &&
                   is_among(pinned[n_pinned], manifest->capabilities, manifest->n_capabilities);
    }
    for (size_t i = 0; i < manifest->n_capabilities; i++) {
        is_equal = is_equal && is_among(manifest->capabilities[i], pinned, n_pinned);
    }
    if (is_equal) {
        return BEACON_OK;
    }
    AUTO_TEXT struct text theirs, ours;
    text_init(&theirs, LIST_MAX);
    text_init(&ours, LIST_MAX);
    return error_set(check->err, BEACON_E_POLICY, DIFF_HINT,
                     "%s asks for the capabilities %s, %s:%" PRIu32 " pins %s", check->name,
                     list_text(manifest->capabilities, manifest->n_capabilities, &theirs),
                     check->lock_path, check->entry->line, list_text(pinned, n_pinned, &ours));
}

int pin_check(const struct trusted_file *file, const char *name, const struct plugin_lock *lock,
              const struct lock_pin **ret, struct beacon_error *err)
{
    const struct check check = {.file = file,
                                .name = name,
                                .lock_path = plugin_lock_path(lock),
                                .entry = plugin_lock_find(lock, file->manifest->id),
                                .err = err};
    if (check.entry == NULL) {
        return error_set(
            err, BEACON_E_POLICY, "look at the file, then add it with: beacon plugin lock FILE",
            "%s (%s) is not in the lock %s", name, file->manifest->id, check.lock_path);
    }
    const struct lock_pin *pin = lock_entry_pin(check.entry, plugin_lock_platform());
    if (pin == NULL) {
        return other_platform(&check);
    }
    int rc = check_version(&check);
    if (rc == BEACON_OK) {
        rc = check_bytes(&check, pin);
    }
    if (rc == BEACON_OK) {
        rc = check_capabilities(&check);
    }
    if (rc == BEACON_OK) {
        *ret = pin;
    }
    return rc;
}
