/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/export_job.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "plugin/host_api.h"
#include "plugin/telemetry.h"
#include "telemetry/exporter.h"
#include "telemetry/record.h"

#define NS_PER_MS UINT64_C(1000000)

struct export_job {
    struct export_job *next; /* of the abandoned ones */
    struct telemetry *telemetry;
    struct worker *worker;
    struct loop_timer *clock; /* until the cancel, then until the grace is over */
    export_done_fn done;
    void *ctx;
    uint64_t deadline_ns;
    bool closes, is_cancelled, is_abandoned;
    struct beacon_batch batch;
    struct record **records;
    const struct beacon_record **views;
    const char *_Atomic slot; /* where the plugin is; written by the worker */
    atomic_bool has_returned;
    /* [worker] until on_done */
    int rc;
    struct beacon_error err;
};

/* What threads that never came back hold on to; for them and for whoever looks for leaks. */
static struct export_job *abandoned;

static bool is_cancelled(const void *worker)
{
    return worker_is_cancelled(worker);
}

static void run_close(struct export_job *job, const struct beacon_cancel *cancel)
{
    atomic_store(&job->slot, "flush");
    job->rc = telemetry_flush(job->telemetry, cancel, &job->err);
    atomic_store(&job->slot, "shutdown");
    struct beacon_error later = {0};
    const int rc = telemetry_shutdown(job->telemetry, cancel, &later);
    if (job->rc == BEACON_OK && rc != BEACON_OK) {
        job->rc = rc;
        job->err = later;
    }
    atomic_store(&job->slot, "destroy");
    telemetry_close(job->telemetry);
}

static void run(struct worker *worker, void *ctx)
{
    struct export_job *job = ctx;
    const struct beacon_cancel cancel = {.is_cancelled = is_cancelled,
                                         .fd = worker_cancel_fd(worker),
                                         .deadline_ns = job->deadline_ns,
                                         .ctx = worker};
    if (job->closes) {
        run_close(job, &cancel);
    } else {
        job->rc = telemetry_write(job->telemetry, &job->batch, &cancel, &job->err);
    }
    atomic_store(&job->has_returned, true);
}

static void on_post(void *ctx, uint32_t kind, const void *p, size_t n)
{
    (void)ctx;
    (void)kind;
    (void)p;
    (void)n;
}

static void free_job(struct export_job *job)
{
    for (size_t i = 0; i < job->batch.n_records; i++) {
        record_release(job->records[i]);
    }
    free(job->records);
    free(job->views);
    free(job);
}

static void on_done(void *ctx)
{
    struct export_job *job = ctx;
    loop_timer_close(job->clock);
    struct export_outcome outcome = {.n_records = job->batch.n_records};
    if (job->is_abandoned &&
        !atomic_load(&job->has_returned)) { /* its thread may still read and write all of it */
        outcome.hung_slot = atomic_load(&job->slot);
        job->next = abandoned;
        abandoned = job;
        job->done(job->ctx, &outcome);
        return;
    }
    outcome.rc = job->rc;
    outcome.err = &job->err;
    job->done(job->ctx, &outcome);
    free_job(job);
}

void export_job_abandon(struct export_job *job)
{
    job->is_abandoned = true;
    worker_abandon(job->worker);
}

static void on_clock(void *ctx)
{
    struct export_job *job = ctx;
    if (job->is_cancelled) {
        export_job_abandon(job);
        return;
    }
    job->is_cancelled = true;
    worker_cancel(job->worker);
    loop_timer_start(job->clock, EXPORTER_GRACE_MS);
}

void export_job_hurry(struct export_job *job, uint32_t timeout_ms)
{
    if (!job->is_cancelled) {
        loop_timer_start(job->clock, timeout_ms);
    }
}

/* NULL when the system has no thread; then `job` is freed. */
static struct export_job *start(struct loop *loop, struct export_job *job, uint32_t timeout_ms)
{
    job->deadline_ns = clock_mono_ns() + timeout_ms * NS_PER_MS;
    job->worker = worker_start(loop, &(struct worker_job){run, on_post, on_done, job});
    if (job->worker == NULL) {
        free_job(job);
        return NULL;
    }
    job->clock = loop_timer_create(loop, on_clock, job);
    loop_timer_start(job->clock, timeout_ms);
    return job;
}

struct export_job *export_job_write(struct loop *loop, struct telemetry *telemetry,
                                    const struct export_batch *batch, uint32_t timeout_ms,
                                    export_done_fn done, void *ctx)
{
    const size_t n = batch->n_records;
    struct export_job *job = alloc_zeroed(sizeof *job);
    job->telemetry = telemetry;
    job->done = done;
    job->ctx = ctx;
    job->records = alloc_array(n, sizeof(struct record *));
    job->views = alloc_array(n, sizeof(struct beacon_record *));
    for (size_t i = 0; i < n; i++) {
        job->records[i] = batch->records[i];
        job->views[i] = record_view(batch->records[i]);
    }
    job->batch = (struct beacon_batch){.struct_size = (uint32_t)sizeof job->batch,
                                       .seq = batch->seq,
                                       .dropped_before = batch->dropped_before,
                                       .resource = batch->resource,
                                       .n_resource = batch->n_resource,
                                       .records = job->views,
                                       .n_records = n};
    atomic_init(&job->slot, "write");
    return start(loop, job, timeout_ms);
}

struct export_job *export_job_close(struct loop *loop, struct telemetry *telemetry,
                                    uint32_t timeout_ms, export_done_fn done, void *ctx)
{
    struct export_job *job = alloc_zeroed(sizeof *job);
    job->telemetry = telemetry;
    job->done = done;
    job->ctx = ctx;
    job->closes = true;
    atomic_init(&job->slot, "flush");
    return start(loop, job, timeout_ms);
}
