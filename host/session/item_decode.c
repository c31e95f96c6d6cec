/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon-sdk/json_scan.h>
#include <beacon-sdk/sink.h>

#include <assert.h>

#include "base/arena.h"
#include "base/error.h"
#include "session/item.h"

#define PARTS_MAX 4096 /* content parts of one item; the rest is not sent */

/* The members of an item that matter, as raw JSON values; empty when absent. */
struct fields {
    struct beacon_str type, role, id, call_id, name, ns;
    struct beacon_str content, summary, arguments, input, output, action, extras;
};

struct decoder {
    struct beacon_str json;
    struct arena *arena;
    struct fields fields;
    struct beacon_part **parts; /* in the arena */
    size_t n_parts, capacity;
};

static struct beacon_str *field_of(struct fields *fields, struct beacon_str key)
{
    const struct {
        const char *key;
        struct beacon_str *value;
    } table[] = {
        {"type", &fields->type},
        {"role", &fields->role},
        {"id", &fields->id},
        {"call_id", &fields->call_id},
        {"name", &fields->name},
        {"namespace", &fields->ns},
        {"content", &fields->content},
        {"summary", &fields->summary},
        {"arguments", &fields->arguments},
        {"input", &fields->input},
        {"output", &fields->output},
        {"action", &fields->action},
        {"beacon", &fields->extras},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (beacon_json_key_is(key, table[i].key)) {
            return table[i].value;
        }
    }
    return NULL;
}

static bool read_fields(struct beacon_str json, struct fields *ret)
{
    struct beacon_json j;
    struct beacon_str key;
    beacon_json_init(&j, json);
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &key)) {
        struct beacon_str ignored;
        struct beacon_str *field = field_of(ret, key);
        (void)beacon_json_skip(&j, field != NULL ? field : &ignored);
    }
    return beacon_json_finished(&j);
}

static bool is_string(struct beacon_str raw)
{
    return raw.n >= 2 && raw.p[0] == '"';
}

/* The text of a raw string value, "" for any other value. */
static struct beacon_str string_of(struct decoder *d, struct beacon_str raw)
{
    if (!is_string(raw)) {
        return beacon_span("", 0);
    }
    struct beacon_str inner = beacon_span(raw.p + 1, raw.n - 2);
    if (inner.n == 0 || memchr(inner.p, '\\', inner.n) == NULL) {
        return inner;
    }
    char *value = arena_zeroed(d->arena, inner.n + 1);
    return beacon_span(value, beacon_json_unescape(inner, value));
}

static struct beacon_str member_string(struct decoder *d, struct beacon_str object, const char *key)
{
    struct beacon_str raw = {0};
    (void)beacon_json_member(object, key, &raw);
    return string_of(d, raw);
}

static struct beacon_part *add_part(struct decoder *d, uint32_t type)
{
    if (d->n_parts == d->capacity) {
        size_t capacity = d->capacity == 0 ? 4 : d->capacity * 2;
        struct beacon_part **grown = arena_array(d->arena, capacity, sizeof(void *));
        if (d->n_parts > 0) {
            memcpy(grown, d->parts, d->n_parts * sizeof(void *));
        }
        d->parts = grown;
        d->capacity = capacity;
    }
    struct beacon_part *part = arena_zeroed(d->arena, sizeof *part);
    *part = beacon_part_of(type);
    d->parts[d->n_parts++] = part;
    return part;
}

/* Texts put behind each other. One text alone is borrowed as it is. */
struct joined {
    struct beacon_str text;
    char *buffer; /* in the arena, made for the second text */
    size_t room;  /* no joined text is longer: the JSON it comes from has more bytes */
};

static void join(struct decoder *d, struct joined *all, const char *between, struct beacon_str more)
{
    size_t gap = strlen(between);
    if (all->text.n == 0) {
        all->text = more;
        return;
    }
    if (all->buffer == NULL) {
        all->buffer = arena_zeroed(d->arena, all->room + 1);
        memcpy(all->buffer, all->text.p, all->text.n);
        all->text.p = all->buffer;
    }
    assert(all->text.n + gap + more.n <= all->room);
    memcpy(all->buffer + all->text.n, between, gap);
    if (more.n > 0) {
        memcpy(all->buffer + all->text.n + gap, more.p, more.n);
    }
    all->text.n += gap + more.n;
}

static void set_media_type(struct beacon_part *part)
{
    const struct beacon_str url = part->url;
    const char *semicolon =
        beacon_span_starts(url, "data:") ? memchr(url.p, ';', url.n < 160 ? url.n : 160) : NULL;
    if (semicolon != NULL) {
        part->media_type = beacon_span(url.p + 5, (size_t)(semicolon - url.p) - 5);
    }
}

