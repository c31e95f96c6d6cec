/* host_api.h - what a plugin sees of the host: one `struct beacon_host` per plugin.
 *
 * The core table logs under the plugin's id and answers questions about cancels; everything else is
 * a facet by id, given only when the manifest asked for its capability. This host has
 * "beacon.host.clock/1" (asks for nothing) and "beacon.host.env/1" (env:<name glob>).
 * Made by loader.c. Thread: slots are [any], create and destroy [main].
 */
#ifndef HOST_PLUGIN_HOST_API_H
#define HOST_PLUGIN_HOST_API_H

#include <stdbool.h>
#include <stdint.h>

struct beacon_host;
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

/* Keeps copies of what it needs from the manifest. */
struct host_api *host_api_create(const struct plugin_manifest *manifest);
void host_api_destroy(struct host_api *api); /* NULL is fine */
const struct beacon_host *host_api_table(const struct host_api *api);

#endif
