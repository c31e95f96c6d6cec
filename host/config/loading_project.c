/* SPDX-License-Identifier: Apache-2.0 */
#include "config/loading.h"

#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/auto.h"
#include "base/path.h"
#include "config/project_budget.h"
#include "config/schema.h"

#define PROJECT_FILE ".code/config.toml"
#define DEPTH_MAX    256 /* directories between a repository's root and cwd */

/* What an untrusted project may make stricter: keys whose variants begin with the strictest. */
static const char *const tightening[] = {"approval_policy", "sandbox_mode"};

#define N_TIGHTENING (sizeof tightening / sizeof tightening[0])

/* The strictness so far: position of the value in its row, smaller is stricter. */
struct baseline {
    int index[N_TIGHTENING];
    struct project_budget budget;
};

static int index_in(const struct toml_value *table, const char *key)
{
    const struct toml_value *value = table != NULL ? toml_table_get(table, key) : NULL;
    return value != NULL && value->type == TOML_STRING
               ? schema_variant_index(schema_row(key), value->string.data)
               : -1;
}

static struct baseline baseline_of(const struct loading *loading)
{
    struct baseline baseline = {0};
    project_budget_begin(&baseline.budget, loading->user.table);
    for (size_t i = 0; i < N_TIGHTENING; i++) {
        const struct schema_row *row = schema_row(tightening[i]);
        int set = index_in(loading->user.table, tightening[i]);
        baseline.index[i] = set >= 0 ? set : schema_variant_index(row, row->fallback);
    }
    return baseline;
}

/* Take out of an untrusted file what tightens. True: there was nothing else in it. */
static bool tighten(struct arena *arena, const struct toml_value *table, struct baseline *baseline,
                    struct toml_value **ret)
{
    size_t taken = 0;
    bool is_budget_whole = false;
    *ret = toml_value_create(arena, TOML_TABLE, table->place);
    for (size_t i = 0; i < N_TIGHTENING; i++) {
        int index = index_in(table, tightening[i]);
        if (index >= 0 && index <= baseline->index[i]) {
            const struct toml_member *member =
                toml_table_find(table, tightening[i], strlen(tightening[i]));
            (void)toml_table_add(arena, *ret, member);
            baseline->index[i] = index;
            taken++;
        }
    }
    struct toml_value *budget =
        project_budget_lower(&baseline->budget, arena, table, &is_budget_whole);
    if (budget != NULL) {
        struct toml_member member = *toml_table_find(table, "budget", strlen("budget"));
        member.value = budget;
        (void)toml_table_add(arena, *ret, &member);
        taken++;
    }
    return taken == table->table->count && is_budget_whole;
}

/* Is it the user's own file? So it is when the home directory lies on the way to cwd. */
static bool is_user_file(const struct loading *loading, const struct stat *st)
{
    struct stat user;
    return stat(loading->user.source.file, &user) == 0 && user.st_dev == st->st_dev &&
           user.st_ino == st->st_ino;
}

static int read_trusted(struct loading *loading, struct layer *layer, struct baseline *baseline,
                        struct beacon_error *err)
{
    struct toml_value *table = NULL;
    struct layer_file file = {layer->source.file, NULL, loading->request->display};
    int rc = layer_read_file(&file, loading->config->arena, &table, err);
    if (rc != BEACON_OK || table == NULL) {
        return rc;
    }
    bool is_whole = true;
    rc = layer_check(&layer->source, table, &loading->config->notes, &layer->table, err);
    if (rc == BEACON_OK) {
        layer->table = project_budget_filter(&baseline->budget, loading->config->arena,
                                             layer->table, &is_whole);
    }
    if (!is_whole) {
        notes_add(&loading->config->notes,
                  "`budget` in %s is used only where it lowers a limit, and not in profiles: a "
                  "project cannot raise one",
                  layer->source.file);
    }
    return rc;
}

/* True: something in the file was left out. */
static bool read_untrusted(struct loading *loading, struct layer *layer, struct baseline *baseline)
{
    struct toml_value *table = NULL;
    struct layer_file file = {layer->source.file, NULL, NULL};
    if (layer_read_file(&file, loading->config->arena, &table, NULL) != BEACON_OK) {
        return true;
    }
    if (table == NULL || tighten(loading->config->arena, table, baseline, &layer->table)) {
        return false;
    }
    config_note_merge(loading->config,
                      &(struct config_merge){.table = table,
                                             .source = &layer->source,
                                             .left_out = "the project is not trusted"});
    return true;
}

/* The directories whose file counts, the highest first, into loading->projects. */
static void find_files(struct loading *loading)
{
    struct arena *arena = loading->config->arena;
    const struct project *project = &loading->project;
    const char *bottom = project->real_cwd != NULL ? project->real_cwd : project->cwd;
    const char *top = project->root != NULL ? project->root : bottom;
    const char *paths[DEPTH_MAX];
    size_t count = 0;
    AUTO_FREE char *dir = alloc_string(bottom);
    while (count < DEPTH_MAX) {
        struct stat st;
        AUTO_FREE char *path = path_join(dir, PROJECT_FILE);
        if (stat(path, &st) == 0 && !is_user_file(loading, &st)) {
            paths[count++] = arena_string_n(arena, path, strlen(path));
        }
        if (strcmp(dir, top) == 0 || strcmp(dir, "/") == 0) {
            break;
        }
        char *parent = path_parent(dir);
        free(dir);
        dir = parent;
    }
    loading->projects = arena_array(arena, count, sizeof loading->projects[0]);
    loading->n_projects = count;
    for (size_t i = 0; i < count; i++) {
        loading->projects[i].source =
            (struct layer_source){CONFIG_LAYER_PROJECT, true, paths[count - 1 - i]};
    }
}

int loading_read_projects(struct loading *loading, struct beacon_error *err)
{
    const struct project *project = &loading->project;
    struct baseline baseline = baseline_of(loading);
    bool is_left_out = false;
    int rc = BEACON_OK;
    find_files(loading);
    for (size_t i = 0; i < loading->n_projects && rc == BEACON_OK; i++) {
        if (loading->config->is_trusted) {
            rc = read_trusted(loading, &loading->projects[i], &baseline, err);
        } else if (read_untrusted(loading, &loading->projects[i], &baseline)) {
            is_left_out = true;
        }
    }
    if (is_left_out) {
        const char *where = project->root != NULL ? project->root : project->cwd;
        notes_add(&loading->config->notes,
                  "the configuration in %s/.code is used only where it tightens, as the project is "
                  "not trusted; to trust it add [projects.\"%s\"] trust_level = \"trusted\" to %s",
                  where, where, loading->user.source.file);
    }
    return rc;
}
