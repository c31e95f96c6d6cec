/* SPDX-License-Identifier: Apache-2.0
 * fuzz_toml - any bytes as a configuration file: read or refused, never worse. What is read must be
 * reachable by its keys; what is refused must have a sentence and a place that can be shown.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "config/toml_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_members(const struct toml_value *root)
{
    for (size_t i = 0; i < root->table->count; i++) {
        const struct toml_member *member = &root->table->items[i];
        assert(toml_table_find(root, member->key, member->key_len) == member);
        assert(member->place.line > 0 && member->place.column > 0);
    }
}

static void check_refusal(const struct toml_source *source, struct toml_place where,
                          const struct beacon_error *err)
{
    struct text out;
    text_init(&out, 8192);
    assert(err->message[0] != '\0' && err->hint[0] != '\0');
    toml_show_error(source, where, err, &out);
    assert(out.len > 0);
    text_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct beacon_error err = {0};
    struct toml_value *root = NULL;
    struct toml_place where = {0};
    struct toml_source source = {"fuzz.toml", (const char *)data, size};
    struct arena *arena = arena_create();
    if (toml_read(&source, arena, &root, &where, &err) == BEACON_OK) {
        check_members(root);
    } else {
        check_refusal(&source, where, &err);
    }
    (void)toml_read_value(&source, arena, &root, &err);
    arena_destroy(arena);
    return 0;
}
