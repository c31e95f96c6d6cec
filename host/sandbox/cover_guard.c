/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/cover_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/reaper/reaper.h"
#include "base/reaper/reaper_image.h"
#include "base/spawn.h"

struct cover_guard {
    char **paths;
    size_t n, n_told; /* the running one knows the first `n_told` */
    bool is_running;
    struct spawn_child child;
    int end; /* of the pipe: closes with this process */
};

struct cover_guard *cover_guard_create(void)
{
    struct cover_guard *guard = alloc_zeroed(sizeof *guard);
    guard->end = -1;
    return guard;
}

void cover_guard_stop(struct cover_guard *guard)
{
    int status = 0;
    if (guard->is_running) {
        spawn_kill(&guard->child);
        spawn_reap(&guard->child, &status);
        (void)close(guard->end);
        guard->end = -1;
        guard->is_running = false;
    }
}

void cover_guard_destroy(struct cover_guard *guard)
{
    if (guard == NULL) {
        return;
    }
    cover_guard_stop(guard);
    for (size_t i = 0; i < guard->n; i++) {
        free(guard->paths[i]);
    }
    free(guard->paths);
    free(guard);
}

void cover_guard_watch(struct cover_guard *guard, const char *path)
{
    for (size_t i = 0; i < guard->n; i++) {
        if (strcmp(guard->paths[i], path) == 0) {
            return;
        }
    }
    guard->paths = alloc_grow(guard->paths, guard->n + 1, sizeof *guard->paths);
    guard->paths[guard->n++] = alloc_string(path);
}

/* A sweep of the host's children may have ended it. */
static bool is_alive(const struct cover_guard *guard)
{
    struct pollfd over = {.fd = guard->child.pidfd, .events = POLLIN};
    return guard->is_running && poll(&over, 1, 0) == 0;
}

static int start(struct cover_guard *guard, struct beacon_error *err)
{
    static const char *const env[] = {NULL};
    int image = -1, ends[2];
    int rc = reaper_image_open(&image, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_set_errno(err, BEACON_E_IO, errno, "close some files or sessions",
                               "cannot open a pipe: %s", strerror(errno));
    }
    const char **argv = alloc_array(guard->n + 2, sizeof(char *));
    argv[0] = REAPER_GUARDIAN_NAME;
    memcpy(argv + 1, guard->paths, guard->n * sizeof(char *));
    const struct spawn_fd given = {ends[0], REAPER_STATUS_FD};
    const struct spawn_request request = {.argv = argv,
                                          .env = env,
                                          .cwd = "/",
                                          .in_fd = -1,
                                          .out_fd = -1,
                                          .err_fd = -1,
                                          .fds = &given,
                                          .n_fds = 1,
                                          .outlives_host = true,
                                          .program_fd = image};
    struct spawn_child child = {0};
    rc = spawn_start(&request, &child, NULL, err);
    free((void *)argv);
    (void)close(ends[0]);
    if (rc != BEACON_OK) {
        (void)close(ends[1]);
        return rc;
    }
    cover_guard_stop(guard); /* the one before */
    guard->child = child;
    guard->end = ends[1];
    guard->is_running = true;
    guard->n_told = guard->n;
    return BEACON_OK;
}

int cover_guard_start(struct cover_guard *guard, struct beacon_error *err)
{
    return guard->n_told == guard->n && is_alive(guard) ? BEACON_OK : start(guard, err);
}
