/* SPDX-License-Identifier: Apache-2.0 */
#include "config/provider_list.h"

#include <assert.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/path.h"
#include "config/loading.h"
#include "config/profile_file.h"
#include "config/provider_builtin.h"
#include "config/provider_entry.h"

#define PROVIDERS_MAX 2000 /* of a folder full of files only the first count */

struct collection {
    struct provider_listing *items;
    size_t n;
};

static struct provider_listing *at(struct collection *all, const char *id)
{
    for (size_t i = 0; i < all->n; i++) {
        if (strcmp(all->items[i].id, id) == 0) {
            return &all->items[i];
        }
    }
    if (all->n == PROVIDERS_MAX) {
        return NULL;
    }
    all->items = alloc_grow(all->items, all->n + 1, sizeof *all->items);
    all->items[all->n] = (struct provider_listing){.id = alloc_string(id)};
    return &all->items[all->n++];
}

static void add(struct collection *all, const char *id, const struct provider_definition *one)
{
    struct provider_listing *listing = at(all, id);
    if (listing != NULL && listing->n < PROVIDER_DEFINITIONS_MAX) {
        listing->definitions[listing->n++] = *one;
    } else {
        free(one->where);
    }
}

static void add_builtins(struct collection *all)
{
    const struct provider_builtin *builtin = NULL;
    for (size_t i = 0; (builtin = provider_builtin_at(i)) != NULL; i++) {
        add(all, builtin->id, &(struct provider_definition){.kind = "built-in"});
    }
}

static void add_entries(const struct config *config, struct collection *all)
{
    const struct toml_value *providers = toml_table_get(config->root, "model_providers");
    for (size_t i = 0; providers != NULL && i < providers->table->count; i++) {
        const struct toml_member *member = &providers->table->items[i];
        const struct toml_members *keys = member->value->table;
        struct provider_origin origin = {"the configuration", 0};
        if (keys->count > 0) {
            origin = provider_origin_of(keys->items[0].value);
        }
        add(all, member->key,
            &(struct provider_definition){
                .kind = "config",
                .where = origin.line > 0 ? alloc_printf("%s:%u", origin.file, origin.line)
                                         : alloc_string(origin.file)});
    }
}

/* The id of a file of this name, the caller's to free; NULL: it is no profile. */
static char *id_of(const char *name)
{
    size_t n = strlen(name), suffix = strlen(PROFILE_SUFFIX);
    if (n <= suffix || strcmp(name + n - suffix, PROFILE_SUFFIX) != 0) {
        return NULL;
    }
    AUTO_FREE char *id = alloc_string_n(name, n - suffix);
    return profile_id_is_valid(id) ? take_pointer(id) : NULL;
}

static void add_folder(const char *folder, enum profile_place place, struct collection *all)
{
    DIR *dir = folder != NULL ? opendir(folder) : NULL;
    if (dir == NULL) {
        return;
    }
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        AUTO_FREE char *id = id_of(entry->d_name);
        if (id != NULL) {
            add(all, id,
                &(struct provider_definition){.kind = profile_place_name(place),
                                              .where = path_join(folder, entry->d_name)});
        }
    }
    (void)closedir(dir);
}

/* Of the files the first; of a built-in that is fixed only models are taken from elsewhere. */
static void settle(struct provider_listing *listing)
{
    const struct provider_builtin *builtin = provider_builtin_find(listing->id);
    bool has_file = false;
    for (size_t i = 0; i < listing->n; i++) {
        struct provider_definition *one = &listing->definitions[i];
        bool is_file = strcmp(one->kind, "built-in") != 0 && strcmp(one->kind, "config") != 0;
        bool adds_models = builtin != NULL && builtin->is_fixed && one->where != NULL;
        if (is_file && (has_file || (builtin != NULL && builtin->profile == NULL) ||
                        (builtin != NULL && strcmp(builtin->profile, listing->id) != 0))) {
            one->use = PROVIDER_SHADOWED;
        } else if (adds_models) {
            one->use = PROVIDER_MODELS;
        }
        has_file = has_file || is_file;
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct provider_listing *)a)->id,
                  ((const struct provider_listing *)b)->id);
}

struct provider_listing *provider_list(const struct config *config, size_t *ret_n)
{
    struct collection all = {0};
    add_builtins(&all);
    add_entries(config, &all);
    for (int place = PROFILE_PLACES - 1; place >= 0 && config->profiles != NULL; place--) {
        add_folder(config->profiles->folder[place], (enum profile_place)place, &all);
    }
    for (size_t i = 0; i < all.n; i++) {
        settle(&all.items[i]);
    }
    assert(all.n > 0); /* there are built-ins */
    qsort(all.items, all.n, sizeof *all.items, compare);
    *ret_n = all.n;
    return all.items;
}

void provider_list_free(struct provider_listing *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < list[i].n; k++) {
            free(list[i].definitions[k].where);
        }
        free(list[i].id);
    }
    free(list);
}
