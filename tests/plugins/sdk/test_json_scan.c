/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon-sdk/json_members.h>
#include <beacon-sdk/json_string.h>
#include <json-c/json.h>
#include <stdlib.h>

/* Documents of every shape; also the seeds of the truncation and mutation tests. */
static const char *const corpus[] = {
    "{}",
    "[]",
    " [ 1 , -2.5e+3 , true , false , null , \"x\" ] ",
    "{\"a\":{\"b\":[{\"c\":[]},[[],{}]]},\"d\":\"e\"}",
    "\"plain\"",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"",
    ("{\"type\":\"response.output_text.delta\",\"sequence_number\":12,\"item_id\":\"msg_1\","
     "\"output_index\":0,\"content_index\":0,\"delta\":\"Hello, w\\u00f6rld\\n\",\"logprobs\":[]}"),
    "{\"größe\":\"12 €\",\"\\u0061bc\":[0,-0,0.5,1E9,9223372036854775807]}",
    ("{\"delta\": \"twelve\\n\", \"logprobs\": [], \"type\": \"response.output_text.delta\",\n"
     " \"index\": 7, \"item\": {\"id\": \"a\", \"n\": [1, 2]}, \"score\": -0.5, \"last\": \"x\"}"),
    ("{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":"
     "\"Hello\", \"n\": [],\"m\":10},\"usage\": {\"n\":1}}"),
    "-0",
    "true",
};
#define N_CORPUS (sizeof corpus / sizeof corpus[0])

/* A copy of exactly n bytes: reading one more is seen by AddressSanitizer. */
static char *exact_copy(const char *text, size_t n)
{
    char *copy = malloc(n > 0 ? n : 1);
    assert_non_null(copy);
    memcpy(copy, text, n);
    return copy;
}

static bool is_json(const char *text, size_t n)
{
    struct beacon_json j;
    char *copy = exact_copy(text, n);
    beacon_json_init(&j, beacon_span(copy, n));
    const bool is_whole = beacon_json_skip(&j, NULL) && beacon_json_finished(&j);
    free(copy);
    return is_whole;
}

/* The same question, answered by the walk over members. */
static bool is_object_of_members(const char *text, size_t n)
{
    struct beacon_members walk;
    struct beacon_member member;
    char *copy = exact_copy(text, n);
    beacon_members_begin(&walk, beacon_span(copy, n));
    while (beacon_members_next(&walk, &member)) {
        assert_true(is_json(member.raw_value.p, member.raw_value.n));
    }
    const bool is_whole = beacon_members_finished(&walk);
    assert_true(!walk.is_ascii || beacon_utf8_ascii_run(copy, n) == n);
    free(copy);
    return is_whole;
}

/* Recursive, but no deeper than the corpus. */
/* NOLINTBEGIN(misc-no-recursion) */
static void assert_same(struct beacon_json *j, struct json_object *tree);

static void assert_same_string(struct beacon_str raw, struct json_object *tree)
{
    char *value = malloc(raw.n + 1);
    assert_non_null(value);
    const size_t n = beacon_json_unescape(raw, value);
    assert_int_equal(n, json_object_get_string_len(tree));
    assert_memory_equal(value, json_object_get_string(tree), n);
    free(value);
}

static void assert_same_object(struct beacon_json *j, struct json_object *tree)
{
    struct beacon_str key;
    int n = 0;
    assert_true(beacon_json_enter_object(j));
    while (beacon_json_next_key(j, &key)) {
        char name[256] = "";
        struct json_object *member = NULL;
        assert_true(key.n < sizeof name);
        name[beacon_json_unescape(key, name)] = '\0';
        assert_true(json_object_object_get_ex(tree, name, &member));
        assert_same(j, member);
        n++;
    }
    assert_int_equal(n, json_object_object_length(tree));
}

static void assert_same_array(struct beacon_json *j, struct json_object *tree)
{
    size_t n = 0;
    assert_true(beacon_json_enter_array(j));
    while (beacon_json_next_element(j)) {
        assert_same(j, json_object_array_get_idx(tree, n++));
    }
    assert_int_equal(n, json_object_array_length(tree));
}

