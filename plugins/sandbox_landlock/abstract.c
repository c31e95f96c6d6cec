/* SPDX-License-Identifier: Apache-2.0 */
#include "abstract.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_BYTES 16384

struct question {
    const char *name;
    size_t n;
    uint32_t inode; /* the answer; 0: nobody listens */
};

static bool ask(int diag)
{
    const struct {
        struct nlmsghdr header;
        struct unix_diag_req request;
    } message = {
        .header = {.nlmsg_len = sizeof message,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .request = {.sdiag_family = AF_UNIX,
                    .udiag_states = 1u << TCP_LISTEN,
                    .udiag_show = UDIAG_SHOW_NAME},
    };
    return send(diag, &message, sizeof message, 0) == (ssize_t)sizeof message;
}

static void read_socket(const struct nlmsghdr *header, struct question *question)
{
    const struct unix_diag_msg *socket = NLMSG_DATA(header);
    if (header->nlmsg_len < NLMSG_LENGTH(sizeof *socket)) {
        return;
    }
    const struct rtattr *attribute = (const struct rtattr *)(socket + 1);
    size_t left = header->nlmsg_len - NLMSG_LENGTH(sizeof *socket);
    while (RTA_OK(attribute, left)) {
        if (attribute->rta_type == UNIX_DIAG_NAME && RTA_PAYLOAD(attribute) == question->n &&
            memcmp(RTA_DATA(attribute), question->name, question->n) == 0) {
            question->inode = socket->udiag_ino;
        }
        attribute = RTA_NEXT(attribute, left);
    }
}

/* False when there is nothing more to read. */
static bool read_answer(int diag, struct question *question)
{
    _Alignas(struct nlmsghdr) char answer[ANSWER_BYTES];
    ssize_t got = recv(diag, answer, sizeof answer, 0);
    size_t left = got > 0 ? (size_t)got : 0;
    const struct nlmsghdr *header = (const struct nlmsghdr *)answer;
    if (left == 0) {
        return false;
    }
    for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
        if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY) {
            return false; /* done, or an error */
        }
        read_socket(header, question);
    }
    return true;
}

static uint32_t find_listener(const char *name, size_t n)
{
    struct question question = {.name = name, .n = n};
    int diag = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (diag < 0) {
        return 0;
    }
    bool has_more = ask(diag);
    while (has_more) {
        has_more = read_answer(diag, &question);
    }
    (void)close(diag);
    return question.inode;
}

static bool is_marked(const char *pid, uint64_t mark)
{
    struct rlimit limit;
    return prlimit((pid_t)strtol(pid, NULL, 10), RLIMIT_MSGQUEUE, NULL, &limit) == 0 &&
           limit.rlim_max == mark;
}

static bool is_number(const char *name)
{
    return name[0] >= '1' && name[0] <= '9';
}

static bool holds(const char *pid, const char *socket)
{
    char path[64], link[64];
    (void)snprintf(path, sizeof path, "/proc/%.10s/fd", pid);
    DIR *folder = opendir(path);
    bool is_held = false;
    for (struct dirent *entry = folder == NULL ? NULL : readdir(folder); entry != NULL && !is_held;
         entry = readdir(folder)) {
        ssize_t n = readlinkat(dirfd(folder), entry->d_name, link, sizeof link - 1);
        link[n > 0 ? n : 0] = '\0';
        is_held = strcmp(link, socket) == 0;
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    return is_held;
}

bool abstract_is_inside(uint64_t mark, const char *name, size_t n)
{
    char socket[64];
    uint32_t inode = mark == 0 ? 0 : find_listener(name, n);
    DIR *processes = inode == 0 ? NULL : opendir("/proc");
    if (processes == NULL) {
        return false;
    }
    bool is_inside = false;
    (void)snprintf(socket, sizeof socket, "socket:[%u]", inode);
    for (struct dirent *entry = readdir(processes); entry != NULL && !is_inside;
         entry = readdir(processes)) {
        is_inside = is_number(entry->d_name) && is_marked(entry->d_name, mark) &&
                    holds(entry->d_name, socket);
    }
    (void)closedir(processes);
    return is_inside;
}
