/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* What these get is a descriptor, and the test sees it in /proc from outside. */
static int hold_result(const char *what, long result)
{
    (void)attack_result(what, result);
    return attack_hold();
}

static int hold_bpf(char **argv)
{
    union bpf_attr map;
    (void)argv;
    (void)memset(&map, 0, sizeof map);
    map.map_type = BPF_MAP_TYPE_ARRAY;
    map.key_size = 4;
    map.value_size = 4;
    map.max_entries = 1;
    return hold_result("bpf", syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map));
}

static int hold_userfaultfd(char **argv)
{
    (void)argv;
    return hold_result("userfaultfd", syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY));
}

static int hold_perf(char **argv)
{
    struct perf_event_attr what = {.type = PERF_TYPE_SOFTWARE,
                                   .size = sizeof what,
                                   .config = PERF_COUNT_SW_TASK_CLOCK,
                                   .exclude_kernel = 1};
    (void)argv;
    return hold_result("perf_event_open", syscall(SYS_perf_event_open, &what, 0, -1, -1, 0));
}

static int hold_uring(char **argv)
{
    struct io_uring_params parameters = {0};
    (void)argv;
    return hold_result("io_uring_setup", syscall(SYS_io_uring_setup, 4, &parameters));
}

static int hold_fanotify(char **argv)
{
    (void)argv;
    return hold_result("fanotify_init",
                       syscall(SYS_fanotify_init, FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY));
}

static int hold_fsopen(char **argv)
{
    return hold_result("fsopen", syscall(SYS_fsopen, argv[0], 0));
}

static int hold_open_tree(char **argv)
{
    const unsigned clone_tree = 1;
    return hold_result("open_tree", syscall(SYS_open_tree, AT_FDCWD, argv[0], clone_tree));
}

static int hold_pidfd(char **argv)
{
    return hold_result("pidfd_open", syscall(SYS_pidfd_open, attack_number(argv[0]), 0));
}

static int hold_read(char **argv)
{
    return hold_result(argv[0], open(argv[0], O_RDONLY | O_NONBLOCK));
}

static int hold_write(char **argv)
{
    return hold_result(argv[0], open(argv[0], O_WRONLY | O_NONBLOCK | O_NOCTTY));
}

/* What Linux would also run: code in data, at address 0. */
static int hold_personality(char **argv)
{
    (void)argv;
    return hold_result("personality", personality(READ_IMPLIES_EXEC | ADDR_COMPAT_LAYOUT));
}

static int hold_personality_high_bits(char **argv)
{
    (void)argv;
    const unsigned long value = READ_IMPLIES_EXEC | 1UL << 32;
    return hold_result("personality", syscall(SYS_personality, value));
}

/* The system call number is changed at the stop that ptrace makes of it. */
static int rewrite(char **argv)
{
    pid_t child = fork();
    if (child == 0) {
        (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        (void)raise(SIGSTOP);
        (void)syscall(SYS_getpid, argv[0], 0777);
        _exit(0);
    }
    struct user_regs_struct registers;
    int status = 0;
    (void)waitpid(child, &status, 0);
    while (ptrace(PTRACE_SYSCALL, child, NULL, NULL) == 0 && waitpid(child, &status, 0) > 0 &&
           WIFSTOPPED(status)) {
        (void)ptrace(PTRACE_GETREGS, child, NULL, &registers);
        if (registers.orig_rax == SYS_getpid) {
            registers.orig_rax = SYS_chmod;
            (void)ptrace(PTRACE_SETREGS, child, NULL, &registers);
        }
    }
    return 0;
}

/* Ask for the attack of argv[1]… in new namespaces; argv[0]: how they are made. */
static int in_new_namespaces(char **argv)
{
    struct clone_args {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    } arguments = {.flags = CLONE_NEWUSER | CLONE_NEWNS, .exit_signal = SIGCHLD};
    long child = strcmp(argv[0], "clone3") == 0
                     ? syscall(SYS_clone3, &arguments, sizeof arguments)
                     : syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
    if (child < 0) {
        return attack_failed(argv[0]);
    }
    if (child == 0) {
        (void)execvp(argv[1], argv + 1);
        _exit(127);
    }
    return (int)waitpid((pid_t)child, NULL, 0) < 0;
}

const struct attack syscall_attacks[] = {
    {"hold-bpf", 0, hold_bpf},
    {"hold-userfaultfd", 0, hold_userfaultfd},
    {"hold-perf", 0, hold_perf},
    {"hold-uring", 0, hold_uring},
    {"hold-fanotify", 0, hold_fanotify},
    {"hold-fsopen", 1, hold_fsopen},
    {"hold-open-tree", 1, hold_open_tree},
    {"hold-pidfd", 1, hold_pidfd},
    {"hold-read", 1, hold_read},
    {"hold-write", 1, hold_write},
    {"hold-personality", 0, hold_personality},
    {"hold-personality-high-bits", 0, hold_personality_high_bits},
    {"rewrite", 1, rewrite},
    {"in-namespaces", 2, in_new_namespaces},
    {0},
};
