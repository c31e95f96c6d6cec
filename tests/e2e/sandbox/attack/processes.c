/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static pid_t process(char **argv)
{
    return (pid_t)attack_number(argv[0]);
}

static int send_signal(char **argv)
{
    return attack_result("kill", kill(process(argv), (int)attack_number(argv[1])));
}

static int send_thread(char **argv)
{
    return attack_result("tgkill", syscall(SYS_tgkill, process(argv), process(argv), SIGUSR1));
}

static int send_task(char **argv)
{
    return attack_result("tkill", syscall(SYS_tkill, process(argv), SIGUSR1));
}

static int send_queued(char **argv)
{
    return attack_result("sigqueue", sigqueue(process(argv), SIGUSR1, (union sigval){0}));
}

static int send_pidfd(char **argv)
{
    int fd = (int)syscall(SYS_pidfd_open, process(argv), 0);
    return fd < 0 ? attack_failed("pidfd_open")
                  : attack_result("pidfd_send_signal",
                                  syscall(SYS_pidfd_send_signal, fd, SIGUSR1, NULL, 0));
}

/* The kernel delivers SIGIO for us, to whoever we say owns the pipe. */
static int send_owner(char **argv)
{
    int ends[2];
    if (pipe(ends) != 0 || fcntl(ends[0], F_SETOWN, process(argv)) != 0 ||
        fcntl(ends[0], F_SETSIG, SIGUSR1) != 0 ||
        fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK) != 0) {
        return attack_failed("F_SETOWN");
    }
    return attack_result("write", write(ends[1], "x", 1));
}

static int limit(char **argv)
{
    const struct rlimit few = {77, 77};
    return attack_result("prlimit", prlimit(process(argv), RLIMIT_NOFILE, &few, NULL));
}

/* The kernel looks at the low half of the process id only. */
static int limit_high_bits(char **argv)
{
    const struct rlimit few = {77, 77};
    long pid = process(argv) | (1L << 32);
    return attack_result("prlimit", syscall(SYS_prlimit64, pid, RLIMIT_NOFILE, &few, NULL));
}

static int priority(char **argv)
{
    return attack_result("setpriority", setpriority(PRIO_PROCESS, (id_t)process(argv), 17));
}

static int affinity(char **argv)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    return attack_result("sched_setaffinity", sched_setaffinity(process(argv), sizeof one, &one));
}

static int scheduler(char **argv)
{
    const struct sched_param none = {0};
    return attack_result("sched_setscheduler",
                         sched_setscheduler(process(argv), SCHED_IDLE, &none));
}

static int io_priority(char **argv)
{
    return attack_result("ioprio_set", syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, process(argv),
                                               IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)));
}

const struct attack process_attacks[] = {
    {"kill", 2, send_signal},
    {"tgkill", 1, send_thread},
    {"tkill", 1, send_task},
    {"sigqueue", 1, send_queued},
    {"pidfd-signal", 1, send_pidfd},
    {"owner-signal", 1, send_owner},
    {"prlimit", 1, limit},
    {"prlimit-high-bits", 1, limit_high_bits},
    {"setpriority", 1, priority},
    {"affinity", 1, affinity},
    {"scheduler", 1, scheduler},
    {"ioprio", 1, io_priority},
    {0},
};
