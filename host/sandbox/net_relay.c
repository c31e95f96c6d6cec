/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/net_relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "loop/loop.h"

void net_relay_init(struct net_relay *relay)
{
    *relay = (struct net_relay){.fd = {-1, -1}};
    for (int side = NET_CLIENT; side <= NET_SERVER; side++) {
        relay->flow[side].bytes = alloc_zeroed(NET_FLOW_BYTES);
    }
}

bool net_relay_put(struct net_relay *relay, enum net_side from, const char *p, size_t n)
{
    struct net_flow *flow = &relay->flow[from];
    if (n > NET_FLOW_BYTES - flow->to) {
        return false;
    }
    if (n > 0) {
        memcpy(flow->bytes + flow->to, p, n);
    }
    flow->to += n;
    return true;
}

static bool is_for_later(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* What the client sends behind its body is not for the server, and is left unread. */
static bool cut_to_body(struct net_relay *relay, struct net_flow *flow)
{
    flow->to =
        flow->from + net_body_take(relay->body, flow->bytes + flow->from, flow->to - flow->from);
    flow->has_ended = relay->body->is_over;
    return !relay->body->is_bad;
}

static bool fill(struct net_relay *relay, int side)
{
    struct net_flow *flow = &relay->flow[side];
    if (flow->has_ended || flow->from < flow->to) {
        return true;
    }
    ssize_t got = recv(relay->fd[side], flow->bytes, NET_FLOW_BYTES, 0);
    if (got < 0) {
        return is_for_later(errno);
    }
    flow->from = 0;
    flow->to = (size_t)got;
    if (got == 0) {
        flow->has_ended = true;
        return true;
    }
    return side != NET_CLIENT || relay->body == NULL || cut_to_body(relay, flow);
}

static bool drain(struct net_relay *relay, int side)
{
    struct net_flow *flow = &relay->flow[side];
    if (flow->from < flow->to) {
        ssize_t sent = send(relay->fd[1 - side], flow->bytes + flow->from, flow->to - flow->from,
                            MSG_NOSIGNAL);
        if (sent < 0) {
            return is_for_later(errno);
        }
        flow->from += (size_t)sent;
    }
    if (flow->has_ended && flow->from == flow->to && !flow->is_finished) {
        flow->is_finished = true;
        /* After a whole request: a server may take it for its client's leaving. */
        if (side != NET_CLIENT || relay->body == NULL || !relay->body->is_over) {
            (void)shutdown(relay->fd[1 - side], SHUT_WR);
        }
    }
    return true;
}

/* A server that has answered a request and left has nothing to take any more. */
static bool is_over(const struct net_relay *relay)
{
    return relay->flow[NET_SERVER].is_finished &&
           (relay->flow[NET_CLIENT].is_finished || relay->body != NULL);
}

static void watch_what_is_needed(struct net_relay *relay)
{
    for (int side = NET_CLIENT; side <= NET_SERVER; side++) {
        const struct net_flow *in = &relay->flow[side], *out = &relay->flow[1 - side];
        bool wants_read = !in->has_ended && in->from == in->to;
        bool wants_write = out->from < out->to;
        loop_watch_set(relay->watch[side],
                       (wants_read ? LOOP_READABLE : 0) | (wants_write ? LOOP_WRITABLE : 0));
    }
}

static void pump(struct net_relay *relay, int reads)
{
    bool is_fine = true;
    for (int side = NET_CLIENT; side <= NET_SERVER && is_fine; side++) {
        is_fine = (side != reads || fill(relay, side)) && drain(relay, side);
    }
    if (!is_fine || is_over(relay)) {
        relay->on_end(relay->ctx);
        return;
    }
    watch_what_is_needed(relay);
    relay->on_progress(relay->ctx);
}

static void on_client(void *ctx, int events)
{
    pump(ctx, (events & LOOP_READABLE) != 0 ? NET_CLIENT : -1);
}

static void on_server(void *ctx, int events)
{
    pump(ctx, (events & LOOP_READABLE) != 0 ? NET_SERVER : -1);
}

void net_relay_start(struct net_relay *relay, struct loop *loop, const int fd[2])
{
    relay->fd[NET_CLIENT] = fd[NET_CLIENT];
    relay->fd[NET_SERVER] = fd[NET_SERVER];
    relay->watch[NET_CLIENT] = loop_watch_create(loop, fd[NET_CLIENT], on_client, relay);
    relay->watch[NET_SERVER] = loop_watch_create(loop, fd[NET_SERVER], on_server, relay);
    relay->flow[NET_CLIENT].has_ended = relay->body != NULL && relay->body->is_over;
    watch_what_is_needed(relay);
}

void net_relay_finish(struct net_relay *relay)
{
    for (int side = NET_CLIENT; side <= NET_SERVER; side++) {
        loop_watch_close(relay->watch[side]);
        relay->watch[side] = NULL;
        free(relay->flow[side].bytes);
        relay->flow[side].bytes = NULL;
    }
}
