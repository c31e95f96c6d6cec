/* SPDX-License-Identifier: Apache-2.0 */
/* What git_layout, git_config and git_scan make of repositories that git itself has made. */
#include "support/beacon_test.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/git_file.h"
#include "sandbox/git_layout.h"
#include "sandbox/git_scan.h"

/* One that knows nothing of the person's configuration. */
static void shell(void **state, const char *script)
{
    char whole[4096];
    (void)snprintf(whole, sizeof whole,
                   "cd '%s' && export HOME='%s' GIT_CONFIG_NOSYSTEM=1 && "
                   "git config --global user.name me && git config --global user.email me@local && "
                   "git config --global protocol.file.allow always && "
                   "git config --global init.defaultBranch main && { %s; } >&2",
                   temp_dir(state), temp_dir(state), script);
    const char *const argv[] = {"sh", "-ec", whole, NULL};
    const char *err = "";
    if (run_program(argv, NULL, NULL, &err) != 0) {
        fail_msg("%s: %s", script, err);
    }
}

static enum git_kind kind_of(void **state, const char *name)
{
    struct git_layout layout;
    git_layout_read(temp_path(state, name), &layout);
    enum git_kind kind = layout.kind;
    git_layout_finish(&layout);
    return kind;
}

static void assert_layout(void **state, const char *name, enum git_kind kind, const char *git_dir,
                          const char *common_dir)
{
    struct git_layout layout;
    git_layout_read(temp_path(state, name), &layout);
    assert_int_equal(layout.kind, kind);
    assert_string_equal(layout.git_dir, temp_path(state, git_dir));
    assert_string_equal(layout.common_dir, temp_path(state, common_dir));
    git_layout_finish(&layout);
}

static void repository_worktree_and_bare_one_are_told_apart(void **state)
{
    shell(state, "git init a; cd a; git commit --allow-empty -m 1; git worktree add ../w; cd ..; "
                 "git init --bare b; mkdir none");
    assert_layout(state, "a", GIT_DIRECTORY, "a/.git", "a/.git");
    assert_layout(state, "w", GIT_WORKTREE, "a/.git/worktrees/w", "a/.git");
    assert_layout(state, "b", GIT_BARE, "b", "b");
    assert_int_equal(kind_of(state, "none"), GIT_NONE);
    assert_int_equal(kind_of(state, "missing"), GIT_NONE);
}

static void submodule_is_known_by_its_way_back(void **state)
{
    shell(state, "git init a; cd a; git commit --allow-empty -m 1; cd ..; git init m; cd m; "
                 "git submodule add ../a lib/sub");
    assert_layout(state, "m/lib/sub", GIT_SUBMODULE, "m/.git/modules/lib/sub",
                  "m/.git/modules/lib/sub");
}

static void submodule_of_a_worktree_is_known_too(void **state)
{
    shell(state, "git init a; cd a; git commit --allow-empty -m 1; cd ..; git init m; cd m; "
                 "git submodule add ../a sub; git commit -m s; git worktree add ../w; cd ../w; "
                 "git submodule update --init");
    assert_layout(state, "w/sub", GIT_SUBMODULE, "m/.git/worktrees/w/modules/sub",
                  "m/.git/worktrees/w/modules/sub");
}

static void git_file_that_is_not_answered_is_not_believed(void **state)
{
    shell(state, "git init a; cd a; git commit --allow-empty -m 1; git worktree add ../w; cd ..; "
                 "mkdir thief child; cp w/.git thief/.git; echo 'gitdir: ../a/.git' > child/.git");
    assert_int_equal(kind_of(state, "thief"), GIT_ODD);
    assert_int_equal(kind_of(state, "child"), GIT_ODD);
}

/* The planted place answers, but names another directory as the one with everything in it. */
static void common_directory_is_above_the_worktree_or_nowhere(void **state)
{
    shell(state, "git init victim; mkdir -p w/evil/worktrees/x; cd w; "
                 "echo \"gitdir: $PWD/evil/worktrees/x\" > .git; "
                 "echo \"$PWD/.git\" > evil/worktrees/x/gitdir; "
                 "echo \"$PWD/../victim/.git\" > evil/worktrees/x/commondir");
    assert_int_equal(kind_of(state, "w"), GIT_ODD);
}

