/* SPDX-License-Identifier: Apache-2.0 */
#include "loan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"

#define RANGE_BYTES ((size_t)256 << 20)
#define PIECES_GUARDED                                                                             \
    4000 /* per call; the kernel has a limit of mappings, more pieces are packed */
#define PACKED_BYTES ((size_t)1 << 20)
#define SCRIBBLE     0xa5

static void give_up(const char *what)
{
    (void)fprintf(stderr, "beacon-testhost: cannot %s\n", what);
    abort();
}

void loans_open(struct loans *l)
{
    memset(l, 0, sizeof *l);
    l->page = (size_t)sysconf(_SC_PAGESIZE);
    l->n_pages = RANGE_BYTES / l->page;
    void *base =
        mmap(NULL, RANGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        give_up("reserve 256 MiB of addresses; raise the limit of `ulimit -v`");
    }
    l->base = base;
    l->states = testhost_alloc(l->n_pages);
    memset(l->states, LOAN_UNUSED, l->n_pages);
}

void loans_close(struct loans *l)
{
    (void)munmap(l->base, l->n_pages * l->page);
    free(l->states);
    memset(l, 0, sizeof *l);
}

/* `n_pages` pages that may be written, with a guard behind them. */
static uint8_t *take_pages(struct loans *l, size_t n_pages)
{
    if (l->n_pages - l->next <= n_pages) {
        give_up("lend more than 128 MiB for one call");
    }
    uint8_t *start = l->base + l->next * l->page;
    if (mprotect(start, n_pages * l->page, PROT_READ | PROT_WRITE) != 0) {
        give_up("make memory to lend");
    }
    memset(l->states + l->next, LOAN_LENT, n_pages);
    l->states[l->next + n_pages] = LOAN_GUARD;
    l->next += n_pages + 1;
    return start;
}

static void *take_guarded(struct loans *l, size_t n, size_t align)
{
    const size_t n_pages = n > 0 ? (n + l->page - 1) / l->page : 1;
    uint8_t *start = take_pages(l, n_pages);
    const size_t from = (n_pages * l->page - n) & ~(align - 1);
    memset(start, SCRIBBLE, n_pages * l->page);
    memset(start + from, 0, n);
    return start + from;
}

/* Many small pieces side by side, still with nothing that could be read as a NUL between them. */
static void *take_packed(struct loans *l, size_t n, size_t align)
{
    const size_t need = (n + align) & ~(align - 1);
    if ((size_t)(l->packed_end - l->packed) < need) {
        const size_t n_pages = (PACKED_BYTES > need ? PACKED_BYTES : need + l->page) / l->page;
        l->packed = take_pages(l, n_pages);
        l->packed_end = l->packed + n_pages * l->page;
        memset(l->packed, SCRIBBLE, n_pages * l->page);
    }
    uint8_t *p = l->packed;
    p += (0 - (uintptr_t)p) & (align - 1);
    l->packed = p + need;
    memset(p, 0, n);
    return p;
}

void *loans_take(struct loans *l, size_t n, size_t align)
{
    l->n_pieces++;
    return l->n_pieces > PIECES_GUARDED ? take_packed(l, n, align) : take_guarded(l, n, align);
}

/* The scribble is for a thread of the plugin that still reads while the pages go away. */
static void scribble(struct loans *l)
{
    for (size_t i = l->first; i < l->next; i++) {
        if (l->states[i] == LOAN_LENT) {
            memset(l->base + i * l->page, SCRIBBLE, l->page);
        }
        l->states[i] = LOAN_GONE;
    }
}

void loans_return(struct loans *l)
{
    if (l->next > l->first) {
        uint8_t *start = l->base + l->first * l->page;
        const size_t n = (l->next - l->first) * l->page;
        scribble(l);
        if (mprotect(start, n, PROT_NONE) != 0 || madvise(start, n, MADV_DONTNEED) != 0) {
            give_up("take lent memory back");
        }
    }
    /* Begin anew at half of the range, never in the middle of what one call is lent. */
    l->next = l->next > l->n_pages / 2 ? 0 : l->next;
    l->first = l->next;
    l->n_pieces = 0;
    l->packed = l->packed_end = NULL;
}

enum loan_page loans_state(const struct loans *l, const void *address)
{
    const uintptr_t at = (uintptr_t)address, base = (uintptr_t)l->base;
    if (l->base == NULL || at < base || at - base >= l->n_pages * l->page) {
        return LOAN_FOREIGN;
    }
    return (enum loan_page)l->states[(at - base) / l->page];
}
