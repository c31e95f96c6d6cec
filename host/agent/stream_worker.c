/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/stream_worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/stream.h"
#include "agent/stream_held.h"
#include "base/alloc.h"
#include "base/error.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "plugin/host_api.h"
#include "plugin/incident.h"
#include "plugin/provider.h"

#define GRACE_MS 250 /* what the ABI gives a plugin to return after a cancel */
#define SPANS    10  /* of an event and its part */

/* What crosses the mailbox: this, then the bytes of its spans one after the other. */
struct posted {
    uint32_t type, code, finish;
    uint32_t part_type, part_flags;
    struct beacon_usage usage;
    bool has_part, has_usage;
    size_t sizes[SPANS];
};

struct stream_worker {
    struct stream_core core;
    const struct beacon_turn *turn;
    void (*on_end)(void *ctx, const struct stream_outcome *outcome);
    void *ctx;
    struct worker *worker;
    struct loop_timer *grace;
    bool is_cancelled, is_hung;
    bool has_finished; /* [main] */
    uint32_t finish;
    bool has_failed; /* [main] the item sink refused */
    /* [worker] until on_done */
    int rc;
    struct beacon_verdict verdict;
    char message[1024];
    struct beacon_error err;
};

/* The spans of an event, in the order in which they are posted. */
static void list_spans(const struct beacon_event *event, struct beacon_str spans[SPANS])
{
    static const struct beacon_part none = {0};
    const struct beacon_part *part = event->part != NULL ? event->part : &none;
    const struct beacon_str all[SPANS] = {event->text,
                                          part->text,
                                          part->call_id,
                                          part->name,
                                          part->media_type,
                                          part->url,
                                          {(const char *)part->blob.p, part->blob.n},
                                          part->opaque,
                                          part->id,
                                          part->ns};
    memcpy(spans, all, sizeof all);
}

static beacon_rc on_event(const struct beacon_events *sink, const struct beacon_event *event)
{
    struct worker *worker = sink->ctx;
    struct posted head = {.type = event->type, .code = event->code};
    struct beacon_str spans[SPANS];
    list_spans(event, spans);
    size_t total = sizeof head;
    for (int i = 0; i < SPANS; i++) {
        head.sizes[i] = spans[i].n;
        total += spans[i].n;
    }
    if (event->part != NULL) {
        head.has_part = true;
        head.part_type = event->part->type;
        head.part_flags = event->part->flags;
    }
    if (event->usage != NULL) {
        head.has_usage = true;
        head.usage = *event->usage;
    }
    char *bytes = alloc_zeroed(total);
    memcpy(bytes, &head, sizeof head);
    char *to = bytes + sizeof head;
    for (int i = 0; i < SPANS; i++) {
        if (spans[i].n > 0) {
            memcpy(to, spans[i].p, spans[i].n);
            to += spans[i].n;
        }
    }
    bool is_wanted = worker_post(worker, event->type, bytes, total);
    free(bytes);
    return is_wanted ? BEACON_OK : BEACON_E_CANCELLED;
}

static bool is_cancelled(const void *ctx)
{
    return worker_is_cancelled(ctx);
}

static void run(struct worker *worker, void *ctx)
{
    struct stream_worker *self = ctx;
    struct beacon_events events = {
        .struct_size = (uint32_t)sizeof events, .ctx = worker, .emit = on_event};
    struct beacon_cancel cancel = {
        .is_cancelled = is_cancelled, .fd = worker_cancel_fd(worker), .ctx = worker};
    self->verdict.struct_size = (uint32_t)sizeof self->verdict;
    self->rc = provider_stream(self->core.parts.provider, self->turn, &events, &cancel,
                               &self->verdict, &self->err);
    (void)snprintf(self->message, sizeof self->message, "%.*s", (int)self->verdict.message.n,
                   self->verdict.message.n > 0 ? self->verdict.message.p : "");
}

static void unpack(const char *p, struct posted *head, struct beacon_str spans[SPANS])
{
    memcpy(head, p, sizeof *head);
    p += sizeof *head;
    for (int i = 0; i < SPANS; i++) {
        spans[i] = (struct beacon_str){p, head->sizes[i]};
        p += head->sizes[i];
    }
}

static void on_grace_over(void *ctx)
{
    struct stream_worker *self = ctx;
    char sentence[INCIDENT_SENTENCE_BYTES];
    incident_hang(provider_plugin_id(self->core.parts.provider), "stream", GRACE_MS, sentence);
    self->core.callbacks.on_warning(self->core.callbacks.ctx, sentence, strlen(sentence));
    self->is_hung = true;
    worker_abandon(self->worker);
}