static void assert_same_number(struct beacon_json *j, struct json_object *tree)
{
    struct beacon_str raw = {NULL, 0};
    char digits[64] = "";
    assert_true(beacon_json_skip(j, &raw));
    assert_true(raw.n < sizeof digits);
    memcpy(digits, raw.p, raw.n);
    if (json_object_is_type(tree, json_type_int)) {
        struct beacon_json again;
        int64_t value = 0;
        beacon_json_init(&again, raw);
        assert_true(beacon_json_int64(&again, &value));
        assert_int_equal(value, json_object_get_int64(tree));
    } else {
        assert_true(strtod(digits, NULL) == json_object_get_double(tree));
    }
}

static void assert_same_bool(struct beacon_json *j, struct json_object *tree)
{
    bool value = false;
    assert_true(beacon_json_bool(j, &value));
    assert_true(json_object_is_type(tree, json_type_boolean));
    assert_int_equal(value, json_object_get_boolean(tree));
}

static void assert_same(struct beacon_json *j, struct json_object *tree)
{
    struct beacon_str raw = {NULL, 0};
    switch (beacon_json_peek(j)) {
    case BEACON_JSON_OBJECT:
        assert_same_object(j, tree);
        return;
    case BEACON_JSON_ARRAY:
        assert_same_array(j, tree);
        return;
    case BEACON_JSON_STRING:
        assert_true(beacon_json_string(j, &raw));
        assert_same_string(raw, tree);
        return;
    case BEACON_JSON_NUMBER:
        assert_same_number(j, tree);
        return;
    case BEACON_JSON_TRUE:
    case BEACON_JSON_FALSE:
        assert_same_bool(j, tree);
        return;
    default:
        assert_true(beacon_json_skip(j, NULL));
        assert_null(tree);
    }
}

/* NOLINTEND(misc-no-recursion) */

static void every_value_is_the_one_a_tree_would_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CORPUS; i++) {
        struct beacon_json j;
        struct json_object *tree = json_tokener_parse(corpus[i]);
        beacon_json_init(&j, beacon_text(corpus[i]));
        assert_same(&j, tree);
        assert_true(beacon_json_finished(&j));
        json_object_put(tree);
    }
}

static bool tree_accepts(const char *text, size_t n)
{
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *tree = json_tokener_parse_ex(tokener, text, (int)n);
    enum json_tokener_error error = json_tokener_get_error(tokener);
    if (error == json_tokener_continue) { /* a bare number waits for what follows */
        json_object_put(tree);
        tree = json_tokener_parse_ex(tokener, " ", 1);
        error = json_tokener_get_error(tokener);
    }
    json_object_put(tree);
    json_tokener_free(tokener);
    return error == json_tokener_success;
}

/* Every byte of `text` replaced by each of those that mean something to a parser. */
static void check_mutants(const char *text)
{
    static const char bytes[] = "\"\\{}[],:0-e.tu x\x1f\n";
    const size_t n = strlen(text);
    for (size_t at = 0; at < n; at++) {
        char *mutant = exact_copy(text, n);
        for (size_t b = 0; b < sizeof bytes - 1; b++) {
            mutant[at] = bytes[b];
            assert_true(!is_json(mutant, n) || tree_accepts(mutant, n));
            assert_true(!is_object_of_members(mutant, n) || is_json(mutant, n));
        }
        free(mutant);
    }
}

static void nothing_passes_that_a_parser_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CORPUS; i++) {
        check_mutants(corpus[i]);
    }
}

static void a_document_cut_anywhere_fails_inside_its_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CORPUS; i++) {
        const size_t n = strlen(corpus[i]);
        if (corpus[i][0] == '-' || corpus[i][n - 1] == ' ') {
            continue; /* a shorter number is a number, a shorter blank a blank */
        }
        for (size_t cut = 0; cut < n; cut++) {
            assert_false(is_json(corpus[i], cut));
            assert_false(is_object_of_members(corpus[i], cut));
        }
        assert_true(is_json(corpus[i], n));
        assert_int_equal(is_object_of_members(corpus[i], n), corpus[i][0] == '{');
    }
}

