/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's own file tools after a sandboxed command has prepared the ground: what a command may not
 * write or read, they do not write or read for it. */
#include "support/beacon_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/spawn.h"
#include "tools/image.h"
#include "unit/tools/tool_stage.h"

#define HEAD    "*** Begin Patch\n"
#define TAIL    "*** End Patch\n"
#define REFUSED "patch rejected: writing outside of the project; rejected by user approval settings"

/* The stage's directory holds the workspace "w", "outside" and "home" with the credentials. */
static void confine(void **state)
{
    static char cwd[4096], home[4096];
    (void)snprintf(cwd, sizeof cwd, "%s", temp_path(state, "w"));
    (void)snprintf(home, sizeof home, "%s", temp_path(state, "home"));
    assert_int_equal(mkdir(cwd, 0755), 0);
    assert_int_equal(mkdir(home, 0700), 0);
    assert_int_equal(mkdir(temp_path(state, "outside"), 0755), 0);
    write_text(temp_path(state, "outside/file"), "safe\n");
    write_text(temp_path(state, "home/auth.json"), "GIF89a credentials");
    const struct sandbox_settings settings = {.mode = SANDBOX_WORKSPACE_WRITE,
                                              .backend = "auto",
                                              .cwd = cwd,
                                              .home = home,
                                              .exclude_tmpdir = true,
                                              .exclude_slash_tmp = true};
    struct beacon_error err = {0};
    sandbox_destroy(stage.sandbox);
    stage.sandbox = NULL;
    assert_ok(sandbox_create(stage.plugins, &settings, &stage.sandbox, &err), &err);
    stage.context.sandbox = stage.sandbox;
    stage.context.cwd = cwd;
}

/* What a hostile command does before a tool is asked for. */
static void plant(const char *script)
{
    const char *const argv[] = {"sh", "-ec", script, NULL};
    const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    const struct sandbox_command command = {
        .argv = argv, .env = env, .in_fd = -1, .out_fd = -1, .err_fd = -1};
    struct sandbox_run *run = NULL;
    struct spawn_child child = {0};
    struct beacon_error err = {0};
    int status = 0;
    assert_ok(sandbox_start(stage.sandbox, &command, &run, &child, &err), &err);
    spawn_reap(&child, &status);
    sandbox_finish(stage.sandbox, run, status, NULL, 0, NULL);
    assert_int_equal(status, 0);
}

static void planted_links_do_not_lead_a_patch_out(void **state)
{
    static const char *const patches[] = {
        HEAD "*** Update File: link\n@@\n-safe\n+hacked\n" TAIL,
        HEAD "*** Add File: link\n+hacked\n" TAIL,
        HEAD "*** Add File: dir/new\n+hacked\n" TAIL,
        HEAD "*** Add File: root/new\n+hacked\n" TAIL,
        HEAD "*** Delete File: dir/file\n" TAIL,
        HEAD "*** Update File: mine\n*** Move to: dir/new\n@@\n-mine\n+hacked\n" TAIL,
        HEAD "*** Update File: proc/file\n@@\n-safe\n+hacked\n" TAIL,
        HEAD "*** Add File: ../outside/new\n+hacked\n" TAIL,
    };
    confine(state);
    plant("ln -s ../outside/file link; ln -s ../outside dir; ln -s /proc/self/root$PWD/../outside "
          "root; "
          "ln -s /proc/self/cwd/../outside proc; echo mine > mine");
    for (size_t i = 0; i < sizeof patches / sizeof patches[0]; i++) {
        const char *answer = stage_run("apply_patch", patches[i]);
        if (strcmp(answer, REFUSED) != 0) {
            fail_msg("%s: %s", patches[i], answer);
        }
        assert_string_equal(read_text(temp_path(state, "outside/file")), "safe\n");
        assert_int_equal(access(temp_path(state, "outside/new"), F_OK), -1);
    }
    assert_string_equal(read_text(temp_path(state, "w/mine")), "mine\n");
}

