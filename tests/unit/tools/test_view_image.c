/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "unit/tools/tool_stage.h"

static void a_picture_is_answered_as_a_data_url(void **state)
{
    write_text(temp_path(state, "a.gif"), "GIF89a");
    struct stage_call *call = stage_begin("view_image", "{\"path\":\"./a.gif\"}");
    assert_string_equal(stage_wait(call), "");
    assert_string_equal(call->image_url, "data:image/gif;base64,R0lGODlh");
    call = stage_begin("view_image", "{\"path\":\"b\"}");
    assert_null(call->image_url);
}

static void what_cannot_be_seen_is_told(void **state)
{
    write_text(temp_path(state, "a.png"), "text");
    assert_non_null(strstr(stage_run("view_image", "{\"path\":\"no.png\"}"),
                           "no.png`: No such file or directory (os error 2)"));
    assert_non_null(strstr(stage_run("view_image", "{\"path\":\".\"}"), "` is not a file"));
    assert_non_null(strstr(stage_run("view_image", "{\"path\":\"a.png\"}"), "is not a picture"));
    assert_string_equal(
        stage_run("view_image", "{}"),
        "failed to parse function arguments: missing field `path` at line 1 column 2");
    assert_string_equal(stage_run("view_image", "{\"path\":7}"),
                        "failed to parse function arguments: field `path` must be a string");
    assert_string_equal(stage_run("view_image", "{\"path\":\"a.png\\u0000.txt\"}"),
                        "failed to parse function arguments: field `path` contains a NUL");
    assert_string_equal(stage_seen(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_tool_stage(a_picture_is_answered_as_a_data_url),
        on_tool_stage(what_cannot_be_seen_is_told),
    };
    return cmocka_run_group_tests_name("tools/view_image", tests, NULL, NULL);
}
