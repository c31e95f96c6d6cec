/* SPDX-License-Identifier: Apache-2.0 */
#include "play.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <beacon-sdk/error.h>
#include <beacon-sdk/json_string.h>
#include <beacon-sdk/sink.h>
#include <beacon-sdk/sized.h>

#define POLL_SLICE_MS 50 /* how soon a cancel is noticed when there is no descriptor to wait on */

struct player {
    struct replay_instance *instance;
    const struct beacon_turn *turn;
    const struct beacon_events *events;
    const struct beacon_cancel *cancel;
    struct beacon_verdict *why;
    struct beacon_error *err;
    size_t response; /* counted from 1 */
    uint32_t index;  /* of the next item */
};

/* ---- which response comes next ---- */

/* The number in an id of ours, such as msg_r4_0; 0 for any other id. */
static size_t response_of_id(struct beacon_str id)
{
    const char *p = id.n > 0 ? memchr(id.p, '_', id.n) : NULL;
    const char *end = id.n > 0 ? id.p + id.n : NULL;
    size_t number = 0;
    if (p == NULL || end - p < 4 || p[1] != 'r') {
        return 0;
    }
    for (p += 2; p < end && *p >= '0' && *p <= '9' && number < 1000000; p++) {
        number = number * 10 + (size_t)(*p - '0');
    }
    return p < end && *p == '_' ? number : 0;
}

static size_t response_of_message(const struct beacon_message *message)
{
    size_t most = 0;
    for (size_t i = 0; i < message->n_parts; i++) {
        struct beacon_part part;
        struct beacon_str opaque_id = beacon_span(NULL, 0);
        BEACON_COPY_IN(part, message->parts[i]);
        (void)beacon_json_member_string(part.opaque, "id", &opaque_id);
        const size_t numbers[] = {response_of_id(part.id), response_of_id(part.call_id),
                                  response_of_id(opaque_id)};
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
            most = numbers[k] > most ? numbers[k] : most;
        }
    }
    return most;
}

/* One more than what the history has of us, so that a resumed session goes on where it was. Our ids
 * say it exactly; a history without any is counted in rounds of the assistant. */
static size_t next_response(const struct beacon_turn *turn)
{
    size_t most = 0, rounds = 0;
    uint32_t before = 0;
    for (size_t i = 0; i < turn->n_messages; i++) {
        struct beacon_message message;
        BEACON_COPY_IN(message, turn->messages[i]);
        const size_t number = response_of_message(&message);
        most = number > most ? number : most;
        rounds += message.role == BEACON_ROLE_ASSISTANT && before != message.role ? 1 : 0;
        before = message.role;
    }
    return 1 + (most > 0 ? most : rounds);
}

/* ---- stopping ---- */

static beacon_rc fail(const struct player *p, uint32_t verdict, beacon_rc code, const char *hint)
{
    const struct beacon_str message = beacon_json_out_text(&p->instance->message);
    BEACON_SET(p->why, verdict, verdict);
    BEACON_SET(p->why, code, code);
    BEACON_SET(p->why, message, message);
    return beacon_error_fill(p->err, code, hint, "%.*s", (int)message.n,
                             message.n > 0 ? message.p : "");
}

static void set_message(const struct player *p, const char *text)
{
    beacon_json_out_reset(&p->instance->message);
    beacon_json_out_bytes(&p->instance->message, text, strlen(text));
}

static beacon_rc stop(const struct player *p, beacon_rc rc)
{
    set_message(p, rc == BEACON_E_CANCELLED ? "the replay was cancelled"
                   : rc == BEACON_E_NOMEM   ? "out of memory"
                                            : "the host takes no more events");
    return fail(p, BEACON_VERDICT_FATAL, rc, "start the turn again");
}

static bool is_cancelled(const struct player *p)
{
    const struct beacon_host *host = p->instance->host;
    return host != NULL && BEACON_HAS(host, cancelled) && host->cancelled != NULL &&
           host->cancelled(host, p->cancel) != 0;
}

