/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/cover_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/reaper/reaper.h"
#include "base/spawn_aside.h"

struct cover_guard {
    char **paths;
    size_t n, n_told; /* the running one knows the first `n_told` */
    struct spawn_aside *process;
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
    if (guard->process != NULL) {
        spawn_aside_end(guard->process);
        (void)close(guard->end);
        guard->end = -1;
        guard->process = NULL;
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

static int start(struct cover_guard *guard, struct beacon_error *err)
{
    int ends[2];
    struct spawn_aside *process = NULL;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_set_errno(err, BEACON_E_IO, errno, "close some files or sessions",
                               "cannot open a pipe: %s", strerror(errno));
    }
    const char **argv = alloc_array(guard->n + 2, sizeof(char *));
    argv[0] = REAPER_GUARDIAN_NAME;
    memcpy(argv + 1, guard->paths, guard->n * sizeof(char *));
    int rc = spawn_aside_start(argv, ends[0], REAPER_STATUS_FD, &process, err);
    free((void *)argv);
    (void)close(ends[0]);
    if (rc != BEACON_OK) {
        (void)close(ends[1]);
        return rc;
    }
    cover_guard_stop(guard); /* the one before */
    guard->process = process;
    guard->end = ends[1];
    guard->n_told = guard->n;
    return BEACON_OK;
}

/* A sweep of the host's children may have ended it. */
int cover_guard_start(struct cover_guard *guard, struct beacon_error *err)
{
    bool is_alive = guard->process != NULL && spawn_aside_is_alive(guard->process);
    return is_alive && guard->n_told == guard->n ? BEACON_OK : start(guard, err);
}

int cover_guard_confirm(struct cover_guard *guard, struct beacon_error *err)
{
    return guard->process == NULL ? BEACON_OK : spawn_aside_wait(guard->process, err);
}
