/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"
#include "loop/loop.h"
#include "sandbox/net_allow.h"
#include "sandbox/net_proxy_parts.h"
#include "sandbox/net_refusal.h"
#include "sandbox/net_relay.h"
#include "sandbox/net_socks.h"

#define HEAD_MS     30000
#define CONNECT_MS  30000
#define IDLE_MS     300000
#define LEAVE_MS    2000       /* for a client to take its refusal */
#define LEAVE_BYTES (1u << 20) /* of what it still sends meanwhile */
#define READ_BYTES  4096
#define REASON_MAX  1024
#define SHOWN_MAX   128

enum link_state { LINK_HEAD, LINK_ASKING, LINK_RELAYING, LINK_LEAVING };

struct net_link {
    struct net_link *next;
    struct net_door *door;
    enum link_state state;
    enum net_protocol protocol;
    bool has_greeted; /* SOCKS: the first of its two messages is answered */
    int client, server;
    struct loop_watch *watch; /* HEAD and LEAVING: of the client; ASKING: of the server */
    struct loop_timer *timer;
    struct text in;  /* what the client sent */
    struct text out; /* LEAVING: the refusal */
    size_t n_sent, n_ignored;
    struct net_http http;
    size_t socks_bytes;
    struct net_host host;
    uint16_t port;
    struct net_lookup *lookup;
    struct net_address addresses[NET_ADDRESSES_MAX];
    size_t n_addresses, n_tried;
    struct net_relay relay;
};

static const struct net_proxy_options *options_of(const struct net_link *link)
{
    return &link->door->proxy->options;
}

static void allow_time(struct net_link *link, uint32_t chosen, uint32_t fallback)
{
    loop_timer_start(link->timer, chosen != 0 ? chosen : fallback);
}

struct net_link **net_link_place(struct net_link *link)
{
    return &link->next;
}

static void unwatch(struct net_link *link)
{
    loop_watch_close(link->watch);
    link->watch = NULL;
}

void net_link_close(struct net_link *link)
{
    net_lookup_forget(link->lookup);
    unwatch(link);
    net_relay_finish(&link->relay);
    loop_timer_close(link->timer);
    (void)close(link->client);
    if (link->server >= 0) {
        (void)close(link->server);
    }
    text_finish(&link->in);
    text_finish(&link->out);
    net_door_forget(link->door, link);
    free(link);
}

