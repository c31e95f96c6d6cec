/* SPDX-License-Identifier: Apache-2.0 */
#include "config/layer.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"
#include "config/provider_settings.h"
#include "config/schema.h"
#include "config/suggest.h"

#define PATH_MAX_SHOWN 400 /* bytes of a key's path in a message */
#define KEY_MAX_SHOWN  80  /* and of each part of it, before quoting */
#define PLACE_SHOWN    160

/* One layer on its way through the schema. */
struct check {
    const struct layer_source *source;
    struct notes *notes;
    struct arena *arena;
    unsigned setters;    /* all of these a key must allow */
    const char *pattern; /* of the table we are in */
    struct text path;    /* of the key we are at, as shown to people */
    struct beacon_error *err;
};

void layer_place(const struct layer_source *source, struct toml_place place, char *out, size_t size)
{
    const char *file = source->file;
    size_t room = size - 24; /* of two numbers */
    size_t len = strlen(file);
    const char *dots = len > room ? "…" : "";
    file += len > room ? len - room + strlen("…") : 0;
    if (source->is_file) {
        (void)snprintf(out, size, "%s%s:%u:%u", dots, file, place.line, place.column);
    } else {
        (void)snprintf(out, size, "%s%s", dots, file);
    }
}

static int fail_type(struct check *check, const struct schema_row *row,
                     const struct toml_value *value)
{
    char expected[96], place[PLACE_SHOWN];
    bool is_negative = value->type == TOML_INTEGER && value->integer < 0;
    schema_describe(row, expected, sizeof expected);
    layer_place(check->source, value->place, place, sizeof place);
    return error_set(check->err, BEACON_E_INVALID, "correct the value",
                     "%s: `%s` must be %s, found %s", place, text_string(&check->path), expected,
                     is_negative ? "a negative integer" : toml_type_name(value->type));
}

static int fail_variant(struct check *check, const struct schema_row *row,
                        const struct toml_value *value)
{
    char list[128] = "", place[PLACE_SHOWN], hint[PLACE_SHOWN + 32];
    if ((row->accepts & SCHEMA_BOOL) != 0) {
        (void)snprintf(list, sizeof list, "`true`, `false`");
    }
    size_t len = strlen(list);
    for (const struct schema_variant *v = row->variants; v->name != NULL && len < sizeof list;
         v++) {
        if (v->means == NULL) {
            int added =
                snprintf(list + len, sizeof list - len, "%s`%s`", len > 0 ? ", " : "", v->name);
            len += added > 0 ? (size_t)added : 0;
        }
    }
    layer_place(check->source, value->place, place, sizeof place);
    (void)snprintf(hint, sizeof hint, "correct it in %s", place);
    return error_set(check->err, BEACON_E_INVALID, hint,
                     "unknown variant `%.40s`, expected one of %s in `%s`", value->string.data,
                     list, text_string(&check->path));
}

/* Nobody downstream expects a NUL inside a string, and a path would silently be another one. */
static bool has_nul(const struct toml_value *value)
{
    bool has = false;
    if (value->type == TOML_STRING) {
        return memchr(value->string.data, '\0', value->string.len) != NULL;
    }
    if (value->type == TOML_ARRAY) {
        for (size_t i = 0; i < value->array->count && !has; i++) {
            const struct toml_value *item = value->array->items[i];
            has = memchr(item->string.data, '\0', item->string.len) != NULL;
        }
    } else if (value->type == TOML_TABLE) {
        for (size_t i = 0; i < value->table->count && !has; i++) {
            const struct toml_member *m = &value->table->items[i];
            has = memchr(m->key, '\0', m->key_len) != NULL ||
                  memchr(m->value->string.data, '\0', m->value->string.len) != NULL;
        }
    }
    return has;
}

