/* SPDX-License-Identifier: Apache-2.0 */
#include "config/yaml_reader.h"

#include <string.h>
#include <yaml.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/yaml_scalar.h"

#define KEY_MAX_BYTES 200
#define KEY_SHOWN     60
#define SIMPLIFY      "write plain keys and values, as in docs/providers.md"

/* A mapping or sequence that is open, and the key whose value comes next. */
struct frame {
    struct toml_value *container;
    struct toml_member key;
    bool has_key;
};

struct reading {
    const struct yaml_source *source;
    struct arena *arena;
    yaml_parser_t parser;
    struct frame stack[YAML_DEPTH_MAX];
    size_t depth;
    struct toml_value *root;
    bool has_document;
    struct beacon_error *err;
};

static struct toml_place place_of(const yaml_mark_t *mark)
{
    return (struct toml_place){(uint32_t)mark->line + 1, (uint32_t)mark->column + 1};
}

static int refuse(const struct reading *reading, const yaml_event_t *event, const char *hint,
                  const char *what)
{
    return error_set(reading->err, BEACON_E_INVALID, hint, "%s:%u: %s", reading->source->name,
                     place_of(&event->start_mark).line, what);
}

/* Of an error of bytes libyaml tells no line, but how far it had come. */
static size_t line_of_problem(const struct reading *reading)
{
    const yaml_parser_t *parser = &reading->parser;
    size_t line = parser->problem_mark.line;
    if (parser->error == YAML_READER_ERROR) {
        line = 0;
        for (size_t i = 0; i < parser->problem_offset && i < reading->source->len; i++) {
            line += reading->source->text[i] == '\n';
        }
    }
    return line + 1;
}

static int refuse_syntax(const struct reading *reading)
{
    const char *problem = reading->parser.problem;
    return error_set(reading->err, BEACON_E_INVALID,
                     "correct the YAML there; docs/providers.md shows a whole file",
                     "%s:%zu: this is not YAML: %s", reading->source->name,
                     line_of_problem(reading), problem != NULL ? problem : "it cannot be read");
}

static struct frame *top(struct reading *reading)
{
    return reading->depth > 0 ? &reading->stack[reading->depth - 1] : NULL;
}

static int take_key(struct reading *reading, const yaml_event_t *event)
{
    struct frame *frame = top(reading);
    if (event->type != YAML_SCALAR_EVENT) {
        return refuse(reading, event, SIMPLIFY, "a key must be one word or string");
    }
    const char *text = (const char *)event->data.scalar.value;
    size_t n = event->data.scalar.length;
    const char *why = yaml_scalar_refusal(text, n, false);
    if (why != NULL || n == 0 || n > KEY_MAX_BYTES) {
        return refuse(reading, event, SIMPLIFY,
                      n == 0              ? "a key is empty"
                      : n > KEY_MAX_BYTES ? "a key is too long"
                                          : "a key has control characters");
    }
    const struct toml_member *before = toml_table_find(frame->container, text, n);
    if (before != NULL) {
        return error_set(reading->err, BEACON_E_INVALID, "remove one of the two",
                         "%s:%u: `%.*s` stands there twice, first in line %u",
                         reading->source->name, place_of(&event->start_mark).line, KEY_SHOWN, text,
                         before->place.line);
    }
    frame->key = (struct toml_member){.key = arena_string_n(reading->arena, text, n),
                                      .key_len = n,
                                      .place = place_of(&event->start_mark)};
    frame->has_key = true;
    return BEACON_OK;
}

/* Put a value where it belongs. */
static void place_value(struct reading *reading, struct toml_value *value)
{
    struct frame *frame = top(reading);
    if (frame == NULL) {
        reading->root = value;
    } else if (frame->container->type == TOML_ARRAY) {
        toml_array_add(reading->arena, frame->container, value);
    } else {
        frame->key.value = value;
        (void)toml_table_add(reading->arena, frame->container, &frame->key);
        frame->has_key = false;
    }
}

