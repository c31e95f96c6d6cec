/* SPDX-License-Identifier: Apache-2.0 */
#include "session/rollout_walk.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/path.h"
#include "base/uuid.h"

#define LEVELS     3 /* year, month, day */
#define UUID_CHARS (UUID_TEXT_BYTES - 1)

struct walk {
    rollout_walk_fn visit;
    void *ctx;
};

static int keep_number(const struct dirent *entry)
{
    const char *name = entry->d_name;
    size_t n = strlen(name);
    if (n != 2 && n != 4) {
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (!isdigit((unsigned char)name[i])) {
            return 0;
        }
    }
    return 1;
}

static int newest_first(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*b)->d_name, (*a)->d_name);
}

/* The UUID in rollout-<time>-<uuid>.jsonl, NULL when the name is another. */
static const char *id_in(const char *name)
{
    static const char start[] = "rollout-", end[] = ".jsonl";
    size_t n = strlen(name);
    if (n < sizeof start - 1 + UUID_CHARS + sizeof end - 1 ||
        strncmp(name, start, sizeof start - 1) != 0 ||
        strcmp(name + n - (sizeof end - 1), end) != 0) {
        return NULL;
    }
    const char *id = name + n - (sizeof end - 1) - UUID_CHARS;
    char copy[UUID_TEXT_BYTES];
    memcpy(copy, id, UUID_CHARS);
    copy[UUID_CHARS] = '\0';
    return uuid_is_valid(copy) ? id : NULL;
}

static void visit_day(const struct walk *walk, const char *dir)
{
    DIR *day = opendir(dir);
    if (day == NULL) {
        return;
    }
    for (struct dirent *entry = readdir(day); entry != NULL; entry = readdir(day)) {
        const char *id = id_in(entry->d_name);
        if (id != NULL) {
            walk->visit(walk->ctx, dirfd(day), dir, entry->d_name, id);
        }
    }
    (void)closedir(day);
}

/* NOLINTNEXTLINE(misc-no-recursion): three levels deep, as `levels` counts */
static void visit_level(const struct walk *walk, const char *dir, int levels)
{
    if (levels == 0) {
        visit_day(walk, dir);
        return;
    }
    struct dirent **names = NULL;
    int n = scandir(dir, &names, keep_number, newest_first);
    for (int i = 0; i < n; i++) {
        AUTO_FREE char *below = path_join(dir, names[i]->d_name);
        visit_level(walk, below, levels - 1);
        free(names[i]);
    }
    free(names);
}

void rollout_walk(const char *home_path, rollout_walk_fn visit, void *ctx)
{
    struct walk walk = {visit, ctx};
    AUTO_FREE char *sessions = path_join(home_path, "sessions");
    visit_level(&walk, sessions, LEVELS);
}
