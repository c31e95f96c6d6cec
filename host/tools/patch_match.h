/* patch_match.h - finds the places of an Update section in the text of a file and makes the new
 * text.
 *
 * Pure: the old content and a parsed section in, the new content out; no file is looked at. Each
 * chunk is searched from a cursor that only moves forward, in four passes: exact, trailing
 * blanks ignored, both ends trimmed, typographic characters folded to ASCII. Lines the patch does not
 * touch, and context lines found by a loose pass, keep the file's own bytes and endings.
 * Thread: [any].
 */
#ifndef HOST_TOOLS_PATCH_MATCH_H
#define HOST_TOOLS_PATCH_MATCH_H

#include <beacon/error.h>
#include <stddef.h>

#define PATCH_FILE_MAX (64u << 20) /* bytes of a file that can be patched */

struct patch_section;
struct text;

struct patch_file {
    const char *name; /* what an error calls it */
    const char *at;   /* its content; may be NULL when n is 0 */
    size_t n;
};

/* Append to `out` what `file` becomes. A chunk that is not
 * found: BEACON_E_INVALID, and `why` (may be NULL) gets the whole sentence, e.g. "Failed to find
 * expected lines in …". BEACON_E_LIMIT when the result is over out's cap. `out` is to be thrown away
 * on failure. */
int patch_match(const struct patch_section *section, const struct patch_file *file,
                struct text *out, struct text *why, struct beacon_error *err);

#endif
