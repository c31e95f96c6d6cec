/* SPDX-License-Identifier: Apache-2.0 */
#include "event_text.h"

static void add_named(struct buffer *to, const char *name, struct beacon_str s)
{
    if (s.n > 0) {
        buffer_add(to, " %s=", name);
        buffer_shown(to, s);
    }
}

static void add_part(struct buffer *to, const struct beacon_part *part)
{
    static const char *const types[] = {"?",      "text", "reasoning", "call",
                                        "result", "blob", "server"};
    buffer_add(to, " %s", types[part->type <= BEACON_PART_SERVER_TOOL ? part->type : 0]);
    if ((part->flags & BEACON_PART_FREEFORM) != 0) {
        buffer_add(to, " freeform");
    }
    add_named(to, "id", part->id);
    add_named(to, "call", part->call_id);
    add_named(to, "name", part->name);
    add_named(to, "ns", part->ns);
    add_named(to, "text", part->text);
    add_named(to, "opaque", part->opaque);
}

static void add_usage(struct buffer *to, const struct beacon_usage *u)
{
    buffer_add(to, " in=%lld cached=%lld written=%lld out=%lld reasoning=%lld cost=%lld flags=%u",
               (long long)u->input, (long long)u->cache_read, (long long)u->cache_write,
               (long long)u->output, (long long)u->reasoning, (long long)u->cost_nano_usd,
               u->flags);
}

void event_text(struct buffer *to, const struct beacon_event *ev)
{
    static const char *const names[] = {"?",     "START",  "BEGIN",   "DELTA", "DONE",
                                        "USAGE", "LIMITS", "WARNING", "FINISH"};
    buffer_add(to, "%s", names[ev->type <= BEACON_EV_FINISH ? ev->type : 0]);
    if (ev->type >= BEACON_EV_ITEM_BEGIN && ev->type <= BEACON_EV_ITEM_DONE) {
        buffer_add(to, " %u", ev->index);
    }
    if (ev->type == BEACON_EV_DELTA || ev->type == BEACON_EV_FINISH) {
        buffer_add(to, " code=%u", ev->code);
    }
    if (ev->part != NULL) {
        add_part(to, ev->part);
    } else {
        add_named(to, "id", ev->id);
    }
    add_named(to, "model", ev->model);
    add_named(to, "text", ev->text);
    if (ev->usage != NULL) {
        add_usage(to, ev->usage);
    }
    buffer_add(to, "\n");
}
