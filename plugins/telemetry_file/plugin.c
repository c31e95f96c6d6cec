/* SPDX-License-Identifier: Apache-2.0
 * plugin.c - the exporter `file`: batches become lines of a file.
 */
#include <beacon/telemetry.h>
#include <stdlib.h>
#include <time.h>

#include <beacon-sdk/error.h>

#include "config.h"
#include "line.h"
#include "log_file.h"
#include "telemetry_file_manifest.h"

#define LINES_MAX (64u << 20) /* bytes of one batch */

struct exporter {
    const struct beacon_host *host;
    struct file_config config;
    struct log_file *file;
    struct beacon_json_out lines; /* of the batch at hand */
    uint64_t n_too_long;          /* records longer than a file may be, so far */
};

static void destroy(void *inst)
{
    struct exporter *self = inst;
    log_file_close(self->file);
    beacon_json_out_finish(&self->lines);
    file_config_finish(&self->config);
    free(self);
}

static beacon_rc create(void *state, const struct beacon_host *host, struct beacon_str config,
                        void **inst, struct beacon_error *err)
{
    (void)state;
    struct exporter *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return beacon_error_fill(err, BEACON_E_LIMIT, "end other programs", "no memory is left");
    }
    self->host = host;
    beacon_json_out_init(&self->lines, LINES_MAX);
    beacon_rc rc = file_config_read(config, &self->config, err);
    if (rc == BEACON_OK) {
        rc =
            log_file_open(&(struct log_file_settings){.path = self->config.path,
                                                      .max_bytes = (uint64_t)self->config.max_bytes,
                                                      .max_files = (unsigned)self->config.max_files,
                                                      .wants_fsync = self->config.wants_fsync},
                          &self->file, err);
    }
    if (rc != BEACON_OK) {
        destroy(self);
        return rc;
    }
    *inst = self;
    return BEACON_OK;
}

/* What a call that waits for a lock asks now and then. */
struct deadline {
    const struct beacon_host *host;
    const struct beacon_cancel *cancel;
};

static bool is_over(void *ctx)
{
    const struct deadline *deadline = ctx;
    const uint64_t end_ns = deadline->host->deadline_ns(deadline->host, deadline->cancel);
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    const uint64_t now_ns = (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
    return (end_ns != 0 && now_ns >= end_ns) ||
           deadline->host->cancelled(deadline->host, deadline->cancel) != 0;
}

static bool is_wanted(const struct exporter *self, const struct beacon_record *record)
{
    return record->type < 32 && (self->config.signals & (1u << record->type)) != 0;
}

/* A line that would fill a file alone, and more, is left out and counted. */
static void add_record(struct exporter *self, const struct beacon_batch *batch,
                       const struct beacon_record *record)
{
    const size_t before = self->lines.n;
    const bool is_added =
        line_add(&self->lines, batch, record, batch->dropped_before + self->n_too_long);
    if (!is_added || self->lines.n - before > (uint64_t)self->config.max_bytes) {
        self->lines.n = before;
        self->n_too_long++;
        beacon_log(self->host, BEACON_LOG_WARN, "a record of more than %lld bytes is left out",
                   (long long)self->config.max_bytes);
    }
}

static beacon_rc write_batch(void *inst, const struct beacon_batch *batch,
                             const struct beacon_cancel *cancel, struct beacon_error *err)
{
    struct exporter *self = inst;
    beacon_json_out_reset(&self->lines);
    for (size_t i = 0; i < batch->n_records; i++) {
        if (is_wanted(self, batch->records[i])) {
            add_record(self, batch, batch->records[i]);
        }
    }
    struct deadline deadline = {.host = self->host, .cancel = cancel};
    return self->lines.n == 0 ? BEACON_OK
                              : log_file_append(self->file, beacon_json_out_text(&self->lines),
                                                is_over, &deadline, err);
}

static const struct beacon_telemetry telemetry = {
    .struct_size = sizeof telemetry,
    .signals = 1u << BEACON_REC_LOG | 1u << BEACON_REC_SPAN | 1u << BEACON_REC_METRIC,
    .create = create,
    .destroy = destroy,
    .write = write_batch, /* nothing stays behind it, so there is nothing to flush */
};

static const struct beacon_component file = {
    .struct_size = sizeof file,
    .kind = BEACON_KIND_TELEMETRY,
    .name = "file",
    .iface = BEACON_TELEMETRY_IFACE,
    .vtable = &telemetry,
    .config_schema = file_config_schema,
};

static const struct beacon_component *const components[] = {&file, NULL};

static const struct beacon_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
};

BEACON_PLUGIN(telemetry_file, &plugin)
