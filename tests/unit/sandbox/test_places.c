/* SPDX-License-Identifier: Apache-2.0 */
/* Which paths a policy speaks of, and what it says about them. */
#include "support/beacon_test.h"

#include <beacon/sandbox.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sandbox/cover.h"
#include "sandbox/places.h"
#include "sandbox/sandbox.h"

#define DENIED (BEACON_PATH_DENY | BEACON_PATH_WRITE)
#define SOFTLY (DENIED | BEACON_PATH_SOFT)

static void shell(void **state, const char *script)
{
    char whole[4096];
    (void)snprintf(whole, sizeof whole,
                   "cd '%s' && export HOME='%s' GIT_CONFIG_NOSYSTEM=1 && "
                   "git config --global user.name me && git config --global user.email me@local && "
                   "git config --global protocol.file.allow always && { %s; } >&2",
                   temp_dir(state), temp_dir(state), script);
    const char *const argv[] = {"sh", "-ec", whole, NULL};
    const char *err = "";
    if (run_program(argv, NULL, NULL, &err) != 0) {
        fail_msg("%s: %s", script, err);
    }
}

static struct sandbox_settings settings_of(void **state, const char *cwd)
{
    return (struct sandbox_settings){.mode = SANDBOX_WORKSPACE_WRITE,
                                     .cwd = temp_path(state, cwd),
                                     .exclude_tmpdir = true,
                                     .exclude_slash_tmp = true};
}

static struct places places_of(const struct sandbox_settings *settings)
{
    struct beacon_error err = {0};
    struct places places;
    assert_ok(places_init(&places, settings, &err), &err);
    return places;
}

static const struct place *find(void **state, const struct places *places, const char *name)
{
    const char *path = name[0] == '/' ? name : temp_path(state, name);
    for (size_t i = 0; i < places->n; i++) {
        if (strcmp(places->list[i].path, path) == 0) {
            return &places->list[i];
        }
    }
    return NULL;
}

static void assert_access(void **state, const struct places *places, const char *name,
                          uint32_t access)
{
    const struct place *place = find(state, places, name);
    if (place == NULL || place->access != access) {
        fail_msg("%s: %s 0x%x", name, place == NULL ? "not listed, wanted" : "wanted", access);
    }
}

static void assert_no_rule(void **state, const struct places *places, const char *name)
{
    if (find(state, places, name) != NULL) {
        fail_msg("%s is listed", name);
    }
}

static bool is_noted(const struct places *places, const char *part)
{
    for (size_t i = 0; i < places->n_notes; i++) {
        if (strstr(places->notes[i], part) != NULL) {
            return true;
        }
    }
    return false;
}

static void parents_stand_before_what_is_beneath_them(void **state)
{
    shell(state, "git init w; mkdir w/sub");
    struct sandbox_settings settings = settings_of(state, "w");
    const char *const roots[] = {"sub", "../w"};
    settings.writable_roots = roots;
    settings.n_writable_roots = 2;
    struct places places = places_of(&settings);
    for (size_t i = 1; i < places.n; i++) {
        assert_true(strcmp(places.list[i - 1].path, places.list[i].path) < 0);
    }
    assert_string_equal(places.list[0].path, "/");
    assert_string_equal(places_root(&places, 0)->path, temp_path(state, "w"));
    assert_string_equal(places_root(&places, 1)->path, temp_path(state, "w/sub"));
    assert_null(places_root(&places, 2)); /* one that is named twice is one */
    places_finish(&places);
}

