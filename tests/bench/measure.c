/* SPDX-License-Identifier: Apache-2.0
 *
 * measure - runs a command and prints what it took, as one line of JSON:
 *     {"status":0,"wall_ns":...,"cpu_us":...,"rss_kib":...,"faults":...}
 *
 *     measure [-n N] [-e NAME=PREFIX] CMD [ARG...]
 *
 * -n: N at once; times from the first start to the last end, the rest of all together, but rss_kib is
 * that of the largest. -e: each of them gets NAME=PREFIX0, NAME=PREFIX1 ... in its environment.
 * Commands read /dev/null, what they write to stdout is dropped, their stderr is ours.
 *
 * Why not the script itself: starting a process from Python takes longer than some of what is measured,
 * and the kernel never reports less peak memory for a child than its parent had when it was made.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

struct totals {
    int status; /* of the first that failed */
    int64_t cpu_us;
    long rss_kib, faults;
};

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t micros(const struct timeval *t)
{
    return (int64_t)t->tv_sec * 1000000 + t->tv_usec;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void set_own(const char *name_and_prefix, int i)
{
    char pair[4096];
    (void)snprintf(pair, sizeof pair, "%s%d", name_and_prefix, i);
    char *equals = strchr(pair, '=');
    if (equals == NULL) {
        fail("-e NAME=PREFIX");
    }
    *equals = '\0';
    (void)setenv(pair, equals + 1, 1);
}

static void start(char **argv)
{
    posix_spawn_file_actions_t actions;
    pid_t pid = -1;
    if (posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) != 0 ||
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) != 0 ||
        posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0) {
        fail(argv[0]);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
}

static void reap(struct totals *totals)
{
    int status = 0;
    struct rusage usage;
    if (wait4(-1, &status, 0, &usage) < 0) {
        fail("wait4");
    }
    totals->status = totals->status != 0 ? totals->status : status;
    totals->cpu_us += micros(&usage.ru_utime) + micros(&usage.ru_stime);
    totals->faults += usage.ru_minflt;
    totals->rss_kib = usage.ru_maxrss > totals->rss_kib ? usage.ru_maxrss : totals->rss_kib;
}

int main(int argc, char **argv)
{
    struct totals totals = {0};
    const char *own = NULL;
    long n = 1;
    int option;
    while ((option = getopt(argc, argv, "+n:e:")) != -1) {
        n = option == 'n' ? strtol(optarg, NULL, 10) : n;
        own = option == 'e' ? optarg : own;
    }
    if (optind >= argc || n < 1) {
        (void)fprintf(stderr, "usage: measure [-n N] [-e NAME=PREFIX] CMD [ARG...]\n");
        return 2;
    }
    const int64_t begin = now_ns();
    for (int i = 0; i < n; i++) {
        if (own != NULL) {
            set_own(own, i);
        }
        start(argv + optind);
    }
    for (long i = 0; i < n; i++) {
        reap(&totals);
    }
    (void)printf("{\"status\":%d,\"wall_ns\":%" PRId64 ",\"cpu_us\":%" PRId64
                 ",\"rss_kib\":%ld,\"faults\":%ld}\n",
                 totals.status, now_ns() - begin, totals.cpu_us, totals.rss_kib, totals.faults);
    return 0;
}
