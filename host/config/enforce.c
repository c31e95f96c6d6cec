/* SPDX-License-Identifier: Apache-2.0 */
#include "config/enforce.h"

#include <string.h>

#include "base/text.h"
#include "config/layer.h"

#define PATH_MAX_SHOWN 400

struct report {
    const char *file;
    struct notes *notes;
    struct text path; /* of the table we are in, and a dot */
};

static bool is_same(const struct toml_value *a, const struct toml_value *b);

/* NOLINTNEXTLINE(misc-no-recursion): the reader bounds the depth of arrays */
static bool are_same_items(const struct toml_list *a, const struct toml_list *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; i < a->count && same; i++) {
        same = is_same(a->items[i], b->items[i]);
    }
    return same;
}

/* Of values that are no tables; a table within an array is never the same as another. */
/* NOLINTNEXTLINE(misc-no-recursion): the reader bounds the depth of arrays */
static bool is_same(const struct toml_value *a, const struct toml_value *b)
{
    if (a->type != b->type) {
        return false;
    }
    switch (a->type) {
    case TOML_INTEGER:
        return a->integer == b->integer;
    case TOML_FLOAT:
        return a->number == b->number;
    case TOML_BOOL:
        return a->boolean == b->boolean;
    case TOML_ARRAY:
        return are_same_items(a->array, b->array);
    case TOML_TABLE:
        return a == b;
    default:
        return a->string.len == b->string.len &&
               memcmp(a->string.data, b->string.data, a->string.len) == 0;
    }
}

static void shorten(struct text *path, size_t len)
{
    if (path->data != NULL) {
        path->len = len;
        path->data[len] = '\0';
    }
}

static void note(struct report *report, const struct toml_member *member,
                 const struct toml_value *old)
{
    const struct layer_source *source = old->owner;
    size_t len = report->path.len;
    (void)toml_add_key(&report->path, member->key, member->key_len);
    const char *layer = source != NULL ? config_layer_name(source->layer) : "default";
    bool is_file = source != NULL && source->is_file;
    notes_add(report->notes, "`%s` (%s%s%s) is overridden by %s", text_string(&report->path), layer,
              is_file ? ": " : "", is_file ? source->file : "", report->file);
    shorten(&report->path, len);
}

/* NOLINTNEXTLINE(misc-no-recursion): the reader bounds the depth of tables */
static void compare(struct report *report, const struct toml_value *effective,
                    const struct toml_value *managed)
{
    for (size_t i = 0; i < managed->table->count; i++) {
        const struct toml_member *member = &managed->table->items[i];
        const struct toml_member *found = toml_table_find(effective, member->key, member->key_len);
        if (found == NULL) {
            continue;
        }
        bool are_tables = found->value->type == TOML_TABLE && member->value->type == TOML_TABLE;
        if (are_tables) {
            size_t len = report->path.len;
            (void)toml_add_key(&report->path, member->key, member->key_len);
            (void)text_add_char(&report->path, '.');
            compare(report, found->value, member->value);
            shorten(&report->path, len);
        } else if (!is_same(found->value, member->value)) {
            note(report, member, found->value);
        }
    }
}

void enforce_report(const struct toml_value *effective, const struct toml_value *managed,
                    const char *file, struct notes *notes)
{
    struct report report = {.file = file, .notes = notes};
    text_init(&report.path, PATH_MAX_SHOWN);
    compare(&report, effective, managed);
    text_finish(&report.path);
}
