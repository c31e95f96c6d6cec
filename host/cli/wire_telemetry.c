/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wire_telemetry.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "cli/provider_config.h"
#include "cli/telemetry_secrets.h"
#include "cli/version.h"
#include "cli/wire.h"
#include "cli/wire_fallback.h"
#include "cli/wire_http.h"
#include "event/fanout.h"
#include "plugin/discover.h"
#include "plugin/incident.h"
#include "plugin/manifest.h"
#include "plugin/policy.h"
#include "plugin/telemetry.h"
#include "telemetry/exporter.h"
#include "telemetry/record.h"
#include "telemetry/redact.h"
#include "telemetry/tracer.h"

#define EXPORTERS_MAX 4
#define NO_EXPORTER   "none"

struct wire_telemetry {
    struct redact *redact;
    struct tracer *tracer;
    struct record_draft resource;
    struct exporter *exporters[EXPORTERS_MAX];
    const char *ids[EXPORTERS_MAX]; /* of their plugins */
    size_t n;
};

/* A thread that never came back still reads what the records share. */
static struct wire_telemetry *abandoned;

static void warn(const struct beacon_error *err)
{
    (void)fprintf(stderr, "warning: telemetry: %s; %s\n", err->message, err->hint);
}

/* ---- what all records share ---- */

static void describe_resource(const struct wire *wire, struct record_draft *resource)
{
    char host_name[HOST_NAME_MAX + 1] = "";
    (void)gethostname(host_name, sizeof host_name - 1);
    const uint32_t meta = BEACON_CLASS_META;
    record_add_text(resource, "service.name", meta, provider_config_originator());
    record_add_text(resource, "service.version", meta, BEACON_VERSION);
    record_add_text(resource, "env", meta, config_string(wire->start->config, "otel.environment"));
    record_add_text(resource, "telemetry.sdk.name", meta, "opentelemetry");
    record_add_text(resource, "telemetry.sdk.language", meta, "c");
    record_add_text(resource, "telemetry.sdk.version", meta, BEACON_VERSION);
    record_add_text(resource, "host.name", BEACON_CLASS_IDENTITY, host_name);
}

static struct wire_telemetry *create(const struct wire *wire)
{
    struct wire_telemetry *self = alloc_zeroed(sizeof *self);
    self->redact = redact_create();
    telemetry_secrets_add(self->redact, wire->start->home.path, wire->provider_settings.bearer);
    size_t n_links = 0;
    (void)wire_fallback_token(wire, 0, &n_links);
    for (size_t i = 0; i < n_links; i++) {
        redact_add_secret(self->redact, wire_fallback_token(wire, i, &n_links));
    }
    if (config_bool(wire->start->config, "otel.log_user_prompt")) {
        redact_set(self->redact, BEACON_CLASS_CONTENT, REDACT_PASS);
    }
    record_draft_init(&self->resource, self->redact);
    describe_resource(wire, &self->resource);
    return self;
}

static void destroy(struct wire_telemetry *self, bool is_read_by_a_thread)
{
    tracer_destroy(self->tracer);
    for (size_t i = 0; i < self->n; i++) {
        exporter_destroy(self->exporters[i]);
    }
    redact_destroy(self->redact);
    if (is_read_by_a_thread) {
        abandoned = self; /* for the resource */
        return;
    }
    record_draft_finish(&self->resource);
    free(self);
}

/* ---- exporters ---- */

/* The settings of a table and where the host's own files are. The caller's to free. */
static char *config_of(const struct wire *wire, struct json_object *table)
{
    AUTO_JSON struct json_object *config = json_object_new_object();
    if (json_object_is_type(table, json_type_object)) {
        json_object_object_foreach(table, key, value)
        {
            json_object_object_add(config, key, json_object_get(value)); /* shared, not changed */
        }
    }
    json_object_object_add(config, "code_home", json_object_new_string(wire->start->home.path));
    return alloc_string(json_object_to_json_string_ext(config, JSON_C_TO_STRING_PLAIN |
                                                                   JSON_C_TO_STRING_NOSLASHESCAPE));
}

