/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/exporter.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "loop/loop.h"
#include "plugin/telemetry.h"
#include "telemetry/batch.h"
#include "telemetry/export_job.h"
#include "telemetry/record.h"

struct closing; /* exporter_close_all() under way */

struct exporter {
    struct exporter_settings settings;
    struct telemetry *telemetry; /* NULL once it is closed or hangs */
    struct batch_queue *queue;
    struct loop_timer *delay;
    bool is_delaying;
    struct export_job *job; /* at most one */
    struct closing *closing;
    uint64_t seq, n_written, n_refused; /* n_refused: handed over and not taken */
    struct beacon_error first_error;
    const char *hung_slot;
};

struct closing {
    struct loop *loop;
    struct loop_timer *budget;
    struct exporter *const *exporters;
    size_t n, n_open;
    uint64_t end_ms;
    bool is_running; /* the loop, for this */
};

static void next(struct exporter *exporter);

/* Not the loop's time, which stands still while the loop does. */
static uint64_t now_ms(void)
{
    return clock_mono_ns() / 1000000u;
}

static void note_error(struct exporter *exporter, const struct beacon_error *err)
{
    if (exporter->first_error.code == BEACON_OK) {
        exporter->first_error = *err;
    }
}

static void no_thread(struct exporter *exporter)
{
    struct beacon_error err = {0};
    (void)error_set(&err, BEACON_E_LIMIT, "end other programs", "no thread is left for telemetry");
    note_error(exporter, &err);
}

static uint64_t lost(const struct exporter *exporter)
{
    return batch_queue_dropped(exporter->queue) + exporter->n_refused;
}

/* ---- writing ---- */

static void on_written(void *ctx, const struct export_outcome *outcome)
{
    struct exporter *exporter = ctx;
    exporter->job = NULL;
    if (outcome->hung_slot != NULL) {
        exporter->hung_slot = outcome->hung_slot;
        exporter->telemetry = NULL; /* its thread's for ever */
        exporter->n_refused += outcome->n_records;
    } else if (outcome->rc != BEACON_OK) {
        note_error(exporter, outcome->err);
        exporter->n_refused += outcome->n_records;
    } else {
        exporter->n_written += outcome->n_records;
    }
    next(exporter);
}

/* Time left for a call: the usual, or what the end of the program leaves. */
static uint32_t timeout_ms(const struct exporter *exporter, uint32_t usual_ms)
{
    if (exporter->closing == NULL) {
        return usual_ms;
    }
    const uint64_t now = now_ms(), end = exporter->closing->end_ms;
    const uint64_t left_ms = end > now ? end - now : 0;
    const uint64_t useful_ms = left_ms > EXPORTER_GRACE_MS ? left_ms - EXPORTER_GRACE_MS : 0;
    return useful_ms < usual_ms ? (uint32_t)useful_ms : usual_ms;
}

static void send_batch(struct exporter *exporter)
{
    const struct exporter_settings *settings = &exporter->settings;
    struct record *records[EXPORTER_BATCH_MAX];
    const struct export_batch batch = {
        .dropped_before = lost(exporter),
        .records = records,
        .n_records = batch_queue_take(exporter->queue, records, settings->batch_max),
        .resource = settings->resource,
        .n_resource = settings->n_resource,
        .seq = exporter->seq++};
    exporter->job =
        export_job_write(settings->loop, exporter->telemetry, &batch,
                         timeout_ms(exporter, settings->write_timeout_ms), on_written, exporter);
    if (exporter->job == NULL) {
        exporter->n_refused += batch.n_records;
        no_thread(exporter);
    }
}

static void on_delay_over(void *ctx)
{
    struct exporter *exporter = ctx;
    exporter->is_delaying = false;
    if (exporter->job == NULL && exporter->telemetry != NULL) {
        send_batch(exporter);
    }
}

/* ---- closing ---- */

static void closed(struct exporter *exporter)
{
    struct closing *closing = exporter->closing;
    loop_timer_stop(exporter->delay);
    exporter->closing = NULL;
    if (--closing->n_open == 0 && closing->is_running) {
        loop_stop(closing->loop);
    }
}

static void on_closed(void *ctx, const struct export_outcome *outcome)
{
    struct exporter *exporter = ctx;
    exporter->job = NULL;
    exporter->telemetry = NULL;
    exporter->hung_slot = outcome->hung_slot;
    if (outcome->hung_slot == NULL && outcome->rc != BEACON_OK) {
        note_error(exporter, outcome->err);
    }
    closed(exporter);
}

