/* SPDX-License-Identifier: Apache-2.0 */
/* An exporter of both forms, unless it is compiled with one of the FAULT_T names: then it is wrong in
 * exactly one way. */
#include <beacon-sdk/error.h>
#include <beacon-sdk/json_write.h>
#include <beacon-sdk/sized.h>
#include <beacon/telemetry.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "broken_manifest.h"

#define FAULT_NONE        0
#define FAULT_T_BATCHES   1
#define FAULT_T_RECORDS   2
#define FAULT_T_HUGE      3
#define FAULT_T_REPLIES   4
#define FAULT_T_REPEATS   5
#define FAULT_T_SECRET    6
#define FAULT_T_DEADLINE  7
#define FAULT_T_CANCELLED 8
#define FAULT_T_LONG      9
#define FAULT_T_LEAK      10
#define FAULT_T_MEMORY    11
#define FAULT_IS(which)   (FAULT == (which))

#define BODY_MAX ((size_t)16 << 20)

struct exporter {
    const struct beacon_host *host;
    int fd; /* of the file that is locked while it is written; -1: none */
};

static beacon_rc create(void *state, const struct beacon_host *host, struct beacon_str config,
                        void **inst, struct beacon_error *err)
{
    struct exporter *self = calloc(1, sizeof *self);
    (void)state;
    (void)config;
    if (self == NULL) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    self->host = host;
    self->fd =
        FAULT_IS(FAULT_T_DEADLINE) ? open("exported", O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    *inst = self;
    return BEACON_OK;
}

static void destroy(void *inst)
{
    struct exporter *self = inst;
    if (self->fd >= 0) {
        (void)close(self->fd);
    }
    free(self);
}

static beacon_rc look_at(const struct exporter *self, const struct beacon_batch *batch,
                         struct beacon_error *err)
{
    if ((FAULT_IS(FAULT_T_BATCHES) && batch->n_records > 5000) ||
        (FAULT_IS(FAULT_T_LONG) && batch->struct_size > sizeof *batch)) {
        return beacon_error_fill(err, BEACON_E_INVALID, "send less", "the batch is odd");
    }
    for (size_t i = 0; i < batch->n_records; i++) {
        const struct beacon_str body = batch->records[i]->body;
        if (FAULT_IS(FAULT_T_RECORDS) && batch->records[i]->name.n == 0 && body.n < 1000) {
            abort();
        }
        if (FAULT_IS(FAULT_T_HUGE) && body.n > 100000) {
            return BEACON_E_INVALID;
        }
        if (FAULT_IS(FAULT_T_SECRET) && beacon_utf8_is_valid(body)) {
            self->host->log(self->host, BEACON_LOG_DEBUG, body, NULL, 0);
        }
    }
    return BEACON_OK;
}

static void write_body(const struct beacon_batch *batch, struct beacon_json_out *out)
{
    static int64_t counter;
    beacon_json_begin_object(out);
    if (FAULT_IS(FAULT_T_REPEATS)) {
        beacon_json_key(out, "number");
        beacon_json_put_int(out, ++counter);
    }
    beacon_json_key(out, "records");
    beacon_json_begin_array(out);
    for (size_t i = 0; i < batch->n_records; i++) {
        struct beacon_record record;
        BEACON_COPY_IN(record, batch->records[i]);
        beacon_json_begin_object(out);
        beacon_json_put_member(out, "name", record.name);
        beacon_json_put_member(out, "body", record.body);
        beacon_json_end_object(out);
    }
    beacon_json_end_array(out);
    beacon_json_end_object(out);
}

static beacon_rc encode(void *inst, const struct beacon_batch *batch,
                        const struct beacon_http_out *out, struct beacon_error *err)
{
    beacon_rc rc = look_at(inst, batch, err);
    struct beacon_json_out body;
    if (rc != BEACON_OK) {
        return rc;
    }
    beacon_json_out_init(&body, BODY_MAX);
    write_body(batch, &body);
    const struct beacon_http_request rq = {
        .struct_size = sizeof rq,
        .method = BEACON_STR("POST"),
        .url = BEACON_STR("https://llm.example.com/v1/logs"),
        .body = {(const uint8_t *)body.p, body.n},
        .framing = BEACON_FRAME_WHOLE,
    };
    rc = body.failed ? beacon_error_fill(err, BEACON_E_LIMIT, "send less", "the batch is too large")
                     : out->request(out, &rq);
    beacon_json_out_finish(&body);
    return rc;
}

static beacon_rc reply(void *inst, const struct beacon_http_response *r, struct beacon_bytes body,
                       struct beacon_export_result *out)
{
    (void)inst;
    (void)body;
    BEACON_SET(out, retry,
               (r->status == 429 || r->status >= 500) && !FAULT_IS(FAULT_T_REPLIES) ? 1 : 0);
    return BEACON_OK;
}

static beacon_rc write_batch(void *inst, const struct beacon_batch *batch,
                             const struct beacon_cancel *cancel, struct beacon_error *err)
{
    struct exporter *self = inst;
    if (self->host->cancelled(self->host, cancel) != 0) {
        return FAULT_IS(FAULT_T_CANCELLED)
                   ? BEACON_E_CANCELLED
                   : beacon_error_fill(err, BEACON_E_CANCELLED, "give more time", "out of time");
    }
    char *copy = malloc(100);
    if (copy == NULL && !FAULT_IS(FAULT_T_MEMORY)) {
        return beacon_error_fill(err, BEACON_E_NOMEM, "close other programs", "out of memory");
    }
    copy[0] = (char)batch->seq;
    if (self->fd >= 0) {
        (void)flock(self->fd, LOCK_EX);
        (void)flock(self->fd, LOCK_UN);
    }
    if (!FAULT_IS(FAULT_T_LEAK)) {
        free(copy);
    }
    return BEACON_OK;
}

static const struct beacon_telemetry telemetry = {
    .struct_size = sizeof telemetry,
    .signals = 1u << BEACON_REC_LOG,
    .create = create,
    .destroy = destroy,
    .encode = encode,
    .reply = reply,
    .write = write_batch,
};

static const struct beacon_component component = {
    .struct_size = sizeof component,
    .kind = BEACON_KIND_TELEMETRY,
    .name = "broken",
    .iface = BEACON_TELEMETRY_IFACE,
    .vtable = &telemetry,
};

static const struct beacon_component *const components[] = {&component, NULL};

static const struct beacon_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
};

BEACON_PLUGIN(broken, &plugin)
