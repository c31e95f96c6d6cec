/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/output_limit.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/utf8.h"

#define HALF_BYTES (OUTPUT_KEPT_BYTES / 2)

void output_limit_finish(struct output_limit *output)
{
    free(output->head);
    free(output->tail);
    *output = (struct output_limit){0};
}

void output_limit_reset(struct output_limit *output)
{
    output->head_len = output->tail_len = output->tail_start = 0;
    output->total_bytes = output->newlines = 0;
    output->ends_in_newline = false;
}

/* Memory follows need, doubling, so that a thousand quiet commands cost nothing. */
static void make_room(char **buffer, size_t *room, size_t needed)
{
    if (needed <= *room) {
        return;
    }
    size_t grown = *room < 4096 ? 4096 : *room * 2;
    while (grown < needed) {
        grown *= 2;
    }
    *room = grown < HALF_BYTES ? grown : HALF_BYTES;
    *buffer = alloc_grow(*buffer, *room, 1);
}

static void add_to_tail(struct output_limit *output, const char *p, size_t n)
{
    if (n >= HALF_BYTES) {
        p += n - HALF_BYTES;
        n = HALF_BYTES;
    }
    size_t needed = output->tail_len + n;
    if (needed <= HALF_BYTES) {
        make_room(&output->tail, &output->tail_room, needed);
        memcpy(output->tail + output->tail_len, p, n); /* not yet wrapped: start is 0 */
        output->tail_len += n;
        return;
    }
    make_room(&output->tail, &output->tail_room, HALF_BYTES);
    size_t end = (output->tail_start + output->tail_len) % HALF_BYTES;
    size_t first = n < HALF_BYTES - end ? n : HALF_BYTES - end;
    memcpy(output->tail + end, p, first);
    memcpy(output->tail, p + first, n - first);
    output->tail_start = (output->tail_start + needed - HALF_BYTES) % HALF_BYTES;
    output->tail_len = HALF_BYTES;
}

static uint64_t count_newlines(const char *p, size_t n)
{
    uint64_t count = 0;
    const char *end = p + n;
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        count++;
        p++;
    }
    return count;
}

void output_limit_add(struct output_limit *output, const char *p, size_t n)
{
    if (n == 0) {
        return;
    }
    output->total_bytes += n;
    output->newlines += count_newlines(p, n);
    output->ends_in_newline = p[n - 1] == '\n';
    size_t head = HALF_BYTES - output->head_len < n ? HALF_BYTES - output->head_len : n;
    if (head > 0) {
        make_room(&output->head, &output->head_room, output->head_len + head);
        memcpy(output->head + output->head_len, p, head);
        output->head_len += head;
    }
    if (head < n) {
        add_to_tail(output, p + head, n - head);
    }
}

uint64_t output_limit_tokens(const struct output_limit *output)
{
    return (output->total_bytes + 3) / 4;
}

/* The last `n` bytes kept, oldest first, into `to`. */
static void copy_last(const struct output_limit *output, char *to, size_t n)
{
    size_t from_head = n > output->tail_len ? n - output->tail_len : 0;
    if (from_head > 0) {
        memcpy(to, output->head + output->head_len - from_head, from_head);
    }
    size_t from_tail = n - from_head;
    for (size_t i = 0; i < from_tail; i++) {
        size_t at = (output->tail_start + output->tail_len - from_tail + i) % HALF_BYTES;
        to[from_head + i] = output->tail[at];
    }
}

static void add_last(const struct output_limit *output, size_t n, struct text *out)
{
    char *last = alloc_zeroed(n + 1);
    copy_last(output, last, n);
    size_t skip = 0;
    while (skip < n && skip < 3 && ((unsigned char)last[skip] & 0xC0u) == 0x80u) {
        skip++;
    }
    (void)utf8_add_lossy(out, last + skip, n - skip);
    free(last);
}

static size_t kept_bytes(const struct output_limit *output)
{
    return output->head_len + output->tail_len;
}

static void add_all_kept(const struct output_limit *output, struct text *out)
{
    size_t n = kept_bytes(output);
    char *all = alloc_zeroed(n + 1);
    copy_last(output, all, n);
    (void)utf8_add_lossy(out, all, n);
    free(all);
}

void output_limit_render(const struct output_limit *output, uint32_t max_tokens, struct text *out)
{
    static_assert(OUTPUT_TOKENS_MAX * 2 <= HALF_BYTES, "an answer is made of what is kept");
    assert(max_tokens <= OUTPUT_TOKENS_MAX);
    uint64_t tokens = output_limit_tokens(output);
    if (tokens <= max_tokens) {
        add_all_kept(output, out);
        return;
    }
    uint64_t lines = output->newlines + (output->ends_in_newline ? 0 : 1);
    (void)text_addf(out,
                    "Warning: truncated output (original token count: %" PRIu64 ")\n"
                    "Total output lines: %" PRIu64 "\n\n",
                    tokens, lines);
    size_t half = (size_t)max_tokens * 2; /* less than came, and less than half of what is kept */
    (void)utf8_add_lossy(out, output->head, utf8_cut(output->head, half));
    (void)text_addf(out, "…%" PRIu64 " tokens truncated…", tokens - max_tokens);
    add_last(output, half, out);
}

char *output_limit_bytes(const struct output_limit *output, size_t *ret_n)
{
    *ret_n = kept_bytes(output);
    assert(*ret_n == output->total_bytes);
    char *all = alloc_zeroed(*ret_n + 1);
    copy_last(output, all, *ret_n);
    return all;
}

void output_limit_copy(const struct output_limit *output, struct text *out)
{
    if (kept_bytes(output) == output->total_bytes) {
        add_all_kept(output, out);
        return;
    }
    (void)utf8_add_lossy(out, output->head, output->head_len);
    (void)text_addf(out, "\n…%" PRIu64 " bytes omitted…\n",
                    output->total_bytes - kept_bytes(output));
    add_last(output, output->tail_len, out);
}