/* A value that has no rows below it: right type, one of the words allowed. */
static int check_leaf(struct check *check, const struct schema_row *row, struct toml_value *value,
                      struct toml_value **ret)
{
    *ret = value;
    if ((row->accepts & SCHEMA_UNUSED) != 0) {
        return BEACON_OK;
    }
    if (!schema_accepts(row, value)) {
        return fail_type(check, row, value);
    }
    if (((row->accepts & SCHEMA_OPEN) != 0 && value->type == TOML_TABLE) ||
        (row->accepts & SCHEMA_TABLES) != 0) {
        return BEACON_OK;
    }
    if (has_nul(value)) {
        return error_set(check->err, BEACON_E_INVALID, "remove it", "`%s` contains a NUL character",
                         text_string(&check->path));
    }
    if (value->type != TOML_STRING || row->variants == NULL) {
        return BEACON_OK;
    }
    int index = schema_variant_index(row, value->string.data);
    if (index < 0) {
        return fail_variant(check, row, value);
    }
    const char *means = row->variants[index].means;
    if (means != NULL) {
        *ret = toml_value_create(check->arena, TOML_STRING, value->place);
        (*ret)->string = (struct toml_span){means, strlen(means)};
    }
    return BEACON_OK;
}

static int note_unknown(struct check *check, const struct toml_member *member)
{
    char place[PLACE_SHOWN];
    layer_place(check->source, member->place, place, sizeof place);
    const char *near = notes_are_full(check->notes)
                           ? NULL
                           : suggest_key(check->pattern, member->key, member->key_len);
    const char *ask = near != NULL ? "; did you mean `" : "";
    const char *close = near != NULL ? "`?" : "";
    near = near != NULL ? near : "";
    if (check->source->layer == CONFIG_LAYER_MANAGED) {
        return error_set(check->err, BEACON_E_INVALID, "correct the managed configuration",
                         "%s: unknown key `%s`%s%s%s", place, text_string(&check->path), ask, near,
                         close);
    }
    notes_add(check->notes, "unknown key `%s` in %s%s%s%s", text_string(&check->path), place, ask,
              near, close);
    return BEACON_OK;
}

static void note_ignored(struct check *check, const struct toml_member *member, const char *why)
{
    char place[PLACE_SHOWN];
    layer_place(check->source, member->place, place, sizeof place);
    notes_add(check->notes, "`%s` in %s is ignored: %s", text_string(&check->path), place, why);
}

static bool is_fixed_provider(const struct schema_row *row, const struct toml_member *member)
{
    return strcmp(row->path, "model_providers.*") == 0 && provider_is_fixed(member->key);
}

static const struct toml_member *models_of(const struct toml_member *provider)
{
    bool is_table = provider->value->type == TOML_TABLE;
    return is_table ? toml_table_find(provider->value, "models", strlen("models")) : NULL;
}

/* Why a key that is known does not count here; NULL: it does. */
static const char *reason_to_ignore(const struct check *check, const struct schema_row *row,
                                    const struct toml_member *member)
{
    if ((row->setters & check->setters) != check->setters) {
        return (check->setters & SCHEMA_BY_PROFILE) != 0 ? "it cannot be set in a profile"
                                                         : "a project cannot set it";
    }
    if (is_fixed_provider(row, member) && models_of(member) == NULL) {
        return "a built-in provider cannot be replaced";
    }
    return NULL;
}

/* Of an entry for a built-in provider what counts: its models, which can be added. */
static struct toml_value *without_the_rest(struct check *check, const struct toml_member *member)
{
    if (member->value->table->count > 1) {
        note_ignored(check, member, "but for its models, a built-in provider cannot be replaced");
    }
    struct toml_value *only = toml_value_create(check->arena, TOML_TABLE, member->value->place);
    (void)toml_table_add(check->arena, only, models_of(member));
    return only;
}

/* The key to store under: where a row is another spelling, that of its sibling. */
static void use_proper_key(const struct schema_row **row, struct toml_member *member)
{
    if ((*row)->alias_of != NULL) {
        *row = schema_row((*row)->alias_of);
        member->key = (*row)->path; /* every alias is a key of the root or of a profile */
        member->key_len = strlen(member->key);
    }
}

