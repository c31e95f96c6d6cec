/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "session/home.h"

/* Every test says itself what the environment is. */
static void set_environment(const char *code_home, const char *codex_home, const char *home)
{
    const char *const names[] = {"CODE_HOME", "CODEX_HOME", "HOME"};
    const char *const values[] = {code_home, codex_home, home};
    for (size_t i = 0; i < 3; i++) {
        if (values[i] != NULL) {
            assert_int_equal(setenv(names[i], values[i], 1), 0);
        } else {
            assert_int_equal(unsetenv(names[i]), 0);
        }
    }
    (void)unsetenv("CODE_HOME_LOCK");
}

static void code_home_is_canonical_and_has_no_legacy_folder(void **state)
{
    struct beacon_error err = {0};
    struct home home = {0};
    assert_int_equal(mkdir(temp_path(state, "real"), 0700), 0);
    assert_int_equal(symlink(temp_path(state, "real"), temp_path(state, "link")), 0);
    set_environment(temp_path(state, "link"), "/nowhere", temp_dir(state));
    assert_ok(home_resolve(&home, &err), &err);
    assert_string_equal(home.path, temp_path(state, "real"));
    assert_null(home.legacy_path);
    assert_null(home.warning);
    assert_false(home.is_default);
    home_finish(&home);
}

static void a_code_home_that_does_not_exist_is_refused(void **state)
{
    struct beacon_error err = {0};
    struct home home = {0};
    set_environment(temp_path(state, "absent"), NULL, temp_dir(state));
    assert_refused(home_resolve(&home, &err), BEACON_E_NOT_FOUND, &err);
    assert_non_null(strstr(err.message, "CODE_HOME"));
    assert_int_not_equal(access(temp_path(state, ".code"), F_OK), 0);
}

static void a_code_home_that_is_a_file_is_refused(void **state)
{
    struct beacon_error err = {0};
    struct home home = {0};
    write_text(temp_path(state, "file"), "");
    set_environment(temp_path(state, "file"), NULL, temp_dir(state));
    assert_refused(home_resolve(&home, &err), BEACON_E_INVALID, &err);
}

static void codex_home_works_with_a_warning_when_code_home_is_blank(void **state)
{
    struct beacon_error err = {0};
    struct home home = {0};
    set_environment("  ", temp_dir(state), "/nowhere");
    assert_ok(home_resolve(&home, &err), &err);
    assert_string_equal(home.path, temp_dir(state));
    assert_non_null(strstr(home.warning, "deprecated"));
    assert_null(home.legacy_path);
    home_finish(&home);
}

