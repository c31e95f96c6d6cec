/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/ini_file.h"
#include "plugin/lock_parts.h"

#define ID_BYTES       "abcdefghijklmnopqrstuvwxyz0123456789-."
#define PLATFORM_BYTES "abcdefghijklmnopqrstuvwxyz0123456789_-"
#define VERSION_BYTES  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.+"
#define SIZE_DIGITS    15
#define AGAIN          "make the lock again with `beacon plugin lock`"

/* One section while it is read; what it points to lives as long as the file or the draft. */
struct draft {
    const struct ini_file *file;
    const char *id, *version;
    uint32_t line;
    struct lock_list capabilities;
    struct lock_pin pins[LOCK_PLATFORMS_MAX];
    struct lock_list needed[LOCK_PLATFORMS_MAX];
    bool has_size[LOCK_PLATFORMS_MAX];
    size_t n_pins;
};

static void draft_finish(struct draft *draft)
{
    for (size_t i = 0; i < draft->n_pins; i++) {
        lock_list_finish(&draft->needed[i]);
        free((void *)draft->pins[i].platform);
    }
    lock_list_finish(&draft->capabilities);
}

static int refuse(const struct draft *draft, uint32_t line, const char *what,
                  struct beacon_error *err)
{
    return error_set(err, BEACON_E_INVALID, AGAIN, "%s:%u: [%s] %s", ini_file_name(draft->file),
                     line, draft->id, what);
}

/* ---- values ---- */

static int add_items(const struct draft *draft, const struct ini_entry *entry,
                     struct lock_list *list, struct beacon_error *err)
{
    for (const char *at = entry->value; at != NULL;) {
        size_t n = strcspn(at, ",");
        const char *next = at[n] == ',' ? at + n + 1 : NULL;
        while (n > 0 && isspace((unsigned char)at[0])) {
            at++;
            n--;
        }
        while (n > 0 && isspace((unsigned char)at[n - 1])) {
            n--;
        }
        AUTO_FREE char *item = alloc_string_n(at, n);
        if (!lock_is_plain(item) || list->n == LOCK_LIST_MAX) {
            return refuse(draft, entry->line,
                          list->n == LOCK_LIST_MAX ? "has a list that is too long"
                                                   : "has an empty or unreadable item in a list",
                          err);
        }
        lock_list_add(list, item, n);
        at = next;
    }
    return BEACON_OK;
}

static bool is_needed(const char *item)
{
    const char *colon = strchr(item, ':');
    return strchr(item, '/') == NULL && colon != item &&
           (colon == NULL || lock_is_sha256(colon + 1));
}

static int take_needed(struct draft *draft, size_t pin, const struct ini_entry *entry,
                       struct beacon_error *err)
{
    struct lock_list *list = &draft->needed[pin];
    int rc = add_items(draft, entry, list, err);
    for (size_t i = 0; i < list->n && rc == BEACON_OK; i++) {
        if (!is_needed(list->items[i])) {
            rc = refuse(draft, entry->line, "needs something that is no library name", err);
        }
    }
    return rc;
}

static int take_sha256(struct draft *draft, size_t pin, const struct ini_entry *entry,
                       struct beacon_error *err)
{
    struct lock_pin *to = &draft->pins[pin];
    if (to->sha256[0] != '\0' || !lock_is_sha256(entry->value)) {
        return refuse(draft, entry->line,
                      to->sha256[0] != '\0' ? "has two hashes for one platform"
                                            : "has a sha256 that is not 64 hexadecimal digits",
                      err);
    }
    memcpy(to->sha256, entry->value, sizeof to->sha256);
    return BEACON_OK;
}

static int take_size(struct draft *draft, size_t pin, const struct ini_entry *entry,
                     struct beacon_error *err)
{
    size_t n = strspn(entry->value, "0123456789");
    if (draft->has_size[pin] || n == 0 || n > SIZE_DIGITS || entry->value[n] != '\0') {
        return refuse(draft, entry->line,
                      draft->has_size[pin] ? "has two sizes for one platform"
                                           : "has a size that is no number of bytes",
                      err);
    }
    draft->pins[pin].size_bytes = strtoull(entry->value, NULL, 10);
    draft->has_size[pin] = true;
    return BEACON_OK;
}

struct field_row {
    const char *name;
    int (*take)(struct draft *draft, size_t pin, const struct ini_entry *entry,
                struct beacon_error *err);
};

static const struct field_row fields[] = {
    {"sha256", take_sha256}, {"size", take_size}, {"needed", take_needed}};

/* ---- sections ---- */

/* The pin of a platform, a new one if need be; LOCK_PLATFORMS_MAX: no room. */
static size_t pin_of(struct draft *draft, const char *platform, size_t n, uint32_t line)
{
    for (size_t i = 0; i < draft->n_pins; i++) {
        if (strlen(draft->pins[i].platform) == n &&
            memcmp(draft->pins[i].platform, platform, n) == 0) {
            return i;
        }
    }
    if (draft->n_pins < LOCK_PLATFORMS_MAX) {
        draft->pins[draft->n_pins++] =
            (struct lock_pin){.platform = alloc_string_n(platform, n), .line = line};
        return draft->n_pins - 1;
    }
    return LOCK_PLATFORMS_MAX;
}

