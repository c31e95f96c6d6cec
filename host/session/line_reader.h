/* line_reader.h - the lines of a rollout, one at a time, in bounded memory. Private to session/.
 *
 * Owns its buffers, borrows the descriptor. A line longer than the cap is passed over without being
 * held; what stands behind the last newline is torn and never returned. Thread: [main].
 */
#ifndef HOST_SESSION_LINE_READER_H
#define HOST_SESSION_LINE_READER_H

#include <beacon/plugin.h>
#include <stdbool.h>

#include "base/text.h"

struct line_reader {
    int fd; /* -1: everything is in `chunk` already */
    char *owned;
    const char *chunk; /* bytes read and not yet used: [at, n) */
    size_t at, n;
    struct text line;   /* a line that did not fit in one chunk */
    size_t n_passed;    /* lines passed over so far: too long or torn */
    bool has_any_bytes; /* the source is not empty */
    int os_errno;       /* of a read that failed; 0 when the end was reached */
};

void line_reader_init(struct line_reader *reader, int fd, size_t line_max);
void line_reader_init_bytes(struct line_reader *reader, const char *bytes, size_t n,
                            size_t line_max);
void line_reader_finish(struct line_reader *reader);

/* The next whole line without its newline, valid until the next call. False: no more lines. */
bool line_reader_next(struct line_reader *reader, struct beacon_str *ret);

#endif
