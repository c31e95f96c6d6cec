/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon/telemetry.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "telemetry/redact.h"

#define KEY "sk-0123456789"

static struct text out;

/* What is told of `value`; NULL: nothing at all. */
static const char *told(const struct redact *redact, uint32_t cls, const char *value)
{
    text_finish(&out);
    text_init(&out, REDACT_VALUE_BYTES);
    return redact_text(redact, cls, value, strlen(value), &out) ? text_string(&out) : NULL;
}

static void content_is_hidden_and_the_rest_is_told(void **state)
{
    (void)state;
    struct redact *redact = redact_create();
    assert_string_equal(told(redact, BEACON_CLASS_META, "gpt"), "gpt");
    assert_string_equal(told(redact, BEACON_CLASS_PATH, "/a/b"), "/a/b");
    assert_string_equal(told(redact, BEACON_CLASS_IDENTITY, "me"), "me");
    assert_string_equal(told(redact, BEACON_CLASS_CONTENT, "my words"), "[REDACTED]");
    assert_string_equal(told(redact, BEACON_CLASS_CONTENT, ""), "[REDACTED]");
    redact_destroy(redact);
}

static void a_person_may_let_content_pass_and_keep_identity_back(void **state)
{
    (void)state;
    struct redact *redact = redact_create();
    redact_set(redact, BEACON_CLASS_CONTENT, REDACT_PASS);
    redact_set(redact, BEACON_CLASS_IDENTITY, REDACT_DROP);
    assert_string_equal(told(redact, BEACON_CLASS_CONTENT, "my words"), "my words");
    assert_null(told(redact, BEACON_CLASS_IDENTITY, "me"));
    assert_false(redact_passes(redact, BEACON_CLASS_IDENTITY));
    assert_true(redact_passes(redact, BEACON_CLASS_META));
    redact_destroy(redact);
}

static void a_class_nobody_knows_is_dropped(void **state)
{
    (void)state;
    struct redact *redact = redact_create();
    redact_set(redact, 4, REDACT_PASS);
    assert_null(told(redact, 4, "x"));
    assert_null(told(redact, UINT32_MAX, "x"));
    assert_false(redact_passes(redact, 4));
    redact_destroy(redact);
}

static void long_values_are_cut_at_800_characters(void **state)
{
    (void)state;
    struct redact *redact = redact_create();
    char *value = calloc(1, 4 * 801 + 1);
    for (int i = 0; i < 800; i++) {
        memcpy(value + (size_t)4 * (size_t)i, "\xf0\x9f\x8e\x88", 4); /* one character */
    }
    assert_string_equal(told(redact, BEACON_CLASS_META, value), value);
    char *longer = calloc(1, 4 * 801 + 1);
    memcpy(longer, value, strlen(value));
    longer[strlen(value)] = 'x';
    const char *cut = told(redact, BEACON_CLASS_META, longer);
    assert_int_equal(strlen(cut), 3200 + strlen("...[truncated]"));
    assert_memory_equal(cut, value, 3200);
    assert_string_equal(cut + 3200, "...[truncated]");
    free(value);
    free(longer);
    redact_destroy(redact);
}

static void a_secret_is_told_nowhere(void **state)
{
    (void)state;
    struct redact *redact = redact_create();
    redact_add_secret(redact, KEY);
    redact_add_secret(redact, KEY "-and-more");
    redact_set(redact, BEACON_CLASS_CONTENT, REDACT_PASS);
    assert_string_equal(told(redact, BEACON_CLASS_META, "bad key " KEY "."), "bad key [REDACTED].");
    assert_string_equal(told(redact, BEACON_CLASS_CONTENT, KEY KEY), "[REDACTED][REDACTED]");
    assert_string_equal(told(redact, BEACON_CLASS_META, KEY "-and-more"), "[REDACTED]");
    assert_string_equal(told(redact, BEACON_CLASS_META, "sk-012345678"), "sk-012345678");
    redact_destroy(redact);
}

/* Half a secret is told neither: the cut falls into it. */
static void a_secret_across_the_cut_is_told_in_no_part(void **state)
{
    (void)state;
    struct redact *redact = redact_create();
    redact_add_secret(redact, KEY);
    for (size_t before = 780; before <= 800; before++) {
        char value[1024] = "";
        memset(value, 'a', before);
        memcpy(value + before, KEY, sizeof KEY);
        assert_null(strstr(told(redact, BEACON_CLASS_META, value), "sk-"));
    }
    redact_destroy(redact);
}

static void short_words_are_no_secrets(void **state)
{
    (void)state;
    struct redact *redact = redact_create();
    redact_add_secret(redact, "true");
    redact_add_secret(redact, "");
    redact_add_secret(redact, NULL);
    assert_string_equal(told(redact, BEACON_CLASS_META, "true"), "true");
    redact_destroy(redact);
    redact_destroy(NULL);
}

static int teardown(void **state)
{
    (void)state;
    text_finish(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_is_hidden_and_the_rest_is_told),
        cmocka_unit_test(a_person_may_let_content_pass_and_keep_identity_back),
        cmocka_unit_test(a_class_nobody_knows_is_dropped),
        cmocka_unit_test(long_values_are_cut_at_800_characters),
        cmocka_unit_test(a_secret_is_told_nowhere),
        cmocka_unit_test(a_secret_across_the_cut_is_told_in_no_part),
        cmocka_unit_test(short_words_are_no_secrets),
    };
    return cmocka_run_group_tests_name("telemetry/redact", tests, NULL, teardown);
}
