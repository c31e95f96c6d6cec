/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/telemetry.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "plugin/breadcrumb.h"
#include "plugin/loader.h"
#include "plugin/outcome.h"
#include "plugin/sized.h"

#define FORM_HINT   "use the calls of the form the plugin has"
#define AUTHOR_HINT "update the plugin, or report this to its author"

struct telemetry {
    struct plugin_component component;
    struct beacon_telemetry table; /* complete: every slot is there */
    void *inst;
};

static beacon_rc no_encode(void *inst, const struct beacon_batch *b,
                           const struct beacon_http_out *out, struct beacon_error *e)
{
    (void)inst;
    (void)b;
    (void)out;
    return error_set(e, BEACON_E_UNSUPPORTED, FORM_HINT,
                     "this exporter has a transport of its own and encodes no requests");
}

static beacon_rc no_reply(void *inst, const struct beacon_http_response *r,
                          struct beacon_bytes body, struct beacon_export_result *out)
{
    (void)inst;
    (void)r;
    (void)body;
    (void)out;
    return BEACON_E_UNSUPPORTED;
}

static beacon_rc no_write(void *inst, const struct beacon_batch *b,
                          const struct beacon_cancel *deadline, struct beacon_error *e)
{
    (void)inst;
    (void)b;
    (void)deadline;
    return error_set(e, BEACON_E_UNSUPPORTED, FORM_HINT,
                     "this exporter encodes requests and has no transport of its own");
}

/* flush() and shutdown() of an exporter that keeps nothing back. */
static beacon_rc nothing_to_wait_for(void *inst, const struct beacon_cancel *deadline,
                                     struct beacon_error *e)
{
    (void)inst;
    (void)deadline;
    (void)e;
    return BEACON_OK;
}

static const struct sized_slot sans_io_slots[] = {
    SIZED_SLOT(beacon_telemetry, create),
    SIZED_SLOT(beacon_telemetry, destroy),
    SIZED_SLOT(beacon_telemetry, encode),
    SIZED_SLOT(beacon_telemetry, reply),
};

static const struct sized_slot own_transport_slots[] = {
    SIZED_SLOT(beacon_telemetry, create),
    SIZED_SLOT(beacon_telemetry, destroy),
    SIZED_SLOT(beacon_telemetry, write),
};

bool telemetry_is_blocking(const struct telemetry *telemetry)
{
    return telemetry->component.form == MANIFEST_FORM_OWN_TRANSPORT;
}