static int check_exporter(const struct wire *wire, const char *name,
                          const struct telemetry *telemetry, struct beacon_error *err)
{
    const char *id = telemetry_plugin_id(telemetry);
    if (telemetry_is_blocking(telemetry)) {
        return wire_http_check_exporter(wire, id, err);
    }
    return error_set(err, BEACON_E_UNSUPPORTED, "use an exporter with a transport of its own",
                     "exporter %s of %s leaves sending its requests to the host, which this "
                     "version does not do",
                     name, id);
}

static int open_exporter(struct wire *wire, const char *name, struct json_object *table,
                         struct beacon_error *err)
{
    struct wire_telemetry *self = wire->telemetry;
    struct telemetry *telemetry = NULL;
    if (self->n == EXPORTERS_MAX) {
        return error_set(err, BEACON_E_LIMIT, "remove a table of [otel.exporter]",
                         "exporter %s is one too many; %d may be used at once", name,
                         EXPORTERS_MAX);
    }
    AUTO_FREE char *json = config_of(wire, table);
    int rc = telemetry_open(wire->plugins.set, name, json, &telemetry, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    rc = check_exporter(wire, name, telemetry, err);
    if (rc != BEACON_OK) {
        telemetry_close(telemetry);
        return rc;
    }
    self->ids[self->n] = telemetry_plugin_id(telemetry);
    self->exporters[self->n++] =
        exporter_create(&(struct exporter_settings){.loop = wire->loop,
                                                    .telemetry = telemetry,
                                                    .resource = record_draft_attrs(&self->resource),
                                                    .n_resource = self->resource.n_attrs});
    return BEACON_OK;
}

static void try_exporter(struct wire *wire, const char *name, struct json_object *table)
{
    struct beacon_error err = {0};
    if (strcmp(name, NO_EXPORTER) != 0 && open_exporter(wire, name, table, &err) != BEACON_OK) {
        warn(&err);
    }
}

static void open_exporters(struct wire *wire, struct json_object *wanted)
{
    if (json_object_is_type(wanted, json_type_string)) {
        try_exporter(wire, json_object_get_string(wanted), NULL);
    } else if (json_object_is_type(wanted, json_type_object)) {
        json_object_object_foreach(wanted, name, table)
        {
            try_exporter(wire, name, table);
        }
    }
}

/* ---- what the admin requires ---- */

static bool is_active(const struct wire *wire, const char *id)
{
    bool is = false;
    for (size_t i = 0; wire->telemetry != NULL && i < wire->telemetry->n; i++) {
        is |= strcmp(wire->telemetry->ids[i], id) == 0;
    }
    return is;
}

/* Name of the telemetry component of a plugin that is there; NULL: it is not. */
static const char *component_of(const struct plugin_set *set, const char *id)
{
    for (size_t i = 0; i < plugin_set_count(set); i++) {
        const struct plugin_manifest *manifest = plugin_set_entry(set, i)->manifest;
        for (size_t j = 0;
             manifest != NULL && strcmp(manifest->id, id) == 0 && j < manifest->n_components; j++) {
            if (manifest->components[j].kind == BEACON_KIND_TELEMETRY) {
                return manifest->components[j].name;
            }
        }
    }
    return NULL;
}

static int check_required(const struct wire *wire, struct beacon_error *err)
{
    const char *where = "", *id = NULL;
    for (size_t i = 0;
         (id = plugin_policy_required_telemetry(wire->plugins.policy, i, &where)) != NULL; i++) {
        const char *component = component_of(wire->plugins.set, id);
        AUTO_FREE char *hint =
            component != NULL
                ? alloc_printf("add the line [otel.exporter.\"%s:%s\"] to %s/config.toml", id,
                               component, wire->start->home.path)
                : alloc_printf("install the plugin %s, then configure it under [otel.exporter]",
                               id);
        if (!is_active(wire, id)) {
            return error_set(err, BEACON_E_POLICY, hint,
                             "%s requires telemetry by %s, which is not active", where, id);
        }
    }
    return BEACON_OK;
}

/* ---- the interface ---- */

int wire_telemetry_open(struct wire *wire, struct beacon_error *err)
{
    struct json_object *wanted = config_node(wire->start->config, "otel.exporter");
    const bool is_off = wanted == NULL || (json_object_is_type(wanted, json_type_string) &&
                                           strcmp(json_object_get_string(wanted), "none") == 0);
    if (!is_off) {
        wire->telemetry = create(wire);
        open_exporters(wire, wanted);
    }
    const int rc = check_required(wire, err);
    if (wire->telemetry != NULL && wire->telemetry->n == 0) {
        destroy(take_pointer(wire->telemetry), false);
    }
    return rc;
}

static void on_record(void *ctx, struct record *record)
{
    const struct wire_telemetry *self = ctx;
    for (size_t i = 0; i < self->n; i++) {
        exporter_add(self->exporters[i], record);
    }
}

static const char *set_variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* How the requests are paid for, as far as it shows without asking an auth plugin. */
static const char *auth_mode(const struct wire *wire)
{
    const struct provider_settings *settings = &wire->provider_settings;
    const bool has_key = settings->bearer != NULL || set_variable("OPENAI_API_KEY") != NULL ||
                         set_variable("CODEX_API_KEY") != NULL ||
                         (settings->env_key != NULL && set_variable(settings->env_key) != NULL);
    return has_key ? "ApiKey" : NULL;
}

static const char *terminal_type(void)
{
    const char *program = set_variable("TERM_PROGRAM"), *term = set_variable("TERM");
    return program != NULL ? program : term != NULL ? term : "unknown";
}

void wire_telemetry_listen(struct wire *wire)
{
    struct wire_telemetry *self = wire->telemetry;
    const struct config *config = wire->start->config;
    if (self == NULL) {
        return;
    }
    const char *name = config_string(config, "model");
    const struct model_profile *model =
        name != NULL ? provider_settings_model(&wire->provider_settings, name) : NULL;
    const struct tracer_settings settings = {.conversation_id = wire->thread_id,
                                             .app_version = BEACON_VERSION,
                                             .originator = provider_config_originator(),
                                             .auth_mode = auth_mode(wire),
                                             .terminal_type = terminal_type(),
                                             .model = config_string(config, "model"),
                                             .provider_name = wire->provider_settings.name,
                                             .active_profile = config_string(config, "profile"),
                                             .context_window = config_context_tokens(config, model),
                                             .max_output_tokens =
                                                 config_max_output_tokens(config, model),
                                             .auto_compact_token_limit = -1,
                                             .redact = self->redact,
                                             .on_record = on_record,
                                             .ctx = self};
    self->tracer = tracer_create(&settings);
    fanout_add_with_frames(wire->events, tracer_sink, self->tracer);
}

/* A loss is told once, at the end, where it spoils neither the answer nor the events. */
static bool tell_end(const struct wire_telemetry *self, size_t i)
{
    struct exporter_report report;
    exporter_report(self->exporters[i], &report);
    if (report.hung_slot != NULL) {
        char sentence[INCIDENT_SENTENCE_BYTES];
        incident_hang(self->ids[i], report.hung_slot, EXPORTER_BUDGET_MS, sentence);
        (void)fprintf(stderr, "warning: %s\n", sentence);
    }
    if (report.n_lost > 0 || report.first_error.code != BEACON_OK) {
        const bool has_reason = report.first_error.code != BEACON_OK;
        (void)fprintf(stderr,
                      "warning: telemetry: %s lost %" PRIu64 " of %" PRIu64 " records%s%s%s%s\n",
                      self->ids[i], report.n_lost, report.n_lost + report.n_written,
                      has_reason ? ": " : "", has_reason ? report.first_error.message : "",
                      has_reason ? "; " : "", has_reason ? report.first_error.hint : "");
    }
    return report.hung_slot != NULL;
}

bool wire_telemetry_close(struct wire *wire)
{
    struct wire_telemetry *self = take_pointer(wire->telemetry);
    if (self == NULL) {
        return false;
    }
    exporter_close_all(wire->loop, self->exporters, self->n, EXPORTER_BUDGET_MS);
    bool is_hung = false;
    for (size_t i = 0; i < self->n; i++) {
        is_hung |= tell_end(self, i);
    }
    destroy(self, is_hung);
    return is_hung;
}
