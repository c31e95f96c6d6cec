/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/host_api.h"

#include <beacon/host.h>
#include <errno.h>
#include <fnmatch.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "plugin/host_facets.h"
#include "plugin/manifest.h"

#define LOG_LINES_PER_SECOND 100
#define LOG_LINE_MAX_BYTES   900
#define ENV_PREFIX           "env:"
#define NS_PER_SECOND        UINT64_C(1000000000)

/* A variable that the configuration named; pushed at the front, never taken away. */
struct granted_name {
    const struct granted_name *next;
    char *name;
};

struct host_api {
    struct beacon_host table;
    char *plugin_id;
    char **env_globs; /* behind "env:" in the manifest */
    size_t n_env_globs;
    const struct granted_name *_Atomic granted;
    bool may_keep_secrets, may_talk;
    pthread_t main_thread;
    _Atomic uint64_t log_second; /* the second that log_lines counts for */
    _Atomic uint32_t log_lines;
};

/* Filled before the plugins run that use them; so they need no lock. */
static struct host_services current_services;

static struct host_api *api_of(const struct beacon_host *host)
{
    return host->ctx;
}

/* At most LOG_LINES_PER_SECOND; two threads that meet at the turn of a second may lose a line. */
static bool may_log(struct host_api *api)
{
    uint64_t second = clock_mono_ns() / NS_PER_SECOND;
    if (atomic_exchange(&api->log_second, second) != second) {
        uint32_t lines = atomic_exchange(&api->log_lines, 0);
        if (lines > LOG_LINES_PER_SECOND) {
            log_line(LOG_LEVEL_WARN, "%s: %u more log lines were left out", api->plugin_id,
                     lines - LOG_LINES_PER_SECOND);
        }
    }
    return atomic_fetch_add(&api->log_lines, 1) < LOG_LINES_PER_SECOND;
}

static void add_span(struct text *line, struct beacon_str span)
{
    if (span.p != NULL) {
        size_t room = line->max_bytes - line->len;
        (void)text_add(line, span.p, span.n < room ? span.n : room);
    }
}

static void host_log(const struct beacon_host *host, uint32_t level, struct beacon_str msg,
                     const struct beacon_kv *attrs, size_t n)
{
    struct host_api *api = api_of(host);
    enum log_level ours = level > BEACON_LOG_ERROR ? LOG_LEVEL_ERROR : (enum log_level)level;
    if (!log_is_on(ours) || !may_log(api)) {
        return;
    }
    AUTO_TEXT struct text line;
    text_init(&line, LOG_LINE_MAX_BYTES);
    add_span(&line, msg);
    for (size_t i = 0; attrs != NULL && i < n; i++) {
        (void)text_add_char(&line, ' ');
        add_span(&line, attrs[i].k);
        (void)text_add_char(&line, '=');
        add_span(&line, attrs[i].v);
    }
    log_line(ours, "%s: %s", api->plugin_id, text_string(&line));
}

static uint32_t host_cancelled(const struct beacon_host *host, const struct beacon_cancel *cancel)
{
    (void)host;
    return cancel != NULL && cancel->is_cancelled != NULL && cancel->is_cancelled(cancel->ctx);
}

static int32_t host_cancel_fd(const struct beacon_host *host, const struct beacon_cancel *cancel)
{
    (void)host;
    return cancel != NULL ? cancel->fd : -1;
}

static uint64_t host_deadline_ns(const struct beacon_host *host, const struct beacon_cancel *cancel)
{
    (void)host;
    return cancel != NULL ? cancel->deadline_ns : 0;
}

static uint32_t host_on_main(const struct beacon_host *host)
{
    return pthread_equal(pthread_self(), api_of(host)->main_thread) != 0;
}

static uint64_t clock_facet_mono_ns(const struct beacon_host *host)
{
    (void)host;
    return clock_mono_ns();
}

static uint64_t clock_facet_unix_ms(const struct beacon_host *host)
{
    (void)host;
    return clock_unix_ms();
}