static int cancel_fd(const struct player *p)
{
    const struct beacon_host *host = p->instance->host;
    return host != NULL && BEACON_HAS(host, cancel_fd) && host->cancel_fd != NULL
               ? host->cancel_fd(host, p->cancel)
               : -1;
}

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A cancel ends the pause: by its descriptor, or else at the next slice. */
static void wait_ms(const struct player *p, int64_t ms)
{
    const int64_t until = now_ms() + ms;
    struct pollfd fd = {.fd = cancel_fd(p), .events = POLLIN};
    for (int64_t left = ms; left > 0 && !is_cancelled(p); left = until - now_ms()) {
        const int64_t slice = left < POLL_SLICE_MS ? left : POLL_SLICE_MS;
        if (poll(&fd, fd.fd >= 0 ? 1 : 0, (int)slice) < 0 && errno != EINTR) {
            return;
        }
        fd.fd = fd.revents != 0 ? -1 : fd.fd; /* told once; is_cancelled() has the last word */
    }
}

/* ---- saying one thing ---- */

/* A word with the blanks behind it, never a part of a character. */
static size_t word_length(struct beacon_str text)
{
    size_t n = 0;
    while (n < text.n && text.p[n] != ' ' && text.p[n] != '\n') {
        n++;
    }
    while (n < text.n && (text.p[n] == ' ' || text.p[n] == '\n')) {
        n++;
    }
    return n;
}

static beacon_rc say_words(const struct player *p, uint32_t code, struct beacon_str text)
{
    beacon_rc rc = BEACON_OK;
    while (rc >= 0 && text.n > 0) {
        if (is_cancelled(p)) {
            return BEACON_E_CANCELLED;
        }
        const size_t n = word_length(text);
        rc = beacon_emit_delta(p->events, p->index, code, beacon_span(text.p, n));
        text = beacon_span(text.p + n, text.n - n);
    }
    return rc;
}

/* "msg_r4_0"; `room` has 48 bytes. */
static struct beacon_str make_id(const struct player *p, const char *prefix, char *room)
{
    int n = snprintf(room, 48, "%s_r%zu_%u", prefix, p->response, p->index);
    return beacon_span(room, n > 0 && n < 48 ? (size_t)n : 0);
}

/* Announce, say and finish one item; its JSON is in instance->item. */
static beacon_rc say_item(struct player *p, struct beacon_part *part, uint32_t delta_code,
                          bool has_deltas)
{
    struct beacon_part begin = *part;
    begin.text = beacon_span(NULL, 0);
    beacon_rc rc = beacon_emit_item(p->events, BEACON_EV_ITEM_BEGIN, p->index, &begin);
    if (rc >= 0 && has_deltas) {
        rc = say_words(p, delta_code, part->text);
    }
    if (p->instance->item.failed || p->instance->scratch.failed) {
        return BEACON_E_NOMEM;
    }
    part->opaque = beacon_json_out_text(&p->instance->item);
    rc = rc < 0 ? rc : beacon_emit_item(p->events, BEACON_EV_ITEM_DONE, p->index, part);
    p->index++;
    return rc;
}

static struct beacon_json_out *begin_item(const struct player *p, const char *type,
                                          struct beacon_str id)
{
    struct beacon_json_out *item = &p->instance->item;
    beacon_json_out_reset(item);
    beacon_json_out_reset(&p->instance->scratch);
    beacon_json_begin_object(item);
    beacon_json_put_member(item, "type", beacon_text(type));
    beacon_json_put_member(item, "id", id);
    return item;
}

static void put_text_list(struct beacon_json_out *item, const char *key, const char *type,
                          struct beacon_str text)
{
    beacon_json_key(item, key);
    beacon_json_begin_array(item);
    beacon_json_begin_object(item);
    beacon_json_put_member(item, "type", beacon_text(type));
    beacon_json_put_member(item, "text", text);
    beacon_json_end_object(item);
    beacon_json_end_array(item);
}

static beacon_rc play_reasoning(struct player *p, const struct replay_step *step)
{
    char id[48];
    struct beacon_part part = beacon_part_of(BEACON_PART_REASONING);
    part.id = make_id(p, "rs", id);
    struct beacon_json_out *item = begin_item(p, "reasoning", part.id);
    part.text = beacon_json_value(step->body, &p->instance->scratch);
    put_text_list(item, "summary", "summary_text", part.text);
    beacon_json_end_object(item);
    return say_item(p, &part, BEACON_DELTA_SUMMARY, true);
}

