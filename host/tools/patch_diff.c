/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/patch_diff.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "tools/patch_compare.h"
#include "tools/patch_numbering.h"

#define CONTEXT_LINES 3
static const char no_newline[] = "\n\\ No newline at end of file\n";

/* One side as lines, each with its '\n'. */
struct lines {
    struct patch_span *spans;
    uint32_t *numbers;
    bool *is_changed;
    size_t n;
};

/* Lines [a_low, a_high) become [b_low, b_high). */
struct edit {
    size_t a_low, a_high, b_low, b_high;
};

struct diff {
    struct lines a, b;
    struct text *out;
};

static size_t count_lines(const struct patch_diff_side *side)
{
    size_t n = 0;
    for (size_t i = 0; i < side->n; i++) {
        n += side->at[i] == '\n';
    }
    return n + (side->n > 0 && side->at[side->n - 1] != '\n');
}

static void lines_init(struct lines *lines, const struct patch_diff_side *side, size_t n)
{
    *lines = (struct lines){.spans = alloc_array(n + 1, sizeof *lines->spans),
                            .numbers = alloc_array(n + 1, sizeof *lines->numbers),
                            .is_changed = alloc_array(n + 1, sizeof *lines->is_changed),
                            .n = n};
    const char *p = side->at;
    for (size_t i = 0; i < n; i++) {
        size_t left = side->n - (size_t)(p - side->at);
        const char *newline = memchr(p, '\n', left);
        size_t len = newline != NULL ? (size_t)(newline - p) + 1 : left;
        lines->spans[i] = (struct patch_span){p, len};
        p += len;
    }
}

static void lines_finish(struct lines *lines)
{
    free(lines->spans);
    free(lines->numbers);
    free(lines->is_changed);
}

static void number_lines(struct patch_numbering *numbering, struct lines *lines)
{
    for (size_t i = 0; i < lines->n; i++) {
        lines->numbers[i] = patch_numbering_add(numbering, lines->spans[i]);
    }
}

static void compare(struct diff *diff)
{
    struct patch_numbering numbering;
    patch_numbering_init(&numbering, diff->a.n + diff->b.n);
    number_lines(&numbering, &diff->a);
    number_lines(&numbering, &diff->b);
    struct patch_compared a = {diff->a.numbers, diff->a.n, diff->a.is_changed};
    struct patch_compared b = {diff->b.numbers, diff->b.n, diff->b.is_changed};
    patch_compare(&a, &b, numbering.n);
    patch_numbering_finish(&numbering);
}

/* The first edit at or after lines a, b; false when the rest is equal. */
static bool next_edit(const struct diff *diff, size_t a, size_t b, struct edit *ret)
{
    while (a < diff->a.n && b < diff->b.n && !diff->a.is_changed[a] && !diff->b.is_changed[b]) {
        a++;
        b++;
    }
    if (a == diff->a.n && b == diff->b.n) {
        return false;
    }
    *ret = (struct edit){a, a, b, b};
    while (ret->a_high < diff->a.n && diff->a.is_changed[ret->a_high]) {
        ret->a_high++;
    }
    while (ret->b_high < diff->b.n && diff->b.is_changed[ret->b_high]) {
        ret->b_high++;
    }
    return true;
}

static bool add_line(struct text *out, char mark, struct patch_span line)
{
    bool is_open = line.at[line.n - 1] != '\n';
    size_t extra = is_open ? sizeof no_newline - 1 : 0;
    char *to = text_reserve(out, 1 + line.n + extra);
    if (to == NULL) {
        return false;
    }
    to[0] = mark;
    memcpy(to + 1, line.at, line.n);
    memcpy(to + 1 + line.n, no_newline, extra);
    text_commit(out, 1 + line.n + extra);
    return true;
}

static bool add_lines(struct text *out, char mark, const struct lines *lines, size_t low,
                      size_t high)
{
    bool fits = true;
    for (size_t i = low; i < high && fits; i++) {
        fits = add_line(out, mark, lines->spans[i]);
    }
    return fits;
}

/* The edits inside of `hunk`, with the equal lines around them. */
static bool add_body(const struct diff *diff, const struct edit *hunk)
{
    size_t a = hunk->a_low;
    size_t b = hunk->b_low;
    bool fits = true;
    struct edit edit;
    while (fits && next_edit(diff, a, b, &edit) && edit.a_high <= hunk->a_high &&
           edit.b_high <= hunk->b_high) {
        fits = add_lines(diff->out, ' ', &diff->a, a, edit.a_low) &&
               add_lines(diff->out, '-', &diff->a, edit.a_low, edit.a_high) &&
               add_lines(diff->out, '+', &diff->b, edit.b_low, edit.b_high);
        a = edit.a_high;
        b = edit.b_high;
    }
    return fits && add_lines(diff->out, ' ', &diff->a, a, hunk->a_high);
}

static bool add_hunk(const struct diff *diff, const struct edit *hunk)
{
    size_t n_a = hunk->a_high - hunk->a_low;
    size_t n_b = hunk->b_high - hunk->b_low;
    /* An empty range is named by the line before it. */
    return text_addf(diff->out, "@@ -%zu,%zu +%zu,%zu @@\n", hunk->a_low + (n_a > 0), n_a,
                     hunk->b_low + (n_b > 0), n_b) &&
           add_body(diff, hunk);
}

static size_t less(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits whose contexts touch are one hunk. */
static bool add_hunks(const struct diff *diff)
{
    struct edit edit;
    bool has_more = next_edit(diff, 0, 0, &edit);
    bool fits = true;
    while (has_more && fits) {
        size_t lead = less(edit.a_low, CONTEXT_LINES);
        struct edit hunk = {edit.a_low - lead, edit.a_high, edit.b_low - lead, edit.b_high};
        while ((has_more = next_edit(diff, hunk.a_high, hunk.b_high, &edit)) &&
               edit.a_low - hunk.a_high <= (size_t)CONTEXT_LINES * 2) {
            hunk.a_high = edit.a_high;
            hunk.b_high = edit.b_high;
        }
        size_t tail = less(diff->a.n - hunk.a_high, CONTEXT_LINES);
        hunk.a_high += tail;
        hunk.b_high += tail;
        fits = add_hunk(diff, &hunk);
    }
    return fits;
}

bool patch_diff(const struct patch_diff_side *before, const struct patch_diff_side *after,
                struct text *out)
{
    assert(before->n < UINT32_MAX && after->n < UINT32_MAX);
    if (before->n == after->n && (after->n == 0 || memcmp(before->at, after->at, after->n) == 0)) {
        return true;
    }
    struct diff diff = {.out = out};
    lines_init(&diff.a, before, count_lines(before));
    lines_init(&diff.b, after, count_lines(after));
    compare(&diff);
    bool fits = text_addf(out, "--- %s\n+++ %s\n", before->label, after->label) && add_hunks(&diff);
    lines_finish(&diff.a);
    lines_finish(&diff.b);
    return fits;
}
