/* project_budget.h - of the [budget] in a project's file only what lowers a limit counts, trusted or not:
 * whoever wrote the repository does not decide how much of the person's money it may take.
 *
 * Private to config; used by loading_project.c. Thread: that of the arena's owner.
 */
#ifndef HOST_CONFIG_PROJECT_BUDGET_H
#define HOST_CONFIG_PROJECT_BUDGET_H

#include <stdbool.h>

struct arena;
struct toml_value;

#define PROJECT_BUDGET_KEYS 4

/* The limits so far; INFINITY where there is none. */
struct project_budget {
    double most[PROJECT_BUDGET_KEYS];
};

/* Those of the person's file; `table` may be NULL. */
void project_budget_begin(struct project_budget *budget, const struct toml_value *table);

/* A copy of [budget] in `table` with the limits that are lower, or as low, which then are the limits so
 * far; NULL when there are none. *ret_is_whole: nothing of it was left out. */
struct toml_value *project_budget_lower(struct project_budget *budget, struct arena *arena,
                                        const struct toml_value *table, bool *ret_is_whole);

/* A copy of a project's checked `table` in which its [budget] is that, and no profile has one. */
struct toml_value *project_budget_filter(struct project_budget *budget, struct arena *arena,
                                         const struct toml_value *table, bool *ret_is_whole);

#endif
