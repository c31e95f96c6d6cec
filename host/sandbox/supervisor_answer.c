/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "sandbox/supervisor_parts.h"

#define OF_A_THREAD    O_EXCL /* PIDFD_THREAD, from Linux 6.9 */
#define STATUS_BYTES   4096
#define ERRNO_MAX      4095
#define SEND_AT_ONCE   2u /* SECCOMP_ADDFD_FLAG_SEND, from Linux 5.14 */
#define NUMBER_OF_TGID "\nTgid:\t"

/* The kernel's structs may be longer than those of the headers; it tells how long. */
struct exchange {
    struct seccomp_notif *request;
    struct seccomp_notif_resp *response;
};

static void exchange_init(struct exchange *exchange)
{
    struct seccomp_notif_sizes sizes = {0};
    (void)syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes);
    size_t request = sizeof *exchange->request, response = sizeof *exchange->response;
    request = sizes.seccomp_notif > request ? sizes.seccomp_notif : request;
    response = sizes.seccomp_notif_resp > response ? sizes.seccomp_notif_resp : response;
    exchange->request = alloc_zeroed(request);
    exchange->response = alloc_zeroed(response);
}

/* Callers are often threads, and older kernels make pidfds of whole processes only. */
static pid_t process_of(pid_t thread)
{
    char path[64], status[STATUS_BYTES];
    int group = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)thread);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, status, sizeof status - 1);
    if (n <= 0) {
        return -1;
    }
    status[n] = '\0';
    const char *line = strstr(status, NUMBER_OF_TGID);
    if (line == NULL) {
        return -1;
    }
    line += sizeof NUMBER_OF_TGID - 1;
    while (*line >= '0' && *line <= '9') {
        group = group * 10 + (*line++ - '0');
    }
    return (pid_t)group;
}

static int open_pidfd(pid_t thread)
{
    int fd = (int)syscall(SYS_pidfd_open, thread, OF_A_THREAD);
    if (fd >= 0 || errno != EINVAL) {
        return fd;
    }
    pid_t process = process_of(thread);
    return process < 0 ? -1 : (int)syscall(SYS_pidfd_open, process, 0);
}

static int open_memory(pid_t thread)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)thread);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* While the notification lives, its caller does, and what was opened before by its number is its own. */
static bool is_alive(int listener, uint64_t id)
{
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/* The caller may be gone meanwhile; there is nobody to tell then. */
static void send_response(int listener, struct exchange *exchange, int64_t value, int error)
{
    exchange->response->id = exchange->request->id;
    exchange->response->val = error == 0 ? value : 0;
    exchange->response->error = -error;
    exchange->response->flags = 0; /* never "continue": the caller could change its arguments */
    (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, exchange->response);
}

static void inject(int listener, struct exchange *exchange, int fd)
{
    struct seccomp_notif_addfd add = {
        .id = exchange->request->id,
        .flags = SEND_AT_ONCE,
        .srcfd = (uint32_t)fd,
        .newfd_flags = (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 ? O_CLOEXEC : 0,
    };
    int number = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
    if (number >= 0) {
        return; /* and the call has returned it */
    }
    if (errno == EINVAL) {
        add.flags = 0;
        number = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
    }
    send_response(listener, exchange, number, number < 0 ? errno : 0);
}

static void send_answer(int listener, struct exchange *exchange,
                        const struct beacon_sb_answer *answer)
{
    if (answer->error != 0) {
        bool is_errno = answer->error > 0 && answer->error <= ERRNO_MAX;
        send_response(listener, exchange, 0, is_errno ? answer->error : EPERM);
    } else if (answer->fd >= 0) {
        inject(listener, exchange, answer->fd);
    } else {
        send_response(listener, exchange, answer->value, 0);
    }
    if (answer->fd >= 0) {
        (void)close(answer->fd);
    }
}

static void judge(const struct supervisor_settings *settings, int listener, void *cookie,
                  struct exchange *exchange)
{
    const struct seccomp_notif *request = exchange->request;
    AUTO_CLOSE int pid_fd = open_pidfd((pid_t)request->pid);
    AUTO_CLOSE int mem_fd = open_memory((pid_t)request->pid);
    struct beacon_sb_answer answer = {.struct_size = sizeof answer, .fd = -1};
    struct beacon_sb_notice notice = {
        .struct_size = sizeof notice,
        .pid = (int32_t)request->pid,
        .syscall = request->data.nr,
        .arch = request->data.arch,
        .pid_fd = pid_fd,
        .mem_fd = mem_fd,
    };
    for (size_t i = 0; i < sizeof notice.args / sizeof notice.args[0]; i++) {
        notice.args[i] = request->data.args[i];
    }
    if (!is_alive(listener, request->id)) {
        return;
    }
    if (request->pid == 0 || pid_fd < 0 || mem_fd < 0 ||
        settings->judge(settings->ctx, cookie, &notice, &answer) != BEACON_OK) {
        answer.error = EPERM;
    }
    send_answer(listener, exchange, &answer);
}

void supervisor_answer(const struct supervisor_settings *settings, int listener, void *cookie)
{
    struct exchange exchange;
    exchange_init(&exchange);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, exchange.request) == 0) {
        judge(settings, listener, cookie, &exchange);
    }
    free(exchange.request);
    free(exchange.response);
}
