/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/patch_search.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "tools/patch_lines.h"
#include "tools/patch_numbering.h"

#define WORK_MAX (1u << 30) /* lines compared for one section: seconds, not minutes */

enum way { EXACT, TRIMMED_END, TRIMMED, FOLDED, WAYS };

/* The file seen through one way of comparing. Number 0 is "none of the wanted lines". */
struct view {
    uint32_t *wanted; /* number of each wanted line */
    uint32_t *lines;  /* number of each line of the file */
    uint32_t *firsts; /* number k occurs at places[firsts[k]] … places[firsts[k + 1] - 1] */
    uint32_t *places; /* ascending */
};

struct patch_search {
    const struct patch_lines *lines;
    const struct patch_span *wanted;
    size_t n_wanted;
    size_t work;
    struct view views[WAYS]; /* .wanted NULL: not made yet */
};

/* How `span` looks in this way of comparing. `scratch` (span.n bytes) is used by FOLDED only. */
static struct patch_span seen_as(enum way way, struct patch_span span, char *scratch)
{
    switch (way) {
    case TRIMMED_END:
        return patch_span_trim_end(span);
    case TRIMMED:
        return patch_span_trim(span);
    case FOLDED:
        return (struct patch_span){scratch, patch_span_fold(patch_span_trim(span), scratch)};
    default:
        return span;
    }
}

static void number_wanted(const struct patch_search *search, enum way way, struct view *view,
                          struct patch_numbering *numbering, char *scratch)
{
    view->wanted = alloc_array(search->n_wanted + 1, sizeof *view->wanted);
    for (size_t i = 0; i < search->n_wanted; i++) {
        struct patch_span seen = seen_as(way, search->wanted[i], scratch);
        view->wanted[i] = patch_numbering_add(numbering, seen);
        if (way == FOLDED) {
            scratch += seen.n; /* the numbering points there */
        }
    }
}

static size_t longest_line(const struct patch_lines *lines)
{
    size_t longest = 0;
    for (size_t i = 0; i < lines->n; i++) {
        size_t n = lines->starts[i + 1] - lines->starts[i];
        longest = n > longest ? n : longest;
    }
    return longest;
}

static void number_lines(const struct patch_search *search, enum way way, struct view *view,
                         const struct patch_numbering *numbering)
{
    AUTO_FREE char *scratch = alloc_zeroed(longest_line(search->lines) + 1);
    view->lines = alloc_array(search->lines->n + 1, sizeof *view->lines);
    for (size_t i = 0; i < search->lines->n; i++) {
        struct patch_span seen = seen_as(way, patch_lines_text(search->lines, i), scratch);
        view->lines[i] = patch_numbering_find(numbering, seen);
    }
}

/* A counting sort of the line numbers of the file by what stands there. */
static void note_places(struct view *view, size_t n_lines, uint32_t n_numbers)
{
    view->firsts = alloc_array((size_t)n_numbers + 2, sizeof *view->firsts);
    for (size_t i = 0; i < n_lines; i++) {
        if (view->lines[i] != 0) {
            view->firsts[view->lines[i] + 1]++;
        }
    }
    for (uint32_t k = 1; k <= n_numbers; k++) {
        view->firsts[k + 1] += view->firsts[k];
    }
    view->places = alloc_array((size_t)view->firsts[n_numbers + 1] + 1, sizeof *view->places);
    AUTO_FREE uint32_t *next =
        alloc_copy(view->firsts, ((size_t)n_numbers + 2) * sizeof *view->firsts);
    for (size_t i = 0; i < n_lines; i++) {
        if (view->lines[i] != 0) {
            view->places[next[view->lines[i]]++] = (uint32_t)i;
        }
    }
}

static const struct view *view_of(struct patch_search *search, enum way way)
{
    struct view *view = &search->views[way];
    if (view->wanted != NULL) {
        return view;
    }
    size_t bytes = 0;
    for (size_t i = 0; i < search->n_wanted; i++) {
        bytes += search->wanted[i].n;
    }
    AUTO_FREE char *scratch = way == FOLDED ? alloc_zeroed(bytes + 1) : NULL;
    struct patch_numbering numbering;
    patch_numbering_init(&numbering, search->n_wanted);
    number_wanted(search, way, view, &numbering, scratch);
    number_lines(search, way, view, &numbering);
    note_places(view, search->lines->n, numbering.n);
    patch_numbering_finish(&numbering);
    return view;
}

struct patch_search *patch_search_create(const struct patch_lines *lines,
                                         const struct patch_span *wanted, size_t n_wanted)
{
    struct patch_search *search = alloc_zeroed(sizeof *search);
    *search = (struct patch_search){.lines = lines, .wanted = wanted, .n_wanted = n_wanted};
    return search;
}

void patch_search_destroy(struct patch_search *search)
{
    if (search == NULL) {
        return;
    }
    for (int way = 0; way < WAYS; way++) {
        free(search->views[way].wanted);
        free(search->views[way].lines);
        free(search->views[way].firsts);
        free(search->views[way].places);
    }
    free(search);
}

/* What is looked for, as seen in one view. */
struct block {
    const uint32_t *numbers;
    size_t n;
};

static uint32_t count_of(const struct view *view, uint32_t number)
{
    return view->firsts[number + 1] - view->firsts[number];
}

static size_t rarest(const struct view *view, struct block block)
{
    size_t best = 0;
    for (size_t i = 1; i < block.n; i++) {
        if (count_of(view, block.numbers[i]) < count_of(view, block.numbers[best])) {
            best = i;
        }
    }
    return best;
}

/* The first of the places [low, high) that is at or after line `from`. */
static uint32_t place_from(const struct view *view, uint32_t low, uint32_t high, size_t from)
{
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (view->places[middle] < from) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static size_t equal_lines(const uint32_t *lines, struct block block)
{
    size_t i = 0;
    while (i < block.n && lines[i] == block.numbers[i]) {
        i++;
    }
    return i;
}

static enum patch_found find_in_view(struct patch_search *search, const struct view *view,
                                     struct block block, size_t from, size_t *ret)
{
    size_t anchor = rarest(view, block);
    uint32_t number = block.numbers[anchor];
    uint32_t end = view->firsts[number + 1];
    uint32_t i = place_from(view, view->firsts[number], end, from + anchor);
    for (; i < end; i++) {
        size_t start = view->places[i] - anchor;
        if (start + block.n > search->lines->n) {
            break;
        }
        size_t equal = equal_lines(view->lines + start, block);
        if (equal == block.n) {
            *ret = start;
            return PATCH_FOUND;
        }
        search->work += equal + 1;
        if (search->work > WORK_MAX) {
            return PATCH_TOO_MUCH_WORK;
        }
    }
    return PATCH_NOT_FOUND;
}

enum patch_found patch_search_find(struct patch_search *search, size_t first, size_t n, size_t from,
                                   size_t *ret)
{
    assert(n > 0 && first + n <= search->n_wanted);
    enum patch_found found = PATCH_NOT_FOUND;
    for (int way = 0; way < WAYS && found == PATCH_NOT_FOUND; way++) {
        const struct view *view = view_of(search, (enum way)way);
        struct block block = {view->wanted + first, n};
        found = find_in_view(search, view, block, from, ret);
    }
    return found;
}
