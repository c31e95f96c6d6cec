/* SPDX-License-Identifier: Apache-2.0 */
#include "session/replay_compact.h"

#include <beacon-sdk/json_scan.h>
#include <beacon-sdk/sink.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/auto.h"
#include "base/text.h"
#include "session/history.h"
#include "session/item.h"
#include "session/journal.h"
#include "session/rollout_line.h"
#include "session/user_message.h"

#define KEPT_WORDS_BYTES (80u << 10) /* about 20,000 tokens */

/* Items that are no items are passed over, as they are everywhere in a rollout. */
static int append(struct history *history, struct beacon_str item, struct beacon_error *err)
{
    int rc = history_append(history, item.p, item.n, err);
    return rc == BEACON_E_INVALID ? BEACON_OK : rc;
}

static int append_words(struct history *history, struct beacon_str words, struct beacon_error *err)
{
    struct beacon_part part = beacon_part_of(BEACON_PART_TEXT);
    const struct beacon_part *parts[] = {&part};
    part.text = words;
    AUTO_TEXT struct text item;
    text_init(&item, JOURNAL_RECORD_MAX);
    int rc = item_from_message(BEACON_ROLE_USER, parts, 1, &item, err);
    return rc == BEACON_OK ? history_append(history, item.data, item.len, err) : rc;
}

static int replace(struct history *history, struct beacon_str items, struct beacon_error *err)
{
    struct beacon_json j;
    struct beacon_str item;
    int rc = BEACON_OK;
    history_clear(history);
    beacon_json_init(&j, items);
    (void)beacon_json_enter_array(&j);
    while (rc == BEACON_OK && beacon_json_next_element(&j)) {
        if (beacon_json_skip(&j, &item)) {
            rc = append(history, item, err);
        }
    }
    return rc;
}

/* How many bytes of each thing the person said stay: the newest whole, until the room is used up. */
static void share_room(const struct item_view *views, size_t n, size_t *ret_kept)
{
    size_t room = KEPT_WORDS_BYTES;
    for (size_t i = n; i-- > 0;) {
        if (user_message_is_person(&views[i])) {
            ret_kept[i] = beacon_utf8_cut(user_message_text(&views[i]), room).n;
            room -= ret_kept[i];
        }
    }
}

static int keep_messages(const struct history *old, struct history *kept, struct arena *arena,
                         struct beacon_error *err)
{
    size_t n = history_count(old);
    struct item_view *views = arena_array(arena, n, sizeof *views);
    size_t *kept_bytes = arena_array(arena, n, sizeof *kept_bytes);
    for (size_t i = 0; i < n; i++) {
        int rc = item_decode(history_item(old, i), arena, &views[i], err);
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    share_room(views, n, kept_bytes);
    int rc = BEACON_OK;
    for (size_t i = 0; i < n && rc == BEACON_OK; i++) {
        if (kept_bytes[i] > 0) {
            rc =
                append_words(kept, beacon_span(user_message_text(&views[i]).p, kept_bytes[i]), err);
        } else if (views[i].is_known && !user_message_is_summary(&views[i]) &&
                   (views[i].role == BEACON_ROLE_SYSTEM ||
                    (views[i].role == BEACON_ROLE_USER && !user_message_is_person(&views[i])))) {
            rc = append(kept, history_item(old, i), err);
        }
    }
    return rc;
}

static int refill(struct history *history, const struct history *from, struct beacon_error *err)
{
    int rc = BEACON_OK;
    history_clear(history);
    for (size_t i = 0; i < history_count(from) && rc == BEACON_OK; i++) {
        rc = append(history, history_item(from, i), err);
    }
    return rc;
}

int replay_compact(struct history *history, struct beacon_str payload, struct beacon_error *err)
{
    struct beacon_str items = {0};
    if (beacon_json_member(payload, "replacement_history", &items) && items.p[0] == '[') {
        return replace(history, items, err);
    }
    AUTO_FREE char *summary = rollout_string(payload, "message");
    if (summary == NULL) {
        return BEACON_OK;
    }
    struct history *kept = history_create();
    struct arena *arena = arena_create();
    int rc = keep_messages(history, kept, arena, err);
    if (rc == BEACON_OK) {
        rc = append_words(kept, beacon_text(summary), err);
    }
    if (rc == BEACON_OK) {
        rc = refill(history, kept, err);
    }
    arena_destroy(arena);
    history_destroy(kept);
    return rc;
}