static beacon_rc clock_facet_random(const struct beacon_host *host, void *p, size_t n)
{
    (void)host;
    for (size_t done = 0; done < n;) {
        ssize_t got = getrandom((char *)p + done, n - done, 0);
        if (got < 0 && errno != EINTR) {
            return BEACON_E_IO;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return BEACON_OK;
}

static const struct beacon_host_clock clock_facet = {
    .struct_size = (uint32_t)sizeof clock_facet,
    .mono_ns = clock_facet_mono_ns,
    .unix_ms = clock_facet_unix_ms,
    .random = clock_facet_random,
};

static bool may_read_variable(struct host_api *api, const char *name)
{
    for (size_t i = 0; i < api->n_env_globs; i++) {
        if (fnmatch(api->env_globs[i], name, 0) == 0) {
            return true;
        }
    }
    for (const struct granted_name *granted = atomic_load(&api->granted); granted != NULL;
         granted = granted->next) {
        if (strcmp(granted->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static beacon_rc env_facet_get(const struct beacon_host *host, struct beacon_str name,
                               const struct beacon_sink *out)
{
    if (name.p == NULL || name.n == 0 || memchr(name.p, '\0', name.n) != NULL) {
        return BEACON_E_INVALID;
    }
    AUTO_FREE char *variable = alloc_string_n(name.p, name.n);
    if (!may_read_variable(api_of(host), variable)) {
        return BEACON_E_REFUSED;
    }
    const char *value = getenv(variable);
    if (value == NULL) {
        return BEACON_E_NOT_FOUND;
    }
    return out->put(out, value, strlen(value));
}

static const struct beacon_host_env env_facet = {
    .struct_size = (uint32_t)sizeof env_facet,
    .get = env_facet_get,
};

static const void *host_facet(const struct beacon_host *host, const char *id)
{
    if (id == NULL) {
        return NULL;
    }
    if (strcmp(id, BEACON_HOST_CLOCK) == 0) {
        return &clock_facet;
    }
    if (strcmp(id, BEACON_HOST_ENV) == 0 && api_of(host)->n_env_globs > 0) {
        return &env_facet;
    }
    if (strcmp(id, BEACON_HOST_SECRETS) == 0 && api_of(host)->may_keep_secrets) {
        return &host_secrets_facet;
    }
    if (strcmp(id, BEACON_HOST_UI) == 0 && api_of(host)->may_talk) {
        return &host_ui_facet;
    }
    return NULL;
}

void host_api_set_services(const struct host_services *services)
{
    current_services = services != NULL ? *services : (struct host_services){0};
}

const struct host_services *host_api_services(void)
{
    return &current_services;
}

const char *host_api_plugin_id(const struct beacon_host *host)
{
    return api_of(host)->plugin_id;
}

void host_api_grant_env(const struct beacon_host *host, const char *name)
{
    struct host_api *api = api_of(host);
    if (may_read_variable(api, name)) {
        return;
    }
    struct granted_name *granted = alloc_zeroed(sizeof *granted);
    granted->name = alloc_string(name);
    granted->next = atomic_load(&api->granted);
    atomic_store(&api->granted, granted);
}

static struct beacon_str span_of(const char *s)
{
    return (struct beacon_str){.p = s, .n = strlen(s)};
}

struct host_api *host_api_create(const struct plugin_manifest *manifest)
{
    struct host_api *api = alloc_zeroed(sizeof *api);
    api->plugin_id = alloc_string(manifest->id);
    api->env_globs = alloc_array(manifest->n_capabilities + 1, sizeof *api->env_globs);
    for (size_t i = 0; i < manifest->n_capabilities; i++) {
        const char *capability = manifest->capabilities[i];
        if (strncmp(capability, ENV_PREFIX, strlen(ENV_PREFIX)) == 0) {
            api->env_globs[api->n_env_globs++] = alloc_string(capability + strlen(ENV_PREFIX));
        }
    }
    api->may_keep_secrets = manifest_has_capability(manifest, "secrets", "");
    api->may_talk = manifest_has_capability(manifest, "ui", "");
    api->main_thread = pthread_self();
    api->table = (struct beacon_host){
        .struct_size = (uint32_t)sizeof api->table,
        .abi_minor = BEACON_ABI_MINOR,
        .ctx = api,
        .name = span_of("beacon"),
        .version = span_of(BEACON_HOST_VERSION),
        .log = host_log,
        .cancelled = host_cancelled,
        .cancel_fd = host_cancel_fd,
        .deadline_ns = host_deadline_ns,
        .on_main = host_on_main,
        .facet = host_facet,
    };
    return api;
}

void host_api_destroy(struct host_api *api)
{
    if (api == NULL) {
        return;
    }
    for (size_t i = 0; i < api->n_env_globs; i++) {
        free(api->env_globs[i]);
    }
    for (const struct granted_name *granted = api->granted; granted != NULL;) {
        const struct granted_name *next = granted->next;
        free(granted->name);
        free((void *)granted);
        granted = next;
    }
    free(api->env_globs);
    free(api->plugin_id);
    free(api);
}

const struct beacon_host *host_api_table(const struct host_api *api)
{
    return &api->table;
}