static void names_that_give_orders_are_denied_in_every_root_of_the_person(void **state)
{
    static const char *const names[] = {".code",   ".codex",    ".agents",
                                        ".vscode", ".mcp.json", ".envrc"};
    shell(state, "mkdir w more; mkdir w/.vscode; echo > more/.envrc");
    struct sandbox_settings settings = settings_of(state, "w");
    const char *const roots[] = {"../more"};
    settings.writable_roots = roots;
    settings.n_writable_roots = 1;
    struct places places = places_of(&settings);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "w/%s", names[i]);
        assert_access(state, &places, path, SOFTLY);
        (void)snprintf(path, sizeof path, "more/%s", names[i]);
        assert_access(state, &places, path, SOFTLY);
    }
    assert_true(find(state, &places, "w/.vscode")->fd >= 0);
    assert_int_equal(find(state, &places, "w/.code")->fd, -1);
    places_finish(&places);
}

static void temporary_directories_have_no_protected_names(void **state)
{
    shell(state, "mkdir w t");
    struct sandbox_settings settings = settings_of(state, "w");
    settings.exclude_tmpdir = settings.exclude_slash_tmp = false;
    assert_int_equal(setenv("TMPDIR", temp_path(state, "t"), 1), 0);
    struct places places = places_of(&settings);
    (void)unsetenv("TMPDIR");
    assert_non_null(find(state, &places, "t"));
    assert_no_rule(state, &places, "/tmp/.vscode");
    assert_no_rule(state, &places, "t/.vscode");
    places_finish(&places);
}

static void safe_git_denies_what_git_runs_and_nothing_else(void **state)
{
    static const char *const denied[] = {"hooks", "config", "config.worktree", "commondir",
                                         "info/attributes"};
    static const char *const open[] = {"objects", "refs", "logs", "index", "HEAD", "packed-refs"};
    shell(state, "git init w; cd w; git commit --allow-empty -m 1");
    const struct sandbox_settings settings = settings_of(state, "w");
    struct places places = places_of(&settings);
    char path[64];
    for (size_t i = 0; i < sizeof denied / sizeof denied[0]; i++) {
        (void)snprintf(path, sizeof path, "w/.git/%s", denied[i]);
        assert_access(state, &places, path, SOFTLY);
    }
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        (void)snprintf(path, sizeof path, "w/.git/%s", open[i]);
        const struct place *place = places_decide(&places, temp_path(state, path));
        assert_int_equal(place->access & (BEACON_PATH_WRITE | BEACON_PATH_DENY), BEACON_PATH_WRITE);
    }
    places_finish(&places);
}

static void missing_repository_is_kept_from_being_made(void **state)
{
    shell(state, "mkdir w");
    struct sandbox_settings settings = settings_of(state, "w");
    struct places places = places_of(&settings);
    assert_access(state, &places, "w/.git", SOFTLY);
    places_finish(&places);
    settings.git = SANDBOX_GIT_WRITABLE;
    places = places_of(&settings);
    assert_no_rule(state, &places, "w/.git");
    assert_access(state, &places, "w/.vscode", SOFTLY);
    places_finish(&places);
}

static void protected_git_is_denied_as_a_whole_and_not_softly(void **state)
{
    shell(state, "git init w; git init w/nested");
    struct sandbox_settings settings = settings_of(state, "w");
    settings.git = SANDBOX_GIT_PROTECTED;
    struct places places = places_of(&settings);
    assert_access(state, &places, "w/.git", DENIED);
    assert_access(state, &places, "w/nested/.git", DENIED);
    assert_no_rule(state, &places, "w/.git/hooks");
    places_finish(&places);
}

static void linked_worktree_may_write_its_repository_outside_of_the_roots(void **state)
{
    shell(state, "git init a; cd a; git commit --allow-empty -m 1; git worktree add ../w");
    const struct sandbox_settings settings = settings_of(state, "w");
    struct places places = places_of(&settings);
    assert_access(state, &places, "a/.git",
                  BEACON_PATH_READ | BEACON_PATH_WRITE | BEACON_PATH_EXEC);
    assert_access(state, &places, "w/.git", SOFTLY);
    assert_access(state, &places, "a/.git/hooks", SOFTLY);
    assert_access(state, &places, "a/.git/config", SOFTLY);
    assert_access(state, &places, "a/.git/worktrees/w/commondir", SOFTLY);
    assert_access(state, &places, "a/.git/worktrees/w/gitdir", SOFTLY);
    assert_false(places_is_in_writable(&places, temp_path(state, "a/file")));
    places_finish(&places);
}

