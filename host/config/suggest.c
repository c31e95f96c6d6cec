/* SPDX-License-Identifier: Apache-2.0 */
#include "config/suggest.h"

#include <string.h>

#include "base/distance.h"
#include "config/schema.h"

/* The last part of `path` when the rest of it is `parent`; NULL when it is not. */
static const char *part_in(const char *parent, const char *path)
{
    size_t len = strlen(parent);
    if (len > 0) {
        if (strncmp(path, parent, len) != 0 || path[len] != '.') {
            return NULL;
        }
        path += len + 1;
    }
    return strchr(path, '.') == NULL && path[0] != '*' ? path : NULL;
}

static const char *nearest(const char *parent, const char *key, size_t key_len)
{
    size_t count = 0;
    const struct schema_row *rows = schema_rows(&count);
    size_t best = key_len / 2 < 1 ? 1 : key_len / 2; /* as far as a neighbour may be */
    const char *found = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *part = part_in(parent, rows[i].path);
        size_t len = part != NULL ? strlen(part) : 0;
        if (part == NULL || len > DISTANCE_WORD_MAX || len + best < key_len ||
            key_len + best < len) {
            continue;
        }
        size_t d = distance_between(key, key_len, part, len);
        if (d < best || (d == best && found == NULL)) {
            best = d;
            found = rows[i].path;
        }
    }
    return found;
}

static const char *same_elsewhere(const char *key, size_t key_len)
{
    size_t count = 0;
    const struct schema_row *rows = schema_rows(&count);
    for (size_t i = 0; i < count; i++) {
        const char *dot = strrchr(rows[i].path, '.');
        const char *part = dot != NULL ? dot + 1 : rows[i].path;
        if (strlen(part) == key_len && memcmp(part, key, key_len) == 0) {
            return rows[i].path;
        }
    }
    return NULL;
}

const char *suggest_key(const char *parent, const char *key, size_t key_len)
{
    if (key_len == 0 || key_len > DISTANCE_WORD_MAX) {
        return NULL;
    }
    const char *same = same_elsewhere(key, key_len);
    return same != NULL ? same : nearest(parent, key, key_len);
}
