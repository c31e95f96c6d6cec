/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG_S 20 /* longer than the tests look, short enough for a machine that lost its tests */

static int linger(void)
{
    (void)alarm(LONG_S);
    while (pause() != 0) {
    }
    return 0;
}

/* In the child of a child of its own session, as daemons do it. */
static int stay_as_daemon(void (*prepare)(void))
{
    if (fork() != 0) {
        return 0;
    }
    (void)setsid();
    if (fork() != 0) {
        _exit(0);
    }
    if (prepare != NULL) {
        prepare();
    }
    return linger();
}

static int stay_in_background(char **argv)
{
    (void)argv;
    return fork() != 0 ? 0 : linger();
}

static int stay_daemon(char **argv)
{
    (void)argv;
    return stay_as_daemon(NULL);
}

static void close_everything(void)
{
    for (int fd = 0; fd < 1024; fd++) {
        (void)close(fd);
    }
}

static int stay_closed(char **argv)
{
    (void)argv;
    return stay_as_daemon(close_everything);
}

static void ignore_signals(void)
{
    for (int number = 1; number < NSIG; number++) {
        (void)signal(number, SIG_IGN);
    }
    (void)signal(SIGALRM, SIG_DFL);
}

static int stay_deaf(char **argv)
{
    (void)argv;
    return stay_as_daemon(ignore_signals);
}

static void stop_self(void)
{
    (void)alarm(LONG_S);
    (void)kill(getpid(), SIGSTOP);
}

static int stay_stopped(char **argv)
{
    (void)argv;
    return stay_as_daemon(stop_self);
}

static void adopt(void)
{
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (fork() == 0) {
        (void)setsid();
        (void)linger();
    }
}

static int stay_adopted(char **argv)
{
    (void)argv;
    return stay_as_daemon(adopt);
}

static void no_death_signal(void)
{
    (void)prctl(PR_SET_PDEATHSIG, 0);
    (void)prctl(PR_SET_DUMPABLE, 0);
}

static int stay_undumpable(char **argv)
{
    (void)argv;
    return stay_as_daemon(no_death_signal);
}

/* A process that is never the same for long: whoever wants to end it must stop it first. */
static int stay_moving(char **argv)
{
    (void)argv;
    if (fork() != 0) {
        return 0;
    }
    (void)setsid();
    for (int i = 0; i < 3000; i++) {
        pid_t child = fork();
        if (child > 0) {
            _exit(0);
        }
        if (child == 0 && i % 16 == 0) {
            (void)setsid();
        }
    }
    return linger();
}

/* Many, but not more than any machine stands. */
static int stay_many(char **argv)
{
    long wanted = attack_number(argv[0]);
    for (long i = 0; i < wanted; i++) {
        pid_t child = fork();
        if (child < 0) {
            (void)attack_failed("fork");
            break;
        }
        if (child == 0) {
            (void)setsid();
            (void)linger();
        }
    }
    return 0;
}

/* One holds the other in a stop that only the tracer ends. */
static void trace_child(void)
{
    pid_t child = fork();
    if (child == 0) {
        (void)alarm(LONG_S);
        (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        (void)kill(getpid(), SIGSTOP);
    } else {
        (void)waitpid(child, NULL, WUNTRACED);
    }
}

static int stay_traced(char **argv)
{
    (void)argv;
    return stay_as_daemon(trace_child);
}

/* Print "ready" and stay, with a child and a daemon. */
static int stay_and_wait(char **argv)
{
    (void)argv;
    (void)stay_in_background(NULL);
    (void)stay_as_daemon(ignore_signals);
    (void)printf("ready\n");
    (void)fflush(stdout);
    return linger();
}

/* A memory dump of ourselves in the working directory. */
static int dump_core(char **argv)
{
    (void)argv;
    (void)kill(getpid(), SIGQUIT);
    return linger();
}

const struct attack survivor_attacks[] = {
    {"stay-background", 0, stay_in_background},
    {"stay-daemon", 0, stay_daemon},
    {"stay-closed", 0, stay_closed},
    {"stay-deaf", 0, stay_deaf},
    {"stay-stopped", 0, stay_stopped},
    {"stay-adopted", 0, stay_adopted},
    {"stay-undumpable", 0, stay_undumpable},
    {"stay-moving", 0, stay_moving},
    {"stay-many", 1, stay_many},
    {"stay-traced", 0, stay_traced},
    {"stay-and-wait", 0, stay_and_wait},
    {"dump-core", 0, dump_core},
    {0},
};
