/* SPDX-License-Identifier: Apache-2.0 */
#include "config/toml_reader.h"

#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

#define CHARACTERS_BEFORE 60 /* of a long line, shown before the place that matters */
#define CHARACTERS_SHOWN  90

static const char *line_start(const struct toml_source *source, uint32_t line)
{
    const char *p = source->text;
    const char *end = source->text + source->len;
    for (; line > 1 && p < end; line--) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        p = newline != NULL ? newline + 1 : end;
    }
    return p;
}

/* Length of what counts as one character here: an invalid byte is one too. */
static size_t step(const char *p, const char *end)
{
    size_t len = utf8_length(p, (size_t)(end - p));
    return len > 0 ? len : 1;
}

/* A terminal must not act on what a file contains: C0, DEL and C1 controls become '?'. */
static void add_shown(struct text *out, const char *p, size_t len)
{
    unsigned char c = (unsigned char)p[0];
    bool is_c1 = len == 2 && c == 0xC2 && (unsigned char)p[1] < 0xA0;
    bool is_broken = len == 1 && c >= 0x80;
    if (c < 0x20 || c == 0x7F || is_c1 || is_broken) {
        (void)text_add_char(out, c == '\t' ? ' ' : '?');
    } else {
        (void)text_add(out, p, len);
    }
}

void toml_show_error(const struct toml_source *source, struct toml_place where,
                     const struct beacon_error *err, struct text *out)
{
    (void)text_addf(out, "%s\n", err->message);
    if (where.line == 0) {
        return;
    }
    const char *end = source->text + source->len;
    const char *p = line_start(source, where.line);
    if (where.line == 1 && source->len >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0) {
        p += 3;
    }
    uint32_t first = where.column > CHARACTERS_BEFORE ? where.column - CHARACTERS_BEFORE : 1;
    for (uint32_t column = 1; column < first && p < end; column++) {
        p += step(p, end);
    }
    (void)text_addf(out, "%5u | ", where.line);
    for (int shown = 0; shown < CHARACTERS_SHOWN && p < end && *p != '\n'; shown++) {
        if (*p == '\r' && p + 1 < end && p[1] == '\n') {
            break;
        }
        size_t len = step(p, end);
        add_shown(out, p, len);
        p += len;
    }
    (void)text_addf(out, "\n      | %*s^\n", (int)(where.column - first), "");
}
