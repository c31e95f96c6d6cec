/* SPDX-License-Identifier: Apache-2.0 */
#include "support/mock_reply.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/json.h"
#include "support/mock_events.h"

#define FILL_BYTES  (64u << 10) /* made before the socket is asked again */
#define DELTA_BYTES 48
#define PLAIN       (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

enum stage {
    STAGE_HEAD,
    STAGE_BEFORE, /* the events, or those before a generated stream */
    STAGE_STREAM,
    STAGE_AFTER,
    STAGE_TAIL, /* last chunk */
    STAGE_OVER,
};

struct play {
    struct json_object *reply;
    enum stage stage;
    struct events before, after;
    size_t next_frame;
    uint64_t stream_left;
    char *delta; /* text of one generated delta, NULL without a stream */
    size_t delta_len;
    struct delta_frame frame;
    struct text chunk;              /* of generated deltas */
    uint64_t n_sent;                /* events so far */
    int64_t drop_after, hang_after; /* −1 = never */
};

static void add_base64(struct text *out, const char *from)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0, n_bits = 0;
    for (; *from != '\0' && *from != '='; from++) {
        const char *digit = strchr(digits, *from);
        if (digit == NULL) {
            continue;
        }
        bits = bits << 6 | (unsigned)(digit - digits);
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            (void)text_add_char(out, (char)(bits >> n_bits & 0xff));
        }
    }
}

static void add_raw(struct text *out, struct json_object *raw)
{
    if (json_object_is_type(raw, json_type_object)) {
        add_base64(out, json_string_of(raw, "base64", ""));
    } else {
        (void)text_add(out, json_object_get_string(raw), (size_t)json_object_get_string_len(raw));
    }
}

static void add_headers(struct text *out, struct json_object *reply)
{
    struct json_object *headers = json_member(reply, "headers");
    if (headers != NULL) {
        json_object_object_foreach(headers, name, value)
        {
            (void)text_addf(out, "%s: %s\r\n", name, json_object_get_string(value));
        }
    }
    if (json_bool_of(reply, "close", false)) {
        (void)text_add_string(out, "Connection: close\r\n");
    }
    (void)text_add_string(out, "\r\n");
}

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } rows[] = {{200, "OK"},          {204, "No Content"},         {302, "Found"},
                {400, "Bad Request"}, {401, "Unauthorized"},       {403, "Forbidden"},
                {404, "Not Found"},   {429, "Too Many Requests"},  {500, "Internal Server Error"},
                {502, "Bad Gateway"}, {503, "Service Unavailable"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].status == status) {
            return rows[i].reason;
        }
    }
    return "Unknown";
}

/* An answer in one piece: status, headers, body. */
static void add_whole(struct text *out, struct json_object *reply)
{
    struct json_object *body = json_member(reply, "body");
    int status = (int)json_int_of(reply, "status", 200);
    const char *bytes = "", *type = "text/plain";
    size_t n = 0;
    if (json_object_is_type(body, json_type_string)) {
        bytes = json_object_get_string(body);
        n = (size_t)json_object_get_string_len(body);
    } else if (body != NULL) {
        bytes = json_object_to_json_string_length(body, PLAIN, &n);
        type = "application/json";
    }
    (void)text_addf(out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n", status,
                    json_string_of(reply, "reason", reason_of(status)), type, n);
    add_headers(out, reply);
    (void)text_add(out, bytes, n);
}

