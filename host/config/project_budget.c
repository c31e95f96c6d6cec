/* SPDX-License-Identifier: Apache-2.0 */
#include "config/project_budget.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "config/toml_value.h"

static const char *const keys[PROJECT_BUDGET_KEYS] = {"max_tokens", "max_cost_usd", "max_turns",
                                                      "max_seconds"};

/* INFINITY: it says nothing that could be a limit. */
static double limit_of(const struct toml_value *value)
{
    const double number = value == NULL                 ? INFINITY
                          : value->type == TOML_INTEGER ? (double)value->integer
                          : value->type == TOML_FLOAT   ? value->number
                                                        : INFINITY;
    return number >= 0 ? number : INFINITY; /* also what is not a number */
}

static const struct toml_value *table_of(const struct toml_value *table, const char *key)
{
    const struct toml_value *value = table != NULL ? toml_table_get(table, key) : NULL;
    return value != NULL && value->type == TOML_TABLE ? value : NULL;
}

void project_budget_begin(struct project_budget *budget, const struct toml_value *table)
{
    const struct toml_value *limits = table_of(table, "budget");
    for (size_t i = 0; i < PROJECT_BUDGET_KEYS; i++) {
        budget->most[i] = limit_of(limits != NULL ? toml_table_get(limits, keys[i]) : NULL);
    }
}

struct toml_value *project_budget_lower(struct project_budget *budget, struct arena *arena,
                                        const struct toml_value *table, bool *ret_is_whole)
{
    const struct toml_value *limits = table_of(table, "budget");
    struct toml_value *lower = NULL;
    size_t taken = 0;
    for (size_t i = 0; limits != NULL && i < PROJECT_BUDGET_KEYS; i++) {
        const struct toml_member *member = toml_table_find(limits, keys[i], strlen(keys[i]));
        const double limit = limit_of(member != NULL ? member->value : NULL);
        if (isinf(limit) || limit > budget->most[i]) {
            continue;
        }
        if (lower == NULL) {
            lower = toml_value_create(arena, TOML_TABLE, limits->place);
        }
        (void)toml_table_add(arena, lower, member);
        budget->most[i] = limit;
        taken++;
    }
    *ret_is_whole = limits != NULL ? taken == limits->table->count
                                   : table == NULL || toml_table_get(table, "budget") == NULL;
    return lower;
}

static struct toml_value *copy_without(struct arena *arena, const struct toml_value *table,
                                       const char *key)
{
    struct toml_value *copy = toml_value_create(arena, TOML_TABLE, table->place);
    for (size_t i = 0; i < table->table->count; i++) {
        if (strcmp(table->table->items[i].key, key) != 0) {
            (void)toml_table_add(arena, copy, &table->table->items[i]);
        }
    }
    return copy;
}

/* The profiles of a project are merged above the person's own. */
static void clear_profiles(struct arena *arena, struct toml_value *table, bool *is_whole)
{
    const struct toml_value *profiles = table_of(table, "profiles");
    for (size_t i = 0; profiles != NULL && i < profiles->table->count; i++) {
        struct toml_member *profile = &profiles->table->items[i];
        if (profile->value->type == TOML_TABLE &&
            toml_table_get(profile->value, "budget") != NULL) {
            profile->value = copy_without(arena, profile->value, "budget");
            *is_whole = false;
        }
    }
}

struct toml_value *project_budget_filter(struct project_budget *budget, struct arena *arena,
                                         const struct toml_value *table, bool *ret_is_whole)
{
    struct toml_value *lower = project_budget_lower(budget, arena, table, ret_is_whole);
    struct toml_value *copy = copy_without(arena, table, "budget");
    if (lower != NULL) {
        struct toml_member member = *toml_table_find(table, "budget", strlen("budget"));
        member.value = lower;
        (void)toml_table_add(arena, copy, &member);
    }
    clear_profiles(arena, copy, ret_is_whole);
    return copy;
}