static void odd_things_named_git_are_no_repository(void **state)
{
    shell(state, "mkdir link fifo empty huge nul; ln -s /etc link/.git; mkfifo fifo/.git; "
                 ": > empty/.git; head -c 300000 /dev/zero | tr '\\0' x > huge/.git; "
                 "printf 'gitdir: \\0' > nul/.git");
    static const char *const names[] = {"link", "fifo", "empty", "huge", "nul"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(kind_of(state, names[i]), GIT_ODD);
    }
}

struct values {
    char text[256];
};

static void collect(void *ctx, const char *value)
{
    struct values *values = ctx;
    size_t n = strlen(values->text);
    (void)snprintf(values->text + n, sizeof values->text - n, "<%s>", value);
}

static void assert_config(const char *text, const char *expected)
{
    struct values values = {""};
    git_config_each(text, "core", "hookspath", collect, &values);
    assert_string_equal(values.text, expected);
}

static void configuration_is_read_as_git_reads_it(void **state)
{
    (void)state;
    assert_config("[core]\n\thooksPath = a b  # why\n", "<a b>");
    assert_config("[CORE] HooksPath=x\n", "<x>");
    assert_config("[core]\nhooksPath = \"a # b \" c ; d\n", "<a # b  c>");
    assert_config("[core]\nhooksPath = a\\\nb\\\\\\\"c\n", "<ab\\\"c>");
    assert_config("[core]\nother = x\nhooksPath\nhookspath = 1\nhookspath = 2\n", "<1><2>");
    assert_config("[core]\r\nhooksPath = x\r\n", "<x>");
    assert_config("[other]\nhooksPath = x\n[core \"s\\\"]\"]\nhooksPath = y\n", "<y>");
    assert_config("[core\nhooksPath = x\n", "<x>");
    assert_config("", "");
    assert_config("[", "");
    assert_config("[core]\nhooksPath = \\", "<\\>");
    assert_config("[core]\nhooksPath = \"open", "<open>");
}

static bool count(void *ctx, const char *dir)
{
    (void)dir;
    ++*(unsigned *)ctx;
    return true;
}

static void nested_and_bare_repositories_are_found(void **state)
{
    unsigned n = 0;
    shell(state, "mkdir -p w/a/b/c w/node_modules/x; cd w; git init .; git init a; git init a/b/c; "
                 "git init --bare a/bare.git; git init node_modules/x; ln -s a link");
    assert_true(git_scan(temp_path(state, "w"), count, &n));
    assert_int_equal(n,
                     3); /* not w itself, nor what is in node_modules, nor twice through a link */
}

static void scan_ends_at_its_bounds_and_says_so(void **state)
{
    unsigned n = 0;
    shell(state, "mkdir -p w/1/2/3/4/5/6/7/8; git init w/1/2/3/4/5/6; git init w/1/2/3/4/5/6/7");
    assert_false(git_scan(temp_path(state, "w"), count, &n));
    assert_int_equal(n, 1);
    assert_true(git_scan(temp_path(state, "gone"), count, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(repository_worktree_and_bare_one_are_told_apart),
        in_temp_dir(submodule_is_known_by_its_way_back),
        in_temp_dir(submodule_of_a_worktree_is_known_too),
        in_temp_dir(git_file_that_is_not_answered_is_not_believed),
        in_temp_dir(common_directory_is_above_the_worktree_or_nowhere),
        in_temp_dir(odd_things_named_git_are_no_repository),
        in_temp_dir(configuration_is_read_as_git_reads_it),
        in_temp_dir(nested_and_bare_repositories_are_found),
        in_temp_dir(scan_ends_at_its_bounds_and_says_so),
    };
    return cmocka_run_group_tests_name("sandbox/git_layout", tests, NULL, NULL);
}
