/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/stream.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/stream_held.h"
#include "agent/stream_worker.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/auto.h"
#include "base/error.h"
#include "http/request.h"
#include "loop/loop.h"
#include "plugin/provider.h"

/* An answer that is complete but whose connection the server leaves open is not waited for longer. */
#define LINGER_MS 100

const struct stream_outcome stream_cancelled = {.verdict = BEACON_VERDICT_FATAL,
                                                .after_ms = -1,
                                                .code = BEACON_E_CANCELLED,
                                                .message = "interrupted",
                                                .hint = ""};

struct stream {
    struct stream_core core;
    struct stream_worker *worker; /* of a provider with its own transport; then no more is used */
    struct provider_exchange *exchange;
    struct http_exchange *http;
    struct loop_timer *wait;   /* BEACON_ACT_WAIT */
    struct loop_timer *linger; /* after FINISH */
    struct beacon_events events;
    enum stream_phase phase;
    bool has_finished, is_cancelled;
    uint32_t finish;
    beacon_rc plugin_failure; /* what on_response or on_frame returned; 0 = nothing */
};

static void destroy(struct stream *stream)
{
    loop_timer_close(stream->wait);
    loop_timer_close(stream->linger);
    provider_exchange_close(stream->exchange);
    arena_destroy(stream->core.arena);
    free(stream);
}

static void end(struct stream *stream, const struct stream_outcome *outcome)
{
    if (outcome->is_hung) {
        stream->core.arena = NULL; /* the thread may read it for ever */
    }
    stream->core.callbacks.on_end(stream->core.callbacks.ctx, outcome);
    destroy(stream);
}

static void end_well(struct stream *stream)
{
    end(stream, &(struct stream_outcome){.is_ok = true,
                                         .finish = stream->finish,
                                         .phase = STREAM_ANSWERING,
                                         .after_ms = -1,
                                         .message = "",
                                         .hint = ""});
}

/* The plugin knows what the peer said; the host knows what the transport did. */
static void end_badly(struct stream *stream, uint32_t how, const struct beacon_error *transport)
{
    struct beacon_verdict verdict = {.struct_size = (uint32_t)sizeof verdict};
    provider_exchange_judge(stream->exchange, &verdict);
    char message[4096];
    (void)snprintf(message, sizeof message, "%.*s", (int)verdict.message.n,
                   verdict.message.n > 0 ? verdict.message.p : "");
    struct stream_outcome outcome = {.phase = stream->phase,
                                     .verdict = verdict.verdict,
                                     .after_ms =
                                         verdict.after_ms > 0 ? (int64_t)verdict.after_ms : -1,
                                     .code = verdict.code,
                                     .message = message,
                                     .hint = ""};
    bool is_transport =
        transport != NULL && how == BEACON_END_TRUNCATED && stream->plugin_failure == BEACON_OK;
    if (is_transport && stream->phase == STREAM_ASKING) {
        (void)snprintf(message, sizeof message, "%s", transport->message);
    } else if (is_transport && transport->code == BEACON_E_DEADLINE) {
        (void)snprintf(message, sizeof message, "stream disconnected before completion: %s",
                       transport->message);
    }
    if (is_transport) {
        outcome.code = transport->code;
        outcome.hint = transport->hint;
        outcome.verdict = (transport->flags & HTTP_ERROR_PERMANENT) != 0 ? BEACON_VERDICT_FATAL
                                                                         : BEACON_VERDICT_RETRY;
    }
    end(stream, &outcome);
}

/* A plugin call failed without a transport being involved. */
static void end_with_error(struct stream *stream, const struct beacon_error *err)
{
    struct stream_outcome outcome = {.phase = stream->phase,
                                     .verdict = BEACON_VERDICT_FATAL,
                                     .after_ms = -1,
                                     .code = err->code,
                                     .message = err->message,
                                     .hint = err->hint};
    end(stream, &outcome);
}

static beacon_rc on_event(const struct beacon_events *sink, const struct beacon_event *event)
{
    struct stream *stream = sink->ctx;
    const struct stream_callbacks *callbacks = &stream->core.callbacks;
    if (stream->is_cancelled) {
        return BEACON_E_CANCELLED;
    }
    switch (event->type) {
    case BEACON_EV_DELTA:
        callbacks->on_delta(stream->core.callbacks.ctx, event->code, event->text.p, event->text.n);
        return BEACON_OK;
    case BEACON_EV_ITEM_DONE:
        return stream_held_item(&stream->core, event->part);
    case BEACON_EV_USAGE:
        callbacks->on_usage(stream->core.callbacks.ctx, event->usage);
        return BEACON_OK;
    case BEACON_EV_WARNING:
        callbacks->on_warning(stream->core.callbacks.ctx, event->text.p, event->text.n);
        return BEACON_OK;
    case BEACON_EV_FINISH:
        stream->has_finished = true;
        stream->finish = event->code;
        return stream_held_finish(&stream->core);
    default: /* START, ITEM_BEGIN, LIMITS: nobody here needs them */
        return BEACON_OK;
    }
}

static void on_linger_over(void *ctx)
{
    struct stream *stream = ctx;
    http_cancel(stream->http);
    end_well(stream);
}

static int on_response(void *ctx, const struct beacon_http_response *response)
{
    struct stream *stream = ctx;
    if (response->status >= 200 && response->status < 300) {
        stream->phase = STREAM_ANSWERING;
    }
    if (stream->core.callbacks.on_status != NULL) {
        stream->core.callbacks.on_status(stream->core.callbacks.ctx, response->status);
    }
    struct beacon_error err = {0};
    stream->plugin_failure =
        provider_exchange_on_response(stream->exchange, response, &stream->events, &err);
    return stream->plugin_failure;
}