/* True while there is something to wait for. */
static bool say_refusal(struct net_link *link)
{
    while (link->n_sent < link->out.len) {
        ssize_t sent = send(link->client, link->out.data + link->n_sent,
                            link->out.len - link->n_sent, MSG_NOSIGNAL);
        if (sent < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        link->n_sent += (size_t)sent;
        if (link->n_sent == link->out.len) {
            (void)shutdown(link->client, SHUT_WR);
        }
    }
    return true;
}

/* A socket that is closed with unread bytes takes the answer back. */
static void on_leaving(void *ctx, int events)
{
    struct net_link *link = ctx;
    char ignored[READ_BYTES];
    bool goes_on = say_refusal(link);
    if (goes_on && (events & LOOP_READABLE) != 0) {
        ssize_t got = recv(link->client, ignored, sizeof ignored, 0);
        link->n_ignored += got > 0 ? (size_t)got : 0;
        goes_on =
            got < 0 ? errno == EAGAIN || errno == EINTR : got > 0 && link->n_ignored < LEAVE_BYTES;
    }
    if (!goes_on) {
        net_link_close(link);
        return;
    }
    loop_watch_set(link->watch, LOOP_READABLE | (link->n_sent < link->out.len ? LOOP_WRITABLE : 0));
}

static void leave(struct net_link *link)
{
    link->state = LINK_LEAVING;
    net_lookup_forget(link->lookup);
    link->lookup = NULL;
    unwatch(link);
    allow_time(link, 0, LEAVE_MS);
    link->watch = loop_watch_create(options_of(link)->loop, link->client, on_leaving, link);
    loop_watch_set(link->watch, LOOP_READABLE | LOOP_WRITABLE);
}

static void fail(struct net_link *link, int status, const char *reason)
{
    net_refusal_write(link->protocol, status, reason, &link->out);
    leave(link);
}

/* Refused by the lists: the only failure that the model and the person are told of. */
static void refuse(struct net_link *link, const char *host, const char *reason)
{
    net_door_count(link->door, host, link->port, reason);
    fail(link, NET_STATUS_FORBIDDEN, reason);
}

static void on_timer(void *ctx)
{
    struct net_link *link = ctx;
    if (link->state == LINK_HEAD && link->protocol == NET_PROTOCOL_HTTP) {
        fail(link, NET_STATUS_TOO_SLOW, "the head of the request did not come in time");
    } else if (link->state == LINK_ASKING) {
        AUTO_FREE char *reason = alloc_printf("%s did not answer in time", link->host.text);
        fail(link, NET_STATUS_TIMED_OUT, reason);
    } else {
        net_link_close(link);
    }
}

static void on_progress(void *ctx)
{
    struct net_link *link = ctx;
    allow_time(link, options_of(link)->idle_ms, IDLE_MS);
}

static void on_relay_end(void *ctx)
{
    net_link_close(ctx);
}

/* Whatever the client sent behind its head is on its way to the server already. */
static bool pass_on(struct net_link *link, size_t used)
{
    const char *rest = text_string(&link->in) + used;
    size_t n = link->in.len - used;
    if (link->relay.body != NULL) {
        n = net_body_take(link->relay.body, rest, n);
    }
    return (link->relay.body == NULL || !link->relay.body->is_bad) &&
           net_relay_put(&link->relay, NET_CLIENT, rest, n);
}

static bool greet_http(struct net_link *link)
{
    static const char established[] = "HTTP/1.1 200 Connection established\r\n\r\n";
    if (link->http.is_connect) {
        return net_relay_put(&link->relay, NET_SERVER, established, sizeof established - 1) &&
               pass_on(link, link->http.head_bytes);
    }
    AUTO_TEXT struct text head;
    text_init(&head, NET_FLOW_BYTES);
    link->relay.body = &link->http.body;
    return net_http_rewrite(text_string(&link->in), &link->http, &head) &&
           net_relay_put(&link->relay, NET_CLIENT, head.data, head.len) &&
           pass_on(link, link->http.head_bytes);
}

static bool greet_socks(struct net_link *link)
{
    net_refusal_write_socks(NET_SOCKS_OK, &link->out);
    return net_relay_put(&link->relay, NET_SERVER, link->out.data, link->out.len) &&
           pass_on(link, link->socks_bytes);
}

static void begin_relay(struct net_link *link)
{
    static const int yes = 1;
    const int fds[2] = {[NET_CLIENT] = link->client, [NET_SERVER] = link->server};
    unwatch(link);
    net_relay_init(&link->relay);
    link->relay.on_progress = on_progress;
    link->relay.on_end = on_relay_end;
    link->relay.ctx = link;
    if (!(link->protocol == NET_PROTOCOL_HTTP ? greet_http(link) : greet_socks(link))) {
        net_relay_finish(&link->relay);
        fail(link, NET_STATUS_BAD, "the body of the request cannot be read");
        return;
    }
    (void)setsockopt(link->client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    (void)setsockopt(link->server, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    text_finish(&link->in);
    link->state = LINK_RELAYING;
    on_progress(link);
    net_relay_start(&link->relay, options_of(link)->loop, fds);
}

static void try_next_address(struct net_link *link, int error);

static void on_connected(void *ctx, int events)
{
    struct net_link *link = ctx;
    int error = 0;
    socklen_t n = sizeof error;
    (void)events;
    if (getsockopt(link->server, SOL_SOCKET, SO_ERROR, &error, &n) != 0) {
        error = errno;
    }
    if (error == 0) {
        begin_relay(link);
    } else {
        try_next_address(link, error);
    }
}

/* 0 when it is under way, else errno. */
static int connect_to(struct net_link *link, const struct net_address *address)
{
    struct sockaddr_storage to;
    socklen_t n = net_address_to_socket(address, link->port, &to);
    link->server = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (link->server < 0) {
        return errno;
    }
    if (connect(link->server, (const struct sockaddr *)&to, n) != 0 && errno != EINPROGRESS) {
        return errno;
    }
    link->watch = loop_watch_create(options_of(link)->loop, link->server, on_connected, link);
    loop_watch_set(link->watch, LOOP_WRITABLE);
    return 0;
}

static void try_next_address(struct net_link *link, int error)
{
    while (link->n_tried < link->n_addresses) {
        unwatch(link);
        if (link->server >= 0) {
            (void)close(link->server);
        }
        error = connect_to(link, &link->addresses[link->n_tried++]);
        if (error == 0) {
            return;
        }
    }
    AUTO_FREE char *reason =
        alloc_printf("cannot connect to %s:%u: %s", link->host.text, link->port, strerror(error));
    fail(link, NET_STATUS_NO_SERVER, reason);
}

/* Connect to those addresses only that were found now and are open. */
static void connect_to_open(struct net_link *link, const struct net_address *found, size_t n)
{
    AUTO_TEXT struct text reason;
    text_init(&reason, REASON_MAX);
    if (!link->host.is_address) {
        (void)text_addf(&reason, "%s leads to an address that is closed: ", link->host.text);
    }
    for (size_t i = 0; i < n; i++) {
        AUTO_TEXT struct text ignored;
        text_init(&ignored, REASON_MAX);
        if (net_allow_address(options_of(link)->lists, &found[i], link->port,
                              i == 0 ? &reason : &ignored)) {
            link->addresses[link->n_addresses++] = found[i];
        }
    }
    if (link->n_addresses == 0) {
        refuse(link, link->host.text, text_string(&reason));
        return;
    }
    net_door_count(link->door, link->host.text, link->port, NULL);
    try_next_address(link, 0);
}

static void on_found(void *ctx, const struct net_address *addresses, size_t n, const char *wrong)
{
    struct net_link *link = ctx;
    link->lookup = NULL;
    if (n == 0) {
        AUTO_FREE char *reason = alloc_printf("cannot look up %s: %s", link->host.text, wrong);
        fail(link, NET_STATUS_NO_SERVER, reason);
        return;
    }
    connect_to_open(link, addresses, n);
}

static void ask_for_host(struct net_link *link)
{
    AUTO_TEXT struct text reason;
    text_init(&reason, REASON_MAX);
    link->state = LINK_ASKING;
    unwatch(link);
    allow_time(link, options_of(link)->connect_ms, CONNECT_MS);
    if (!net_allow_host(options_of(link)->lists, &link->host, link->port, &reason)) {
        refuse(link, link->host.text, text_string(&reason));
    } else if (link->host.is_address) {
        connect_to_open(link, &link->host.address, 1);
    } else {
        link->lookup =
            net_lookup_start(link->door->proxy->lookups, link->host.text, on_found, link);
        if (link->lookup == NULL) {
            fail(link, NET_STATUS_NO_SERVER, "this machine has no thread left to ask for the host");
        }
    }
}

static void ask_for(struct net_link *link, struct net_span host, uint16_t port)
{
    char shown[SHOWN_MAX];
    link->port = port;
    const char *wrong = net_host_read(host.p, host.n, &link->host);
    if (wrong == NULL) {
        ask_for_host(link);
        return;
    }
    net_refusal_show(host.p, host.n, shown, sizeof shown);
    AUTO_FREE char *reason = alloc_printf("the host name \"%s\" %s", shown, wrong);
    refuse(link, shown, reason);
}

static void read_http(struct net_link *link)
{
    const char *p = text_string(&link->in);
    switch (net_http_parse(p, link->in.len, &link->http)) {
    case NET_PARSE_MORE:
        break;
    case NET_PARSE_BAD:
        fail(link, link->http.status, link->http.wrong);
        break;
    default:
        ask_for(link, link->http.host, link->http.port);
        break;
    }
}

static void ask_for_socks(struct net_link *link, const struct net_socks *socks)
{
    link->socks_bytes = socks->used;
    if (!socks->is_address) {
        ask_for(link, socks->name, socks->port);
        return;
    }
    link->port = socks->port;
    link->host = (struct net_host){.is_address = true, .address = socks->address};
    net_address_text(&socks->address, link->host.text);
    ask_for_host(link);
}

static void read_socks_request(struct net_link *link)
{
    struct net_socks socks;
    switch (net_socks_request(text_string(&link->in), link->in.len, &socks)) {
    case NET_PARSE_MORE:
        break;
    case NET_PARSE_BAD:
        net_refusal_write_socks(socks.reply, &link->out);
        leave(link);
        break;
    default:
        ask_for_socks(link, &socks);
        break;
    }
}

static void read_socks(struct net_link *link)
{
    size_t used = 0;
    enum net_parse parsed = NET_PARSE_OK;
    if (!link->has_greeted) {
        parsed = net_socks_greeting(text_string(&link->in), link->in.len, &used);
    }
    if (parsed == NET_PARSE_BAD) {
        (void)text_add(&link->out, "\x05\xff", 2);
        leave(link);
    } else if (parsed == NET_PARSE_OK && !link->has_greeted) {
        link->has_greeted = true;
        text_remove_front(&link->in, used);
        /* The first bytes of a socket always find room. */
        (void)send(link->client, "\x05\x00", 2, MSG_NOSIGNAL);
    }
    if (link->state == LINK_HEAD && link->has_greeted) {
        read_socks_request(link);
    }
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* A client that speaks something else, TLS perhaps, is not answered: it would not understand. */
static void read_head(struct net_link *link)
{
    char first = text_string(&link->in)[0];
    if (link->protocol == NET_PROTOCOL_SOCKS || first == NET_SOCKS_VERSION) {
        link->protocol = NET_PROTOCOL_SOCKS;
        read_socks(link);
    } else if (is_letter(first)) {
        link->protocol = NET_PROTOCOL_HTTP;
        read_http(link);
    } else {
        net_link_close(link);
    }
}

static void on_head(void *ctx, int events)
{
    struct net_link *link = ctx;
    (void)events;
    char *room = text_reserve(&link->in, READ_BYTES);
    assert(room != NULL); /* the head is refused before it is full */
    ssize_t got = recv(link->client, room, READ_BYTES, 0);
    if (got > 0) {
        text_commit(&link->in, (size_t)got);
        read_head(link);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        net_link_close(link);
    }
}

void net_link_open(struct net_door *door, int fd)
{
    struct net_link *link = alloc_zeroed(sizeof *link);
    struct loop *loop = door->proxy->options.loop;
    link->door = door;
    link->client = fd;
    link->server = -1;
    link->next = door->links;
    text_init(&link->in, NET_HEAD_MAX + READ_BYTES);
    text_init(&link->out, NET_HEAD_MAX);
    link->timer = loop_timer_create(loop, on_timer, link);
    link->watch = loop_watch_create(loop, fd, on_head, link);
    allow_time(link, door->proxy->options.head_ms, HEAD_MS);
    loop_watch_set(link->watch, LOOP_READABLE);
    net_door_add(door, link);
}
