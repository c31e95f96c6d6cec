/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"

static void assert_path(char *made, const char *expected)
{
    assert_string_equal(made, expected);
    free(made);
}

static void names_are_joined_with_one_slash(void **state)
{
    (void)state;
    assert_path(path_join("/a", "b"), "/a/b");
    assert_path(path_join("/a/", "b"), "/a/b");
    assert_path(path_join("/", "b"), "/b");
    assert_path(path_join("/a", "/b"), "/b");
    assert_path(path_join("", "b"), "b");
}

static void a_parent_is_what_is_left_of_the_last_slash(void **state)
{
    (void)state;
    assert_path(path_parent("/a/b"), "/a");
    assert_path(path_parent("/a"), "/");
    assert_path(path_parent("/"), "/");
    assert_path(path_parent("a"), ".");
    assert_path(path_parent(""), ".");
}

static void a_base_is_what_is_right_of_it(void **state)
{
    (void)state;
    assert_string_equal(path_base("/a/b.c"), "b.c");
    assert_string_equal(path_base("b.c"), "b.c");
    assert_string_equal(path_base("/"), "");
}

static void dots_and_double_slashes_go(void **state)
{
    (void)state;
    assert_path(path_normal("/w", "a/./b//c"), "/w/a/b/c");
    assert_path(path_normal("/w/x", "../a"), "/w/a");
    assert_path(path_normal("/w", "/a/../../../b"), "/b");
    assert_path(path_normal("/w", "a/.."), "/w");
    assert_path(path_normal("/", ".."), "/");
    assert_path(path_normal("/w", "."), "/w");
    assert_path(path_normal("/w", ""), "/w");
    assert_path(path_normal("/w", "..."), "/w/...");
    assert_path(path_normal("/w", ".hidden/"), "/w/.hidden");
}

static void a_neighbour_with_a_longer_name_is_not_beneath(void **state)
{
    (void)state;
    assert_true(path_is_beneath("/a/b", "/a"));
    assert_true(path_is_beneath("/a", "/a"));
    assert_true(path_is_beneath("/a", "/"));
    assert_false(path_is_beneath("/ab", "/a"));
    assert_false(path_is_beneath("/", "/a"));
    assert_false(path_is_beneath("/b/a", "/a"));
}

static void the_nearest_folder_upwards_is_found(void **state)
{
    assert_int_equal(mkdir(temp_path(state, "a"), 0700), 0);
    assert_int_equal(mkdir(temp_path(state, "a/b"), 0700), 0);
    write_text(temp_path(state, "marker"), "");
    assert_path(path_find_upwards(temp_path(state, "a/b"), "marker"), temp_dir(state));
    write_text(temp_path(state, "a/marker"), "");
    assert_path(path_find_upwards(temp_path(state, "a/b"), "marker"), temp_path(state, "a"));
    assert_null(path_find_upwards(temp_path(state, "a/b"), "no such name at all"));
}

static void the_program_knows_where_it_lives(void **state)
{
    (void)state;
    AUTO_FREE char *executable = path_executable();
    assert_string_equal(path_base(executable), "test_path");
    assert_path(path_executable_dir(), TEST_BUILD_DIR "/tests");
}

static void the_working_directory_is_absolute(void **state)
{
    (void)state;
    AUTO_FREE char *cwd = path_cwd();
    assert_int_equal(cwd[0], '/');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_joined_with_one_slash),
        cmocka_unit_test(a_parent_is_what_is_left_of_the_last_slash),
        cmocka_unit_test(a_base_is_what_is_right_of_it),
        cmocka_unit_test(dots_and_double_slashes_go),
        cmocka_unit_test(a_neighbour_with_a_longer_name_is_not_beneath),
        in_temp_dir(the_nearest_folder_upwards_is_found),
        cmocka_unit_test(the_program_knows_where_it_lives),
        cmocka_unit_test(the_working_directory_is_absolute),
    };
    return cmocka_run_group_tests_name("base/path", tests, NULL, NULL);
}
