/* wire_text.h - what a server of each wire streams, and a long conversation to ask it about.
 *
 * Written once, before a clock starts. Memory that ends, ends the program.
 */
#ifndef TESTS_BENCH_WIRE_TEXT_H
#define TESTS_BENCH_WIRE_TEXT_H

#include <beacon/provider.h>
#include <stddef.h>

#define WIRE_DELTA_BYTES 48u /* of text in each delta */

struct wire {
    const char *name;           /* of the component */
    const char *head, *tail;    /* of the stream */
    const char *before, *after; /* the text of a delta */
};

const struct wire *wire_find(const char *name); /* NULL: there is none */

/* A stream of at least `n` bytes; *ret_n is its length, *ret_deltas the deltas in it. The caller's to
 * free(). */
char *wire_stream(const struct wire *wire, size_t n, size_t *ret_n, size_t *ret_deltas);

/* A turn after `n` others: each a question, a call, its output of 4 KB, an answer. It and what it
 * points to live as long as the program. */
const struct beacon_turn *wire_conversation(size_t n);

#endif
