/* SPDX-License-Identifier: Apache-2.0
 *
 * The framing of response bodies. The first byte chooses the kind and where the bytes are split; the
 * frames must be the same for every split, and no read may leave the chunk.
 */
#include <beacon/host.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "http/framing.h"

#define FRAME_MAX 512u

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What came out, in a form that two runs can be compared by. */
struct sum {
    uint64_t hash;
    size_t n_frames;
};

static void add(struct sum *sum, const void *p, size_t n)
{
    const unsigned char *bytes = p;
    for (size_t i = 0; i < n; i++) {
        sum->hash = (sum->hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    sum->hash = (sum->hash ^ n) * UINT64_C(0x100000001b3);
}

static int on_frame(void *ctx, struct beacon_str event, struct beacon_bytes frame)
{
    struct sum *sum = ctx;
    if (frame.n > FRAME_MAX) {
        abort();
    }
    add(sum, event.p, event.n);
    add(sum, frame.p, frame.n);
    sum->n_frames++;
    return BEACON_OK;
}

static int feed_all(uint32_t kind, const char *body, size_t n, size_t step, struct sum *sum)
{
    struct beacon_error err = {0};
    struct framing *framing = framing_create(kind, FRAME_MAX, on_frame, sum);
    int rc = BEACON_OK;
    for (size_t i = 0; i < n && rc == BEACON_OK; i += step) {
        size_t len = n - i < step ? n - i : step;
        AUTO_FREE char *piece = alloc_copy(body + i, len); /* its own memory, for the sanitizer */
        rc = framing_feed(framing, piece, len, &err);
    }
    rc = rc == BEACON_OK ? framing_end(framing, &err) : rc;
    framing_destroy(framing);
    return rc;
}

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    static const uint32_t kinds[] = {BEACON_FRAME_SSE, BEACON_FRAME_SSE, BEACON_FRAME_NDJSON,
                                     BEACON_FRAME_WHOLE};
    uint32_t kind = kinds[data[0] & 3];
    size_t step = (size_t)(data[0] >> 2) + 1;
    const char *body = (const char *)data + 1;
    struct sum whole = {0}, pieces = {0};
    int rc = feed_all(kind, body, size - 1, size, &whole);
    int rc_pieces = feed_all(kind, body, size - 1, step, &pieces);
    if (rc != rc_pieces || whole.n_frames != pieces.n_frames || whole.hash != pieces.hash) {
        abort();
    }
    return 0;
}
