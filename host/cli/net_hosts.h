/* net_hosts.h - every host that this program itself connects to under a configuration, what for, and the
 * key that says so. Nothing is connected to or looked up. Thread: [main].
 */
#ifndef HOST_CLI_NET_HOSTS_H
#define HOST_CLI_NET_HOSTS_H

#include <beacon/error.h>

struct json_object;
struct wire_plugins;
struct wire_start;

/* The document of docs/protocol/net-json.md; *ret is the caller's. */
int net_hosts(const struct wire_start *start, const struct wire_plugins *plugins,
              struct json_object **ret, struct beacon_error *err);

#endif
