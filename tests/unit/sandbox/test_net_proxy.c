/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"
#include "loop/loop.h"
#include "sandbox/net_address.h"
#include "sandbox/net_allow.h"
#include "sandbox/net_proxy.h"

#define SEEN_MAX  65536
#define BIG_BYTES (8u << 20)
#define CROWD     200

/* A server of one answer per connection, on a thread; and a proxy on the loop of the test. */
struct scene {
    struct loop *loop;
    struct net_allow *lists;
    struct net_proxy *proxy;
    struct net_door *door;
    struct net_proxy_options options;
    int origin_fd, proxy_fd;
    uint16_t origin_port, proxy_port;
    pthread_t origin;
    void (*answer)(struct scene *scene, int fd);
    char seen[SEEN_MAX]; /* what the last client of the server sent */
    size_t n_seen;
    atomic_uint n_served, n_answered;
    void (*client)(struct scene *scene);
    int client_done; /* eventfd */
    const char *out;
    int status;
    unsigned n_refused;
    char refused[1024];
};

static struct scene scene;

static int listening(uint16_t *ret_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, SOMAXCONN), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    *ret_port = ntohs(at.sin_port);
    return fd;
}

static int connected(uint16_t port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    while (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        if (errno != EINTR) {
            fail_msg("cannot connect: %s", strerror(errno));
        }
    }
    return fd;
}

static void send_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        p += sent;
        n -= (size_t)sent;
    }
}

static void say(int fd, const char *text)
{
    send_all(fd, text, strlen(text));
}

static size_t read_to_end(int fd, char *ret, size_t max)
{
    size_t n = 0;
    for (ssize_t got = 1; got > 0 && n<max; n += got> 0 ? (size_t)got : 0) {
        got = recv(fd, ret + n, max - n, 0);
    }
    return n;
}

/* What there is until a blank line. */
static void read_head(struct scene *at, int fd)
{
    at->n_seen = 0;
    at->seen[0] = '\0';
    while (at->n_seen < SEEN_MAX - 1 && strstr(at->seen, "\r\n\r\n") == NULL) {
        ssize_t got = recv(fd, at->seen + at->n_seen, SEEN_MAX - 1 - at->n_seen, 0);
        if (got <= 0) {
            return;
        }
        at->n_seen += (size_t)got;
        at->seen[at->n_seen] = '\0';
    }
}

static void answer_hello(struct scene *at, int fd)
{
    read_head(at, fd);
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n");
}

static void *serve(void *ctx)
{
    struct scene *at = ctx;
    for (;;) {
        int fd = accept(at->origin_fd, NULL, NULL);
        if (fd < 0) {
            return NULL;
        }
        atomic_fetch_add(&at->n_served, 1);
        at->answer(at, fd);
        (void)close(fd);
        atomic_fetch_add(&at->n_answered, 1);
    }
}

static void keep_refusal(void *ctx, const char *host, uint16_t port, const char *reason)
{
    struct scene *at = ctx;
    at->n_refused++;
    (void)snprintf(at->refused, sizeof at->refused, "%s:%u %s", host, (unsigned)port, reason);
}

/* The server's address is allowed by its name, and by itself, because it is a loopback address. */
static void open_proxy(const char *const *deny, size_t n_deny)
{
    char allowed[4][64];
    const char *list[4];
    struct beacon_error err = {0};
    unsigned port = scene.origin_port;
    (void)snprintf(allowed[0], sizeof allowed[0], "127.0.0.1:%u", port);
    (void)snprintf(allowed[1], sizeof allowed[1], "localhost:%u", port);
    (void)snprintf(allowed[2], sizeof allowed[2], "slow.test:%u", port);
    (void)snprintf(allowed[3], sizeof allowed[3], "metadata.test:*");
    for (size_t i = 0; i < 4; i++) {
        list[i] = allowed[i];
    }
    assert_ok(net_allow_create(list, 4, deny, n_deny, &scene.lists, &err), &err);
    scene.options.loop = scene.loop;
    scene.options.lists = scene.lists;
    scene.options.on_refused = keep_refusal;
    scene.options.ctx = &scene;
    scene.proxy = net_proxy_create(&scene.options);
    scene.proxy_fd = listening(&scene.proxy_port);
    scene.door = net_door_open(scene.proxy, scene.proxy_fd);
}

