/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/places.h"

#include <beacon/sandbox.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "sandbox/sandbox.h"

#define READ_AND_RUN (BEACON_PATH_READ | BEACON_PATH_EXEC)
#define EVERYTHING   (BEACON_PATH_READ | BEACON_PATH_WRITE | BEACON_PATH_EXEC)

/* Written by every shell and build; nothing is kept in them. */
static const char *const devices[] = {"/dev/null",    "/dev/zero", "/dev/full", "/dev/random",
                                      "/dev/urandom", "/dev/tty",  "/dev/ptmx", "/dev/pts"};

static void add(struct places *places, struct place place)
{
    places->list = alloc_grow(places->list, places->n + 1, sizeof *places->list);
    places->list[places->n++] = place;
}

/* What is not there is left out: a rule about it would mean nothing. */
static bool add_existing(struct places *places, const char *path, uint32_t access)
{
    AUTO_FREE char *real = realpath(path, NULL);
    AUTO_CLOSE int fd = real == NULL ? -1 : open(real, O_PATH | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    add(places, (struct place){.path = take_pointer(real), .fd = take_fd(&fd), .access = access});
    return true;
}

/* A root is a directory, and named once. */
static void add_root(struct places *places, const char *cwd, const char *path)
{
    AUTO_FREE char *joined = path_join(cwd, path);
    AUTO_FREE char *real = realpath(joined, NULL);
    struct stat st;
    if (real == NULL || stat(real, &st) != 0 || !S_ISDIR(st.st_mode)) {
        return;
    }
    for (size_t i = 0; i < places->n; i++) {
        if (places->list[i].is_root && strcmp(places->list[i].path, real) == 0) {
            return;
        }
    }
    if (add_existing(places, real, EVERYTHING)) {
        places->list[places->n - 1].is_root = true;
    }
}

static void add_roots(struct places *places, const struct sandbox_settings *settings)
{
    const char *temporary = getenv("TMPDIR");
    add_root(places, "/", settings->cwd);
    for (size_t i = 0; i < settings->n_writable_roots; i++) {
        add_root(places, settings->cwd, settings->writable_roots[i]);
    }
    if (!settings->exclude_slash_tmp) {
        add_root(places, "/", "/tmp");
        /* Where POSIX semaphores and shared memory live: it goes with /tmp, but is no root. */
        (void)add_existing(places, "/dev/shm", BEACON_PATH_READ | BEACON_PATH_WRITE);
    }
    if (!settings->exclude_tmpdir && temporary != NULL && temporary[0] == '/') {
        add_root(places, "/", temporary);
    }
}

static void deny_credentials(struct places *places, const char *home)
{
    AUTO_FREE char *path = path_join(home, "auth.json");
    AUTO_FREE char *real = realpath(path, NULL);
    AUTO_CLOSE int fd = real == NULL ? -1 : open(real, O_PATH | O_CLOEXEC);
    add(places, (struct place){.path = real != NULL ? take_pointer(real) : take_pointer(path),
                               .fd = take_fd(&fd),
                               .access = BEACON_PATH_DENY | BEACON_PATH_READ});
}

int places_init(struct places *places, const struct sandbox_settings *settings,
                struct beacon_error *err)
{
    *places = (struct places){0};
    AUTO_CLOSE int cwd = open(settings->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (cwd < 0) {
        return error_set_errno(err, BEACON_E_INVALID, errno, "name an existing directory with -C",
                               "cannot use the working directory %s: %s", settings->cwd,
                               strerror(errno));
    }
    (void)add_existing(places, "/", READ_AND_RUN);
    if (settings->mode == SANDBOX_WORKSPACE_WRITE) {
        add_roots(places, settings);
    }
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        (void)add_existing(places, devices[i], BEACON_PATH_READ | BEACON_PATH_WRITE);
    }
    if (settings->home != NULL) {
        deny_credentials(places, settings->home);
    }
    return BEACON_OK;
}

void places_finish(struct places *places)
{
    for (size_t i = 0; i < places->n; i++) {
        free(places->list[i].path);
        if (places->list[i].fd >= 0) {
            (void)close(places->list[i].fd);
        }
    }
    free(places->list);
    *places = (struct places){0};
}

const struct place *places_root(const struct places *places, size_t index)
{
    for (size_t i = 0; i < places->n; i++) {
        if (places->list[i].is_root && index-- == 0) {
            return &places->list[i];
        }
    }
    return NULL;
}
