/* project.h - which project a directory belongs to, and what the person decided about it.
 *
 * Private to config. Trust is never taken from a project's own files.
 */
#ifndef HOST_CONFIG_PROJECT_H
#define HOST_CONFIG_PROJECT_H

#include <stdbool.h>
#include <stddef.h>

struct layer;
struct toml_value;

struct project {
    char *cwd;       /* as given */
    char *real_cwd;  /* symlinks resolved; NULL when it cannot be */
    char *root;      /* the nearest directory above with a .git; NULL: not in a repository */
    char *main_root; /* of a linked worktree the repository it belongs to, else NULL */
};

void project_find(const char *cwd, struct project *ret);
void project_finish(struct project *project);

/* The entry [projects."<path>"] for exactly the working directory; NULL: the layer has none. */
const struct toml_value *project_entry(const struct project *project, const struct layer *layer);

/* By the first of `layers` (highest first) that says anything, for cwd, then for its repository. */
bool project_is_trusted(const struct project *project, const struct layer *const *layers, size_t n);

#endif
