/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ini_file.h"

#include <assert.h>
#include <ini.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/ini_check.h"
#include "base/io.h"
#include "base/text.h"

struct section {
    char *name;
    uint32_t line;
};

struct ini_file {
    char *name;
    struct ini_entry *entries;
    size_t n_entries;
    struct section *sections;
    size_t n_sections;
};

/* What inih reads from and reports to. It tells no line numbers, but asks for one line at a time. */
struct feed {
    struct ini_file *file;
    struct ini_cursor cursor;
    const char *section; /* of the current line; shared by its entries */
    bool has_too_many;
};

static const char *find_section(const struct ini_file *file, const char *name, size_t n)
{
    for (size_t i = 0; i < file->n_sections; i++) {
        if (strncmp(file->sections[i].name, name, n) == 0 && file->sections[i].name[n] == '\0') {
            return file->sections[i].name;
        }
    }
    return NULL;
}

static void note_section(struct feed *feed)
{
    struct ini_file *file = feed->file;
    const char *name = NULL;
    size_t n = 0;
    if (!ini_cursor_section(&feed->cursor, &name, &n)) {
        return;
    }
    feed->section = find_section(file, name, n);
    if (feed->section != NULL) {
        return;
    }
    if (file->n_sections == INI_SECTIONS_MAX) {
        feed->has_too_many = true;
        return;
    }
    char *copy = alloc_string_n(name, n);
    file->sections = alloc_grow(file->sections, file->n_sections + 1, sizeof *file->sections);
    file->sections[file->n_sections++] = (struct section){.name = copy, .line = feed->cursor.line};
    feed->section = copy;
}

/* Called by inih in place of fgets(). */
static char *next_line(char *to, int size, void *user)
{
    struct feed *feed = user;
    if (feed->has_too_many || !ini_cursor_next(&feed->cursor)) {
        return NULL;
    }
    /* inih keeps the comment behind a continuation line as part of the value. */
    const size_t n = ini_cursor_comment(&feed->cursor, 0);
    assert(size > 0 && n < (size_t)size);
    memcpy(to, feed->cursor.text, n);
    to[n] = '\0';
    note_section(feed);
    return to;
}

static int take_entry(void *user, const char *section, const char *key, const char *value)
{
    struct feed *feed = user;
    struct ini_file *file = feed->file;
    file->entries = alloc_grow(file->entries, file->n_entries + 1, sizeof *file->entries);
    assert(strcmp(section, feed->section) == 0);
    file->entries[file->n_entries++] = (struct ini_entry){.section = feed->section,
                                                          .key = alloc_string(key),
                                                          .value = alloc_string(value),
                                                          .line = feed->cursor.line};
    return 1;
}

static int feed_inih(struct ini_file *file, const char *text, size_t n, struct beacon_error *err)
{
    struct feed feed = {.file = file, .cursor = ini_cursor_start(text, n), .section = ""};
    const int line = ini_parse_stream(next_line, &feed, take_entry, &feed);
    if (feed.has_too_many) {
        return error_set(err, BEACON_E_LIMIT, "split the file",
                         "%s:%u: there are more than %d sections", file->name, feed.cursor.line,
                         INI_SECTIONS_MAX);
    }
    if (line != 0) {
        return error_set(err, BEACON_E_INVALID, "write it as `key = value` or [section]",
                         "%s:%d: the line cannot be read", file->name, line > 0 ? line : 1);
    }
    return BEACON_OK;
}

int ini_file_parse(const char *text, size_t n, const char *name, struct ini_file **ret,
                   struct beacon_error *err)
{
    if (n > INI_FILE_MAX_BYTES) {
        return error_set(err, BEACON_E_LIMIT, "split the file",
                         "%s has %zu bytes, at most %u are read", name, n, INI_FILE_MAX_BYTES);
    }
    int rc = ini_check(text, n, name, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct ini_file *file = alloc_zeroed(sizeof *file);
    file->name = alloc_string(name);
    rc = feed_inih(file, text, n, err);
    if (rc != BEACON_OK) {
        ini_file_destroy(file);
        return rc;
    }
    *ret = file;
    return BEACON_OK;
}

int ini_file_read(int fd, const char *name, struct ini_file **ret, struct beacon_error *err)
{
    AUTO_TEXT struct text bytes;
    text_init(&bytes, INI_FILE_MAX_BYTES);
    int rc = io_read_all(fd, name, &bytes, err);
    return rc == BEACON_OK ? ini_file_parse(text_string(&bytes), bytes.len, name, ret, err) : rc;
}

void ini_file_destroy(struct ini_file *file)
{
    if (file == NULL) {
        return;
    }
    for (size_t i = 0; i < file->n_entries; i++) {
        free((char *)file->entries[i].key);
        free((char *)file->entries[i].value);
    }
    for (size_t i = 0; i < file->n_sections; i++) {
        free(file->sections[i].name);
    }
    free(file->entries);
    free(file->sections);
    free(file->name);
    free(file);
}

const char *ini_file_name(const struct ini_file *file)
{
    return file->name;
}

size_t ini_file_count(const struct ini_file *file)
{
    return file->n_entries;
}

const struct ini_entry *ini_file_entry(const struct ini_file *file, size_t i)
{
    assert(i < file->n_entries);
    return &file->entries[i];
}

size_t ini_file_section_count(const struct ini_file *file)
{
    return file->n_sections;
}

const char *ini_file_section(const struct ini_file *file, size_t i, uint32_t *ret_line)
{
    assert(i < file->n_sections);
    if (ret_line != NULL) {
        *ret_line = file->sections[i].line;
    }
    return file->sections[i].name;
}