static void close_plugin(struct exporter *exporter)
{
    if (exporter->telemetry == NULL) {
        closed(exporter);
        return;
    }
    exporter->job = export_job_close(exporter->settings.loop, exporter->telemetry,
                                     timeout_ms(exporter, EXPORTER_BUDGET_MS), on_closed, exporter);
    if (exporter->job == NULL) {
        no_thread(exporter);
        telemetry_close(take_pointer(exporter->telemetry));
        closed(exporter);
    }
}

/* ---- what comes next ---- */

static bool is_batch_due(const struct exporter *exporter)
{
    const size_t n = batch_queue_count(exporter->queue);
    return exporter->telemetry != NULL && exporter->job == NULL &&
           (n >= exporter->settings.batch_max || (exporter->closing != NULL && n > 0));
}

static void next(struct exporter *exporter)
{
    while (is_batch_due(exporter)) {
        send_batch(exporter); /* without a thread the batch is lost: there may be another one */
    }
    if (exporter->job != NULL) {
        return;
    }
    if (exporter->closing != NULL) {
        close_plugin(exporter);
    } else if (batch_queue_count(exporter->queue) > 0 && !exporter->is_delaying) {
        exporter->is_delaying = true;
        loop_timer_start(exporter->delay, exporter->settings.delay_ms);
    }
}

void exporter_add(struct exporter *exporter, struct record *record)
{
    if (exporter->telemetry == NULL) {
        exporter->n_refused++;
    } else if (telemetry_wants(exporter->telemetry, record_view(record)->type)) {
        batch_queue_add(exporter->queue, record);
        next(exporter);
    }
}

/* ---- birth and end ---- */

static uint32_t or_usual(uint32_t wanted, uint32_t usual)
{
    return wanted > 0 ? wanted : usual;
}

struct exporter *exporter_create(const struct exporter_settings *settings)
{
    struct exporter *exporter = alloc_zeroed(sizeof *exporter);
    exporter->settings = *settings;
    struct exporter_settings *own = &exporter->settings;
    own->queue_max = or_usual(own->queue_max, EXPORTER_QUEUE_MAX);
    own->batch_max = or_usual(own->batch_max, EXPORTER_BATCH_MAX);
    own->batch_max = own->batch_max < EXPORTER_BATCH_MAX ? own->batch_max : EXPORTER_BATCH_MAX;
    own->delay_ms = or_usual(own->delay_ms, EXPORTER_DELAY_MS);
    own->write_timeout_ms = or_usual(own->write_timeout_ms, EXPORTER_WRITE_TIMEOUT_MS);
    exporter->telemetry = own->telemetry;
    exporter->queue = batch_queue_create(own->queue_max);
    exporter->delay = loop_timer_create(own->loop, on_delay_over, exporter);
    return exporter;
}

static void on_budget_over(void *ctx)
{
    const struct closing *closing = ctx;
    for (size_t i = 0; i < closing->n; i++) {
        if (closing->exporters[i]->job != NULL) {
            export_job_abandon(closing->exporters[i]->job);
        }
    }
}

static void begin_closing(struct exporter *exporter, struct closing *closing)
{
    exporter->closing = closing;
    if (exporter->job != NULL) {
        export_job_hurry(exporter->job, timeout_ms(exporter, exporter->settings.write_timeout_ms));
    } else {
        next(exporter);
    }
}

void exporter_close_all(struct loop *loop, struct exporter *const *exporters, size_t n,
                        uint32_t budget_ms)
{
    struct closing closing = {
        .loop = loop, .exporters = exporters, .n = n, .n_open = n, .end_ms = now_ms() + budget_ms};
    closing.budget = loop_timer_create(loop, on_budget_over, &closing);
    loop_timer_start(closing.budget, budget_ms);
    for (size_t i = 0; i < n; i++) {
        begin_closing(exporters[i], &closing);
    }
    closing.is_running = true;
    while (closing.n_open > 0) {
        loop_run(loop);
    }
    loop_timer_close(closing.budget);
}

void exporter_report(const struct exporter *exporter, struct exporter_report *ret)
{
    *ret = (struct exporter_report){.n_written = exporter->n_written,
                                    .n_lost = lost(exporter) + batch_queue_count(exporter->queue),
                                    .first_error = exporter->first_error,
                                    .hung_slot = exporter->hung_slot};
}

void exporter_destroy(struct exporter *exporter)
{
    if (exporter != NULL) {
        loop_timer_close(exporter->delay);
        batch_queue_destroy(exporter->queue);
        free(exporter);
    }
}
