/* SPDX-License-Identifier: Apache-2.0 */
#include "config/profile_quirks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/distance.h"
#include "base/error.h"
#include "config/layer.h"

#define NAME_SHOWN 60

enum quirk_kind { QUIRK_CHOICE, QUIRK_TEXT, QUIRK_BOOL, QUIRK_INT, QUIRK_LIST };

struct quirk_row {
    const char *wire, *name;
    enum quirk_kind kind;
    const char *values; /* of a choice, with | between them */
};

static const struct quirk_row rows[] = {
    {"chat", "cache_key", QUIRK_BOOL, NULL},
    {"chat", "effort_name", QUIRK_CHOICE, "|reasoning_effort|reasoning.effort|think"},
    {"chat", "empty_content", QUIRK_CHOICE, "null|omit|string"},
    {"chat", "max_tokens_name", QUIRK_CHOICE, "|max_tokens|max_completion_tokens"},
    {"chat", "merge_user", QUIRK_BOOL, NULL},
    {"chat", "num_ctx", QUIRK_INT, NULL},
    {"chat", "parallel_calls", QUIRK_BOOL, NULL},
    {"chat", "reasoning_echo", QUIRK_CHOICE, "never|after_user|always"},
    {"chat", "reasoning_in", QUIRK_CHOICE, "|reasoning|reasoning_content"},
    {"chat", "reasoning_out", QUIRK_LIST, NULL},
    {"chat", "strict_tools", QUIRK_BOOL, NULL},
    {"chat", "system_role", QUIRK_CHOICE, "system|developer|user"},
    {"chat", "tool_call_id", QUIRK_CHOICE, "any|alnum9"},
    {"chat", "tool_result_name", QUIRK_BOOL, NULL},
    {"chat", "usage", QUIRK_CHOICE, "stream_options|always|none"},
    {"chat", "user_after_tool", QUIRK_BOOL, NULL},
    {"gemini", "foreign_signature", QUIRK_TEXT, NULL},
    {"gemini", "schema_name", QUIRK_CHOICE, "parametersJsonSchema|parameters"},
    {"gemini", "thinking", QUIRK_CHOICE, "budget|level|none"},
    {"messages", "beta", QUIRK_TEXT, NULL},
    {"messages", "cache_control", QUIRK_BOOL, NULL},
    {"messages", "max_tokens_default", QUIRK_INT, NULL},
    {"messages", "thinking", QUIRK_CHOICE, "budget|adaptive|none"},
    {"messages", "thinking_display", QUIRK_CHOICE, "|summarized|omitted"},
    {"messages", "version", QUIRK_TEXT, NULL},
    {"responses", "developer_instructions", QUIRK_BOOL, NULL},
    {"responses", "encrypted_reasoning", QUIRK_BOOL, NULL},
    {"responses", "reasoning_summary", QUIRK_BOOL, NULL},
    {"responses", "web_search", QUIRK_CHOICE, "|cached|live"},
};

#define ROWS (sizeof rows / sizeof rows[0])

/* A body with one of these twice would mean something else to each server. */
static const char *const own_keys[] = {
    "contents",
    "generationConfig",
    "include",
    "input",
    "instructions",
    "max_completion_tokens",
    "max_output_tokens",
    "max_tokens",
    "messages",
    "model",
    "parallel_tool_calls",
    "prompt_cache_key",
    "response_format",
    "store",
    "stream",
    "stream_options",
    "system",
    "systemInstruction",
    "text",
    "toolConfig",
    "tool_choice",
    "tools",
};

void profile_where(const struct toml_value *value, char out[PROFILE_WHERE_BYTES])
{
    const struct layer_source *source = value->owner;
    const char *file = source != NULL ? source->file : "the configuration";
    size_t len = strlen(file), room = PROFILE_WHERE_BYTES - 24;
    const char *dots = len > room ? "…" : "";
    file += len > room ? len - room + strlen("…") : 0;
    if (source != NULL && source->is_file) {
        (void)snprintf(out, PROFILE_WHERE_BYTES, "%s%s:%u", dots, file, value->place.line);
    } else {
        (void)snprintf(out, PROFILE_WHERE_BYTES, "%s%s", dots, file);
    }
}

static bool is_known_wire(const char *wire)
{
    bool is_known = false;
    for (size_t i = 0; i < ROWS && !is_known; i++) {
        is_known = strcmp(rows[i].wire, wire) == 0;
    }
    return is_known;
}

static const struct quirk_row *find(const char *wire, const char *name)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].wire, wire) == 0 && strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

static const char *nearest(const char *wire, const char *name)
{
    size_t len = strlen(name), best = len / 2 + 1;
    const char *found = NULL;
    for (size_t i = 0; i < ROWS && len <= DISTANCE_WORD_MAX; i++) {
        if (strcmp(rows[i].wire, wire) != 0) {
            continue;
        }
        size_t d = distance_between(name, len, rows[i].name, strlen(rows[i].name));
        if (d < best) {
            best = d;
            found = rows[i].name;
        }
    }
    return found;
}

/* Is `word` one of those with | between them? The empty one is, when the list begins with |. */
static bool is_choice(const char *values, const struct toml_span *word)
{
    for (const char *at = values;;) {
        size_t n = strcspn(at, "|");
        if (n == word->len && memcmp(at, word->data, n) == 0) {
            return true;
        }
        if (at[n] == '\0') {
            return false;
        }
        at += n + 1;
    }
}

