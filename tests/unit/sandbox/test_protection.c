/* SPDX-License-Identifier: Apache-2.0 */
/* The namespaces backend and the protected names together: nothing can be planted that somebody else
 * would run, everyday git goes on, and nothing of ours is left or seen. */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/spawn.h"
#include "sandbox/sandbox.h"
#include "unit/sandbox/confined.h"

#define SCRIPT_MAX 8192

/* Done by the person, outside. */
static const char *person(void **state, const char *script)
{
    char whole[SCRIPT_MAX];
    (void)snprintf(whole, sizeof whole,
                   "cd '%s' && export HOME='%s' GIT_CONFIG_NOSYSTEM=1 && "
                   "git config --global user.name me && git config --global user.email me@local && "
                   "git config --global protocol.file.allow always && "
                   "git config --global init.defaultBranch main && { %s; } 2>&1",
                   stage_of(state)->work, stage_of(state)->dir, script);
    const char *const argv[] = {"sh", "-ec", whole, NULL};
    const char *out = "";
    if (run_program(argv, NULL, &out, NULL) != 0) {
        fail_msg("%s: %s", script, out);
    }
    return out;
}

static bool has_namespaces(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    settings.backend = "namespaces";
    bool is_there =
        sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err) == BEACON_OK;
    sandbox_destroy(sandbox);
    return is_there;
}

#define NEED_NAMESPACES(state)                                                                     \
    if (!has_namespaces(state)) {                                                                  \
        skip();                                                                                    \
    }

static struct sandbox_settings safe(void **state)
{
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    settings.backend = "namespaces";
    return settings;
}

static int run(void **state, const struct sandbox_settings *settings, const char *script,
               const char **ret_out)
{
    char whole[SCRIPT_MAX];
    (void)snprintf(whole, sizeof whole, "export HOME='%s' GIT_CONFIG_NOSYSTEM=1; %s",
                   stage_of(state)->dir, script);
    return confined_run(state, settings, whole, ret_out);
}

static void assert_works(void **state, const struct sandbox_settings *settings, const char *script)
{
    const char *out = "";
    if (run(state, settings, script, &out) != 0) {
        fail_msg("%s: %s", script, out);
    }
}

static void assert_fails(void **state, const struct sandbox_settings *settings, const char *script)
{
    if (run(state, settings, script, NULL) == 0) {
        fail_msg("this was possible: %s", script);
    }
}

/* What other programs take their orders from, so that a change of any of it is seen. */
static const char *picture(void **state)
{
    return person(state, "ls -A . nested 2>&1 || true; for d in .git nested/.git bare.git; do "
                         "ls -A $d/hooks $d/commondir $d/config.worktree $d/info/attributes 2>&1; "
                         "cat $d/config $d/hooks/* 2>/dev/null; stat -c '%n %F %a' $d $d/config "
                         "$d/hooks 2>&1; done || true");
}

static void everyday_git_works_in_safe_mode(void **state)
{
    static const char *const scripts[] = {
        "git status && echo 1 > f && git add f && git commit -m one",
        "git diff && git log --oneline && echo 2 >> f && git stash && git stash pop",
        "git commit -am two && git switch -c topic && echo t > t && git add -A && git commit -m t",
        "git switch main && echo 3 > g && git add g && git commit -m g && git rebase main topic",
        "git switch main && git merge topic && git tag v1 && git tag -a -m v2 v2",
        "git switch -c other && git commit --allow-empty -m o && git switch main",
        "git merge --no-ff -m merged other && git branch -d other",
        "git worktree add tree && cd tree && echo w > w && git add w && git commit -m w",
        "git worktree list && git worktree remove tree && git worktree prune",
        "git reset --hard HEAD~1 && git reflog && git cherry-pick topic || git cherry-pick --skip",
        "git notes add -m n && git revert --no-edit HEAD && git clean -fdx && git fsck",
        "test -z \"$(git gc 2>&1)\" && git repack -adq && git maintenance run",
        "test -z \"$(git status --porcelain 2>&1)\" && test \"$(git stash list)\" = ''",
    };
    NEED_NAMESPACES(state);
    const struct sandbox_settings settings = safe(state);
    (void)person(state, "git init .");
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        assert_works(state, &settings, scripts[i]);
    }
    assert_string_equal(person(state, "git status --porcelain"), "");
}

