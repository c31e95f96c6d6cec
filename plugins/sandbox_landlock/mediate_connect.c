/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "abstract.h"
#include "caller.h"
#include "guard.h"
#include "mediate.h"

/* A blocking call waits here for the command, but not long: others wait behind it. */
#define WAIT_MS  4000
#define PAUSE_MS 5

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_un local;
        struct sockaddr_storage storage;
    } to;
    socklen_t n;
};

static int read_address(const struct caller *caller, const struct beacon_sb_notice *notice,
                        struct address *ret)
{
    uint32_t n = (uint32_t)notice->args[2];
    memset(ret, 0, sizeof *ret);
    if (n > sizeof ret->to) {
        return EINVAL;
    }
    ret->n = n;
    return n == 0 ? 0 : caller_read(caller, notice->args[1], &ret->to, n);
}

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the socket tells how it went, its caller is gone, or the time is over. */
static int await_connection(const struct caller *caller, int fd, int64_t until)
{
    struct pollfd fds[] = {{.fd = fd, .events = POLLOUT}, {.fd = caller->pid_fd, .events = POLLIN}};
    int64_t left = until - now_ms();
    int error = 0;
    socklen_t n = sizeof error;
    if (poll(fds, 2, left > 0 ? (int)left : 0) <= 0 || fds[0].revents == 0) {
        return ETIMEDOUT;
    }
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 ? error : errno;
}

static void pause_for(const struct caller *caller)
{
    struct pollfd fd = {.fd = caller->pid_fd, .events = POLLIN};
    (void)poll(&fd, 1, PAUSE_MS);
}

static int connect_once(int fd, const struct address *address)
{
    return connect(fd, &address->to.any, address->n) == 0 ? 0 : errno;
}

/* A socket that blocks is given the shortest patience meanwhile. The answers then are "in progress" from
 * the internet, which goes on by itself, and "again" from a local server whose queue is full. */
static int connect_patiently(const struct caller *caller, int fd, const struct address *address)
{
    const struct timeval shortest = {.tv_usec = 1};
    struct timeval before = {0};
    socklen_t n = sizeof before;
    int64_t until = now_ms() + WAIT_MS;
    int rc = 0;
    (void)getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &before, &n);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &shortest, sizeof shortest);
    do {
        rc = connect_once(fd, address);
        if (rc == EAGAIN) {
            pause_for(caller);
        }
    } while (rc == EAGAIN && now_ms() < until && !caller_is_gone(caller));
    if (rc == EINPROGRESS) {
        rc = await_connection(caller, fd, until);
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &before, sizeof before);
    return rc;
}

static int connect_to(const struct caller *caller, int fd, const struct address *address)
{
    int flags = fcntl(fd, F_GETFL), rc = EPERM;
    bool is_blocking = flags >= 0 && (flags & O_NONBLOCK) == 0;
    if (identity_enter(&caller->identities)) {
        rc = is_blocking ? connect_patiently(caller, fd, address) : connect_once(fd, address);
    }
    identity_leave(&caller->identities);
    return rc;
}

/* By the descriptor that was judged: the name may mean another socket by now. */
static int connect_to_path(const struct guard *guard, const struct caller *caller, int fd,
                           const struct address *address)
{
    char path[sizeof address->to.local.sun_path + 1] = "";
    int target = -1;
    memcpy(path, address->to.local.sun_path, address->n - offsetof(struct sockaddr_un, sun_path));
    int rc = caller_resolve(caller, AT_FDCWD, path, 0, &target);
    if (rc != 0) {
        return rc;
    }
    rc = EACCES;
    if (guard_lets_connect(guard, target)) {
        struct address judged = {.n = sizeof judged.to.local};
        judged.to.local.sun_family = AF_UNIX;
        (void)snprintf(judged.to.local.sun_path, sizeof judged.to.local.sun_path,
                       "/proc/self/fd/%d", target);
        rc = connect_to(caller, fd, &judged);
    }
    (void)close(target);
    return rc;
}

static int connect_locally(const struct guard *guard, const struct caller *caller, int fd,
                           const struct address *address)
{
    const size_t head = offsetof(struct sockaddr_un, sun_path);
    if (address->to.any.sa_family != AF_UNIX || address->n <= head ||
        address->n > sizeof address->to.local) {
        return EINVAL;
    }
    if (address->to.local.sun_path[0] != '\0') {
        return connect_to_path(guard, caller, fd, address);
    }
    return abstract_is_inside(guard_mark(guard), address->to.local.sun_path, address->n - head)
               ? connect_to(caller, fd, address)
               : EPERM;
}

int mediate_connect(const struct guard *guard, const struct caller *caller,
                    const struct beacon_sb_notice *notice)
{
    struct address address;
    int fd = -1, domain = 0, type = 0;
    socklen_t n_domain = sizeof domain, n_type = sizeof type;
    int rc = caller_take_fd(caller, (int)notice->args[0], &fd);
    if (rc != 0) {
        return rc;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n_domain) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n_type) != 0) {
        rc = errno;
    }
    rc = rc == 0 ? read_address(caller, notice, &address) : rc;
    if (rc == 0 && domain == AF_UNIX) {
        rc = type == SOCK_DGRAM ? EPERM : connect_locally(guard, caller, fd, &address);
    } else if (rc == 0) {
        rc = connect_to(caller, fd, &address);
    }
    (void)close(fd);
    return rc;
}
