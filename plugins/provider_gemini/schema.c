/* SPDX-License-Identifier: Apache-2.0 */
#include "schema.h"

#include <beacon-sdk/json_string.h>

/* What stands at a place of a schema, and what is done with the value of a keyword. */
enum place {
    PLACE_DROP,   /* a value that goes */
    PLACE_COPY,   /* a value that stays as it is */
    PLACE_TYPE,   /* a name of a type, or a list of such names */
    PLACE_FORMAT, /* a format, of which few are known */
    PLACE_ENUM,   /* a list of strings */
    PLACE_SCHEMA, /* a schema */
    PLACE_NAMES,  /* an object whose values are schemas */
    PLACE_LIST,   /* a list of schemas */
};

/* Keywords without a row are dropped, $schema and additionalProperties among them. */
static const struct keyword {
    const char *name;
    enum place place;
    const char *becomes; /* NULL: keeps its name */
} keywords[] = {
    {"type", PLACE_TYPE, NULL},
    {"properties", PLACE_NAMES, NULL},
    {"description", PLACE_COPY, NULL},
    {"required", PLACE_COPY, NULL},
    {"items", PLACE_SCHEMA, NULL},
    {"enum", PLACE_ENUM, NULL},
    {"anyOf", PLACE_LIST, NULL},
    {"oneOf", PLACE_LIST, "anyOf"},
    {"format", PLACE_FORMAT, NULL},
    {"title", PLACE_COPY, NULL},
    {"nullable", PLACE_COPY, NULL},
    {"default", PLACE_COPY, NULL},
    {"example", PLACE_COPY, NULL},
    {"pattern", PLACE_COPY, NULL},
    {"minimum", PLACE_COPY, NULL},
    {"maximum", PLACE_COPY, NULL},
    {"minItems", PLACE_COPY, NULL},
    {"maxItems", PLACE_COPY, NULL},
    {"minLength", PLACE_COPY, NULL},
    {"maxLength", PLACE_COPY, NULL},
    {"minProperties", PLACE_COPY, NULL},
    {"maxProperties", PLACE_COPY, NULL},
    {"propertyOrdering", PLACE_COPY, NULL},
};

/* Containers that were entered and not left; the scanner allows no more. */
struct walk {
    struct beacon_json j;
    struct beacon_json_out *out;
    enum place places[BEACON_JSON_DEPTH_MAX];
    size_t depth;
};

static const struct keyword *find_keyword(struct beacon_str raw_key)
{
    static const struct keyword unknown = {"", PLACE_DROP, NULL};
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        if (beacon_json_key_is(raw_key, keywords[i].name)) {
            return &keywords[i];
        }
    }
    return &unknown;
}

static void put_key(struct beacon_json_out *out, struct beacon_str raw_key)
{
    beacon_json_put_raw(out, beacon_span(raw_key.p - 1, raw_key.n + 2)); /* with its quotes */
    beacon_json_out_bytes(out, ":", 1);
    out->comma_due = 0;
}

/* The first type that is not "null", and whether "null" was there. */
static void put_types(struct beacon_json_out *out, struct beacon_str list)
{
    struct beacon_json j;
    struct beacon_str value, type = beacon_span(NULL, 0);
    bool is_nullable = false;
    beacon_json_init(&j, list);
    (void)beacon_json_enter_array(&j);
    while (beacon_json_next_element(&j) && beacon_json_skip(&j, &value)) {
        const bool is_null = beacon_span_is(value, "\"null\"");
        is_nullable = is_nullable || is_null;
        type = type.n == 0 && !is_null ? value : type;
    }
    if (type.n > 0) {
        beacon_json_key(out, "type");
        beacon_json_put_raw(out, type);
    }
    if (is_nullable) {
        beacon_json_key(out, "nullable");
        beacon_json_put_bool(out, true);
    }
}

static bool is_known_format(struct beacon_str value)
{
    static const char *const formats[] = {"\"enum\"",   "\"date-time\"", "\"float\"",
                                          "\"double\"", "\"int32\"",     "\"int64\""};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (beacon_span_is(value, formats[i])) {
            return true;
        }
    }
    return false;
}

