/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/patch_place.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/path.h"
#include "tools/patch_apply.h"

#define SYMLINKS_MAX 40 /* as the kernel */

/* The path to walk after a symlink in `dir` was met: its target, then `rest`. */
static char *with_target(const char *target, const char *dir, const char *rest)
{
    AUTO_FREE char *joined = path_join(dir, target);
    AUTO_FREE char *whole = alloc_printf("%s/%s", joined, rest);
    return path_normal("/", whole);
}

/* What stands at `path`: a symlink (its target in `target`), something else, or nothing. */
enum step { STEP_LINK, STEP_OTHER, STEP_NOTHING, STEP_FAILED };

static enum step look_at(const char *path, char target[PATH_MAX])
{
    ssize_t n = readlink(path, target, PATH_MAX - 1);
    if (n >= 0) {
        target[n] = '\0';
        return STEP_LINK;
    }
    if (errno == EINVAL) {
        return STEP_OTHER;
    }
    bool is_missing = errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG;
    return is_missing || errno == EACCES ? STEP_NOTHING : STEP_FAILED;
}

/* `absolute` (normal) with every symlink followed as far as the path exists; NULL with errno ELOOP or
 * another. ".." in a link's target is taken as text, so behind a second symlink it can name another
 * file than to the kernel, but never one outside of the roots: the result is checked and walked. */
static char *resolve(const char *absolute, bool follows_last)
{
    AUTO_FREE char *walk = alloc_string(absolute);
    size_t done = 0; /* bytes of `walk` that are resolved; "/" counts as none */
    for (int links = 0; walk[done] == '/' && walk[done + 1] != '\0';) {
        size_t end = done + 1 + strcspn(walk + done + 1, "/");
        bool is_last = walk[end] == '\0';
        char kept = walk[end];
        char target[PATH_MAX];
        walk[end] = '\0';
        enum step step = is_last && !follows_last ? STEP_OTHER : look_at(walk, target);
        walk[end] = kept;
        if (step == STEP_FAILED || (step == STEP_LINK && ++links > SYMLINKS_MAX)) {
            errno = step == STEP_LINK ? ELOOP : errno;
            return NULL;
        }
        if (step == STEP_NOTHING) {
            break;
        }
        if (step == STEP_OTHER) {
            done = end;
            continue;
        }
        AUTO_FREE char *dir = alloc_string_n(walk, done > 0 ? done : 1);
        char *next = with_target(target, dir, is_last ? "" : walk + end + 1);
        free(walk);
        walk = next;
        done = 0;
    }
    return take_pointer(walk);
}

bool patch_rooms_init(struct patch_rooms *rooms, const struct patch_roots *roots)
{
    *rooms = (struct patch_rooms){.is_restricted = roots->n > 0,
                                  .slash_fd = -1,
                                  .may_write = roots->may_write,
                                  .ctx = roots->ctx};
    if (!rooms->is_restricted) {
        rooms->slash_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (rooms->slash_fd < 0) {
            return false;
        }
    }
    rooms->n = rooms->is_restricted ? roots->n : 1;
    rooms->rooms = alloc_array(rooms->n, sizeof *rooms->rooms);
    for (size_t i = 0; i < rooms->n; i++) {
        const char *shown = rooms->is_restricted ? roots->paths[i] : "/";
        char *real = resolve(shown, true);
        rooms->rooms[i] =
            (struct patch_room){.real = real != NULL ? real : alloc_string(shown),
                                .shown = shown,
                                .fd = rooms->is_restricted ? roots->fds[i] : rooms->slash_fd};
    }
    return true;
}

void patch_rooms_finish(struct patch_rooms *rooms)
{
    for (size_t i = 0; i < rooms->n; i++) {
        free(rooms->rooms[i].real);
    }
    free(rooms->rooms);
    if (rooms->slash_fd >= 0) {
        (void)close(rooms->slash_fd);
    }
    *rooms = (struct patch_rooms){.slash_fd = -1};
}

/* Part of `path` below `root`, without a slash in front. */
static const char *below(const char *path, const char *root)
{
    const char *rest = path + (strcmp(root, "/") == 0 ? 0 : strlen(root));
    return *rest == '/' ? rest + 1 : rest;
}

