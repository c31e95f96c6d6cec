/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/sandbox/asking.h"

#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/beacon_test.h"

#define NOT_APPLIED   100
#define LINK_FD       3
#define WAIT_KILLABLE (1u << 5)
#define SPACE_FOR_ONE CMSG_SPACE(sizeof(int))

static void send_fd(int to, int fd)
{
    char byte = 0;
    _Alignas(struct cmsghdr) char control[SPACE_FOR_ONE] = {0};
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(
        CMSG_DATA(header), &fd,
        sizeof fd); /* NOLINT(clang-analyzer-core.NonNullParamChecker): never NULL, there is room */
    if (sendmsg(to, &message, 0) != 1) {
        _exit(NOT_APPLIED);
    }
}

static int receive_fd(int from)
{
    char byte = 0;
    _Alignas(struct cmsghdr) char control[SPACE_FOR_ONE] = {0};
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    int fd = -1;
    assert_int_equal(recvmsg(from, &message, MSG_CMSG_CLOEXEC), 1);
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header != NULL) {
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
    }
    assert_true(fd >= 0);
    return fd;
}

static _Noreturn void be_child(int link, const struct sock_fprog *program,
                               int (*body)(const void *ctx), const void *ctx)
{
    char byte = 0;
    /* A copy of another child's listener would keep that child waiting. */
    if (dup2(link, LINK_FD) < 0 || close_range(LINK_FD + 1, ~0u, 0) != 0) {
        _exit(NOT_APPLIED);
    }
    link = LINK_FD;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                SECCOMP_FILTER_FLAG_NEW_LISTENER | WAIT_KILLABLE, program);
    if (listener < 0) {
        _exit(NOT_APPLIED);
    }
    send_fd(link, listener);
    (void)close(listener);
    (void)!read(link, &byte, 1); /* until asking_go() */
    (void)close(link);
    _exit(body(ctx));
}

struct asking asking_start(const struct sock_filter *program, size_t n,
                           int (*body)(const void *ctx), const void *ctx)
{
    int link[2];
    const struct sock_fprog fprog = {.len = (unsigned short)n,
                                     .filter = (struct sock_filter *)program};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, link), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(link[0]);
        be_child(link[1], &fprog, body, ctx);
    }
    (void)close(link[1]);
    return (struct asking){.pid = pid, .listener = receive_fd(link[0]), .go = link[0]};
}

struct asking asking_start_for(int call, int (*body)(const void *ctx), const void *ctx)
{
    const struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return asking_start(program, sizeof program / sizeof program[0], body, ctx);
}

void asking_go(struct asking *child)
{
    if (child->go >= 0) {
        (void)close(child->go);
        child->go = -1;
    }
}

int asking_end(struct asking *child)
{
    int status = 0;
    asking_go(child);
    assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
