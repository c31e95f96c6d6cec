/* SPDX-License-Identifier: Apache-2.0
 *
 * heard.h - what a host would know of an answer, for the fuzzers of provider plugins: the state of each item,
 * copies of what is durable. Aborts when the events do not keep the host's grammar.
 */
#ifndef TESTS_FUZZ_HEARD_H
#define TESTS_FUZZ_HEARD_H

#include <beacon-sdk/json_string.h>
#include <beacon/provider.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HEARD_ITEMS_MAX 4096u
#define KEPT_MAX        64u

/* What the host would know: the state of each item, and copies of what is durable. */
struct heard {
    uint8_t items[HEARD_ITEMS_MAX]; /* 1 begun, 2 done */
    bool is_started, is_finished;
    struct beacon_part kept[KEPT_MAX];
    size_t n_kept;
};

static inline void must(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

static inline struct beacon_str copy(struct beacon_str s)
{
    char *p = malloc(s.n + 1);
    must(p != NULL);
    if (s.n > 0) {
        memcpy(p, s.p, s.n);
    }
    must(beacon_utf8_is_valid(beacon_span(p, s.n)));
    return beacon_span(p, s.n);
}

static inline void keep(struct heard *heard, const struct beacon_part *part)
{
    must(part->opaque.n == 0 || beacon_json_is_whole(part->opaque, '{') ||
         beacon_json_is_whole(part->opaque, '['));
    must(part->type != BEACON_PART_TOOL_CALL || (part->flags & BEACON_PART_FREEFORM) != 0 ||
         beacon_json_is_whole(part->text, '{'));
    if (heard->n_kept == KEPT_MAX) {
        return;
    }
    struct beacon_part *kept = &heard->kept[heard->n_kept++];
    *kept = *part;
    struct beacon_str *const spans[] = {&kept->text,   &kept->call_id, &kept->name,
                                        &kept->opaque, &kept->id,      &kept->ns};
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        *spans[i] = copy(*spans[i]);
    }
}

static inline void forget(struct heard *heard)
{
    for (size_t i = 0; i < heard->n_kept; i++) {
        const struct beacon_part *part = &heard->kept[i];
        const struct beacon_str spans[] = {part->text,   part->call_id, part->name,
                                           part->opaque, part->id,      part->ns};
        for (size_t k = 0; k < sizeof spans / sizeof spans[0]; k++) {
            void *p;
            memcpy(&p, &spans[k].p, sizeof p); /* malloc() made it */
            free(p);
        }
    }
}

static inline beacon_rc hear(const struct beacon_events *sink, const struct beacon_event *event)
{
    struct heard *heard = sink->ctx;
    must(!heard->is_finished);
    must(heard->is_started || event->type == BEACON_EV_START || event->type == BEACON_EV_WARNING);
    must(event->type != BEACON_EV_START || !heard->is_started);
    heard->is_started = heard->is_started || event->type == BEACON_EV_START;
    heard->is_finished = event->type == BEACON_EV_FINISH;
    if (event->type < BEACON_EV_ITEM_BEGIN || event->type > BEACON_EV_ITEM_DONE) {
        return BEACON_OK;
    }
    must(event->index < HEARD_ITEMS_MAX);
    uint8_t *item = &heard->items[event->index];
    must(*item == (event->type == BEACON_EV_ITEM_BEGIN ? 0 : 1));
    *item = event->type == BEACON_EV_ITEM_DONE ? 2 : 1;
    if (event->type == BEACON_EV_ITEM_DONE) {
        keep(heard, event->part);
    }
    return BEACON_OK;
}

/* A block may be as deep as the scanner goes; in a body it is some levels deeper. */
static inline bool is_deep(const struct heard *heard)
{
    size_t n = 0;
    for (size_t i = 0; i < heard->n_kept; i++) {
        const struct beacon_part *part = &heard->kept[i];
        for (size_t k = 0; k < part->opaque.n; k++) {
            n += part->opaque.p[k] == '{' || part->opaque.p[k] == '[' ? 1 : 0;
        }
        for (size_t k = 0; k < part->text.n; k++) {
            n += part->text.p[k] == '{' || part->text.p[k] == '[' ? 1 : 0;
        }
    }
    return n > BEACON_JSON_DEPTH_MAX - 16;
}

#endif
