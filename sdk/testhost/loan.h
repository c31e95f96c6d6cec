/* SPDX-License-Identifier: Apache-2.0
 * loan.h - memory lent to a plugin for one call, each piece before a page that cannot be read.
 *
 * One range of addresses is reserved at the start; pieces are taken from it in a ring, so that an
 * address lent long ago is still recognised as such when a plugin comes back to it.
 * Thread: the test host's; loans_owner() also in a signal handler.
 */
#ifndef TESTHOST_LOAN_H
#define TESTHOST_LOAN_H

#include <stddef.h>
#include <stdint.h>

enum loan_page {
    LOAN_FOREIGN, /* not in the range */
    LOAN_UNUSED,
    LOAN_LENT,
    LOAN_GUARD, /* behind a piece that is lent now */
    LOAN_GONE,
};

struct loans {
    uint8_t *base;
    size_t page, n_pages;
    size_t first, next; /* pages of the current call: [first, next), never wrapped around */
    size_t n_pieces;
    uint8_t *packed, *packed_end; /* free rest of a stretch shared by many pieces */
    uint8_t *states;              /* enum loan_page of each page */
};

void loans_open(struct loans *l);
void loans_close(struct loans *l);

/* `n` bytes, zeroed, whose end is as near to the guard as `align` (a power of two) allows. */
void *loans_take(struct loans *l, size_t n, size_t align);

/* Overwrite and take away everything taken since the last time. */
void loans_return(struct loans *l);

enum loan_page loans_state(const struct loans *l, const void *address);

#endif
