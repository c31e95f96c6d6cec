/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/provider.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "plugin/breadcrumb.h"
#include "plugin/event_relay.h"
#include "plugin/loader.h"
#include "plugin/outcome.h"
#include "plugin/sized.h"

#define AUTHOR_HINT "update the plugin, or report this to its author"

struct provider {
    struct plugin_component component;
    struct beacon_provider table; /* complete: every slot is there */
    void *inst;
};

struct provider_exchange {
    struct provider *provider;
    struct beacon_exchange *theirs;
    struct event_relay relay;
    struct beacon_http_request request; /* of the last poll, completed */
};

/* Every call of a slot stands between enter() and breadcrumb_leave(). */
static struct breadcrumb enter(const struct provider *provider, const char *slot)
{
    return breadcrumb_enter(plugin_id(provider->component.plugin), slot);
}

static int unsupported(struct beacon_error *err, const char *what)
{
    return error_set(err, BEACON_E_UNSUPPORTED, AUTHOR_HINT, "this provider has no %s", what);
}

static beacon_rc no_models(void *inst, const struct beacon_models_sink *out)
{
    (void)inst;
    (void)out;
    return BEACON_OK;
}

static beacon_rc no_open(void *inst, const struct beacon_turn *turn, struct beacon_exchange **x,
                         struct beacon_error *e)
{
    (void)inst;
    (void)turn;
    (void)x;
    return unsupported(e, "exchanges, it has a transport of its own");
}

static beacon_rc no_stream(void *inst, const struct beacon_turn *turn,
                           const struct beacon_events *ev, const struct beacon_cancel *c,
                           struct beacon_verdict *why, struct beacon_error *e)
{
    (void)inst;
    (void)turn;
    (void)ev;
    (void)c;
    (void)why;
    return unsupported(e, "transport of its own");
}

static int64_t no_count(void *inst, const struct beacon_turn *turn)
{
    (void)inst;
    (void)turn;
    return -1;
}

static const struct sized_slot sans_io_slots[] = {
    SIZED_SLOT(beacon_provider, create),      SIZED_SLOT(beacon_provider, destroy),
    SIZED_SLOT(beacon_provider, open),        SIZED_SLOT(beacon_provider, poll),
    SIZED_SLOT(beacon_provider, on_response), SIZED_SLOT(beacon_provider, on_frame),
    SIZED_SLOT(beacon_provider, on_end),      SIZED_SLOT(beacon_provider, judge),
    SIZED_SLOT(beacon_provider, close),
};

static const struct sized_slot own_transport_slots[] = {
    SIZED_SLOT(beacon_provider, create),
    SIZED_SLOT(beacon_provider, destroy),
    SIZED_SLOT(beacon_provider, stream),
};

bool provider_is_blocking(const struct provider *provider)
{
    return provider->component.form == MANIFEST_FORM_OWN_TRANSPORT;
}

