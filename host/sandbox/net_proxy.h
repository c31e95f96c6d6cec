/* net_proxy.h - the one way out for a command whose network is an allow-list.
 *
 * Runs in the host, on its loop, and serves the listening sockets that were made inside the network
 * namespaces of commands: each is a door. Speaks HTTP CONNECT, plain HTTP with absolute addresses (one
 * request for each connection) and SOCKS 5 without a password, told apart by the first byte. A name is
 * looked up once, on a worker thread, and connected to by the addresses that were found and judged. A
 * refusal is 403 with the sentence as its body, or reply 2 of SOCKS.
 *
 * Everything is bounded: connections of a door and of all, bytes of a head, memory of a connection, time
 * until a head is whole, until the server answers, and between two bytes. Thread: [main].
 */
#ifndef HOST_SANDBOX_NET_PROXY_H
#define HOST_SANDBOX_NET_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/net_lookup.h"

#define NET_PROXY_PORT            3128 /* inside, where every command has all ports to itself */
#define NET_DOOR_CONNECTIONS_MAX  64
#define NET_PROXY_CONNECTIONS_MAX 256
#define NET_DOOR_HOSTS_MAX        64 /* told apart in the tally of one door */

struct loop;
struct net_allow;
struct net_door;
struct net_proxy;
struct text;

struct net_proxy_options {
    struct loop *loop;
    const struct net_allow *lists;         /* borrowed, as the loop */
    net_resolve_fn resolve;                /* NULL: the system's */
    uint32_t head_ms, connect_ms, idle_ms; /* 0: the defaults */
    /* The first refusal of a host and port at a door. `reason` is a sentence. NULL: nobody asks. Must not
     * close the door. */
    void (*on_refused)(void *ctx, const char *host, uint16_t port, const char *reason);
    void *ctx;
};

struct net_proxy *net_proxy_create(const struct net_proxy_options *options);
void net_proxy_destroy(struct net_proxy *proxy); /* every door is closed before; NULL is fine */

/* Serve `listen_fd`, a listening stream socket, which is taken. */
struct net_door *net_door_open(struct net_proxy *proxy, int listen_fd);
void net_door_close(struct net_door *door); /* with its connections; NULL is fine */

/* What happened at a door, one row for each host and port in order of appearance. NULL behind the last. */
struct net_tally {
    char host[256]; /* printable */
    uint16_t port;
    uint32_t n_allowed, n_refused;
    char *reason; /* of the first refusal, or NULL */
};
const struct net_tally *net_door_tally(const struct net_door *door, size_t index);
size_t net_door_connection_count(const struct net_door *door);

/* "the sandbox refused a connection to X: …" for each refused host, for the model. */
void net_door_explain(const struct net_door *door, struct text *out);

#endif
