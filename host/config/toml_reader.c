/* SPDX-License-Identifier: Apache-2.0 */
#include "config/toml_reader.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "config/toml_scalar.h"
#include "config/toml_scan.h"
#include "config/toml_string.h"
#include "config/toml_table.h"

static struct toml_value *read_value(struct toml_scan *scan);

/* NOLINTBEGIN(misc-no-recursion): values are nested; toml_scan_deeper() bounds how deep. */

/* Behind an element: a comma (*ret_is_last stays false) or `close`. */
static bool read_separator(struct toml_scan *scan, char close, bool *ret_is_last)
{
    const char expected[] = {'`', ',', '`', ' ', 'o', 'r', ' ', '`', close, '`', '\0'};
    if (!toml_scan_at(scan, ',') && !toml_scan_at(scan, close)) {
        return toml_fail_found(scan, expected);
    }
    *ret_is_last = *scan->p == close;
    scan->p++;
    return true;
}

/* The cursor is behind the `[`. */
static bool read_items(struct toml_scan *scan, struct toml_value *array)
{
    for (bool is_last = false; !is_last;) {
        if (!toml_scan_filler(scan)) {
            return false;
        }
        if (toml_scan_at(scan, ']')) {
            scan->p++;
            return true;
        }
        struct toml_value *item = read_value(scan);
        if (item == NULL || !toml_scan_filler(scan) || !read_separator(scan, ']', &is_last)) {
            return false;
        }
        toml_array_add(scan->arena, array, item);
    }
    return true;
}

/* The cursor is at a key. */
static bool read_pair(struct toml_scan *scan, struct toml_value *table)
{
    struct toml_member key = {0};
    unsigned depth = scan->depth;
    struct toml_value *holder = toml_enter_key(scan, table, &key);
    if (holder == NULL) {
        return false;
    }
    if (!toml_scan_at(scan, '=')) {
        return toml_fail_found(scan, "`=` after the key");
    }
    scan->p++;
    toml_scan_blank(scan);
    struct toml_value *value = read_value(scan);
    scan->depth = depth;
    return value != NULL && toml_put(scan, holder, &key, value);
}

/* The cursor is behind the `{`. */
static bool read_members(struct toml_scan *scan, struct toml_value *table)
{
    toml_scan_blank(scan);
    if (toml_scan_at(scan, '}')) {
        scan->p++;
        return true;
    }
    for (bool is_last = false; !is_last;) {
        toml_scan_blank(scan);
        if (!read_pair(scan, table)) {
            return false;
        }
        toml_scan_blank(scan);
        if (!read_separator(scan, '}', &is_last)) {
            return false;
        }
    }
    return true;
}

static struct toml_value *read_nested(struct toml_scan *scan, enum toml_type type)
{
    struct toml_value *value = toml_value_create(scan->arena, type, toml_scan_place(scan));
    if (!toml_scan_deeper(scan)) {
        return NULL;
    }
    scan->p++;
    bool is_read = type == TOML_ARRAY ? read_items(scan, value) : read_members(scan, value);
    scan->depth--;
    value->form = TOML_FORM_INLINE;
    return is_read ? value : NULL;
}

static struct toml_value *read_value(struct toml_scan *scan)
{
    if (toml_scan_at(scan, '[')) {
        return read_nested(scan, TOML_ARRAY);
    }
    if (toml_scan_at(scan, '{')) {
        return read_nested(scan, TOML_TABLE);
    }
    if (!toml_scan_at(scan, '"') && !toml_scan_at(scan, '\'')) {
        return toml_read_scalar(scan);
    }
    struct toml_value *value = toml_value_create(scan->arena, TOML_STRING, toml_scan_place(scan));
    return toml_read_string(scan, &value->string) ? value : NULL;
}

/* NOLINTEND(misc-no-recursion) */

static bool end_of_line(struct toml_scan *scan)
{
    toml_scan_blank(scan);
    if (!toml_scan_comment(scan)) {
        return false;
    }
    return scan->p == scan->end || toml_scan_newline(scan) ||
           toml_fail_found(scan, "the end of the line");
}

static bool read_document(struct toml_scan *scan, struct toml_value *root)
{
    struct toml_value *table = root;
    while (toml_scan_filler(scan)) {
        if (scan->p == scan->end) {
            return true;
        }
        bool is_read = false;
        if (*scan->p == '[') {
            table = toml_enter_header(scan, root);
            is_read = table != NULL;
        } else {
            is_read = read_pair(scan, table);
        }
        if (!is_read || !end_of_line(scan)) {
            return false;
        }
    }
    return false;
}

static void skip_byte_order_mark(struct toml_scan *scan)
{
    if (scan->end - scan->p >= 3 && memcmp(scan->p, "\xEF\xBB\xBF", 3) == 0) {
        scan->p += 3;
        scan->counted = scan->p;
    }
}

/* Checked once for the whole text, so that no other part has to think about bytes. */
static bool check_encoding(struct toml_scan *scan)
{
    while (scan->p < scan->end) {
        if (toml_scan_newline(scan)) {
            continue;
        }
        size_t len = utf8_length(scan->p, (size_t)(scan->end - scan->p));
        if (len == 0) {
            return toml_fail(scan, "byte 0x%02X is not UTF-8", (unsigned)(unsigned char)*scan->p);
        }
        scan->p += len;
    }
    return true;
}

static int begin(struct toml_scan *scan, const struct toml_source *source, struct arena *arena,
                 struct beacon_error *err)
{
    if (source->len > TOML_SIZE_MAX) {
        return error_set(err, BEACON_E_LIMIT, "make it smaller", "%.120s is over %zu bytes",
                         source->name, TOML_SIZE_MAX);
    }
    toml_scan_init(scan, source, arena, err);
    skip_byte_order_mark(scan);
    if (!check_encoding(scan)) {
        toml_scan_finish(scan);
        return scan->rc;
    }
    toml_scan_finish(scan);
    toml_scan_init(scan, source, arena, err);
    return BEACON_OK;
}

int toml_read(const struct toml_source *source, struct arena *arena, struct toml_value **ret,
              struct toml_place *ret_where, struct beacon_error *err)
{
    struct toml_scan scan = {0};
    struct toml_value *root = toml_value_create(arena, TOML_TABLE, (struct toml_place){1, 1});
    int rc = begin(&scan, source, arena, err);
    if (rc == BEACON_OK) {
        skip_byte_order_mark(&scan);
        rc = read_document(&scan, root) ? BEACON_OK : scan.rc;
        toml_scan_finish(&scan);
    }
    if (rc == BEACON_OK) {
        *ret = root;
    } else if (ret_where != NULL) {
        *ret_where = scan.failed;
    }
    return rc;
}

int toml_read_value(const struct toml_source *source, struct arena *arena, struct toml_value **ret,
                    struct beacon_error *err)
{
    struct toml_scan scan = {0};
    int rc = begin(&scan, source, arena, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    toml_scan_blank(&scan);
    struct toml_value *value = read_value(&scan);
    if (value != NULL) {
        toml_scan_blank(&scan);
        if (scan.p == scan.end) {
            *ret = value;
        } else {
            (void)toml_fail_found(&scan, "the end of the value");
        }
    }
    toml_scan_finish(&scan);
    return scan.rc;
}
