/* SPDX-License-Identifier: Apache-2.0 */
#include "config/provider_settings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "config/loading.h"
#include "config/profile_values.h"
#include "config/provider_builtin.h"
#include "config/provider_entry.h"
#include "config/provider_expand.h"
#include "config/schema.h"

#define RETRIES_MAX  100
#define WIRE_DEFAULT "responses"

/* One provider on its way: the entry of the configuration, and what is filled from it. */
struct filling {
    const struct toml_value *entry; /* NULL: nothing is configured */
    const char *id;
    struct provider_settings *settings;
    struct beacon_error *err;
};

static const struct toml_value *value_of(const struct filling *filling, const char *key)
{
    return filling->entry != NULL ? toml_table_get(filling->entry, key) : NULL;
}

/* The configured string replaces what is in *field. */
static void fill_string(const struct filling *filling, const char *key, char **field)
{
    const struct toml_value *value = value_of(filling, key);
    if (value != NULL) {
        free(*field);
        *field = alloc_string(value->string.data);
    }
}

static int64_t number_of(const struct filling *filling, const char *key)
{
    const struct toml_value *value = value_of(filling, key);
    if (value != NULL) {
        return value->integer;
    }
    const struct schema_row *row = schema_find("model_providers.*", key, strlen(key));
    return row->fallback != NULL ? strtoll(row->fallback, NULL, 10) : 0;
}

static uint32_t retries_of(const struct filling *filling, const char *key)
{
    int64_t number = number_of(filling, key);
    return number < RETRIES_MAX ? (uint32_t)number : RETRIES_MAX;
}

static int fill_time(const struct filling *filling, const char *key, uint32_t *field)
{
    int64_t number = number_of(filling, key);
    if (number == 0) {
        return error_set(filling->err, BEACON_E_INVALID, "give it at least 1 millisecond",
                         "`model_providers.%s.%s` must not be 0", filling->id, key);
    }
    *field = number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
    return BEACON_OK;
}

static int fill_times(const struct filling *filling)
{
    struct provider_settings *settings = filling->settings;
    int rc = fill_time(filling, "stream_idle_timeout_ms", &settings->stream_idle_timeout_ms);
    if (rc == BEACON_OK) {
        rc = fill_time(filling, "connect_timeout_ms", &settings->connect_timeout_ms);
    }
    int64_t total = number_of(filling, "total_timeout_ms");
    settings->total_timeout_ms = total < UINT32_MAX ? (uint32_t)total : UINT32_MAX;
    settings->first_byte_timeout_ms = settings->stream_idle_timeout_ms;
    if (rc == BEACON_OK && value_of(filling, "first_byte_timeout_ms") != NULL) {
        rc = fill_time(filling, "first_byte_timeout_ms", &settings->first_byte_timeout_ms);
    }
    return rc;
}

static void add_pair(struct provider_pair **pairs, size_t *count, const char *name,
                     const char *value)
{
    *pairs = alloc_grow(*pairs, *count + 1, sizeof **pairs);
    (*pairs)[*count] = (struct provider_pair){alloc_string(name), alloc_string(value)};
    (*count)++;
}

static bool is_blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t\r\n")] == '\0';
}

/* A line end inside a header would begin another header. */
static int check_header(const struct filling *filling, const char *name, const char *value)
{
    static const char separators[] = " \t:\"(),/;<=>?@[\\]{}";
    bool is_good = name[0] != '\0';
    for (const char *p = name; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        is_good = is_good && c > 0x20 && c < 0x7F && strchr(separators, c) == NULL;
    }
    for (const char *p = value; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        is_good = is_good && (c >= 0x20 || c == '\t') && c != 0x7F;
    }
    if (!is_good) {
        return error_set(filling->err, BEACON_E_INVALID, "correct its http_headers",
                         "header `%.80s` of model provider `%.80s` is not a valid header", name,
                         filling->id);
    }
    return BEACON_OK;
}

static int add_header(const struct filling *filling, const char *name, const char *value)
{
    int rc = check_header(filling, name, value);
    if (rc == BEACON_OK) {
        add_pair(&filling->settings->headers, &filling->settings->n_headers, name, value);
    }
    return rc;
}

