/* SPDX-License-Identifier: Apache-2.0 */
#include "details.h"

#include <beacon-sdk/json_string.h>

static const char *const names[CHAT_DETAIL_MEMBERS] = {"type", "id", "format", "index",
                                                       "signature"};
enum { MEMBER_TYPE, MEMBER_INDEX = 3 };

void chat_details_init(struct chat_details *details)
{
    memset(details, 0, sizeof *details);
    beacon_json_out_init(&details->list, CHAT_DETAILS_MAX);
    beacon_json_out_init(&details->raw, CHAT_DETAILS_MAX);
    beacon_json_out_init(&details->text, CHAT_DETAILS_MAX);
    for (size_t i = 0; i < CHAT_DETAIL_MEMBERS; i++) {
        beacon_json_out_init(&details->members[i], CHAT_DETAILS_MAX);
    }
}

void chat_details_finish(struct chat_details *details)
{
    beacon_json_out_finish(&details->list);
    beacon_json_out_finish(&details->raw);
    beacon_json_out_finish(&details->text);
    for (size_t i = 0; i < CHAT_DETAIL_MEMBERS; i++) {
        beacon_json_out_finish(&details->members[i]);
    }
}

/* The member that holds the text of elements of this type; NULL: such elements come whole. */
static const char *text_name(struct beacon_str raw_type)
{
    if (beacon_span_is(raw_type, "\"reasoning.text\"")) {
        return "text";
    }
    return beacon_span_is(raw_type, "\"reasoning.summary\"") ? "summary" : NULL;
}

static struct beacon_str member(struct beacon_str element, const char *name)
{
    struct beacon_str value = beacon_span(NULL, 0);
    (void)beacon_json_member(element, name, &value);
    return beacon_span_is(value, "null") ? beacon_span(NULL, 0) : value;
}

struct beacon_str chat_detail_text(struct beacon_str element)
{
    struct beacon_str raw = beacon_span(NULL, 0);
    const char *name = text_name(member(element, "type"));
    if (name != NULL) {
        (void)beacon_json_member_string(element, name, &raw);
    }
    return raw;
}

/* The element at hand is over. */
static void close_element(struct chat_details *d)
{
    if (!d->is_open) {
        return;
    }
    d->is_open = false;
    if (!d->is_merged) {
        beacon_json_put_raw(&d->list, beacon_json_out_text(&d->raw));
        return;
    }
    beacon_json_begin_object(&d->list);
    for (size_t i = 0; i < CHAT_DETAIL_MEMBERS; i++) {
        if (d->members[i].n > 0) {
            beacon_json_key(&d->list, names[i]);
            beacon_json_put_raw(&d->list, beacon_json_out_text(&d->members[i]));
        }
        if (i == MEMBER_TYPE) {
            beacon_json_put_member(&d->list, text_name(beacon_json_out_text(&d->members[i])),
                                   beacon_json_out_text(&d->text));
        }
    }
    beacon_json_end_object(&d->list);
}

static bool continues(const struct chat_details *d, struct beacon_str element)
{
    const struct beacon_str type = member(element, names[MEMBER_TYPE]);
    return d->is_open && text_name(type) != NULL &&
           beacon_span_equal(type, beacon_json_out_text(&d->members[MEMBER_TYPE])) &&
           beacon_span_equal(member(element, names[MEMBER_INDEX]),
                             beacon_json_out_text(&d->members[MEMBER_INDEX]));
}

static void open_element(struct chat_details *d, struct beacon_str element)
{
    close_element(d);
    d->is_open = true;
    d->is_merged = false;
    beacon_json_out_reset(&d->raw);
    beacon_json_out_reset(&d->text);
    beacon_json_out_bytes(&d->raw, element.p, element.n);
    for (size_t i = 0; i < CHAT_DETAIL_MEMBERS; i++) {
        beacon_json_out_reset(&d->members[i]);
    }
}

static void add_element(struct chat_details *d, struct beacon_str element)
{
    if (continues(d, element)) {
        d->is_merged = true;
    } else {
        open_element(d, element);
    }
    for (size_t i = 0; i < CHAT_DETAIL_MEMBERS; i++) {
        const struct beacon_str value = member(element, names[i]);
        if (d->members[i].n == 0) {
            beacon_json_out_bytes(&d->members[i], value.p, value.n);
        }
    }
    beacon_json_out_unescaped(&d->text, chat_detail_text(element));
}

static bool has_failed(const struct chat_details *d)
{
    bool failed = d->list.failed || d->raw.failed || d->text.failed;
    for (size_t i = 0; i < CHAT_DETAIL_MEMBERS; i++) {
        failed = failed || d->members[i].failed;
    }
    return failed;
}

bool chat_details_add(struct chat_details *details, struct beacon_str list)
{
    struct beacon_json j;
    struct beacon_str element;
    beacon_json_init(&j, list);
    if (beacon_json_peek(&j) != BEACON_JSON_ARRAY) {
        return true;
    }
    (void)beacon_json_enter_array(&j);
    while (beacon_json_next_element(&j) && beacon_json_skip(&j, &element)) {
        if (element.p[0] == '{') {
            add_element(details, element);
        }
    }
    return !has_failed(details);
}

struct beacon_str chat_details_list(struct chat_details *details)
{
    close_element(details);
    if (details->list.n == 0 || details->list.failed) {
        return beacon_span(NULL, 0);
    }
    beacon_json_out_reset(&details->raw);
    beacon_json_out_bytes(&details->raw, "[", 1);
    beacon_json_out_bytes(&details->raw, details->list.p, details->list.n);
    beacon_json_out_bytes(&details->raw, "]", 1);
    return details->raw.failed ? beacon_span(NULL, 0) : beacon_json_out_text(&details->raw);
}