static void git_works_in_a_linked_worktree_and_a_submodule(void **state)
{
    NEED_NAMESPACES(state);
    struct sandbox_settings settings = safe(state);
    (void)person(state, "git init ../a; cd ../a; git commit --allow-empty -m 1; cd ../work; "
                        "git init .; git submodule add ../a sub; git commit -m s; "
                        "cd ../a; git worktree add ../linked");
    assert_works(state, &settings,
                 "cd sub && echo 1 > f && git add f && git commit -m f && cd .. && "
                 "git add sub && git commit -m sub && test -z \"$(git status --porcelain)\"");
    settings.cwd = stage_path(state, "linked");
    assert_works(state, &settings,
                 "echo 1 > f && git add f && git commit -m f && git log --oneline && "
                 "test -z \"$(git status --porcelain)\"");
    assert_fails(state, &settings, "echo x > ../a/file");
    assert_fails(state, &settings, "echo x > ../a/.git/hooks/pre-commit");
    assert_fails(state, &settings, "echo x >> ../a/.git/config");
    assert_fails(state, &settings, "echo /tmp > ../a/.git/worktrees/linked/commondir");
    assert_fails(state, &settings, "rm .git && echo 'gitdir: x' > .git");
}

/* Ways to leave something behind that another program takes its orders from, and what makes each of
 * them possible where there is no sandbox; NULL: it is about the sandbox itself. */
static const struct {
    const char *script, *control;
} plants[] = {
    {"echo x > .git/hooks/pre-commit", ":"},
    {"rm -r .git/hooks && mkdir .git/hooks", ":"},
    {"mv .git/hooks h && mkdir .git/hooks", ":"},
    {"ln -sfn /tmp .git/hooks", ":"},
    {"git config core.fsmonitor evil", ":"},
    {"echo '[core] fsmonitor = evil' >> .git/config", ":"},
    {"echo x > c && mv c .git/config", ":"},
    {"cp .git/config c && ln -f c .git/config", ":"},
    {"ln .git/config hard && echo x >> hard", ":"},
    {"chmod 777 .git/config && test \"$(stat -c %a .git/config)\" = 777", ":"},
    {"rm .git/config", ":"},
    {"echo /tmp > .git/commondir", ":"},
    {"rm .git/commondir && echo /tmp > .git/commondir", "echo . > .git/commondir"},
    {"mv .git/commondir c", "echo . > .git/commondir"},
    {"echo '[core] fsmonitor = evil' > .git/config.worktree", ":"},
    {"echo '* filter=evil' > .git/info/attributes", ":"},
    {"rm -r .git/info", ":"},
    {"mv .git/info i", ":"},
    {"mv .git g", ":"},
    {"mv .git g && mkdir .git", ":"},
    {"rm -rf .git", ":"},
    {"ln -s /tmp .git/config.worktree", ":"},
    {"mkdir .vscode", ":"},
    {"echo x > .vscode/tasks.json", "mkdir .vscode"},
    {"rm .vscode && mkdir .vscode", "touch .vscode"},
    {"mv .vscode v && mkdir .vscode", "mkdir .vscode"},
    {"ln -sfn v .vscode && test -L .vscode", ":"},
    {"chmod 755 .vscode && echo x > .vscode/tasks.json", "mkdir .vscode"},
    {"echo x > .mcp.json", ":"},
    {"echo x > .envrc", ":"},
    {"rm .envrc && echo x > .envrc", "touch .envrc"},
    {"mkdir .code/x", "mkdir .code"},
    {"mkdir .codex/x", "mkdir .codex"},
    {"echo x > .agents/AGENTS.md", "mkdir .agents"},
    {"echo x > nested/.git/hooks/pre-commit", ":"},
    {"echo x >> nested/.git/config", ":"},
    {"mv nested n && mkdir -p nested/.git", ":"},
    {"mv nested/.git n", ":"},
    {"rm -rf bare.git/hooks && mkdir bare.git/hooks", ":"},
    {"echo x >> bare.git/config", ":"},
    {"cd .. && mv work w", NULL},
    {"umount .git/config", NULL},
    {"mount --bind /tmp .git/hooks", NULL},
    {"unshare -Urm umount .vscode", NULL},
    {"cd .vscode && exec 9< . && echo x > /proc/self/fd/9/x", "mkdir .vscode"},
};

