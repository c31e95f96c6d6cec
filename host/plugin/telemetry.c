/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/telemetry.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "plugin/loader.h"
#include "plugin/outcome.h"
#include "plugin/sized.h"

#define FORM_HINT "use the calls of the form the plugin has"

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

void telemetry_close(struct telemetry *telemetry)
{
    if (telemetry != NULL) {
        telemetry->table.destroy(telemetry->inst);
        free(telemetry);
    }
}

const struct beacon_telemetry *telemetry_table(const struct telemetry *telemetry)
{
    return &telemetry->table;
}

void *telemetry_instance(const struct telemetry *telemetry)
{
    return telemetry->inst;
}