static void protected_names_are_no_more_open_to_a_patch_than_to_a_command(void **state)
{
    static const char *const names[] = {
        ".vscode/tasks.json", ".envrc",      ".mcp.json",     ".agents/x", ".git/hooks/x",
        "sub/.git/config",    ".code/x.md",  ".codex/x.toml", "v/x",       "sub/../.envrc",
        "link.envrc",         "./.mcp.json",
    };
    confine(state);
    assert_int_equal(mkdir(temp_path(state, "w/.vscode"), 0755), 0);
    plant("ln -s .vscode v; ln -s .envrc link.envrc");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char patch[256];
        (void)snprintf(patch, sizeof patch, HEAD "*** Add File: %s\n+x\n" TAIL, names[i]);
        const char *answer = stage_run("apply_patch", patch);
        if (strcmp(answer, REFUSED) != 0) {
            fail_msg("%s: %s", names[i], answer);
        }
    }
    assert_int_equal(access(temp_path(state, "w/.envrc"), F_OK), -1);
    assert_int_equal(access(temp_path(state, "w/.vscode/x"), F_OK), -1);
}

static void move_into_a_protected_name_is_refused(void **state)
{
    confine(state);
    plant("echo mine > mine");
    assert_string_equal(stage_run("apply_patch", HEAD "*** Update File: mine\n*** Move to: .envrc\n"
                                                      "@@\n-mine\n+x\n" TAIL),
                        REFUSED);
    assert_string_equal(read_text(temp_path(state, "w/mine")), "mine\n");
}

static void links_that_stay_inside_go_on_working(void **state)
{
    confine(state);
    plant("mkdir real; echo old > real/file; ln -s real dir; ln -s dir/file link");
    assert_non_null(strstr(
        stage_run("apply_patch", HEAD "*** Update File: link\n@@\n-old\n+new\n" TAIL), "Success."));
    assert_string_equal(read_text(temp_path(state, "w/real/file")), "new\n");
}

static void picture_is_not_the_credentials_by_any_way(void **state)
{
    static const char *const paths[] = {"../home/auth.json", "link", "dir/auth.json",
                                        "proc/auth.json", "chain"};
    confine(state);
    plant("ln -s ../home/auth.json link; ln -s ../home dir; "
          "ln -s /proc/self/root$PWD/../home proc; "
          "ln -s link chain");
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char input[256];
        (void)snprintf(input, sizeof input, "{\"path\":\"%s\"}", paths[i]);
        const char *answer = stage_run("view_image", input);
        if (strstr(answer, "auth.json is closed to the agent") == NULL) {
            fail_msg("%s: %s", paths[i], answer);
        }
    }
}

static void picture_elsewhere_may_be_looked_at_also_by_a_link(void **state)
{
    confine(state);
    write_text(temp_path(state, "outside/a.gif"), "GIF89a");
    plant("ln -s ../outside/a.gif link");
    struct stage_call *call = stage_begin("view_image", "{\"path\":\"link\"}");
    assert_string_equal(stage_wait(call), "");
    assert_string_equal(call->image_url, "data:image/gif;base64,R0lGODlh");
}

/* The link is swapped in the moment between judging and reading. */
struct swap {
    const char *link, *other;
};

static int swap_and_allow(const void *ctx, const char *real, struct beacon_error *err)
{
    const struct swap *swap = ctx;
    (void)err;
    assert_non_null(strstr(real, "/good.gif"));
    assert_int_equal(unlink(swap->link), 0);
    assert_int_equal(symlink(swap->other, swap->link), 0);
    return BEACON_OK;
}

static void picture_is_the_file_that_was_judged(void **state)
{
    struct beacon_error err = {0};
    char *url = NULL;
    const struct swap swap = {temp_path(state, "link"), temp_path(state, "secret")};
    write_text(temp_path(state, "good.gif"), "GIF89a");
    write_text(swap.other, "GIF89a secret");
    assert_int_equal(symlink("good.gif", swap.link), 0);
    assert_ok(image_data_url_checked(swap.link, swap_and_allow, &swap, &url, &err), &err);
    assert_string_equal(url, "data:image/gif;base64,R0lGODlh");
    free(url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_tool_stage(planted_links_do_not_lead_a_patch_out),
        on_tool_stage(protected_names_are_no_more_open_to_a_patch_than_to_a_command),
        on_tool_stage(move_into_a_protected_name_is_refused),
        on_tool_stage(links_that_stay_inside_go_on_working),
        on_tool_stage(picture_is_not_the_credentials_by_any_way),
        on_tool_stage(picture_elsewhere_may_be_looked_at_also_by_a_link),
        on_tool_stage(picture_is_the_file_that_was_judged),
    };
    return cmocka_run_group_tests_name("tools/file_policy", tests, NULL, NULL);
}
