/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon/sandbox.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/path.h"
#include "sandbox/git_file.h"
#include "sandbox/git_layout.h"
#include "sandbox/git_scan.h"
#include "sandbox/places.h"
#include "sandbox/places_parts.h"
#include "sandbox/sandbox.h"

/* Each name costs a mount per command. So that many repositories stay usable; of further ones all of
 * .git is protected, and after REPOSITORIES_MAX they are only noted. */
#define REPOSITORIES_USABLE 8
#define REPOSITORIES_MAX    64
#define ENTRIES_MAX         32 /* of modules/ and worktrees/ */
#define MODULES_DEPTH       4

static const char hook_why[] = "git runs what is in it";
static const char config_why[] = "git runs the commands it names";
static const char link_why[] = "it decides whose configuration git reads";

static const struct {
    const char *name;
    enum cover_kind cover;
    const char *why;
} names[] = {
    {"hooks", COVER_SOCKET, hook_why},
    {"config", COVER_EMPTY_FILE, config_why},
    {"config.worktree", COVER_EMPTY_FILE, config_why},
    {"commondir", COVER_COMMONDIR, link_why},
};

static bool is_there(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static bool is_symlink(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static void allow(struct place_refresh *refresh, const char *path)
{
    AUTO_CLOSE int fd = place_open(path);
    if (fd >= 0) {
        (void)places_add(
            refresh->places,
            (struct place){.path = alloc_string(path),
                           .fd = take_fd(&fd),
                           .access = BEACON_PATH_READ | BEACON_PATH_WRITE | BEACON_PATH_EXEC});
    }
}

/* Call `visit` for each directory in PATH/NAME, and tell how many there are. */
typedef void (*each_fn)(struct place_refresh *refresh, const char *path, unsigned depth);
static size_t each_directory(struct place_refresh *refresh, const char *path, unsigned depth,
                             each_fn visit)
{
    size_t n = 0;
    struct stat st;
    const struct dirent *entry = NULL;
    DIR *dir = is_symlink(path) ? NULL : opendir(path);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is local */
    while (dir != NULL && n < ENTRIES_MAX && (entry = readdir(dir)) != NULL) {
        AUTO_FREE char *inner = path_join(path, entry->d_name);
        bool is_self = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        if (!is_self && lstat(inner, &st) == 0 && S_ISDIR(st.st_mode)) {
            visit(refresh, inner, depth);
            n++;
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return n;
}

static void protect_git_dir(struct place_refresh *refresh, const char *git_dir, unsigned depth);

/* modules/NAME is a git directory, or with a slash in the name a folder of them. */
static void visit_module(struct place_refresh *refresh, const char *path, unsigned depth)
{
    if (git_layout_is_git_dir(path)) {
        allow(refresh, path);
        protect_git_dir(refresh, path, depth + 1);
    } else if (depth < MODULES_DEPTH) {
        (void)each_directory(refresh, path, depth + 1, visit_module);
    }
}

/* `cover`: for when there are none. */
static void protect_modules(struct place_refresh *refresh, const char *git_dir, unsigned depth,
                            enum cover_kind cover)
{
    AUTO_FREE char *modules = path_join(git_dir, "modules");
    bool is_known = is_there(modules) && !cover_is_one(modules);
    if (is_known || cover != COVER_NONE) {
        (void)places_protect(refresh, modules, cover, config_why);
    }
    if (is_known && depth < MODULES_DEPTH) {
        (void)each_directory(refresh, modules, depth, visit_module);
    }
}

/* What leads from a linked worktree to the configuration that counts. */
static void protect_worktree(struct place_refresh *refresh, const char *path, unsigned depth)
{
    static const char *const links[] = {"commondir", "gitdir"};
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        AUTO_FREE char *link = path_join(path, links[i]);
        (void)places_protect(refresh, link, COVER_NONE, link_why);
    }
    AUTO_FREE char *config = path_join(path, "config.worktree");
    (void)places_protect(refresh, config, COVER_EMPTY_FILE, config_why);
    protect_modules(refresh, path, depth + 1, COVER_NONE);
}

/* One within the writable places may be removed again: a command could make a repository of any other
 * directory there as well. */
static void visit_worktree(struct place_refresh *refresh, const char *path, unsigned depth)
{
    AUTO_FREE char *entry = git_file_path(path, "gitdir", "");
    if (entry == NULL || !places_is_in_writable(refresh->places, entry)) {
        protect_worktree(refresh, path, depth);
    }
}

/* Attributes choose among the filters of the configuration; the rest of info/ is git's own. */
static void protect_info(struct place_refresh *refresh, const char *git_dir)
{
    AUTO_FREE char *info = path_join(git_dir, "info");
    AUTO_FREE char *attributes = path_join(info, "attributes");
    if (is_there(info) && !cover_is_one(info)) {
        (void)places_protect(refresh, attributes, COVER_EMPTY_FILE, "it chooses what git runs");
    } else {
        (void)places_protect(refresh, info, COVER_SOCKET, "it chooses what git runs");
    }
}

/* A hooks path or an included file in a writable place is as good as a hook. */
struct config_base {
    struct place_refresh *refresh;
    const char *dir; /* relative paths start here */
};

static void protect_named(void *ctx, const char *value)
{
    const struct config_base *base = ctx;
    const char *person = getenv("HOME");
    bool is_home = value[0] == '~' && value[1] == '/' && person != NULL;
    AUTO_FREE char *path = is_home ? path_join(person, value + 2) : path_normal(base->dir, value);
    AUTO_FREE char *real = realpath(path, NULL);
    if (value[0] != '\0' && real != NULL && places_is_in_writable(base->refresh->places, real)) {
        (void)places_protect(base->refresh, real, COVER_NONE, hook_why);
    }
}

/* Git takes an included file from beside the configuration, and hooks from the top of the work tree. */
static void protect_named_by_config(struct place_refresh *refresh, const char *git_dir)
{
    AUTO_FREE char *config = git_file_read(git_dir, "config");
    AUTO_FREE char *above = path_parent(git_dir);
    struct config_base included = {refresh, git_dir};
    struct config_base hooks = {refresh, strcmp(path_base(git_dir), ".git") == 0 ? above : git_dir};
    if (config != NULL) {
        git_config_each(config, "include", "path", protect_named, &included);
        git_config_each(config, "includeif", "path", protect_named, &included);
        git_config_each(config, "core", "hookspath", protect_named, &hooks);
    }
}

/* One that is a link itself could be replaced: then commands write nothing in there. */
static bool has_linked_name(const char *git_dir)
{
    static const char *const others[] = {"info", "info/attributes", "modules", "worktrees"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        AUTO_FREE char *path = path_join(git_dir, names[i].name);
        if (is_symlink(path)) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        AUTO_FREE char *path = path_join(git_dir, others[i]);
        if (is_symlink(path)) {
            return true;
        }
    }
    return false;
}

static void protect_git_dir(struct place_refresh *refresh, const char *git_dir, unsigned depth)
{
    if (!places_is_in_writable(refresh->places, git_dir)) {
        return;
    }
    if (has_linked_name(git_dir)) {
        places_note(refresh->places,
                    "%s is not writable: a name in it that git runs code by is a symlink", git_dir);
        (void)places_protect(refresh, git_dir, COVER_NONE, config_why);
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        AUTO_FREE char *path = path_join(git_dir, names[i].name);
        (void)places_protect(refresh, path, names[i].cover, names[i].why);
    }
    protect_info(refresh, git_dir);
    protect_modules(refresh, git_dir, depth, COVER_SOCKET);
    AUTO_FREE char *worktrees = path_join(git_dir, "worktrees");
    (void)each_directory(refresh, worktrees, depth, visit_worktree);
    protect_named_by_config(refresh, git_dir);
}

/* Git looks further up past an empty directory; anything else may stop it. */
static enum cover_kind cover_for(const char *dir)
{
    AUTO_FREE char *above = path_parent(dir);
    AUTO_FREE char *outer = path_find_upwards(above, ".git");
    return outer != NULL ? COVER_DIRECTORY : COVER_SOCKET;
}

/* All of .git, and what it points to where that is writable. */
static void protect_whole(struct place_refresh *refresh, const char *dir,
                          const struct git_layout *layout)
{
    AUTO_FREE char *entry = path_join(dir, ".git");
    if (layout->kind == GIT_BARE) {
        protect_git_dir(refresh, dir, 0);
        return;
    }
    (void)places_protect(refresh, entry, cover_for(dir), config_why);
    if (layout->common_dir != NULL && places_is_in_writable(refresh->places, layout->common_dir)) {
        (void)places_protect(refresh, layout->common_dir, COVER_NONE, config_why);
    }
}

static void protect_safely(struct place_refresh *refresh, const char *dir,
                           const struct git_layout *layout, bool is_root)
{
    AUTO_FREE char *entry = path_join(dir, ".git");
    if (layout->kind == GIT_WORKTREE || layout->kind == GIT_SUBMODULE) {
        (void)places_protect(refresh, entry, COVER_NONE, link_why);
        if (is_root && !places_is_in_writable(refresh->places, layout->common_dir)) {
            allow(refresh, layout->common_dir);
        }
    } else if (layout->kind == GIT_ODD || layout->kind == GIT_NONE) {
        (void)places_protect(refresh, entry, cover_for(dir), config_why);
        if (layout->kind == GIT_ODD) {
            places_note(refresh->places,
                        "%s is not writable: what it points to does not point back", entry);
        }
        return;
    }
    protect_git_dir(refresh, layout->common_dir, 0);
    if (layout->kind == GIT_WORKTREE) {
        protect_worktree(refresh, layout->git_dir, 0);
    }
}

/* A cover of another session is no repository. And a command may have written what lies in a writable
 * place, so that has no say about what else is writable. */
static void disbelieve(struct place_refresh *refresh, const char *dir, struct git_layout *layout)
{
    AUTO_FREE char *entry = path_join(dir, ".git");
    if (layout->kind != GIT_NONE && layout->kind != GIT_BARE && cover_is_one(entry)) {
        git_layout_finish(layout);
    } else if (layout->kind == GIT_WORKTREE &&
               places_is_in_writable(refresh->places, layout->git_dir) &&
               !places_is_in_writable(refresh->places, layout->common_dir)) {
        git_layout_finish(layout);
        layout->kind = GIT_ODD;
    }
}

static void protect_repository(struct place_refresh *refresh, const char *dir, bool is_root,
                               bool is_usable)
{
    struct git_layout layout;
    git_layout_read(dir, &layout);
    disbelieve(refresh, dir, &layout);
    bool is_asked_for = refresh->places->git == SANDBOX_GIT_PROTECTED;
    /* Asked for, it has to be done, unless there is nothing yet. */
    refresh->softness = is_asked_for && layout.kind != GIT_NONE ? 0 : BEACON_PATH_SOFT;
    bool is_removable = layout.kind == GIT_WORKTREE && !is_asked_for; /* see visit_worktree() */
    if (!is_root && (layout.kind == GIT_NONE || is_removable)) {
        git_layout_finish(&layout);
        return;
    }
    if (is_asked_for || !is_usable) {
        protect_whole(refresh, dir, &layout);
    } else {
        protect_safely(refresh, dir, &layout, is_root);
    }
    git_layout_finish(&layout);
}

void places_protect_repositories(struct place_refresh *refresh)
{
    struct places *places = refresh->places;
    if (places->git == SANDBOX_GIT_WRITABLE) {
        return;
    }
    for (unsigned i = 0; i < places->n_protected_roots; i++) {
        protect_repository(refresh, places_root(places, i)->path, true, true);
    }
    for (size_t i = 0; i < places->watch.n_git_dirs; i++) {
        protect_repository(refresh, places->watch.git_dirs[i], false, i < REPOSITORIES_USABLE);
    }
}

static bool remember(void *ctx, const char *dir)
{
    struct places *places = ctx;
    struct places_watch *watch = &places->watch;
    for (size_t i = 0; i < watch->n_git_dirs; i++) {
        if (strcmp(watch->git_dirs[i], dir) == 0) {
            return true;
        }
    }
    if (watch->n_git_dirs == REPOSITORIES_MAX) {
        return false;
    }
    watch->git_dirs = alloc_grow(watch->git_dirs, watch->n_git_dirs + 1, sizeof *watch->git_dirs);
    watch->git_dirs[watch->n_git_dirs++] = alloc_string(dir);
    return true;
}

void places_find_repositories(struct places *places)
{
    for (unsigned i = 0; i < places->n_protected_roots; i++) {
        const char *root = places_root(places, i)->path;
        struct places_watch *watch = &places->watch;
        if (git_layout_is_git_dir(root)) {
            watch->bare = alloc_grow(watch->bare, watch->n_bare + 1, sizeof *watch->bare);
            watch->bare[watch->n_bare++] = alloc_string(root);
        }
        if (!git_scan(root, remember, places)) {
            places_note(places,
                        "%s is large: repositories deep inside of it, other than its own, are not "
                        "protected",
                        root);
        }
    }
}
