/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "base/uuid.h"

static void a_new_id_says_its_version_and_time(void **state)
{
    (void)state;
    char id[UUID_TEXT_BYTES];
    uuid_v7(0x0123456789ABu, id);
    assert_memory_equal(id, "01234567-89ab-7", 15);
    assert_non_null(strchr("89ab", id[19]));
    assert_true(uuid_is_valid(id));
}

static void two_of_the_same_moment_differ(void **state)
{
    (void)state;
    char first[UUID_TEXT_BYTES], second[UUID_TEXT_BYTES];
    uuid_v7(1, first);
    uuid_v7(1, second);
    assert_string_not_equal(first, second);
}

static void a_later_one_sorts_behind(void **state)
{
    (void)state;
    char first[UUID_TEXT_BYTES], second[UUID_TEXT_BYTES];
    uuid_v7(1767225600000u, first);
    uuid_v7(1767225600001u, second);
    assert_true(strcmp(first, second) < 0);
}

static void only_the_one_shape_is_valid(void **state)
{
    (void)state;
    assert_true(uuid_is_valid("00000000-0000-0000-0000-000000000000"));
    assert_true(uuid_is_valid("ABCDEFab-0000-4000-8000-0123456789ab"));
    assert_false(uuid_is_valid(""));
    assert_false(uuid_is_valid("00000000-0000-0000-0000-00000000000"));
    assert_false(uuid_is_valid("00000000-0000-0000-0000-0000000000000"));
    assert_false(uuid_is_valid("00000000x0000-0000-0000-000000000000"));
    assert_false(uuid_is_valid("00000000-0000-0000-0000-00000000000g"));
    assert_false(uuid_is_valid("../../../../../../../../etc/passwd.."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_id_says_its_version_and_time),
        cmocka_unit_test(two_of_the_same_moment_differ),
        cmocka_unit_test(a_later_one_sorts_behind),
        cmocka_unit_test(only_the_one_shape_is_valid),
    };
    return cmocka_run_group_tests_name("base/uuid", tests, NULL, NULL);
}
