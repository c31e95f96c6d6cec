/* wire_network.h - the network of a session's commands: who hears of it, and how it is written down.
 * Thread: [main].
 */
#ifndef HOST_CLI_WIRE_NETWORK_H
#define HOST_CLI_WIRE_NETWORK_H

#include <stddef.h>

struct config;
struct sandbox_settings;
struct wire;

/* Serve the allow-list on the loop of the session, and warn on its bus about each host refused. */
void wire_network_equip(struct wire *wire, struct sandbox_settings *settings);

/* The sandbox of a session as its journal and its requests name it, to free(). An allow-list is no
 * network access to a reader who knows nothing of lists. */
char *wire_network_policy_json(const struct config *config,
                               const struct sandbox_settings *settings);

/* The hosts that commands may reach, for the model; borrowed words in an array to free(). None unless the
 * network is an allow-list. */
const char **wire_network_hosts(const struct config *config, size_t *ret_n);

#endif
