/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/ini_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_entry(const struct ini_entry *entry, uint32_t *line)
{
    assert(entry->line >= *line && entry->key[0] != '\0');
    assert(strlen(entry->section) <= INI_SECTION_MAX_BYTES);
    assert(strlen(entry->key) <= INI_KEY_MAX_BYTES);
    assert(strlen(entry->value) <= INI_LINE_MAX_BYTES);
    *line = entry->line;
}

/* Any bytes are an INI file within our limits, or are refused with file and line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct beacon_error err = {0};
    struct ini_file *file = NULL;
    if (ini_file_parse((const char *)data, size, "f", &file, &err) != BEACON_OK) {
        assert(file == NULL && err.hint[0] != '\0' && err.message[0] == 'f');
        return 0;
    }
    uint32_t line = 1;
    for (size_t i = 0; i < ini_file_count(file); i++) {
        check_entry(ini_file_entry(file, i), &line);
    }
    ini_file_destroy(file);
    return 0;
}