/* Extend the shown path by a key; of a very long one only the beginning. */
static void enter(struct check *check, const struct toml_member *member)
{
    bool is_long = member->key_len > KEY_MAX_SHOWN;
    size_t len = is_long ? utf8_cut(member->key, KEY_MAX_SHOWN) : member->key_len;
    if (check->path.len > 0) {
        (void)text_add_char(&check->path, '.');
    }
    (void)toml_add_key(&check->path, member->key, len);
    (void)text_add_string(&check->path, is_long ? "…" : "");
}

static void leave(struct check *check, size_t len)
{
    if (check->path.data != NULL) {
        check->path.len = len;
        check->path.data[len] = '\0';
    }
}

static int check_table(struct check *check, const struct toml_value *from, struct toml_value **ret);

/* NOLINTBEGIN(misc-no-recursion): as deep as the schema */

static int check_children(struct check *check, const struct schema_row *row,
                          struct toml_value *value, struct toml_value **ret)
{
    if (value->type != TOML_TABLE) {
        return fail_type(check, row, value);
    }
    const char *pattern = check->pattern;
    unsigned setters = check->setters;
    check->pattern = row->path;
    if (row->children != NULL) {
        check->pattern = row->children;
        check->setters |= SCHEMA_BY_PROFILE;
    }
    int rc = check_table(check, value, ret);
    check->pattern = pattern;
    check->setters = setters;
    return rc;
}

static int check_member(struct check *check, const struct toml_member *from,
                        struct toml_value *into)
{
    struct toml_member member = *from;
    const struct schema_row *row = schema_find(check->pattern, member.key, member.key_len);
    if (row == NULL) {
        return note_unknown(check, &member);
    }
    const char *why = reason_to_ignore(check, row, &member);
    if (why != NULL) {
        note_ignored(check, &member, why);
        return BEACON_OK;
    }
    if (is_fixed_provider(row, &member)) {
        member.value = without_the_rest(check, &member);
    }
    struct toml_value *value = member.value;
    use_proper_key(&row, &member);
    bool is_table = (row->accepts & SCHEMA_TABLE) != 0;
    int rc = is_table ? check_children(check, row, value, &member.value)
                      : check_leaf(check, row, value, &member.value);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct toml_member *found = toml_table_find(into, member.key, member.key_len);
    if (found == NULL) {
        (void)toml_table_add(check->arena, into, &member);
    } else if (member.key == from->key) {
        found->value = member.value; /* the proper spelling wins over the other one */
    }
    return BEACON_OK;
}

static int check_table(struct check *check, const struct toml_value *from, struct toml_value **ret)
{
    struct toml_value *into = toml_value_create(check->arena, TOML_TABLE, from->place);
    size_t len = check->path.len;
    int rc = BEACON_OK;
    for (size_t i = 0; i < from->table->count && rc == BEACON_OK; i++) {
        const struct toml_member *member = &from->table->items[i];
        enter(check, member);
        rc = check_member(check, member, into);
        leave(check, len);
    }
    if (rc == BEACON_OK) {
        *ret = into;
    }
    return rc;
}

/* NOLINTEND(misc-no-recursion) */

int layer_check(const struct layer_source *source, const struct toml_value *table,
                struct notes *notes, struct toml_value **ret, struct beacon_error *err)
{
    bool is_project = source->layer == CONFIG_LAYER_PROJECT;
    struct check check = {
        .source = source,
        .notes = notes,
        .arena = notes->arena,
        .setters = is_project ? SCHEMA_BY_PROJECT : SCHEMA_BY_PERSON,
        .pattern = "",
        .err = err,
    };
    text_init(&check.path, PATH_MAX_SHOWN);
    int rc = check_table(&check, table, ret);
    text_finish(&check.path);
    return rc;
}
