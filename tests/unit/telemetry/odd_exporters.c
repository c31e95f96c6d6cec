/* SPDX-License-Identifier: Apache-2.0
 * odd_exporters.c - exporters that succeed, fail, wait for a cancel, or never come back. Each appends what
 * it is asked to the file named by the variable ODD_EXPORTERS_LOG: "write SEQ DROPPED COUNT".
 */
#include <beacon/telemetry.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <beacon-sdk/error.h>

#include "odd_exporters_manifest.h"

struct odd {
    const struct beacon_host *host;
};

static void say(const char *line)
{
    const char *path = getenv("ODD_EXPORTERS_LOG");
    FILE *log = path != NULL ? fopen(path, "ae") : NULL;
    if (log != NULL) {
        (void)fputs(line, log);
        (void)fclose(log);
    }
}

static beacon_rc create(void *state, const struct beacon_host *host, struct beacon_str config,
                        void **inst, struct beacon_error *err)
{
    (void)state;
    (void)config;
    struct odd *odd = calloc(1, sizeof *odd);
    if (odd == NULL) {
        return beacon_error_fill(err, BEACON_E_LIMIT, "end other programs", "no memory");
    }
    odd->host = host;
    *inst = odd;
    return BEACON_OK;
}

static void destroy(void *inst)
{
    say("destroy\n");
    free(inst);
}

static beacon_rc good_write(void *inst, const struct beacon_batch *batch,
                            const struct beacon_cancel *deadline, struct beacon_error *err)
{
    char line[96];
    (void)inst;
    (void)deadline;
    (void)err;
    (void)snprintf(line, sizeof line, "write %llu %llu %zu\n", (unsigned long long)batch->seq,
                   (unsigned long long)batch->dropped_before, batch->n_records);
    say(line);
    return BEACON_OK;
}

static beacon_rc failing_write(void *inst, const struct beacon_batch *batch,
                               const struct beacon_cancel *deadline, struct beacon_error *err)
{
    (void)good_write(inst, batch, deadline, err);
    return beacon_error_fill(err, BEACON_E_IO, "free some disk space", "the disk is full");
}

static beacon_rc slow_write(void *inst, const struct beacon_batch *batch,
                            const struct beacon_cancel *deadline, struct beacon_error *err)
{
    const struct odd *odd = inst;
    struct pollfd until = {.fd = odd->host->cancel_fd(odd->host, deadline), .events = POLLIN};
    (void)good_write(inst, batch, deadline, err);
    (void)poll(&until, 1, -1);
    return beacon_error_fill(err, BEACON_E_CANCELLED, "wait longer", "the peer never answered");
}

static _Noreturn void wait_for_ever(void)
{
    for (;;) {
        (void)pause();
    }
}

static beacon_rc deaf_write(void *inst, const struct beacon_batch *batch,
                            const struct beacon_cancel *deadline, struct beacon_error *err)
{
    (void)good_write(inst, batch, deadline, err);
    wait_for_ever();
}

static beacon_rc good_shutdown(void *inst, const struct beacon_cancel *deadline,
                               struct beacon_error *err)
{
    (void)inst;
    (void)deadline;
    (void)err;
    say("shutdown\n");
    return BEACON_OK;
}

static beacon_rc clinging_shutdown(void *inst, const struct beacon_cancel *deadline,
                                   struct beacon_error *err)
{
    (void)good_shutdown(inst, deadline, err);
    wait_for_ever();
}

static beacon_rc asking_encode(void *inst, const struct beacon_batch *batch,
                               const struct beacon_http_out *out, struct beacon_error *err)
{
    (void)inst;
    (void)batch;
    (void)out;
    return beacon_error_fill(err, BEACON_E_LIMIT, "send less", "too much to say");
}

static beacon_rc asking_reply(void *inst, const struct beacon_http_response *response,
                              struct beacon_bytes body, struct beacon_export_result *out)
{
    (void)inst;
    (void)response;
    (void)body;
    (void)out;
    return BEACON_OK;
}

#define EXPORTER(name_, write_, shutdown_)                                                         \
    static const struct beacon_telemetry name_##_table = {.struct_size = sizeof name_##_table,     \
                                                          .signals = 1u << BEACON_REC_LOG,         \
                                                          .create = create,                        \
                                                          .destroy = destroy,                      \
                                                          .write = (write_),                       \
                                                          .shutdown = (shutdown_)};                \
    COMPONENT(name_)

#define COMPONENT(name_)                                                                           \
    static const struct beacon_component name_##_component = {.struct_size =                       \
                                                                  sizeof name_##_component,        \
                                                              .kind = BEACON_KIND_TELEMETRY,       \
                                                              .name = #name_,                      \
                                                              .iface = BEACON_TELEMETRY_IFACE,     \
                                                              .vtable = &name_##_table};

EXPORTER(good, good_write, good_shutdown)
EXPORTER(failing, failing_write, good_shutdown)
EXPORTER(slow, slow_write, good_shutdown)
EXPORTER(deaf, deaf_write, good_shutdown)
EXPORTER(clinging, good_write, clinging_shutdown)

static const struct beacon_telemetry asking_table = {.struct_size = sizeof asking_table,
                                                     .create = create,
                                                     .destroy = destroy,
                                                     .encode = asking_encode,
                                                     .reply = asking_reply};
COMPONENT(asking)

static const struct beacon_component *const components[] = {&good_component,
                                                            &failing_component,
                                                            &slow_component,
                                                            &deaf_component,
                                                            &clinging_component,
                                                            &asking_component,
                                                            NULL};

static const struct beacon_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_minor = BEACON_ABI_MINOR,
    .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
    .id = BEACON_MANIFEST_ID,
    .version = BEACON_MANIFEST_VERSION,
    .components = components,
};

BEACON_PLUGIN(odd_exporters, &plugin)
