/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/ini_file.h"
#include "base/text.h"
#include "plugin/lock_parts.h"

#define HEAD "; Which plugin files may run. Made by `beacon plugin lock`.\n"

static int add_line(struct text *out, const char *key, const char *value, struct beacon_error *err)
{
    if (!lock_is_plain(value)) {
        return error_set(err, BEACON_E_INVALID, "change the manifest of the plugin",
                         "a lock cannot hold %s = %.80s: no commas, semicolons or blanks around",
                         key, value);
    }
    if (strlen(key) + strlen(" = ") + strlen(value) > INI_LINE_MAX_BYTES ||
        !text_addf(out, "%s = %s\n", key, value)) {
        return error_set(err, BEACON_E_LIMIT, "change the manifest of the plugin",
                         "a lock cannot hold %s = %.60s…: a line has at most %d bytes", key, value,
                         INI_LINE_MAX_BYTES);
    }
    return BEACON_OK;
}

static int add_list(struct text *out, const char *key, const char *const *list,
                    struct beacon_error *err)
{
    int rc = BEACON_OK;
    for (size_t i = 0; list[i] != NULL && rc == BEACON_OK; i++) {
        rc = add_line(out, key, list[i], err);
    }
    return rc;
}

static int add_pin(struct text *out, const struct lock_pin *pin, struct beacon_error *err)
{
    char key[80], size[32];
    (void)snprintf(key, sizeof key, "%s.sha256", pin->platform);
    int rc = add_line(out, key, pin->sha256, err);
    if (rc == BEACON_OK) {
        (void)snprintf(key, sizeof key, "%s.size", pin->platform);
        (void)snprintf(size, sizeof size, "%" PRIu64, pin->size_bytes);
        rc = add_line(out, key, size, err);
    }
    if (rc == BEACON_OK) {
        (void)snprintf(key, sizeof key, "%s.needed", pin->platform);
        rc = add_list(out, key, pin->needed, err);
    }
    return rc;
}

static int add_entry(struct text *out, const struct lock_entry *entry, struct beacon_error *err)
{
    if (!text_addf(out, "\n[%s]\n", entry->id)) {
        return error_set(err, BEACON_E_LIMIT, "lock fewer plugins", "the lock becomes too large");
    }
    int rc = add_line(out, "version", entry->version, err);
    rc = rc == BEACON_OK ? add_list(out, "capabilities", entry->capabilities, err) : rc;
    for (size_t i = 0; i < entry->n_pins && rc == BEACON_OK; i++) {
        rc = add_pin(out, &entry->pins[i], err);
    }
    return rc;
}

int plugin_lock_format(const struct plugin_lock *lock, struct text *out, struct beacon_error *err)
{
    int rc = BEACON_OK;
    (void)text_add_string(out, HEAD);
    for (size_t i = 0; i < lock->n && rc == BEACON_OK; i++) {
        rc = add_entry(out, &lock->entries[i], err);
    }
    if (rc == BEACON_OK && out->len > INI_FILE_MAX_BYTES) {
        rc = error_set(err, BEACON_E_LIMIT, "lock fewer plugins",
                       "the lock becomes larger than %u bytes", INI_FILE_MAX_BYTES);
    }
    return rc;
}
