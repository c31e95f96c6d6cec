/* SPDX-License-Identifier: Apache-2.0 */
#include "config/profile_file.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/path.h"
#include "base/text.h"
#include "config/layer.h"
#include "config/loading.h"
#include "config/profile_check.h"
#include "config/profile_values.h"
#include "config/yaml_reader.h"

#define ID_MAX 64

bool profile_id_is_valid(const char *id)
{
    size_t n = 0;
    while (isalnum((unsigned char)id[n]) || (n > 0 && id[n] != '\0' && strchr("-_.", id[n]))) {
        n++;
    }
    return n > 0 && n <= ID_MAX && id[n] == '\0';
}

const char *profile_place_name(enum profile_place place)
{
    static const char *const names[] = {
        [PROFILE_PLACE_BUNDLED] = "bundled",
        [PROFILE_PLACE_ADMIN] = "admin",
        [PROFILE_PLACE_HOME] = "home",
    };
    return names[place];
}

const struct profile_places *config_profile_places(const struct config *config)
{
    return config->profiles;
}

const struct profile_places *profile_places_copy(struct arena *arena,
                                                 const struct profile_places *places)
{
    if (places == NULL) {
        return NULL;
    }
    struct profile_places *copy = arena_zeroed(arena, sizeof *copy);
    copy->open = places->open;
    copy->ctx = places->ctx;
    for (int i = 0; i < PROFILE_PLACES; i++) {
        const char *folder = places->folder[i];
        copy->folder[i] = folder != NULL ? arena_printf(arena, "%s", folder) : NULL;
    }
    return copy;
}

/* The same values with the file as their owner, for the origins of what is merged. */
static const struct toml_value *owned(struct arena *arena, const char *name,
                                      const struct toml_value *table)
{
    struct layer_source *source = arena_zeroed(arena, sizeof *source);
    source->layer = CONFIG_LAYER_DEFAULT;
    source->is_file = true;
    source->file = arena_printf(arena, "%s", name);
    struct toml_value *into = toml_value_create(arena, TOML_TABLE, table->place);
    layer_merge(arena, into, table, source);
    into->owner = source;
    return into;
}

int profile_file_parse(const struct profile_text *text, struct arena *arena,
                       const struct toml_value **ret, struct beacon_error *err)
{
    const struct yaml_source source = {text->name, text->text, text->len};
    const struct profile_checking checking = {text->name, text->id, arena, err};
    struct toml_value *document = NULL, *checked = NULL;
    int rc = yaml_reader_read(&source, arena, &document, err);
    rc = rc == BEACON_OK ? profile_check(&checking, document, &checked) : rc;
    if (rc != BEACON_OK) {
        return rc;
    }
    const struct toml_value *table = owned(arena, text->name, checked);
    rc = profile_values_check(table, "", err);
    if (rc == BEACON_OK) {
        *ret = table;
    }
    return rc;
}

/* Too large is found by the reader; here only as much is read as shows it. */
static int read_file(int fd, const char *path, const char *id, struct arena *arena,
                     const struct toml_value **ret, struct beacon_error *err)
{
    AUTO_TEXT struct text content;
    text_init(&content, YAML_SIZE_MAX);
    int rc = io_read_all(fd, path, &content, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    const struct profile_text text = {path, id, text_string(&content), content.len};
    return profile_file_parse(&text, arena, ret, err);
}

int profile_file_open(const struct profile_places *places, enum profile_place place, const char *id,
                      struct arena *arena, struct profile_file *ret, struct beacon_error *err)
{
    const char *folder = places->folder[place];
    if (folder == NULL || !profile_id_is_valid(id)) {
        return error_set(err, BEACON_E_NOT_FOUND, "run `beacon provider list`",
                         "there is no profile `%.80s`", id);
    }
    AUTO_CLOSE int fd = -1;
    AUTO_FREE char *joined = path_join(folder, id);
    const char *path = arena_printf(arena, "%s" PROFILE_SUFFIX, joined);
    const struct toml_value *table = NULL;
    int rc = places->open(places->ctx, path, place, &fd, err);
    rc = rc == BEACON_OK ? read_file(fd, path, id, arena, &table, err) : rc;
    if (rc == BEACON_OK) {
        *ret = (struct profile_file){path, place, table};
    }
    return rc;
}

int profile_file_find(const struct profile_places *places, const char *id, struct arena *arena,
                      struct profile_file *ret, struct beacon_error *err)
{
    int rc = BEACON_E_NOT_FOUND;
    for (int place = PROFILE_PLACES - 1; place >= 0 && rc == BEACON_E_NOT_FOUND; place--) {
        rc = profile_file_open(places, (enum profile_place)place, id, arena, ret, err);
    }
    return rc;
}
