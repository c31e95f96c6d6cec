/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/patch_compare.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"

#define DIFFERENCES_MAX 512 /* per stretch; time and memory grow with its square */

/* Lines [a_low, a_high) of one side against [b_low, b_high) of the other. */
struct stretch {
    size_t a_low, a_high, b_low, b_high;
};

struct pair {
    uint32_t a, b;   /* line numbers */
    uint32_t before; /* index + 1 of the pair that comes before in the best chain; 0: none */
};

static void mark(struct patch_compared *side, size_t low, size_t high)
{
    for (size_t i = low; i < high; i++) {
        side->is_changed[i] = true;
    }
}

static struct stretch without_equal_ends(const struct patch_compared *a,
                                         const struct patch_compared *b, struct stretch s)
{
    while (s.a_low < s.a_high && s.b_low < s.b_high && a->numbers[s.a_low] == b->numbers[s.b_low]) {
        s.a_low++;
        s.b_low++;
    }
    while (s.a_low < s.a_high && s.b_low < s.b_high &&
           a->numbers[s.a_high - 1] == b->numbers[s.b_high - 1]) {
        s.a_high--;
        s.b_high--;
    }
    return s;
}

/* Myers' greedy search. furthest[k] is how far along `a` a path with d differences gets on diagonal
 * k = x - y; the rows of all d are kept one behind the other, row d at d * d, to walk back. */
struct search {
    const uint32_t *a, *b;
    int n_a, n_b;
    int *furthest; /* index k + DIFFERENCES_MAX + 1 */
    int *rows;
};

static bool steps_down(const int *furthest, int k, int d)
{
    return k == -d || (k != d && furthest[k - 1] < furthest[k + 1]);
}

static bool try_differences(const struct search *s, int *furthest, int d)
{
    for (int k = -d; k <= d; k += 2) {
        int x = steps_down(furthest, k, d) ? furthest[k + 1] : furthest[k - 1] + 1;
        int y = x - k;
        while (x < s->n_a && y < s->n_b && s->a[x] == s->b[y]) {
            x++;
            y++;
        }
        furthest[k] = x;
        if (k == s->n_a - s->n_b && x >= s->n_a) {
            return true;
        }
    }
    return false;
}

/* The least number of differences, or -1 when there are more than the limit. */
static int search_forward(struct search *s)
{
    int *furthest = s->furthest + DIFFERENCES_MAX + 1;
    for (int d = 0; d <= DIFFERENCES_MAX; d++) {
        if (try_differences(s, furthest, d)) {
            return d;
        }
        size_t done = (size_t)d * (size_t)d;
        size_t width = 2 * (size_t)d + 1;
        s->rows = alloc_grow(s->rows, done + width, sizeof *s->rows);
        memcpy(s->rows + done, furthest - d, width * sizeof *s->rows);
    }
    return -1;
}

static void walk_back(const struct search *s, int d, struct stretch at,
                      struct patch_compared *sides[2])
{
    int x = s->n_a;
    int y = s->n_b;
    for (; d > 0; d--) {
        const int *furthest = s->rows + (size_t)(d - 1) * (size_t)(d - 1) + (d - 1);
        int k = x - y;
        /* The row of d - 1 has entries -(d-1) … d-1 only; steps_down looks no further. */
        bool is_added = steps_down(furthest, k, d);
        int before = is_added ? k + 1 : k - 1;
        x = furthest[before];
        y = x - before;
        if (is_added) {
            sides[1]->is_changed[at.b_low + (size_t)y] = true;
        } else {
            sides[0]->is_changed[at.a_low + (size_t)x] = true;
        }
    }
}

static void compare_stretch(struct patch_compared *a, struct patch_compared *b,
                            struct stretch whole)
{
    struct stretch s = without_equal_ends(a, b, whole);
    bool is_one_sided = s.a_low == s.a_high || s.b_low == s.b_high;
    int differences = -1;
    struct search search = {.a = a->numbers + s.a_low,
                            .b = b->numbers + s.b_low,
                            .n_a = (int)(s.a_high - s.a_low),
                            .n_b = (int)(s.b_high - s.b_low)};
    if (!is_one_sided) {
        search.furthest = alloc_array(2 * DIFFERENCES_MAX + 3, sizeof *search.furthest);
        differences = search_forward(&search);
    }
    if (differences < 0) {
        mark(a, s.a_low, s.a_high);
        mark(b, s.b_low, s.b_high);
    } else {
        struct patch_compared *sides[2] = {a, b};
        walk_back(&search, differences, s, sides);
    }
    free(search.furthest);
    free(search.rows);
}

/* For each number the line where it stands, + 1; 0: nowhere; UINT32_MAX: more than once. */
static uint32_t *single_lines(const struct patch_compared *side, uint32_t n_max)
{
    uint32_t *lines = alloc_array((size_t)n_max + 1, sizeof *lines);
    for (size_t i = 0; i < side->n; i++) {
        uint32_t *line = &lines[side->numbers[i]];
        *line = *line == 0 ? (uint32_t)i + 1 : UINT32_MAX;
    }
    return lines;
}

/* Pairs of lines that stand once on each side, in the order of `a`. */
static struct pair *single_pairs(const struct patch_compared *a, const struct patch_compared *b,
                                 uint32_t n_max, size_t *ret_n)
{
    AUTO_FREE uint32_t *in_a = single_lines(a, n_max);
    AUTO_FREE uint32_t *in_b = single_lines(b, n_max);
    struct pair *pairs = alloc_array(a->n + 1, sizeof *pairs);
    size_t n = 0;
    for (size_t i = 0; i < a->n; i++) {
        uint32_t line = in_b[a->numbers[i]];
        if (in_a[a->numbers[i]] != UINT32_MAX && line != 0 && line != UINT32_MAX) {
            pairs[n++] = (struct pair){.a = (uint32_t)i, .b = line - 1};
        }
    }
    *ret_n = n;
    return pairs;
}

/* Longest chain of pairs ascending on both sides, by patience sorting: ends[k] is the pair with the
 * smallest .b that ends a chain of k + 1. Returns the index + 1 of the last pair of the chain. */
static uint32_t longest_chain(struct pair *pairs, size_t n)
{
    AUTO_FREE uint32_t *ends = alloc_array(n + 1, sizeof *ends);
    size_t length = 0;
    for (size_t i = 0; i < n; i++) {
        size_t low = 0;
        size_t high = length;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (pairs[ends[middle]].b < pairs[i].b) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        pairs[i].before = low > 0 ? ends[low - 1] + 1 : 0;
        ends[low] = (uint32_t)i;
        length = low == length ? length + 1 : length;
    }
    return length > 0 ? ends[length - 1] + 1 : 0;
}

void patch_compare(struct patch_compared *a, struct patch_compared *b, uint32_t n_max)
{
    size_t n = 0;
    AUTO_FREE struct pair *pairs = single_pairs(a, b, n_max, &n);
    size_t a_high = a->n;
    size_t b_high = b->n;
    for (uint32_t i = longest_chain(pairs, n); i != 0; i = pairs[i - 1].before) {
        const struct pair *pair = &pairs[i - 1];
        compare_stretch(a, b, (struct stretch){pair->a + 1, a_high, pair->b + 1, b_high});
        a_high = pair->a;
        b_high = pair->b;
    }
    compare_stretch(a, b, (struct stretch){0, a_high, 0, b_high});
}
