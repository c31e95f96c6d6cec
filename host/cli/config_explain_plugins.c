/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon/auth.h>
#include <beacon/provider.h>
#include <beacon/sandbox.h>
#include <beacon/telemetry.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "cli/config_explain.h"
#include "cli/provider_config.h"
#include "cli/sandbox_config.h"
#include "cli/wire.h"
#include "cli/wire_plugins.h"
#include "cli/wire_policy.h"
#include "config/layers.h"
#include "config/provider_settings.h"
#include "plugin/discover.h"
#include "plugin/manifest.h"
#include "plugin/policy.h"
#include "plugin/report.h"
#include "plugin/select.h"
#include "sandbox/sandbox.h"

/* One explanation while it is made. */
struct explanation {
    const struct wire_start *start;
    const struct wire_plugins *plugins;
    struct json_object *list; /* of plugins */
};

static struct json_object *add_item(const struct explanation *it, const char *component)
{
    struct json_object *object = json_object_new_object();
    report_put_string(object, "component", component);
    (void)json_object_array_add(it->list, object);
    return object;
}

static void put_refusal(struct json_object *object, const struct beacon_error *err)
{
    if (err->code != BEACON_OK) {
        report_put_refusal(object, err);
    }
}

/* Which file the name of a component leads to, or why to none. */
static struct json_object *add_selected(const struct explanation *it, uint32_t kind,
                                        const char *name)
{
    struct beacon_error err = {0};
    const struct plugin_entry *entry = NULL;
    const struct manifest_component *component = NULL;
    struct json_object *object = add_item(it, name);
    if (plugin_select(it->plugins->set, kind, name, &entry, &component, &err) == BEACON_OK) {
        report_put_string(object, "id", entry->id);
        report_put_string(object, "version", entry->manifest->version);
        report_put_string(object, "place", plugin_place_name(entry->place));
        report_put_string(object, "path", entry->path);
        report_put_string(object, "where", entry->where);
    }
    put_refusal(object, &err);
    return object;
}

static void explain_provider(const struct explanation *it)
{
    struct beacon_error err = {0};
    struct provider_settings settings = {0};
    const struct config *config = it->start->config;
    const char *id = config_string(config, "model_provider");
    if (config_provider(config, id, &settings, &err) != BEACON_OK) {
        put_refusal(add_item(it, id), &err);
        return;
    }
    struct json_object *object = add_selected(it, BEACON_KIND_PROVIDER, settings.plugin);
    if (wire_policy_check_provider(it->plugins->policy, &settings, &err) != BEACON_OK) {
        put_refusal(object, &err);
    }
    provider_settings_finish(&settings);
}

/* Only asking the kernel tells what `auto` takes, so the sandbox is made. */
static void explain_sandbox(const struct explanation *it)
{
    const struct config *config = it->start->config;
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    struct sandbox_config read;
    sandbox_config_read(config, it->start->cwd, it->start->home.path, NULL, 0, &read);
    wire_policy_require_sandbox(it->plugins->policy, &read.settings);
    if (sandbox_create(it->plugins->set, &read.settings, &sandbox, &err) != BEACON_OK) {
        put_refusal(add_item(it, read.settings.backend), &err);
        sandbox_config_finish(&read);
        return;
    }
    (void)add_selected(it, BEACON_KIND_SANDBOX, sandbox_backend_label(sandbox));
    sandbox_destroy(sandbox);
    sandbox_config_finish(&read);
}

/* The provider in use may name one of its own, or want none. */
static void explain_auth(const struct explanation *it)
{
    struct beacon_error err = {0};
    struct provider_settings settings = {0};
    const struct config *config = it->start->config;
    const char *id = config_string(config, "model_provider");
    if (config_provider(config, id, &settings, &err) != BEACON_OK) {
        put_refusal(add_item(it, id), &err);
        return;
    }
    const char *name = provider_config_auth(config, &settings);
    if (name != NULL) {
        (void)add_selected(it, BEACON_KIND_AUTH, name);
    }
    provider_settings_finish(&settings);
}

static void explain_exporters(const struct explanation *it)
{
    struct json_object *wanted = config_node(it->start->config, "otel.exporter");
    if (json_object_is_type(wanted, json_type_string) &&
        strcmp(json_object_get_string(wanted), "none") != 0) {
        (void)add_selected(it, BEACON_KIND_TELEMETRY, json_object_get_string(wanted));
    }
    if (json_object_is_type(wanted, json_type_object)) {
        json_object_object_foreach(wanted, name, settings)
        {
            (void)settings;
            (void)add_selected(it, BEACON_KIND_TELEMETRY, name);
        }
    }
}

struct deciding_key {
    const char *key;
    void (*explain)(const struct explanation *it);
    const char *policy_key; /* of [require], beside all of [plugins] */
};

static const struct deciding_key deciding_keys[] = {
    {"model_provider", explain_provider, "provider_origins"},
    {"sandbox_backend", explain_sandbox, "sandbox"},
    {"sandbox_mode", explain_sandbox, "sandbox"},
    {"auth", explain_auth, ""},
    {"otel.exporter", explain_exporters, "telemetry"},
};

static const struct deciding_key *find_key(const char *key)
{
    for (size_t i = 0; i < sizeof deciding_keys / sizeof deciding_keys[0]; i++) {
        if (strcmp(deciding_keys[i].key, key) == 0) {
            return &deciding_keys[i];
        }
    }
    return NULL;
}

bool config_explain_has_plugins(const char *key)
{
    return find_key(key) != NULL;
}

static struct json_object *lines_of(const struct plugin_policy *policy,
                                    const struct deciding_key *row)
{
    struct json_object *list = json_object_new_array();
    struct policy_line line;
    for (size_t i = 0; plugin_policy_line(policy, i, &line); i++) {
        if (strcmp(line.section, "plugins") != 0 && strcmp(line.key, row->policy_key) != 0) {
            continue;
        }
        struct json_object *object = json_object_new_object();
        report_put_string(object, "where", line.where);
        report_put_string(object, "section", line.section);
        report_put_string(object, "key", line.key);
        report_put_string(object, "value", line.value);
        (void)json_object_array_add(list, object);
    }
    return list;
}

int config_explain_plugins(const struct wire_start *start, const char *key,
                           struct json_object *document, struct beacon_error *err)
{
    const struct deciding_key *row = find_key(key);
    struct wire_plugins plugins = {0};
    const struct wire_plugins_request request = {.home = start->home.path, .is_inspection = true};
    int rc = wire_plugins_open(&request, &plugins, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    const struct explanation it = {
        .start = start, .plugins = &plugins, .list = json_object_new_array()};
    json_object_object_add(document, "plugins", it.list);
    json_object_object_add(document, "policy", lines_of(plugins.policy, row));
    row->explain(&it);
    wire_plugins_close(&plugins);
    return BEACON_OK;
}
