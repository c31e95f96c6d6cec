/* SPDX-License-Identifier: Apache-2.0 */
#include "base/spawn_send.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"

/* Room for one descriptor, aligned as the kernel wants it. */
union one_fd {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

int spawn_raise_fd(int fd)
{
    if (fd < 0 || fd >= SPAWN_FD_FLOOR) {
        return fd;
    }
    const int raised = fcntl(fd, F_DUPFD_CLOEXEC, SPAWN_FD_FLOOR);
    const int saved = errno;
    (void)close(fd);
    errno = saved;
    return raised;
}

int spawn_channel_open(int *ret_host_end, int *ret_child_end)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return -1;
    }
    AUTO_CLOSE int host_end = spawn_raise_fd(ends[0]);
    AUTO_CLOSE int child_end = spawn_raise_fd(ends[1]);
    if (host_end < 0 || child_end < 0) {
        return -1;
    }
    *ret_host_end = take_fd(&host_end);
    *ret_child_end = take_fd(&child_end);
    return 0;
}

int spawn_status_open(int *ret_ours, int *ret_theirs)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return -1;
    }
    AUTO_CLOSE int ours = spawn_raise_fd(ends[0]);
    AUTO_CLOSE int theirs = spawn_raise_fd(ends[1]);
    if (ours < 0 || theirs < 0) {
        return -1;
    }
    *ret_ours = take_fd(&ours);
    *ret_theirs = take_fd(&theirs);
    return 0;
}

int spawn_send_fd(const struct spawn_scene *scene, uint32_t tag, int fd)
{
    union one_fd control;
    struct iovec text = {.iov_base = &tag, .iov_len = sizeof tag};
    struct msghdr message = {.msg_iov = &text,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control.bytes};
    memset(&control, 0, sizeof control);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return sendmsg(scene->host_fd, &message, MSG_NOSIGNAL) == (ssize_t)sizeof tag ? 0 : -1;
}

static int fd_of(struct msghdr *message)
{
    int fd = -1;
    const struct cmsghdr *header = CMSG_FIRSTHDR(message);
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof fd)) {
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
    }
    return fd;
}

/* False: there is no other end any more. */
static bool receive(int host_end, uint32_t *ret_tag, int *ret_fd)
{
    union one_fd control;
    uint32_t tag = 0;
    struct iovec text = {.iov_base = &tag, .iov_len = sizeof tag};
    struct msghdr message = {.msg_iov = &text,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control.bytes};
    ssize_t n = 0;
    do {
        n = recvmsg(host_end, &message, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n <= 0) {
        return false;
    }
    *ret_tag = tag;
    *ret_fd = fd_of(&message);
    return true;
}

void spawn_channel_drain(int host_end, struct spawn_sent *sent)
{
    uint32_t tag = 0;
    int fd = -1;
    while (receive(host_end, &tag, &fd)) {
        if (fd >= 0 && sent != NULL && sent->n < SPAWN_SENT_MAX) {
            sent->list[sent->n].tag = tag;
            sent->list[sent->n++].fd = fd;
        } else if (fd >= 0) {
            (void)close(fd);
        }
    }
}

void spawn_sent_close(struct spawn_sent *sent)
{
    for (size_t i = 0; sent != NULL && i < sent->n; i++) {
        (void)close(sent->list[i].fd);
    }
    if (sent != NULL) {
        sent->n = 0;
    }
}