static bool is_list_of_strings(struct beacon_str value)
{
    struct beacon_json j;
    beacon_json_init(&j, value);
    if (beacon_json_peek(&j) != BEACON_JSON_ARRAY) {
        return false;
    }
    (void)beacon_json_enter_array(&j);
    while (beacon_json_next_element(&j)) {
        if (beacon_json_peek(&j) != BEACON_JSON_STRING || !beacon_json_skip(&j, NULL)) {
            return false;
        }
    }
    return beacon_json_finished(&j);
}

/* A value without schemas inside. */
static void put_plain(struct walk *w, struct beacon_str raw_key, enum place place)
{
    struct beacon_str value = beacon_span(NULL, 0);
    if (!beacon_json_skip(&w->j, &value)) {
        return;
    }
    if (place == PLACE_TYPE && value.p[0] == '[') {
        put_types(w->out, value);
    } else if (place == PLACE_COPY || place == PLACE_TYPE ||
               (place == PLACE_FORMAT && is_known_format(value)) ||
               (place == PLACE_ENUM && is_list_of_strings(value))) {
        put_key(w->out, raw_key);
        beacon_json_put_raw(w->out, value);
    }
}

static bool can_enter(struct walk *w, enum place place)
{
    const enum beacon_json_kind kind = beacon_json_peek(&w->j);
    return w->depth < BEACON_JSON_DEPTH_MAX &&
           kind == (place == PLACE_LIST ? BEACON_JSON_ARRAY : BEACON_JSON_OBJECT);
}

static void enter(struct walk *w, enum place place)
{
    w->places[w->depth++] = place;
    if (place == PLACE_LIST) {
        (void)beacon_json_enter_array(&w->j);
        beacon_json_begin_array(w->out);
    } else {
        (void)beacon_json_enter_object(&w->j);
        beacon_json_begin_object(w->out);
    }
}

static void leave(struct walk *w)
{
    if (w->places[--w->depth] == PLACE_LIST) {
        beacon_json_end_array(w->out);
    } else {
        beacon_json_end_object(w->out);
    }
}

/* The value behind a key of a schema, or of an object of schemas. */
static void take_member(struct walk *w, struct beacon_str raw_key)
{
    static const struct keyword property = {"", PLACE_SCHEMA, NULL};
    const struct keyword *keyword =
        w->places[w->depth - 1] == PLACE_NAMES ? &property : find_keyword(raw_key);
    if (keyword->place < PLACE_SCHEMA) {
        put_plain(w, raw_key, keyword->place);
    } else if (!can_enter(w, keyword->place)) {
        (void)beacon_json_skip(&w->j, NULL);
    } else {
        if (keyword->becomes != NULL) {
            beacon_json_key(w->out, keyword->becomes);
        } else {
            put_key(w->out, raw_key);
        }
        enter(w, keyword->place);
    }
}

static void take_element(struct walk *w)
{
    if (can_enter(w, PLACE_SCHEMA)) {
        enter(w, PLACE_SCHEMA);
    } else {
        (void)beacon_json_skip(&w->j, NULL);
    }
}

void gemini_schema_put(struct beacon_json_out *out, struct beacon_str schema)
{
    struct walk w = {.out = out};
    struct beacon_str key;
    beacon_json_init(&w.j, schema);
    enter(&w, PLACE_SCHEMA);
    while (w.depth > 0) {
        if (w.places[w.depth - 1] == PLACE_LIST) {
            if (beacon_json_next_element(&w.j)) {
                take_element(&w);
                continue;
            }
        } else if (beacon_json_next_key(&w.j, &key)) {
            take_member(&w, key);
            continue;
        }
        leave(&w);
    }
}

bool gemini_schema_has_properties(struct beacon_str schema)
{
    struct beacon_str properties;
    struct beacon_json j;
    if (!beacon_json_member(schema, "properties", &properties)) {
        return false;
    }
    beacon_json_init(&j, properties);
    return beacon_json_peek(&j) == BEACON_JSON_OBJECT && beacon_json_enter_object(&j) &&
           beacon_json_next_key(&j, NULL);
}
