/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/net_hosts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "cli/provider_config.h"
#include "cli/wire.h"
#include "cli/wire_fallback.h"
#include "cli/wire_http.h"
#include "config/layers.h"
#include "config/provider_entry.h"
#include "config/provider_settings.h"
#include "http/egress.h"
#include "http/host_pattern.h"
#include "http/proxy.h"
#include "plugin/discover.h"
#include "plugin/manifest.h"
#include "plugin/policy.h"
#include "plugin/report.h"

#define BUILT_IN "built in"

struct listing {
    const struct config *config;
    const struct wire_plugins *plugins;
    struct egress *egress;
    struct json_object *hosts;
};

/* One reason to connect. */
struct purpose {
    const char *url;
    const char *what, *name; /* "model provider", "acme" */
    const char *key;         /* of the configuration; may be "" */
    const char *where;       /* "FILE:line", "built in" */
};

static bool is_http(const char *url)
{
    return strncasecmp(url, "https://", 8) == 0 || strncasecmp(url, "http://", 7) == 0;
}

/* "FILE:line" of a key. To free. */
static char *where_of(const struct config *config, const char *key)
{
    const struct config_origin *origin = config_origin(config, key);
    if (origin == NULL) {
        return alloc_string(BUILT_IN);
    }
    return origin->line > 0 ? alloc_printf("%s:%u", origin->file, origin->line)
                            : alloc_string(origin->file);
}

/* ---- one row ---- */

static void put_verdict(struct json_object *row, int rc, const struct beacon_error *err)
{
    report_put_bool(row, "allowed", rc == BEACON_OK);
    if (rc != BEACON_OK) {
        report_put_refusal(row, err);
    }
}

static void put_allowed_by(const struct listing *listing, const char *url, struct json_object *row)
{
    const char *entry = egress_entry(listing->egress, url);
    if (entry != NULL) {
        report_put_string(row, "allow_entry", entry);
        report_put_string(row, "allow_where", egress_where(listing->egress));
    }
}

static struct json_object *row_of(const struct purpose *purpose)
{
    struct json_object *row = json_object_new_object();
    struct host_and_port to;
    host_and_port_of(purpose->url, &to);
    report_put_string(row, "host", to.host);
    json_object_object_add(row, "port", json_object_new_int((int)to.port));
    report_put_string(row, "purpose", purpose->what);
    report_put_string(row, "name", purpose->name);
    report_put_string(row, "key", purpose->key);
    report_put_string(row, "where", purpose->where);
    return row;
}

static void add_proxy(struct listing *listing, const struct proxy_choice *choice)
{
    char via[ORIGIN_NAME_BYTES];
    struct beacon_error err = {0};
    proxy_name(choice->url, via);
    size_t n = json_object_array_length(listing->hosts);
    for (size_t i = 0; i < n; i++) { /* one row for each proxy */
        struct json_object *row = json_object_array_get_idx(listing->hosts, i);
        if (strcmp(json_string_of(row, "purpose", ""), "proxy") == 0 &&
            strcmp(json_string_of(row, "name", ""), via) == 0) {
            return;
        }
    }
    bool is_key = strcmp(choice->source, "http.proxy") == 0;
    AUTO_FREE char *where = is_key ? where_of(listing->config, "http.proxy")
                                   : alloc_printf("environment variable %s", choice->source);
    const struct purpose purpose = {via, "proxy", via, is_key ? "http.proxy" : "", where};
    struct json_object *row = row_of(&purpose);
    int rc = egress_judge(listing->egress, via, "the proxy ", &err);
    put_verdict(row, rc, &err);
    put_allowed_by(listing, via, row);
    json_object_array_add(listing->hosts, row);
}

static void add(struct listing *listing, const struct purpose *purpose)
{
    struct beacon_error err = {0};
    struct proxy_choice choice = {NULL, NULL};
    struct json_object *row = row_of(purpose);
    int rc = plugin_policy_judge_origin(listing->plugins->policy, purpose->url, &err);
    rc = rc == BEACON_OK ? egress_judge(listing->egress, purpose->url, "", &err) : rc;
    rc =
        rc == BEACON_OK ? wire_http_choose_proxy(listing->config, purpose->url, &choice, &err) : rc;
    if (choice.url != NULL) {
        char via[ORIGIN_NAME_BYTES];
        proxy_name(choice.url, via);
        report_put_string(row, "via", via);
    }
    put_verdict(row, rc, &err);
    put_allowed_by(listing, purpose->url, row);
    json_object_array_add(listing->hosts, row);
    if (choice.url != NULL) {
        add_proxy(listing, &choice);
    }
}

/* ---- what a plugin says it connects to ---- */

