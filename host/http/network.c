/* SPDX-License-Identifier: Apache-2.0 */
#include "http/network.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "http/exchange.h"
#include "http/proxy.h"
#include "http/trust.h"

struct network {
    struct http_network settings; /* what it points to is owned */
    char *proxy;
    char **no_proxy;
    struct trust *trust;
};

struct network *network_create(const struct http_network *settings)
{
    struct network *network = alloc_zeroed(sizeof *network);
    size_t n = settings->no_proxy != NULL ? settings->n_no_proxy : 0;
    network->trust = trust_create(settings);
    network->proxy = settings->proxy != NULL ? alloc_string(settings->proxy) : NULL;
    if (settings->no_proxy != NULL) {
        network->no_proxy = alloc_array(n + 1, sizeof *network->no_proxy);
    }
    for (size_t i = 0; i < n; i++) {
        network->no_proxy[i] = alloc_string(settings->no_proxy[i]);
    }
    network->settings = (struct http_network){.proxy = network->proxy,
                                              .no_proxy = (const char *const *)network->no_proxy,
                                              .n_no_proxy = n};
    return network;
}

void network_destroy(struct network *network)
{
    if (network == NULL) {
        return;
    }
    if (network->proxy != NULL) {
        explicit_bzero(network->proxy, strlen(network->proxy));
    }
    free(network->proxy);
    for (size_t i = 0; network->no_proxy != NULL && i < network->settings.n_no_proxy; i++) {
        free(network->no_proxy[i]);
    }
    free(network->no_proxy);
    trust_destroy(network->trust);
    free(network);
}

int network_choose_proxy(const struct network *network, struct http_exchange *exchange,
                         struct beacon_error *err)
{
    struct proxy_choice choice = {NULL, NULL};
    int rc = proxy_choose(&network->settings, exchange->url, &choice, err);
    if (rc == BEACON_OK && choice.url != NULL) {
        exchange->proxy = alloc_string(choice.url);
        exchange->via_source = choice.source;
        proxy_name(choice.url, exchange->via);
    }
    return rc;
}

static bool needs_tls(const struct http_exchange *exchange)
{
    return strncasecmp(exchange->url, "https://", 8) == 0 ||
           (exchange->proxy != NULL && strncasecmp(exchange->proxy, "https://", 8) == 0);
}

int network_refresh(struct network *network, const struct curl_table *curl,
                    const struct http_exchange *exchange, struct beacon_error *err)
{
    return needs_tls(exchange) ? trust_refresh(network->trust, curl, err) : BEACON_OK;
}

const struct trust *network_trust(const struct network *network)
{
    return network->trust;
}
