/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/quarantine_list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/ini_file.h"
#include "base/text.h"
#include "base/utf8.h"

#define TEXT_MAX_BYTES 160 /* of a value: the line and its key stay below INI_LINE_MAX_BYTES */
#define COUNT_MAX      1000000u
#define MEND_HINT      "mend the line, or remove the file to forget every quarantine"

bool quarantine_is_id(const char *id)
{
    size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    return n > 0 && n <= INI_SECTION_MAX_BYTES && id[n] == '\0';
}

static void trim(char *text)
{
    size_t blanks = strspn(text, " ");
    memmove(text, text + blanks, strlen(text + blanks) + 1);
    for (size_t n = strlen(text); n > 0 && text[n - 1] == ' '; n--) {
        text[n - 1] = '\0';
    }
}

/* One line without what the grammar of the file would take for its own. */
static char *fit(const char *from)
{
    struct text repaired;
    text_init(&repaired, SIZE_MAX);
    (void)utf8_add_lossy(&repaired, from, strlen(from));
    char *copy = text_take(&repaired);
    if (copy == NULL) {
        return alloc_string("");
    }
    for (char *p = copy; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == '\x7f') {
            *p = ' ';
        } else if (*p == ';') {
            *p = ','; /* " ;" begins a comment */
        }
    }
    trim(copy);
    size_t n = strlen(copy);
    copy[n > TEXT_MAX_BYTES ? utf8_cut(copy, TEXT_MAX_BYTES) : n] = '\0';
    trim(copy);
    return copy;
}

static void free_strings(const struct quarantine_entry *entry)
{
    free((void *)entry->id);
    free((void *)entry->version);
    free((void *)entry->slot);
    free((void *)entry->reason);
}

void quarantine_list_finish(struct quarantine *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free_strings(&list->entries[i]);
    }
    free(list->entries);
    *list = (struct quarantine){0};
}

struct quarantine_entry *quarantine_list_entry(const struct quarantine *list, const char *id)
{
    for (size_t i = 0; i < list->n; i++) {
        if (strcmp(list->entries[i].id, id) == 0) {
            return &list->entries[i];
        }
    }
    return NULL;
}

int quarantine_list_put(struct quarantine *list, const struct quarantine_entry *from,
                        struct beacon_error *err)
{
    struct quarantine_entry *entry = quarantine_list_entry(list, from->id);
    struct quarantine_entry copy = *from;
    copy.count = from->count < COUNT_MAX ? from->count : COUNT_MAX;
    copy.since_unix_s = from->since_unix_s < INT64_MAX ? from->since_unix_s : INT64_MAX;
    copy.id = alloc_string(from->id);
    copy.version = fit(from->version);
    copy.slot = fit(from->slot);
    copy.reason = fit(from->reason);
    if (entry != NULL) {
        free_strings(entry);
        *entry = copy;
        return BEACON_OK;
    }
    if (list->n == QUARANTINE_MAX) {
        free_strings(&copy);
        return error_set(err, BEACON_E_LIMIT, "lift some: beacon plugin quarantine ID --lift",
                         "%d plugins are in the quarantine already", QUARANTINE_MAX);
    }
    list->entries = alloc_grow(list->entries, list->n + 1, sizeof *list->entries);
    list->entries[list->n++] = copy;
    return BEACON_OK;
}

void quarantine_list_remove(struct quarantine *list, struct quarantine_entry *entry)
{
    size_t i = (size_t)(entry - list->entries);
    free_strings(entry);
    memmove(entry, entry + 1, (list->n - i - 1) * sizeof *entry);
    list->n--;
}

/* ---- reading ---- */

/* The entries of one section, borrowed from the file; NULL where there is none. */
struct section {
    const struct ini_file *file;
    const char *id;
    uint32_t line;
    const struct ini_entry *version, *slot, *reason, *by, *count, *since;
};

static int refuse(const struct section *section, uint32_t line, const char *what, const char *value,
                  struct beacon_error *err)
{
    return error_set(err, BEACON_E_INVALID, MEND_HINT, "%s:%u: %s \"%s\"",
                     ini_file_name(section->file), line, what, value);
}