static bool is_stream(struct json_object *reply)
{
    static const char *const keys[] = {"sse",       "text",    "calls",      "custom",
                                       "reasoning", "garbage", "stream_text"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (json_member(reply, keys[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static void add_garbage(struct events *events)
{
    AUTO_JSON struct json_object *array = json_object_new_array();
    static const char *const frames[] = {"no field here\n\n",
                                         "data: {\"type\":\"response.output_text.delta\",\n\n",
                                         "event: response.completed\ndata: \xff\xfe{]\n\n",
                                         ": \x01\x02\nid\nretry: x\n\n", "data: [1,2\n\n"};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        (void)json_object_array_add(array, json_object_new_string(frames[i]));
    }
    events_add_array(events, array);
}

static void prepare_stream(struct play *play, struct json_object *stream, struct events *before)
{
    int64_t delta = json_int_of(stream, "delta", DELTA_BYTES);
    int64_t bytes = json_int_of(stream, "bytes", 0);
    play->delta_len = delta > 0 ? (size_t)delta : DELTA_BYTES;
    play->stream_left = bytes > 0 ? (uint64_t)bytes : 0;
    play->delta = alloc_zeroed(play->delta_len + 1);
    for (size_t i = 0; i < play->delta_len; i++) {
        play->delta[i] = "the quick brown fox jumps over the lazy dog "[i % 44];
    }
    events_open_message(before);
    delta_frame_init(&play->frame, before, play->delta, play->delta_len);
}

/* Everything that comes after the generated deltas, made once the last of them is out. */
static void finish_stream(struct play *play)
{
    struct json_object *stream = json_member(play->reply, "stream_text");
    AUTO_TEXT struct text quoted;
    text_init(&quoted, 1u << 30);
    (void)text_add_char(&quoted, '"');
    if (json_bool_of(stream, "full_done", false)) {
        uint64_t left = (uint64_t)json_int_of(stream, "bytes", 0);
        while (left > 0) {
            size_t n = left < play->delta_len ? (size_t)left : play->delta_len;
            (void)text_add(&quoted, play->delta, n);
            left -= n;
        }
    } else {
        (void)text_add_string(&quoted, "done");
    }
    (void)text_add_char(&quoted, '"');
    play->after.number = play->before.number;
    play->after.index = play->before.index;
    play->after.sequence = play->before.sequence;
    events_close_message(&play->after, text_string(&quoted));
    events_complete(&play->after, play->reply);
}

static void prepare_events(struct play *play)
{
    struct json_object *stream = json_member(play->reply, "stream_text");
    struct json_object *sse = json_member(play->reply, "sse");
    if (sse != NULL) {
        events_add_array(&play->before, sse);
        return;
    }
    if (json_bool_of(play->reply, "garbage", false)) {
        add_garbage(&play->before);
        return;
    }
    events_begin(&play->before);
    events_add_items(&play->before, play->reply);
    if (stream != NULL) {
        prepare_stream(play, stream, &play->before);
    } else {
        events_complete(&play->before, play->reply);
    }
}

struct play *play_start(struct json_object *reply, unsigned number)
{
    struct play *play = alloc_zeroed(sizeof *play);
    play->reply = reply;
    text_init(&play->chunk, 1u << 30);
    play->before.number = number;
    play->drop_after = json_int_of(reply, "drop_after_events", -1);
    play->hang_after = json_int_of(reply, "hang_after_events", -1);
    if (is_stream(reply)) {
        prepare_events(play);
    }
    return play;
}

void play_finish(struct play *play)
{
    if (play != NULL) {
        events_finish(&play->before);
        events_finish(&play->after);
        delta_frame_finish(&play->frame);
        text_finish(&play->chunk);
        free(play->delta);
        free(play);
    }
}

uint64_t play_delay_ms(const struct play *play)
{
    return (uint64_t)json_int_of(play->reply, "delay_ms", 0);
}

size_t play_bytes_per_send(const struct play *play)
{
    return (size_t)json_int_of(play->reply, "chunk", 0);
}

static enum play_next begin(struct play *play, struct text *out)
{
    struct json_object *raw = json_member(play->reply, "raw");
    if (json_bool_of(play->reply, "hang", false)) {
        return PLAY_HANG;
    }
    play->stage = STAGE_OVER;
    if (raw != NULL) {
        add_raw(out, raw);
        play->drop_after = 0; /* it may not say where it ends */
    } else if (is_stream(play->reply)) {
        (void)text_add_string(out, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                                   "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n");
        add_headers(out, play->reply);
        play->stage = STAGE_BEFORE;
    } else {
        add_whole(out, play->reply);
    }
    return PLAY_MORE;
}

/* The frames of `events` that are left; each is one HTTP chunk. */
static void add_frame(struct play *play, struct events *events, struct text *out)
{
    if (play->next_frame == events->n) {
        play->next_frame = 0;
        play->stage++;
        return;
    }
    const char *frame = events->frames[play->next_frame++];
    size_t n = strlen(frame);
    (void)text_addf(out, "%zx\r\n", n);
    (void)text_add(out, frame, n);
    (void)text_add_string(out, "\r\n");
    play->n_sent++;
}

static void add_delta(struct play *play)
{
    if (play->stream_left < play->delta_len) { /* the last one */
        delta_frame_finish(&play->frame);
        delta_frame_init(&play->frame, &play->before, play->delta, (size_t)play->stream_left);
        play->stream_left = play->delta_len;
    }
    delta_frame_write(&play->frame, &play->before, &play->chunk);
    play->stream_left -= play->delta_len;
    play->n_sent++;
}

/* One HTTP chunk of many deltas; of one, when the script counts them. */
static void add_deltas(struct play *play, struct text *out)
{
    size_t most = play->drop_after >= 0 || play->hang_after >= 0 ? 1 : FILL_BYTES;
    text_reset(&play->chunk);
    while (play->stream_left > 0 && play->chunk.len < most) {
        add_delta(play);
    }
    if (play->chunk.len > 0) {
        (void)text_addf(out, "%zx\r\n", play->chunk.len);
        (void)text_add(out, play->chunk.data, play->chunk.len);
        (void)text_add_string(out, "\r\n");
    }
    if (play->stream_left == 0) {
        if (play->delta != NULL) {
            finish_stream(play);
        }
        play->stage = STAGE_AFTER;
    }
}

static void step(struct play *play, struct text *out)
{
    switch (play->stage) {
    case STAGE_BEFORE:
        add_frame(play, &play->before, out);
        break;
    case STAGE_STREAM:
        add_deltas(play, out);
        break;
    case STAGE_AFTER:
        add_frame(play, &play->after, out);
        break;
    case STAGE_TAIL:
        (void)text_add_string(out, "0\r\n\r\n");
        play->stage = STAGE_OVER;
        break;
    case STAGE_HEAD:
    case STAGE_OVER:
        break;
    }
}

/* Does the script stop here, whatever is left to be sent? */
static enum play_next interruption(const struct play *play)
{
    if (play->drop_after >= 0 && play->n_sent >= (uint64_t)play->drop_after) {
        return json_bool_of(play->reply, "reset", false) ? PLAY_RESET : PLAY_CLOSE;
    }
    if (play->hang_after >= 0 && play->n_sent >= (uint64_t)play->hang_after) {
        return PLAY_HANG;
    }
    if (play->stage == STAGE_OVER) {
        return json_bool_of(play->reply, "close", false) ? PLAY_CLOSE : PLAY_END;
    }
    return PLAY_MORE;
}

enum play_next play_next(struct play *play, struct text *out)
{
    if (play->stage == STAGE_HEAD) {
        return begin(play, out);
    }
    enum play_next next = interruption(play);
    while (next == PLAY_MORE && out->len < FILL_BYTES) {
        step(play, out);
        next = interruption(play);
    }
    return out->len > 0 ? PLAY_MORE : next;
}