static int setup(void **state)
{
    scene = (struct scene){0};
    scene.answer = answer_hello;
    scene.loop = loop_create();
    scene.client_done = eventfd(0, EFD_CLOEXEC);
    scene.origin_fd = listening(&scene.origin_port);
    assert_int_equal(pthread_create(&scene.origin, NULL, serve, &scene), 0);
    return temp_dir_setup(state);
}

static void close_proxy(void)
{
    net_door_close(scene.door);
    net_proxy_destroy(scene.proxy);
    net_allow_destroy(scene.lists);
    scene.door = NULL;
    scene.proxy = NULL;
    scene.lists = NULL;
}

static int teardown(void **state)
{
    close_proxy();
    (void)shutdown(scene.origin_fd, SHUT_RDWR);
    (void)pthread_join(scene.origin, NULL);
    (void)close(scene.origin_fd);
    (void)close(scene.client_done);
    loop_destroy(scene.loop);
    return temp_dir_teardown(state);
}

static void *run_client(void *ctx)
{
    struct scene *at = ctx;
    const uint64_t one = 1;
    at->client(at);
    (void)!write(at->client_done, &one, sizeof one);
    return NULL;
}

static void stop(void *ctx, int events)
{
    (void)events;
    loop_stop(ctx);
}

/* Run the loop until the client, which may block, has come to its end on a thread of its own. */
static void with_client(void (*client)(struct scene *at))
{
    pthread_t thread;
    uint64_t count = 0;
    struct loop_watch *watch = loop_watch_create(scene.loop, scene.client_done, stop, scene.loop);
    scene.client = client;
    loop_watch_set(watch, LOOP_READABLE);
    assert_int_equal(pthread_create(&thread, NULL, run_client, &scene), 0);
    loop_run(scene.loop);
    (void)pthread_join(thread, NULL);
    loop_watch_close(watch);
    assert_int_equal(read(scene.client_done, &count, sizeof count), sizeof count);
}

/* Until every connection of the door has gone, and the server is done with it. */
static void check_quiet(void *ctx)
{
    if (net_door_connection_count(scene.door) == 0 &&
        atomic_load(&scene.n_answered) == atomic_load(&scene.n_served)) {
        loop_stop(scene.loop);
    } else {
        loop_later(scene.loop, check_quiet, ctx);
    }
}

static void until_quiet(void)
{
    loop_later(scene.loop, check_quiet, NULL);
    loop_run(scene.loop);
}

static void curl(struct scene *at, const char *how, const char *host, const char *more)
{
    char proxy[64], url[128];
    (void)snprintf(proxy, sizeof proxy, "127.0.0.1:%u", (unsigned)at->proxy_port);
    (void)snprintf(url, sizeof url, "http://%s:%u/path?q", host, (unsigned)at->origin_port);
    const char *const argv[] = {"curl", "-sS", "-i",  "--noproxy", "",   "--max-time",
                                "60",   how,   proxy, url,         more, NULL};
    at->status = run_program(argv, NULL, &at->out, NULL);
}

static void curl_plain(struct scene *at)
{
    curl(at, "--proxy", "127.0.0.1", NULL);
}

static void curl_tunnel(struct scene *at)
{
    curl(at, "--proxy", "localhost", "--proxytunnel");
}

static void curl_socks_name(struct scene *at)
{
    curl(at, "--socks5-hostname", "localhost", NULL);
}

static void curl_socks_address(struct scene *at)
{
    curl(at, "--socks5", "127.0.0.1", NULL);
}

