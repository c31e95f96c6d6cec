/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/record.h"

#include <beacon-sdk/json_write.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/exec_json.h"
#include "cli/telemetry_secrets.h"
#include "cli/version.h"
#include "cli/wire.h"
#include "cli/wire_fallback.h"
#include "event/event.h"
#include "http/cassette_redact.h"
#include "http/cassette_write.h"
#include "http/scrub.h"
#include "http/tap.h"
#include "plugin/provider.h"
#include "session/history.h"

#define URL_MAX (1u << 20)

struct record {
    const char *path;
    struct scrub *scrub;
    struct cassette_writer *writer; /* NULL: not open */
    struct exec_json *json;
};

struct record *session_record_create(const char *path)
{
    struct record *record = alloc_zeroed(sizeof *record);
    record->path = path;
    record->scrub = scrub_create();
    return record;
}

void session_record_destroy(struct record *record)
{
    if (record == NULL) {
        return;
    }
    cassette_writer_destroy(record->writer);
    exec_json_destroy(record->json);
    scrub_destroy(record->scrub);
    free(record);
}

static void warn(void *ctx, const char *sentence)
{
    (void)ctx;
    (void)fprintf(stderr, "warning: %s\n", sentence);
}

/* ---- what must not be in the file ---- */

static void add_secret(void *ctx, const char *secret)
{
    scrub_add(ctx, secret);
}

static void add_pairs(struct scrub *scrub, const struct provider_pair *pairs, size_t n,
                      bool (*is_shown)(struct beacon_str name))
{
    for (size_t i = 0; i < n; i++) {
        if (!is_shown(beacon_text(pairs[i].name))) {
            scrub_add(scrub, pairs[i].value);
        }
    }
}

static void add_provider(struct scrub *scrub, const struct provider_settings *settings)
{
    scrub_add(scrub, settings->bearer);
    scrub_add(scrub, settings->env_key != NULL ? getenv(settings->env_key) : NULL);
    add_pairs(scrub, settings->headers, settings->n_headers, cassette_shows_request_header);
    add_pairs(scrub, settings->query, settings->n_query, cassette_shows_query);
}

static void know_secrets(struct record *record, const struct wire *wire)
{
    telemetry_secrets_each(wire->start->home.path, add_secret, record->scrub);
    add_provider(record->scrub, &wire->provider_settings);
    for (size_t i = 0; wire->key_names[i] != NULL; i++) {
        scrub_add(record->scrub, getenv(wire->key_names[i]));
    }
    const char *model = NULL;
    const struct provider_settings *settings = NULL;
    for (size_t i = 0; (settings = wire_fallback_at(wire, i, &model)) != NULL; i++) {
        add_provider(record->scrub, settings);
    }
}

