/* SPDX-License-Identifier: Apache-2.0 */
#include "config/toml_scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "config/toml_reader.h"

#define NAME_SHOWN 120 /* bytes of a long path kept in a message */

void toml_scan_init(struct toml_scan *scan, const struct toml_source *source, struct arena *arena,
                    struct beacon_error *err)
{
    *scan = (struct toml_scan){
        .source = source,
        .arena = arena,
        .p = source->text,
        .end = source->text + source->len,
        .line = 1,
        .column = 1,
        .counted = source->text,
        .err = err,
    };
    /* No string is longer than its spelling, so the scratch text never meets its cap. */
    text_init(&scan->scratch, source->len + 64);
}

void toml_scan_finish(struct toml_scan *scan)
{
    text_finish(&scan->scratch);
}

struct toml_place toml_scan_place(struct toml_scan *scan)
{
    for (; scan->counted < scan->p; scan->counted++) {
        if (((unsigned char)*scan->counted & 0xC0u) != 0x80u) {
            scan->column++;
        }
    }
    return (struct toml_place){scan->line, scan->column};
}

bool toml_scan_newline(struct toml_scan *scan)
{
    size_t left = (size_t)(scan->end - scan->p);
    size_t len = 0;
    if (left >= 1 && scan->p[0] == '\n') {
        len = 1;
    } else if (left >= 2 && scan->p[0] == '\r' && scan->p[1] == '\n') {
        len = 2;
    }
    if (len == 0) {
        return false;
    }
    scan->p += len;
    scan->counted = scan->p;
    scan->line++;
    scan->column = 1;
    return true;
}

void toml_scan_blank(struct toml_scan *scan)
{
    while (scan->p < scan->end && (*scan->p == ' ' || *scan->p == '\t')) {
        scan->p++;
    }
}

static bool is_newline_next(const struct toml_scan *scan)
{
    return *scan->p == '\n' || (*scan->p == '\r' && scan->end - scan->p >= 2 && scan->p[1] == '\n');
}

bool toml_scan_comment(struct toml_scan *scan)
{
    if (!toml_scan_at(scan, '#')) {
        return true;
    }
    while (scan->p < scan->end && !is_newline_next(scan)) {
        if (toml_is_control(*scan->p)) {
            return toml_fail(scan, "control character U+%04X in a comment",
                             (unsigned)(unsigned char)*scan->p);
        }
        scan->p++;
    }
    return true;
}

bool toml_scan_filler(struct toml_scan *scan)
{
    do {
        toml_scan_blank(scan);
        if (!toml_scan_comment(scan)) {
            return false;
        }
    } while (toml_scan_newline(scan));
    return true;
}

static bool fail_with(struct toml_scan *scan, beacon_rc code, struct toml_place where,
                      const char *sentence)
{
    const char *name = scan->source->name;
    size_t len = strlen(name);
    const char *dots = "";
    if (len > NAME_SHOWN) {
        dots = "…";
        name += len - NAME_SHOWN;
        while (((unsigned char)*name & 0xC0u) == 0x80u) {
            name++;
        }
    }
    scan->failed = where;
    scan->rc = error_set(scan->err, code, "correct the file; TOML is described at toml.io",
                         "%s%s:%u:%u: %s", dots, name, where.line, where.column, sentence);
    return false;
}

bool toml_fail_at(struct toml_scan *scan, struct toml_place where, const char *format, ...)
{
    char sentence[160];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    return fail_with(scan, BEACON_E_INVALID, where, sentence);
}

bool toml_fail(struct toml_scan *scan, const char *format, ...)
{
    char sentence[160];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    return fail_with(scan, BEACON_E_INVALID, toml_scan_place(scan), sentence);
}

bool toml_fail_key(struct toml_scan *scan, const struct toml_member *key, const char *what)
{
    AUTO_TEXT struct text shown = {0};
    text_init(&shown, 120);
    if (!toml_add_key(&shown, key->key, key->key_len) && shown.len > 0) {
        shown.data[utf8_cut(shown.data, shown.len)] = '\0';
    }
    return toml_fail_at(scan, key->place, "key `%s` %s", text_string(&shown), what);
}

bool toml_fail_found(struct toml_scan *scan, const char *expected)
{
    if (scan->p == scan->end) {
        return toml_fail(scan, "expected %s, found the end of the file", expected);
    }
    if (is_newline_next(scan)) {
        return toml_fail(scan, "expected %s, found the end of the line", expected);
    }
    if (toml_is_control(*scan->p)) {
        return toml_fail(scan, "expected %s, found the control character U+%04X", expected,
                         (unsigned)(unsigned char)*scan->p);
    }
    int len = (int)utf8_length(scan->p, (size_t)(scan->end - scan->p));
    return toml_fail(scan, "expected %s, found `%.*s`", expected, len, scan->p);
}

bool toml_scan_deeper(struct toml_scan *scan)
{
    if (scan->depth >= TOML_DEPTH_MAX) {
        (void)fail_with(scan, BEACON_E_LIMIT, toml_scan_place(scan),
                        "tables and arrays are nested too deeply");
        return false;
    }
    scan->depth++;
    return true;
}