static beacon_rc play_text(struct player *p, const struct replay_step *step)
{
    char id[48];
    struct beacon_part part = beacon_part_of(BEACON_PART_TEXT);
    part.id = make_id(p, "msg", id);
    struct beacon_json_out *item = begin_item(p, "message", part.id);
    beacon_json_put_member(item, "role", BEACON_STR("assistant"));
    part.text = beacon_json_value(step->body, &p->instance->scratch);
    put_text_list(item, "content", "output_text", part.text);
    beacon_json_end_object(item);
    return say_item(p, &part, BEACON_DELTA_TEXT, true);
}

/* Names are short: they get room of their own before the text, so that no span moves. */
static void read_names(const struct player *p, const struct replay_step *step, char *call_id_room,
                       struct beacon_part *part)
{
    struct beacon_json_out *scratch = &p->instance->scratch;
    (void)beacon_json_out_reserve(scratch, step->name.n + step->call_id.n + 2 * step->body.n + 64);
    part->name = beacon_json_value(step->name, scratch);
    part->call_id = step->call_id.n > 0 ? beacon_json_value(step->call_id, scratch)
                                        : make_id(p, "call", call_id_room);
}

static beacon_rc play_call(struct player *p, const struct replay_step *step)
{
    char id[48], call_id[48];
    struct beacon_part part = beacon_part_of(BEACON_PART_TOOL_CALL);
    part.id = make_id(p, "fc", id);
    struct beacon_json_out *item = begin_item(p, "function_call", part.id);
    read_names(p, step, call_id, &part);
    part.text = step->body.p[0] == '"'
                    ? beacon_json_value(beacon_span(step->body.p + 1, step->body.n - 2),
                                        &p->instance->scratch)
                    : step->body;
    beacon_json_put_member(item, "name", part.name);
    beacon_json_put_member(item, "arguments", part.text);
    beacon_json_put_member(item, "call_id", part.call_id);
    beacon_json_end_object(item);
    return say_item(p, &part, 0, false);
}

/* A string, or lines to be joined. */
static struct beacon_str input_text(struct beacon_str value, struct beacon_json_out *scratch)
{
    struct beacon_json lines;
    struct beacon_str line;
    if (value.p[0] == '"') {
        return beacon_json_value(beacon_span(value.p + 1, value.n - 2), scratch);
    }
    const size_t start = scratch->n;
    beacon_json_init(&lines, value);
    (void)beacon_json_enter_array(&lines);
    for (bool is_first = true; beacon_json_next_element(&lines); is_first = false) {
        beacon_json_out_bytes(scratch, "\n", is_first ? 0 : 1);
        if (beacon_json_string(&lines, &line)) {
            beacon_json_out_unescaped(scratch, line);
        }
    }
    return beacon_span(scratch->p + start, scratch->n - start);
}

static beacon_rc play_custom(struct player *p, const struct replay_step *step)
{
    char id[48], call_id[48];
    struct beacon_part part = beacon_part_of(BEACON_PART_TOOL_CALL);
    part.flags = BEACON_PART_FREEFORM;
    part.id = make_id(p, "ctc", id);
    struct beacon_json_out *item = begin_item(p, "custom_tool_call", part.id);
    read_names(p, step, call_id, &part);
    part.text = input_text(step->body, &p->instance->scratch);
    beacon_json_put_member(item, "status", BEACON_STR("completed"));
    beacon_json_put_member(item, "call_id", part.call_id);
    beacon_json_put_member(item, "name", part.name);
    beacon_json_put_member(item, "input", part.text);
    beacon_json_end_object(item);
    return say_item(p, &part, 0, false);
}

static beacon_rc play_delay(struct player *p, const struct replay_step *step)
{
    wait_ms(p, step->number);
    return BEACON_OK;
}

static int64_t count_in(struct beacon_str object, const char *key)
{
    struct beacon_str value;
    return beacon_json_member(object, key, &value) ? beacon_json_integer(value, -1) : -1;
}

