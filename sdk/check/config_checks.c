/* SPDX-License-Identifier: Apache-2.0 */
/* Group C: configurations that people write, and what they are told about them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "check.h"
#include "checks.h"
#include "instance.h"

#define HUGE_BYTES  ((size_t)2 << 20)
#define DEPTH       100000
#define TRIED_BYTES 120
#define PLAIN       (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
#define NAME_HINT   "say in the message which key is wrong, as the person wrote it"

void check_config_schema(struct check_case *c)
{
    struct instance_maker maker;
    if (!instance_maker_init(c, &maker)) {
        return;
    }
    if (maker.component.config_schema == NULL) {
        check_skip(c, "the component has no config_schema");
    } else if (!json_object_is_type(maker.schema, json_type_object)) {
        check_fail(c, "a JSON Schema as JSON text", "correct the text of config_schema",
                   "config_schema is not a JSON object: %.200s", maker.component.config_schema);
    } else if (strcmp(json_string_of(maker.schema, "type", "object"), "object") != 0 ||
               json_member(maker.schema, "properties") == NULL) {
        check_fail(c, "\"type\": \"object\" and \"properties\"",
                   "describe every key of the configuration",
                   "config_schema describes no object: %.200s", maker.component.config_schema);
    }
}

/* ---- one attempt ---- */

struct attempt {
    struct check_case *c;
    const struct instance_maker *maker;
    char tried[TRIED_BYTES]; /* "create() without base_url" */
    beacon_rc rc;
    struct beacon_error err;
};

static bool try_text(struct attempt *a, const char *config, size_t n)
{
    void *inst = NULL;
    a->err = (struct beacon_error)BEACON_INIT(struct beacon_error);
    a->rc = maker_create(a->maker, config, n, &inst, &a->err);
    if (a->rc == BEACON_OK) {
        maker_destroy(a->maker, inst);
        return true;
    }
    instance_check_error(a->c, a->rc, &a->err, a->tried);
    return false;
}

static bool try_object(struct attempt *a, struct json_object *config)
{
    const char *text = json_object_to_json_string_ext(config, PLAIN);
    return try_text(a, text, strlen(text));
}

/* A copy of the configuration that works. */
static struct json_object *copy_config(const struct instance_maker *maker)
{
    struct json_object *copy = NULL;
    (void)json_object_deep_copy(maker->config, &copy, NULL);
    return copy;
}

/* The schema's keys; NULL with check_skip(). */
static struct json_object *properties_of(struct check_case *c, const struct instance_maker *maker)
{
    struct json_object *properties = json_member(maker->schema, "properties");
    if (!json_object_is_type(properties, json_type_object) ||
        json_object_object_length(properties) == 0) {
        check_skip(c, "no key is described by a config_schema");
        return NULL;
    }
    return properties;
}

/* ---- keys that are missing ---- */

static void try_without(struct attempt *a, const char *key)
{
    AUTO_JSON struct json_object *config = copy_config(a->maker);
    (void)snprintf(a->tried, sizeof a->tried, "create() without %s", key);
    json_object_object_del(config, key);
    if (try_object(a, config)) {
        check_fail(a->c, "BEACON_E_INVALID: the schema says that the key is required",
                   "check for the key in create(), or take it out of \"required\"", "%s succeeds",
                   a->tried);
    } else if (strstr(a->err.message, key) == NULL) {
        check_fail(a->c, "a message that names the key", NAME_HINT, "%s: \"%s\"", a->tried,
                   a->err.message);
    }
}

void check_config_missing(struct check_case *c)
{
    struct instance_maker maker;
    if (!instance_maker_init(c, &maker)) {
        return;
    }
    struct attempt a = {.c = c, .maker = &maker};
    struct json_object *required = json_member(maker.schema, "required");
    const size_t n =
        json_object_is_type(required, json_type_array) ? json_object_array_length(required) : 0;
    if (n == 0) {
        check_skip(c, "no key is required");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        try_without(&a, json_object_get_string(json_object_array_get_idx(required, i)));
    }
}

/* ---- values of another type ---- */

