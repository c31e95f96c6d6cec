/* exporter.h - one exporter plugin behind its queue: batches go out on a worker, one at a time.
 *
 * Nothing here waits: a record is queued, a batch is written when it is full or a second after its first
 * record, and with an empty queue no timer runs. An exporter that does not return loses records, counted,
 * and nobody else's time; at the end exporter_close_all() gives all of them together a budget.
 * Made by cli/wire_telemetry.c. Thread: [main].
 */
#ifndef HOST_TELEMETRY_EXPORTER_H
#define HOST_TELEMETRY_EXPORTER_H

#include <beacon/telemetry.h>
#include <stdbool.h>

#define EXPORTER_QUEUE_MAX        2048u
#define EXPORTER_BATCH_MAX        512u
#define EXPORTER_DELAY_MS         1000u
#define EXPORTER_WRITE_TIMEOUT_MS 10000u
#define EXPORTER_BUDGET_MS        2000u /* of all exporters together, at the end */
#define EXPORTER_GRACE_MS         250u  /* for returning after a cancel */

struct exporter;
struct loop;
struct record;
struct telemetry;

struct exporter_settings {
    struct loop *loop;
    struct telemetry *telemetry;        /* the exporter's from now on */
    const struct beacon_attr *resource; /* borrowed, must outlive the process when it hangs */
    size_t n_resource;
    uint32_t queue_max, batch_max, delay_ms, write_timeout_ms; /* 0 = those above */
};

/* What became of the records; strings live as long as the exporter. */
struct exporter_report {
    uint64_t n_written, n_lost;
    struct beacon_error first_error; /* code 0: none failed */
    const char *hung_slot;           /* the slot that never returned; NULL: none */
};

struct exporter *exporter_create(const struct exporter_settings *settings);

/* Never blocks; the oldest record goes when the queue is full. */
void exporter_add(struct exporter *exporter, struct record *record);

/* Write what is queued, flush, shut down and close each plugin, within `budget_ms` for all; runs the
 * loop. Who has not returned by then is abandoned: its hung_slot says where, its thread may run for
 * ever and the plugin must not be unloaded. */
void exporter_close_all(struct loop *loop, struct exporter *const *exporters, size_t n,
                        uint32_t budget_ms);

void exporter_report(const struct exporter *exporter, struct exporter_report *ret);
void exporter_destroy(struct exporter *exporter); /* after exporter_close_all(); NULL is fine */

#endif