static beacon_rc play_usage(struct player *p, const struct replay_step *step)
{
    struct beacon_usage usage = beacon_usage_unknown(BEACON_USAGE_INPUT_INCLUDES_CACHE |
                                                     BEACON_USAGE_OUTPUT_INCLUDES_REASONING);
    usage.input = count_in(step->body, "input");
    usage.cache_read = count_in(step->body, "cached");
    usage.output = count_in(step->body, "output");
    usage.reasoning = count_in(step->body, "reasoning");
    return beacon_emit_usage(p->events, &usage);
}

static beacon_rc play_end(struct player *p, const struct replay_step *step)
{
    return beacon_emit_finish(p->events, step->code);
}

static beacon_rc code_of(uint32_t verdict)
{
    switch (verdict) {
    case BEACON_VERDICT_RETRY:
        return BEACON_E_IO;
    case BEACON_VERDICT_REAUTH:
        return BEACON_E_AUTH;
    case BEACON_VERDICT_TOO_LONG:
    case BEACON_VERDICT_FALLBACK:
        return BEACON_E_LIMIT;
    default:
        return BEACON_E_PROTOCOL;
    }
}

static beacon_rc play_fail(struct player *p, const struct replay_step *step)
{
    if (step->times > 0 && p->turn->attempt > step->times) {
        return BEACON_OK;
    }
    beacon_json_out_reset(&p->instance->message);
    beacon_json_out_unescaped(&p->instance->message, step->body);
    BEACON_SET(p->why, after_ms, (uint32_t)step->number);
    return fail(p, step->code, code_of(step->code), "the recording says that this happened");
}

static beacon_rc (*const plays[])(struct player *p, const struct replay_step *step) = {
    [REPLAY_REASONING] = play_reasoning,
    [REPLAY_TEXT] = play_text,
    [REPLAY_CALL] = play_call,
    [REPLAY_CUSTOM] = play_custom,
    [REPLAY_DELAY] = play_delay,
    [REPLAY_USAGE] = play_usage,
    [REPLAY_END] = play_end,
    [REPLAY_FAIL] = play_fail,
};

/* ---- the whole ---- */

static beacon_rc refuse_end_of_recording(const struct player *p)
{
    char text[160];
    const size_t n = p->instance->recording.n_responses;
    (void)snprintf(text, sizeof text,
                   "the recording ends after %zu response%s: there is nothing left to replay", n,
                   n == 1 ? "" : "s");
    set_message(p, text);
    return fail(p, BEACON_VERDICT_FATAL, BEACON_E_NOT_FOUND,
                "start a new session, or choose a model with model_provider");
}

static beacon_rc play_response(struct player *p)
{
    const struct replay_recording *recording = &p->instance->recording;
    const struct replay_step *step = recording->steps + recording->starts[p->response - 1];
    const struct beacon_str no_id = beacon_span(NULL, 0);
    char id[48];
    beacon_rc rc = beacon_emit_start(p->events, make_id(p, "resp", id),
                                     p->turn->model.n > 0 ? p->turn->model : no_id);
    for (;; step++) {
        if (rc >= 0 && is_cancelled(p)) {
            rc = BEACON_E_CANCELLED;
        }
        if (rc < 0) {
            return stop(p, rc);
        }
        rc = plays[step->kind](p, step);
        if (step->kind == REPLAY_FAIL && rc < 0) {
            return rc; /* its verdict stands */
        }
        if (step->kind == REPLAY_END) {
            return rc < 0 ? stop(p, rc) : BEACON_OK;
        }
    }
}

beacon_rc replay_stream(void *inst, const struct beacon_turn *turn,
                        const struct beacon_events *events, const struct beacon_cancel *cancel,
                        struct beacon_verdict *why, struct beacon_error *err)
{
    struct beacon_turn local;
    BEACON_COPY_IN(local, turn);
    struct player p = {.instance = inst,
                       .turn = &local,
                       .events = events,
                       .cancel = cancel,
                       .why = why,
                       .err = err,
                       .response = next_response(&local)};
    return p.response <= p.instance->recording.n_responses ? play_response(&p)
                                                           : refuse_end_of_recording(&p);
}
