/* host_api.h - what a plugin sees of the host: one `struct beacon_host` per plugin.
 *
 * The core table logs under the plugin's id and answers questions about cancels; everything else is
 * a facet by id, given only when the manifest asked for its capability. This host has
 * "beacon.host.clock/1" (asks for nothing), "beacon.host.env/1" (env:<name glob>),
 * "beacon.host.secrets/1" (secrets) and "beacon.host.ui/1" (ui). What the last two do is done by rooms
 * above, through struct host_services.
 * Made by loader.c. Thread: slots are [any], create and destroy [main].
 */
#ifndef HOST_PLUGIN_HOST_API_H
#define HOST_PLUGIN_HOST_API_H

#include <beacon/host.h>
#include <stdbool.h>
#include <stdint.h>

struct host_api;
struct plugin_manifest;

/* What one blocking call is told about stopping; lives on the caller's stack for the call. Plugins
 * hold a pointer to it and ask through their beacon_host. */
struct beacon_cancel {
    bool (*is_cancelled)(const void *ctx); /* [any] NULL = never */
    int fd;                                /* readable once cancelled; -1 = none */
    uint64_t deadline_ns;                  /* CLOCK_MONOTONIC; 0 = none */
    const void *ctx;
};

/* What facets need of the rooms above. Spans and sinks are those of the slot in beacon/host.h, checked
 * before: a key is 1 to 128 characters without control characters, no pointer is NULL where bytes are
 * promised. `plugin_id` says who asks. NULL members: the host has no store, or nobody to talk to.
 * Each may be called on any thread, several at once. */
struct host_services {
    void *secrets_ctx;
    int (*secret_get)(void *ctx, const char *plugin_id, struct beacon_str key,
                      const struct beacon_sink *out, uint64_t *gen, struct beacon_error *err);
    int (*secret_set)(void *ctx, const char *plugin_id, struct beacon_str key,
                      struct beacon_bytes value, uint64_t expect_gen, struct beacon_error *err);
    int (*secret_erase)(void *ctx, const char *plugin_id, struct beacon_str key,
                        struct beacon_error *err);
    void *ui_ctx;
    int (*open_url)(void *ctx, const char *plugin_id, struct beacon_str url, struct beacon_str why);
    int (*show_code)(void *ctx, const char *plugin_id, struct beacon_str url,
                     struct beacon_str user_code, uint32_t expires_s);
    int (*prompt)(void *ctx, const char *plugin_id, struct beacon_str label, bool is_secret,
                  const struct beacon_sink *out, const struct beacon_cancel *cancel);
};

/* [main] Copied; NULL takes them away. Before the plugins that use them are opened, and not while one
 * of them runs. Both ctx must live until the next call. */
void host_api_set_services(const struct host_services *services);

/* [main] The person's configuration named this variable (`env_key`): the plugin may read it beside what
 * its manifest asked for. It must have asked for some, else it still has no facet. Names are granted
 * for the life of the process. */
void host_api_grant_env(const struct beacon_host *host, const char *name);

/* Keeps copies of what it needs from the manifest. */
struct host_api *host_api_create(const struct plugin_manifest *manifest);
void host_api_destroy(struct host_api *api); /* NULL is fine */
const struct beacon_host *host_api_table(const struct host_api *api);

#endif