static void curl_reaches_an_allowed_server_in_each_protocol(void **state)
{
    (void)state;
    static void (*const ways[])(struct scene *) = {curl_plain, curl_tunnel, curl_socks_name,
                                                   curl_socks_address};
    open_proxy(NULL, 0);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        with_client(ways[i]);
        assert_int_equal(scene.status, 0);
        assert_non_null(strstr(scene.out, "hello"));
        assert_int_equal(strncmp(scene.seen, "GET /path?q HTTP/1.1\r\n", 22), 0);
        assert_null(strstr(scene.seen, "Proxy-Connection"));
    }
    assert_int_equal(atomic_load(&scene.n_served), 4);
    const struct net_tally *first = net_door_tally(scene.door, 0);
    const struct net_tally *second = net_door_tally(scene.door, 1);
    assert_string_equal(first->host, "127.0.0.1");
    assert_int_equal(first->n_allowed, 2);
    assert_string_equal(second->host, "localhost");
    assert_int_equal(second->n_allowed, 2);
    assert_null(net_door_tally(scene.door, 2));
    assert_int_equal(scene.n_refused, 0);
    until_quiet();
}

static void curl_other_host(struct scene *at)
{
    curl(at, "--proxy", "evil.test", NULL);
}

static void curl_other_tunnel(struct scene *at)
{
    curl(at, "--proxy", "evil.test", "--proxytunnel");
}

static void curl_other_socks(struct scene *at)
{
    curl(at, "--socks5-hostname", "evil.test", NULL);
}

static void a_refusal_is_403_with_the_reason_and_is_told_once_per_host(void **state)
{
    (void)state;
    open_proxy(NULL, 0);
    with_client(curl_other_host);
    assert_int_equal(scene.status, 0);
    assert_non_null(strstr(scene.out, "HTTP/1.1 403 "));
    assert_non_null(strstr(scene.out, "\r\n\r\nevil.test is not on the allow-list "
                                      "(sandbox_workspace_write.network_allow)\n"));
    with_client(curl_other_tunnel);
    assert_int_equal(scene.status, 56); /* CURLE_RECV_ERROR: the tunnel was refused */
    with_client(curl_other_socks);
    assert_int_equal(scene.status, 97); /* CURLE_PROXY: reply 2 */
    assert_int_equal(scene.n_refused, 1);
    assert_int_equal(net_door_tally(scene.door, 0)->n_refused, 3);
    AUTO_TEXT struct text told;
    text_init(&told, 4096);
    net_door_explain(scene.door, &told);
    assert_int_equal(strncmp(text_string(&told), "the sandbox refused a connection to evil.test:",
                             strlen("the sandbox refused a connection to evil.test:")),
                     0);
    assert_int_equal(atomic_load(&scene.n_served), 0);
    until_quiet();
}

static void deny_wins_over_the_allowed_address_that_a_name_leads_to(void **state)
{
    (void)state;
    static const char *const deny[] = {"127.0.0.1"};
    open_proxy(deny, 1);
    with_client(curl_tunnel); /* localhost is allowed by name */
    assert_int_equal(scene.status, 56);
    assert_non_null(strstr(scene.refused, "localhost leads to an address that is closed"));
    assert_non_null(strstr(scene.refused, "network_deny"));
    assert_int_equal(atomic_load(&scene.n_served), 0);
}

/* A resolver in the attacker's hand: the second answer would be another one. */
static size_t resolve_to_metadata(const char *host, struct net_address *ret, size_t max,
                                  const char **ret_wrong)
{
    (void)host;
    (void)max;
    *ret_wrong = NULL;
    assert_true(net_address_parse("169.254.169.254", 15, &ret[0]));
    assert_true(net_address_parse("::ffff:10.0.0.1", 15, &ret[1]));
    return 2;
}

static void ask_for_metadata(struct scene *at)
{
    AUTO_CLOSE int fd = connected(at->proxy_port);
    say(fd, "CONNECT metadata.test:80 HTTP/1.1\r\n\r\n");
    at->n_seen = read_to_end(fd, at->seen, SEEN_MAX - 1);
    at->seen[at->n_seen] = '\0';
}

