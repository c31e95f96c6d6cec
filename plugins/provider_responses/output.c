/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include <beacon-sdk/json_string.h>
#include <beacon-sdk/sink.h>

/* The members of an item that any type uses: raw strings between their quotes, or raw values. */
struct item {
    struct beacon_str type, id, call_id, name, ns, arguments, input; /* strings */
    struct beacon_str content, summary, action;                      /* values */
};

static const struct member {
    const char *key;
    size_t offset;
    bool is_string;
} members[] = {
    {"type", offsetof(struct item, type), true},
    {"id", offsetof(struct item, id), true},
    {"call_id", offsetof(struct item, call_id), true},
    {"name", offsetof(struct item, name), true},
    {"namespace", offsetof(struct item, ns), true},
    {"arguments", offsetof(struct item, arguments), true},
    {"input", offsetof(struct item, input), true},
    {"content", offsetof(struct item, content), false},
    {"summary", offsetof(struct item, summary), false},
    {"action", offsetof(struct item, action), false},
};

static void keep_member(struct item *item, struct beacon_str key, struct beacon_str value)
{
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (!beacon_json_key_is(key, members[i].key)) {
            continue;
        }
        struct beacon_str *slot = (struct beacon_str *)((char *)item + members[i].offset);
        if (!members[i].is_string) {
            *slot = value;
        } else if (value.p[0] == '"') {
            *slot = beacon_span(value.p + 1, value.n - 2);
        }
        return;
    }
}

static bool read_members(struct beacon_str text, struct item *item)
{
    struct beacon_json j;
    struct beacon_str key, value;
    memset(item, 0, sizeof *item);
    beacon_json_init(&j, text);
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &key) && beacon_json_skip(&j, &value)) {
        keep_member(item, key, value);
    }
    return beacon_json_finished(&j) && item->type.n > 0;
}

/* The text of the next element of a content or summary list; elements without one are passed over.
 * A refusal is what the model says instead. */
static bool next_text(struct beacon_json *list, struct beacon_str *ret_raw)
{
    struct beacon_str element;
    while (beacon_json_next_element(list) && beacon_json_skip(list, &element)) {
        if (beacon_json_member_string(element, "text", ret_raw) ||
            beacon_json_member_string(element, "refusal", ret_raw)) {
            return true;
        }
    }
    return false;
}

/* The texts of a list, joined. One text without escapes is not copied, however long. */
static struct beacon_str join_texts(struct beacon_str list_text, struct beacon_str separator,
                                    struct beacon_json_out *scratch)
{
    struct beacon_json list;
    struct beacon_str raw, second;
    if (list_text.n == 0 || list_text.p[0] != '[') {
        return beacon_span(NULL, 0);
    }
    beacon_json_init(&list, list_text);
    (void)beacon_json_enter_array(&list);
    if (!next_text(&list, &raw)) {
        return beacon_span(NULL, 0);
    }
    if (!next_text(&list, &second)) {
        return beacon_json_value(raw, scratch);
    }
    const size_t start = scratch->n;
    beacon_json_out_unescaped(scratch, raw);
    do {
        beacon_json_out_bytes(scratch, separator.p, separator.n);
        beacon_json_out_unescaped(scratch, second);
    } while (next_text(&list, &second));
    return beacon_span(scratch->p + start, scratch->n - start);
}

static void read_message(const struct item *item, struct beacon_json_out *scratch,
                         struct beacon_part *part)
{
    part->type = BEACON_PART_TEXT;
    part->text = join_texts(item->content, BEACON_STR(""), scratch);
}

static void read_reasoning(const struct item *item, struct beacon_json_out *scratch,
                           struct beacon_part *part)
{
    part->type = BEACON_PART_REASONING;
    part->text = join_texts(item->summary, BEACON_STR("\n\n"), scratch);
    if (part->text.n == 0) { /* a server that shows what it thinks, and sums nothing up */
        part->text = join_texts(item->content, BEACON_STR(""), scratch);
    }
}

static void read_call(const struct item *item, struct beacon_json_out *scratch,
                      struct beacon_part *part)
{
    part->type = BEACON_PART_TOOL_CALL;
    part->text = beacon_json_value(item->arguments, scratch);
}

static void read_custom_call(const struct item *item, struct beacon_json_out *scratch,
                             struct beacon_part *part)
{
    part->type = BEACON_PART_TOOL_CALL;
    part->flags = BEACON_PART_FREEFORM;
    part->text = beacon_json_value(item->input, scratch);
}

/* The action in the words of the tool named shell: command, workdir, timeout_ms. */
static struct beacon_str shell_arguments(struct beacon_str action, struct beacon_json_out *scratch)
{
    struct beacon_str value;
    const size_t start = scratch->n;
    scratch->comma_due = 0;
    beacon_json_begin_object(scratch);
    if (beacon_json_member(action, "command", &value)) {
        beacon_json_key(scratch, "command");
        beacon_json_put_raw(scratch, value);
    }
    if (beacon_json_member(action, "working_directory", &value) && value.p[0] == '"') {
        beacon_json_key(scratch, "workdir");
        beacon_json_put_raw(scratch, value);
    }
    if (beacon_json_member(action, "timeout_ms", &value) && value.p[0] != 'n') {
        beacon_json_key(scratch, "timeout_ms");
        beacon_json_put_raw(scratch, value);
    }
    beacon_json_end_object(scratch);
    return beacon_span(scratch->p + start, scratch->n - start);
}

static void read_local_shell(const struct item *item, struct beacon_json_out *scratch,
                             struct beacon_part *part)
{
    part->type = BEACON_PART_TOOL_CALL;
    part->name = BEACON_STR("shell");
    part->text = shell_arguments(item->action, scratch);
    if (part->call_id.n == 0) {
        part->call_id = part->id;
    }
}

static void read_web_search(const struct item *item, struct beacon_json_out *scratch,
                            struct beacon_part *part)
{
    (void)scratch;
    part->type = BEACON_PART_SERVER_TOOL;
    part->name = BEACON_STR("web_search");
    part->text = item->action;
}

static const struct kind {
    const char *type;
    void (*read)(const struct item *item, struct beacon_json_out *scratch,
                 struct beacon_part *part);
} kinds[] = {
    {"message", read_message},
    {"reasoning", read_reasoning},
    {"function_call", read_call},
    {"custom_tool_call", read_custom_call},
    {"local_shell_call", read_local_shell},
    {"web_search_call", read_web_search},
};

bool responses_output_read(struct beacon_str text, struct beacon_json_out *scratch,
                           struct beacon_part *ret)
{
    struct item item;
    beacon_json_out_reset(scratch);
    /* No value is longer than its source, and rewritten arguments are not either by much: with this
     * room at hand the spans below never move. */
    if (beacon_json_out_reserve(scratch, text.n + 64) == NULL || !read_members(text, &item)) {
        return false;
    }
    struct beacon_part part = beacon_part_of(BEACON_PART_SERVER_TOOL);
    part.id = beacon_json_value(item.id, scratch);
    part.call_id = beacon_json_value(item.call_id, scratch);
    part.name = beacon_json_value(item.name.n > 0 ? item.name : item.type, scratch);
    part.ns = beacon_json_value(item.ns, scratch);
    part.opaque = text;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (beacon_json_key_is(item.type, kinds[i].type)) {
            part.name = beacon_json_value(item.name, scratch);
            kinds[i].read(&item, scratch, &part);
            break;
        }
    }
    if (scratch->failed) {
        return false;
    }
    *ret = part;
    return true;
}
