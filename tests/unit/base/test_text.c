/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void an_untouched_text_is_the_empty_string(void **state)
{
    (void)state;
    AUTO_TEXT struct text text;
    text_init(&text, 10);
    assert_string_equal(text_string(&text), "");
    assert_null(text.data);
}

static void pieces_are_joined(void **state)
{
    (void)state;
    AUTO_TEXT struct text text;
    text_init(&text, 100);
    assert_true(text_add_string(&text, "one"));
    assert_true(text_add_char(&text, ' '));
    assert_true(text_addf(&text, "%d-%s", 2, "three"));
    assert_true(text_add(&text, NULL, 0));
    assert_string_equal(text_string(&text), "one 2-three");
    assert_int_equal(text.len, 11);
}

static void the_cap_can_be_reached_exactly(void **state)
{
    (void)state;
    AUTO_TEXT struct text text;
    text_init(&text, 5);
    assert_true(text_add_string(&text, "12345"));
    assert_string_equal(text_string(&text), "12345");
    assert_false(text_add_char(&text, '6'));
    assert_false(text_addf(&text, "%d", 6));
    assert_true(text_add(&text, "", 0));
    assert_string_equal(text_string(&text), "12345");
}

static void what_does_not_fit_is_not_added_in_part(void **state)
{
    (void)state;
    AUTO_TEXT struct text text;
    text_init(&text, 5);
    assert_true(text_add_string(&text, "123"));
    assert_false(text_add_string(&text, "456"));
    assert_false(text_addf(&text, "%s", "456"));
    assert_null(text_reserve(&text, 3));
    assert_string_equal(text_string(&text), "123");
}

static void a_hostile_size_is_refused(void **state)
{
    (void)state;
    AUTO_TEXT struct text text;
    text_init(&text, 1000);
    assert_true(text_add_string(&text, "x"));
    assert_null(text_reserve(&text, SIZE_MAX));
    assert_null(text_reserve(&text, SIZE_MAX - 1));
    assert_false(text_add(&text, "", (size_t)1 << 40));
}

static void zero_bytes_are_kept(void **state)
{
    (void)state;
    AUTO_TEXT struct text text;
    text_init(&text, 100);
    assert_true(text_add(&text, "a\0b", 3));
    assert_int_equal(text.len, 3);
    assert_memory_equal(text.data, "a\0b", 4);
}

static void reserved_room_counts_when_committed(void **state)
{
    (void)state;
    AUTO_TEXT struct text text;
    text_init(&text, 1000);
    char *room = text_reserve(&text, 500);
    assert_non_null(room);
    memset(room, 'x', 4);
    text_commit(&text, 4);
    assert_string_equal(text_string(&text), "xxxx");
}

static void reserved_room_that_is_not_committed_does_not_count(void **state)
{
    (void)state;
    AUTO_TEXT struct text text;
    text_init(&text, 1000);
    assert_non_null(text_reserve(&text, 500));
    assert_string_equal(text_string(&text), "");
    char *taken = text_take(&text);
    assert_string_equal(taken, "");
    free(taken);
}

static void the_front_can_be_removed(void **state)
{
    (void)state;
    AUTO_TEXT struct text text;
    text_init(&text, 100);
    text_remove_front(&text, 0);
    assert_true(text_add_string(&text, "headtail"));
    text_remove_front(&text, 4);
    assert_string_equal(text_string(&text), "tail");
    text_remove_front(&text, 4);
    assert_string_equal(text_string(&text), "");
}

static void a_reset_text_keeps_its_memory_and_cap(void **state)
{
    (void)state;
    AUTO_TEXT struct text text;
    text_init(&text, 5);
    text_reset(&text);
    assert_true(text_add_string(&text, "12345"));
    const char *memory = text.data;
    text_reset(&text);
    assert_string_equal(text_string(&text), "");
    assert_true(text_add_string(&text, "54321"));
    assert_ptr_equal(text.data, memory);
    assert_false(text_add_char(&text, 'x'));
}

static void a_taken_buffer_leaves_an_empty_text(void **state)
{
    (void)state;
    AUTO_TEXT struct text text;
    text_init(&text, 5);
    char *nothing = text_take(&text);
    assert_string_equal(nothing, "");
    assert_true(text_add_string(&text, "12345"));
    char *taken = text_take(&text);
    assert_string_equal(taken, "12345");
    assert_string_equal(text_string(&text), "");
    assert_true(text_add_string(&text, "54321"));
    free(taken);
    free(nothing);
}

static void growing_byte_by_byte_loses_none(void **state)
{
    (void)state;
    AUTO_TEXT struct text text;
    text_init(&text, 100000);
    for (int i = 0; i < 100000; i++) {
        assert_true(text_add_char(&text, (char)('a' + i % 26)));
    }
    assert_int_equal(strlen(text_string(&text)), 100000);
    assert_int_equal(text_string(&text)[99999], 'a' + 99999 % 26);
    assert_true(text.capacity <= 100001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_untouched_text_is_the_empty_string),
        cmocka_unit_test(pieces_are_joined),
        cmocka_unit_test(the_cap_can_be_reached_exactly),
        cmocka_unit_test(what_does_not_fit_is_not_added_in_part),
        cmocka_unit_test(a_hostile_size_is_refused),
        cmocka_unit_test(zero_bytes_are_kept),
        cmocka_unit_test(reserved_room_counts_when_committed),
        cmocka_unit_test(reserved_room_that_is_not_committed_does_not_count),
        cmocka_unit_test(the_front_can_be_removed),
        cmocka_unit_test(a_reset_text_keeps_its_memory_and_cap),
        cmocka_unit_test(a_taken_buffer_leaves_an_empty_text),
        cmocka_unit_test(growing_byte_by_byte_loses_none),
    };
    return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}