static void what_is_not_json_is_refused(void **state)
{
    static const char *const bad[] = {
        "",        "{,}",    "[1,]",      "{\"a\":1,}", "[1 2]",     "01",        "\"\\x\"",
        "{\"a\"}", "[}",     "{\"a\":1]", "tru",        "nul",       "\"a",       "1.",
        "-",       "+1",     ".5",        "1e",         "1e+",       "\"\n\"",    "\"\\u12g4\"",
        "{a:1}",   "{1:2}",  "[,1]",      "{\"a\":}",   "\"\\",      "[1]]",      "{}{}",
        "NaN",     "[1,,2]", "'a'",       "True",       "{\"a\" 1}", "\"\\u00\"", "]",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (is_json(bad[i], strlen(bad[i]))) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

static void nesting_beyond_the_limit_is_a_failure(void **state)
{
    char text[2 * BEACON_JSON_DEPTH_MAX + 2];
    (void)state;
    memset(text, '[', BEACON_JSON_DEPTH_MAX + 1);
    memset(text + BEACON_JSON_DEPTH_MAX + 1, ']', BEACON_JSON_DEPTH_MAX + 1);
    assert_false(is_json(text, sizeof text));
    assert_true(is_json(text + 1, sizeof text - 2));
}

/* A string, a number or something else per member, so long that it begins and ends at every place of
 * the words that the walk looks at. */
static void members_are_the_same_wherever_they_stand(void **state)
{
    static const char *const values[] = {
        "\"plain\"",
        "\"\\u00e9\"",
        "12",
        "-1.5",
        "[]",
        "{\"a\":[]}",
        "{}",
        "{\"type\": \"text_delta\",\"text\":\"}],{\",\"n\":0}",
        "{\"a\":\"b\\n\",\"c\":{\"d\":[1]}}",
    };
    (void)state;
    for (size_t pad = 0; pad < 600; pad++) {
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            char text[1024];
            struct beacon_members walk;
            struct beacon_member member = {{NULL, 0}, {NULL, 0}, -1, false};
            const int n = snprintf(text, sizeof text, "{\"pad\":\"%*s\", \"key\":%s,\"z\":0}",
                                   (int)pad, "", values[i]);
            char *copy = exact_copy(text, (size_t)n);
            beacon_members_begin(&walk, beacon_span(copy, (size_t)n));
            assert_true(beacon_members_next(&walk, &member));
            assert_int_equal(member.raw_value.n, pad + 2);
            assert_true(beacon_members_next(&walk, &member));
            assert_true(beacon_span_is(member.raw_key, "key"));
            assert_true(beacon_span_is(member.raw_value, values[i]));
            assert_int_equal(beacon_member_integer(&member, -7), i == 2 ? 12 : -7);
            assert_true(!member.is_plain || i == 0);
            assert_true(beacon_members_next(&walk, &member));
            assert_true(beacon_span_is(member.raw_value, "0"));
            assert_false(beacon_members_next(&walk, &member));
            assert_true(beacon_members_finished(&walk));
            free(copy);
        }
    }
}

static void skip_returns_the_exact_source_of_a_value(void **state)
{
    struct beacon_json j;
    struct beacon_str key, value = {NULL, 0};
    (void)state;
    beacon_json_init(&j, BEACON_STR("{ \"a\" :  {\"b\" : [1, 2] } , \"c\":1}"));
    assert_true(beacon_json_enter_object(&j));
    assert_true(beacon_json_next_key(&j, &key));
    assert_true(beacon_json_skip(&j, &value));
    assert_true(beacon_span_is(value, "{\"b\" : [1, 2] }"));
    assert_true(beacon_json_next_key(&j, &key));
    assert_true(beacon_json_skip(&j, &value));
    assert_true(beacon_span_is(value, "1"));
    assert_false(beacon_json_next_key(&j, &key));
    assert_true(beacon_json_finished(&j));
}

static void after_a_mistake_everything_says_no(void **state)
{
    struct beacon_json j;
    struct beacon_str raw;
    int64_t number = 7;
    bool flag = true;
    (void)state;
    beacon_json_init(&j, BEACON_STR("[1}"));
    assert_true(beacon_json_enter_array(&j));
    assert_true(beacon_json_next_element(&j));
    assert_true(beacon_json_int64(&j, &number));
    assert_false(beacon_json_next_element(&j));
    assert_int_equal(beacon_json_peek(&j), BEACON_JSON_ERROR);
    assert_false(beacon_json_string(&j, &raw));
    assert_false(beacon_json_bool(&j, &flag));
    assert_false(beacon_json_enter_object(&j));
    assert_false(beacon_json_skip(&j, &raw));
    assert_false(beacon_json_finished(&j));
    assert_int_equal(number, 1);
}

static void integers_at_the_edge_are_read_and_beyond_it_refused(void **state)
{
    static const struct {
        const char *text;
        bool is_integer;
        int64_t value;
    } rows[] = {
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999", false, 0},
        {"0", true, 0},
        {"123456789012345678", true, 123456789012345678},
        {"-12", true, -12},
        {"00", false, 0},
        {"", false, 0},
        {"-0", true, 0},
        {"1.0", false, 0},
        {"1e2", false, 0},
        {"\"1\"", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct beacon_json j;
        int64_t value = 0;
        beacon_json_init(&j, beacon_text(rows[i].text));
        assert_int_equal(beacon_json_int64(&j, &value), rows[i].is_integer);
        assert_int_equal(value, rows[i].value);
        assert_int_equal(beacon_json_integer(beacon_text(rows[i].text), -7),
                         rows[i].is_integer ? rows[i].value : -7);
    }
}

static void surrogates_become_characters_or_the_replacement(void **state)
{
    static const struct {
        const char *raw, *value;
    } rows[] = {
        {"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
        {"\\ud83dx", "\xef\xbf\xbdx"},
        {"\\ude00", "\xef\xbf\xbd"},
        {"\\ud83d\\ud83d\\ude00", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
        {"\\ud83d\\n", "\xef\xbf\xbd\n"},
        {"a\\u00e9\\u20acb", "a\xc3\xa9\xe2\x82\xac"
                             "b"},
        {"\\uD83D\\uDE00", "\xf0\x9f\x98\x80"},
        {"\\", "\\"},
        {"\\u12", "\\u12"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char value[64];
        const size_t n = beacon_json_unescape(beacon_text(rows[i].raw), value);
        assert_true(beacon_span_is(beacon_span(value, n), rows[i].value));
    }
}

static void unescaping_works_in_place_and_keeps_nul(void **state)
{
    char text[] = "one\\ntwo\\u0000three";
    (void)state;
    const size_t n = beacon_json_unescape(beacon_text(text), text);
    assert_int_equal(n, 13);
    assert_memory_equal(text, "one\ntwo\0three", n);
}

static void a_member_is_found_by_its_meaning_and_the_last_one_wins(void **state)
{
    struct beacon_str value = {NULL, 0};
    (void)state;
    assert_true(beacon_json_member(BEACON_STR("{\"a\":1,\"b\":2,\"\\u0061\":[3]}"), "a", &value));
    assert_true(beacon_span_is(value, "[3]"));
    assert_false(beacon_json_member(BEACON_STR("{\"a\":1,\"b\":}"), "a", &value));
    assert_false(beacon_json_member(BEACON_STR("[\"a\",1]"), "a", &value));
    assert_false(beacon_json_member(BEACON_STR(""), "a", &value));
    assert_false(beacon_json_member(BEACON_STR("{\"b\":1}"), "a", &value));
    assert_true(beacon_span_is(value, "[3]"));
    assert_false(beacon_json_member_string(BEACON_STR("{\"a\":1}"), "a", &value));
}

static size_t valid_run_by_characters(const char *p, size_t n)
{
    size_t i = 0, step;
    while (i < n && (step = beacon_utf8_length(p + i, n - i)) > 0) {
        i += step;
    }
    return i;
}

static void a_bad_byte_is_found_wherever_it_stands(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 80; n++) {
        for (size_t at = 0; at < n; at++) {
            char *text = malloc(n);
            assert_non_null(text);
            memset(text, 'a', n);
            text[at] = '\xc3'; /* begins a character */
            assert_int_equal(beacon_utf8_valid_run(text, n), at);
            text[at == 0 ? 0 : at - 1] = '\xc3';
            text[at] = '\xa9';
            assert_int_equal(beacon_utf8_valid_run(text, n), valid_run_by_characters(text, n));
            free(text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_byte_is_found_wherever_it_stands),
        cmocka_unit_test(every_value_is_the_one_a_tree_would_hold),
        cmocka_unit_test(nothing_passes_that_a_parser_refuses),
        cmocka_unit_test(a_document_cut_anywhere_fails_inside_its_bytes),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(nesting_beyond_the_limit_is_a_failure),
        cmocka_unit_test(members_are_the_same_wherever_they_stand),
        cmocka_unit_test(skip_returns_the_exact_source_of_a_value),
        cmocka_unit_test(after_a_mistake_everything_says_no),
        cmocka_unit_test(integers_at_the_edge_are_read_and_beyond_it_refused),
        cmocka_unit_test(surrogates_become_characters_or_the_replacement),
        cmocka_unit_test(unescaping_works_in_place_and_keeps_nul),
        cmocka_unit_test(a_member_is_found_by_its_meaning_and_the_last_one_wins),
    };
    return cmocka_run_group_tests_name("sdk/json_scan", tests, NULL, NULL);
}
