/* host_facets.h - the facets "beacon.host.secrets/1" and "beacon.host.ui/1": arguments are checked, errors
 * cut to what the plugin's struct has room for, and the work done by struct host_services.
 * Private to host_api.c. Thread: [any].
 */
#ifndef HOST_PLUGIN_HOST_FACETS_H
#define HOST_PLUGIN_HOST_FACETS_H

#include <beacon/host.h>

extern const struct beacon_host_secrets host_secrets_facet;
extern const struct beacon_host_ui host_ui_facet;

/* In host_api.c. */
const struct host_services *host_api_services(void); /* never NULL; members may be */
const char *host_api_plugin_id(const struct beacon_host *host);

#endif
