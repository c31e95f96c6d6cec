/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "unit/tools/tool_stage.h"

static void a_plan_is_told_whole_and_acknowledged(void **state)
{
    (void)state;
    assert_string_equal(stage_run("update_plan", "{\"explanation\":\"why\",\"plan\":["
                                                 "{\"step\":\"A\",\"status\":\"completed\"},"
                                                 "{\"step\":\"B\",\"status\":\"in_progress\"},"
                                                 "{\"step\":\"C\",\"status\":\"pending\"}]}"),
                        "Plan updated");
    assert_string_equal(stage_seen(), "plan (why): A=completed B=in_progress C=pending\n");
}

static void two_steps_may_be_in_progress_and_none_may_be_listed(void **state)
{
    (void)state;
    assert_string_equal(stage_run("update_plan",
                                  "{\"plan\":[{\"step\":\"A\",\"status\":\"in_progress\"},"
                                  "{\"step\":\"B\",\"status\":\"in_progress\"}]}"),
                        "Plan updated");
    assert_string_equal(stage_run("update_plan", "{\"plan\":[]}"), "Plan updated");
    assert_string_equal(stage_seen(), "plan (): A=in_progress B=in_progress\nplan ():\n");
}

static void what_is_no_plan_is_answered_with_the_reason(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", "failed to parse function arguments: JSON: "},
        {"[]", "failed to parse function arguments: expected an object"},
        {"{}", "failed to parse function arguments: missing field `plan` at line 1 column 2"},
        {"{\"plan\":\"A\"}", "failed to parse function arguments: field `plan` must be an array"},
        {"{\"plan\":[1]}", "failed to parse function arguments: step 1 needs a text `step`"},
        {"{\"plan\":[{\"step\":\"A\",\"status\":\"done\"}]}",
         "failed to parse function arguments: step 1 needs a text `step`"},
        {"{\"plan\":[],\"explanation\":1}",
         "failed to parse function arguments: field `explanation` must be a string"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *answer = stage_run("update_plan", rows[i][0]);
        assert_memory_equal(answer, rows[i][1], strlen(rows[i][1]));
    }
    assert_string_equal(stage_seen(), "");
}

static void a_plan_without_end_is_refused(void **state)
{
    (void)state;
    AUTO_TEXT struct text input;
    text_init(&input, 1u << 20);
    (void)text_add_string(&input, "{\"plan\":[");
    for (int i = 0; i < 201; i++) {
        (void)text_addf(&input, "%s{\"step\":\"s\",\"status\":\"pending\"}", i > 0 ? "," : "");
    }
    (void)text_add_string(&input, "]}");
    assert_string_equal(stage_run("update_plan", text_string(&input)),
                        "failed to parse function arguments: a plan has at most 200 steps");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_tool_stage(a_plan_is_told_whole_and_acknowledged),
        on_tool_stage(two_steps_may_be_in_progress_and_none_may_be_listed),
        on_tool_stage(what_is_no_plan_is_answered_with_the_reason),
        on_tool_stage(a_plan_without_end_is_refused),
    };
    return cmocka_run_group_tests_name("tools/plan", tests, NULL, NULL);
}
