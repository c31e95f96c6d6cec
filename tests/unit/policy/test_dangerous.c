/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "policy/dangerous.h"
#include "policy/words.h"

static enum danger danger_of(const char *line)
{
    char **argv = words_split(line);
    assert_non_null(argv);
    enum danger danger = command_danger((const char *const *)argv);
    words_free(argv);
    return danger;
}

static enum danger danger_of_script(const char *script)
{
    const char *const argv[] = {"/bin/bash", "-lc", script, NULL};
    return command_danger(argv);
}

static void assert_danger(const char *const *lines, size_t n, enum danger wanted)
{
    for (size_t i = 0; i < n; i++) {
        if (danger_of(lines[i]) != wanted) {
            fail_msg("%s: %s", lines[i], danger_name(danger_of(lines[i])));
        }
    }
}

static void forced_rm_is_dangerous_however_it_is_started(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "rm -f x",
        "rm -rf x",
        "rm -fr x",
        "rm -vf x",
        "rm --force x",
        "rm --fo x",
        "rm x -f",
        "rm -r x -f",
        "/bin/rm -f x",
        "./rm -f x",
        "//bin/rm -f x",
        "/proc/self/root/bin/rm -f x",
        "sudo rm -f x",
        "sudo -u root rm -f x",
        "sudo -n -- rm -f x",
        "sudo A=b rm -f x",
        "sudo sudo rm -f x",
        "env rm -f x",
        "env -i rm -f x",
        "env A=b C=d rm -f x",
        "env -- A=b rm -f x",
        "env -u X rm -f x",
        "env --ignore-environment rm -f x",
        "env -S 'rm -f x'",
        "env '-Srm -f x'",
        "env --split-string='rm -f x'",
        "/usr/bin/env rm -f x",
        "doas -u x rm -f y",
        "command rm -f x",
        "exec -a y rm -f x",
        "nohup rm -f x",
        "time -p rm -f x",
        "nice -n 3 rm -f x",
        "timeout -k 1 5 rm -f x",
        "setsid rm -f x",
        "busybox rm -f x",
        "eval rm -f x",
        "eval 'rm -f x'",
        "trap 'rm -f x' EXIT",
        "trap -- 'rm -f x' EXIT",
        "bash -c 'rm -f x'",
        "bash -lc 'rm -f x'",
        "sh -ec 'rm -f x'",
        "zsh -c 'rm -f x'",
        "dash -c 'rm -f x'",
        "bash -o pipefail -c 'rm -f x'",
        "bash --norc -c 'rm -f x' a b",
        "sudo env A=b bash -c 'eval \"rm -f x\"'",
    };
    assert_danger(lines, sizeof lines / sizeof *lines, DANGER_FORCED_RM);
}

static void git_that_discards_is_dangerous(void **state)
{
    (void)state;
    static const char *const lines[] = {"git reset",
                                        "git reset --hard",
                                        "git rm x",
                                        "/usr/bin/git reset",
                                        "./legit reset",
                                        "git -C x reset",
                                        "git --git-dir x rm y",
                                        "sudo git reset",
                                        "bash -c 'git reset'"};
    assert_danger(lines, sizeof lines / sizeof *lines, DANGER_GIT);
}

static void other_commands_are_not(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "rm x",
        "rm -r x",
        "rm -- -f",
        "rm -i x",
        "rm --recursive x",
        "rmdir -f x",
        "farm -f x",
        "cp -f a b",
        "echo rm -f x",
        "git status",
        "git checkout x",
        "git log reset",
        "git commit -m reset",
        "sudo ls",
        "sudo",
        "env",
        "env A=b",
        "trap",
        "trap -",
        "eval",
        "bash",
        "bash x.sh -f",
        "bash -c",
        "ls",
        "grep -f rm x",
        "''",
        "bash -c 'echo \"rm -f x\"'",
        "command -v rm",
        "timeout 5",
    };
    assert_danger(lines, sizeof lines / sizeof *lines, DANGER_NONE);
}

static void scripts_are_searched_even_when_they_are_not_plain(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "ls && rm -f x",
        "x=$(rm -f y)",
        "for i in *; do rm -rf \"$i\"; done > log",
        "(cd x; rm -f y)",
        "cat <<EOF | sh\nrm -f x\nEOF",
        "bash <<'EOF'\nrm -f x\nEOF",
        "bash <<< 'rm -f x'",
        "sudo sh -c \"rm -f $x\"",
        "r''m -f x >y",
        "\\rm -f x",
        "$'\\x72\\x6d' -f x",
        "if true; then sudo rm -f x; fi",
        "trap 'rm -f \"$tmp\"' EXIT; ls",
        "echo `rm -f x`",
    };
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        if (danger_of_script(scripts[i]) != DANGER_FORCED_RM) {
            fail_msg("%s", scripts[i]);
        }
    }
    assert_int_equal(danger_of_script("cat <<EOF\nrm -f x\nEOF"), DANGER_NONE);
    assert_int_equal(danger_of_script("git reset && rm -f x"), DANGER_FORCED_RM);
}

/* `n` shells, the innermost runs the command. */
static char *nested(const char *command, int n)
{
    char *script = alloc_string(command);
    for (int i = 0; i < n; i++) {
        const char *const argv[] = {"sh", "-c", script, NULL};
        char *outer = words_quote(argv);
        free(script);
        script = outer;
    }
    return script;
}

static void nested_shells_are_looked_into_eight_deep(void **state)
{
    (void)state;
    char *eight = nested("rm -f x", 8), *nine = nested("ls", 12);
    assert_int_equal(danger_of(eight), DANGER_FORCED_RM);
    assert_int_equal(danger_of(nine), DANGER_HIDDEN);
    free(eight);
    free(nine);
}

static void what_is_too_large_to_be_looked_into_is_dangerous(void **state)
{
    (void)state;
    size_t n = SCRIPT_BYTES_MAX + 10;
    char *script = malloc(n + 1);
    assert_non_null(script);
    memset(script, 'x', n);
    script[n] = '\0';
    assert_int_equal(danger_of_script(script), DANGER_HIDDEN);
    free(script);
}

static void wrappers_of_wrappers_end(void **state)
{
    (void)state;
    char *line = alloc_string("ls");
    for (int i = 0; i < 12; i++) {
        const char *const argv[] = {"env", "env", "sudo", "env", "-S", line, "-S", line, NULL};
        char *outer = words_quote(argv);
        free(line);
        line = outer;
        if (strlen(line) > 60000) {
            break;
        }
    }
    assert_int_equal(danger_of(line), DANGER_HIDDEN);
    free(line);
}

static bool count_commands(void *ctx, const char *const *argv)
{
    (void)argv;
    return --*(int *)ctx > 0;
}

static void a_walk_ends_when_the_visitor_has_seen_enough(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-c", "a; b; c; d", NULL};
    int left = 3;
    assert_false(command_walk(argv, count_commands, &left, NULL));
    assert_int_equal(left, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forced_rm_is_dangerous_however_it_is_started),
        cmocka_unit_test(git_that_discards_is_dangerous),
        cmocka_unit_test(other_commands_are_not),
        cmocka_unit_test(scripts_are_searched_even_when_they_are_not_plain),
        cmocka_unit_test(nested_shells_are_looked_into_eight_deep),
        cmocka_unit_test(what_is_too_large_to_be_looked_into_is_dangerous),
        cmocka_unit_test(wrappers_of_wrappers_end),
        cmocka_unit_test(a_walk_ends_when_the_visitor_has_seen_enough),
    };
    return cmocka_run_group_tests_name("policy/dangerous", tests, NULL, NULL);
}
