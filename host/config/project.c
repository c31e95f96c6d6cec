/* SPDX-License-Identifier: Apache-2.0 */
#include "config/project.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/text.h"
#include "config/layer.h"

#define GIT_FILE_MAX 8192 /* bytes of a file that holds one path */

/* The first line of a small file without its line end; NULL when there is none. A pipe in its place
 * would never end. */
static char *first_line(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
        return NULL;
    }
    AUTO_TEXT struct text text = {0};
    text_init(&text, GIT_FILE_MAX);
    if (io_read_file(path, &text, NULL) != BEACON_OK) {
        return NULL;
    }
    return alloc_string_n(text_string(&text), strcspn(text_string(&text), "\r\n"));
}

/* A linked worktree has a file .git that names <main>/.git/worktrees/<name>. Anybody can write such
 * a file, so it counts only when the directory named there points back to it. */
static char *main_worktree(const char *root)
{
    static const char prefix[] = "gitdir: ";
    AUTO_FREE char *dot_git = path_join(root, ".git");
    AUTO_FREE char *line = first_line(dot_git);
    if (line == NULL || strncmp(line, prefix, sizeof prefix - 1) != 0) {
        return NULL;
    }
    AUTO_FREE char *git_dir = path_normal(root, line + sizeof prefix - 1);
    AUTO_FREE char *back_file = path_join(git_dir, "gitdir");
    AUTO_FREE char *back = first_line(back_file);
    AUTO_FREE char *worktrees = path_parent(git_dir);
    AUTO_FREE char *main_git = path_parent(worktrees);
    if (back == NULL || strcmp(path_base(worktrees), "worktrees") != 0 ||
        strcmp(path_base(main_git), ".git") != 0) {
        return NULL;
    }
    AUTO_FREE char *back_path = path_normal(git_dir, back);
    AUTO_FREE char *real_back = realpath(back_path, NULL);
    AUTO_FREE char *real_dot_git = realpath(dot_git, NULL);
    bool points_back =
        real_back != NULL && real_dot_git != NULL && strcmp(real_back, real_dot_git) == 0;
    return points_back ? path_parent(main_git) : NULL;
}

void project_find(const char *cwd, struct project *ret)
{
    *ret = (struct project){.cwd = alloc_string(cwd)};
    ret->real_cwd = realpath(cwd, NULL);
    ret->root = path_find_upwards(ret->real_cwd != NULL ? ret->real_cwd : cwd, ".git");
    ret->main_root = ret->root != NULL ? main_worktree(ret->root) : NULL;
}

void project_finish(struct project *project)
{
    free(project->cwd);
    free(project->real_cwd);
    free(project->root);
    free(project->main_root);
    *project = (struct project){0};
}

static const struct toml_value *entry_of(const struct layer *layer, const char *path)
{
    if (layer->table == NULL || path == NULL) {
        return NULL;
    }
    const struct toml_value *projects = toml_table_get(layer->table, "projects");
    return projects != NULL ? toml_table_get(projects, path) : NULL;
}

const struct toml_value *project_entry(const struct project *project, const struct layer *layer)
{
    const struct toml_value *entry = entry_of(layer, project->cwd);
    return entry != NULL ? entry : entry_of(layer, project->real_cwd);
}

static const char *trust_level(const struct layer *layer, const char *path)
{
    const struct toml_value *entry = entry_of(layer, path);
    const struct toml_value *level = entry != NULL ? toml_table_get(entry, "trust_level") : NULL;
    return level != NULL ? level->string.data : NULL;
}

bool project_is_trusted(const struct project *project, const struct layer *const *layers, size_t n)
{
    const char *const paths[] = {project->cwd, project->real_cwd, project->root,
                                 project->main_root};
    for (size_t i = 0; i < n; i++) {
        for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++) {
            const char *level = trust_level(layers[i], paths[p]);
            if (level != NULL) {
                return strcmp(level, "trusted") == 0;
            }
        }
    }
    return false;
}
