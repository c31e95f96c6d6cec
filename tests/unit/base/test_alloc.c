/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"

static void nothing_is_still_an_allocation(void **state)
{
    (void)state;
    AUTO_FREE char *zeroed = alloc_zeroed(0);
    AUTO_FREE char *array = alloc_array(0, 8);
    AUTO_FREE char *copy = alloc_copy(NULL, 0);
    AUTO_FREE char *text = alloc_string_n(NULL, 0);
    assert_non_null(zeroed);
    assert_non_null(array);
    assert_non_null(copy);
    assert_string_equal(text, "");
}

static void strings_are_copies(void **state)
{
    (void)state;
    char original[] = "text";
    AUTO_FREE char *whole = alloc_string(original);
    AUTO_FREE char *part = alloc_string_n(original, 2);
    AUTO_FREE char *made = alloc_printf("%s/%d", original, 7);
    original[0] = 'x';
    assert_string_equal(whole, "text");
    assert_string_equal(part, "te");
    assert_string_equal(made, "text/7");
}

static void growing_keeps_what_was_there(void **state)
{
    (void)state;
    int *numbers = alloc_array(2, sizeof *numbers);
    numbers[1] = 42;
    numbers = alloc_grow(numbers, 1000, sizeof *numbers);
    assert_int_equal(numbers[0], 0);
    assert_int_equal(numbers[1], 42);
    free(numbers);
}

static void a_pointer_taken_out_is_not_freed(void **state)
{
    (void)state;
    char *survivor = NULL;
    {
        AUTO_FREE char *local = alloc_string("alive");
        survivor = take_pointer(local);
        assert_null(local);
    }
    assert_string_equal(survivor, "alive");
    free(survivor);
}

static void a_descriptor_taken_out_is_not_closed(void **state)
{
    (void)state;
    int survivor = -1;
    {
        AUTO_CLOSE int local = dup(STDERR_FILENO);
        survivor = take_fd(&local);
        assert_int_equal(local, -1);
    }
    assert_int_equal(close(survivor), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_still_an_allocation),
        cmocka_unit_test(strings_are_copies),
        cmocka_unit_test(growing_keeps_what_was_there),
        cmocka_unit_test(a_pointer_taken_out_is_not_freed),
        cmocka_unit_test(a_descriptor_taken_out_is_not_closed),
    };
    return cmocka_run_group_tests_name("base/alloc", tests, NULL, NULL);
}
