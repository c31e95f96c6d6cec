/* SPDX-License-Identifier: Apache-2.0 */
#include "config/key_path.h"

#include <string.h>

/* Behind the closing quote of a quoted part; NULL: it is not one. */
static const char *end_of_quoted(const char *path)
{
    if (path[0] != '"' && path[0] != '\'') {
        return NULL;
    }
    const char *close = strchr(path + 1, path[0]);
    return close != NULL && (close[1] == '.' || close[1] == '\0') ? close + 1 : NULL;
}

bool key_path_next(const char **path, struct toml_span *ret_part)
{
    const char *start = *path;
    if (start == NULL) {
        return false;
    }
    const char *end = end_of_quoted(start);
    if (end != NULL) {
        *ret_part = (struct toml_span){start + 1, (size_t)(end - start) - 2};
    } else {
        end = start + strcspn(start, ".");
        *ret_part = (struct toml_span){start, (size_t)(end - start)};
    }
    *path = *end == '.' ? end + 1 : NULL;
    return true;
}

const struct toml_value *key_path_get(const struct toml_value *root, const char *path)
{
    const struct toml_value *value = root;
    struct toml_span part;
    while (key_path_next(&path, &part)) {
        const struct toml_member *member =
            value->type == TOML_TABLE ? toml_table_find(value, part.data, part.len) : NULL;
        if (member == NULL) {
            return NULL;
        }
        value = member->value;
    }
    return value;
}
