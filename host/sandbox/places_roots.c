/* SPDX-License-Identifier: Apache-2.0 */
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
#include "sandbox/places.h"
#include "sandbox/places_parts.h"
#include "sandbox/sandbox.h"
#include "sandbox/sockets.h"

#define READ_AND_RUN (BEACON_PATH_READ | BEACON_PATH_EXEC)
#define EVERYTHING   (BEACON_PATH_READ | BEACON_PATH_WRITE | BEACON_PATH_EXEC)

/* Written by every shell and build; nothing is kept in them. */
static const char *const devices[] = {"/dev/null",    "/dev/zero", "/dev/full", "/dev/random",
                                      "/dev/urandom", "/dev/tty",  "/dev/ptmx", "/dev/pts"};

/* What is not there is left out: a rule about it would mean nothing. */
static bool add_existing(struct places *places, const char *path, uint32_t access)
{
    AUTO_FREE char *real = realpath(path, NULL);
    AUTO_CLOSE int fd = real == NULL ? -1 : place_open(real);
    return fd >= 0 && places_add(places, (struct place){.path = take_pointer(real),
                                                        .fd = take_fd(&fd),
                                                        .access = access,
                                                        .is_fixed = true});
}

static bool has_git_in(const char *path)
{
    const char *at = strstr(path, "/.git");
    while (at != NULL && at[strlen("/.git")] != '\0' && at[strlen("/.git")] != '/') {
        at = strstr(at + 1, "/.git");
    }
    return at != NULL;
}

/* Why a directory must not be written by commands, to continue "it is"; NULL: it may. */
static const char *why_no_root(const struct places *places, const char *real)
{
    if (strcmp(real, "/") == 0) {
        return "the whole system";
    }
    if (path_is_beneath(real, "/proc") || path_is_beneath(real, "/sys") ||
        (path_is_beneath(real, "/dev") && !path_is_beneath(real, "/dev/shm"))) {
        return "a part of the kernel's";
    }
    if (places->git != SANDBOX_GIT_WRITABLE && has_git_in(real)) {
        return "in a .git, where git keeps what it runs";
    }
    if (places->home != NULL && strcmp(real, places->home) == 0) {
        return "where the configuration and the credentials of beacon are";
    }
    return NULL;
}

/* A root is a directory, and named once. One that cannot be used is left out and noted. */
static void add_root(struct places *places, const char *cwd, const char *path)
{
    AUTO_FREE char *joined = path_join(cwd, path);
    AUTO_FREE char *real = realpath(joined, NULL);
    struct stat st;
    if (real == NULL || stat(real, &st) != 0) {
        places_note(places, "%s" PLACES_NOT_WRITABLE "%s", joined, strerror(errno));
        return;
    }
    const char *why = why_no_root(places, real);
    if (!S_ISDIR(st.st_mode) || why != NULL) {
        places_note(places, "%s" PLACES_NOT_WRITABLE "it is %s", joined,
                    why != NULL ? why : "no directory");
        return;
    }
    for (size_t i = 0; i < places->n; i++) {
        if (places->list[i].root_number != 0 && strcmp(places->list[i].path, real) == 0) {
            return;
        }
    }
    if (add_existing(places, real, EVERYTHING)) {
        places->list[places->n - 1].root_number = ++places->n_roots;
        places->list[places->n - 1].is_root = true;
    } else {
        places_note(places, "%s" PLACES_NOT_WRITABLE "it cannot be opened", joined);
    }
}

static void add_roots(struct places *places, const struct sandbox_settings *settings)
{
    const char *temporary = getenv("TMPDIR");
    add_root(places, "/", settings->cwd);
    for (size_t i = 0; i < settings->n_writable_roots; i++) {
        add_root(places, settings->cwd, settings->writable_roots[i]);
    }
    places->n_protected_roots = places->n_roots;
    if (!settings->exclude_slash_tmp) {
        add_root(places, "/", "/tmp");
        /* Where POSIX semaphores and shared memory live: it goes with /tmp, but is no root. */
        (void)add_existing(places, "/dev/shm", BEACON_PATH_READ | BEACON_PATH_WRITE);
    }
    if (!settings->exclude_tmpdir && temporary != NULL && temporary[0] == '/') {
        add_root(places, "/", temporary);
    }
}

static int check_cwd(const struct places *places, const struct sandbox_settings *settings,
                     struct beacon_error *err)
{
    AUTO_CLOSE int fd = open(settings->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
    AUTO_FREE char *real = fd < 0 ? NULL : realpath(settings->cwd, NULL);
    if (real == NULL) {
        return error_set_errno(err, BEACON_E_INVALID, errno, "name an existing directory with -C",
                               "cannot use the working directory %s: %s", settings->cwd,
                               strerror(errno));
    }
    const char *why = places->is_writable ? why_no_root(places, real) : NULL;
    if (why != NULL) {
        return error_set(err, BEACON_E_INVALID,
                         "name another directory with -C, or use the mode read-only",
                         "the workspace %s cannot be writable: it is %s", settings->cwd, why);
    }
    return BEACON_OK;
}

int places_init(struct places *places, const struct sandbox_settings *settings,
                struct beacon_error *err)
{
    *places = (struct places){.git = (int)settings->git,
                              .is_writable = settings->mode == SANDBOX_WORKSPACE_WRITE};
    places->home = settings->home != NULL ? realpath(settings->home, NULL) : NULL;
    int rc = check_cwd(places, settings, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    (void)add_existing(places, "/", READ_AND_RUN);
    if (places->is_writable) {
        add_roots(places, settings);
    }
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        (void)add_existing(places, devices[i], BEACON_PATH_READ | BEACON_PATH_WRITE);
    }
    if (places->is_writable && settings->git != SANDBOX_GIT_WRITABLE) {
        places_find_repositories(places);
    }
    sockets_find(places, settings);
    return places_refresh(places, NULL, err);
}