static void an_allowed_name_that_leads_to_a_private_address_is_refused(void **state)
{
    (void)state;
    scene.options.resolve = resolve_to_metadata;
    open_proxy(NULL, 0);
    with_client(ask_for_metadata);
    assert_int_equal(strncmp(scene.seen, "HTTP/1.1 403 ", 13), 0);
    assert_non_null(strstr(scene.seen, "169.254.169.254 is a link-local address"));
    assert_int_equal(scene.n_refused, 1);
    until_quiet();
}

static size_t resolve_to_both(const char *host, struct net_address *ret, size_t max,
                              const char **ret_wrong)
{
    (void)resolve_to_metadata(host, ret, max, ret_wrong);
    assert_true(net_address_parse("127.0.0.1", 9, &ret[2]));
    return 3;
}

static void curl_slow_name(struct scene *at)
{
    curl(at, "--proxy", "slow.test", NULL);
}

static void of_several_addresses_only_an_open_one_is_connected_to(void **state)
{
    (void)state;
    scene.options.resolve = resolve_to_both;
    open_proxy(NULL, 0);
    with_client(curl_slow_name);
    assert_non_null(strstr(scene.out, "hello"));
}

/* Holds the thread of the lookup until the test lets it go. */
static int gate[2];
static atomic_uint n_gone;

static size_t resolve_at_the_gate(const char *host, struct net_address *ret, size_t max,
                                  const char **ret_wrong)
{
    char byte;
    (void)max;
    *ret_wrong = "the gate was closed";
    if (strcmp(host, "slow.test") == 0 && read(gate[0], &byte, 1) != 1) {
        atomic_fetch_add(&n_gone, 1);
        return 0;
    }
    assert_true(net_address_parse("127.0.0.1", 9, ret));
    return 1;
}

static int waiting_client;

static void curl_beside_a_slow_name(struct scene *at)
{
    char request[128];
    (void)snprintf(request, sizeof request, "CONNECT slow.test:%u HTTP/1.1\r\n\r\n",
                   (unsigned)at->origin_port);
    waiting_client = connected(at->proxy_port);
    say(waiting_client, request);
    curl(at, "--proxy", "localhost", NULL);
}

static void a_name_that_is_looked_up_slowly_holds_up_nobody_else(void **state)
{
    (void)state;
    assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
    scene.options.resolve = resolve_at_the_gate;
    open_proxy(NULL, 0);
    with_client(curl_beside_a_slow_name);
    assert_non_null(strstr(scene.out, "hello"));
    assert_int_equal(net_door_connection_count(scene.door), 1);
    close_proxy(); /* while the lookup runs: it is left to itself */
    (void)close(waiting_client);
    (void)close(gate[1]);
    while (atomic_load(&n_gone) == 0) {
        (void)sched_yield();
    }
    (void)close(gate[0]);
}

static void answer_later(struct scene *at, int fd)
{
    /* The whole of what the client sends, although it closed its side long ago, and then the answer. */
    at->n_seen = read_to_end(fd, at->seen, SEEN_MAX - 1);
    at->seen[at->n_seen] = '\0';
    say(fd, "late");
}

static void half_close(struct scene *at)
{
    char request[128], answer[256];
    AUTO_CLOSE int fd = connected(at->proxy_port);
    (void)snprintf(request, sizeof request, "CONNECT 127.0.0.1:%u HTTP/1.1\r\n\r\nearly bytes",
                   (unsigned)at->origin_port);
    say(fd, request);
    (void)shutdown(fd, SHUT_WR);
    size_t n = read_to_end(fd, answer, sizeof answer - 1);
    answer[n] = '\0';
    at->status = strcmp(answer, "HTTP/1.1 200 Connection established\r\n\r\nlate") == 0 ? 0 : 1;
}

static void a_half_closed_tunnel_still_brings_the_answer(void **state)
{
    (void)state;
    scene.answer = answer_later;
    open_proxy(NULL, 0);
    with_client(half_close);
    assert_int_equal(scene.status, 0);
    assert_string_equal(scene.seen, "early bytes");
    until_quiet();
}

