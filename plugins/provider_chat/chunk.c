/* SPDX-License-Identifier: Apache-2.0 */
#include "chunk.h"

struct beacon_str chat_unquoted(struct beacon_str value)
{
    return value.n >= 2 && value.p[0] == '"' ? beacon_span(value.p + 1, value.n - 2)
                                             : beacon_span(NULL, 0);
}

static bool is_key(struct beacon_str key, const char *name, size_t n)
{
    return key.n == n && memcmp(key.p, name, n) == 0;
}
#define IS(key, literal) is_key((key), "" literal, sizeof(literal) - 1)

static struct beacon_str object_of(struct beacon_str value)
{
    return value.p[0] == '{' ? value : beacon_span(NULL, 0);
}

/* null, false, "", {} and [] are what servers write where there is no error. */
static bool says_something(struct beacon_str value)
{
    return (value.p[0] == '{' || value.p[0] == '"' || value.p[0] == '[') && value.n > 2;
}

/* ---- the first choice ---- */

/* A choice of another number is nobody's: one is asked for. */
static bool is_first(struct beacon_str choice)
{
    struct beacon_str index;
    return !beacon_json_member(choice, "index", &index) || beacon_json_integer(index, 0) == 0;
}

static void read_choice(struct beacon_str choice, struct chat_chunk *ret)
{
    struct beacon_json j;
    struct beacon_str key, value;
    ret->has_choice = true;
    beacon_json_init(&j, choice);
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &key) && beacon_json_skip(&j, &value)) {
        if (IS(key, "delta")) {
            ret->delta = object_of(value);
        } else if (IS(key, "message")) {
            ret->message = object_of(value);
        } else if (IS(key, "finish_reason")) {
            ret->finish_reason = chat_unquoted(value);
        } else if (IS(key, "usage")) {
            ret->choice_usage = object_of(value);
        } else if (IS(key, "error")) {
            ret->is_error = ret->is_error || says_something(value);
        }
    }
}

static void read_choices(struct beacon_str list, struct chat_chunk *ret)
{
    struct beacon_json j;
    struct beacon_str choice;
    if (list.p[0] != '[') {
        return;
    }
    ret->has_choices = true;
    beacon_json_init(&j, list);
    (void)beacon_json_enter_array(&j);
    while (beacon_json_next_element(&j) && beacon_json_skip(&j, &choice)) {
        if (choice.p[0] == '{' && is_first(choice)) {
            read_choice(choice, ret);
            return;
        }
    }
}

/* ---- the chunk ---- */

static void read_elsewhere(struct beacon_str value, struct chat_chunk *ret)
{
    struct beacon_str usage;
    if (ret->usage.n == 0 && beacon_json_member(value, "usage", &usage)) {
        ret->usage = object_of(usage);
    }
}

static void take(struct chat_chunk *ret, struct beacon_str key, struct beacon_str value)
{
    if (IS(key, "id")) {
        ret->id = chat_unquoted(value);
    } else if (IS(key, "model")) {
        ret->model = chat_unquoted(value);
    } else if (IS(key, "choices")) {
        read_choices(value, ret);
    } else if (IS(key, "usage") && value.p[0] == '{') {
        ret->usage = value;
    } else if (IS(key, "x_groq")) {
        read_elsewhere(value, ret);
    } else if (IS(key, "error")) {
        ret->is_error = ret->is_error || says_something(value);
    } else if (IS(key, "object")) {
        ret->is_error = ret->is_error || beacon_json_key_is(chat_unquoted(value), "error");
    }
}

bool chat_chunk_read(struct beacon_str text, struct chat_chunk *ret)
{
    struct beacon_json j;
    struct beacon_str key, value;
    memset(ret, 0, sizeof *ret);
    ret->text = text;
    beacon_json_init(&j, text);
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &key) && beacon_json_skip(&j, &value)) {
        take(ret, key, value);
    }
    return beacon_json_finished(&j);
}

/* ---- deltas ---- */

/* Of two names for the same words the first that says something counts. */
static void take_reasoning(struct chat_delta *ret, struct beacon_str key, struct beacon_str value,
                           const struct beacon_quirk_list *names, size_t *rank)
{
    for (size_t i = 0; i < names->n && i < *rank; i++) {
        if (beacon_span_equal(key, names->at[i]) && value.n > 2) {
            ret->reasoning = value;
            *rank = i;
        }
    }
}

void chat_delta_read(struct beacon_str object, const struct beacon_quirk_list *reasoning_names,
                     struct chat_delta *ret)
{
    struct beacon_json j;
    struct beacon_str key, value;
    size_t rank = SIZE_MAX;
    memset(ret, 0, sizeof *ret);
    beacon_json_init(&j, object);
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &key) && beacon_json_skip(&j, &value)) {
        if (value.p[0] == 'n') {
            continue;
        }
        if (IS(key, "content")) {
            ret->content = value;
        } else if (IS(key, "refusal")) {
            ret->refusal = value;
        } else if (IS(key, "tool_calls")) {
            ret->tool_calls = value;
        } else if (IS(key, "function_call")) {
            ret->function_call = value;
        } else if (IS(key, "reasoning_details")) {
            ret->details = value;
        } else {
            take_reasoning(ret, key, value, reasoning_names, &rank);
        }
    }
}
