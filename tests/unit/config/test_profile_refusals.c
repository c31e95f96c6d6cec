/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person reads about a profile that cannot be used, made from bytes and compared with
 * tests/golden/profile_refusals.txt. After a change of words, look at what it is now:
 *
 *     BEACON_REGENERATE=1 build/dev/tests/test_profile_refusals
 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/auto.h"
#include "base/text.h"
#include "config/profile_file.h"
#include "config/yaml_reader.h"

#define GOLDEN TEST_DATA_DIR "/../golden/profile_refusals.txt"
#define HEAD   "id: acme\nwire: chat\nbase_url: http://acme/v1\n"

struct bad_text {
    const char *name, *text;
    size_t len; /* 0: as long as the string */
};

static const struct bad_text bad_texts[] = {
    {"nothing", "", 0},
    {"only a comment", "# nothing\n", 0},
    {"a word", "hello\n", 0},
    {"a list", "- a\n- b\n", 0},
    {"no id", "wire: chat\nbase_url: http://acme/v1\n", 0},
    {"another id", "id: other\nwire: chat\nbase_url: http://acme/v1\n", 0},
    {"no wire", "id: acme\nbase_url: http://acme/v1\n", 0},
    {"no address", "id: acme\nwire: chat\n", 0},
    {"an unknown wire", "id: acme\nwire: grpc\nbase_url: http://acme/v1\n", 0},
    {"an unknown key", HEAD "bas_url: http://x\n", 0},
    {"a key as the configuration calls it", HEAD "wire_api: chat\n", 0},
    {"a token in the file", HEAD "experimental_bearer_token: sk-1\n", 0},
    {"an unknown key of a model", HEAD "models:\n  - id: m\n    contxt: 5\n", 0},
    {"an unknown key of a price", HEAD "models:\n  - id: m\n    price: {in: 5}\n", 0},
    {"a key twice", HEAD "name: a\nname: b\n", 0},
    {"a model twice", HEAD "models:\n  - id: m\n  - id: m\n", 0},
    {"a model without an id", HEAD "models:\n  - context: 5\n", 0},
    {"models that are no list", HEAD "models: {m: {context: 5}}\n", 0},
    {"a number for a name", HEAD "name: 5\n", 0},
    {"a word for a number", HEAD "connect_timeout_ms: soon\n", 0},
    {"a negative number", HEAD "connect_timeout_ms: -5\n", 0},
    {"headers with a number", HEAD "http_headers: {X-Version: 3}\n", 0},
    {"a key without a value", HEAD "name:\n", 0},
    {"null", HEAD "name: null\n", 0},
    {"an anchor", HEAD "name: &a hello\n", 0},
    {"an alias", HEAD "name: *a\n", 0},
    {"a tag", HEAD "name: !!str hello\n", 0},
    {"a merge key", HEAD "<<: {name: a}\n", 0},
    {"a second document", HEAD "---\nid: acme\n", 0},
    {"a directive", "%YAML 1.1\n---\n" HEAD, 0},
    {"a key that is a list", HEAD "? [a, b]\n: c\n", 0},
    {"a tab", HEAD "models:\n\t- id: m\n", 0},
    {"an open quote", HEAD "name: \"hello\n", 0},
    {"an open brace", HEAD "quirks: {usage: none\n", 0},
    {"too deep", HEAD "extra: {a: [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}\n", 0},
    {"a NUL", HEAD "name: a\0b\n", sizeof HEAD + 9},
    {"an escaped NUL", HEAD "name: \"a\\0b\"\n", 0},
    {"an escape sequence", HEAD "name: \"a\\e[31mb\"\n", 0},
    {"no UTF-8", HEAD "name: \xff\xfe\n", 0},
    {"an unknown quirk", HEAD "quirks: {reasoning_ot: [a]}\n", 0},
    {"a quirk of another wire", HEAD "quirks: {cache_control: true}\n", 0},
    {"a quirk with another value", HEAD "quirks: {usage: sometimes}\n", 0},
    {"a quirk with another type", HEAD "quirks: {parallel_calls: yes}\n", 0},
    {"a quirk of a model", HEAD "models:\n  - id: m\n    quirks: {num_ctx: 0}\n", 0},
    {"a body that beacon writes", HEAD "extra: {model: x}\n", 0},
    {"a price that is none", HEAD "models:\n  - id: m\n    price: {input: free}\n", 0},
    {"a price too fine", HEAD "models:\n  - id: m\n    price: {input: 0.1234567}\n", 0},
    {"a negative price", HEAD "models:\n  - id: m\n    price: {output: -1.5}\n", 0},
    {"a window of nothing", HEAD "models:\n  - id: m\n    context: 0\n", 0},
    {"an unknown feature", HEAD "models:\n  - id: m\n    features: [flying]\n", 0},
    {"an unknown program", HEAD "local: lama\n", 0},
};

static void add_refusal(const struct bad_text *bad, struct text *out)
{
    struct beacon_error err = {0};
    struct arena *arena = arena_create();
    const struct toml_value *table = NULL;
    const struct profile_text text = {"acme.yaml", "acme", bad->text,
                                      bad->len > 0 ? bad->len : strlen(bad->text)};
    int rc = profile_file_parse(&text, arena, &table, &err);
    assert_int_not_equal(rc, BEACON_OK);
    assert_null(table);
    assert_string_not_equal(err.hint, "");
    assert_memory_equal(err.message, "acme.yaml:", strlen("acme.yaml:"));
    assert_true(
        text_addf(out, "%s (%d)\n  %s\n  > %s\n\n", bad->name, err.code, err.message, err.hint));
    arena_destroy(arena);
}

static void each_refusal_says_file_line_and_what_to_do(void **state)
{
    (void)state;
    AUTO_TEXT struct text out;
    text_init(&out, 1u << 20);
    for (size_t i = 0; i < sizeof bad_texts / sizeof bad_texts[0]; i++) {
        add_refusal(&bad_texts[i], &out);
    }
    if (getenv("BEACON_REGENERATE") != NULL) {
        write_text(GOLDEN, text_string(&out));
    }
    assert_string_equal(text_string(&out), read_text(GOLDEN));
}

static void a_huge_file_is_refused_at_once(void **state)
{
    (void)state;
    AUTO_TEXT struct text big;
    text_init(&big, YAML_SIZE_MAX + 100);
    while (big.len <= YAML_SIZE_MAX) {
        assert_true(text_add_string(&big, "# a comment, again and again\n"));
    }
    struct beacon_error err = {0};
    struct arena *arena = arena_create();
    const struct toml_value *table = NULL;
    const struct profile_text text = {"acme.yaml", "acme", big.data, big.len};
    assert_refused(profile_file_parse(&text, arena, &table, &err), BEACON_E_LIMIT, &err);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_refusal_says_file_line_and_what_to_do),
        cmocka_unit_test(a_huge_file_is_refused_at_once),
    };
    return cmocka_run_group_tests_name("config/profile_refusals", tests, NULL, NULL);
}