static void worktrees_of_the_person_are_protected_and_those_inside_removable(void **state)
{
    shell(state, "git init w; cd w; git commit --allow-empty -m 1; git worktree add ../outer; "
                 "git worktree add inner");
    const struct sandbox_settings settings = settings_of(state, "w");
    struct places places = places_of(&settings);
    assert_access(state, &places, "w/.git/worktrees/outer/commondir", SOFTLY);
    assert_access(state, &places, "w/.git/worktrees/outer/config.worktree", SOFTLY);
    assert_no_rule(state, &places, "w/.git/worktrees/inner/commondir");
    assert_no_rule(state, &places, "w/inner/.git");
    places_finish(&places);
}

static void git_file_that_is_not_answered_opens_nothing(void **state)
{
    shell(state, "git init a; cd a; git commit --allow-empty -m 1; git worktree add ../x; cd ..; "
                 "mkdir w; cp x/.git w/.git");
    const struct sandbox_settings settings = settings_of(state, "w");
    struct places places = places_of(&settings);
    assert_false(places_is_in_writable(&places, temp_path(state, "a/.git")));
    assert_access(state, &places, "w/.git", SOFTLY);
    assert_true(is_noted(&places, "does not point back"));
    places_finish(&places);
}

/* What a command wrote has no say about what the next one may write. */
static void worktree_planted_in_a_root_opens_nothing_above_it(void **state)
{
    shell(state, "git init --bare a; mkdir -p a/worktrees; cd a/worktrees; mkdir x; "
                 "echo ../.. > x/commondir; echo \"$PWD/.git\" > x/gitdir; "
                 "echo \"gitdir: $PWD/x\" > .git");
    const struct sandbox_settings settings = settings_of(state, "a/worktrees");
    struct places places = places_of(&settings);
    assert_false(places_is_in_writable(&places, temp_path(state, "a/refs")));
    places_finish(&places);
}

static void submodules_stay_usable_but_for_hooks_and_config(void **state)
{
    shell(state, "git init a; cd a; git commit --allow-empty -m 1; cd ..; git init w; cd w; "
                 "git submodule add ../a lib/sub");
    const struct sandbox_settings settings = settings_of(state, "w");
    struct places places = places_of(&settings);
    assert_access(state, &places, "w/.git/modules", SOFTLY);
    assert_access(state, &places, "w/.git/modules/lib/sub",
                  BEACON_PATH_READ | BEACON_PATH_WRITE | BEACON_PATH_EXEC);
    assert_access(state, &places, "w/.git/modules/lib/sub/config", SOFTLY);
    assert_access(state, &places, "w/.git/modules/lib/sub/hooks", SOFTLY);
    assert_access(state, &places, "w/lib/sub/.git", SOFTLY);
    places_finish(&places);
}

static void nested_and_bare_repositories_are_protected_too(void **state)
{
    shell(state, "mkdir w; cd w; git init n/m; git init --bare n/bare.git");
    const struct sandbox_settings settings = settings_of(state, "w");
    struct places places = places_of(&settings);
    assert_access(state, &places, "w/n/m/.git/hooks", SOFTLY);
    assert_access(state, &places, "w/n/bare.git/hooks", SOFTLY);
    assert_access(state, &places, "w/n/bare.git/config", SOFTLY);
    places_finish(&places);
}

