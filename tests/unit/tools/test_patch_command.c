/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "tools/patch_command.h"

#define PATCH "*** Begin Patch\n*** Add File: a\n+x\n*** End Patch\n"

static void assert_patch(const char *const *argv, size_t n, const char *patch,
                         const char *directory)
{
    struct beacon_error err = {0};
    struct patch_command command = {0};
    assert_ok(patch_command_recognise(argv, n, &command, &err), &err);
    assert_true(command.is_patch);
    assert_string_equal(command.patch, patch);
    assert_int_equal(command.patch_bytes, strlen(patch));
    if (directory == NULL) {
        assert_null(command.directory);
    } else {
        assert_string_equal(command.directory, directory);
    }
    patch_command_finish(&command);
}

static void assert_script(const char *script, const char *directory)
{
    const char *argv[] = {"bash", "-lc", script};
    assert_patch(argv, 3, PATCH, directory);
}

static void assert_ordinary(const char *const *argv, size_t n)
{
    struct beacon_error err = {0};
    struct patch_command command = {0};
    assert_ok(patch_command_recognise(argv, n, &command, &err), &err);
    assert_false(command.is_patch);
    assert_null(command.patch);
    patch_command_finish(&command);
}

static void assert_ordinary_script(const char *script)
{
    const char *argv[] = {"/bin/bash", "-lc", script};
    assert_ordinary(argv, 3);
}

static void the_program_with_one_argument_is_a_patch(void **state)
{
    (void)state;
    const char *one[] = {"apply_patch", "whatever"};
    const char *other[] = {"applypatch", PATCH};
    assert_patch(one, 2, "whatever", NULL);
    assert_patch(other, 2, PATCH, NULL);
}

static void the_program_with_other_arguments_is_not(void **state)
{
    (void)state;
    const char *argv[] = {"apply_patch", PATCH, "x"};
    const char *path[] = {"/bin/apply_patch", PATCH};
    assert_ordinary(argv, 1);
    assert_ordinary(argv, 3);
    assert_ordinary(path, 2);
    assert_ordinary(argv, 0);
}

static void a_script_that_is_one_heredoc_is_a_patch(void **state)
{
    (void)state;
    assert_script("apply_patch <<'EOF'\n" PATCH "EOF", NULL);
    assert_script("apply_patch <<\"EOF\"\n" PATCH "EOF\n", NULL);
    assert_script("apply_patch <<EOF\n" PATCH "EOF\n\n", NULL);
    assert_script("applypatch << 'PATCH'  \n" PATCH "PATCH", NULL);
}

static void shells_are_known_by_name_and_path(void **state)
{
    (void)state;
    const char *script = "apply_patch <<'EOF'\n" PATCH "EOF";
    const char *zsh[] = {"/usr/bin/zsh", "-c", script};
    const char *fish[] = {"fish", "-c", script};
    const char *option[] = {"bash", "-x", script};
    assert_patch(zsh, 3, PATCH, NULL);
    assert_ordinary(fish, 3);
    assert_ordinary(option, 3);
}

static void a_directory_before_it_is_told(void **state)
{
    (void)state;
    assert_script("cd src/x && apply_patch <<'EOF'\n" PATCH "EOF", "src/x");
    assert_script("cd 'a b'&& apply_patch <<'EOF'\n" PATCH "EOF", "a b");
    assert_script(" cd \"a b\" &&\napply_patch <<'EOF'\n" PATCH "EOF", "a b");
}

static void a_directory_the_shell_would_expand_is_left_to_the_shell(void **state)
{
    (void)state;
    assert_ordinary_script("cd $HOME && apply_patch <<'EOF'\n" PATCH "EOF");
    assert_ordinary_script("cd \"$HOME\" && apply_patch <<'EOF'\n" PATCH "EOF");
    assert_ordinary_script("cd ~/x && apply_patch <<'EOF'\n" PATCH "EOF");
    assert_ordinary_script("cd `pwd` && apply_patch <<'EOF'\n" PATCH "EOF");
    assert_ordinary_script("cd - && apply_patch <<'EOF'\n" PATCH "EOF");
    assert_ordinary_script("cd a b && apply_patch <<'EOF'\n" PATCH "EOF");
    assert_ordinary_script("cd && apply_patch <<'EOF'\n" PATCH "EOF");
}

static void anything_more_is_left_to_the_shell(void **state)
{
    (void)state;
    assert_ordinary_script("cd x; apply_patch <<'EOF'\n" PATCH "EOF");
    assert_ordinary_script("apply_patch <<'EOF'\n" PATCH "EOF\nls");
    assert_ordinary_script("ls && apply_patch <<'EOF'\n" PATCH "EOF");
    assert_ordinary_script("apply_patch <<'EOF' | cat\n" PATCH "EOF");
    assert_ordinary_script("apply_patch x <<'EOF'\n" PATCH "EOF");
    assert_ordinary_script("apply_patch '" PATCH "'");
    assert_ordinary_script("echo x | apply_patch <<'EOF'\n" PATCH "EOF");
    assert_ordinary_script("apply_patch <<'EOF'\n" PATCH "EO");
    assert_ordinary_script("apply_patch <<'EOF\n" PATCH "EOF");
    assert_ordinary_script("apply_patch <<-EOF\n" PATCH "EOF");
    assert_ordinary_script("apply_patch");
    assert_ordinary_script("cd");
    assert_ordinary_script("");
}

static void a_bare_patch_is_answered_with_how_to_call_it(void **state)
{
    (void)state;
    const char *alone[] = {PATCH};
    const char *script[] = {"bash", "-lc", PATCH};
    struct beacon_error err = {0};
    struct patch_command command = {0};
    assert_refused(patch_command_recognise(alone, 1, &command, &err), BEACON_E_INVALID, &err);
    assert_string_equal(err.message,
                        "patch detected without explicit call to apply_patch. Rerun as "
                        "[\"apply_patch\", \"<patch>\"]");
    assert_refused(patch_command_recognise(script, 3, &command, &err), BEACON_E_INVALID, &err);
}

static void every_truncation_of_a_script_is_ordinary(void **state)
{
    (void)state;
    const char *whole = "cd 'a b' && apply_patch <<'EOF'\n" PATCH "EOF";
    for (size_t n = 0; n < strlen(whole); n++) {
        AUTO_FREE char *cut = alloc_string_n(whole, n);
        assert_ordinary_script(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_program_with_one_argument_is_a_patch),
        cmocka_unit_test(the_program_with_other_arguments_is_not),
        cmocka_unit_test(a_script_that_is_one_heredoc_is_a_patch),
        cmocka_unit_test(shells_are_known_by_name_and_path),
        cmocka_unit_test(a_directory_before_it_is_told),
        cmocka_unit_test(a_directory_the_shell_would_expand_is_left_to_the_shell),
        cmocka_unit_test(anything_more_is_left_to_the_shell),
        cmocka_unit_test(a_bare_patch_is_answered_with_how_to_call_it),
        cmocka_unit_test(every_truncation_of_a_script_is_ordinary),
    };
    return cmocka_run_group_tests_name("tools/patch_command", tests, NULL, NULL);
}
