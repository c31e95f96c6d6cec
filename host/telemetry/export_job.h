/* export_job.h - one blocking call of an exporter plugin on a worker, with its deadline.
 *
 * A job owns everything the plugin may touch while it runs, so that a call that never returns can be left
 * alone with it. Private to exporter.c. Thread: [main], run on a worker.
 */
#ifndef HOST_TELEMETRY_EXPORT_JOB_H
#define HOST_TELEMETRY_EXPORT_JOB_H

#include <beacon/telemetry.h>
#include <stdbool.h>

struct export_job;
struct loop;
struct record;
struct telemetry;

/* The job is over and gone when this returns. `hung_slot` is NULL when it came back; else the records
 * and the plugin belong to its thread for ever. */
struct export_outcome {
    int rc;
    const struct beacon_error *err;
    size_t n_records;
    const char *hung_slot;
};
typedef void (*export_done_fn)(void *ctx, const struct export_outcome *outcome);

struct export_batch {
    struct record *const *records; /* taken over: released when the job is done */
    size_t n_records;
    const struct beacon_attr *resource;
    size_t n_resource;
    uint64_t seq, dropped_before;
};

/* write(). `done` comes from the loop, at the latest EXPORTER_GRACE_MS after the timeout. NULL, with the
 * records released and nothing called: no thread is to be had. */
struct export_job *export_job_write(struct loop *loop, struct telemetry *telemetry,
                                    const struct export_batch *batch, uint32_t timeout_ms,
                                    export_done_fn done, void *ctx);

/* flush(), shutdown() and destroy(): the plugin is closed afterwards, unless it hangs. */
struct export_job *export_job_close(struct loop *loop, struct telemetry *telemetry,
                                    uint32_t timeout_ms, export_done_fn done, void *ctx);

/* Move the deadline of a running job to `timeout_ms` from now. */
void export_job_hurry(struct export_job *job, uint32_t timeout_ms);

/* Give up at once; `done` is called before this returns. */
void export_job_abandon(struct export_job *job);

#endif
