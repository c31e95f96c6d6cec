/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static struct sockaddr_in ipv4(char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_port = htons((uint16_t)attack_number(argv[1]));
    (void)inet_pton(AF_INET, argv[0], &address.sin_addr);
    return address;
}

static int connect_to(int fd, const void *address, size_t size)
{
    if (fd < 0) {
        return attack_failed("socket");
    }
    if (connect(fd, address, (socklen_t)size) != 0) {
        return attack_failed("connect");
    }
    return attack_result("send", send(fd, "stolen", 6, MSG_NOSIGNAL));
}

/* Arguments of these: an address, a port. */
static int tcp(char **argv)
{
    struct sockaddr_in address = ipv4(argv);
    return connect_to(socket(AF_INET, SOCK_STREAM, 0), &address, sizeof address);
}

static int tcp_high_bits(char **argv)
{
    struct sockaddr_in address = ipv4(argv);
    long fd = syscall(SYS_socket, AF_INET | 1L << 32, SOCK_STREAM | 1L << 33, 0);
    return connect_to((int)fd, &address, sizeof address);
}

static int multipath(char **argv)
{
    struct sockaddr_in address = ipv4(argv);
    return connect_to(socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP), &address, sizeof address);
}

static int fast_open(char **argv)
{
    struct sockaddr_in address = ipv4(argv);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return attack_result("sendto", sendto(fd, "stolen", 6, MSG_FASTOPEN | MSG_NOSIGNAL,
                                          (struct sockaddr *)&address, sizeof address));
}

static int udp(char **argv)
{
    struct sockaddr_in address = ipv4(argv);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    return attack_result("sendto",
                         sendto(fd, "stolen", 6, 0, (struct sockaddr *)&address, sizeof address));
}

static struct sockaddr_in6 ipv6(char **argv)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6};
    address.sin6_port = htons((uint16_t)attack_number(argv[1]));
    (void)inet_pton(AF_INET6, argv[0], &address.sin6_addr);
    return address;
}

static int tcp6(char **argv)
{
    struct sockaddr_in6 address = ipv6(argv);
    return connect_to(socket(AF_INET6, SOCK_STREAM, 0), &address, sizeof address);
}

static int udp6(char **argv)
{
    struct sockaddr_in6 address = ipv6(argv);
    return connect_to(socket(AF_INET6, SOCK_DGRAM, 0), &address, sizeof address);
}

struct packet {
    struct iphdr ip;
    struct udphdr udp;
    char text[6];
};

static struct packet make_packet(const struct sockaddr_in *to)
{
    struct packet packet = {.text = {'s', 't', 'o', 'l', 'e', 'n'}};
    packet.ip.version = 4;
    packet.ip.ihl = 5;
    packet.ip.ttl = 9;
    packet.ip.protocol = IPPROTO_UDP;
    packet.ip.tot_len = htons(sizeof packet);
    packet.ip.saddr = packet.ip.daddr = to->sin_addr.s_addr;
    packet.udp.source = packet.udp.dest = to->sin_port;
    packet.udp.len = htons(sizeof packet.udp + sizeof packet.text);
    const uint16_t *word = (const uint16_t *)&packet.ip;
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof packet.ip / 2; i++) {
        sum += word[i];
    }
    packet.ip.check = (uint16_t) ~((sum & 0xffff) + (sum >> 16));
    return packet;
}

static int raw(char **argv)
{
    struct sockaddr_in address = ipv4(argv);
    struct packet packet = make_packet(&address);
    int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    return attack_result("sendto", sendto(fd, &packet, sizeof packet, 0,
                                          (struct sockaddr *)&address, sizeof address));
}

/* Whatever others say on the loopback while this holds. */
static int sniff(char **argv)
{
    char packet[2048];
    ssize_t n;
    (void)argv;
    int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));
    (void)attack_hold();
    while ((n = recv(fd, packet, sizeof packet, MSG_DONTWAIT)) > 0) {
        (void)fwrite(packet, 1, (size_t)n, stdout);
    }
    return attack_result("socket", fd);
}

/* By a path, or after '@' by a name without a file. */
static struct sockaddr_un local(const char *name, size_t *ret_size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", name);
    *ret_size = offsetof(struct sockaddr_un, sun_path) + strlen(name) + (name[0] != '@');
    if (name[0] == '@') {
        address.sun_path[0] = '\0';
    }
    return address;
}

static int unix_connect(char **argv, int kind)
{
    size_t size;
    struct sockaddr_un address = local(argv[0], &size);
    return connect_to(socket(AF_UNIX, kind, 0), &address, size);
}

static int unix_stream(char **argv)
{
    return unix_connect(argv, SOCK_STREAM);
}

static int unix_packet(char **argv)
{
    return unix_connect(argv, SOCK_SEQPACKET);
}

static int unix_datagram(char **argv)
{
    return unix_connect(argv, SOCK_DGRAM);
}

static int unix_sendto(char **argv)
{
    size_t size;
    struct sockaddr_un address = local(argv[0], &size);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    return attack_result("sendto",
                         sendto(fd, "stolen", 6, 0, (struct sockaddr *)&address, (socklen_t)size));
}

/* socketpair gives ends that nobody has to bind. */
static int unix_pair_sendto(char **argv)
{
    int ends[2];
    size_t size;
    struct sockaddr_un address = local(argv[0], &size);
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0) {
        return attack_failed("socketpair");
    }
    return attack_result(
        "sendto", sendto(ends[0], "stolen", 6, 0, (struct sockaddr *)&address, (socklen_t)size));
}

/* Argument: a port. Answers to whoever comes from outside. */
static int serve(char **argv)
{
    char *any[] = {"127.0.0.1", argv[0]};
    struct sockaddr_in address = ipv4(any);
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, 5) != 0) {
        (void)attack_failed("listen");
    }
    return attack_hold();
}

/* Arguments of these: the MTU of the loopback device. */
static int set_mtu_netlink(char **argv)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg link;
        struct rtattr mtu;
        unsigned value;
    } request = {.header = {.nlmsg_len = sizeof request,
                            .nlmsg_type = RTM_SETLINK,
                            .nlmsg_flags = NLM_F_REQUEST},
                 .link = {.ifi_index = 1},
                 .mtu = {.rta_len = sizeof(struct rtattr) + 4, .rta_type = IFLA_MTU},
                 .value = (unsigned)attack_number(argv[0])};
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    return attack_result("netlink", send(fd, &request, sizeof request, 0));
}

static int set_mtu(char **argv)
{
    struct ifreq request = {.ifr_name = "lo"};
    request.ifr_mtu = (int)attack_number(argv[0]);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    return attack_result("SIOCSIFMTU", ioctl(fd, SIOCSIFMTU, &request));
}

const struct attack network_attacks[] = {
    {"tcp", 2, tcp},
    {"tcp-high-bits", 2, tcp_high_bits},
    {"multipath", 2, multipath},
    {"fast-open", 2, fast_open},
    {"udp", 2, udp},
    {"tcp6", 2, tcp6},
    {"udp6", 2, udp6},
    {"raw", 2, raw},
    {"sniff", 0, sniff},
    {"unix-stream", 1, unix_stream},
    {"unix-packet", 1, unix_packet},
    {"unix-datagram", 1, unix_datagram},
    {"unix-sendto", 1, unix_sendto},
    {"unix-pair-sendto", 1, unix_pair_sendto},
    {"serve", 1, serve},
    {"set-mtu-netlink", 1, set_mtu_netlink},
    {"set-mtu", 1, set_mtu},
    {0},
};
