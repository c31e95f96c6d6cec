/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "base/text.h"
#include "http/scrub.h"

static void assert_scrubbed(const char *secret, const char *given, const char *wanted)
{
    struct scrub *scrub = scrub_create();
    AUTO_TEXT struct text out;
    text_init(&out, 4096);
    scrub_add(scrub, secret);
    assert_true(scrub_text(scrub, given, strlen(given), &out));
    assert_string_equal(text_string(&out), wanted);
    scrub_destroy(scrub);
}

static void secret_is_replaced_wherever_it_stands(void **state)
{
    (void)state;
    assert_scrubbed("sk-secret-1", "a sk-secret-1 b sk-secret-1", "a [redacted] b [redacted]");
    assert_scrubbed("sk-secret-1", "sk-secret-", "sk-secret-");
    assert_scrubbed("Bearer abcdefgh", "abcdefgh", "[redacted]");
}

static void secret_is_known_in_json_and_in_urls(void **state)
{
    (void)state;
    assert_scrubbed("pass\"word/1", "{\"a\":\"pass\\\"word/1\"}", "{\"a\":\"[redacted]\"}");
    assert_scrubbed("pass\"word/1", "{\"a\":\"pass\\\"word\\/1\"}", "{\"a\":\"[redacted]\"}");
    assert_scrubbed("pass\"word/1", "\"{\\\"a\\\":\\\"pass\\\\\\\"word/1\\\"}\"",
                    "\"{\\\"a\\\":\\\"[redacted]\\\"}\"");
    assert_scrubbed("pass word/1", "?k=pass%20word%2F1&x", "?k=[redacted]&x");
    assert_scrubbed("geh\u00e9imnis", "{\"a\":\"geh\u00e9imnis\"}", "{\"a\":\"[redacted]\"}");
}

static void short_words_are_left_alone(void **state)
{
    (void)state;
    assert_scrubbed("1234567", "1234567", "1234567");
    assert_scrubbed("", "anything", "anything");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secret_is_replaced_wherever_it_stands),
        cmocka_unit_test(secret_is_known_in_json_and_in_urls),
        cmocka_unit_test(short_words_are_left_alone),
    };
    return cmocka_run_group_tests_name("http/scrub", tests, NULL, NULL);
}
