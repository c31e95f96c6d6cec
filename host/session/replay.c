/* SPDX-License-Identifier: Apache-2.0 */
#include "session/replay.h"

#include <beacon-sdk/json_scan.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/uuid.h"
#include "session/history.h"
#include "session/item.h"
#include "session/journal.h"
#include "session/line_reader.h"
#include "session/replay_compact.h"
#include "session/rollout_line.h"
#include "session/user_message.h"

#define LINE_BYTES_MAX                                                                             \
    (JOURNAL_RECORD_MAX + 4096u) /* a payload and its envelope, ours or another's */

struct reading {
    struct replay *replay;
    struct arena *arena;    /* reset after every item */
    size_t n_person_items;  /* messages of the person among the items */
    size_t n_person_events; /* the same as told by events; counts when there are any */
};

static void replace_string(char **at, struct beacon_str object, const char *key)
{
    char *value = rollout_string(object, key);
    if (value != NULL) {
        free(*at);
        *at = value;
    }
}

/* The first one with a good id counts: a forked session repeats its ancestor's further down. */
static int take_meta(struct reading *reading, struct beacon_str payload, struct beacon_error *err)
{
    struct replay *replay = reading->replay;
    (void)err;
    AUTO_FREE char *id = rollout_string(payload, "id");
    if (replay->id != NULL || id == NULL || !uuid_is_valid(id)) {
        return BEACON_OK;
    }
    for (char *c = id; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    replay->id = take_pointer(id);
    replace_string(&replay->timestamp, payload, "timestamp");
    replace_string(&replay->cwd, payload, "cwd");
    replace_string(&replay->source, payload, "source");
    replace_string(&replay->originator, payload, "originator");
    replace_string(&replay->model_provider, payload, "model_provider");
    replace_string(&replay->base_instructions, payload, "instructions");
    replace_string(&replay->base_instructions, payload, "base_instructions");
    struct beacon_str base = {0};
    if (beacon_json_member(payload, "base_instructions", &base)) {
        replace_string(&replay->base_instructions, base, "text");
    }
    return BEACON_OK;
}

static int take_item(struct reading *reading, struct beacon_str payload, struct beacon_error *err)
{
    struct item_view view;
    int rc = history_append(reading->replay->history, payload.p, payload.n, err);
    if (rc == BEACON_E_INVALID) {
        reading->replay->n_skipped_lines++;
        return BEACON_OK;
    }
    if (rc == BEACON_OK && item_decode(payload, reading->arena, &view, NULL) == BEACON_OK) {
        reading->n_person_items += user_message_is_person(&view) ? 1 : 0;
    }
    arena_reset(reading->arena);
    return rc;
}

static int take_turn_context(struct reading *reading, struct beacon_str payload,
                             struct beacon_error *err)
{
    (void)err;
    free(reading->replay->turn_context);
    reading->replay->turn_context = alloc_string_n(payload.p, payload.n);
    return BEACON_OK;
}

static int take_compacted(struct reading *reading, struct beacon_str payload,
                          struct beacon_error *err)
{
    return replay_compact(reading->replay->history, payload, err);
}

static const struct {
    const char *type;
    int (*take)(struct reading *reading, struct beacon_str payload, struct beacon_error *err);
} line_types[] = {
    {"session_meta", take_meta},
    {"response_item", take_item},
    {"turn_context", take_turn_context},
    {"compacted", take_compacted},
};

static int64_t count_of(struct beacon_str object, const char *key)
{
    struct beacon_str raw;
    struct beacon_json j;
    int64_t value = 0;
    if (!beacon_json_member(object, key, &raw)) {
        return 0;
    }
    beacon_json_init(&j, raw);
    return beacon_json_int64(&j, &value) && value > 0 ? value : 0;
}

static struct event_usage usage_of(struct beacon_str object)
{
    return (struct event_usage){.input = count_of(object, "input_tokens"),
                                .cached_input = count_of(object, "cached_input_tokens"),
                                .cache_write = count_of(object, "cache_write_input_tokens"),
                                .output = count_of(object, "output_tokens"),
                                .reasoning = count_of(object, "reasoning_output_tokens")};
}

static void take_tokens(struct replay *replay, struct beacon_str message)
{
    struct beacon_str info, total, last;
    if (beacon_json_member(message, "info", &info) &&
        beacon_json_member(info, "total_token_usage", &total) && total.p[0] == '{') {
        replay->total = usage_of(total);
        replay->has_usage = true;
        if (beacon_json_member(info, "last_token_usage", &last)) {
            replay->last = usage_of(last);
        }
        struct cost_record record;
        if (cost_record_read(message, &replay->cost, &record)) {
            cost_record_finish(&record);
        }
    }
}

static void take_event(struct reading *reading, const struct rollout_line *line)
{
    struct beacon_str message, type;
    if (!rollout_line_event(line, &message, &type)) {
        return;
    }
    if (beacon_json_key_is(type, "token_count")) {
        take_tokens(reading->replay, message);
    } else if (beacon_json_key_is(type, "user_message")) {
        reading->n_person_events++;
    }
}

static int take_line(struct reading *reading, struct beacon_str text, struct beacon_error *err)
{
    struct rollout_line line;
    if (!rollout_line_read(text, &line)) {
        reading->replay->n_skipped_lines++;
        return BEACON_OK;
    }
    for (size_t i = 0; i < sizeof line_types / sizeof line_types[0]; i++) {
        if (beacon_json_key_is(line.type, line_types[i].type)) {
            return line_types[i].take(reading, line.payload, err);
        }
    }
    take_event(reading, &line);
    return BEACON_OK;
}

static void fill_empty(char **at)
{
    if (*at == NULL) {
        *at = alloc_string("");
    }
}

static int check(const struct line_reader *reader, const struct replay *replay,
                 struct beacon_error *err)
{
    if (reader->os_errno != 0) {
        return error_set_errno(err, BEACON_E_IO, reader->os_errno, "check the disk",
                               "cannot read the session: %s", strerror(reader->os_errno));
    }
    if (!reader->has_any_bytes) {
        return error_set(err, BEACON_E_INVALID, "resume another session", "empty session file");
    }
    if (replay->id == NULL) {
        return error_set(err, BEACON_E_INVALID, "resume another session",
                         "failed to parse conversation ID from rollout file");
    }
    return BEACON_OK;
}

static int read_lines(struct line_reader *reader, struct replay *ret, struct beacon_error *err)
{
    struct replay replay = {.history = history_create()};
    struct reading reading = {.replay = &replay, .arena = arena_create()};
    struct beacon_str line;
    int rc = BEACON_OK;
    while (rc == BEACON_OK && line_reader_next(reader, &line)) {
        rc = take_line(&reading, line, err);
    }
    arena_destroy(reading.arena);
    replay.n_skipped_lines += reader->n_passed;
    replay.n_user_messages =
        reading.n_person_events > 0 ? reading.n_person_events : reading.n_person_items;
    rc = rc == BEACON_OK ? check(reader, &replay, err) : rc;
    if (rc != BEACON_OK) {
        replay_finish(&replay);
        return rc;
    }
    char **strings[] = {&replay.timestamp,      &replay.cwd,
                        &replay.source,         &replay.originator,
                        &replay.model_provider, &replay.base_instructions,
                        &replay.turn_context};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        fill_empty(strings[i]);
    }
    *ret = replay;
    return BEACON_OK;
}

int replay_read(const char *path, struct replay *ret, struct beacon_error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return error_set_errno(err, errno == ENOENT ? BEACON_E_NOT_FOUND : BEACON_E_IO, errno,
                               "check the session's file", "cannot open session %s: %s", path,
                               strerror(errno));
    }
    struct line_reader reader;
    line_reader_init(&reader, fd, LINE_BYTES_MAX);
    int rc = read_lines(&reader, ret, err);
    line_reader_finish(&reader);
    return rc;
}

int replay_read_bytes(const char *bytes, size_t n, struct replay *ret, struct beacon_error *err)
{
    struct line_reader reader;
    line_reader_init_bytes(&reader, bytes, n, LINE_BYTES_MAX);
    int rc = read_lines(&reader, ret, err);
    line_reader_finish(&reader);
    return rc;
}

void replay_finish(struct replay *replay)
{
    free(replay->id);
    free(replay->timestamp);
    free(replay->cwd);
    free(replay->source);
    free(replay->originator);
    free(replay->model_provider);
    free(replay->base_instructions);
    free(replay->turn_context);
    history_destroy(replay->history);
    cost_state_finish(&replay->cost);
    *replay = (struct replay){0};
}
