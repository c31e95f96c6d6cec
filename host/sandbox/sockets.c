/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/sockets.h"

#include <beacon/sandbox.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/path.h"
#include "sandbox/places.h"
#include "sandbox/places_parts.h"
#include "sandbox/sandbox.h"
#include "sandbox/sockets_known.h"

#define MASKS_MAX  64 /* each is a mount per command */
#define FOLDER_MAX 512
#define MASK_DEPTH 5

static const char mask_why[] = "other programs of the system listen there";

/* Parts of /run that are no sockets' and that programs need: where NixOS keeps its programs. */
static const char *const always_kept[] = {"/run/current-system", "/run/booted-system",
                                          "/run/wrappers", "/run/opengl-driver"};

/* How names are looked up on the network. */
static const char *const kept_for_names[] = {"/run/systemd/resolve", "/run/nscd",
                                             "/run/resolvconf",      "/run/NetworkManager",
                                             "/run/netconfig",       "/run/connman"};

struct search {
    struct places *places;
    char **kept; /* stays in reach, with everything beneath it */
    size_t n_kept;
};

static void keep(struct search *search, const char *path)
{
    AUTO_FREE char *real = realpath(path, NULL);
    if (real != NULL) {
        search->kept = alloc_grow(search->kept, search->n_kept + 1, sizeof *search->kept);
        search->kept[search->n_kept++] = take_pointer(real);
    }
}

static bool is_kept(const struct search *search, const char *path)
{
    for (size_t i = 0; i < search->n_kept; i++) {
        if (path_is_beneath(path, search->kept[i])) {
            return true;
        }
    }
    return false;
}

static bool has_kept_inside(const struct search *search, const char *path)
{
    for (size_t i = 0; i < search->n_kept; i++) {
        if (path_is_beneath(search->kept[i], path)) {
            return true;
        }
    }
    return false;
}

static bool is_masked(const struct places *places, const char *path)
{
    for (size_t i = 0; i < places->watch.n_sockets; i++) {
        if (path_is_beneath(path, places->watch.sockets[i])) {
            return true;
        }
    }
    return false;
}

static void mask(const struct search *search, const char *path)
{
    struct places_watch *watch = &search->places->watch;
    if (is_masked(search->places, path)) {
        return;
    }
    if (watch->n_sockets == MASKS_MAX) {
        places_note(search->places,
                    "there are more than %u sockets of other programs: the others "
                    "are in reach of commands",
                    MASKS_MAX);
        return;
    }
    watch->sockets = alloc_grow(watch->sockets, watch->n_sockets + 1, sizeof *watch->sockets);
    watch->sockets[watch->n_sockets++] = alloc_string(path);
}

/* NOLINTBEGIN(misc-no-recursion): a directory in a directory, MASK_DEPTH of them at most */
static void mask_except(const struct search *search, const char *path, unsigned depth);

static void mask_inside(const struct search *search, const char *path, unsigned depth)
{
    const struct dirent *entry = NULL;
    DIR *dir = opendir(path);
    size_t n = 0;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is local */
    while (dir != NULL && n++ < FOLDER_MAX && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            AUTO_FREE char *inner = path_join(path, entry->d_name);
            mask_except(search, inner, depth + 1);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
}

/* A directory as a whole where nothing in it is to be kept, else what is in it, one by one. */
static void mask_except(const struct search *search, const char *path, unsigned depth)
{
    struct stat st;
    if (lstat(path, &st) != 0 || is_kept(search, path)) {
        return;
    }
    if (S_ISDIR(st.st_mode) && has_kept_inside(search, path)) {
        if (depth < MASK_DEPTH) {
            mask_inside(search, path, depth);
        }
    } else if (S_ISDIR(st.st_mode) || S_ISSOCK(st.st_mode)) {
        mask(search, path);
    }
}

/* NOLINTEND(misc-no-recursion) */

/* For sockets_known: `path` as somebody wrote it. */
static void mask_known(void *ctx, const char *path)
{
    const struct search *search = ctx;
    AUTO_FREE char *real = realpath(path, NULL);
    if (real != NULL) {
        mask_except(search, real, 0);
    }
}

static void keep_all(struct search *search, const struct sandbox_settings *settings)
{
    for (size_t i = 0; i < search->places->n; i++) {
        const struct place *place = &search->places->list[i];
        bool is_shared = place->root_number > search->places->n_protected_roots; /* /tmp */
        if ((place->access & BEACON_PATH_WRITE) != 0 && !is_shared) {
            keep(search, place->path);
        }
    }
    keep(search, settings->cwd);
    for (size_t i = 0; i < sizeof always_kept / sizeof always_kept[0]; i++) {
        keep(search, always_kept[i]);
    }
    for (size_t i = 0; settings->network != SANDBOX_NETWORK_OFF &&
                       i < sizeof kept_for_names / sizeof kept_for_names[0];
         i++) {
        keep(search, kept_for_names[i]);
    }
    if (settings->network != SANDBOX_NETWORK_OFF) {
        keep(search, "/etc/resolv.conf");
    }
    for (size_t i = 0; i < settings->n_unix_sockets; i++) {
        keep(search, settings->unix_sockets[i]);
    }
}

static void note_missing(struct places *places, const struct sandbox_settings *settings)
{
    for (size_t i = 0; i < settings->n_unix_sockets; i++) {
        if (access(settings->unix_sockets[i], F_OK) != 0) {
            places_note(places,
                        "the socket %s is not there yet: it stays masked if a directory "
                        "above it is",
                        settings->unix_sockets[i]);
        }
    }
}

void sockets_find(struct places *places, const struct sandbox_settings *settings)
{
    struct search search = {.places = places};
    keep_all(&search, settings);
    note_missing(places, settings);
    mask_except(&search, "/run", 0);
    mask_except(&search, "/var/run", 0);
    sockets_known_each(mask_known, &search);
    for (size_t i = 0; i < search.n_kept; i++) {
        free(search.kept[i]);
    }
    free(search.kept);
}

void sockets_mask(struct places *places)
{
    for (size_t i = 0; i < places->watch.n_sockets; i++) {
        const char *path = places->watch.sockets[i];
        int fd = place_open(path);
        if (fd >= 0) {
            (void)places_add(places, (struct place){.path = alloc_string(path),
                                                    .fd = fd,
                                                    .access = BEACON_PATH_DENY | BEACON_PATH_READ |
                                                              BEACON_PATH_WRITE | BEACON_PATH_SOFT,
                                                    .why = mask_why});
        }
    }
}
