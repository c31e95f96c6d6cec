/* wire_http.h - how a session's own requests reach servers: [http] and network.allow of the configuration,
 * and the admin's origins, put into the HTTP room. Thread: [main].
 */
#ifndef HOST_CLI_WIRE_HTTP_H
#define HOST_CLI_WIRE_HTTP_H

#include <beacon/error.h>

struct config;
struct egress;
struct home;
struct http;
struct provider;
struct provider_settings;
struct wire;

/* After http and plugins are there. INVALID: an entry of network.allow is no host. */
int wire_http_open(struct wire *wire, struct beacon_error *err);
void wire_http_close(struct wire *wire); /* after http is gone */

/* REFUSED, POLICY: requests of this provider could not leave, so that nothing need be begun. */
int wire_http_check_provider(const struct wire *wire, const struct provider_settings *settings,
                             struct beacon_error *err);

/* REFUSED: it makes requests of its own, which no list can hold. */
int wire_http_check_transport(const struct wire *wire, const struct provider_settings *settings,
                              const struct provider *provider, struct beacon_error *err);

/* The same of an exporter's plugin, by its id. */
int wire_http_check_exporter(const struct wire *wire, const char *id, struct beacon_error *err);

/* network.allow, *ret NULL where it is not set; to egress_destroy(). */
int wire_http_allow_list(const struct config *config, struct egress **ret,
                         struct beacon_error *err);

/* Which proxy a request to `url` would go through; the strings live as long as the configuration and the
 * environment. INVALID: its address is none. */
struct proxy_choice;
int wire_http_choose_proxy(const struct config *config, const char *url, struct proxy_choice *ret,
                           struct beacon_error *err);

/* Put [http] into effect. Paths are taken from `home_path` when they are not absolute, "~/" from $HOME. */
void wire_http_configure(struct http *http, const struct config *config, const char *home_path);

#endif