static bool has_protected_name(const char *relative)
{
    static const char *const names[] = {".git", ".code", ".codex"};
    for (const char *p = relative; *p != '\0';) {
        size_t n = strcspn(p, "/");
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            /* Some file systems do not tell upper case from lower case. */
            if (strlen(names[i]) == n && strncasecmp(p, names[i], n) == 0) {
                return true;
            }
        }
        p += n + (p[n] == '/' ? 1 : 0);
    }
    return false;
}

/* The innermost room `real` is beneath. */
static const struct patch_room *room_of(const struct patch_rooms *rooms, const char *real)
{
    const struct patch_room *best = NULL;
    for (size_t i = 0; i < rooms->n; i++) {
        const struct patch_room *room = &rooms->rooms[i];
        bool is_deeper = best == NULL || strlen(room->real) > strlen(best->real);
        if (path_is_beneath(real, room->real) && is_deeper) {
            best = room;
        }
    }
    return best;
}

/* Of a path beneath `root`, which the session may see by another one. */
static bool is_protected(const struct patch_rooms *rooms, const char *path, const char *root)
{
    return has_protected_name(below(path, root)) ||
           (rooms->may_write != NULL && !rooms->may_write(rooms->ctx, path));
}

enum patch_place_status patch_place_find(const struct patch_rooms *rooms, const char *absolute,
                                         bool follows, struct patch_place *ret)
{
    assert(absolute[0] == '/');
    *ret = (struct patch_place){.shown = alloc_string(absolute), .root_fd = -1, .below = ""};
    AUTO_FREE char *real = resolve(absolute, follows);
    if (real == NULL) {
        return PATCH_PLACE_BAD;
    }
    const struct patch_room *room = room_of(rooms, real);
    if (room == NULL) {
        return PATCH_PLACE_OUTSIDE;
    }
    /* A protected name counts as the session sees it and as it really is. */
    bool is_shown_inside = path_is_beneath(absolute, room->shown);
    if (rooms->is_restricted && (is_protected(rooms, real, room->real) ||
                                 (is_shown_inside && is_protected(rooms, absolute, room->shown)))) {
        return PATCH_PLACE_PROTECTED;
    }
    ret->root_fd = room->fd;
    ret->real = take_pointer(real);
    ret->below = below(ret->real, room->real);
    return PATCH_PLACE_OK;
}

void patch_place_finish(struct patch_place *place)
{
    free(place->shown);
    free(place->real);
    *place = (struct patch_place){.root_fd = -1, .below = ""};
}

/* One folder further down, never through a symlink and never out of `dir`. */
static int open_folder(int dir, const char *name)
{
    struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                           .resolve =
                               RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, dir, name, &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
        /* Old kernels and some containers. A single name that is not ".." needs no more. */
        fd = openat(dir, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    }
    return (int)fd;
}

static int open_or_make_folder(int dir, const char *name, bool makes)
{
    int fd = open_folder(dir, name);
    if (fd < 0 && errno == ENOENT && makes) {
        if (mkdirat(dir, name, 0777) != 0 && errno != EEXIST) {
            return -1;
        }
        fd = open_folder(dir, name);
    }
    return fd;
}

int patch_place_parent(const struct patch_place *place, bool makes, const char **ret_name)
{
    if (place->below[0] == '\0') {
        errno = EISDIR;
        return -1;
    }
    AUTO_CLOSE int dir = fcntl(place->root_fd, F_DUPFD_CLOEXEC, 3);
    const char *p = place->below;
    for (const char *slash = strchr(p, '/'); dir >= 0 && slash != NULL; slash = strchr(p, '/')) {
        AUTO_FREE char *name = alloc_string_n(p, (size_t)(slash - p));
        assert(strcmp(name, "..") != 0 && name[0] != '\0');
        int next = open_or_make_folder(dir, name, makes);
        int saved = errno;
        (void)close(dir);
        errno = saved;
        dir = next;
        p = slash + 1;
    }
    *ret_name = p;
    return take_fd(&dir);
}