static void add_blob(struct decoder *d, struct beacon_str url)
{
    if (url.n > 0) {
        struct beacon_part *part = add_part(d, BEACON_PART_BLOB);
        part->url = url;
        set_media_type(part);
    }
}

static struct beacon_str image_url(struct decoder *d, struct beacon_str content)
{
    struct beacon_str raw = {0};
    (void)beacon_json_member(content, "image_url", &raw);
    return raw.n > 0 && raw.p[0] == '{' ? member_string(d, raw, "url") : string_of(d, raw);
}

/* One element of a content array: an image becomes a part of its own, words are returned. */
static struct beacon_str read_content(struct decoder *d, struct beacon_str content, bool *is_text)
{
    struct beacon_str type = member_string(d, content, "type");
    *is_text = false;
    if (beacon_span_is(type, "input_image")) {
        add_blob(d, image_url(d, content));
    } else if (beacon_span_is(type, "input_file")) {
        add_blob(d, member_string(d, content, "file_data"));
    } else if (beacon_span_is(type, "refusal")) {
        *is_text = true;
        return member_string(d, content, "refusal");
    } else {
        struct beacon_str text = {0};
        *is_text = beacon_json_member_string(content, "text", &text);
        return *is_text ? member_string(d, content, "text") : beacon_span("", 0);
    }
    return beacon_span("", 0);
}

/* The words of a content array, or of a plain string, as one text; images become parts. */
static struct beacon_str joined_text(struct decoder *d, struct beacon_str raw, const char *between)
{
    struct beacon_json j;
    struct joined all = {.text = {"", 0}, .room = raw.n};
    struct beacon_str element;
    if (raw.n == 0 || raw.p[0] != '[') {
        return string_of(d, raw);
    }
    beacon_json_init(&j, raw);
    (void)beacon_json_enter_array(&j);
    while (d->n_parts < PARTS_MAX && beacon_json_next_element(&j)) {
        bool is_text = false;
        if (beacon_json_skip(&j, &element) && element.p[0] == '{') {
            struct beacon_str text = read_content(d, element, &is_text);
            if (is_text) {
                join(d, &all, between, text);
            }
        }
    }
    return all.text;
}

/* The content of what a person or the host said: every element its own part, in order. */
static void add_contents(struct decoder *d, struct beacon_str raw)
{
    struct beacon_json j;
    struct beacon_str element;
    if (is_string(raw)) {
        add_part(d, BEACON_PART_TEXT)->text = string_of(d, raw);
        return;
    }
    beacon_json_init(&j, raw);
    (void)beacon_json_enter_array(&j);
    while (d->n_parts < PARTS_MAX && beacon_json_next_element(&j)) {
        bool is_text = false;
        if (beacon_json_skip(&j, &element) && element.p[0] == '{') {
            struct beacon_str text = read_content(d, element, &is_text);
            if (is_text) {
                add_part(d, BEACON_PART_TEXT)->text = text;
            }
        }
    }
}

static uint32_t decode_message(struct decoder *d)
{
    struct beacon_str role = string_of(d, d->fields.role);
    if (beacon_span_is(role, "assistant")) {
        struct beacon_part *part = add_part(d, BEACON_PART_TEXT);
        part->text = joined_text(d, d->fields.content, "");
        return BEACON_ROLE_ASSISTANT;
    }
    bool is_user = beacon_span_is(role, "user");
    if (!is_user && !beacon_span_is(role, "developer") && !beacon_span_is(role, "system")) {
        return 0;
    }
    add_contents(d, d->fields.content);
    return is_user ? BEACON_ROLE_USER : BEACON_ROLE_SYSTEM;
}

static uint32_t decode_reasoning(struct decoder *d)
{
    struct beacon_part *part = add_part(d, BEACON_PART_REASONING);
    part->text = joined_text(d, d->fields.summary, "\n\n");
    if (part->text.n == 0) {
        part->text = joined_text(d, d->fields.content, "\n\n");
    }
    return BEACON_ROLE_ASSISTANT;
}

static uint32_t decode_call(struct decoder *d)
{
    struct beacon_part *part = add_part(d, BEACON_PART_TOOL_CALL);
    part->text = string_of(d, d->fields.arguments);
    return BEACON_ROLE_ASSISTANT;
}