static const struct ini_entry **place_of(struct section *section, const char *key)
{
    const struct {
        const char *key;
        const struct ini_entry **place;
    } keys[] = {{"version", &section->version}, {"slot", &section->slot},
                {"reason", &section->reason},   {"by", &section->by},
                {"count", &section->count},     {"since", &section->since}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i].key, key) == 0) {
            return keys[i].place;
        }
    }
    return NULL; /* of a newer beacon */
}

static int collect(struct section *section, struct beacon_error *err)
{
    for (size_t i = 0; i < ini_file_count(section->file); i++) {
        const struct ini_entry *entry = ini_file_entry(section->file, i);
        const struct ini_entry **place =
            strcmp(entry->section, section->id) == 0 ? place_of(section, entry->key) : NULL;
        if (place != NULL && *place != NULL) {
            return refuse(section, entry->line, "this key was given before:", entry->key, err);
        }
        if (place != NULL) {
            *place = entry;
        }
    }
    return BEACON_OK;
}

static bool read_number(const char *from, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;
    for (const char *p = from; *p != '\0'; p++) {
        if (*p < '0' || *p > '9' || value > (max - (uint64_t)(*p - '0')) / 10) {
            return false;
        }
        value = value * 10 + (uint64_t)(*p - '0');
    }
    *ret = value;
    return from[0] != '\0';
}

static const char *value_of(const struct ini_entry *entry)
{
    return entry != NULL ? entry->value : "";
}

static int read_section(const struct section *section, struct quarantine *list,
                        struct beacon_error *err)
{
    uint64_t count = 0, since = 0;
    if (!quarantine_is_id(section->id)) {
        return refuse(section, section->line, "this is no plugin id:", section->id, err);
    }
    if (section->count != NULL && !read_number(section->count->value, COUNT_MAX, &count)) {
        return refuse(section, section->count->line,
                      "the count is no number:", section->count->value, err);
    }
    if (section->since != NULL && !read_number(section->since->value, INT64_MAX, &since)) {
        return refuse(section, section->since->line,
                      "since is no time in seconds:", section->since->value, err);
    }
    bool is_by_person = strcmp(value_of(section->by), "person") == 0;
    const struct quarantine_entry entry = {
        .id = section->id,
        .version = is_by_person ? "" : value_of(section->version),
        .slot = is_by_person ? "" : value_of(section->slot),
        .reason = value_of(section->reason),
        .since_unix_s = since,
        .count = (uint32_t)count,
        .is_active = is_by_person || count >= QUARANTINE_AFTER,
    };
    return quarantine_list_put(list, &entry, err);
}

int quarantine_list_read(const struct ini_file *file, struct quarantine *ret,
                         struct beacon_error *err)
{
    int rc = BEACON_OK;
    for (size_t i = 0; rc == BEACON_OK && i < ini_file_section_count(file); i++) {
        struct section section = {.file = file};
        section.id = ini_file_section(file, i, &section.line);
        rc = collect(&section, err);
        if (rc == BEACON_OK) {
            rc = read_section(&section, ret, err);
        }
    }
    return rc;
}

/* ---- writing ---- */

static bool write_text(struct text *out, const char *key, const char *value)
{
    return value[0] == '\0' || text_addf(out, "%s = %s\n", key, value);
}

static bool write_entry(const struct quarantine_entry *entry, struct text *out)
{
    bool is_by_person = entry->is_active && entry->version[0] == '\0' && entry->slot[0] == '\0';
    return text_addf(out, "\n[%s]\n", entry->id) && write_text(out, "version", entry->version) &&
           write_text(out, "by", is_by_person ? "person" : "") &&
           text_addf(out, "count = %u\nsince = %" PRIu64 "\n", entry->count, entry->since_unix_s) &&
           write_text(out, "slot", entry->slot) && write_text(out, "reason", entry->reason);
}

bool quarantine_list_write(const struct quarantine *list, struct text *out)
{
    bool is_whole = text_add_string(
        out, "# Plugins that hung or crashed, and those a person keeps out. Written by beacon;\n"
             "# change it with: beacon plugin quarantine\n");
    for (size_t i = 0; is_whole && i < list->n; i++) {
        is_whole = write_entry(&list->entries[i], out);
    }
    return is_whole;
}
