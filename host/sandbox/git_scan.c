/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/git_scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/path.h"

/* Directories that are still to be looked at, in the order they were found. */
struct queue {
    struct waiting {
        char *path;
        unsigned depth;
    } * list;
    size_t n, done;
};

struct scan {
    struct queue queue;
    dev_t device;
    size_t entries;
    bool is_cut;
    git_scan_fn found;
    void *ctx;
};

/* Which of the names that make a git directory are in the folder. */
struct sighting {
    bool has_git, has_head, has_objects, has_refs;
};

static void push(struct scan *scan, const char *dir, const char *name, unsigned depth)
{
    struct queue *queue = &scan->queue;
    queue->list = alloc_grow(queue->list, queue->n + 1, sizeof *queue->list);
    queue->list[queue->n++] = (struct waiting){path_join(dir, name), depth};
}

static bool is_directory(int dir_fd, const struct dirent *entry)
{
    struct stat st;
    if (entry->d_type != DT_UNKNOWN) {
        return entry->d_type == DT_DIR;
    }
    return fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static void look_at(struct scan *scan, const struct waiting *at, DIR *dir,
                    const struct dirent *entry, struct sighting *seen)
{
    const char *name = entry->d_name;
    seen->has_git = seen->has_git || strcmp(name, ".git") == 0;
    seen->has_head = seen->has_head || strcmp(name, "HEAD") == 0;
    seen->has_objects = seen->has_objects || strcmp(name, "objects") == 0;
    seen->has_refs = seen->has_refs || strcmp(name, "refs") == 0;
    bool is_passed_over = strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
                          strcmp(name, ".git") == 0 || strcmp(name, "node_modules") == 0;
    if (is_passed_over || !is_directory(dirfd(dir), entry)) {
        return;
    }
    if (at->depth == GIT_SCAN_DEPTH) {
        scan->is_cut = true;
    } else {
        push(scan, at->path, name, at->depth + 1);
    }
}

static DIR *open_folder(const struct scan *scan, const char *path)
{
    struct stat st;
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_dev != scan->device) {
        return NULL;
    }
    DIR *dir = fdopendir(fd);
    if (dir != NULL) {
        (void)take_fd(&fd);
    }
    return dir;
}

static bool visit(struct scan *scan, const struct waiting *at)
{
    struct sighting seen = {0};
    size_t queued = scan->queue.n;
    DIR *dir = open_folder(scan, at->path);
    if (dir == NULL) {
        return true;
    }
    const struct dirent *entry = NULL;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is local */
    while ((entry = readdir(dir)) != NULL) {
        if (++scan->entries > GIT_SCAN_ENTRIES) {
            scan->is_cut = true;
            break;
        }
        look_at(scan, at, dir, entry, &seen);
    }
    (void)closedir(dir);
    bool is_bare = seen.has_head && seen.has_objects && seen.has_refs;
    while (is_bare && scan->queue.n > queued) { /* nothing in there is a work tree */
        free(scan->queue.list[--scan->queue.n].path);
    }
    return at->depth == 0 || !(seen.has_git || is_bare) || scan->found(scan->ctx, at->path);
}

bool git_scan(const char *root, git_scan_fn found, void *ctx)
{
    struct stat st;
    struct scan scan = {.found = found, .ctx = ctx};
    if (lstat(root, &st) != 0) {
        return true;
    }
    scan.device = st.st_dev;
    push(&scan, "", root, 0);
    bool goes_on = true;
    while (goes_on && scan.queue.done < scan.queue.n && scan.entries <= GIT_SCAN_ENTRIES) {
        struct waiting at = scan.queue.list[scan.queue.done];
        goes_on = visit(&scan, &at);
        free(at.path);
        scan.queue.list[scan.queue.done++].path = NULL;
    }
    for (size_t i = scan.queue.done; i < scan.queue.n; i++) {
        free(scan.queue.list[i].path);
    }
    free(scan.queue.list);
    return goes_on && !scan.is_cut;
}
