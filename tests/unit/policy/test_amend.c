/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "policy/amend.h"
#include "policy/rules.h"
#include "policy/words.h"

static bool may_offer(const char *line)
{
    char **words = words_split(line);
    bool may = amend_may_offer((const char *const *)words, words_count((const char *const *)words));
    words_free(words);
    return may;
}

static void what_would_allow_everything_is_never_offered(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "bash",
        "bash -c",
        "bash -lc",
        "sh",
        "sh -c",
        "sh -lc",
        "zsh",
        "zsh -c",
        "zsh -lc",
        "/bin/bash",
        "/bin/bash -lc",
        "/bin/sh",
        "/bin/sh -c",
        "/bin/zsh",
        "/bin/zsh -lc",
        "dash -c",
        "ksh -c",
        "fish -c",
        "env",
        "sudo",
        "rm",
        "git",
        "python",
        "python -",
        "python -c",
        "python3",
        "python3 -",
        "python3 -c",
        "py",
        "py -3",
        "pypy",
        "pypy3",
        "pythonw",
        "pyw",
        "node",
        "node -e",
        "nodejs -e",
        "bun -e",
        "bun run",
        "deno eval",
        "ruby",
        "ruby -e",
        "perl -e",
        "php -r",
        "lua -e",
        "julia -e",
        "Rscript",
        "osascript",
        "npm run",
        "pnpm run",
        "yarn run",
        "cmd",
        "cmd /c",
        "cmd.exe /k",
        "powershell",
        "powershell.exe -Command",
        "pwsh -c",
        "pwsh -File",
        "powershell -EncodedCommand",
        "/usr/bin/env",
        "/usr/bin/python3 -c",
        "sudo -E",
        "eval",
        "xargs",
        "",
        "''",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (may_offer(lines[i])) {
            fail_msg("offered: %s", lines[i]);
        }
    }
}

static void what_says_which_command_may_be_offered(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "git push", "npm run build", "python3 -m pytest", "python3 x.py", "bash x.sh", "sudo ls",
        "rm x",     "make",          "node x.js",         "bun run x",    "npm",       "env ls"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_true(may_offer(lines[i]));
    }
}

static const char *append(void **state, const char *const *prefix, size_t n)
{
    struct beacon_error err = {0};
    assert_ok(amend_append(temp_path(state, "home"), prefix, n, &err), &err);
    return read_text(temp_path(state, "home/" AMEND_FILE));
}

static const char *const git_push[] = {"git", "push", NULL};
static const char git_push_line[] =
    "prefix_rule(pattern=[\"git\", \"push\"], decision=\"allow\")\n";

static void the_file_is_made_with_its_folders(void **state)
{
    struct stat st;
    assert_string_equal(append(state, git_push, 2), git_push_line);
    assert_int_equal(stat(temp_path(state, "home/" AMEND_FILE), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(temp_path(state, "home/rules"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
}

static void a_line_is_added_once(void **state)
{
    static const char *const make[] = {"make", NULL};
    (void)append(state, git_push, 2);
    assert_string_equal(append(state, git_push, 2), git_push_line);
    assert_non_null(
        strstr(append(state, make, 1),
               "decision=\"allow\")\nprefix_rule(pattern=[\"make\"], decision=\"allow\")\n"));
}

static void a_file_that_does_not_end_in_a_newline_gets_one_first(void **state)
{
    assert_int_equal(mkdir(temp_path(state, "home"), 0700), 0);
    assert_int_equal(mkdir(temp_path(state, "home/rules"), 0700), 0);
    write_text(temp_path(state, "home/" AMEND_FILE), "# mine");
    const char *content = append(state, git_push, 2);
    assert_int_equal(strncmp(content, "# mine\nprefix_rule(", 19), 0);
}

static void any_word_comes_back_from_the_file(void **state)
{
    static const char *const words[] = {
        "a\"b\\c", "\n\t\x01\x7f/", "\xc3\xa4 'x'", "$x #", "", "\b\f\r", NULL};
    struct beacon_error err = {0};
    struct rules *rules = rules_create();
    (void)append(state, words, 6);
    assert_ok(rules_add_file(rules, temp_path(state, "home/" AMEND_FILE), RULE_USER, &err), &err);
    struct json_object *result = rules_check(rules, words, false);
    assert_non_null(result);
    assert_non_null(strstr(json_object_to_json_string(result), "allow"));
    (void)json_object_put(result);
    rules_destroy(rules);
}

static void words_that_a_file_cannot_hold_are_refused(void **state)
{
    struct beacon_error err = {0};
    static const char *const bad[] = {"a", "\xff", NULL}, *const bash[] = {"bash", "-lc", NULL};
    const char *home = temp_path(state, "home");
    assert_refused(amend_append(home, bad, 2, &err), BEACON_E_INVALID, &err);
    assert_refused(amend_append(home, bash, 2, &err), BEACON_E_REFUSED, &err);
    assert_refused(amend_append(home, bash, 0, &err), BEACON_E_REFUSED, &err);
    assert_int_not_equal(access(home, F_OK), 0);
}

static void a_folder_in_its_place_is_told(void **state)
{
    struct beacon_error err = {0};
    assert_int_equal(mkdir(temp_path(state, "home"), 0700), 0);
    assert_int_equal(mkdir(temp_path(state, "home/rules"), 0700), 0);
    assert_int_equal(mkdir(temp_path(state, "home/" AMEND_FILE), 0700), 0);
    assert_refused(amend_append(temp_path(state, "home"), git_push, 2, &err), BEACON_E_IO, &err);
}

static void who_does_not_let_go_of_the_lock_is_not_waited_for(void **state)
{
    struct beacon_error err = {0};
    static const char *const make[] = {"make", NULL};
    (void)append(state, git_push, 2);
    int fd = open(temp_path(state, "home/" AMEND_FILE), O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_refused(amend_append(temp_path(state, "home"), make, 1, &err), BEACON_E_BUSY, &err);
    (void)close(fd);
    (void)append(state, make, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_would_allow_everything_is_never_offered),
        cmocka_unit_test(what_says_which_command_may_be_offered),
        in_temp_dir(the_file_is_made_with_its_folders),
        in_temp_dir(a_line_is_added_once),
        in_temp_dir(a_file_that_does_not_end_in_a_newline_gets_one_first),
        in_temp_dir(any_word_comes_back_from_the_file),
        in_temp_dir(words_that_a_file_cannot_hold_are_refused),
        in_temp_dir(a_folder_in_its_place_is_told),
        in_temp_dir(who_does_not_let_go_of_the_lock_is_not_waited_for),
    };
    return cmocka_run_group_tests_name("policy/amend", tests, NULL, NULL);
}
