/* SPDX-License-Identifier: Apache-2.0 */
/* What a confined command can do to files: nothing outside, what the mode says inside. */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/spawn.h"
#include "unit/sandbox/confined.h"

static const char *secret(void **state)
{
    return read_text(stage_path(state, "outside/secret"));
}

/* Every way of changing something outside: none may work, and nothing may have changed. */
static const char *const changes[] = {
    "echo x > ../outside/new",
    "echo x >> ../outside/secret",
    ": > ../outside/secret",
    "truncate -s 0 ../outside/secret",
    "rm ../outside/secret",
    "mv ../outside/secret ../outside/moved",
    "mv ../outside/secret .",
    "mv mine ../outside/planted",
    "ln ../outside/secret ../outside/hard",
    "ln ../outside/secret hard",
    "ln mine ../outside/hard",
    "ln -s /etc/passwd ../outside/soft",
    "mkdir ../outside/dir",
    "rmdir ../outside/empty",
    "mkfifo ../outside/fifo",
    "cp mine ../outside/copy",
    "dd if=/dev/zero of=../outside/secret count=1 conv=notrunc",
    "ln -s ../outside/secret link && echo x > link",
    "ln -s ../outside linkdir && echo x > linkdir/new",
    "echo x > /proc/self/cwd/../outside/new",
    "echo x > /proc/self/root$PWD/../outside/new",
    "cd ../outside && echo x > new",
    "exec 9<../outside && cd /proc/self/fd/9 && echo x > new",
    "mknod ../outside/device b 1 0",
};

static void assert_changes_fail(void **state, int (*run)(void **, const char *, const char **))
{
    assert_int_equal(mkdir(stage_path(state, "outside/empty"), 0755), 0);
    write_text(stage_path(state, "work/mine"), "mine\n");
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const char *out = "";
        int status = run(state, changes[i], &out);
        if (status == 0) {
            fail_msg("this was possible: %s", changes[i]);
        }
        assert_string_equal(secret(state), "untouched\n");
    }
    const char *const list[] = {"ls", stage_of(state)->outside, NULL};
    const char *left = NULL;
    assert_int_equal(run_program(list, NULL, &left, NULL), 0);
    assert_string_equal(left, "empty\nsecret\n");
}

static void read_only_changes_nothing_outside(void **state)
{
    assert_changes_fail(state, run_read_only);
}

static void workspace_write_changes_nothing_outside(void **state)
{
    assert_changes_fail(state, run_workspace);
}

static void read_only_changes_nothing_inside_either(void **state)
{
    write_text(stage_path(state, "work/mine"), "mine\n");
    assert_int_not_equal(run_read_only(state, "echo x > new", NULL), 0);
    assert_int_not_equal(run_read_only(state, "echo x >> mine", NULL), 0);
    assert_int_not_equal(run_read_only(state, "rm mine", NULL), 0);
    assert_int_not_equal(run_read_only(state, "echo x > /tmp/beacon-must-not-exist", NULL), 0);
    assert_int_not_equal(run_read_only(state, "touch mine", NULL), 0);
    assert_string_equal(read_text(stage_path(state, "work/mine")), "mine\n");
    assert_int_equal(access(stage_path(state, "work/new"), F_OK), -1);
}

static void anything_may_be_read_and_run(void **state)
{
    const char *out = "";
    assert_int_equal(run_read_only(state, "cat ../outside/secret && ls / >/dev/null", &out), 0);
    assert_string_equal(out, "untouched");
}

static void devices_of_every_shell_are_writable(void **state)
{
    const char *script =
        "echo x > /dev/null && echo x > /dev/zero && head -c 4 /dev/urandom | wc -c";
    const char *out = "";
    assert_int_equal(run_read_only(state, script, &out), 0);
    assert_string_equal(out, "4");
}

static void workspace_is_writable_in_every_way(void **state)
{
    const char *script = "mkdir -p a/b && echo one > a/b/f && mv a/b/f a/g && ln a/g h && "
                         "ln -s h s && echo two >> s && truncate -s 3 h && chmod 600 h && "
                         "touch -d 2001-01-01 h && mkfifo p && rm -r a p && cat s";
    const char *out = "";
    assert_int_equal(run_workspace(state, script, &out), 0);
    assert_string_equal(out, "one");
}

