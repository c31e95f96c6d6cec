/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon-sdk/testhost_telemetry.h>
#include <stdlib.h>

#include "batch.h"
#include "http_text.h"
#include "instance.h"

struct testhost_telemetry {
    struct beacon_telemetry table;
    struct instance i;
};

/* The arguments of one call, and what came of it. */
struct telemetry_call {
    struct testhost_telemetry *e;
    const struct beacon_batch *batch;
    const struct beacon_http_out *out;
    const struct beacon_http_response *response;
    struct beacon_bytes body;
    struct beacon_export_result *result;
    struct buffer request;
    unsigned n_requests;
};

struct testhost_telemetry *testhost_telemetry_create(struct testhost *t, const char *name,
                                                     const char *config)
{
    struct testhost_telemetry *e = testhost_alloc(sizeof *e);
    if (!instance_table(t, BEACON_KIND_TELEMETRY, name, &e->table, sizeof e->table) ||
        instance_create(t, e->table.create, config, &e->i) != BEACON_OK) {
        free(e);
        return NULL;
    }
    return e;
}

static beacon_rc make(struct telemetry_call *mine, const char *slot,
                      void (*fn)(struct instance_call *), bool is_pure)
{
    struct instance_call call = {
        .i = &mine->e->i, .err = testhost_lend_error(mine->e->i.t), .fn = fn, .arg = mine};
    return instance_call(&call, slot, is_pure);
}

static void do_flush(struct instance_call *call)
{
    const struct telemetry_call *mine = call->arg;
    call->rc = mine->e->table.flush(mine->e->i.inst, testhost_cancel_token(call->i->t), call->err);
}

beacon_rc testhost_telemetry_flush(struct testhost_telemetry *e)
{
    struct telemetry_call mine = {.e = e};
    return e->table.flush != NULL ? make(&mine, "flush", do_flush, false) : BEACON_OK;
}

static void do_shutdown(struct instance_call *call)
{
    const struct telemetry_call *mine = call->arg;
    call->rc =
        mine->e->table.shutdown(mine->e->i.inst, testhost_cancel_token(call->i->t), call->err);
}

beacon_rc testhost_telemetry_shutdown(struct testhost_telemetry *e)
{
    struct telemetry_call mine = {.e = e};
    return e->table.shutdown != NULL ? make(&mine, "shutdown", do_shutdown, false) : BEACON_OK;
}

void testhost_telemetry_destroy(struct testhost_telemetry *e)
{
    if (e != NULL) {
        (void)testhost_telemetry_shutdown(e);
        instance_destroy(&e->i, e->table.destroy);
        free(e);
    }
}

static void do_write(struct instance_call *call)
{
    const struct telemetry_call *mine = call->arg;
    call->rc = mine->e->table.write(mine->e->i.inst, mine->batch, testhost_cancel_token(call->i->t),
                                    call->err);
}

beacon_rc testhost_telemetry_write(struct testhost_telemetry *e, const char *batch)
{
    struct telemetry_call mine = {.e = e};
    if (e->table.write == NULL) {
        return BEACON_E_UNSUPPORTED;
    }
    mine.batch = batch_lend(e->i.t, batch);
    return mine.batch != NULL ? make(&mine, "write", do_write, false) : BEACON_E_INVALID;
}

static beacon_rc take_request(const struct beacon_http_out *out,
                              const struct beacon_http_request *rq)
{
    struct telemetry_call *mine = *(struct telemetry_call **)out->ctx;
    struct testhost *t = mine->e->i.t;
    if (!testhost_sink_enter(t, "http_out.request")) {
        return BEACON_E_INVALID;
    }
    if (rq->struct_size < sizeof *rq || mine->n_requests++ > 0) {
        testhost_find(t, "value", "describes a second request, or one without its size");
    } else {
        http_request_text(t, &mine->request, rq);
    }
    testhost_sink_leave(t);
    return BEACON_OK;
}

static void do_encode(struct instance_call *call)
{
    const struct telemetry_call *mine = call->arg;
    call->rc = mine->e->table.encode(mine->e->i.inst, mine->batch, mine->out, call->err);
}

beacon_rc testhost_telemetry_encode(struct testhost_telemetry *e, const char *batch,
                                    const char **ret_request)
{
    struct telemetry_call mine = {.e = e};
    struct testhost *t = e->i.t;
    const struct beacon_http_out out = {.struct_size = sizeof out,
                                        .flags = testhost_noise(t),
                                        .ctx = testhost_lend_pointer(t, &mine),
                                        .request = take_request};
    *ret_request = "";
    if (e->table.encode == NULL) {
        return BEACON_E_UNSUPPORTED;
    }
    mine.out = testhost_lend_struct(t, "http_out", &out, sizeof out);
    mine.batch = batch_lend(t, batch);
    const beacon_rc rc =
        mine.batch != NULL ? make(&mine, "encode", do_encode, true) : BEACON_E_INVALID;
    if (rc == BEACON_OK && mine.n_requests == 0) {
        testhost_find(t, "value", "encode() says OK and described no request");
    }
    *ret_request = testhost_keep_buffer(t, &mine.request);
    return rc;
}

static void do_reply(struct instance_call *call)
{
    const struct telemetry_call *mine = call->arg;
    call->rc = mine->e->table.reply(mine->e->i.inst, mine->response, mine->body, mine->result);
    call->err = NULL; /* this slot has none */
}

beacon_rc testhost_telemetry_reply(struct testhost_telemetry *e, int32_t status,
                                   const char *headers, const char *body,
                                   struct beacon_export_result *ret)
{
    struct telemetry_call mine = {.e = e, .result = ret};
    struct testhost *t = e->i.t;
    if (e->table.reply == NULL) {
        return BEACON_E_UNSUPPORTED;
    }
    memset(ret, 0, sizeof *ret);
    ret->struct_size = (uint32_t)sizeof *ret;
    const struct beacon_str bytes = testhost_lend_str(t, beacon_text(body));
    mine.body = (struct beacon_bytes){(const uint8_t *)bytes.p, bytes.n};
    mine.response = http_lend_response(t, status, headers);
    return make(&mine, "reply", do_reply, true);
}
