/* SPDX-License-Identifier: Apache-2.0 */
/* Group X: what a plan promises, tried from inside. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/text.h"
#include "check.h"
#include "checks.h"
#include "verify/canary.h"
#include "yard.h"

#define ARGUMENT_BYTES (PATH_MAX + 64)

struct attempt {
    const char *canary;
    const char *argument; /* a name in outside/ when it begins with '@' */
    const char *deed;     /* "write a file outside" */
};

/* ---- one promise ---- */

static void try_one(struct yard *yard, const struct yard_policy *policy, const struct attempt *a)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    char argument[ARGUMENT_BYTES];
    (void)snprintf(argument, sizeof argument, a->argument[0] == '@' ? "%s/%s" : "%.0s%s",
                   yard->outside, a->argument + (a->argument[0] == '@' ? 1 : 0));
    const int status = yard_run(yard, &policy->policy, a->canary, argument, &err);
    if (status == CANARY_THROUGH) {
        check_fail(yard->c, "that the kernel refuses it: the plan promised so",
                   "promise only what the operations of the plan enforce", "a command could %s",
                   a->deed);
    } else if (status < 0) {
        check_fail(yard->c, "a command that is started and then stopped from doing it",
                   "see the operation and errno, and refuse in prepare() what cannot be had",
                   "the command could not be started: %s", err.message);
    }
}

/* Does the plan for this policy promise `bit`? */
static bool has_promise(struct yard *yard, const struct yard_policy *policy, uint32_t bit)
{
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    uint32_t promised = 0;
    if (!yard_promises(yard, &policy->policy, &promised, &err)) {
        check_skip(yard->c, "this kernel is refused: %s", err.message);
        return false;
    }
    if ((promised & bit) == 0) {
        check_skip(yard->c, "the plan does not promise it here");
        return false;
    }
    return true;
}

static void try_all(struct check_case *c, uint32_t bit, uint32_t flags,
                    const struct attempt *attempts, size_t n)
{
    struct yard yard;
    if (yard_open(&yard, c)) {
        struct yard_policy policy;
        yard_policy_init(&yard, flags, &policy);
        for (size_t i = 0; i < n && (i > 0 || has_promise(&yard, &policy, bit)); i++) {
            try_one(&yard, &policy, &attempts[i]);
        }
        yard_policy_finish(&policy);
    }
    yard_close(&yard);
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct attempt writes[] = {
    {"write", "@new", "make a file where it may not write"},
    {"append", "@secret", "change a file where it may not write"},
    {"truncate", "@secret", "empty a file where it may not write"},
    {"mkdir", "@folder", "make a folder where it may not write"},
    {"rename", "@moved", "move a file to where it may not write"},
    {"link", "@linked", "link a file to where it may not write"},
    {"symlink", "@through-link", "write where it may not, through a symbolic link"},
    {"proc_root", "@through-proc", "write where it may not, through /proc/self/root"},
    {"unlink", "@secret", "delete a file where it may not write"},
};

static void check_untouched(struct check_case *c, const char *outside)
{
    char path[PATH_MAX + 16];
    AUTO_TEXT struct text content;
    struct beacon_error err = {0};
    text_init(&content, 4096);
    (void)snprintf(path, sizeof path, "%s/secret", outside);
    if (!check_has_failed(c) && (io_read_file(path, &content, &err) != BEACON_OK ||
                                 strcmp(text_string(&content), "untouched\n") != 0)) {
        check_fail(c, "a file outside that is as it was",
                   "promise only what the operations of the plan enforce",
                   "the file outside was changed although every attempt failed");
    }
}

void check_canary_fs_write(struct check_case *c)
{
    struct yard yard;
    try_all(c, BEACON_SB_FS_WRITE, 0, writes, COUNT(writes));
    if (realpath("outside", yard.outside) != NULL) {
        check_untouched(c, yard.outside);
    }
}

void check_canary_fs_read(struct check_case *c)
{
    static const struct attempt reads[] = {
        {"read", "@secret", "read a file that the policy does not let it read"}};
    try_all(c, BEACON_SB_FS_READ, YARD_LIMITED_READ, reads, COUNT(reads));
}

void check_canary_syscalls(struct check_case *c)
{
    static const struct attempt calls[] = {
        {"mount", "", "reach mount(2)"},
        {"bpf", "", "reach bpf(2)"},
        {"module", "", "reach init_module(2)"},
        {"keyring", "", "reach the keyrings of the kernel"},
        {"io_uring", "", "reach io_uring_setup(2)"},
    };
    try_all(c, BEACON_SB_SYSCALLS, 0, calls, COUNT(calls));
}

/* A program that may be run, in a folder where none may. */
static bool copy_program(struct yard *yard)
{
    char path[PATH_MAX + 16];
    AUTO_TEXT struct text program;
    struct beacon_error err = {0};
    text_init(&program, (size_t)256 << 20);
    (void)snprintf(path, sizeof path, "%s/program", yard->outside);
    return io_read_file(yard->self, &program, &err) == BEACON_OK &&
           io_replace_file(path, text_string(&program), program.len, 0700, &err) == BEACON_OK;
}

void check_canary_exec(struct check_case *c)
{
    static const struct attempt start = {"exec", "@program", "start a program that it may not run"};
    struct yard yard;
    if (yard_open(&yard, c)) {
        struct yard_policy policy;
        yard_policy_init(&yard, YARD_LIMITED_EXEC, &policy);
        if (!copy_program(&yard)) {
            check_skip(c, "the program cannot be copied here");
        } else if (has_promise(&yard, &policy, BEACON_SB_EXEC)) {
            try_one(&yard, &policy, &start);
        }
        yard_policy_finish(&policy);
    }
    yard_close(&yard);
}

/* ---- other processes and the network ---- */

/* A port of this process on 127.0.0.1; below 0: none is to be had. */
static int open_port(int type, char *ret, size_t n)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &length) != 0 ||
        (type == SOCK_STREAM && listen(fd, 1) != 0)) {
        return -1;
    }
    (void)snprintf(ret, n, "%u", ntohs(at.sin_port));
    return fd;
}