static const char prepare[] = "rm -rf ./* ./.[a-z]*; git init .; git commit --allow-empty -m 1; "
                              "git init nested; git init --bare bare.git; rm .git/hooks/*";

static void nothing_can_be_planted_that_somebody_else_runs(void **state)
{
    NEED_NAMESPACES(state);
    const struct sandbox_settings settings = safe(state);
    for (size_t i = 0; i < sizeof plants / sizeof plants[0]; i++) {
        (void)person(state, prepare);
        const char *before = picture(state);
        assert_fails(state, &settings, plants[i].script);
        (void)person(state, "rm -rf c h v g i n hard");
        if (strcmp(picture(state), before) != 0) {
            fail_msg("this left something: %s\n%s", plants[i].script,
                     person(state, "git status --porcelain; ls -lA . .git .git/hooks"));
        }
    }
}

static void all_of_it_can_be_done_without_a_sandbox(void **state)
{
    for (size_t i = 0; i < sizeof plants / sizeof plants[0]; i++) {
        if (plants[i].control == NULL) {
            continue;
        }
        (void)person(state, prepare);
        (void)person(state, plants[i].control);
        (void)person(state, plants[i].script);
    }
}

static void repository_cannot_be_made_where_there_is_none(void **state)
{
    NEED_NAMESPACES(state);
    struct sandbox_settings settings = safe(state);
    assert_fails(state, &settings, "git init .");
    assert_works(state, &settings, "git rev-parse --git-dir; test $? != 0");
    assert_string_equal(person(state, "ls -A"), "");
    settings.git = SANDBOX_GIT_WRITABLE;
    assert_works(state, &settings, "git init . && git config a.b c && echo x > .git/hooks/h");
}

static void workspace_cannot_become_a_bare_repository(void **state)
{
    NEED_NAMESPACES(state);
    const struct sandbox_settings settings = safe(state);
    assert_works(state, &settings,
                 "mkdir objects refs; echo 'ref: refs/heads/x' > HEAD; "
                 "printf '[core]\\nfsmonitor = touch run\\nbare = false\\n"
                 "worktree = .\\n' > config");
    (void)person(state, "git status || true; test ! -e run; test -e HEAD.disabled");
}

static void protected_git_cannot_be_written_at_all(void **state)
{
    NEED_NAMESPACES(state);
    struct sandbox_settings settings = safe(state);
    settings.git = SANDBOX_GIT_PROTECTED;
    (void)person(state, "git init .; git commit --allow-empty -m 1");
    assert_works(state, &settings, "git status && git log");
    assert_fails(state, &settings, "git commit --allow-empty -m 2");
    assert_fails(state, &settings, "echo x > .git/HEAD");
}

static void nothing_of_ours_is_seen_by_git_or_left(void **state)
{
    NEED_NAMESPACES(state);
    const struct sandbox_settings settings = safe(state);
    (void)person(state, "git init .; git commit --allow-empty -m 1");
    const char *before = picture(state);
    assert_works(state, &settings,
                 "test -z \"$(git status --porcelain 2>&1)\" && git add -A && "
                 "test -z \"$(git status --porcelain 2>&1)\" && test -S .vscode");
    assert_string_equal(picture(state), before);
}

