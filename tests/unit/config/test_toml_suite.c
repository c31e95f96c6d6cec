/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <ftw.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/text.h"
#include "config/toml_reader.h"
#include "toml_tagged.h"

#define SUITE_DIR TEST_DATA_DIR "/toml-test"
#define TEXT_MAX  (16u << 20)

static struct {
    int n_valid, n_invalid, n_failed;
} tally;

static bool read_case(const char *path, struct text *out, struct toml_value **ret,
                      struct arena *arena, struct beacon_error *err)
{
    text_init(out, TEXT_MAX);
    assert_ok(io_read_file(path, out, err), err);
    struct toml_source source = {path, text_string(out), out->len};
    return toml_read(&source, arena, ret, NULL, err) == BEACON_OK;
}

static const char *member(struct json_object *object, const char *key)
{
    struct json_object *found = NULL;
    (void)json_object_object_get_ex(object, key, &found);
    return json_object_is_type(found, json_type_string) ? json_object_get_string(found) : NULL;
}

static bool is_tag(struct json_object *value)
{
    return json_object_is_type(value, json_type_object) && json_object_object_length(value) == 2 &&
           member(value, "type") != NULL && member(value, "value") != NULL;
}

static bool is_same_float(const char *a, const char *b)
{
    double x = strtod(a, NULL), y = strtod(b, NULL);
    return (isnan(x) && isnan(y)) || x == y;
}

/* Length of a time without the zeros that end its fraction; *ret_zone is what follows it. */
static size_t significant(const char *time, const char **ret_zone)
{
    const char *dot = strchr(time, '.');
    size_t len = strcspn(time, "Z");
    if (dot != NULL) {
        len = (size_t)(dot + 1 - time) + strspn(dot + 1, "0123456789");
    } else if (strlen(time) > 19) {
        len = 19;
    }
    *ret_zone = time + len;
    while (dot != NULL && (time[len - 1] == '0' || time[len - 1] == '.')) {
        len--;
        if (time + len == dot) {
            break;
        }
    }
    return len;
}

static bool is_same_time(const char *a, const char *b)
{
    const char *zone_a = NULL, *zone_b = NULL;
    size_t len_a = significant(a, &zone_a), len_b = significant(b, &zone_b);
    return len_a == len_b && memcmp(a, b, len_a) == 0 && strcmp(zone_a, zone_b) == 0;
}

static bool is_same_tag(struct json_object *a, struct json_object *b)
{
    const char *type = member(a, "type");
    if (!is_tag(b) || strcmp(type, member(b, "type")) != 0) {
        return false;
    }
    if (strcmp(type, "float") == 0) {
        return is_same_float(member(a, "value"), member(b, "value"));
    }
    if (strncmp(type, "date", 4) == 0 || strncmp(type, "time", 4) == 0) {
        return is_same_time(member(a, "value"), member(b, "value"));
    }
    struct json_object *x = NULL, *y = NULL;
    (void)json_object_object_get_ex(a, "value", &x);
    (void)json_object_object_get_ex(b, "value", &y);
    return json_object_equal(x, y) == 1;
}

static bool is_same(struct json_object *a, struct json_object *b);

/* NOLINTNEXTLINE(misc-no-recursion): json-c bounds the depth */
static bool is_same_array(struct json_object *a, struct json_object *b)
{
    size_t n = json_object_array_length(a);
    bool same = json_object_is_type(b, json_type_array) && json_object_array_length(b) == n;
    for (size_t i = 0; i < n && same; i++) {
        same = is_same(json_object_array_get_idx(a, i), json_object_array_get_idx(b, i));
    }
    return same;
}

/* NOLINTNEXTLINE(misc-no-recursion): json-c bounds the depth */
static bool is_same(struct json_object *a, struct json_object *b)
{
    if (is_tag(a)) {
        return is_same_tag(a, b);
    }
    if (json_object_is_type(a, json_type_array)) {
        return is_same_array(a, b);
    }
    if (!json_object_is_type(b, json_type_object) ||
        json_object_object_length(a) != json_object_object_length(b)) {
        return false;
    }
    json_object_object_foreach(a, key, value)
    {
        struct json_object *other = NULL;
        if (!json_object_object_get_ex(b, key, &other) || !is_same(value, other)) {
            return false;
        }
    }
    return true;
}

static bool matches_json(const char *toml_path, const struct toml_value *root)
{
    AUTO_FREE char *path =
        alloc_printf("%.*sjson", (int)(strlen(toml_path) - strlen("toml")), toml_path);
    AUTO_TEXT struct text tagged = {0};
    text_init(&tagged, TEXT_MAX);
    toml_add_tagged(&tagged, root);
    AUTO_JSON struct json_object *wanted = json_object_from_file(path);
    AUTO_JSON struct json_object *got = json_tokener_parse(text_string(&tagged));
    assert_non_null(wanted);
    assert_non_null(got);
    return is_same(wanted, got);
}

static bool passes(const char *path, bool is_valid)
{
    struct beacon_error err = {0};
    struct toml_value *root = NULL;
    AUTO_TEXT struct text text = {0};
    struct arena *arena = arena_create();
    bool is_read = read_case(path, &text, &root, arena, &err);
    bool is_as_wanted = is_valid ? is_read && matches_json(path, root)
                                 : !is_read && err.message[0] != '\0' && err.hint[0] != '\0';
    arena_destroy(arena);
    return is_as_wanted;
}

static int try_file(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)at;
    size_t len = strlen(path);
    if (kind != FTW_F || len < 5 || strcmp(path + len - 5, ".toml") != 0) {
        return 0;
    }
    bool is_valid = strstr(path, "/toml-test/valid/") != NULL;
    tally.n_valid += is_valid ? 1 : 0;
    tally.n_invalid += is_valid ? 0 : 1;
    if (!passes(path, is_valid)) {
        print_error("%s: %s\n", path, is_valid ? "not read as its .json says" : "not refused");
        tally.n_failed++;
    }
    return 0;
}

static void every_case_of_the_suite_is_read_or_refused_as_it_says(void **state)
{
    (void)state;
    assert_int_equal(nftw(SUITE_DIR, try_file, 16, FTW_PHYS), 0);
    assert_int_equal(tally.n_failed, 0);
    assert_true(tally.n_valid > 140);
    assert_true(tally.n_valid + tally.n_invalid > 480);
}

static void decoder_program_answers_in_tagged_json(void **state)
{
    (void)state;
    const char *out = NULL;
    const char *const argv[] = {TEST_BUILD_DIR "/tests/toml_decoder", NULL};
    assert_int_equal(run_program(argv, "a.b = 1\n", &out, NULL), 0);
    assert_string_equal(out, "{\"a\":{\"b\":{\"type\":\"integer\",\"value\":\"1\"}}}\n");
}

static void decoder_program_shows_the_line_that_is_wrong(void **state)
{
    (void)state;
    const char *said = NULL;
    const char *const argv[] = {TEST_BUILD_DIR "/tests/toml_decoder", NULL};
    assert_int_equal(run_program(argv, "# é\n\nmodel = \"\n", NULL, &said), 1);
    assert_string_equal(said, "stdin:3:9: unterminated string\n"
                              "    3 | model = \"\n"
                              "      |         ^\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_of_the_suite_is_read_or_refused_as_it_says),
        cmocka_unit_test(decoder_program_answers_in_tagged_json),
        cmocka_unit_test(decoder_program_shows_the_line_that_is_wrong),
    };
    return cmocka_run_group_tests_name("config/toml_suite", tests, NULL, NULL);
}