static void answer_all(struct scene *at, int fd)
{
    char first[512];
    (void)recv(fd, first, sizeof first, MSG_PEEK);
    answer_hello(at, fd);
    (void)shutdown(fd, SHUT_WR);
    at->n_seen += read_to_end(fd, at->seen + at->n_seen, SEEN_MAX - 1 - at->n_seen);
    at->seen[at->n_seen] = '\0';
}

static void pipeline(struct scene *at)
{
    char request[512], answer[1024];
    AUTO_CLOSE int fd = connected(at->proxy_port);
    (void)snprintf(request, sizeof request,
                   "GET http://127.0.0.1:%u/ HTTP/1.1\r\n\r\n"
                   "GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n",
                   (unsigned)at->origin_port);
    say(fd, request);
    size_t n = read_to_end(fd, answer, sizeof answer - 1);
    answer[n] = '\0';
    at->out = strstr(answer, "hello") != NULL ? "answered" : "";
}

static void a_second_request_in_the_same_connection_reaches_nobody(void **state)
{
    (void)state;
    scene.answer = answer_all;
    open_proxy(NULL, 0);
    with_client(pipeline);
    assert_string_equal(scene.out, "answered");
    until_quiet();
    assert_null(strstr(scene.seen, "evil.test"));
    assert_int_equal(atomic_load(&scene.n_served), 1);
}

static void answer_in_two(struct scene *at, int fd)
{
    read_head(at, fd);
    say(fd, "HTTP/1.1 100 Continue\r\n\r\n");
    at->n_seen = read_to_end(fd, at->seen, 5);
    say(fd, "HTTP/1.1 200 OK\r\n\r\nhello\n");
    (void)shutdown(fd, SHUT_WR);
    at->n_seen += read_to_end(fd, at->seen + at->n_seen, SEEN_MAX - 1 - at->n_seen);
    at->seen[at->n_seen] = '\0';
}

static void post_and_more(struct scene *at)
{
    char request[512], answer[1024];
    AUTO_CLOSE int fd = connected(at->proxy_port);
    (void)snprintf(request, sizeof request,
                   "POST http://127.0.0.1:%u/ HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
                   (unsigned)at->origin_port);
    say(fd, request);
    (void)read_to_end(fd, answer, strlen("HTTP/1.1 100 Continue\r\n\r\n"));
    say(fd, "12345GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n");
    size_t n = read_to_end(fd, answer, sizeof answer - 1);
    answer[n] = '\0';
    at->out = strstr(answer, "hello") != NULL ? "answered" : "";
}

static void what_follows_a_body_reaches_nobody(void **state)
{
    (void)state;
    scene.answer = answer_in_two;
    open_proxy(NULL, 0);
    with_client(post_and_more);
    assert_string_equal(scene.out, "answered");
    until_quiet();
    assert_string_equal(scene.seen, "12345");
}

static void answer_big(struct scene *at, int fd)
{
    AUTO_FREE char *big = alloc_zeroed(BIG_BYTES);
    (void)at;
    memset(big, 'b', BIG_BYTES);
    send_all(fd, big, BIG_BYTES);
}

/* Reads nothing until the end of the test's patience: then everything must still come. */
static void read_slowly(struct scene *at)
{
    char request[128];
    AUTO_FREE char *all = alloc_zeroed(BIG_BYTES + 256);
    AUTO_CLOSE int fd = connected(at->proxy_port);
    int small = 65536;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    (void)snprintf(request, sizeof request, "CONNECT 127.0.0.1:%u HTTP/1.1\r\n\r\n",
                   (unsigned)at->origin_port);
    say(fd, request);
    size_t n = read_to_end(fd, all, BIG_BYTES + 255);
    at->status = n == BIG_BYTES + strlen("HTTP/1.1 200 Connection established\r\n\r\n") ? 0 : 1;
}

static void a_slow_reader_gets_every_byte(void **state)
{
    (void)state;
    scene.answer = answer_big;
    open_proxy(NULL, 0);
    with_client(read_slowly);
    assert_int_equal(scene.status, 0);
    until_quiet();
}

