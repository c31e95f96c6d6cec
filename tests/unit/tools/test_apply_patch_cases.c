/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/json.h"
#include "base/path.h"
#include "base/text.h"

#define CASES_DIR TEST_DATA_DIR "/apply-patch-cases"

static const char program[] = TEST_BUILD_DIR "/tests/apply_patch_program";

static size_t files_seen;

static int count_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)path;
    (void)st;
    (void)at;
    files_seen += type == FTW_F;
    return 0;
}

static size_t count_files(const char *dir)
{
    files_seen = 0;
    assert_int_equal(nftw(dir, count_file, 16, FTW_PHYS), 0);
    return files_seen;
}

static bool is_empty_directory(const char *path)
{
    DIR *dir = opendir(path);
    size_t entries = 0;
    while (dir != NULL && readdir(dir) != NULL) {
        entries++;
    }
    bool is_empty = dir != NULL && entries == 2;
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return is_empty;
}

static void make_folder_of(const char *path)
{
    struct beacon_error err = {0};
    AUTO_FREE char *parent = path_parent(path);
    assert_ok(io_make_directories(parent, 0755, &err), &err);
}

static size_t length_of(struct json_object *array) /* an optional member */
{
    return array != NULL ? json_object_array_length(array) : 0;
}

static void make_input(struct json_object *test, const char *dir)
{
    struct json_object *modes = json_member(test, "input_modes");
    struct json_object *dirs = json_member(test, "input_dirs");
    for (size_t i = 0; i < length_of(dirs); i++) {
        AUTO_FREE char *path =
            path_join(dir, json_object_get_string(json_object_array_get_idx(dirs, i)));
        assert_int_equal(mkdir(path, 0755), 0);
    }
    json_object_object_foreach(json_member(test, "input"), name, content)
    {
        AUTO_FREE char *path = path_join(dir, name);
        make_folder_of(path);
        write_text(path, json_object_get_string(content));
        const char *mode = json_string_of(modes, name, "644");
        assert_int_equal(chmod(path, (mode_t)strtoul(mode, NULL, 8)), 0);
    }
}

static int run_case(struct json_object *test, const char *dir, const char **ret_out,
                    const char **ret_err)
{
    const char *how = json_string_of(test, "invocation", "");
    const char *patch = json_string_of(test, "patch", NULL);
    bool is_stdin = strcmp(how, "stdin") == 0;
    bool is_two = strcmp(how, "twoargs") == 0;
    assert_true(is_stdin || is_two || strcmp(how, "arg") == 0);
    const char *argv[] = {"/bin/sh",
                          "-c",
                          "cd \"$1\" && shift && exec \"$@\"",
                          "sh",
                          dir,
                          program,
                          is_stdin ? NULL : patch,
                          is_two ? "extra" : NULL,
                          NULL};
    return run_program(argv, is_stdin ? patch : NULL, ret_out, ret_err);
}

static char *with_directory(const char *expected, const char *dir)
{
    struct text text;
    text_init(&text, 1u << 20);
    for (const char *mark = strstr(expected, "{CWD}"); mark != NULL;
         mark = strstr(expected, "{CWD}")) {
        (void)text_add(&text, expected, (size_t)(mark - expected));
        (void)text_add_string(&text, dir);
        expected = mark + strlen("{CWD}");
    }
    (void)text_add_string(&text, expected);
    return text_take(&text);
}

static void check_modes(struct json_object *modes, const char *dir)
{
    if (modes == NULL) {
        return;
    }
    json_object_object_foreach(modes, name, mode)
    {
        AUTO_FREE char *path = path_join(dir, name);
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, strtoul(json_object_get_string(mode), NULL, 8));
    }
}

static void check_tree(struct json_object *expect, const char *dir)
{
    struct json_object *tree = json_member(expect, "tree");
    json_object_object_foreach(tree, name, content)
    {
        AUTO_FREE char *path = path_join(dir, name);
        assert_string_equal(read_text(path), json_object_get_string(content));
    }
    assert_int_equal(count_files(dir), json_object_object_length(tree));
    struct json_object *empty = json_member(expect, "empty_dirs");
    for (size_t i = 0; i < length_of(empty); i++) {
        AUTO_FREE char *path =
            path_join(dir, json_object_get_string(json_object_array_get_idx(empty, i)));
        assert_true(is_empty_directory(path));
    }
    check_modes(json_member(expect, "modes"), dir);
}

static void check_case(struct json_object *test, const char *dir)
{
    struct json_object *expect = json_member(test, "expect");
    const char *out = NULL, *err = NULL;
    print_message("case %s\n", json_string_of(test, "id", "?"));
    make_input(test, dir);
    int status = run_case(test, dir, &out, &err);
    AUTO_FREE char *expected_out = with_directory(json_string_of(expect, "stdout", ""), dir);
    AUTO_FREE char *expected_err = with_directory(json_string_of(expect, "stderr", ""), dir);
    assert_string_equal(err, expected_err);
    assert_string_equal(out, expected_out);
    assert_int_equal(status, json_int_of(expect, "exit", -1));
    if (json_member(test, "quirk") == NULL) {
        check_tree(expect, dir);
    }
}

static size_t check_file(const char *path, const char *dir)
{
    struct beacon_error err = {0};
    AUTO_TEXT struct text content;
    text_init(&content, 8u << 20);
    AUTO_JSON struct json_object *cases = NULL;
    assert_ok(io_read_file(path, &content, &err), &err);
    assert_ok(json_parse(content.data, content.len, path, &cases, &err), &err);
    size_t n = json_object_array_length(cases);
    for (size_t i = 0; i < n; i++) {
        AUTO_FREE char *case_dir = alloc_printf("%s/%s-%zu", dir, path_base(path), i);
        assert_int_equal(mkdir(case_dir, 0755), 0);
        check_case(json_object_array_get_idx(cases, i), case_dir);
    }
    return n;
}

static void every_recorded_case_comes_out_the_same(void **state)
{
    DIR *cases = opendir(CASES_DIR);
    assert_non_null(cases);
    size_t n = 0;
    for (struct dirent *entry = readdir(cases); entry != NULL; entry = readdir(cases)) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot != NULL && strcmp(dot, ".json") == 0) {
            AUTO_FREE char *path = path_join(CASES_DIR, entry->d_name);
            n += check_file(path, temp_dir(state));
        }
    }
    (void)closedir(cases);
    assert_in_range(n, 100, 10000);
}

static void an_argument_that_is_not_utf8_is_named_as_the_reason(void **state)
{
    (void)state;
    const char *argv[] = {program, "*** Begin Patch\n\xff", NULL};
    const char *err = NULL;
    assert_int_equal(run_program(argv, NULL, NULL, &err), 1);
    assert_string_equal(err, "Error: apply_patch requires a UTF-8 PATCH argument.\n");
}

static void nothing_at_all_gets_the_usage(void **state)
{
    (void)state;
    const char *argv[] = {program, NULL};
    const char *err = NULL;
    assert_int_equal(run_program(argv, "", NULL, &err), 2);
    assert_string_equal(err, "Usage: apply_patch 'PATCH'\n       echo 'PATCH' | apply_patch\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(every_recorded_case_comes_out_the_same),
        cmocka_unit_test(an_argument_that_is_not_utf8_is_named_as_the_reason),
        cmocka_unit_test(nothing_at_all_gets_the_usage),
    };
    return cmocka_run_group_tests_name("tools/apply_patch_cases", tests, NULL, NULL);
}