static void stop(struct stream_worker *self)
{
    worker_cancel(self->worker);
    if (self->grace == NULL) {
        self->grace = loop_timer_create(self->core.parts.loop, on_grace_over, self);
        loop_timer_start(self->grace, GRACE_MS);
    }
}

/* The item sink refused, or not. */
static void keep_going(struct stream_worker *self, int rc)
{
    if (rc < 0) {
        self->has_failed = true;
        stop(self);
    }
}

static void hand_item(struct stream_worker *self, const struct posted *head,
                      const struct beacon_str spans[SPANS])
{
    struct beacon_part part = {
        .struct_size = (uint32_t)sizeof part,
        .type = head->part_type,
        .flags = head->part_flags,
        .text = spans[1],
        .call_id = spans[2],
        .name = spans[3],
        .media_type = spans[4],
        .url = spans[5],
        .blob = {(const uint8_t *)spans[6].p, spans[6].n},
        .opaque = spans[7],
        .id = spans[8],
        .ns = spans[9],
    };
    keep_going(self, stream_held_item(&self->core, &part));
}

static void on_post(void *ctx, uint32_t kind, const void *p, size_t n)
{
    struct stream_worker *self = ctx;
    (void)n;
    if (self->is_cancelled || self->has_failed) {
        return;
    }
    struct posted head;
    struct beacon_str spans[SPANS];
    unpack(p, &head, spans);
    if (kind == BEACON_EV_DELTA) {
        self->core.callbacks.on_delta(self->core.callbacks.ctx, head.code, spans[0].p, spans[0].n);
    } else if (kind == BEACON_EV_ITEM_DONE && head.has_part) {
        hand_item(self, &head, spans);
    } else if (kind == BEACON_EV_USAGE && head.has_usage) {
        self->core.callbacks.on_usage(self->core.callbacks.ctx, &head.usage);
    } else if (kind == BEACON_EV_WARNING) {
        self->core.callbacks.on_warning(self->core.callbacks.ctx, spans[0].p, spans[0].n);
    } else if (kind == BEACON_EV_FINISH) {
        self->has_finished = true;
        self->finish = head.code;
        keep_going(self, stream_held_finish(&self->core));
    }
}

static void tell_end(struct stream_worker *self)
{
    struct stream_outcome outcome = {
        .is_ok = self->has_finished && self->rc == BEACON_OK,
        .finish = self->finish,
        .phase = STREAM_ANSWERING,
        .verdict = self->verdict.verdict,
        .after_ms = self->verdict.after_ms > 0 ? (int64_t)self->verdict.after_ms : -1,
        .code = self->rc,
        .message = self->message[0] != '\0' ? self->message : self->err.message,
        .hint = self->err.hint};
    if (!outcome.is_ok && outcome.message[0] == '\0') {
        outcome.message = "the provider plugin ended its stream without a finish";
        outcome.verdict = BEACON_VERDICT_RETRY;
    }
    self->on_end(self->ctx, &outcome);
}

static void on_done(void *ctx)
{
    struct stream_worker *self = ctx;
    loop_timer_close(self->grace);
    if (self->is_hung) {
        struct stream_outcome hung = stream_cancelled;
        hung.is_hung = true;
        self->on_end(self->ctx, &hung);
        return; /* the thread may still write to *self */
    }
    if (self->is_cancelled) {
        self->on_end(self->ctx, &stream_cancelled);
    } else {
        tell_end(self);
    }
    free(self);
}

int stream_worker_start(const struct stream_core *core, const struct beacon_turn *turn,
                        void (*on_end)(void *ctx, const struct stream_outcome *outcome), void *ctx,
                        struct stream_worker **ret, struct beacon_error *err)
{
    struct stream_worker *self = alloc_zeroed(sizeof *self);
    self->core = *core;
    self->turn = turn;
    self->on_end = on_end;
    self->ctx = ctx;
    self->worker =
        worker_start(core->parts.loop, &(struct worker_job){run, on_post, on_done, self});
    if (self->worker == NULL) {
        int cause = errno;
        free(self);
        return error_set_errno(err, BEACON_E_LIMIT, cause, "end other programs, then try again",
                               "cannot start a thread for the provider: %s", strerror(cause));
    }
    *ret = self;
    return BEACON_OK;
}

void stream_worker_cancel(struct stream_worker *self)
{
    self->is_cancelled = true;
    stop(self);
}