static void the_default_home_is_made_for_its_owner_only(void **state)
{
    struct beacon_error err = {0};
    struct home home = {0};
    struct stat status;
    set_environment(NULL, NULL, temp_dir(state));
    assert_ok(home_resolve(&home, &err), &err);
    assert_true(home.is_default);
    assert_string_equal(home.path, temp_path(state, ".code"));
    assert_string_equal(home.legacy_path, temp_path(state, ".codex"));
    assert_int_equal(stat(home.path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    home_finish(&home);
}

static void a_missing_home_variable_falls_back_to_the_password_database(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct home home = {0};
    set_environment(NULL, NULL, NULL);
    int rc = home_resolve(&home, &err);
    if (rc == BEACON_OK) {
        assert_int_equal(home.path[0], '/');
    } else {
        assert_string_not_equal(err.message, "");
        assert_string_not_equal(err.hint, "");
    }
    home_finish(&home);
}

/* Run `body` as a user without an entry in the password database and without rights. */
static void as_nobody_known(void **state, void (*body)(void **state))
{
    if (geteuid() != 0) {
        print_message("only root can become another user; skipped\n");
        skip();
    }
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        assert_int_equal(setresgid(54321, 54321, 54321), 0);
        assert_int_equal(setresuid(54321, 54321, 54321), 0);
        body(state);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static void resolve_without_any_home(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct home home = {0};
    CHECK(home_resolve(&home, &err) == BEACON_E_INVALID);
    CHECK(strstr(err.message, "HOME is not set") != NULL);
    CHECK(strstr(err.hint, "CODE_HOME") != NULL);
}

static void no_home_at_all_is_one_clear_sentence(void **state)
{
    set_environment(NULL, NULL, NULL);
    as_nobody_known(state, resolve_without_any_home);
}

static void use_what_cannot_be_written(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct home home = {0};
    CHECK(home_resolve(&home, &err) == BEACON_E_IO);
    CHECK(strstr(err.message, ".code") != NULL && strstr(err.hint, "CODE_HOME") != NULL);
}

static void a_home_that_cannot_be_made_is_one_clear_sentence(void **state)
{
    set_environment(NULL, NULL, "/");
    as_nobody_known(state, use_what_cannot_be_written);
}

static void lock_what_cannot_be_written(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct home home = {.path = (char *)"/"};
    int fd = -1;
    CHECK(home_lock(&home, HOME_LOCK_EXCLUSIVE, &fd, &err) == BEACON_E_IO);
    CHECK(fd == -1);
    CHECK(strstr(err.message, "cannot be written") != NULL);
    CHECK(strstr(err.hint, "CODE_HOME") != NULL);
}

static void a_read_only_home_is_one_clear_sentence(void **state)
{
    as_nobody_known(state, lock_what_cannot_be_written);
}

static void a_file_missing_in_the_default_home_is_read_from_the_legacy_one(void **state)
{
    struct home home = {.path = (char *)temp_path(state, "new"),
                        .legacy_path = (char *)temp_path(state, "old")};
    assert_int_equal(mkdir(home.path, 0700), 0);
    assert_int_equal(mkdir(home.legacy_path, 0700), 0);
    write_text(temp_path(state, "old/a"), "");
    write_text(temp_path(state, "old/b"), "");
    write_text(temp_path(state, "new/b"), "");
    char *a = home_file(&home, "a"), *b = home_file(&home, "b"), *c = home_file(&home, "c");
    assert_string_equal(a, temp_path(state, "old/a"));
    assert_string_equal(b, temp_path(state, "new/b"));
    assert_string_equal(c, temp_path(state, "new/c"));
    free(a);
    free(b);
    free(c);
}

static void a_second_process_is_told_that_the_home_is_in_use(void **state)
{
    struct beacon_error err = {0};
    struct home home = {.path = (char *)temp_dir(state)};
    int first = -1, second = -1;
    assert_ok(home_lock(&home, HOME_LOCK_EXCLUSIVE, &first, &err), &err);
    assert_refused(home_lock(&home, HOME_LOCK_EXCLUSIVE, &second, &err), BEACON_E_BUSY, &err);
    assert_string_equal(err.message,
                        "code home already in use; set CODE_HOME to isolate state per instance");
    assert_int_equal(second, -1);
    assert_refused(home_lock(&home, HOME_LOCK_SHARED, &second, &err), BEACON_E_BUSY, &err);
    (void)close(first);
    assert_ok(home_lock(&home, HOME_LOCK_EXCLUSIVE, &second, &err), &err);
    (void)close(second);
}

static void shared_locks_do_not_exclude_each_other(void **state)
{
    struct beacon_error err = {0};
    struct home home = {.path = (char *)temp_dir(state)};
    int first = -1, second = -1, third = -1;
    assert_ok(home_lock(&home, HOME_LOCK_SHARED, &first, &err), &err);
    assert_ok(home_lock(&home, HOME_LOCK_SHARED, &second, &err), &err);
    assert_refused(home_lock(&home, HOME_LOCK_EXCLUSIVE, &third, &err), BEACON_E_BUSY, &err);
    (void)close(first);
    (void)close(second);
}

static void the_lock_of_a_killed_process_is_free(void **state)
{
    struct beacon_error err = {0};
    struct home home = {.path = (char *)temp_dir(state)};
    int ready[2], fd = -1;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        CHECK(home_lock(&home, HOME_LOCK_EXCLUSIVE, &fd, &err) == BEACON_OK);
        CHECK(write(ready[1], "x", 1) == 1);
        (void)pause();
        _exit(0);
    }
    char byte;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_refused(home_lock(&home, HOME_LOCK_EXCLUSIVE, &fd, &err), BEACON_E_BUSY, &err);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_ok(home_lock(&home, HOME_LOCK_EXCLUSIVE, &fd, &err), &err);
    (void)close(fd);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void the_lock_mode_of_the_environment_wins_over_the_configured_one(void **state)
{
    (void)state;
    set_environment(NULL, NULL, "/");
    assert_int_equal(home_lock_mode(NULL), HOME_LOCK_EXCLUSIVE);
    assert_int_equal(home_lock_mode("exclusive"), HOME_LOCK_EXCLUSIVE);
    assert_int_equal(home_lock_mode("shared"), HOME_LOCK_SHARED);
    assert_int_equal(setenv("CODE_HOME_LOCK", "Shared", 1), 0);
    assert_int_equal(home_lock_mode("exclusive"), HOME_LOCK_SHARED);
    assert_int_equal(setenv("CODE_HOME_LOCK", "exclusive", 1), 0);
    assert_int_equal(home_lock_mode("shared"), HOME_LOCK_EXCLUSIVE);
}

static void a_dotenv_moves_the_home_only_for_a_trusted_project(void **state)
{
    struct beacon_error err = {0};
    struct home home = {0};
    assert_int_equal(mkdir(temp_path(state, "other"), 0700), 0);
    assert_int_equal(mkdir(temp_path(state, "project"), 0700), 0);
    write_text(temp_path(state, "project/.env"), "CODEX_HOME=$OTHER_HOME\n");
    set_environment(NULL, NULL, temp_dir(state));
    assert_int_equal(setenv("OTHER_HOME", temp_path(state, "other"), 1), 0);
    assert_ok(home_start(temp_path(state, "project"), NULL, &home, &err), &err);
    assert_string_equal(home.path, temp_path(state, ".code"));
    assert_null(getenv("CODEX_HOME"));
    home_finish(&home);
    AUTO_FREE char *trust =
        alloc_printf("[projects.\"%s\"]\ntrust_level = \"trusted\"\n", temp_path(state, "project"));
    write_text(temp_path(state, ".code/config.toml"), trust);
    assert_ok(home_start(temp_path(state, "project"), NULL, &home, &err), &err);
    assert_string_equal(home.path, temp_path(state, "other"));
    home_finish(&home);
}

static void the_alias_still_warns_after_the_start(void **state)
{
    struct beacon_error err = {0};
    struct home home = {0};
    set_environment(NULL, temp_dir(state), "/");
    assert_ok(home_start(temp_dir(state), NULL, &home, &err), &err);
    assert_non_null(home.warning);
    home_finish(&home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(code_home_is_canonical_and_has_no_legacy_folder),
        in_temp_dir(a_code_home_that_does_not_exist_is_refused),
        in_temp_dir(a_code_home_that_is_a_file_is_refused),
        in_temp_dir(codex_home_works_with_a_warning_when_code_home_is_blank),
        in_temp_dir(the_default_home_is_made_for_its_owner_only),
        in_temp_dir(a_missing_home_variable_falls_back_to_the_password_database),
        in_temp_dir(no_home_at_all_is_one_clear_sentence),
        in_temp_dir(a_home_that_cannot_be_made_is_one_clear_sentence),
        in_temp_dir(a_read_only_home_is_one_clear_sentence),
        in_temp_dir(a_file_missing_in_the_default_home_is_read_from_the_legacy_one),
        in_temp_dir(a_second_process_is_told_that_the_home_is_in_use),
        in_temp_dir(shared_locks_do_not_exclude_each_other),
        in_temp_dir(the_lock_of_a_killed_process_is_free),
        in_temp_dir(the_lock_mode_of_the_environment_wins_over_the_configured_one),
        in_temp_dir(a_dotenv_moves_the_home_only_for_a_trusted_project),
        in_temp_dir(the_alias_still_warns_after_the_start),
    };
    return cmocka_run_group_tests_name("session/home", tests, NULL, NULL);
}