/* Deltas are too many to be told of one by one. */
static bool is_told(const struct stream *stream, struct beacon_str kind)
{
    static const char delta[] = "delta";
    const size_t n = sizeof delta - 1;
    return stream->core.callbacks.on_frame != NULL && kind.n > 0 &&
           (kind.n < n || memcmp(kind.p + kind.n - n, delta, n) != 0);
}

static int on_frame(void *ctx, struct beacon_str event, struct beacon_bytes data)
{
    struct stream *stream = ctx;
    if (is_told(stream, event)) {
        stream->core.callbacks.on_frame(stream->core.callbacks.ctx, event);
    }
    /* Why it failed is asked in judge(); an error to be cleared for each frame would cost more than
     * the frame's way through the host. */
    stream->plugin_failure =
        provider_exchange_on_frame(stream->exchange, event, data, &stream->events, NULL);
    if (stream->has_finished && stream->linger == NULL) {
        stream->linger = loop_timer_create(stream->core.parts.loop, on_linger_over, stream);
        loop_timer_start(stream->linger, LINGER_MS);
    }
    return stream->plugin_failure;
}

static void advance(struct stream *stream);

static void on_end(void *ctx, uint32_t how, const struct beacon_error *transport)
{
    struct stream *stream = ctx;
    stream->http = NULL;
    if (stream->has_finished) {
        end_well(stream);
        return;
    }
    struct beacon_error err = {0};
    bool is_taken =
        stream->plugin_failure == BEACON_OK &&
        provider_exchange_on_end(stream->exchange, how, &stream->events, &err) == BEACON_OK;
    if (stream->is_cancelled) { /* by who heard its last events; on_cancelled() is on its way */
        return;
    }
    if (is_taken) {
        advance(stream);
    } else {
        end_badly(stream, how, transport);
    }
}

static void on_wait_over(void *ctx)
{
    advance(ctx);
}

static int perform(struct stream *stream, const struct beacon_http_request *request,
                   struct beacon_error *err)
{
    static const struct http_callbacks callbacks = {on_response, on_frame, on_end};
    stream->phase = STREAM_ASKING;
    stream->plugin_failure = BEACON_OK;
    return http_start(stream->core.parts.http, request, stream->core.parts.limits, &callbacks,
                      stream, &stream->http, err);
}

/* Ask the plugin what comes next and begin it. */
static int step(struct stream *stream, bool *ret_is_done, struct beacon_error *err)
{
    struct beacon_action action = {.struct_size = (uint32_t)sizeof action};
    *ret_is_done = false;
    int rc = provider_exchange_poll(stream->exchange, &action, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (action.kind == BEACON_ACT_HTTP) {
        return perform(stream, action.http, err);
    }
    if (action.kind == BEACON_ACT_WAIT) {
        if (stream->wait == NULL) {
            stream->wait = loop_timer_create(stream->core.parts.loop, on_wait_over, stream);
        }
        loop_timer_start(stream->wait, action.wait_ms);
        return BEACON_OK;
    }
    *ret_is_done = true;
    return BEACON_OK;
}

static void advance(struct stream *stream)
{
    bool is_done = false;
    struct beacon_error err = {0};
    int rc = step(stream, &is_done, &err);
    if (rc != BEACON_OK) {
        end_with_error(stream, &err);
    } else if (is_done && stream->has_finished) {
        end_well(stream);
    } else if (is_done) {
        end_badly(stream, BEACON_END_OK, NULL);
    }
}

static int begin_exchange(struct stream *stream, const struct beacon_turn *turn,
                          struct beacon_error *err)
{
    stream->events = (struct beacon_events){
        .struct_size = (uint32_t)sizeof stream->events, .ctx = stream, .emit = on_event};
    int rc = provider_exchange_open(stream->core.parts.provider, turn, &stream->exchange, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    bool is_done = false;
    rc = step(stream, &is_done, err);
    if (rc == BEACON_OK && is_done) {
        rc = error_set(err, BEACON_E_PROTOCOL, "report it to the author of the plugin",
                       "the provider plugin ended before it asked for anything");
    }
    return rc;
}

static void on_worker_end(void *ctx, const struct stream_outcome *outcome)
{
    struct stream *stream = ctx;
    stream->worker = NULL;
    end(stream, outcome);
}

int stream_start(const struct stream_parts *parts, const struct beacon_turn *turn,
                 struct arena *arena, const struct stream_callbacks *callbacks, struct stream **ret,
                 struct beacon_error *err)
{
    struct stream *stream = alloc_zeroed(sizeof *stream);
    stream->core = (struct stream_core){*parts, arena, *callbacks, NULL};
    int rc = BEACON_OK;
    if (provider_is_blocking(parts->provider)) {
        rc = stream_worker_start(&stream->core, turn, on_worker_end, stream, &stream->worker, err);
    } else {
        rc = begin_exchange(stream, turn, err);
    }
    if (rc != BEACON_OK) {
        stream->core.arena = NULL; /* still the caller's */
        destroy(stream);
        return rc;
    }
    *ret = stream;
    return BEACON_OK;
}

static void on_cancelled(void *ctx)
{
    end(ctx, &stream_cancelled);
}

void stream_cancel(struct stream *stream)
{
    if (stream->is_cancelled) {
        return;
    }
    stream->is_cancelled = true;
    if (stream->worker != NULL) {
        stream_worker_cancel(stream->worker);
        return;
    }
    if (stream->http != NULL) {
        http_cancel(stream->http);
    }
    loop_timer_close(take_pointer(stream->wait));
    loop_timer_close(take_pointer(stream->linger));
    loop_later(stream->core.parts.loop, on_cancelled, stream);
}
