/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include "policy/programs.h"
#include "policy/safe.h"
#include "policy/words.h"

static bool is_safe(const char *line, bool may_gain_options)
{
    char **argv = words_split(line);
    assert_non_null(argv);
    bool is = command_is_known_safe((const char *const *)argv, may_gain_options);
    words_free(argv);
    return is;
}

static void assert_verdicts(const char *const *lines, size_t n, bool wanted)
{
    for (size_t i = 0; i < n; i++) {
        if (is_safe(lines[i], false) != wanted) {
            fail_msg("%s: known safe is %d", lines[i], !wanted);
        }
    }
}

static void commands_that_only_look_are_safe(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "cat x",
        "cd x",
        "echo -n hi",
        "false",
        "grep -r x .",
        "head -c 3 x",
        "ls -la",
        "nl x",
        "pwd",
        "tail -f x",
        "true",
        "wc -l",
        "which ls",
        "cut -f 1",
        "expr 1 + 2",
        "id",
        "paste a b",
        "rev",
        "seq 3",
        "stat x",
        "tr a b",
        "uname -a",
        "uniq",
        "uniq -c x",
        "uniq -f 1 x",
        "whoami",
        "base64 x",
        "base64 -d",
        "find . -name '*.c'",
        "find . -type f -print",
        "rg foo",
        "rg --files -n x",
        "rg -i x",
        "git status",
        "git log -p",
        "git diff --stat HEAD",
        "git show --text HEAD",
        "git branch",
        "git branch -a -vv",
        "git branch --show-current",
        "git branch --format=%(refname)",
        "git --no-pager log",
        "git -P diff",
        "git log --oneline --exclude=x",
        "sed -n 3p",
        "sed -n 3p x",
        "sed -n 1,20p x",
        "/bin/ls",
        "/usr/bin/git status",
        "/usr/local/bin/rg x",
        "git log --output-indicator-new=+",
#ifdef __linux__
        "numfmt 1",
        "tac x",
#endif
    };
    assert_verdicts(lines, sizeof lines / sizeof *lines, true);
}

static const char *const unsafe[] = {
    "rm x",
    "make",
    "cargo check",
    "bash -c ls",
    "tee x",
    "sort -o x y",
    "xargs ls",
    "env ls",
    "awk 1",
    "Ls",
    "LS x",
    "base64 -o x",
    "base64 -ox",
    "base64 --output x",
    "base64 --output=x",
    "base64 --out=x",
    "base64 -Do x",
    "find . -exec rm {} ;",
    "find . -execdir x",
    "find . -ok x",
    "find . -okdir x",
    "find . -delete",
    "find . -fls x",
    "find . -fprint x",
    "find . -fprint0 x",
    "find . -fprintf x y",
    "rg --pre ./x y",
    "rg --pre=./x y",
    "rg --hostname-bin x y",
    "rg --hostname-bin=x y",
    "rg --search-zip x",
    "rg -z x",
    "rg -iz x",
    "git",
    "git push",
    "git commit",
    "git reset",
    "git branch new",
    "git branch -D x",
    "git branch -d x",
    "git branch -m x",
    "git branch --list x",
    "git branch --format",
    "git -C x status",
    "git -Cx status",
    "git -c core.pager=x log",
    "git --git-dir=x log",
    "git --git-dir x log",
    "git --work-tree=x status",
    "git --exec-path=x log",
    "git --namespace x log",
    "git --config-env=a=b log",
    "git --super-prefix=x status",
    "git -p log",
    "git --paginate log",
    "git --bare log",
    "git --attr-source status log",
    "git --unknown status",
    "git diff --output=x",
    "git diff --output x",
    "git diff --outp=x",
    "git diff --ext-diff",
    "git log --textconv",
    "git log --textc",
    "git diff --exec=x",
    "git diff --ex x",
    "git log --show-signature",
    "git diff --o x",
    "sed -n p",
    "sed -n 1,p",
    "sed -n ,2p",
    "sed -n 3p x y",
    "sed 3p",
    "sed -n 3px",
    "sed -n 3d x",
    "sed -n 3p -fx",
    "sed -n 3p -i",
    "sed -i 3p x",
    "sed -n 1,2,3p x",
    "sed -n '3p;w x'",
    "uniq a b",
    "uniq -c a b",
    "uniq -- -a b",
    "./ls",
    "x/ls",
    "/tmp/ls",
    "/usr/bin/../../tmp/ls",
    "//bin/ls",
    "/bin//ls",
    "/proc/self/root/bin/ls",
    "/bin/x/ls",
    "/bin/",
    "git/",
    "''",
    "ls/",
};

static void whatever_could_write_or_start_something_is_not(void **state)
{
    (void)state;
    assert_verdicts(unsafe, sizeof unsafe / sizeof *unsafe, false);
}

static void an_option_from_a_glob_makes_only_commands_with_unsafe_options_unsafe(void **state)
{
    (void)state;
    assert_true(is_safe("ls x", true));
    assert_true(is_safe("cat x", true));
    assert_false(is_safe("rg x", true));
    assert_false(is_safe("find x", true));
    assert_false(is_safe("git diff x", true));
    assert_false(is_safe("sed -n 3p x", true));
    assert_false(is_safe("uniq x", true));
}

static void nothing_is_not_safe(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    assert_false(command_is_known_safe(none, false));
}

static void only_three_words_are_the_script_of_a_shell(void **state)
{
    (void)state;
    static const struct {
        const char *line, *script;
    } rows[] = {{"bash -lc x", "x"},   {"/bin/zsh -c x", "x"}, {"sh -c x", "x"},
                {"bash -c x y", NULL}, {"bash -ec x", NULL},   {"dash -c x", NULL},
                {"bash -c", NULL},     {"bash x -c", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char **argv = words_split(rows[i].line);
        const char *script = program_script((const char *const *)argv);
        assert_true((script != NULL) == (rows[i].script != NULL));
        words_free(argv);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_that_only_look_are_safe),
        cmocka_unit_test(whatever_could_write_or_start_something_is_not),
        cmocka_unit_test(an_option_from_a_glob_makes_only_commands_with_unsafe_options_unsafe),
        cmocka_unit_test(nothing_is_not_safe),
        cmocka_unit_test(only_three_words_are_the_script_of_a_shell),
    };
    return cmocka_run_group_tests_name("policy/safe", tests, NULL, NULL);
}
