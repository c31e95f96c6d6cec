/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/net_proxy.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/text.h"
#include "loop/loop.h"
#include "sandbox/net_proxy_parts.h"

#define ACCEPTED_AT_ONCE 16
#define PAUSE_MS         200

struct net_proxy *net_proxy_create(const struct net_proxy_options *options)
{
    struct net_proxy *proxy = alloc_zeroed(sizeof *proxy);
    proxy->options = *options;
    proxy->lookups = net_lookups_create(options->loop, options->resolve);
    return proxy;
}

void net_proxy_destroy(struct net_proxy *proxy)
{
    if (proxy != NULL) {
        assert(proxy->doors == NULL);
        net_lookups_destroy(proxy->lookups);
        free(proxy);
    }
}

static bool has_room(const struct net_door *door)
{
    return door->n_links < NET_DOOR_CONNECTIONS_MAX &&
           door->proxy->n_links < NET_PROXY_CONNECTIONS_MAX;
}

/* Clients that come meanwhile wait in the kernel's queue. */
static void watch_if_room(struct net_door *door)
{
    loop_watch_set(door->watch, has_room(door) ? LOOP_READABLE : 0);
}

static void on_pause_over(void *ctx)
{
    watch_if_room(ctx);
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void on_client(void *ctx, int events)
{
    struct net_door *door = ctx;
    (void)events;
    for (int i = 0; i < ACCEPTED_AT_ONCE && has_room(door); i++) {
        int fd = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            net_link_open(door, fd);
            continue;
        }
        if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) {
            break;
        }
        loop_watch_set(door->watch, 0);
        if (is_shortage(errno)) {
            loop_timer_start(door->pause, PAUSE_MS);
        }
        return;
    }
    watch_if_room(door);
}

struct net_door *net_door_open(struct net_proxy *proxy, int listen_fd)
{
    struct net_door *door = alloc_zeroed(sizeof *door);
    door->proxy = proxy;
    door->fd = listen_fd;
    door->next = proxy->doors;
    proxy->doors = door;
    door->pause = loop_timer_create(proxy->options.loop, on_pause_over, door);
    door->watch = loop_watch_create(proxy->options.loop, listen_fd, on_client, door);
    loop_watch_set(door->watch, LOOP_READABLE);
    return door;
}

static void leave_proxy(struct net_door *door)
{
    struct net_door **at = &door->proxy->doors;
    while (*at != door) {
        at = &(*at)->next;
    }
    *at = door->next;
}

void net_door_close(struct net_door *door)
{
    if (door == NULL) {
        return;
    }
    leave_proxy(door);
    while (door->links != NULL) {
        net_link_close(door->links);
    }
    loop_watch_close(door->watch);
    loop_timer_close(door->pause);
    (void)close(door->fd);
    for (size_t i = 0; i < door->n_tally; i++) {
        free(door->tally[i].reason);
    }
    free(door->tally);
    free(door);
}

void net_door_add(struct net_door *door, struct net_link *link)
{
    door->links = link;
    door->n_links++;
    door->proxy->n_links++;
}

void net_door_forget(struct net_door *door, struct net_link *link)
{
    struct net_link **at = &door->links;
    while (*at != link) {
        at = net_link_place(*at);
    }
    *at = *net_link_place(link);
    door->n_links--;
    door->proxy->n_links--;
    for (struct net_door *any = door->proxy->doors; any != NULL; any = any->next) {
        watch_if_room(any);
    }
}

static struct net_tally *tally_of(struct net_door *door, const char *host, uint16_t port)
{
    for (size_t i = 0; i < door->n_tally; i++) {
        if (door->tally[i].port == port && strcmp(door->tally[i].host, host) == 0) {
            return &door->tally[i];
        }
    }
    if (door->n_tally == NET_DOOR_HOSTS_MAX) {
        return NULL;
    }
    door->tally = alloc_grow(door->tally, door->n_tally + 1, sizeof *door->tally);
    struct net_tally *tally = &door->tally[door->n_tally++];
    *tally = (struct net_tally){.port = port};
    (void)snprintf(tally->host, sizeof tally->host, "%s", host);
    return tally;
}

void net_door_count(struct net_door *door, const char *host, uint16_t port, const char *reason)
{
    const struct net_proxy_options *options = &door->proxy->options;
    struct net_tally *tally = tally_of(door, host, port);
    if (tally == NULL) {
        return;
    }
    if (reason == NULL) {
        tally->n_allowed++;
        return;
    }
    if (tally->n_refused++ == 0) {
        tally->reason = alloc_string(reason);
        if (options->on_refused != NULL) {
            options->on_refused(options->ctx, tally->host, port, tally->reason);
        }
    }
}

const struct net_tally *net_door_tally(const struct net_door *door, size_t index)
{
    return index < door->n_tally ? &door->tally[index] : NULL;
}

size_t net_door_connection_count(const struct net_door *door)
{
    return door->n_links;
}

void net_door_explain(const struct net_door *door, struct text *out)
{
    for (size_t i = 0; i < door->n_tally; i++) {
        const struct net_tally *tally = &door->tally[i];
        if (tally->reason != NULL) {
            (void)text_addf(out, "%sthe sandbox refused a connection to %s:%u: %s",
                            out->len > 0 ? "; " : "", tally->host, (unsigned)tally->port,
                            tally->reason);
        }
    }
}
