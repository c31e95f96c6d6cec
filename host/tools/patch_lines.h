/* patch_lines.h - the text of a file as lines that know their endings: "\n", "\r\n" or "\r", also
 * mixed in one file.
 *
 * Owns the table of line starts; the text itself is borrowed. A final ending does not begin another
 * line, so an empty text has no lines. Thread: [pure].
 */
#ifndef HOST_TOOLS_PATCH_LINES_H
#define HOST_TOOLS_PATCH_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/patch_span.h"

#define PATCH_LINES_MAX (8u << 20)

struct patch_lines {
    const char *at;
    uint32_t *starts; /* n + 1 offsets */
    size_t n;
    struct patch_span ending; /* the first one of the text; "\n" when it has none */
};

/* False, with nothing to finish, when `n` bytes are more than PATCH_LINES_MAX lines or 4 GiB. */
bool patch_lines_init(struct patch_lines *lines, const char *at, size_t n);
void patch_lines_finish(struct patch_lines *lines);

struct patch_span patch_lines_text(const struct patch_lines *lines, size_t i); /* no ending */

/* Bytes of lines [from, to) with their endings; `ret_is_open` tells that the last has none. */
struct patch_span patch_lines_bytes(const struct patch_lines *lines, size_t from, size_t to,
                                    bool *ret_is_open);

#endif