static void say_strange_things(struct scene *at)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *answer;
    } strange[] = {
        {"\x16\x03\x01\x02\x00\x01", 6, ""},
        {"\0\0\0\0", 4, ""},
        {"\x04\x01\x00\x50\x7f\0\0\1\0", 9, ""},
        {"\x05\x01\x02", 3, "\x05\xff"},
        {"GET / HTTP/1.1\r\n\r\n", 18, "HTTP/1.1 400 "},
        {"GET http://x/ HTTP/1.1\nA: b\n\n", 29, "HTTP/1.1 400 "},
        {"CONNECT evil\0.test:443 HTTP/1.1\r\n\r\n", 36, "HTTP/1.1 400 "},
        {"CONNECT 127.1:443 HTTP/1.1\r\n\r\n", 31, "HTTP/1.1 403 "},
        {"CONNECT 0x7f000001:443 HTTP/1.1\r\n\r\n", 36, "HTTP/1.1 403 "},
        {"CONNECT [::ffff:7f00:1]:9 HTTP/1.1\r\n\r\n", 39, "HTTP/1.1 403 "},
        {"\x05\x01\x00\x05\x01\x00\x03\x09"
         "a\0b.test.\x00\x50",
         19, "\x05"},
    };
    at->status = 0;
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        char answer[2048];
        AUTO_CLOSE int fd = connected(at->proxy_port);
        send_all(fd, strange[i].bytes, strange[i].n);
        size_t n = read_to_end(fd, answer, sizeof answer);
        size_t wanted = strlen(strange[i].answer);
        if ((wanted == 0 && n != 0) || n < wanted ||
            memcmp(answer, strange[i].answer, wanted) != 0) {
            at->status = (int)i + 1;
        }
    }
}

static void what_is_no_clear_request_is_refused(void **state)
{
    (void)state;
    open_proxy(NULL, 0);
    with_client(say_strange_things);
    assert_int_equal(scene.status, 0);
    assert_int_equal(atomic_load(&scene.n_served), 0);
    until_quiet();
}

static void send_huge_head(struct scene *at)
{
    char answer[1024];
    AUTO_FREE char *huge = alloc_zeroed(1u << 20);
    AUTO_CLOSE int fd = connected(at->proxy_port);
    memset(huge, 'a', 1u << 20);
    say(fd, "GET http://127.0.0.1/ HTTP/1.1\r\nX: ");
    send_all(fd, huge, 1u << 20);
    size_t n = read_to_end(fd, answer, sizeof answer - 1);
    answer[n] = '\0';
    at->out = strncmp(answer, "HTTP/1.1 431 ", 13) == 0 ? "431" : "other";
}

static void a_head_without_end_is_refused(void **state)
{
    (void)state;
    open_proxy(NULL, 0);
    with_client(send_huge_head);
    assert_string_equal(scene.out, "431");
    until_quiet();
}

static void keep_silent(struct scene *at)
{
    char answer[1024];
    AUTO_CLOSE int silent = connected(at->proxy_port);
    AUTO_CLOSE int slow = connected(at->proxy_port);
    AUTO_CLOSE int idle = connected(at->proxy_port);
    char request[128];
    say(slow, "GET http://127");
    (void)snprintf(request, sizeof request, "CONNECT 127.0.0.1:%u HTTP/1.1\r\n\r\n",
                   (unsigned)at->origin_port);
    say(idle, request);
    size_t n = read_to_end(slow, answer, sizeof answer - 1);
    answer[n] = '\0';
    at->out = strncmp(answer, "HTTP/1.1 408 ", 13) == 0 ? "408" : "other";
    at->status = (int)read_to_end(silent, answer, sizeof answer);
    (void)read_to_end(idle, answer, sizeof answer); /* it comes to an end */
}

static void answer_never(struct scene *at, int fd)
{
    at->n_seen = read_to_end(fd, at->seen, SEEN_MAX - 1);
}

