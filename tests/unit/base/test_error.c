/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

static void an_error_carries_its_code_message_and_hint(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    int rc = error_set(&err, BEACON_E_IO, "free some space", "cannot write %s", "a.txt");
    assert_refused(rc, BEACON_E_IO, &err);
    assert_string_equal(err.message, "cannot write a.txt");
    assert_string_equal(err.hint, "free some space");
    assert_int_equal(err.os_errno, 0);
    assert_int_equal(err.struct_size, sizeof err);
}

static void nobody_has_to_listen(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, BEACON_E_IO, "hint", "message"), BEACON_E_IO);
    assert_int_equal(error_set_errno(NULL, BEACON_E_IO, 5, "hint", "message"), BEACON_E_IO);
    assert_int_equal(error_wrap(NULL, "prefix"), BEACON_E_INTERNAL);
}

static void the_cause_is_kept_as_errno(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    assert_refused(error_set_errno(&err, BEACON_E_IO, 28, "hint", "disk"), BEACON_E_IO, &err);
    assert_int_equal(err.os_errno, 28);
}

static void a_message_may_quote_the_error_it_replaces(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    error_set(&err, BEACON_E_IO, "first hint", "inner");
    error_set(&err, BEACON_E_PROTOCOL, err.hint, "outer: %s", err.message);
    assert_string_equal(err.message, "outer: inner");
    assert_string_equal(err.hint, "first hint");
}

static void a_long_message_is_cut_between_characters(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    char euros[3 * 200 + 1] = "";
    for (size_t i = 0; i < 200; i++) {
        memcpy(euros + 3 * i, "\xE2\x82\xAC", 4);
    }
    error_set(&err, BEACON_E_INVALID, euros, "a%s", euros);
    assert_true(utf8_valid(err.message, strlen(err.message)));
    assert_true(utf8_valid(err.hint, strlen(err.hint)));
    assert_int_equal(strlen(err.message), 1 + 3 * 84);
    assert_int_equal(strlen(err.hint), 3 * 85);
}

static void wrapping_puts_context_in_front(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    error_set_errno(&err, BEACON_E_IO, 2, "look there", "no such file");
    assert_int_equal(error_wrap(&err, "layer %d", 3), BEACON_E_IO);
    assert_string_equal(err.message, "layer 3: no such file");
    assert_string_equal(err.hint, "look there");
    assert_int_equal(err.os_errno, 2);
}

static void wrapping_a_full_message_keeps_it_valid(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    char long_prefix[600];
    memset(long_prefix, 'x', sizeof long_prefix);
    long_prefix[sizeof long_prefix - 1] = '\0';
    error_set(&err, BEACON_E_IO, "hint", "message");
    error_wrap(&err, "%s", long_prefix);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
}

static void nothing_in_a_message_steers_a_terminal(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    (void)error_set(&err, BEACON_E_IO, "rm a\rb\x7f",
                    "a\x1b]0;b\x07\tc\nd \xc2\x9b"
                    "31m \x9b \xc3\xa9");
    assert_string_equal(err.message, "a?]0;b?\tc\nd ??31m ? \xc3\xa9");
    assert_string_equal(err.hint, "rm a?b?");
    (void)error_wrap(&err, "%s", "\x1b[2J");
    assert_string_equal(err.message, "?[2J: a?]0;b?\tc\nd ??31m ? \xc3\xa9");
}

static void an_unknown_code_counts_as_internal(void **state)
{
    (void)state;
    assert_string_equal(error_type(-999), "internal");
    assert_int_equal(error_exit_status(-999), error_exit_status(BEACON_E_INTERNAL));
    assert_int_equal(error_jsonrpc_code(-999), error_jsonrpc_code(BEACON_E_INTERNAL));
}

static void every_code_has_a_type_of_its_own(void **state)
{
    (void)state;
    for (beacon_rc a = BEACON_E_POLICY; a <= BEACON_OK; a++) {
        for (beacon_rc b = BEACON_E_POLICY; b < a; b++) {
            assert_string_not_equal(error_type(a), error_type(b));
        }
    }
}

static void what_a_script_can_tell_apart_has_its_own_exit_status(void **state)
{
    (void)state;
    assert_int_equal(error_exit_status(BEACON_OK), 0);
    assert_int_equal(error_exit_status(BEACON_E_IO), 1);
    assert_int_equal(error_exit_status(BEACON_E_REFUSED), 3);
    assert_int_equal(error_exit_status(BEACON_E_DEADLINE), 5);
    assert_int_equal(error_exit_status(BEACON_E_CANCELLED), 130);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_carries_its_code_message_and_hint),
        cmocka_unit_test(nobody_has_to_listen),
        cmocka_unit_test(the_cause_is_kept_as_errno),
        cmocka_unit_test(a_message_may_quote_the_error_it_replaces),
        cmocka_unit_test(a_long_message_is_cut_between_characters),
        cmocka_unit_test(wrapping_puts_context_in_front),
        cmocka_unit_test(wrapping_a_full_message_keeps_it_valid),
        cmocka_unit_test(nothing_in_a_message_steers_a_terminal),
        cmocka_unit_test(an_unknown_code_counts_as_internal),
        cmocka_unit_test(every_code_has_a_type_of_its_own),
        cmocka_unit_test(what_a_script_can_tell_apart_has_its_own_exit_status),
    };
    return cmocka_run_group_tests_name("base/error", tests, NULL, NULL);
}