void check_canary_net(struct check_case *c)
{
    char tcp[16] = "", udp[16] = "";
    AUTO_CLOSE int tcp_fd = open_port(SOCK_STREAM, tcp, sizeof tcp);
    AUTO_CLOSE int udp_fd = open_port(SOCK_DGRAM, udp, sizeof udp);
    const struct attempt attempts[] = {
        {"tcp", tcp, "connect to a port of the host"},
        {"udp", udp, "send a datagram to the host"},
    };
    if (tcp_fd < 0 || udp_fd < 0) {
        check_skip(c, "there is no loopback interface here");
        return;
    }
    try_all(c, BEACON_SB_NET, 0, attempts, COUNT(attempts));
}

void check_canary_ipc(struct check_case *c)
{
    char name[64];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(name, sizeof name, "beacon-check-%d", (int)getpid());
    (void)snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "%s", name);
    const socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
    AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct attempt attempts[] = {{"abstract", name, "connect to an abstract socket outside"}};
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, n) != 0 || listen(fd, 1) != 0) {
        check_skip(c, "there are no abstract sockets here");
        return;
    }
    try_all(c, BEACON_SB_IPC, 0, attempts, COUNT(attempts));
}

void check_canary_proc(struct check_case *c)
{
    char pid[16];
    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    const struct attempt attempts[] = {
        {"signal", pid, "send a signal to a process outside"},
        {"ptrace", pid, "trace a process outside"},
    };
    try_all(c, BEACON_SB_PROC, 0, attempts, COUNT(attempts));
}

/* ---- kernels that can do less ---- */

/* From now on this process and its children see a kernel without Landlock and namespaces of their own. */
static bool become_old(void)
{
#define MISSING(call)                                                                              \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1),                                             \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        MISSING(SYS_landlock_create_ruleset),
        MISSING(SYS_landlock_add_rule),
        MISSING(SYS_landlock_restrict_self),
        MISSING(SYS_unshare),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
#undef MISSING
    const struct sock_fprog program = {.len = COUNT(filter), .filter = filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

void check_canary_old_kernel(struct check_case *c)
{
    struct yard yard;
    struct beacon_error err = BEACON_INIT(struct beacon_error);
    uint32_t promised = 0;
    if (!become_old()) {
        check_skip(c, "this kernel has no system call filter");
        return;
    }
    if (yard_open(&yard, c)) {
        struct yard_policy policy;
        yard_policy_init(&yard, 0, &policy);
        if (!yard_promises(&yard, &policy.policy, &promised, &err)) {
            instance_check_error(c, err.code, &err, "prepare() on a kernel without Landlock");
        } else if ((promised & ~yard.can_enforce & BEACON_SB_FS_WRITE) != 0) {
            check_fail(
                c, "no promise that probe() did not report", "ask the kernel in both",
                "without Landlock the plan promises that nothing is written, and probe() did "
                "not");
        } else if ((promised & BEACON_SB_FS_WRITE) != 0) {
            try_one(&yard, &policy, &writes[0]);
        }
        yard_policy_finish(&policy);
    }
    yard_close(&yard);
}