static void many_repositories_are_protected_at_a_lower_price(void **state)
{
    shell(state, "mkdir w; cd w; for i in $(seq 10 29); do mkdir -p r$i/.git; done");
    const struct sandbox_settings settings = settings_of(state, "w");
    struct places places = places_of(&settings);
    size_t n_whole = 0;
    for (int i = 10; i < 30; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "w/r%d/.git", i);
        const struct place *whole = find(state, &places, path);
        n_whole += whole != NULL ? 1 : 0;
        (void)snprintf(path, sizeof path, "w/r%d/.git/hooks", i);
        assert_true(whole != NULL || find(state, &places, path) != NULL);
    }
    assert_int_equal(n_whole, 12);
    places_finish(&places);
}

static void hooks_that_the_configuration_names_are_protected(void **state)
{
    shell(state, "git init w; cd w; mkdir .husky; echo > shared; "
                 "git config core.hooksPath .husky; git config include.path ../shared");
    const struct sandbox_settings settings = settings_of(state, "w");
    struct places places = places_of(&settings);
    assert_access(state, &places, "w/.husky", SOFTLY);
    assert_access(state, &places, "w/shared", SOFTLY);
    places_finish(&places);
}

static void git_directory_with_a_linked_name_is_closed(void **state)
{
    shell(state, "git init w; cd w; rm -r .git/hooks; mkdir h; ln -s ../h .git/hooks");
    const struct sandbox_settings settings = settings_of(state, "w");
    struct places places = places_of(&settings);
    assert_access(state, &places, "w/.git", SOFTLY);
    assert_true(is_noted(&places, "symlink"));
    places_finish(&places);
}

static void protected_name_that_is_a_symlink_is_told(void **state)
{
    shell(state, "mkdir w; ln -s elsewhere w/.vscode");
    const struct sandbox_settings settings = settings_of(state, "w");
    struct places places = places_of(&settings);
    assert_no_rule(state, &places, "w/.vscode");
    assert_true(is_noted(&places, "w/.vscode is not protected"));
    places_finish(&places);
}

static void root_that_the_person_named_is_writable_whatever_its_name(void **state)
{
    shell(state, "mkdir -p w/.vscode");
    struct sandbox_settings settings = settings_of(state, "w");
    const char *const roots[] = {".vscode"};
    settings.writable_roots = roots;
    settings.n_writable_roots = 1;
    struct places places = places_of(&settings);
    assert_access(state, &places, "w/.vscode",
                  BEACON_PATH_READ | BEACON_PATH_WRITE | BEACON_PATH_EXEC);
    places_finish(&places);
}

static void roots_that_cannot_be_used_are_left_out_and_told(void **state)
{
    shell(state, "mkdir w real; echo > file; ln -s real link");
    struct sandbox_settings settings = settings_of(state, "w");
    const char *const roots[] = {"../gone", "../file", "../link", "/", "/proc/self", "/sys"};
    settings.writable_roots = roots;
    settings.n_writable_roots = sizeof roots / sizeof roots[0];
    struct places places = places_of(&settings);
    assert_string_equal(places_root(&places, 1)->path, temp_path(state, "real"));
    assert_null(places_root(&places, 2));
    assert_true(is_noted(&places, "gone is not writable: No such file or directory"));
    assert_true(is_noted(&places, "file is not writable: it is no directory"));
    assert_true(is_noted(&places, "/ is not writable: it is the whole system"));
    assert_true(is_noted(&places, "/sys is not writable: it is a part of the kernel's"));
    places_finish(&places);
}

static void assert_no_workspace(const char *cwd, const char *home)
{
    struct beacon_error err = {0};
    struct places places;
    struct sandbox_settings settings = {.mode = SANDBOX_WORKSPACE_WRITE, .cwd = cwd, .home = home};
    assert_refused(places_init(&places, &settings, &err), BEACON_E_INVALID, &err);
    places_finish(&places);
}

