/* wire_server.h - a server on loopback for the benchmarks that answers many requests at once.
 *
 * It waits until every request of a round has arrived whole, and only then writes the same stream to
 * all of them, 16 KB to each in turn: so they are under way at the same time from the first byte to the
 * last. It lives in a process of its own, on the second processor when there is one, and ends with the
 * program. What goes wrong in it ends it, and the requests break off.
 */
#ifndef TESTS_BENCH_WIRE_SERVER_H
#define TESTS_BENCH_WIRE_SERVER_H

#include <stddef.h>

#define WIRE_SERVER_MAX 1024u /* requests in a round */

/* Serve `n_rounds` rounds of rounds[i] requests each. Call it before there are threads. Returns the
 * port, -1 when there is none to be had. */
int wire_server_start(const char *stream, size_t n, const unsigned *rounds, size_t n_rounds);

#endif
