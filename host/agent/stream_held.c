/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/stream_held.h"

#include <beacon/provider.h>

#include "agent/stream.h"
#include "base/arena.h"

struct held_part {
    struct held_part *next;
    struct beacon_part part;
};

static struct beacon_str copy(struct arena *arena, struct beacon_str s)
{
    return (struct beacon_str){arena_string_n(arena, s.n > 0 ? s.p : "", s.n), s.n};
}

static void hold(struct stream_core *core, const struct beacon_part *part)
{
    struct held_part *held = arena_zeroed(core->arena, sizeof *held);
    held->part = *part;
    struct beacon_str *spans[] = {&held->part.text,       &held->part.call_id, &held->part.name,
                                  &held->part.media_type, &held->part.url,     &held->part.opaque,
                                  &held->part.id,         &held->part.ns};
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        *spans[i] = copy(core->arena, *spans[i]);
    }
    held->part.blob = (struct beacon_bytes){0}; /* pictures are no reasoning */
    struct held_part **end = &core->held;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = held;
}

int stream_held_finish(struct stream_core *core)
{
    int rc = BEACON_OK;
    struct held_part *held = core->held;
    core->held = NULL;
    for (; held != NULL && rc >= 0; held = held->next) {
        rc = core->callbacks.on_item(core->callbacks.ctx, &held->part);
    }
    return rc;
}

int stream_held_item(struct stream_core *core, const struct beacon_part *part)
{
    if (part->type == BEACON_PART_REASONING) {
        hold(core, part);
        return BEACON_OK;
    }
    int rc = stream_held_finish(core);
    return rc >= 0 ? core->callbacks.on_item(core->callbacks.ctx, part) : rc;
}