static int take_scalar(struct reading *reading, const yaml_event_t *event)
{
    const struct toml_span text = {(const char *)event->data.scalar.value,
                                   event->data.scalar.length};
    bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    const char *why = yaml_scalar_refusal(text.data, text.len, is_plain);
    struct frame *frame = top(reading);
    if (frame == NULL) {
        return refuse(reading, event, SIMPLIFY, "the file must be a list of keys with values");
    }
    if (why != NULL) {
        bool has_key = frame->has_key;
        return error_set(reading->err, BEACON_E_INVALID,
                         "write a value, or remove the key; an empty text is \"\"",
                         "%s:%u: %s%.*s%s %s", reading->source->name,
                         place_of(&event->start_mark).line, has_key ? "`" : "", KEY_SHOWN,
                         has_key ? frame->key.key : "an item of a list", has_key ? "`" : "", why);
    }
    place_value(reading,
                yaml_scalar_value(reading->arena, text, is_plain, place_of(&event->start_mark)));
    return BEACON_OK;
}

static int open_container(struct reading *reading, const yaml_event_t *event, enum toml_type type)
{
    if (reading->depth == YAML_DEPTH_MAX) {
        return refuse(reading, event, SIMPLIFY, "the values are nested too deeply");
    }
    if (reading->depth == 0 && type != TOML_TABLE) {
        return refuse(reading, event, SIMPLIFY, "the file must be a list of keys with values");
    }
    struct toml_value *container =
        toml_value_create(reading->arena, type, place_of(&event->start_mark));
    place_value(reading, container);
    reading->stack[reading->depth++] = (struct frame){.container = container};
    return BEACON_OK;
}

/* What a node carries besides its value. */
static int check_properties(const struct reading *reading, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        break;
    default:
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
        break;
    }
    if (anchor != NULL) {
        return refuse(reading, event, SIMPLIFY, "anchors (&) are not allowed");
    }
    return tag != NULL ? refuse(reading, event, SIMPLIFY, "tags (!) are not allowed") : BEACON_OK;
}

static int take_node(struct reading *reading, const yaml_event_t *event)
{
    int rc = check_properties(reading, event);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct frame *frame = top(reading);
    if (frame != NULL && frame->container->type == TOML_TABLE && !frame->has_key) {
        return take_key(reading, event);
    }
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(reading, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_container(reading, event, TOML_ARRAY);
    default:
        return open_container(reading, event, TOML_TABLE);
    }
}

static int begin_document(struct reading *reading, const yaml_event_t *event)
{
    if (reading->has_document) {
        return refuse(reading, event, "put it into a file of its own",
                      "a second document (---) is not allowed");
    }
    reading->has_document = true;
    if (event->data.document_start.version_directive != NULL ||
        event->data.document_start.tag_directives.start !=
            event->data.document_start.tag_directives.end) {
        return refuse(reading, event, SIMPLIFY, "directives (%) are not allowed");
    }
    return BEACON_OK;
}

static int take_event(struct reading *reading, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return begin_document(reading, event);
    case YAML_ALIAS_EVENT:
        return refuse(reading, event, SIMPLIFY, "aliases (*) are not allowed");
    case YAML_SCALAR_EVENT:
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return take_node(reading, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        reading->depth--;
        return BEACON_OK;
    default:
        return BEACON_OK;
    }
}

static int read_events(struct reading *reading)
{
    int rc = BEACON_OK;
    bool is_over = false;
    while (rc == BEACON_OK && !is_over) {
        yaml_event_t event;
        if (yaml_parser_parse(&reading->parser, &event) == 0) {
            return refuse_syntax(reading);
        }
        is_over = event.type == YAML_STREAM_END_EVENT;
        rc = take_event(reading, &event);
        yaml_event_delete(&event);
    }
    return rc;
}

int yaml_reader_read(const struct yaml_source *source, struct arena *arena, struct toml_value **ret,
                     struct beacon_error *err)
{
    struct reading reading = {.source = source, .arena = arena, .err = err};
    if (source->len > YAML_SIZE_MAX) {
        return error_set(err, BEACON_E_LIMIT, "split it, or shorten it",
                         "%s:1: the file has more than %zu bytes", source->name, YAML_SIZE_MAX);
    }
    if (yaml_parser_initialize(&reading.parser) == 0) {
        return error_set(err, BEACON_E_INTERNAL, "close other programs", "%s:1: out of memory",
                         source->name);
    }
    yaml_parser_set_encoding(&reading.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reading.parser, (const unsigned char *)source->text, source->len);
    int rc = read_events(&reading);
    yaml_parser_delete(&reading.parser);
    if (rc == BEACON_OK && reading.root == NULL) {
        rc = error_set(err, BEACON_E_INVALID, "write the keys, or remove the file",
                       "%s:1: the file is empty", source->name);
    }
    if (rc == BEACON_OK) {
        *ret = reading.root;
    }
    return rc;
}
