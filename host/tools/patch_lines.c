/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/patch_lines.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* Length of the line ending at `p`, 0 when there is none. */
static size_t ending_length(const char *p, const char *end)
{
    if (p == end || (*p != '\n' && *p != '\r')) {
        return 0;
    }
    return *p == '\r' && end - p > 1 && p[1] == '\n' ? 2 : 1;
}

/* The first byte from `p` on that begins a line ending; `end` when none does. */
static const char *next_ending(const char *p, const char *end)
{
    while (p < end && *p != '\n' && *p != '\r') {
        p++;
    }
    return p;
}

bool patch_lines_init(struct patch_lines *lines, const char *at, size_t n)
{
    if (n > UINT32_MAX) {
        return false;
    }
    struct patch_lines made = {.at = at, .ending = {"\n", 1}};
    size_t capacity = n / 32 + 16;
    made.starts = alloc_array(capacity, sizeof *made.starts);
    const char *end = n > 0 ? at + n : at;
    const char *p = at;
    while (p < end) {
        const char *ending = next_ending(p, end);
        size_t len = ending_length(ending, end);
        if (made.n == PATCH_LINES_MAX) {
            free(made.starts);
            return false;
        }
        if (made.n + 1 >= capacity) {
            capacity *= 2;
            made.starts = alloc_grow(made.starts, capacity, sizeof *made.starts);
        }
        if (made.n == 0 && len > 0) {
            made.ending = (struct patch_span){ending, len};
        }
        p = ending + len;
        made.starts[++made.n] = (uint32_t)(p - at);
    }
    made.starts[0] = 0;
    *lines = made;
    return true;
}

void patch_lines_finish(struct patch_lines *lines)
{
    free(lines->starts);
    *lines = (struct patch_lines){0};
}

struct patch_span patch_lines_text(const struct patch_lines *lines, size_t i)
{
    assert(i < lines->n);
    const char *start = lines->at + lines->starts[i];
    const char *end = lines->at + lines->starts[i + 1];
    if (end > start && end[-1] == '\n') {
        end--;
    }
    if (end > start && end[-1] == '\r') {
        end--;
    }
    return (struct patch_span){start, (size_t)(end - start)};
}

struct patch_span patch_lines_bytes(const struct patch_lines *lines, size_t from, size_t to,
                                    bool *ret_is_open)
{
    assert(from <= to && to <= lines->n);
    *ret_is_open = false;
    if (from == to) {
        return (struct patch_span){"", 0};
    }
    const char *start = lines->at + lines->starts[from];
    const char *end = lines->at + lines->starts[to];
    *ret_is_open = end[-1] != '\n' && end[-1] != '\r';
    return (struct patch_span){start, (size_t)(end - start)};
}
