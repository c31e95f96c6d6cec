/* patch_diff.h - a unified diff of two texts, for people to look at.
 *
 * Pure. Lines that stand exactly once on both sides divide the texts; what is between them is
 * compared after Myers, up to a limit of differences behind which a stretch is shown as removed and
 * added as a whole: still a correct diff, and never a long wait. Thread: [any].
 */
#ifndef HOST_TOOLS_PATCH_DIFF_H
#define HOST_TOOLS_PATCH_DIFF_H

#include <stdbool.h>
#include <stddef.h>

struct text;

struct patch_diff_side {
    const char *label; /* "a/src/main.c", or "/dev/null" */
    const char *at;    /* may be NULL when n is 0; at most 4 GiB */
    size_t n;
};

/* Append the diff with three lines of context; nothing when the sides are equal. False when it would
 * be over out's cap; `out` then ends on a whole line. */
bool patch_diff(const struct patch_diff_side *before, const struct patch_diff_side *after,
                struct text *out);

#endif