static void try_wrong_type(struct attempt *a, const char *key, struct json_object *property)
{
    AUTO_JSON struct json_object *config = copy_config(a->maker);
    const char *type = json_string_of(property, "type", "");
    if (type[0] == '\0') {
        return;
    }
    const bool is_string = strcmp(type, "string") == 0;
    (void)snprintf(a->tried, sizeof a->tried, "create() with %s for %s, a %s",
                   is_string ? "42" : "\"no\"", key, type);
    (void)json_object_object_add(
        config, key, is_string ? json_object_new_int(42) : json_object_new_string("no"));
    if (try_object(a, config)) {
        check_fail(a->c, "BEACON_E_INVALID", "check the type of every key in create()",
                   "%s succeeds", a->tried);
    } else if (strstr(a->err.message, key) == NULL) {
        check_fail(a->c, "a message that names the key", NAME_HINT, "%s: \"%s\"", a->tried,
                   a->err.message);
    }
}

void check_config_wrong_type(struct check_case *c)
{
    struct instance_maker maker;
    if (!instance_maker_init(c, &maker)) {
        return;
    }
    struct attempt a = {.c = c, .maker = &maker};
    struct json_object *properties = properties_of(c, &maker);
    if (properties == NULL) {
        return;
    }
    json_object_object_foreach(properties, key, property)
    {
        try_wrong_type(&a, key, property);
    }
}

/* ---- too much, and nonsense ---- */

static void try_huge(struct attempt *a, const char *key)
{
    AUTO_JSON struct json_object *config = copy_config(a->maker);
    AUTO_FREE char *value = alloc_zeroed(HUGE_BYTES + 1);
    memset(value, 'h', HUGE_BYTES);
    (void)snprintf(a->tried, sizeof a->tried, "create() with 2 MiB for %s", key);
    (void)json_object_object_add(config, key, json_object_new_string_len(value, (int)HUGE_BYTES));
    if (!try_object(a, config) && strstr(a->err.message, key) == NULL &&
        strstr(a->err.message, "configuration") == NULL) {
        check_fail(a->c, "a message that names the key, or says that the configuration is too long",
                   NAME_HINT, "%s: \"%.120s\"", a->tried, a->err.message);
    }
}

/* Keys that nobody described are tried too: a newer host may write more. */
void check_config_huge(struct check_case *c)
{
    struct instance_maker maker;
    if (!instance_maker_init(c, &maker)) {
        return;
    }
    struct attempt a = {.c = c, .maker = &maker};
    struct json_object *properties = json_member(maker.schema, "properties");
    try_huge(&a, "key");
    if (json_object_is_type(properties, json_type_object)) {
        json_object_object_foreach(properties, key, property)
        {
            if (strcmp(json_string_of(property, "type", ""), "string") == 0) {
                try_huge(&a, key);
            }
        }
    }
}

static void try_depth(struct attempt *a, char open, char close)
{
    static const char head[] = "{\"check\":";
    const size_t n = sizeof head - 1 + 2 * (size_t)DEPTH + 1;
    AUTO_FREE char *text = alloc_zeroed(n + 1);
    memcpy(text, head, sizeof head - 1);
    memset(text + sizeof head - 1, open, DEPTH);
    memset(text + sizeof head - 1 + DEPTH, close, DEPTH);
    text[n - 1] = '}';
    (void)snprintf(a->tried, sizeof a->tried, "create() with %d times '%c'", DEPTH, open);
    (void)try_text(a, text, n);
}

/* The host gives objects only; whatever comes, the plugin survives it and has words. */
void check_config_garbage(struct check_case *c)
{
    static const char *const texts[] = {
        "",
        "null",
        "[]",
        "42",
        "\"text\"",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{]",
        "{\"a\":1}}",
        "words",
        "{\"a\":\"\\ud800\"}",
        "{\"\\",
        "\xff\xfe",
        "{\"a\":\"\xc3\"}",
        "{\"a\":1e999999}",
        "{,}",
        "{\"a\":1,}",
    };
    struct instance_maker maker;
    if (!instance_maker_init(c, &maker)) {
        return;
    }
    struct attempt a = {.c = c, .maker = &maker};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        (void)snprintf(a.tried, sizeof a.tried, "create() with garbage %zu", i + 1);
        (void)try_text(&a, texts[i], strlen(texts[i]));
    }
    const char *config = maker_config(&maker);
    for (size_t n = 0; n < strlen(config); n++) {
        AUTO_FREE char *cut = alloc_copy(config, n + 1); /* to its end and no further */
        (void)snprintf(a.tried, sizeof a.tried, "create() with its configuration cut at byte %zu",
                       n);
        (void)try_text(&a, cut, n);
    }
    try_depth(&a, '[', ']');
    try_depth(&a, '{', '}');
}
