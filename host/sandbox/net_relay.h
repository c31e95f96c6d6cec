/* net_relay.h - bytes between a client and a server, both ways, in bounded memory.
 *
 * Each direction has one buffer: it is read into when it is empty, and the reader is paused until
 * the other side has taken everything. The end of one direction is passed on as a half-close, and
 * the other goes on. Thread: [main].
 */
#ifndef HOST_SANDBOX_NET_RELAY_H
#define HOST_SANDBOX_NET_RELAY_H

#include <stdbool.h>
#include <stddef.h>

#include "sandbox/net_http.h"

#define NET_FLOW_BYTES 32768 /* of each direction; more than any head */

struct loop;
struct loop_watch;

enum net_side { NET_CLIENT, NET_SERVER };

/* From one side to the other one. */
struct net_flow {
    char *bytes;
    size_t from, to;  /* what waits to be written */
    bool has_ended;   /* nothing more is read */
    bool is_finished; /* and all is written */
};

struct net_relay {
    int fd[2]; /* by enum net_side; borrowed */
    struct loop_watch *watch[2];
    struct net_flow flow[2]; /* by the side it comes from */
    struct net_body *body;   /* what the client may send; NULL: anything */
    void (*on_progress)(void *ctx);
    void (*on_end)(void *ctx); /* both directions are over, or one broke. May finish the relay */
    void *ctx;
};

/* The buffers, empty; the fields behind `flow` are the caller's to set. */
void net_relay_init(struct net_relay *relay);

/* Bytes that are there already; false when there are too many. Before net_relay_start(). */
bool net_relay_put(struct net_relay *relay, enum net_side from, const char *p, size_t n);

void net_relay_start(struct net_relay *relay, struct loop *loop, const int fd[2]);
void net_relay_finish(struct net_relay *relay); /* a zeroed one is fine; no call afterwards */

#endif
