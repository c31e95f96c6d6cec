/* output_limit.h - what is kept of a command's output: its head and its tail, in bounded memory.
 *
 * A command may write gigabytes or never stop; the model is shown a budget of tokens (4 bytes each),
 * the first half from the head and the second from the tail. Bytes go in as they come; text comes
 * out as valid UTF-8. Thread: [main].
 */
#ifndef HOST_TOOLS_OUTPUT_LIMIT_H
#define HOST_TOOLS_OUTPUT_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text;

#define OUTPUT_KEPT_BYTES     (1u << 20) /* of one command: half head, half tail */
#define OUTPUT_TOKENS_MAX     200000u    /* an answer never carries more */
#define OUTPUT_TOKENS_DEFAULT 10000u

struct output_limit {
    char *head, *tail; /* tail is a ring */
    size_t head_len, tail_len, tail_start;
    size_t head_room, tail_room; /* allocated */
    uint64_t total_bytes, newlines;
    bool ends_in_newline;
};

void output_limit_finish(struct output_limit *output);
void output_limit_reset(struct output_limit *output); /* empty again, memory kept */
void output_limit_add(struct output_limit *output, const char *p, size_t n);

/* ceil(bytes / 4) of everything that came in. */
uint64_t output_limit_tokens(const struct output_limit *output);

/* Append for the model: everything when it fits `max_tokens` (at most OUTPUT_TOKENS_MAX), else a warning
 * header, and head and tail around a marker with the number of tokens left out. `out` needs a cap of
 * 1 KiB + 12 * max_tokens: a byte that is no UTF-8 becomes three. */
void output_limit_render(const struct output_limit *output, uint32_t max_tokens, struct text *out);

/* Every byte that came, in order; the caller's to free. Only while nothing had to be dropped. */
char *output_limit_bytes(const struct output_limit *output, size_t *ret_n);

/* Append everything that was kept, a marker where bytes are missing. */
void output_limit_copy(const struct output_limit *output, struct text *out);

#endif