int session_record_open(struct record *record, struct wire *wire, struct beacon_error *err)
{
    if (provider_is_blocking(wire->provider)) {
        return error_set(err, BEACON_E_REFUSED, "leave out --record, or choose another provider",
                         "provider %s makes its own connections, which cannot be recorded",
                         wire->provider_settings.id);
    }
    know_secrets(record, wire);
    int rc = cassette_writer_create(record->path, record->scrub, &record->writer, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    const struct cassette_header header = {BEACON_VERSION, wire->thread_id, clock_unix_ms()};
    cassette_write_header(record->writer, &header, warn, NULL);
    struct http_tap tap;
    cassette_writer_tap(record->writer, &tap);
    http_set_tap(wire->http, &tap);
    return BEACON_OK;
}

/* ---- what the session is ---- */

static void redact_members(struct json_object *object, bool (*is_shown)(struct beacon_str name))
{
    if (!json_object_is_type(object, json_type_object)) {
        return;
    }
    json_object_object_foreach(object, key, value)
    {
        (void)value;
        if (!is_shown(beacon_text(key))) {
            json_object_object_add(object, key, json_object_new_string(SCRUB_MARK));
        }
    }
}

/* The plugin's configuration without what may be a secret. */
static struct json_object *shown_config(const char *json)
{
    struct json_object *config = json_tokener_parse(json);
    const char *base_url = json_string_of(config, "base_url", NULL);
    redact_members(json_member(config, "http_headers"), cassette_shows_request_header);
    redact_members(json_member(config, "query_params"), cassette_shows_query);
    if (base_url != NULL) {
        AUTO_TEXT struct text url;
        text_init(&url, URL_MAX);
        (void)cassette_redact_url(beacon_text(base_url), &url);
        json_object_object_add(config, "base_url", json_object_new_string(text_string(&url)));
    }
    return config;
}

static void put(struct json_object *object, const char *key, const char *value)
{
    json_object_object_add(object, key, json_object_new_string(value != NULL ? value : ""));
}

static void put_int(struct json_object *object, const char *key, int64_t value)
{
    json_object_object_add(object, key, json_object_new_int64(value));
}

void session_record_settings(struct record *record, const struct wire *wire,
                             const struct agent_settings *settings)
{
    AUTO_JSON struct json_object *session = json_object_new_object();
    put(session, "component", wire->provider_settings.plugin);
    put(session, "provider", wire->provider_settings.id);
    json_object_object_add(session, "config", shown_config(wire->provider_config));
    put(session, "model", settings->model);
    put(session, "effort", settings->effort);
    put(session, "summary", settings->summary);
    put(session, "verbosity", settings->verbosity);
    put(session, "output_schema", settings->output_schema);
    put(session, "base_instructions", settings->base_instructions);
    put(session, "compact_prompt", settings->compact_prompt);
    put(session, "approval", settings->approval);
    put(session, "sandbox", config_string(wire->start->config, "sandbox_mode"));
    put(session, "cwd", wire->start->cwd);
    put_int(session, "max_output_tokens", settings->max_output_tokens);
    put_int(session, "context_tokens",
            config_context_tokens(wire->start->config, settings->profile));
    put_int(session, "compact_limit", settings->compact_limit);
    put_int(session, "request_max_retries", settings->request_max_retries);
    put_int(session, "stream_max_retries", settings->stream_max_retries);
    put_int(session, "max_tool_output_tokens", wire->tools.max_output_tokens);
    struct beacon_json_out *line = cassette_line(record->writer, "session");
    beacon_json_key(line, "session");
    beacon_json_put_raw(line,
                        beacon_text(json_object_to_json_string_ext(
                            session, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)));
    cassette_end_line(record->writer);
}

/* ---- what happens ---- */

static void on_json(void *ctx, const char *json, size_t n)
{
    struct record *record = ctx;
    struct beacon_json_out *line = cassette_line(record->writer, "event");
    beacon_json_key(line, "event");
    beacon_json_put_raw(line, beacon_span(json, n));
    cassette_end_line(record->writer);
}

static void put_tool(struct record *record, const struct event_tool *tool)
{
    struct beacon_json_out *line = cassette_line(record->writer, "tool");
    beacon_json_put_member(line, "call_id", beacon_text(tool->call_id));
    beacon_json_put_member(line, "name", beacon_text(tool->name));
    beacon_json_put_member(line, "input", beacon_span(tool->input, tool->input_bytes));
    beacon_json_put_member(line, "output", beacon_span(tool->output, tool->output_bytes));
    if (tool->image_url != NULL) {
        beacon_json_put_member(line, "image_url", beacon_text(tool->image_url));
    }
    beacon_json_key(line, "is_success");
    beacon_json_put_bool(line, tool->is_success);
    cassette_end_line(record->writer);
}

static void on_event(void *ctx, const struct event *event)
{
    struct record *record = ctx;
    if (event->kind == EVENT_TURN_STARTED) {
        struct beacon_json_out *line = cassette_line(record->writer, "turn");
        beacon_json_put_member(line, "turn_id", beacon_text(event->turn_id));
        cassette_end_line(record->writer);
    } else if (event->kind == EVENT_TOOL_FINISHED) {
        put_tool(record, &event->as.tool);
    }
    exec_json_sink(record->json, event);
}

static void put_images(struct beacon_json_out *line, const struct agent_prompt *prompt)
{
    beacon_json_key(line, "images");
    beacon_json_begin_array(line);
    for (size_t i = 0; i < prompt->n_images; i++) {
        beacon_json_begin_object(line);
        beacon_json_put_member(line, "name", beacon_text(prompt->images[i].name));
        beacon_json_put_member(line, "data_url", beacon_text(prompt->images[i].data_url));
        beacon_json_end_object(line);
    }
    beacon_json_end_array(line);
}

void session_record_prompt(struct record *record, const struct wire *wire,
                           const struct agent_prompt *prompt)
{
    for (size_t i = 0; i < history_count(wire->history); i++) {
        struct beacon_json_out *line = cassette_line(record->writer, "context");
        beacon_json_key(line, "item");
        beacon_json_put_raw(line, history_item(wire->history, i));
        cassette_end_line(record->writer);
    }
    struct beacon_json_out *line = cassette_line(record->writer, "prompt");
    beacon_json_key(line, "prompt");
    beacon_json_begin_object(line);
    beacon_json_put_member(line, "text", beacon_text(prompt->text));
    put_images(line, prompt);
    beacon_json_end_object(line);
    cassette_end_line(record->writer);
    record->json = exec_json_create_to(on_json, record);
    fanout_add_without_deltas(wire->events, on_event, record);
}
