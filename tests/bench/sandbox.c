/* SPDX-License-Identifier: Apache-2.0
 *
 * sandbox - what one command costs, in a process that runs many, as one line of JSON.
 *
 *     sandbox times N WORKSPACE BACKEND…   {"plain_ns":…,"NAME_ns":…,…}: medians of N times /bin/true, each
 *                                          way in turn; plain is the same spawn without a sandbox
 *     sandbox leaks N WORKSPACE BACKEND    {"fds":[before,after],"processes":[…],"mounts":[…]} around N
 *
 * Both in workspace-write. A peer is measured from outside, by tests/bench/run.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/path.h"
#include "base/spawn.h"
#include "plugin/discover.h"
#include "sandbox/sandbox.h"

#define WAYS_MAX 8

extern char **environ;

static const char *const argv_true[] = {"/bin/true", NULL};

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void must(int rc, const struct beacon_error *err)
{
    if (rc != BEACON_OK) {
        (void)fprintf(stderr, "%s\n", err->message);
        exit(1);
    }
}

static void expect_success(int status)
{
    if (status != 0) {
        (void)fprintf(stderr, "true ended with wait status %d\n", status);
        exit(1);
    }
}

static void run_plain(void)
{
    const struct spawn_request request = {.argv = argv_true,
                                          .env = (const char *const *)environ,
                                          .in_fd = -1,
                                          .out_fd = -1,
                                          .err_fd = -1};
    struct beacon_error err = {0};
    struct spawn_child child = {0};
    int status = 0;
    must(spawn_start(&request, &child, NULL, &err), &err);
    spawn_reap(&child, &status);
    expect_success(status);
}

static void run_confined(struct sandbox *sandbox)
{
    const struct sandbox_command command = {.argv = argv_true,
                                            .env = (const char *const *)environ,
                                            .in_fd = -1,
                                            .out_fd = -1,
                                            .err_fd = -1};
    struct beacon_error err = {0};
    struct sandbox_run *run = NULL;
    struct spawn_child child = {0};
    int status = 0;
    must(sandbox_start(sandbox, &command, &run, &child, &err), &err);
    spawn_reap(&child, &status);
    sandbox_finish(sandbox, run, status, NULL, 0, NULL);
    expect_success(status);
}

static struct sandbox *open_sandbox(const char *backend, const char *workspace)
{
    char *dir = path_executable_dir();
    char *bin = path_normal(dir, "../bin");
    const struct plugin_places places = {.executable_dir = bin};
    const struct sandbox_settings settings = {
        .mode = SANDBOX_WORKSPACE_WRITE, .backend = backend, .cwd = workspace};
    struct beacon_error err = {0};
    struct plugin_set *plugins = NULL;
    struct sandbox *sandbox = NULL;
    must(plugin_set_open(&places, &plugins, &err), &err);
    must(sandbox_create(plugins, &settings, &sandbox, &err), &err);
    free(bin);
    free(dir);
    return sandbox; /* both live until the process ends */
}

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static int tell_times(size_t n, const char *workspace, char **backends, size_t n_backends)
{
    struct sandbox *sandboxes[WAYS_MAX] = {NULL}; /* the first is none */
    int64_t *took[WAYS_MAX] = {NULL};
    for (size_t way = 0; way <= n_backends; way++) {
        took[way] = calloc(n, sizeof **took);
        sandboxes[way] = way > 0 ? open_sandbox(backends[way - 1], workspace) : NULL;
    }
    for (size_t i = 0; i < n + 5; i++) { /* the first few only warm up */
        for (size_t way = 0; way <= n_backends; way++) {
            const int64_t begin = now_ns();
            if (sandboxes[way] == NULL) {
                run_plain();
            } else {
                run_confined(sandboxes[way]);
            }
            took[way][i % n] = now_ns() - begin;
        }
    }
    for (size_t way = 0; way <= n_backends; way++) {
        qsort(took[way], n, sizeof **took, by_value);
        printf("%s\"%s_ns\":%" PRId64, way == 0 ? "{" : ",", way == 0 ? "plain" : backends[way - 1],
               took[way][n / 2]);
    }
    printf("}\n");
    return 0;
}

static size_t count_entries(const char *path)
{
    size_t n = 0;
    DIR *dir = opendir(path);
    while (dir != NULL && readdir(dir) != NULL) {
        n++;
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return n;
}

static size_t count_processes(void)
{
    size_t n = 0;
    const struct dirent *entry = NULL;
    DIR *dir = opendir("/proc");
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        n += strspn(entry->d_name, "0123456789") == strlen(entry->d_name) ? 1 : 0;
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return n;
}

static size_t count_mounts(void)
{
    size_t n = 0;
    FILE *file = fopen("/proc/self/mountinfo", "re");
    for (int c = 0; file != NULL && (c = getc(file)) != EOF;) {
        n += c == '\n' ? 1 : 0;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return n;
}

static int tell_leaks(size_t n, const char *workspace, const char *backend)
{
    struct sandbox *sandbox = open_sandbox(backend, workspace);
    run_confined(sandbox); /* what is made once is not a leak */
    const size_t before[] = {count_entries("/proc/self/fd"), count_processes(), count_mounts()};
    for (size_t i = 0; i < n; i++) {
        run_confined(sandbox);
    }
    const size_t after[] = {count_entries("/proc/self/fd"), count_processes(), count_mounts()};
    printf("{\"fds\":[%zu,%zu],\"processes\":[%zu,%zu],\"mounts\":[%zu,%zu]}\n", before[0],
           after[0], before[1], after[1], before[2], after[2]);
    return 0;
}

int main(int argc, char **argv)
{
    const size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    if (argc > 4 && argc < 4 + WAYS_MAX && n > 0 && strcmp(argv[1], "times") == 0) {
        return tell_times(n, argv[3], argv + 4, (size_t)argc - 4);
    }
    if (argc == 5 && n > 0 && strcmp(argv[1], "leaks") == 0) {
        return tell_leaks(n, argv[3], argv[4]);
    }
    (void)fprintf(stderr, "usage: sandbox times|leaks N WORKSPACE BACKEND...\n");
    return 2;
}
