/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <string.h>

#include "agent/ledger.h"
#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"
#include "session/history.h"

#define CALL(id, name, arguments)                                                                  \
    "{\"type\":\"function_call\",\"call_id\":\"" id "\",\"name\":\"" name                          \
    "\",\"arguments\":\"" arguments "\"}"
#define RESULT(id, output)                                                                         \
    "{\"type\":\"function_call_output\",\"call_id\":\"" id "\",\"output\":\"" output "\"}"
#define PATCH(id, input)                                                                           \
    "{\"type\":\"custom_tool_call\",\"call_id\":\"" id "\",\"name\":\"apply_patch\","              \
    "\"input\":\"" input "\"}"
#define PATCHED(id, output)                                                                        \
    "{\"type\":\"custom_tool_call_output\",\"call_id\":\"" id "\",\"output\":\"" output "\"}"
#define RAN(code) "Chunk ID: 1\\nProcess exited with code " code "\\nOutput:\\nsomething\\n"

static struct history *history_of(const char *const *items)
{
    struct history *history = history_create();
    struct beacon_error err = {.struct_size = sizeof err};
    for (; *items != NULL; items++) {
        assert_ok(history_append(history, *items, strlen(*items), &err), &err);
    }
    return history;
}

/* What the ledger of these items says; *ret_news, when not NULL, how much of it is new. */
static char *ledger_text(void **state, const char *const *items, size_t *ret_news)
{
    struct history *history = history_of(items);
    struct ledger *ledger = ledger_read(history, temp_dir(state));
    AUTO_TEXT struct text out;
    text_init(&out, 1u << 20);
    ledger_write(ledger, &out);
    if (ret_news != NULL) {
        *ret_news = ledger_news(ledger);
    }
    ledger_destroy(ledger);
    history_destroy(history);
    return text_take(&out);
}

static void commands_are_kept_with_their_exit_status(void **state)
{
    static const char *const items[] = {
        CALL("a", "exec_command", "{\\\"cmd\\\":\\\"make\\\\nmake test\\\"}"),
        RESULT("a", RAN("2")),
        CALL("b", "shell", "{\\\"command\\\":[\\\"bash\\\",\\\"-lc\\\",\\\"ls\\\"]}"),
        RESULT("b", "{\\\"output\\\":\\\"x\\\",\\\"metadata\\\":{\\\"exit_code\\\":0}}"),
        CALL("c", "exec_command", "{\\\"cmd\\\":\\\"sleep 9\\\"}"),
        RESULT("c", "Process running with session ID 1\\nOutput:\\nExit code: 7"),
        CALL("d", "exec_command", "{\\\"cmd\\\":\\\"never answered\\\"}"),
        NULL};
    AUTO_FREE char *text = ledger_text(state, items, NULL);
    assert_string_equal(text, "## Ledger (kept by the program)\n"
                              "### Commands\n"
                              "- make make test (exit 2)\n"
                              "- ls (exit 0)\n"
                              "- sleep 9 (not finished)\n");
}

static void files_that_were_read_are_kept_with_the_hash_of_what_they_hold(void **state)
{
    write_text(temp_path(state, "a b.txt"), "abc");
    static const char *const items[] = {
        CALL("a", "exec_command", "{\\\"cmd\\\":\\\"sed -n 1,9p 'a b.txt' && cat missing\\\"}"),
        RESULT("a", RAN("1")), NULL};
    AUTO_FREE char *text = ledger_text(state, items, NULL);
    AUTO_FREE char *wanted =
        alloc_printf("### Files read\n- %s (sha256 ba7816bf8f01)\n", temp_path(state, "a b.txt"));
    assert_non_null(strstr(text, wanted));
    assert_null(strstr(text, "missing (sha"));
}

static void patches_that_were_applied_are_kept(void **state)
{
    write_text(temp_path(state, "new.c"), "abc");
    static const char *const items[] = {
        PATCH(
            "a",
            "*** Begin Patch\\n*** Add File: new.c\\n+x\\n*** Delete File: old.c\\n*** End Patch"),
        PATCHED("a", "Exit code: 0\\nWall time: 0.1 seconds\\nOutput:\\nSuccess."),
        PATCH("b", "*** Begin Patch\\n*** Add File: refused.c\\n+x\\n*** End Patch"),
        PATCHED("b", "Exit code: 1\\nOutput:\\nno"), NULL};
    AUTO_FREE char *text = ledger_text(state, items, NULL);
    AUTO_FREE char *wanted =
        alloc_printf("### Files changed\n- %s (sha256 ba7816bf8f01)\n- %s (deleted)\n",
                     temp_path(state, "new.c"), temp_path(state, "old.c"));
    assert_non_null(strstr(text, wanted));
    assert_null(strstr(text, "refused.c"));
}