static bool are_strings(const struct toml_value *value)
{
    bool are = value->type == TOML_ARRAY;
    for (size_t i = 0; are && i < value->array->count; i++) {
        are = value->array->items[i]->type == TOML_STRING;
    }
    return are;
}

static bool is_fit(const struct quirk_row *row, const struct toml_value *value)
{
    switch (row->kind) {
    case QUIRK_CHOICE:
        return value->type == TOML_STRING && is_choice(row->values, &value->string);
    case QUIRK_TEXT:
        return value->type == TOML_STRING;
    case QUIRK_BOOL:
        return value->type == TOML_BOOL;
    case QUIRK_INT:
        return value->type == TOML_INTEGER && value->integer > 0;
    case QUIRK_LIST:
        return are_strings(value);
    }
    return false;
}

static int refuse_value(const struct quirk_row *row, const char *path,
                        const struct toml_value *value, struct beacon_error *err)
{
    static const char *const expected[] = {[QUIRK_CHOICE] = "one of",
                                           [QUIRK_TEXT] = "a string",
                                           [QUIRK_BOOL] = "true or false",
                                           [QUIRK_INT] = "a number above 0",
                                           [QUIRK_LIST] = "a list of strings"};
    char where[PROFILE_WHERE_BYTES];
    profile_where(value, where);
    const char *values = row->values != NULL ? row->values : "";
    bool has_empty = values[0] == '|';
    return error_set(err, BEACON_E_INVALID, "correct the value; words go into quotes if in doubt",
                     "%s: `%s.%s` must be %s%s%s%s", where, path, row->name, expected[row->kind],
                     row->values != NULL ? " " : "", has_empty ? "\"\"" : "", values);
}

static int refuse_name(const char *wire, const char *path, const struct toml_member *member,
                       struct beacon_error *err)
{
    char where[PROFILE_WHERE_BYTES], hint[160];
    profile_where(member->value, where);
    const char *near = nearest(wire, member->key);
    (void)snprintf(hint, sizeof hint, "%s%s%s", near != NULL ? "did you mean `" : "remove it",
                   near != NULL ? near : "", near != NULL ? "`?" : "");
    return error_set(err, BEACON_E_INVALID, hint, "%s: the wire %s has no quirk `%s.%.*s`", where,
                     wire, path, NAME_SHOWN, member->key);
}

static int check_foreign(const char *path, const struct toml_member *member,
                         struct beacon_error *err)
{
    char where[PROFILE_WHERE_BYTES];
    const struct toml_value *value = member->value;
    if (value->type != TOML_TABLE && (value->type != TOML_ARRAY || are_strings(value))) {
        return BEACON_OK;
    }
    profile_where(value, where);
    return error_set(err, BEACON_E_INVALID,
                     "write a word, a number, true, false or a list of words",
                     "%s: `%s.%.*s` is not a simple value", where, path, NAME_SHOWN, member->key);
}

int profile_quirks_check(const char *wire, const char *path, const struct toml_value *quirks,
                         struct beacon_error *err)
{
    bool is_ours = is_known_wire(wire);
    for (size_t i = 0; i < quirks->table->count; i++) {
        const struct toml_member *member = &quirks->table->items[i];
        const struct quirk_row *row = find(wire, member->key);
        int rc = BEACON_OK;
        if (!is_ours) {
            rc = check_foreign(path, member, err);
        } else if (row == NULL) {
            rc = refuse_name(wire, path, member, err);
        } else if (!is_fit(row, member->value)) {
            rc = refuse_value(row, path, member->value, err);
        }
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    return BEACON_OK;
}

/* TOML has inf and nan, which JSON cannot say; NULL: there is none. */
/* NOLINTNEXTLINE(misc-no-recursion): the readers bound the depth of values */
static const struct toml_value *find_endless(const struct toml_value *value)
{
    const struct toml_value *found = NULL;
    if (value->type == TOML_FLOAT && !isfinite(value->number)) {
        return value;
    }
    for (size_t i = 0; value->type == TOML_ARRAY && i < value->array->count && found == NULL; i++) {
        found = find_endless(value->array->items[i]);
    }
    for (size_t i = 0; value->type == TOML_TABLE && i < value->table->count && found == NULL; i++) {
        found = find_endless(value->table->items[i].value);
    }
    return found;
}

int profile_extra_check(const char *path, const struct toml_value *extra, struct beacon_error *err)
{
    for (size_t i = 0; i < sizeof own_keys / sizeof own_keys[0]; i++) {
        const struct toml_value *value = toml_table_get(extra, own_keys[i]);
        if (value != NULL) {
            char where[PROFILE_WHERE_BYTES];
            profile_where(value, where);
            return error_set(err, BEACON_E_INVALID,
                             "remove it; what beacon writes is set by keys of the configuration",
                             "%s: `%s.%s` is written by beacon itself", where, path, own_keys[i]);
        }
    }
    const struct toml_value *endless = find_endless(extra);
    if (endless != NULL) {
        char where[PROFILE_WHERE_BYTES];
        profile_where(endless, where);
        return error_set(err, BEACON_E_INVALID, "write a number that ends",
                         "%s: `%s` has a number that no request can carry", where, path);
    }
    return BEACON_OK;
}
