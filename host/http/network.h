/* network.h - how servers are reached, as configured: proxy and certificates. Owns copies of struct
 * http_network. Private to request.c. Thread: [main].
 */
#ifndef HOST_HTTP_NETWORK_H
#define HOST_HTTP_NETWORK_H

#include <beacon/error.h>

struct curl_table;
struct http_exchange;
struct http_network;
struct network;
struct trust;

struct network *network_create(const struct http_network *settings);
void network_destroy(struct network *network); /* NULL is fine */

/* Fill proxy, via and via_source of the exchange. */
int network_choose_proxy(const struct network *network, struct http_exchange *exchange,
                         struct beacon_error *err);

/* Read the certificates that the exchange needs, where they have changed. */
int network_refresh(struct network *network, const struct curl_table *curl,
                    const struct http_exchange *exchange, struct beacon_error *err);

const struct trust *network_trust(const struct network *network);

#endif
