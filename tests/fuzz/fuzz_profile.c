/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/profile_file.h"
#include "config/toml_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes are a profile whose wire and quirks are known, or are refused with file, line and advice. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct beacon_error err = {0};
    struct arena *arena = arena_create();
    const struct toml_value *table = NULL;
    const struct profile_text text = {"f", "acme", (const char *)data, size};
    int rc = profile_file_parse(&text, arena, &table, &err);
    if (rc != BEACON_OK) {
        assert(table == NULL && err.hint[0] != '\0' && strncmp(err.message, "f:", 2) == 0);
    } else {
        assert(table->type == TOML_TABLE && table->owner != NULL);
        assert(toml_table_get(table, "wire_api") != NULL ||
               toml_table_get(table, "plugin") != NULL);
    }
    arena_destroy(arena);
    return 0;
}
