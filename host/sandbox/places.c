/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/places.h"

#include <beacon/sandbox.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "sandbox/places_parts.h"
#include "sandbox/sandbox.h"
#include "sandbox/sockets.h"

#define NOTE_BYTES 1024

static struct place *find(const struct places *places, const char *path)
{
    for (size_t i = 0; i < places->n; i++) {
        if (strcmp(places->list[i].path, path) == 0) {
            return &places->list[i];
        }
    }
    return NULL;
}

static void drop(const struct place *place)
{
    free(place->path);
    if (place->fd >= 0 && !place->is_borrowed) {
        (void)close(place->fd);
    }
}

bool places_add(struct places *places, struct place place)
{
    struct place *same = find(places, place.path);
    if (same == NULL) {
        places->list = alloc_grow(places->list, places->n + 1, sizeof *places->list);
        places->list[places->n++] = place;
        return true;
    }
    bool is_denied = (same->access & place.access & BEACON_PATH_DENY) != 0;
    if (is_denied) { /* the harder of the two counts */
        uint32_t soft = same->access & place.access & BEACON_PATH_SOFT;
        same->access = ((same->access | place.access) & ~BEACON_PATH_SOFT) | soft;
    }
    drop(&place);
    return is_denied;
}

void places_note(struct places *places, const char *format, ...)
{
    char note[NOTE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(note, sizeof note, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < places->n_notes; i++) {
        if (strcmp(places->notes[i], note) == 0) {
            return;
        }
    }
    places->notes = alloc_grow(places->notes, places->n_notes + 1, sizeof *places->notes);
    places->notes[places->n_notes++] = alloc_string(note);
}

static int by_path(const void *left, const void *right)
{
    return strcmp(((const struct place *)left)->path, ((const struct place *)right)->path);
}

/* Everything but what is fixed goes. */
static void forget_dynamic(struct places *places)
{
    size_t kept = 0;
    for (size_t i = 0; i < places->n; i++) {
        if (places->list[i].is_fixed) {
            places->list[kept++] = places->list[i];
        } else {
            drop(&places->list[i]);
        }
    }
    places->n = kept;
}

static void cover_missing(struct place_refresh *refresh)
{
    struct places *places = refresh->places;
    for (size_t i = 0; i < places->n; i++) {
        if (places->list[i].cover != COVER_NONE) {
            cover_set_expect(refresh->covers, places->list[i].path);
        }
    }
    for (size_t i = 0; i < places->n && refresh->rc == BEACON_OK; i++) {
        struct place *place = &places->list[i];
        if (place->cover != COVER_NONE) {
            refresh->rc = cover_set_add(refresh->covers, place->path, (enum cover_kind)place->cover,
                                        &place->fd, refresh->err);
            place->is_borrowed = true;
        }
    }
}

int places_refresh(struct places *places, struct cover_set *covers, struct beacon_error *err)
{
    struct place_refresh refresh = {.places = places, .covers = covers, .err = err};
    forget_dynamic(places);
    places_protect_names(&refresh);
    if (places->is_writable) {
        places_protect_repositories(&refresh);
    }
    sockets_mask(places);
    if (covers != NULL) {
        cover_missing(&refresh);
    }
    qsort(places->list, places->n, sizeof *places->list, by_path);
    return refresh.rc;
}

void places_release_covers(struct places *places)
{
    for (size_t i = 0; i < places->n; i++) {
        if (places->list[i].is_borrowed) {
            places->list[i].fd = -1;
        }
    }
}

void places_finish(struct places *places)
{
    for (size_t i = 0; i < places->n; i++) {
        drop(&places->list[i]);
    }
    for (size_t i = 0; i < places->n_notes; i++) {
        free(places->notes[i]);
    }
    for (size_t i = 0; i < places->watch.n_git_dirs; i++) {
        free(places->watch.git_dirs[i]);
    }
    for (size_t i = 0; i < places->watch.n_sockets; i++) {
        free(places->watch.sockets[i]);
    }
    for (size_t i = 0; i < places->watch.n_bare; i++) {
        free(places->watch.bare[i]);
    }
    free(places->watch.bare);
    free(places->watch.git_dirs);
    free(places->watch.sockets);
    free(places->notes);
    free(places->home);
    free(places->list);
    *places = (struct places){0};
}

const struct place *places_root(const struct places *places, size_t index)
{
    for (size_t i = 0; i < places->n; i++) {
        if (places->list[i].root_number == index + 1) {
            return &places->list[i];
        }
    }
    return NULL;
}

const struct place *places_decide(const struct places *places, const char *path)
{
    const struct place *best = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < places->n; i++) {
        const struct place *place = &places->list[i];
        size_t n = strlen(place->path);
        if ((best == NULL || n > longest) && path_is_beneath(path, place->path)) {
            best = place;
            longest = n;
        }
    }
    return best;
}

bool places_is_in_writable(const struct places *places, const char *path)
{
    for (size_t i = 0; i < places->n; i++) {
        const struct place *place = &places->list[i];
        if ((place->access & (BEACON_PATH_WRITE | BEACON_PATH_DENY)) == BEACON_PATH_WRITE &&
            path_is_beneath(path, place->path)) {
            return true;
        }
    }
    return false;
}