/* Headers whose value is that of an environment variable, which may not be set. */
static int add_header_from(const struct filling *filling, const char *name, const char *variable)
{
    const char *value = getenv(variable);
    return is_blank(value) ? BEACON_OK : add_header(filling, name, value);
}

static int fill_headers(const struct filling *filling, const char *key,
                        int (*add)(const struct filling *, const char *, const char *))
{
    const struct toml_value *table = value_of(filling, key);
    int rc = BEACON_OK;
    for (size_t i = 0; table != NULL && i < table->table->count && rc == BEACON_OK; i++) {
        const struct toml_member *member = &table->table->items[i];
        rc = add(filling, member->key, member->value->string.data);
    }
    return rc;
}

static void fill_query(const struct filling *filling)
{
    const struct toml_value *table = value_of(filling, "query_params");
    for (size_t i = 0; table != NULL && i < table->table->count; i++) {
        const struct toml_member *member = &table->table->items[i];
        add_pair(&filling->settings->query, &filling->settings->n_query, member->key,
                 member->value->string.data);
    }
}

static int fill_headers_command(const struct filling *filling)
{
    struct provider_settings *settings = filling->settings;
    const struct toml_value *words = value_of(filling, "http_headers_command");
    size_t n = words != NULL ? words->array->count : 0;
    if (words != NULL && (n == 0 || words->array->items[0]->string.len == 0)) {
        return error_set(filling->err, BEACON_E_INVALID, "name a program, or remove the key",
                         "`model_providers.%.80s.http_headers_command` names no program",
                         filling->id);
    }
    for (size_t i = 0; i < n; i++) {
        settings->headers_command =
            alloc_grow(settings->headers_command, i + 1, sizeof *settings->headers_command);
        settings->headers_command[i] = alloc_string(words->array->items[i]->string.data);
        settings->n_headers_command = i + 1;
    }
    return BEACON_OK;
}

/* Who puts the key itself here must not read it in an error or a listing. */
static int check_env_key(const struct filling *filling)
{
    const char *name = filling->settings->env_key;
    if (name == NULL || name[0] == '\0' || provider_is_variable(name)) {
        return BEACON_OK;
    }
    return error_set(filling->err, BEACON_E_INVALID,
                     "write the name of the variable that holds the key, not the key itself",
                     "env_key of model provider `%.80s` is not the name of an environment variable",
                     filling->id);
}

/* An address that could be mistaken for something else is refused here, not by the network. */
static int check_base_url(const struct filling *filling)
{
    const char *url = filling->settings->base_url;
    if (url == NULL) {
        return BEACON_OK;
    }
    bool is_good = strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
    for (const char *p = url; *p != '\0'; p++) {
        is_good = is_good && (unsigned char)*p > 0x20 && *p != 0x7F;
    }
    if (!is_good) {
        return error_set(
            filling->err, BEACON_E_INVALID, "give an address that begins with https:// or http://",
            "base_url of model provider `%.80s` is not an address: %.80s", filling->id, url);
    }
    return BEACON_OK;
}

static void fill_texts(const struct filling *filling)
{
    struct provider_settings *settings = filling->settings;
    fill_string(filling, "name", &settings->name);
    fill_string(filling, "base_url", &settings->base_url);
    fill_string(filling, "env_key", &settings->env_key);
    fill_string(filling, "env_key_instructions", &settings->env_key_instructions);
    fill_string(filling, "experimental_bearer_token", &settings->bearer);
    fill_string(filling, "auth", &settings->auth);
    fill_string(filling, "wire_api", &settings->wire_api);
    fill_string(filling, "recording", &settings->recording);
    fill_string(filling, "plugin", &settings->plugin);
    fill_string(filling, "auth_header", &settings->auth_header);
    fill_string(filling, "local", &settings->local);
    if (settings->local != NULL && strcmp(settings->local, "none") == 0) {
        free(take_pointer(settings->local));
    }
    if (settings->name == NULL) {
        settings->name = alloc_string(filling->id);
    }
    if (settings->wire_api == NULL) {
        settings->wire_api = alloc_string(WIRE_DEFAULT);
    }
    if (settings->plugin == NULL) {
        settings->plugin = alloc_string(settings->wire_api);
    }
    profile_values_fill(filling->entry, settings);
}

