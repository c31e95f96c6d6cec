/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "verify/canary_parts.h"

static struct sockaddr_in local_address(const char *port)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)strtol(port, NULL, 10)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return to;
}

static struct sockaddr_un local_path(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    return to;
}

static long try_tcp(const char *port)
{
    const struct sockaddr_in to = local_address(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? -1 : connect(fd, (const struct sockaddr *)&to, sizeof to);
}

static long try_udp(const char *port)
{
    const struct sockaddr_in to = local_address(port);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? -1 : sendto(fd, "x", 1, 0, (const struct sockaddr *)&to, sizeof to);
}

static long try_listen(const char *unused)
{
    const struct sockaddr_in at = local_address("0");
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)unused;
    return fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 ? -1 : listen(fd, 1);
}

/* A server and a client within one command, as tests of programs have them. */
static long try_loopback(const char *unused)
{
    struct sockaddr_in at = local_address("0");
    socklen_t n = sizeof at;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)unused;
    if (server < 0 || client < 0 || bind(server, (const struct sockaddr *)&at, sizeof at) != 0 ||
        listen(server, 1) != 0 || getsockname(server, (struct sockaddr *)&at, &n) != 0) {
        return -1;
    }
    return connect(client, (const struct sockaddr *)&at, sizeof at);
}

static long try_raw(const char *unused)
{
    (void)unused;
    return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
}

static long try_audit(const char *unused)
{
    (void)unused;
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
}

static long try_abstract(const char *name)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path + 1, sizeof to.sun_path - 1, "%s", name);
    const socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? -1 : connect(fd, (const struct sockaddr *)&to, n);
}

static long try_stream_path(const char *path)
{
    const struct sockaddr_un to = local_path(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? -1 : connect(fd, (const struct sockaddr *)&to, sizeof to);
}

static long try_datagram_path(const char *path)
{
    const struct sockaddr_un to = local_path(path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? -1 : sendto(fd, "x", 1, 0, (const struct sockaddr *)&to, sizeof to);
}

/* The two ends are connected, and can send elsewhere all the same. */
static long try_datagram_pair(const char *path)
{
    const struct sockaddr_un to = local_path(path);
    int ends[2];
    return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) != 0
               ? -1
               : sendto(ends[0], "x", 1, 0, (const struct sockaddr *)&to, sizeof to);
}

static const struct canary canaries[] = {
    {"abstract", try_abstract, 0},
    {"audit", try_audit, 0},
    {"datagram_pair", try_datagram_pair, 0},
    {"datagram_path", try_datagram_path, 0},
    {"listen", try_listen, 0},
    {"loopback", try_loopback, 0},
    {"raw", try_raw, 0},
    {"stream_path", try_stream_path, 0},
    {"tcp", try_tcp, 0},
    {"udp", try_udp, 0},
};

const struct canary_list canary_network = {canaries, sizeof canaries / sizeof canaries[0]};