static const struct plugin_manifest *manifest_of(const struct listing *listing, uint32_t kind,
                                                 const char *component)
{
    const struct plugin_set *set = listing->plugins->set;
    for (size_t i = 0; i < plugin_set_count(set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(set, i);
        const struct plugin_manifest *manifest = entry->manifest;
        for (size_t j = 0;
             entry->state == PLUGIN_USABLE && manifest != NULL && j < manifest->n_components; j++) {
            if (manifest->components[j].kind == kind &&
                strcmp(manifest->components[j].name, component) == 0) {
                return manifest;
            }
        }
    }
    return NULL;
}

/* Its capabilities net:ORIGIN, which may hold a *. */
static void add_of_plugin(struct listing *listing, uint32_t kind, const char *component,
                          const struct purpose *like)
{
    const struct plugin_manifest *manifest = manifest_of(listing, kind, component);
    for (size_t i = 0; manifest != NULL && i < manifest->n_capabilities; i++) {
        const char *capability = manifest->capabilities[i];
        if (strncmp(capability, "net:", 4) == 0 && is_http(capability + 4)) {
            struct purpose purpose = *like;
            purpose.url = capability + 4;
            purpose.where = manifest->id;
            add(listing, &purpose);
        }
    }
}

/* ---- who connects ---- */

/* The key base_url of a built-in is one of the root, or an environment variable. */
static void find_place(const struct listing *listing, const char *id, char **ret_key,
                       char **ret_where)
{
    struct provider_entry entry = {NULL, NULL, NULL};
    struct provider_origin origin = {NULL, 0};
    struct beacon_error err = {0};
    bool is_openai = strcmp(id, "openai") == 0;
    *ret_key = is_openai ? alloc_string("openai_base_url")
                         : alloc_printf("model_providers.%s.base_url", id);
    if (is_openai || provider_entry_find(listing->config, id, &entry, &err) != BEACON_OK ||
        entry.table == NULL || provider_entry_value(&entry, "base_url", &origin) == NULL) {
        *ret_where = where_of(listing->config, *ret_key);
        return;
    }
    *ret_where = origin.line > 0 ? alloc_printf("%s:%u", origin.file, origin.line)
                                 : alloc_string(origin.file);
}

static int add_provider(struct listing *listing, const char *id, const char *what,
                        struct beacon_error *err)
{
    struct provider_settings settings;
    int rc = config_provider(listing->config, id, &settings, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    AUTO_FREE char *key = NULL, *where = NULL;
    find_place(listing, id, &key, &where);
    const struct purpose purpose = {settings.base_url, what, id, key, where};
    const char *auth = provider_config_auth(listing->config, &settings);
    if (settings.base_url != NULL && is_http(settings.base_url)) {
        add(listing, &purpose);
    } else {
        add_of_plugin(listing, BEACON_KIND_PROVIDER, settings.plugin, &purpose);
    }
    if (auth != NULL && settings.bearer == NULL) {
        const struct purpose login = {NULL, "login", auth, "auth", ""};
        add_of_plugin(listing, BEACON_KIND_AUTH, auth, &login);
    }
    provider_settings_finish(&settings);
    return BEACON_OK;
}

static int add_fallbacks(struct listing *listing, struct beacon_error *err)
{
    struct json_object *list = config_node(listing->config, "model_fallback");
    size_t n = list != NULL ? json_object_array_length(list) : 0;
    const char *first = config_string(listing->config, "model_provider");
    int rc = BEACON_OK;
    for (size_t i = 0; i < n && rc == BEACON_OK; i++) {
        struct fallback_name name = {NULL, NULL};
        wire_fallback_name(listing->config,
                           json_object_get_string(json_object_array_get_idx(list, i)), &name);
        if (strcmp(name.provider, first) != 0) {
            rc = add_provider(listing, name.provider, "model fallback", err);
        }
        free(name.model);
        free(name.provider);
    }
    return rc;
}

/* The tables below `path` whose member `field` is an address. */
static void add_tables(struct listing *listing, const char *path, const char *field,
                       const char *what)
{
    struct json_object *tables = config_node(listing->config, path);
    if (!json_object_is_type(tables, json_type_object)) {
        return;
    }
    json_object_object_foreach(tables, name, table)
    {
        const char *url = json_object_is_type(table, json_type_object)
                              ? json_string_of(table, field, NULL)
                              : NULL;
        AUTO_FREE char *key = alloc_printf("%s.\"%s\".%s", path, name, field);
        AUTO_FREE char *where = where_of(listing->config, key);
        if (url != NULL && is_http(url)) {
            add(listing, &(struct purpose){url, what, name, key, where});
        }
    }
}

static void add_exporters(struct listing *listing)
{
    struct json_object *wanted = config_node(listing->config, "otel.exporter");
    add_tables(listing, "otel.exporter", "endpoint", "telemetry");
    struct purpose purpose = {NULL, "telemetry", "", "otel.exporter", ""};
    if (json_object_is_type(wanted, json_type_string)) {
        purpose.name = json_object_get_string(wanted);
        add_of_plugin(listing, BEACON_KIND_TELEMETRY, purpose.name, &purpose);
    } else if (json_object_is_type(wanted, json_type_object)) {
        json_object_object_foreach(wanted, name, table)
        {
            (void)table;
            purpose.name = name;
            add_of_plugin(listing, BEACON_KIND_TELEMETRY, name, &purpose);
        }
    }
}

static struct json_object *document_of(const struct listing *listing)
{
    struct json_object *document = json_object_new_object();
    report_put_bool(document, "has_allow_list", listing->egress != NULL);
    if (listing->egress != NULL) {
        report_put_string(document, "allow_where", egress_where(listing->egress));
    }
    json_object_object_add(document, "hosts", json_object_get(listing->hosts)); /* shared once */
    return document;
}

int net_hosts(const struct wire_start *start, const struct wire_plugins *plugins,
              struct json_object **ret, struct beacon_error *err)
{
    AUTO_JSON struct json_object *hosts = json_object_new_array();
    struct listing listing = {.config = start->config, .plugins = plugins, .hosts = hosts};
    int rc = wire_http_allow_list(start->config, &listing.egress, err);
    if (rc == BEACON_OK) {
        rc = add_provider(&listing, config_string(start->config, "model_provider"),
                          "model provider", err);
    }
    rc = rc == BEACON_OK ? add_fallbacks(&listing, err) : rc;
    if (rc == BEACON_OK) {
        add_exporters(&listing);
        add_tables(&listing, "mcp_servers", "url", "MCP server (not used yet)");
        *ret = document_of(&listing);
    }
    egress_destroy(listing.egress);
    return rc;
}