static int take_platform(struct draft *draft, const struct ini_entry *entry,
                         struct beacon_error *err)
{
    size_t n = strspn(entry->key, PLATFORM_BYTES);
    const char *field = entry->key[n] == '.' ? entry->key + n + 1 : "";
    for (size_t i = 0; n > 0 && i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(fields[i].name, field) != 0) {
            continue;
        }
        size_t pin = pin_of(draft, entry->key, n, entry->line);
        return pin < LOCK_PLATFORMS_MAX ? fields[i].take(draft, pin, entry, err)
                                        : refuse(draft, entry->line, "has too many platforms", err);
    }
    return error_set(err, BEACON_E_INVALID, AGAIN, "%s:%u: [%s] has a key `%s` that no lock has",
                     ini_file_name(draft->file), entry->line, draft->id, entry->key);
}

static int take_version(struct draft *draft, const struct ini_entry *entry,
                        struct beacon_error *err)
{
    size_t n = strlen(entry->value);
    if (draft->version != NULL || n == 0 || strspn(entry->value, VERSION_BYTES) != n) {
        return refuse(draft, entry->line,
                      draft->version != NULL ? "has two versions, or is there twice"
                                             : "has a version that is none",
                      err);
    }
    draft->version = entry->value;
    return BEACON_OK;
}

static int take_entry(struct draft *draft, const struct ini_entry *entry, struct beacon_error *err)
{
    if (strcmp(entry->key, "version") == 0) {
        return take_version(draft, entry, err);
    }
    if (strcmp(entry->key, "capabilities") == 0) {
        return add_items(draft, entry, &draft->capabilities, err);
    }
    return take_platform(draft, entry, err);
}

/* What is missing makes a pin worthless, so it is not taken for "anything". */
static int check_whole(struct draft *draft, struct beacon_error *err)
{
    size_t n = strlen(draft->id);
    if (n == 0 || strspn(draft->id, ID_BYTES) != n) {
        return refuse(draft, draft->line, "is no plugin id", err);
    }
    if (draft->version == NULL || draft->n_pins == 0) {
        return refuse(draft, draft->line,
                      draft->version == NULL ? "has no version" : "pins nothing", err);
    }
    for (size_t i = 0; i < draft->n_pins; i++) {
        if (draft->pins[i].sha256[0] == '\0' || !draft->has_size[i]) {
            return refuse(draft, draft->pins[i].line, "has a platform without both sha256 and size",
                          err);
        }
        draft->pins[i].needed = (const char *const *)draft->needed[i].items;
    }
    return BEACON_OK;
}

static int read_section(struct draft *draft, struct plugin_lock *lock, struct beacon_error *err)
{
    int rc = BEACON_OK;
    for (size_t i = 0; i < ini_file_count(draft->file) && rc == BEACON_OK; i++) {
        const struct ini_entry *entry = ini_file_entry(draft->file, i);
        if (strcmp(entry->section, draft->id) == 0) {
            rc = take_entry(draft, entry, err);
        }
    }
    rc = rc == BEACON_OK ? check_whole(draft, err) : rc;
    if (rc == BEACON_OK) {
        const struct lock_entry entry = {
            .id = draft->id,
            .version = draft->version,
            .capabilities = (const char *const *)draft->capabilities.items,
            .n_pins = draft->n_pins,
            .pins = draft->pins,
            .line = draft->line,
        };
        plugin_lock_put(lock, &entry, NULL);
    }
    return rc;
}

static int read_sections(const struct ini_file *file, struct plugin_lock *lock,
                         struct beacon_error *err)
{
    int rc = BEACON_OK;
    if (ini_file_count(file) > 0 && ini_file_entry(file, 0)->section[0] == '\0') {
        return error_set(err, BEACON_E_INVALID, AGAIN, "%s:%u: a key before the first [id]",
                         ini_file_name(file), ini_file_entry(file, 0)->line);
    }
    for (size_t i = 0; i < ini_file_section_count(file) && rc == BEACON_OK; i++) {
        struct draft draft = {.file = file};
        draft.id = ini_file_section(file, i, &draft.line);
        rc = read_section(&draft, lock, err);
        draft_finish(&draft);
    }
    return rc;
}

int plugin_lock_parse(const char *text, size_t n, const char *path, struct plugin_lock **ret,
                      struct beacon_error *err)
{
    struct ini_file *file = NULL;
    int rc = ini_file_parse(text, n, path, &file, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct plugin_lock *lock = plugin_lock_create(path);
    rc = read_sections(file, lock, err);
    ini_file_destroy(file);
    if (rc != BEACON_OK) {
        plugin_lock_destroy(lock);
        return rc;
    }
    *ret = lock;
    return BEACON_OK;
}
