/* SPDX-License-Identifier: Apache-2.0 */
#include "wire_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE_BYTES ((size_t)16 << 10)
#define HEAD_BYTES  ((size_t)16 << 10)

struct answer {
    const char *head, *stream;
    size_t n_head, n;
};

struct peer {
    int fd;
    size_t sent; /* of head and stream */
};

static void give_up(const char *what)
{
    (void)fprintf(stderr, "the server of the benchmark: %s: %s\n", what, strerror(errno));
    _exit(1);
}

static size_t body_bytes(const char *head)
{
    const char *length = strcasestr(head, "\r\ncontent-length:");
    return length != NULL ? strtoul(length + sizeof "\r\ncontent-length:" - 1, NULL, 10) : 0;
}

static size_t read_some(int fd, char *to, size_t n)
{
    const ssize_t got = recv(fd, to, n, 0);
    if (got <= 0) {
        give_up("recv");
    }
    return (size_t)got;
}

/* The head, and as much of the body as its length says. */
static void read_request(int fd)
{
    char head[HEAD_BYTES + 1];
    size_t n = 0;
    const char *end = NULL;
    while (end == NULL && n < HEAD_BYTES) {
        n += read_some(fd, head + n, HEAD_BYTES - n);
        head[n] = '\0';
        end = strstr(head, "\r\n\r\n");
    }
    if (end == NULL) {
        give_up("the head of a request");
    }
    const size_t seen = n - (size_t)(end + 4 - head);
    size_t left = body_bytes(head) - seen;
    while (left > 0) {
        left -= read_some(fd, head, left < HEAD_BYTES ? left : HEAD_BYTES);
    }
}

static struct peer accept_one(int listener)
{
    const struct peer peer = {.fd = accept(listener, NULL, NULL)};
    if (peer.fd < 0) {
        give_up("accept");
    }
    return peer;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* One piece; true: that was the last one. */
static bool send_piece(struct peer *peer, const struct answer *answer)
{
    const bool is_head = peer->sent < answer->n_head;
    const size_t at = is_head ? peer->sent : peer->sent - answer->n_head;
    const char *from = (is_head ? answer->head : answer->stream) + at;
    const size_t left = (is_head ? answer->n_head : answer->n) - at;
    const ssize_t n = send(peer->fd, from, smaller(left, PIECE_BYTES), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) {
        give_up("send");
    }
    peer->sent += n > 0 ? (size_t)n : 0;
    return peer->sent == answer->n_head + answer->n;
}

static void serve_round(int listener, unsigned n, const struct answer *answer)
{
    static struct peer peers[WIRE_SERVER_MAX];
    static struct pollfd polled[WIRE_SERVER_MAX];
    for (unsigned i = 0; i < n; i++) {
        peers[i] = accept_one(listener);
        polled[i] = (struct pollfd){.fd = peers[i].fd, .events = POLLOUT};
    }
    for (unsigned i = 0; i < n; i++) {
        read_request(peers[i].fd);
    }
    for (unsigned open = n; open > 0;) {
        if (poll(polled, n, -1) < 0) {
            give_up("poll");
        }
        for (unsigned i = 0; i < n; i++) {
            if (polled[i].revents != 0 && send_piece(&peers[i], answer)) {
                (void)close(peers[i].fd);
                polled[i].fd = -1; /* poll() leaves it out */
                polled[i].revents = 0;
                open--;
            }
        }
    }
}

static int listen_on_loopback(int *ret_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) != 0 || listen(fd, WIRE_SERVER_MAX) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
        give_up("listen");
    }
    *ret_port = ntohs(at.sin_port);
    return fd;
}

static void move_to_second_processor(void)
{
    cpu_set_t second;
    CPU_ZERO(&second);
    CPU_SET(1, &second);
    (void)sched_setaffinity(0, sizeof second, &second); /* there may be none */
}

int wire_server_start(const char *stream, size_t n, const unsigned *rounds, size_t n_rounds)
{
    char head[256];
    const int n_head = snprintf(head, sizeof head,
                                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                                "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                                n);
    const struct answer answer = {head, stream, (size_t)n_head, n};
    int port = -1;
    const int listener = listen_on_loopback(&port);
    const pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        move_to_second_processor();
        for (size_t i = 0; i < n_rounds; i++) {
            serve_round(listener, rounds[i], &answer);
        }
        _exit(0);
    }
    (void)close(listener);
    return pid > 0 ? port : -1;
}