static void open_steps_of_the_last_plan_are_kept(void **state)
{
    static const char *const items[] = {
        CALL("a", "update_plan",
             "{\\\"plan\\\":[{\\\"step\\\":\\\"gone\\\",\\\"status\\\":\\\"pending\\\"}]}"),
        RESULT("a", "Plan updated"),
        CALL("b", "update_plan",
             "{\\\"plan\\\":[{\\\"step\\\":\\\"one\\\",\\\"status\\\":\\\"completed\\\"},"
             "{\\\"step\\\":\\\"two\\\",\\\"status\\\":\\\"in_progress\\\"},{\\\"step\\\":"
             "\\\"three\\\",\\\"status\\\":\\\"pending\\\"}]}"),
        RESULT("b", "Plan updated"), NULL};
    AUTO_FREE char *text = ledger_text(state, items, NULL);
    assert_string_equal(text, "## Ledger (kept by the program)\n### Open items\n"
                              "- two (in_progress)\n- three (pending)\n");
}

#define SUMMARY                                                                                    \
    "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":"      \
    "\"<compacted_history>\\nwords\\n- make (not an entry)\\n## Ledger (kept by the program)\\n"   \
    "### Commands\\n- make test (all) (exit 1)\\n</compacted_history>\"}]}"

static void ledger_of_the_compaction_before_is_carried_on(void **state)
{
    size_t news = 9;
    static const char *const same[] = {
        SUMMARY, CALL("a", "exec_command", "{\\\"cmd\\\":\\\"make test (all)\\\"}"),
        RESULT("a", RAN("1")), NULL};
    AUTO_FREE char *text = ledger_text(state, same, &news);
    assert_string_equal(text, "## Ledger (kept by the program)\n### Commands\n"
                              "- make test (all) (exit 1)\n");
    assert_int_equal(news, 0);
}

static void other_end_of_the_same_command_is_progress(void **state)
{
    size_t news = 0;
    static const char *const other[] = {
        SUMMARY, CALL("a", "exec_command", "{\\\"cmd\\\":\\\"make test (all)\\\"}"),
        RESULT("a", RAN("0")), NULL};
    AUTO_FREE char *text = ledger_text(state, other, &news);
    assert_non_null(strstr(text, "- make test (all) (exit 0)\n"));
    assert_null(strstr(text, "(exit 1)"));
    assert_int_equal(news, 1);
}

static void only_the_newest_are_shown(void **state)
{
    struct history *history = history_create();
    struct beacon_error err = {.struct_size = sizeof err};
    for (int i = 0; i < 5000; i++) {
        AUTO_FREE char *call =
            alloc_printf(CALL("c%d", "exec_command", "{\\\"cmd\\\":\\\"run %d\\\"}"), i, i);
        AUTO_FREE char *result = alloc_printf(RESULT("c%d", "Exit code: 0\\nOutput:\\n"), i);
        assert_ok(history_append(history, call, strlen(call), &err), &err);
        assert_ok(history_append(history, result, strlen(result), &err), &err);
    }
    struct ledger *ledger = ledger_read(history, temp_dir(state));
    AUTO_TEXT struct text out;
    text_init(&out, 1u << 20);
    ledger_write(ledger, &out);
    assert_non_null(
        strstr(text_string(&out), "4940 older ones are left out.\n- run 4940 (exit 0)"));
    assert_null(strstr(text_string(&out), "run 4939 "));
    ledger_destroy(ledger);
    history_destroy(history);
}

static void nonsense_is_left_out(void **state)
{
    static const char *const items[] = {
        CALL("a", "exec_command", "not json"),
        RESULT("a", RAN("0")),
        CALL("b", "exec_command", "{\\\"cmd\\\":7,\\\"command\\\":{}}"),
        RESULT("b", RAN("0")),
        CALL("c", "update_plan", "[]"),
        RESULT("c", "Plan updated"),
        CALL("d", "shell", "{\\\"command\\\":[1,null]}"),
        RESULT("unknown", RAN("0")),
        "{\"type\":\"odd\"}",
        NULL};
    AUTO_FREE char *text = ledger_text(state, items, NULL);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(commands_are_kept_with_their_exit_status),
        in_temp_dir(files_that_were_read_are_kept_with_the_hash_of_what_they_hold),
        in_temp_dir(patches_that_were_applied_are_kept),
        in_temp_dir(open_steps_of_the_last_plan_are_kept),
        in_temp_dir(ledger_of_the_compaction_before_is_carried_on),
        in_temp_dir(other_end_of_the_same_command_is_progress),
        in_temp_dir(only_the_newest_are_shown),
        in_temp_dir(nonsense_is_left_out),
    };
    return cmocka_run_group_tests_name("agent/ledger", tests, NULL, NULL);
}
