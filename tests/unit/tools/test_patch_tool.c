/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/tools/tool_stage.h"

#define ADD(path) "*** Begin Patch\n*** Add File: " path "\n+new\n*** End Patch\n"

static void a_patch_is_written_shown_and_answered(void **state)
{
    write_text(temp_path(state, "b"), "old\n");
    const char *answer = stage_run("apply_patch", "*** Begin Patch\n"
                                                  "*** Add File: a\n"
                                                  "+new\n"
                                                  "*** Update File: b\n"
                                                  "@@\n"
                                                  "-old\n"
                                                  "+changed\n"
                                                  "*** End Patch\n");
    assert_memory_equal(answer, "Exit code: 0\nWall time: 0.", 26);
    assert_string_equal(strstr(answer, "Output:"),
                        "Output:\nSuccess. Updated the following files:\nA a\nM b\n");
    assert_string_equal(read_text(temp_path(state, "a")), "new\n");
    assert_string_equal(read_text(temp_path(state, "b")), "changed\n");
    AUTO_TEXT struct text wanted;
    text_init(&wanted, 65536);
    (void)text_addf(&wanted, "patch started: add %s/a update %s/b\n", stage.dir, stage.dir);
    (void)text_addf(&wanted, "patch completed: add %s/a update %s/b\n", stage.dir, stage.dir);
    assert_string_equal(stage_seen(), text_string(&wanted));
}

static void a_wire_without_freeform_tools_sends_it_as_json(void **state)
{
    const char *answer =
        stage_run("apply_patch",
                  " \n{\"input\":\"*** Begin Patch\\n*** Add File: a\\n+new\\n*** End Patch\"}");
    assert_non_null(strstr(answer, "Success."));
    assert_string_equal(read_text(temp_path(state, "a")), "new\n");
    assert_string_equal(
        stage_run("apply_patch", "{\"patch\":1}"),
        "failed to parse function arguments: missing field `input` at line 1 column 11");
    assert_string_equal(stage_run("apply_patch", "{\"input\":\"x\\u0000y\"}"),
                        "failed to parse function arguments: field `input` contains a NUL");
}

static void a_patch_that_does_not_match_changes_nothing_and_is_no_event(void **state)
{
    write_text(temp_path(state, "b"), "other\n");
    const char *answer = stage_run("apply_patch", "*** Begin Patch\n"
                                                  "*** Add File: a\n"
                                                  "+new\n"
                                                  "*** Update File: b\n"
                                                  "@@\n"
                                                  "-old\n"
                                                  "*** End Patch\n");
    assert_memory_equal(answer, "apply_patch verification failed: Failed to find expected lines",
                        62);
    assert_int_equal(access(temp_path(state, "a"), F_OK), -1);
    assert_string_equal(stage_seen(), "");
}

static void text_that_is_no_patch_is_told(void **state)
{
    (void)state;
    assert_string_equal(stage_run("apply_patch", "hello"),
                        "apply_patch verification failed: Invalid patch: The first line of the "
                        "patch must be '*** Begin Patch'");
    assert_memory_equal(stage_run("apply_patch", ""), "apply_patch verification failed: ", 33);
}

static void a_patch_without_sections_is_empty(void **state)
{
    (void)state;
    assert_string_equal(stage_run("apply_patch", "*** Begin Patch\n*** End Patch\n"),
                        "patch rejected: empty patch");
}

static void nothing_is_written_in_read_only(void **state)
{
    tool_stage_confine(SANDBOX_READ_ONLY);
    assert_string_equal(stage_run("apply_patch", ADD("a")),
                        "patch rejected: writing is blocked by read-only sandbox; rejected by user "
                        "approval settings");
    assert_int_equal(access(temp_path(state, "a"), F_OK), -1);
    assert_string_equal(stage_seen(), "");
}

static void the_workspace_is_writable_and_nothing_else(void **state)
{
    tool_stage_confine(SANDBOX_WORKSPACE_WRITE);
    assert_non_null(strstr(stage_run("apply_patch", ADD("sub/a")), "Success."));
    assert_string_equal(read_text(temp_path(state, "sub/a")), "new\n");
    static const char *const outside[] = {ADD("../a"), ADD("/a"), ADD("sub/../../a"),
                                          ADD(".git/hooks/a"), ADD(".code/a")};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        assert_string_equal(stage_run("apply_patch", outside[i]),
                            "patch rejected: writing outside of the project; rejected by user "
                            "approval settings");
    }
}

static void no_link_leads_out_of_the_workspace(void **state)
{
    const char *outside = temp_path(state, "outside");
    stage.dir = temp_path(state, "work");
    stage.context.cwd = stage.dir;
    assert_int_equal(mkdir(outside, 0700), 0);
    assert_int_equal(mkdir(stage.dir, 0700), 0);
    write_text(temp_path(state, "outside/file"), "old\n");
    assert_int_equal(symlink(outside, temp_path(state, "work/dir")), 0);
    assert_int_equal(symlink("../outside/file", temp_path(state, "work/file")), 0);
    tool_stage_confine(SANDBOX_WORKSPACE_WRITE);
    (void)stage_run("apply_patch", ADD("dir/new"));
    (void)stage_run("apply_patch", "*** Begin Patch\n*** Update File: file\n@@\n-old\n+new\n"
                                   "*** End Patch\n");
    assert_string_equal(read_text(temp_path(state, "outside/file")), "old\n");
    assert_int_equal(access(temp_path(state, "outside/new"), F_OK), -1);
    assert_string_equal(stage_seen(), "");
}

static void without_a_sandbox_any_place_will_do(void **state)
{
    stage.dir = temp_path(state, "work");
    stage.context.cwd = stage.dir;
    assert_int_equal(mkdir(stage.dir, 0700), 0);
    assert_non_null(strstr(stage_run("apply_patch", ADD("../a")), "Success."));
    assert_string_equal(read_text(temp_path(state, "a")), "new\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_tool_stage(a_patch_is_written_shown_and_answered),
        on_tool_stage(a_wire_without_freeform_tools_sends_it_as_json),
        on_tool_stage(a_patch_that_does_not_match_changes_nothing_and_is_no_event),
        on_tool_stage(text_that_is_no_patch_is_told),
        on_tool_stage(a_patch_without_sections_is_empty),
        on_tool_stage(nothing_is_written_in_read_only),
        on_tool_stage(the_workspace_is_writable_and_nothing_else),
        on_tool_stage(no_link_leads_out_of_the_workspace),
        on_tool_stage(without_a_sandbox_any_place_will_do),
    };
    return cmocka_run_group_tests_name("tools/patch", tests, NULL, NULL);
}
