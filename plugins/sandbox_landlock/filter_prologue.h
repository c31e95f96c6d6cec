/* filter_prologue.h - the part of a filter that libseccomp cannot express. Runs when the plugin is built.
 *
 * Rows with an "otherwise", rows in an order, comparisons of half an argument, and numbers above the newest
 * known. It stands in front of libseccomp's program and falls into it for every other call; jumps are
 * relative, so each keeps its own. Thread: [pure].
 */
#ifndef SANDBOX_LANDLOCK_FILTER_PROLOGUE_H
#define SANDBOX_LANDLOCK_FILTER_PROLOGUE_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct filter_row;

#define PROLOGUE_MAX 512 /* instructions */

bool filter_row_is_in(const struct filter_row *row, uint32_t variant);

/* Do the rows of `call` need the prologue? The others are libseccomp's. */
bool prologue_has_call(uint32_t variant, int call);

/* Number of instructions written; 0 when they do not fit, or on an unknown architecture. */
size_t prologue_build(uint32_t variant, struct sock_filter out[PROLOGUE_MAX]);

#endif
