/* net_proxy_parts.h - what the proxy, its doors and its connections know of each other. Private. */
#ifndef HOST_SANDBOX_NET_PROXY_PARTS_H
#define HOST_SANDBOX_NET_PROXY_PARTS_H

#include "sandbox/net_proxy.h"

struct loop_timer;
struct loop_watch;
struct net_link;

struct net_proxy {
    struct net_proxy_options options;
    struct net_lookups *lookups;
    struct net_door *doors;
    size_t n_links;
};

struct net_door {
    struct net_door *next;
    struct net_proxy *proxy;
    int fd;
    struct loop_watch *watch;
    struct loop_timer *pause; /* when there is no descriptor left */
    struct net_link *links;
    size_t n_links;
    struct net_tally *tally;
    size_t n_tally;
};

/* Somebody asked for a host and was let through or was not. `host` may be any text. `reason` NULL: allowed. */
void net_door_count(struct net_door *door, const char *host, uint16_t port, const char *reason);

/* net_link.c: one connection. It takes `fd` and goes by itself, telling net_door_forget() as its last deed. */
void net_link_open(struct net_door *door, int fd);
void net_link_close(struct net_link *link);

/* The links of a door are a list that the door owns. */
struct net_link **net_link_place(struct net_link *link); /* where its successor is written */
void net_door_add(struct net_door *door, struct net_link *link);
void net_door_forget(struct net_door *door, struct net_link *link);

#endif