static void a_client_that_does_not_go_on_is_left(void **state)
{
    (void)state;
    scene.answer = answer_never;
    scene.options.head_ms = 30;
    scene.options.idle_ms = 30;
    open_proxy(NULL, 0);
    with_client(keep_silent);
    assert_string_equal(scene.out, "408");
    assert_int_equal(scene.status, 0);
    until_quiet();
}

static size_t n_most;

static void measure_crowd(void *ctx)
{
    size_t n = net_door_connection_count(scene.door);
    n_most = n > n_most ? n : n_most;
    loop_later(scene.loop, measure_crowd, ctx);
}

static void come_in_crowds(struct scene *at)
{
    static int fds[CROWD];
    char request[128], answer[512];
    (void)snprintf(request, sizeof request, "GET http://127.0.0.1:%u/ HTTP/1.1\r\n\r\n",
                   (unsigned)at->origin_port);
    at->status = 0;
    for (int i = 0; i < CROWD; i++) {
        fds[i] = connected(at->proxy_port);
    }
    for (int i = 0; i < CROWD; i++) {
        say(fds[i], request);
    }
    for (int i = 0; i < CROWD; i++) {
        size_t n = read_to_end(fds[i], answer, sizeof answer - 1);
        answer[n] = '\0';
        at->status += strstr(answer, "hello") != NULL ? 0 : 1;
        (void)close(fds[i]);
    }
}

static void two_hundred_at_once_are_all_served_a_few_at_a_time(void **state)
{
    (void)state;
    n_most = 0;
    open_proxy(NULL, 0);
    loop_later(scene.loop, measure_crowd, NULL);
    with_client(come_in_crowds);
    assert_int_equal(scene.status, 0);
    assert_int_equal(atomic_load(&scene.n_served), CROWD);
    assert_in_range(n_most, 2, NET_DOOR_CONNECTIONS_MAX);
    assert_int_equal(net_door_tally(scene.door, 0)->n_allowed, CROWD);
}

static void curl_closed_port(struct scene *at)
{
    char answer[1024];
    AUTO_CLOSE int fd = connected(at->proxy_port);
    char request[128];
    (void)snprintf(request, sizeof request, "CONNECT 127.0.0.1:%u HTTP/1.1\r\n\r\n",
                   (unsigned)at->origin_port);
    say(fd, request);
    size_t n = read_to_end(fd, answer, sizeof answer - 1);
    answer[n] = '\0';
    at->out = strncmp(answer, "HTTP/1.1 502 ", 13) == 0 ? "502" : "other";
}

static void a_server_that_is_not_there_is_502_and_no_refusal(void **state)
{
    (void)state;
    uint16_t port = 0;
    int fd = listening(&port);
    uint16_t origin_port = scene.origin_port;
    (void)close(fd); /* now nobody listens there */
    scene.origin_port = port;
    open_proxy(NULL, 0);
    with_client(curl_closed_port);
    scene.origin_port = origin_port;
    assert_string_equal(scene.out, "502");
    assert_int_equal(scene.n_refused, 0);
    until_quiet();
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(curl_reaches_an_allowed_server_in_each_protocol),
        SCENE(a_refusal_is_403_with_the_reason_and_is_told_once_per_host),
        SCENE(deny_wins_over_the_allowed_address_that_a_name_leads_to),
        SCENE(an_allowed_name_that_leads_to_a_private_address_is_refused),
        SCENE(of_several_addresses_only_an_open_one_is_connected_to),
        SCENE(a_name_that_is_looked_up_slowly_holds_up_nobody_else),
        SCENE(a_half_closed_tunnel_still_brings_the_answer),
        SCENE(a_second_request_in_the_same_connection_reaches_nobody),
        SCENE(what_follows_a_body_reaches_nobody),
        SCENE(a_slow_reader_gets_every_byte),
        SCENE(what_is_no_clear_request_is_refused),
        SCENE(a_head_without_end_is_refused),
        SCENE(a_client_that_does_not_go_on_is_left),
        SCENE(two_hundred_at_once_are_all_served_a_few_at_a_time),
        SCENE(a_server_that_is_not_there_is_502_and_no_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