/* The form of the manifest decides which slots count; those of the other form are replaced. */
static int complete_table(struct provider *provider, struct beacon_error *err)
{
    struct beacon_provider *table = &provider->table;
    char what[128];
    (void)snprintf(what, sizeof what, "the provider table of %s",
                   plugin_id(provider->component.plugin));
    int rc = sized_copy(table, sizeof *table, provider->component.vtable, what, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (provider_is_blocking(provider)) {
        rc = sized_require(table, own_transport_slots,
                           sizeof own_transport_slots / sizeof own_transport_slots[0], what, err);
        table->open = no_open;
    } else {
        rc = sized_require(table, sans_io_slots, sizeof sans_io_slots / sizeof sans_io_slots[0],
                           what, err);
        table->stream = no_stream;
    }
    table->models = table->models != NULL ? table->models : no_models;
    table->count_tokens = table->count_tokens != NULL ? table->count_tokens : no_count;
    if (table->opaque_ns == NULL || table->opaque_ns[0] == '\0') {
        table->opaque_ns = plugin_id(provider->component.plugin);
    }
    return rc;
}

int provider_open(struct plugin_set *set, const char *component, const char *config_json,
                  struct provider **ret, struct beacon_error *err)
{
    struct provider *provider = alloc_zeroed(sizeof *provider);
    int rc = plugin_open_component(set, BEACON_KIND_PROVIDER, component, &provider->component, err);
    if (rc == BEACON_OK) {
        rc = complete_table(provider, err);
    }
    if (rc == BEACON_OK) {
        rc = outcome_create(provider->component.plugin, provider->table.create, config_json,
                            &provider->inst, err);
    }
    if (rc != BEACON_OK) {
        free(provider);
        return rc;
    }
    *ret = provider;
    return BEACON_OK;
}

void provider_close(struct provider *provider)
{
    if (provider != NULL) {
        const struct breadcrumb before = enter(provider, "destroy");
        provider->table.destroy(provider->inst);
        breadcrumb_leave(before);
        free(provider);
    }
}

const char *provider_plugin_id(const struct provider *provider)
{
    return plugin_id(provider->component.plugin);
}

const char *provider_opaque_ns(const struct provider *provider)
{
    return provider->table.opaque_ns;
}

int64_t provider_count_tokens(const struct provider *provider, const struct beacon_turn *turn)
{
    const struct breadcrumb before = enter(provider, "count_tokens");
    int64_t n = provider->table.count_tokens(provider->inst, turn);
    breadcrumb_leave(before);
    return n < 0 ? -1 : n;
}

/* The caller's sink behind one that completes each model. */
struct models_relay {
    const struct beacon_models_sink *to;
};

static beacon_rc add_model(const struct beacon_models_sink *sink, const struct beacon_model *theirs)
{
    const struct models_relay *relay = sink->ctx;
    struct beacon_model model;
    beacon_rc rc = sized_copy(&model, sizeof model, theirs, "a model", NULL);
    if (rc == BEACON_OK && (!outcome_is_span(model.id.p, model.id.n) ||
                            !outcome_is_span(model.display.p, model.display.n))) {
        rc = BEACON_E_INVALID;
    }
    return rc == BEACON_OK ? relay->to->add(relay->to, &model) : rc;
}

int provider_models(const struct provider *provider, const struct beacon_models_sink *out)
{
    struct models_relay relay = {.to = out};
    const struct beacon_models_sink sink = {
        .struct_size = (uint32_t)sizeof sink, .ctx = &relay, .add = add_model};
    const struct breadcrumb before = enter(provider, "models");
    beacon_rc answer = provider->table.models(provider->inst, &sink);
    breadcrumb_leave(before);
    return outcome_code(answer);
}

int provider_exchange_open(struct provider *provider, const struct beacon_turn *turn,
                           struct provider_exchange **ret, struct beacon_error *err)
{
    struct beacon_error theirs;
    struct beacon_exchange *exchange = NULL;
    outcome_init(&theirs);
    const struct breadcrumb before = enter(provider, "open");
    beacon_rc answer = provider->table.open(provider->inst, turn, &exchange, &theirs);
    breadcrumb_leave(before);
    int rc = outcome_of(provider->component.plugin, "open", answer, &theirs, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct provider_exchange *ours = alloc_zeroed(sizeof *ours);
    ours->provider = provider;
    ours->theirs = exchange;
    event_relay_init(&ours->relay);
    *ret = ours;
    return BEACON_OK;
}

static int odd_action(const struct provider_exchange *exchange, const char *what,
                      struct beacon_error *err)
{
    return error_set(err, BEACON_E_PROTOCOL, AUTHOR_HINT, "plugin %s asked for %s",
                     plugin_id(exchange->provider->component.plugin), what);
}

/* The request the plugin describes, at the host's size and with sound spans. */
static int complete_request(struct provider_exchange *exchange,
                            const struct beacon_http_request *theirs, struct beacon_error *err)
{
    struct beacon_http_request *request = &exchange->request;
    if (theirs == NULL) {
        return odd_action(exchange, "HTTP without a request", err);
    }
    int rc = sized_copy(request, sizeof *request, theirs, "a request", err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (request->method.p == NULL || request->url.p == NULL || request->url.n == 0 ||
        !outcome_is_span(request->headers, request->n_headers) ||
        !outcome_is_span(request->body.p, request->body.n) ||
        !outcome_is_span(request->tls_profile.p, request->tls_profile.n)) {
        return odd_action(exchange, "a request without method, URL, headers or body", err);
    }
    if (request->framing > BEACON_FRAME_WHOLE || request->auth > BEACON_AUTH_INSTANCE) {
        return odd_action(exchange, "a framing or credentials this host does not know", err);
    }
    return BEACON_OK;
}

int provider_exchange_poll(struct provider_exchange *exchange, struct beacon_action *ret,
                           struct beacon_error *err)
{
    const struct provider *provider = exchange->provider;
    struct beacon_action action = {.struct_size = (uint32_t)sizeof action};
    struct beacon_error theirs;
    outcome_init(&theirs);
    const struct breadcrumb before = enter(provider, "poll");
    beacon_rc answer = provider->table.poll(exchange->theirs, &action, &theirs);
    breadcrumb_leave(before);
    int rc = outcome_of(provider->component.plugin, "poll", answer, &theirs, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (action.kind == BEACON_ACT_HTTP) {
        rc = complete_request(exchange, action.http, err);
        action.http = &exchange->request;
    } else if (action.kind == BEACON_ACT_WAIT || action.kind == BEACON_ACT_DONE) {
        action.http = NULL;
    } else {
        rc = odd_action(exchange, "an action this host does not know", err);
    }
    if (rc == BEACON_OK) {
        action.struct_size = (uint32_t)sizeof action;
        *ret = action;
    }
    return rc;
}

/* What a call with events came to: the plugin's own failure first, it knows more. */
static int settle_call(struct event_relay *relay, const struct plugin *plugin, const char *slot,
                       beacon_rc answer, struct beacon_error *theirs, struct beacon_error *err)
{
    int relayed = event_relay_end(relay, plugin_id(plugin), err);
    if (answer < BEACON_OK && (relayed == BEACON_OK || theirs->message[0] != '\0')) {
        return outcome_of(plugin, slot, answer, theirs, err);
    }
    return relayed;
}

int provider_exchange_on_response(struct provider_exchange *exchange,
                                  const struct beacon_http_response *response,
                                  const struct beacon_events *events, struct beacon_error *err)
{
    const struct provider *provider = exchange->provider;
    struct beacon_error theirs;
    outcome_init(&theirs);
    const struct breadcrumb before = enter(provider, "on_response");
    beacon_rc answer = provider->table.on_response(
        exchange->theirs, response, event_relay_begin(&exchange->relay, events), &theirs);
    breadcrumb_leave(before);
    return settle_call(&exchange->relay, provider->component.plugin, "on_response", answer, &theirs,
                       err);
}

int provider_exchange_on_frame(struct provider_exchange *exchange, struct beacon_str event,
                               struct beacon_bytes data, const struct beacon_events *events,
                               struct beacon_error *err)
{
    const struct provider *provider = exchange->provider;
    struct beacon_error theirs;
    outcome_init(&theirs);
    const struct breadcrumb before = enter(provider, "on_frame");
    beacon_rc answer = provider->table.on_frame(
        exchange->theirs, event, data, event_relay_begin(&exchange->relay, events), &theirs);
    breadcrumb_leave(before);
    return settle_call(&exchange->relay, provider->component.plugin, "on_frame", answer, &theirs,
                       err);
}

int provider_exchange_on_end(struct provider_exchange *exchange, uint32_t how,
                             const struct beacon_events *events, struct beacon_error *err)
{
    const struct provider *provider = exchange->provider;
    struct beacon_error theirs;
    outcome_init(&theirs);
    const struct breadcrumb before = enter(provider, "on_end");
    beacon_rc answer = provider->table.on_end(exchange->theirs, how,
                                              event_relay_begin(&exchange->relay, events), &theirs);
    breadcrumb_leave(before);
    return settle_call(&exchange->relay, provider->component.plugin, "on_end", answer, &theirs,
                       err);
}

/* An answer the host cannot read is final: nothing is tried again on a guess. */
static void make_readable(struct beacon_verdict *verdict)
{
    verdict->struct_size = (uint32_t)sizeof *verdict;
    verdict->code = outcome_code(verdict->code);
    if (verdict->verdict > BEACON_VERDICT_FALLBACK) {
        verdict->verdict = BEACON_VERDICT_FATAL;
    }
    if (!outcome_is_span(verdict->message.p, verdict->message.n)) {
        verdict->message = (struct beacon_str){.p = "", .n = 0};
    }
}

void provider_exchange_judge(struct provider_exchange *exchange, struct beacon_verdict *ret)
{
    struct beacon_verdict verdict = {.struct_size = (uint32_t)sizeof verdict};
    const struct breadcrumb before = enter(exchange->provider, "judge");
    exchange->provider->table.judge(exchange->theirs, &verdict);
    breadcrumb_leave(before);
    make_readable(&verdict);
    *ret = verdict;
}

void provider_exchange_close(struct provider_exchange *exchange)
{
    if (exchange != NULL) {
        const struct breadcrumb before = enter(exchange->provider, "close");
        exchange->provider->table.close(exchange->theirs);
        breadcrumb_leave(before);
        free(exchange);
    }
}

int provider_stream(struct provider *provider, const struct beacon_turn *turn,
                    const struct beacon_events *events, const struct beacon_cancel *cancel,
                    struct beacon_verdict *ret, struct beacon_error *err)
{
    struct beacon_verdict verdict = {.struct_size = (uint32_t)sizeof verdict};
    struct beacon_error theirs;
    struct event_relay relay;
    outcome_init(&theirs);
    event_relay_init(&relay);
    const struct breadcrumb before = enter(provider, "stream");
    beacon_rc answer = provider->table.stream(
        provider->inst, turn, event_relay_begin(&relay, events), cancel, &verdict, &theirs);
    breadcrumb_leave(before);
    make_readable(&verdict);
    *ret = verdict;
    return settle_call(&relay, provider->component.plugin, "stream", answer, &theirs, err);
}