static void tmp_and_named_roots_are_writable_unless_excluded(void **state)
{
    const char *const roots[] = {stage_of(state)->outside, "/does/not/exist"};
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    settings.writable_roots = roots;
    settings.n_writable_roots = 2;
    assert_int_equal(confined_run(state, &settings, "echo x > ../outside/new", NULL), 0);
    settings.n_writable_roots = 0;
    assert_int_not_equal(confined_run(state, &settings, "f=$(mktemp /tmp/b.XXXXXX)", NULL), 0);
    settings.exclude_slash_tmp = false;
    assert_int_equal(
        confined_run(state, &settings, "f=$(mktemp /tmp/b.XXXXXX) && echo x > $f && rm $f", NULL),
        0);
}

static void tmpdir_is_writable_unless_excluded(void **state)
{
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    char saved[4096];
    const char *before = getenv("TMPDIR");
    (void)snprintf(saved, sizeof saved, "%s", before != NULL ? before : "");
    settings.exclude_tmpdir = false;
    assert_int_equal(setenv("TMPDIR", stage_of(state)->outside, 1), 0);
    assert_int_equal(confined_run(state, &settings, "echo x > $TMPDIR/new", NULL), 0);
    settings.exclude_tmpdir = true;
    assert_int_not_equal(confined_run(state, &settings, "echo x > $TMPDIR/newer", NULL), 0);
    if (before != NULL) {
        (void)setenv("TMPDIR", saved, 1);
    } else {
        (void)unsetenv("TMPDIR");
    }
}

static void symlinked_root_means_what_it_points_to(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    const char *link = stage_path(state, "link");
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    assert_int_equal(symlink(stage_of(state)->work, link), 0);
    settings.cwd = link;
    assert_ok(sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err), &err);
    assert_int_equal(sandbox_root_count(sandbox), 1);
    assert_string_equal(sandbox_root_path(sandbox, 0), stage_of(state)->work);
    assert_true(sandbox_root_fd(sandbox, 0) >= 0);
    assert_null(sandbox_root_path(sandbox, 1));
    assert_int_equal(sandbox_root_fd(sandbox, 1), -1);
    sandbox_destroy(sandbox);
    assert_int_equal(confined_run(state, &settings, "echo x > new", NULL), 0);
}

/* The directory that was the workspace when the session began stays it, whatever its name means now. */
static void root_swapped_for_a_link_leads_nowhere(void **state)
{
    struct beacon_error err = {0};
    struct sandbox *sandbox = NULL;
    struct sandbox_run *run = NULL;
    struct spawn_child child = {0};
    const struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    const char *const argv[] = {"sh", "-c", "echo x > new", NULL};
    const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    const struct sandbox_command command = {
        .argv = argv, .env = env, .in_fd = -1, .out_fd = -1, .err_fd = -1};
    int status = 0;
    assert_ok(sandbox_create(stage_of(state)->plugins, &settings, &sandbox, &err), &err);
    assert_int_equal(rename(stage_of(state)->work, stage_path(state, "aside")), 0);
    assert_int_equal(symlink(stage_of(state)->outside, stage_of(state)->work), 0);
    if (sandbox_start(sandbox, &command, &run, &child, &err) == BEACON_OK) {
        spawn_reap(&child, &status);
        assert_int_not_equal(status, 0);
    }
    sandbox_finish(sandbox, run, status, NULL, 0, NULL);
    sandbox_destroy(sandbox);
    assert_int_equal(access(stage_path(state, "outside/new"), F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_stage(read_only_changes_nothing_outside),
        on_stage(workspace_write_changes_nothing_outside),
        on_stage(read_only_changes_nothing_inside_either),
        on_stage(anything_may_be_read_and_run),
        on_stage(devices_of_every_shell_are_writable),
        on_stage(workspace_is_writable_in_every_way),
        on_stage(tmp_and_named_roots_are_writable_unless_excluded),
        on_stage(tmpdir_is_writable_unless_excluded),
        on_stage(symlinked_root_means_what_it_points_to),
        on_stage(root_swapped_for_a_link_leads_nowhere),
    };
    return cmocka_run_group_tests_name("sandbox/files", tests, NULL, NULL);
}
