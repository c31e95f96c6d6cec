/* SPDX-License-Identifier: Apache-2.0
 * play.c - one prepared answer: response, frames and end, each when its time has come.
 */
#include <beacon/provider.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "http/exchange.h"
#include "http/player.h"
#include "loop/loop.h"

struct play {
    struct loop *loop;
    struct loop_timer *timer;
    struct http_exchange *exchange;
    struct http_answer answer;
    double speed;
    uint64_t began_ms;
    bool has_responded;
    size_t next; /* frame */
    void (*on_over)(struct http_exchange *exchange);
};

static bool has_more(const struct play *play)
{
    return !play->has_responded || play->next < play->answer.n_frames;
}

/* When what comes next came. */
static uint64_t due_ms(const struct play *play)
{
    const struct http_answer *answer = &play->answer;
    if (!play->has_responded && answer->status != 0) {
        return answer->response_ms;
    }
    return play->next < answer->n_frames ? answer->frames[play->next].ms : answer->end_ms;
}

static uint64_t wait_ms(const struct play *play)
{
    if (!has_more(play) && play->answer.how == HTTP_TAP_CANCELLED) {
        return PLAY_LINGER_MS;
    }
    if (play->speed <= 0) {
        return 0;
    }
    const double due = (double)due_ms(play) / play->speed;
    const uint64_t passed = loop_now_ms(play->loop) - play->began_ms;
    return due > (double)passed ? (uint64_t)(due - (double)passed) : 0;
}

/* Below 0: a callback has enough. */
static int respond(struct play *play)
{
    struct http_exchange *exchange = play->exchange;
    struct beacon_http_response view = BEACON_INIT(struct beacon_http_response);
    play->has_responded = true;
    if (play->answer.status == 0) {
        return BEACON_OK;
    }
    view.status = play->answer.status;
    view.headers = play->answer.headers;
    view.n_headers = play->answer.n_headers;
    tap_response(exchange, &view);
    return exchange->callbacks.on_response(exchange->ctx, &view);
}

static int hand_out(struct play *play)
{
    struct http_exchange *exchange = play->exchange;
    const struct http_answer_frame *frame = &play->answer.frames[play->next++];
    tap_frame(exchange, frame->event, frame->data);
    return exchange->callbacks.on_frame(exchange->ctx, frame->event, frame->data);
}

static void tell_end(struct play *play)
{
    struct http_exchange *exchange = play->exchange;
    uint32_t how = play->answer.how;
    if (exchange->stop_rc != BEACON_OK) {
        how = BEACON_END_TRUNCATED; /* exchange->err says by whom */
    } else if (how == HTTP_TAP_CANCELLED) {
        how = BEACON_END_TRUNCATED;
        (void)error_set(&exchange->err, BEACON_E_CANCELLED, "record the session again to its end",
                        "the recorded answer was cancelled here");
        exchange->err.flags |= HTTP_ERROR_PERMANENT;
    } else {
        exchange->err = play->answer.error;
    }
    exchange->is_silent = true;
    tap_end(exchange, how, how == BEACON_END_OK ? NULL : &exchange->err);
    exchange->callbacks.on_end(exchange->ctx, how, how == BEACON_END_OK ? NULL : &exchange->err);
}

/* One step; true when the exchange is to be forgotten. */
static bool step(struct play *play)
{
    struct http_exchange *exchange = play->exchange;
    if (!has_more(play)) {
        exchange->state = EXCHANGE_ENDING;
        tell_end(play);
        return true;
    }
    int rc = play->has_responded ? hand_out(play) : respond(play);
    if (exchange->is_silent) { /* cancelled by who was called */
        return true;
    }
    if (rc < 0) {
        (void)exchange_stop(exchange, rc);
        exchange->state = EXCHANGE_ENDING;
        tell_end(play);
        return true;
    }
    return false;
}

static void on_due(void *ctx)
{
    struct play *play = ctx;
    struct http_exchange *exchange = play->exchange;
    exchange->is_in_play = true;
    bool is_over = step(play);
    while (!is_over && wait_ms(play) == 0 && has_more(play)) {
        is_over = step(play);
    }
    exchange->is_in_play = false;
    if (is_over) {
        play->on_over(exchange);
    } else {
        loop_timer_start(play->timer, wait_ms(play));
    }
}

struct play *play_create(struct loop *loop, struct http_exchange *exchange,
                         const struct http_answer *answer, double speed,
                         void (*on_over)(struct http_exchange *exchange))
{
    struct play *play = alloc_zeroed(sizeof *play);
    *play = (struct play){.loop = loop,
                          .exchange = exchange,
                          .answer = *answer,
                          .speed = speed,
                          .began_ms = loop_now_ms(loop),
                          .on_over = on_over};
    play->timer = loop_timer_create(loop, on_due, play);
    loop_timer_start(play->timer, wait_ms(play));
    return play;
}

void play_destroy(struct play *play)
{
    if (play != NULL) {
        loop_timer_close(play->timer);
        free(play);
    }
}
