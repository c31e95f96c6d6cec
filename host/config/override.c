/* SPDX-License-Identifier: Apache-2.0 */
#include "config/override.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/utf8.h"
#include "config/key_path.h"
#include "config/layers.h"
#include "config/schema.h"
#include "config/toml_reader.h"

#define PARTS_MAX 16 /* of one dotted path */

static struct toml_span trimmed(const char *p, size_t len)
{
    static const char blanks[] = " \t\r\n";
    while (len > 0 && strchr(blanks, p[0]) != NULL) {
        p++;
        len--;
    }
    while (len > 0 && strchr(blanks, p[len - 1]) != NULL) {
        len--;
    }
    return (struct toml_span){p, len};
}

static struct toml_value *string_value(struct arena *arena, struct toml_span text)
{
    struct toml_value *value = toml_value_create(arena, TOML_STRING, (struct toml_place){0});
    value->string.data = arena_string_n(arena, text.data, text.len);
    value->string.len = text.len;
    return value;
}

/* What is no TOML value is the text itself, without the quotes around it. */
static struct toml_value *literal(struct arena *arena, struct toml_span text)
{
    char first = '\0';
    if (text.len >= 2) {
        first = text.data[0];
    }
    if ((first == '"' || first == '\'') && text.data[text.len - 1] == first) {
        text = (struct toml_span){text.data + 1, text.len - 2};
    }
    return string_value(arena, text);
}

static struct toml_value *value_of(struct arena *arena, const char *text)
{
    struct toml_value *value = NULL;
    struct toml_source source = {"-c", text, strlen(text)};
    if (toml_read_value(&source, arena, &value, NULL) == BEACON_OK) {
        return value;
    }
    return literal(arena, trimmed(text, source.len));
}

/* The table `part` of `table`, made if it is not there or no table. */
static struct toml_value *step_into(struct arena *arena, struct toml_value *table,
                                    struct toml_span part)
{
    struct toml_member *found = toml_table_find(table, part.data, part.len);
    if (found == NULL) {
        struct toml_member added = {.key = part.data, .key_len = part.len};
        found = toml_table_add(arena, table, &added);
    }
    if (found->value == NULL || found->value->type != TOML_TABLE) {
        found->value = toml_value_create(arena, TOML_TABLE, (struct toml_place){0});
    }
    return found->value;
}

/* False: the path has more parts than any key. */
static bool put(struct arena *arena, struct toml_value *root, const char *path,
                struct toml_value *value)
{
    struct toml_value *table = root;
    struct toml_span part = {0};
    for (int n = 0; key_path_next(&path, &part) && path != NULL; n++) {
        if (n >= PARTS_MAX) {
            return false;
        }
        table = step_into(arena, table, part);
    }
    struct toml_member *found = toml_table_find(table, part.data, part.len);
    if (found != NULL) {
        found->value = value;
    } else {
        struct toml_member added = {.key = part.data, .key_len = part.len, .value = value};
        (void)toml_table_add(arena, table, &added);
    }
    return true;
}

void override_set_string(struct arena *arena, struct toml_value *root, const char *path,
                         const char *value)
{
    struct toml_span text = {value, strlen(value)};
    (void)put(arena, root, path, string_value(arena, text));
}

static int read_one(const char *text, struct arena *arena, struct toml_value *root,
                    struct beacon_error *err)
{
    static const char hint[] = "write -c key=value";
    const char *equals = strchr(text, '=');
    if (!utf8_valid(text, strlen(text))) {
        return error_set(err, BEACON_E_INVALID, hint, "Invalid override (not UTF-8)");
    }
    if (equals == NULL) {
        return error_set(err, BEACON_E_INVALID, hint, "Invalid override (missing '='): %s", text);
    }
    struct toml_span key = trimmed(text, (size_t)(equals - text));
    if (key.len == 0) {
        return error_set(err, BEACON_E_INVALID, hint, "Empty key in override: %s", text);
    }
    const char *path = arena_string_n(arena, key.data, key.len);
    if (!put(arena, root, path, value_of(arena, equals + 1))) {
        return error_set(err, BEACON_E_INVALID, hint, "Invalid override (too many dots): %s", text);
    }
    return BEACON_OK;
}

int override_read(const char *const *texts, size_t n, struct arena *arena, struct toml_value **ret,
                  struct beacon_error *err)
{
    struct toml_value *root = toml_value_create(arena, TOML_TABLE, (struct toml_place){0});
    for (size_t i = 0; i < n; i++) {
        int rc = read_one(texts[i], arena, root, err);
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    *ret = n > 0 ? root : *ret;
    return BEACON_OK;
}

/* A key that only takes text takes a flag's text as it is: `-m 3` names the model "3". */
static struct toml_value *flag_value(struct arena *arena, const struct config_flag *flag)
{
    const struct schema_row *row = schema_row(flag->path);
    struct toml_value *value = value_of(arena, flag->value);
    if (row != NULL && row->accepts == SCHEMA_STRING && value->type != TOML_STRING) {
        return string_value(arena, (struct toml_span){flag->value, strlen(flag->value)});
    }
    return value;
}

int override_read_flags(const struct config_flag *flags, size_t n, struct arena *arena,
                        struct toml_value **ret, struct beacon_error *err)
{
    struct toml_value *root = toml_value_create(arena, TOML_TABLE, (struct toml_place){0});
    for (size_t i = 0; i < n; i++) {
        if (!utf8_valid(flags[i].value, strlen(flags[i].value)) ||
            !put(arena, root, flags[i].path, flag_value(arena, &flags[i]))) {
            return error_set(err, BEACON_E_INVALID, "correct the command line",
                             "the value for `%s` is not UTF-8", flags[i].path);
        }
    }
    *ret = n > 0 ? root : *ret;
    return BEACON_OK;
}

int config_check_overrides(const char *const *overrides, size_t n, struct beacon_error *err)
{
    struct arena *arena = arena_create();
    struct toml_value *ignored = NULL;
    int rc = override_read(overrides, n, arena, &ignored, err);
    arena_destroy(arena);
    return rc;
}