static void some_directories_are_no_workspace(void **state)
{
    shell(state, "mkdir home");
    assert_no_workspace("/", NULL);
    assert_no_workspace("/proc", NULL);
    shell(state, "git init w");
    assert_no_workspace(temp_path(state, "w/.git"), NULL);
    assert_no_workspace(temp_path(state, "w/.git/hooks"), NULL);
    assert_no_workspace(temp_path(state, "gone"), NULL);
    assert_no_workspace(temp_path(state, "home"), temp_path(state, "home"));
    struct beacon_error err = {0};
    struct places places;
    const struct sandbox_settings settings = {.mode = SANDBOX_READ_ONLY, .cwd = "/"};
    assert_ok(places_init(&places, &settings, &err), &err);
    places_finish(&places);
}

static void home_and_credentials_are_closed(void **state)
{
    shell(state, "mkdir -p w/home; echo secret > w/home/auth.json");
    struct sandbox_settings settings = settings_of(state, "w");
    settings.home = temp_path(state, "w/home");
    struct places places = places_of(&settings);
    assert_access(state, &places, "w/home", SOFTLY);
    assert_access(state, &places, "w/home/auth.json", SOFTLY | BEACON_PATH_READ);
    assert_access(state, &places, "w/home/secrets", SOFTLY | BEACON_PATH_READ);
    places_finish(&places);
}

static void changes_of_the_person_count_from_the_next_command_on(void **state)
{
    shell(state, "mkdir w");
    struct beacon_error err = {0};
    const struct sandbox_settings settings = settings_of(state, "w");
    struct places places = places_of(&settings);
    int root = places_root(&places, 0)->fd;
    shell(state, "git init w; mkdir w/.vscode");
    assert_ok(places_refresh(&places, NULL, &err), &err);
    assert_true(find(state, &places, "w/.vscode")->fd >= 0);
    assert_access(state, &places, "w/.git/hooks", SOFTLY);
    assert_no_rule(state, &places, "w/.git");
    assert_int_equal(places_root(&places, 0)->fd, root);
    places_finish(&places);
}