static uint32_t decode_custom_call(struct decoder *d)
{
    struct beacon_part *part = add_part(d, BEACON_PART_TOOL_CALL);
    part->flags = BEACON_PART_FREEFORM;
    part->text = string_of(d, d->fields.input);
    return BEACON_ROLE_ASSISTANT;
}

static uint32_t decode_shell_call(struct decoder *d)
{
    struct beacon_part *part = add_part(d, BEACON_PART_TOOL_CALL);
    part->name = BEACON_STR("local_shell");
    part->text = d->fields.action;
    part->call_id = string_of(d, d->fields.id);
    return BEACON_ROLE_ASSISTANT;
}

static uint32_t decode_search(struct decoder *d)
{
    struct beacon_part *part = add_part(d, BEACON_PART_SERVER_TOOL);
    part->name = BEACON_STR("web_search");
    part->text = d->fields.action;
    return BEACON_ROLE_ASSISTANT;
}

static uint32_t decode_result(struct decoder *d)
{
    struct beacon_part *part = add_part(d, BEACON_PART_TOOL_RESULT);
    struct beacon_str output = d->fields.output;
    if (output.n > 0 && output.p[0] == '{') {
        (void)beacon_json_member(output, "content", &output);
    }
    part->text = joined_text(d, output, "\n");
    return BEACON_ROLE_TOOL;
}

static uint32_t decode_custom_result(struct decoder *d)
{
    uint32_t role = decode_result(d);
    d->parts[0]->flags |= BEACON_PART_FREEFORM;
    return role;
}

static const struct {
    const char *type;
    uint32_t (*decode)(struct decoder *d); /* the role, 0 when there is nothing to send */
} item_types[] = {
    {"message", decode_message},
    {"reasoning", decode_reasoning},
    {"function_call", decode_call},
    {"custom_tool_call", decode_custom_call},
    {"local_shell_call", decode_shell_call},
    {"web_search_call", decode_search},
    {"function_call_output", decode_result},
    {"custom_tool_call_output", decode_custom_result},
};

static uint32_t decode_type(struct decoder *d, const char *type)
{
    for (size_t i = 0; i < sizeof item_types / sizeof item_types[0]; i++) {
        if (strcmp(item_types[i].type, type) == 0) {
            return item_types[i].decode(d);
        }
    }
    return 0;
}

/* What every item may have, on its first part. */
static void set_common(struct decoder *d, struct beacon_part *part)
{
    part->id = string_of(d, d->fields.id);
    part->ns = string_of(d, d->fields.ns);
    if (is_string(d->fields.name)) {
        part->name = string_of(d, d->fields.name);
    }
    if (is_string(d->fields.call_id)) {
        part->call_id = string_of(d, d->fields.call_id);
    }
}

/* Returns the namespace of the opaque data. */
static struct beacon_str set_opaque(struct decoder *d, struct beacon_part *part)
{
    struct beacon_str extras = d->fields.extras, raw = {0}, ns;
    if (extras.n == 0 || extras.p[0] != '{') {
        part->opaque = d->json;
        return BEACON_STR(ITEM_NS_RESPONSES);
    }
    if (beacon_json_member(extras, "error", &raw) && beacon_span_is(raw, "true")) {
        part->flags |= BEACON_PART_ERROR;
    }
    ns = member_string(d, extras, "opaque_ns");
    if (ns.n == 0 || !beacon_json_member(extras, "opaque", &part->opaque)) {
        return beacon_span("", 0);
    }
    return ns;
}

int item_decode(struct beacon_str json, struct arena *arena, struct item_view *ret,
                struct beacon_error *err)
{
    struct decoder d = {.json = json, .arena = arena};
    if (!read_fields(json, &d.fields) || !is_string(d.fields.type)) {
        return error_set(err, BEACON_E_INVALID, "report this to the author of the provider plugin",
                         "an item of the conversation is not a JSON object with a type");
    }
    struct beacon_str type = string_of(&d, d.fields.type);
    struct item_view view = {.type = arena_string_n(arena, type.p, type.n), .ns = {"", 0}};
    view.role = decode_type(&d, view.type);
    view.is_known = view.role != 0 && d.n_parts > 0;
    if (view.is_known && (view.role == BEACON_ROLE_ASSISTANT || view.role == BEACON_ROLE_TOOL)) {
        set_common(&d, d.parts[0]);
        view.ns = set_opaque(&d, d.parts[0]);
    }
    view.parts = (const struct beacon_part *const *)d.parts;
    view.n_parts = view.is_known ? d.n_parts : 0;
    *ret = view;
    return BEACON_OK;
}
