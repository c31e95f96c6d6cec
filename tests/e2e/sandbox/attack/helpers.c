/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PR_SET_PTRACER_ANY
#define PR_SET_PTRACER_ANY ((unsigned long)-1)
#endif

static char kept[64];
static volatile sig_atomic_t n_signals;

static void count(int number)
{
    (void)number;
    n_signals = n_signals + 1;
}

static bool is_limited(void)
{
    struct rlimit files;
    return getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur == 77;
}

static bool is_slow(void)
{
    return getpriority(PRIO_PROCESS, 0) == 17 || sched_getscheduler(0) != SCHED_OTHER ||
           syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) >> IOPRIO_CLASS_SHIFT ==
               IOPRIO_CLASS_IDLE;
}

static bool is_bound(void)
{
    cpu_set_t cpus;
    return sched_getaffinity(0, sizeof cpus, &cpus) == 0 &&
           CPU_COUNT(&cpus) < sysconf(_SC_NPROCESSORS_ONLN);
}

static const char *state(const char *word)
{
    return n_signals > 0             ? "signalled"
           : strcmp(kept, word) != 0 ? "overwritten"
           : is_limited()            ? "limited"
           : is_slow()               ? "slowed down"
           : is_bound()              ? "kept on few processors"
                                     : "untouched";
}

/* Arguments: a secret, a file to hold open. Says "victim PID ADDRESS FD"; then answers each line with
 * what was done to it. */
static int be_victim(char **argv)
{
    char line[64];
    (void)snprintf(kept, sizeof kept, "%s", argv[0]);
    for (int number = 1; number < NSIG; number++) {
        if (number != SIGPIPE && number != SIGCHLD) {
            (void)signal(number, count);
        }
    }
    (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    int fd = open(argv[1], O_RDWR | O_APPEND);
    (void)printf("victim %d %lx %d\n", getpid(), (unsigned long)kept, fd);
    (void)fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        (void)printf("%s\n", state(argv[0]));
        (void)fflush(stdout);
    }
    return 0;
}

/* Run a command as beacon does it without a sandbox: as a child, with the exit status passed on. */
static int launch(char **argv)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        if (chdir(argv[0]) == 0) {
            (void)execvp(argv[1], argv + 1);
        }
        _exit(attack_failed(argv[1]) + 126);
    }
    while (waitpid(child, &status, 0) < 0) {
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Run a command in a session that standard input controls, as a terminal emulator does it. */
static int take_terminal(char **argv)
{
    if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) == 0) {
        (void)execvp(argv[0], argv);
    }
    return attack_failed(argv[0]);
}

static int landlock_abi(char **argv)
{
    (void)argv;
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    (void)printf("%ld\n", abi < 0 ? 0 : abi);
    return 0;
}

static int show_personality(char **argv)
{
    (void)argv;
    (void)printf("%x\n", (unsigned)personality(0xffffffff));
    return 0;
}

const struct attack helpers[] = {
    {"victim", 2, be_victim},
    {"launch", 2, launch},
    {"take-terminal", 1, take_terminal},
    {"landlock-abi", 0, landlock_abi},
    {"personality", 0, show_personality},
    {0},
};