static int complete_table(struct telemetry *telemetry, struct beacon_error *err)
{
    struct beacon_telemetry *table = &telemetry->table;
    char what[128];
    (void)snprintf(what, sizeof what, "the telemetry table of %s",
                   plugin_id(telemetry->component.plugin));
    int rc = sized_copy(table, sizeof *table, telemetry->component.vtable, what, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (telemetry_is_blocking(telemetry)) {
        rc = sized_require(table, own_transport_slots,
                           sizeof own_transport_slots / sizeof own_transport_slots[0], what, err);
        table->encode = no_encode;
        table->reply = no_reply;
    } else {
        rc = sized_require(table, sans_io_slots, sizeof sans_io_slots / sizeof sans_io_slots[0],
                           what, err);
        table->write = no_write;
    }
    table->flush = table->flush != NULL ? table->flush : nothing_to_wait_for;
    table->shutdown = table->shutdown != NULL ? table->shutdown : nothing_to_wait_for;
    return rc;
}

int telemetry_open(struct plugin_set *set, const char *component, const char *config_json,
                   struct telemetry **ret, struct beacon_error *err)
{
    struct telemetry *telemetry = alloc_zeroed(sizeof *telemetry);
    int rc =
        plugin_open_component(set, BEACON_KIND_TELEMETRY, component, &telemetry->component, err);
    if (rc == BEACON_OK) {
        rc = complete_table(telemetry, err);
    }
    if (rc == BEACON_OK) {
        rc = outcome_create(telemetry->component.plugin, telemetry->table.create, config_json,
                            &telemetry->inst, err);
    }
    if (rc != BEACON_OK) {
        free(telemetry);
        return rc;
    }
    *ret = telemetry;
    return BEACON_OK;
}

static struct breadcrumb enter(const struct telemetry *telemetry, const char *slot)
{
    return breadcrumb_enter(plugin_id(telemetry->component.plugin), slot);
}

void telemetry_close(struct telemetry *telemetry)
{
    if (telemetry != NULL) {
        const struct breadcrumb before = enter(telemetry, "destroy");
        telemetry->table.destroy(telemetry->inst);
        breadcrumb_leave(before);
        free(telemetry);
    }
}

const char *telemetry_plugin_id(const struct telemetry *telemetry)
{
    return plugin_id(telemetry->component.plugin);
}

const char *telemetry_name(const struct telemetry *telemetry)
{
    return telemetry->component.name;
}

bool telemetry_wants(const struct telemetry *telemetry, uint32_t record_type)
{
    const uint32_t signals = telemetry->table.signals;
    return signals == 0 || (signals & (1u << record_type)) != 0;
}

/* The caller's sink behind one that completes the request and counts. */
struct request_relay {
    const struct beacon_http_out *to;
    uint32_t n;
};

static bool is_sound(const struct beacon_http_request *request)
{
    return request->method.p != NULL && request->method.n > 0 && request->url.p != NULL &&
           request->url.n > 0 && outcome_is_span(request->headers, request->n_headers) &&
           outcome_is_span(request->body.p, request->body.n) &&
           outcome_is_span(request->tls_profile.p, request->tls_profile.n);
}

static beacon_rc relay_request(const struct beacon_http_out *out,
                               const struct beacon_http_request *theirs)
{
    struct request_relay *relay = out->ctx;
    struct beacon_http_request request;
    if (theirs == NULL || relay->n > 0 ||
        sized_copy(&request, sizeof request, theirs, "a request", NULL) != BEACON_OK ||
        !is_sound(&request)) {
        relay->n = UINT32_MAX;
        return BEACON_E_INVALID;
    }
    relay->n++;
    return relay->to->request(relay->to, &request);
}

int telemetry_encode(struct telemetry *telemetry, const struct beacon_batch *batch,
                     const struct beacon_http_out *out, struct beacon_error *err)
{
    struct request_relay relay = {.to = out};
    const struct beacon_http_out sink = {
        .struct_size = (uint32_t)sizeof sink, .ctx = &relay, .request = relay_request};
    struct beacon_error theirs;
    outcome_init(&theirs);
    const struct breadcrumb before = enter(telemetry, "encode");
    const beacon_rc answer = telemetry->table.encode(telemetry->inst, batch, &sink, &theirs);
    breadcrumb_leave(before);
    if (answer >= BEACON_OK && relay.n != 1) {
        return error_set(err, BEACON_E_PROTOCOL, AUTHOR_HINT,
                         "plugin %s described no request for its telemetry, or an unsound one",
                         telemetry_plugin_id(telemetry));
    }
    return outcome_of(telemetry->component.plugin, "encode", answer, &theirs, err);
}

int telemetry_reply(struct telemetry *telemetry, const struct beacon_http_response *response,
                    struct beacon_bytes body, struct beacon_export_result *ret,
                    struct beacon_error *err)
{
    struct beacon_export_result result = {.struct_size = (uint32_t)sizeof result};
    struct beacon_error theirs;
    outcome_init(&theirs);
    const struct breadcrumb before = enter(telemetry, "reply");
    const beacon_rc answer = telemetry->table.reply(telemetry->inst, response, body, &result);
    breadcrumb_leave(before);
    const int rc = outcome_of(telemetry->component.plugin, "reply", answer, &theirs, err);
    if (rc == BEACON_OK) {
        result.struct_size = (uint32_t)sizeof result;
        *ret = result;
    }
    return rc;
}

int telemetry_write(struct telemetry *telemetry, const struct beacon_batch *batch,
                    const struct beacon_cancel *deadline, struct beacon_error *err)
{
    struct beacon_error theirs;
    outcome_init(&theirs);
    const struct breadcrumb before = enter(telemetry, "write");
    const beacon_rc answer = telemetry->table.write(telemetry->inst, batch, deadline, &theirs);
    breadcrumb_leave(before);
    return outcome_of(telemetry->component.plugin, "write", answer, &theirs, err);
}

int telemetry_flush(struct telemetry *telemetry, const struct beacon_cancel *deadline,
                    struct beacon_error *err)
{
    struct beacon_error theirs;
    outcome_init(&theirs);
    const struct breadcrumb before = enter(telemetry, "flush");
    const beacon_rc answer = telemetry->table.flush(telemetry->inst, deadline, &theirs);
    breadcrumb_leave(before);
    return outcome_of(telemetry->component.plugin, "flush", answer, &theirs, err);
}

int telemetry_shutdown(struct telemetry *telemetry, const struct beacon_cancel *deadline,
                       struct beacon_error *err)
{
    struct beacon_error theirs;
    outcome_init(&theirs);
    const struct breadcrumb before = enter(telemetry, "shutdown");
    const beacon_rc answer = telemetry->table.shutdown(telemetry->inst, deadline, &theirs);
    breadcrumb_leave(before);
    return outcome_of(telemetry->component.plugin, "shutdown", answer, &theirs, err);
}