/* Variables in the address and the query, which a service of one's own differs by. */
static int expand(const struct filling *filling)
{
    struct provider_settings *settings = filling->settings;
    int rc = provider_expand("base_url", filling->id, &settings->base_url, filling->err);
    for (size_t i = 0; i < settings->n_query && rc == BEACON_OK; i++) {
        rc = provider_expand("query_params", filling->id, &settings->query[i].value, filling->err);
    }
    return rc;
}

static int fill(const struct filling *filling, const struct provider_builtin *builtin)
{
    struct provider_settings *settings = filling->settings;
    const struct toml_value *auth = value_of(filling, "requires_openai_auth");
    fill_texts(filling);
    fill_query(filling);
    settings->requires_openai_auth = auth != NULL && auth->boolean;
    settings->request_max_retries = retries_of(filling, "request_max_retries");
    settings->stream_max_retries = retries_of(filling, "stream_max_retries");
    int rc = check_env_key(filling);
    rc = rc == BEACON_OK ? fill_times(filling) : rc;
    if (rc == BEACON_OK) {
        rc = fill_headers(filling, "http_headers", add_header);
    }
    if (rc == BEACON_OK) {
        rc = fill_headers(filling, "env_http_headers", add_header_from);
    }
    if (rc == BEACON_OK) {
        rc = fill_headers_command(filling);
    }
    if (builtin != NULL) {
        settings->requires_openai_auth = builtin->requires_openai_auth;
        for (size_t i = 0; rc == BEACON_OK && builtin->headers[i].name != NULL; i++) {
            rc = add_header_from(filling, builtin->headers[i].name, builtin->headers[i].variable);
        }
    }
    if (rc == BEACON_OK && settings->auth_header != NULL) {
        rc = check_header(filling, settings->auth_header, "");
    }
    rc = rc == BEACON_OK ? expand(filling) : rc;
    return rc == BEACON_OK ? check_base_url(filling) : rc;
}

/* Of a provider that says none in its table. */
static const char *wire_of(const struct provider_settings *settings)
{
    return settings->wire_api != NULL ? settings->wire_api : WIRE_DEFAULT;
}

int config_provider(const struct config *config, const char *id, struct provider_settings *ret,
                    struct beacon_error *err)
{
    struct provider_entry entry;
    int rc = provider_entry_find(config, id, &entry, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    const struct provider_builtin *builtin = entry.builtin;
    struct provider_settings settings = {.id = alloc_string(id)};
    struct filling filling = {entry.table, id, &settings, err};
    rc = builtin != NULL ? builtin->begin(config, &settings, err) : BEACON_OK;
    if (rc == BEACON_OK) {
        rc = profile_values_check(entry.table, wire_of(&settings), err);
    }
    if (rc == BEACON_OK) {
        rc = fill(&filling, builtin);
    }
    if (rc != BEACON_OK) {
        provider_settings_finish(&settings);
        return rc;
    }
    *ret = settings;
    return BEACON_OK;
}

static void free_pairs(struct provider_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        explicit_bzero(pairs[i].value, strlen(pairs[i].value)); /* often a key */
        free(pairs[i].name);
        free(pairs[i].value);
    }
    free(pairs);
}

void provider_settings_finish(struct provider_settings *settings)
{
    if (settings->bearer != NULL) {
        explicit_bzero(settings->bearer, strlen(settings->bearer));
    }
    char *const strings[] = {settings->id,       settings->name,   settings->base_url,
                             settings->env_key,  settings->bearer, settings->env_key_instructions,
                             settings->wire_api, settings->plugin, settings->recording,
                             settings->auth,     settings->local,  settings->auth_header,
                             settings->quirks,   settings->extra};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        free(strings[i]);
    }
    for (size_t i = 0; i < settings->n_headers_command; i++) {
        free(settings->headers_command[i]);
    }
    free(settings->headers_command);
    free_pairs(settings->query, settings->n_query);
    free_pairs(settings->headers, settings->n_headers);
    for (size_t i = 0; i < settings->n_models; i++) {
        free(settings->models[i].id);
        free(settings->models[i].display);
        free(settings->models[i].quirks);
    }
    free(settings->models);
    *settings = (struct provider_settings){0};
}