static void missing_names_are_covered_for_a_command(void **state)
{
    shell(state, "git init w");
    struct beacon_error err = {0};
    const struct sandbox_settings settings = settings_of(state, "w");
    struct places places = places_of(&settings);
    struct cover_set *covers = cover_set_create();
    cover_set_begin(covers);
    assert_ok(places_refresh(&places, covers, &err), &err);
    assert_true(find(state, &places, "w/.vscode")->fd >= 0);
    assert_true(find(state, &places, "w/.git/commondir")->fd >= 0);
    shell(state, "cd w; test -z \"$(git status --porcelain)\"; git add -A; "
                 "test -z \"$(git status --porcelain 2>&1)\"; git commit --allow-empty -m 1");
    assert_true(cover_set_end(covers, NULL));
    shell(state, "cd w; test \"$(ls -A)\" = .git; test ! -e .git/commondir; "
                 "test ! -e .git/config.worktree; test ! -e .git/info/attributes");
    cover_set_destroy(covers);
    places_finish(&places);
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void sockets_that_listen_elsewhere_are_masked(void **state)
{
    const uint32_t masked = SOFTLY | BEACON_PATH_READ;
    shell(state, "mkdir w agent bus");
    int other = listen_at(temp_path(state, "agent/other")),
        named = listen_at(temp_path(state, "bus/named")),
        own = listen_at(temp_path(state, "w/own"));
    struct sandbox_settings settings = settings_of(state, "w");
    struct places places = places_of(&settings);
    assert_access(state, &places, "agent/other", masked);
    assert_access(state, &places, "bus/named", masked);
    assert_no_rule(state, &places, "w/own");
    places_finish(&places);
    const char *const allowed[] = {temp_path(state, "bus/named")};
    settings.unix_sockets = allowed;
    settings.n_unix_sockets = 1;
    places = places_of(&settings);
    assert_no_rule(state, &places, "bus/named");
    assert_access(state, &places, "agent/other", masked);
    places_finish(&places);
    (void)close(other);
    (void)close(named);
    (void)close(own);
}

static void socket_that_is_gone_is_no_rule(void **state)
{
    struct beacon_error err = {0};
    shell(state, "mkdir w");
    int fd = listen_at(temp_path(state, "s"));
    const struct sandbox_settings settings = settings_of(state, "w");
    struct places places = places_of(&settings);
    assert_non_null(find(state, &places, "s"));
    assert_int_equal(unlink(temp_path(state, "s")), 0);
    assert_ok(places_refresh(&places, NULL, &err), &err);
    assert_no_rule(state, &places, "s");
    places_finish(&places);
    (void)close(fd);
}

static void what_the_environment_names_is_masked(void **state)
{
    shell(state, "mkdir -p w runtime");
    const struct sandbox_settings settings = settings_of(state, "w");
    assert_int_equal(setenv("XDG_RUNTIME_DIR", temp_path(state, "runtime"), 1), 0);
    struct places places = places_of(&settings);
    (void)unsetenv("XDG_RUNTIME_DIR");
    assert_access(state, &places, "runtime", SOFTLY | BEACON_PATH_READ);
    places_finish(&places);
}

/* A person works in a directory beneath /run/media, or the runtime directory holds the workspace. */
static void workspace_in_a_directory_of_sockets_stays_in_reach(void **state)
{
    shell(state, "mkdir -p runtime/w runtime/bus");
    const struct sandbox_settings settings = settings_of(state, "runtime/w");
    assert_int_equal(setenv("XDG_RUNTIME_DIR", temp_path(state, "runtime"), 1), 0);
    struct places places = places_of(&settings);
    (void)unsetenv("XDG_RUNTIME_DIR");
    assert_no_rule(state, &places, "runtime");
    assert_access(state, &places, "runtime/bus", SOFTLY | BEACON_PATH_READ);
    places_finish(&places);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(parents_stand_before_what_is_beneath_them),
        in_temp_dir(names_that_give_orders_are_denied_in_every_root_of_the_person),
        in_temp_dir(temporary_directories_have_no_protected_names),
        in_temp_dir(safe_git_denies_what_git_runs_and_nothing_else),
        in_temp_dir(missing_repository_is_kept_from_being_made),
        in_temp_dir(protected_git_is_denied_as_a_whole_and_not_softly),
        in_temp_dir(linked_worktree_may_write_its_repository_outside_of_the_roots),
        in_temp_dir(worktrees_of_the_person_are_protected_and_those_inside_removable),
        in_temp_dir(git_file_that_is_not_answered_opens_nothing),
        in_temp_dir(worktree_planted_in_a_root_opens_nothing_above_it),
        in_temp_dir(submodules_stay_usable_but_for_hooks_and_config),
        in_temp_dir(nested_and_bare_repositories_are_protected_too),
        in_temp_dir(many_repositories_are_protected_at_a_lower_price),
        in_temp_dir(hooks_that_the_configuration_names_are_protected),
        in_temp_dir(git_directory_with_a_linked_name_is_closed),
        in_temp_dir(protected_name_that_is_a_symlink_is_told),
        in_temp_dir(root_that_the_person_named_is_writable_whatever_its_name),
        in_temp_dir(roots_that_cannot_be_used_are_left_out_and_told),
        in_temp_dir(some_directories_are_no_workspace),
        in_temp_dir(home_and_credentials_are_closed),
        in_temp_dir(changes_of_the_person_count_from_the_next_command_on),
        in_temp_dir(missing_names_are_covered_for_a_command),
        in_temp_dir(sockets_that_listen_elsewhere_are_masked),
        in_temp_dir(socket_that_is_gone_is_no_rule),
        in_temp_dir(what_the_environment_names_is_masked),
        in_temp_dir(workspace_in_a_directory_of_sockets_stays_in_reach),
    };
    return cmocka_run_group_tests_name("sandbox/places", tests, NULL, NULL);
}
