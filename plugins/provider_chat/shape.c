/* SPDX-License-Identifier: Apache-2.0 */
#include "shape.h"

#include <beacon-sdk/json_scan.h>

#define SHAPE_MAX ((size_t)2048) /* bytes of a frame that is kept */

void chat_shape_init(struct chat_shape *shape)
{
    memset(shape, 0, sizeof *shape);
    beacon_json_out_init(&shape->frame, SHAPE_MAX);
}

void chat_shape_finish(struct chat_shape *shape)
{
    beacon_json_out_finish(&shape->frame);
}

bool chat_shape_match(const struct chat_shape *shape, struct beacon_str frame,
                      struct beacon_str *ret_raw)
{
    const size_t before = shape->from, after = shape->frame.n - shape->to;
    if (shape->to == 0 || frame.n < before + after ||
        memcmp(frame.p, shape->frame.p, before) != 0 ||
        memcmp(frame.p + frame.n - after, shape->frame.p + shape->to, after) != 0) {
        return false;
    }
    /* The string must end where the bytes after it begin: not before, and not behind. */
    const char *const text = frame.p + before, *const end = frame.p + frame.n - after;
    if (beacon_scan_string_end(text, end + 1) != end) {
        return false;
    }
    const struct beacon_str raw = beacon_span(text, (size_t)(end - text));
    if (!beacon_utf8_is_valid(raw)) {
        return false;
    }
    *ret_raw = raw;
    return true;
}

void chat_shape_learn(struct chat_shape *shape, struct beacon_str frame, struct beacon_str raw,
                      uint32_t channel)
{
    shape->to = 0;
    if (frame.n > SHAPE_MAX) {
        return;
    }
    beacon_json_out_reset(&shape->frame);
    beacon_json_out_bytes(&shape->frame, frame.p, frame.n);
    if (!shape->frame.failed) {
        shape->from = (size_t)(raw.p - frame.p);
        shape->to = shape->from + raw.n;
        shape->channel = channel;
    }
}
