/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET_BYTES 64

static char buffer[SECRET_BYTES] = "overwritten by an attack";

/* Arguments: the process, the address of its secret. */
static pid_t process(char **argv)
{
    return (pid_t)attack_number(argv[0]);
}

static unsigned long address(char **argv)
{
    return strtoul(argv[1], NULL, 16);
}

static int print_stolen(const char *what, long result)
{
    if (result > 0) {
        (void)printf("%.*s\n", SECRET_BYTES, buffer);
    }
    return attack_result(what, result);
}

static int vm_read(char **argv)
{
    const struct iovec here = {buffer, sizeof buffer};
    const struct iovec there = {(void *)address(argv), sizeof buffer};
    return print_stolen("process_vm_readv",
                        process_vm_readv(process(argv), &here, 1, &there, 1, 0));
}

static int vm_write(char **argv)
{
    const struct iovec here = {buffer, sizeof buffer};
    const struct iovec there = {(void *)address(argv), sizeof buffer};
    return attack_result("process_vm_writev",
                         process_vm_writev(process(argv), &here, 1, &there, 1, 0));
}

static int open_memory(char **argv, int flags)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/mem", process(argv));
    return open(path, flags);
}

static int mem_read(char **argv)
{
    int fd = open_memory(argv, O_RDONLY);
    return print_stolen("/proc/PID/mem",
                        fd < 0 ? -1 : pread(fd, buffer, sizeof buffer, (off_t)address(argv)));
}

static int mem_write(char **argv)
{
    int fd = open_memory(argv, O_RDWR);
    return attack_result("/proc/PID/mem",
                         fd < 0 ? -1 : pwrite(fd, buffer, sizeof buffer, (off_t)address(argv)));
}

static int poke(char **argv)
{
    if (ptrace(PTRACE_ATTACH, process(argv), NULL, NULL) != 0) {
        return attack_failed("ptrace attach");
    }
    (void)waitpid(process(argv), NULL, __WALL);
    (void)ptrace(PTRACE_POKEDATA, process(argv), (void *)address(argv),
                 (void *)0x4141414141414141L);
    return attack_result("ptrace detach", ptrace(PTRACE_DETACH, process(argv), NULL, NULL));
}

static int seize(char **argv)
{
    if (ptrace(PTRACE_SEIZE, process(argv), NULL, NULL) != 0) {
        (void)attack_failed("ptrace seize");
    }
    return attack_hold();
}

/* Whoever can be reached: the first process of the namespace, helpers of the sandbox, anybody. */
static int seize_all(char **argv)
{
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    (void)argv;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        long pid = strtol(entry->d_name, NULL, 10);
        if (pid > 0 && pid != getpid() && pid != getppid()) {
            (void)ptrace(PTRACE_SEIZE, (pid_t)pid, NULL, NULL);
        }
    }
    return attack_hold();
}

/* Arguments: the process, the number of a descriptor it has. */
static int take_fd(char **argv)
{
    int pidfd = (int)syscall(SYS_pidfd_open, process(argv), 0);
    int fd = (int)syscall(SYS_pidfd_getfd, pidfd, attack_number(argv[1]), 0);
    return fd < 0 ? attack_failed("pidfd_getfd") : attack_result("write", write(fd, "taken\n", 6));
}

const struct attack memory_attacks[] = {
    {"vm-read", 2, vm_read},     {"vm-write", 2, vm_write}, {"mem-read", 2, mem_read},
    {"mem-write", 2, mem_write}, {"poke", 2, poke},         {"seize", 1, seize},
    {"seize-all", 0, seize_all}, {"take-fd", 2, take_fd},   {0},
};