static void credentials_cannot_be_read(void **state)
{
    NEED_NAMESPACES(state);
    struct sandbox_settings settings = safe(state);
    const char *out = "";
    (void)person(state, "mkdir ../home; echo hidden > ../home/auth.json; mkdir ../home/secrets; "
                        "echo hidden > ../home/secrets/x.json; echo shown > ../home/config.toml");
    settings.home = stage_path(state, "home");
    assert_works(state, &settings, "grep -q shown ../home/config.toml");
    (void)run(state, &settings, "cat ../home/auth.json ../home/secrets/*", &out);
    assert_null(strstr(out, "hidden"));
    settings.mode = SANDBOX_READ_ONLY;
    (void)run(state, &settings, "cat ../home/auth.json ../home/secrets/*", &out);
    assert_null(strstr(out, "hidden"));
}

/* A host that is killed with a command in it: no process, no cover. */
static void killed_host_leaves_nothing(void **state)
{
    NEED_NAMESPACES(state);
    int ready[2];
    (void)person(state, "git init .; git commit --allow-empty -m 1");
    const char *before = picture(state);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t host = fork();
    assert_true(host >= 0);
    if (host == 0) {
        struct beacon_error err = {0};
        struct sandbox *sandbox = NULL;
        struct sandbox_run *started = NULL;
        struct spawn_child child;
        const struct sandbox_settings settings = safe(state);
        const char *const argv[] = {"sh", "-c", "echo; exec sleep 1000", NULL};
        const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
        const struct sandbox_command command = {
            .argv = argv, .env = env, .in_fd = -1, .out_fd = ready[1], .err_fd = -1};
        if (sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err) == BEACON_OK &&
            sandbox_start(sandbox, &command, &started, &child, &err) == BEACON_OK) {
            for (;;) {
                (void)pause();
            }
        }
        _exit(1);
    }
    char byte = 0;
    (void)close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_string_not_equal(picture(state), before);
    assert_int_equal(kill(host, SIGKILL), 0);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {
    }
    assert_int_equal(read(ready[0], &byte, 1), 0);
    assert_string_equal(picture(state), before);
    (void)close(ready[0]);
}

static void file_tools_obey_the_same_policy(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    char path[4096];
    static const char *const closed[] = {
        ".git/hooks/x", ".vscode/tasks.json", ".envrc", ".mcp.json", ".code", "../outside/x"};
    static const char *const open[] = {"x", "a/b/c", ".git/index", ".vscodes", ".envrc.local"};
    (void)person(state, "git init .; mkdir -p ../home; echo > ../home/auth.json");
    settings.home = stage_path(state, "home");
    assert_ok(sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err), &err);
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", stage_of(state)->work, closed[i]);
        assert_refused(
            sandbox_check_write(sandbox, i == 5 ? stage_path(state, "outside/x") : path, &err),
            BEACON_E_REFUSED, &err);
    }
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", stage_of(state)->work, open[i]);
        assert_ok(sandbox_check_write(sandbox, path, &err), &err);
    }
    assert_refused(sandbox_check_read(sandbox, stage_path(state, "home/auth.json"), &err),
                   BEACON_E_REFUSED, &err);
    assert_ok(sandbox_check_read(sandbox, stage_path(state, "outside/secret"), &err), &err);
    sandbox_destroy(sandbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_stage(everyday_git_works_in_safe_mode),
        on_stage(git_works_in_a_linked_worktree_and_a_submodule),
        on_stage(nothing_can_be_planted_that_somebody_else_runs),
        on_stage(all_of_it_can_be_done_without_a_sandbox),
        on_stage(repository_cannot_be_made_where_there_is_none),
        on_stage(workspace_cannot_become_a_bare_repository),
        on_stage(protected_git_cannot_be_written_at_all),
        on_stage(nothing_of_ours_is_seen_by_git_or_left),
        on_stage(credentials_cannot_be_read),
        on_stage(killed_host_leaves_nothing),
        on_stage(file_tools_obey_the_same_policy),
    };
    return cmocka_run_group_tests_name("sandbox/protection", tests, NULL, NULL);
}
