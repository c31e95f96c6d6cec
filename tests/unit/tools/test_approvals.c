/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "event/fanout.h"
#include "loop/loop.h"
#include "policy/approval.h"
#include "policy/rules.h"
#include "unit/tools/tool_stage.h"

/* A person at a front door: says the same to every question, or does something first. */
static struct person {
    enum approval_answer says;
    bool is_away;
    void (*before)(void **state);
    void **state;
    char diff[4096], prefix[256], grant_root[256];
    struct text decisions; /* one line each */
} person;

static void note_prefix(const char *const *prefix)
{
    person.prefix[0] = '\0';
    for (size_t i = 0; prefix != NULL && prefix[i] != NULL; i++) {
        (void)strncat(person.prefix, prefix[i], sizeof person.prefix - 1);
        (void)strncat(person.prefix, ",", sizeof person.prefix - 1);
    }
}

static void on_question(const struct event_approval *approval)
{
    struct beacon_error err = {0};
    (void)snprintf(person.diff, sizeof person.diff, "%s", approval->diff);
    (void)snprintf(person.grant_root, sizeof person.grant_root, "%s",
                   approval->grant_root != NULL ? approval->grant_root : "");
    note_prefix(approval->prefix);
    if (person.before != NULL) {
        person.before(person.state);
    }
    if (person.is_away) {
        loop_stop(stage.loop);
        return;
    }
    assert_ok(approvals_answer(stage.context.approvals, approval->call_id, person.says, &err),
              &err);
}

static void attend(void *ctx, const struct event *event)
{
    (void)ctx;
    const struct event_decision *decision = &event->as.decision;
    if (event->kind == EVENT_APPROVAL_REQUESTED) {
        on_question(&event->as.approval);
    } else if (event->kind == EVENT_TOOL_DECIDED) {
        (void)text_addf(&person.decisions, "%s by %s%s%s%s%s\n", decision->decision, decision->by,
                        decision->sandbox[0] != '\0' ? " in " : "", decision->sandbox,
                        decision->was_asked ? ", asked" : "",
                        decision->is_escalated ? ", escalated" : "");
    }
}

static int open_outside(void *ctx, struct sandbox **ret, struct beacon_error *err)
{
    (void)ctx;
    const struct sandbox_settings settings = {
        .mode = SANDBOX_DANGER_FULL_ACCESS, .backend = "none", .cwd = stage.dir};
    return sandbox_create(stage.plugins, &settings, ret, err);
}

static int forbid_outside(void *ctx, struct sandbox **ret, struct beacon_error *err)
{
    (void)ctx;
    (void)ret;
    return error_set(err, BEACON_E_POLICY, "ask the administrator",
                     "the policy (p.ini:3) forbids it");
}

static int setup(void **state)
{
    if (tool_stage_setup(state) != 0) {
        return -1;
    }
    person = (struct person){.says = APPROVED, .state = state};
    text_init(&person.decisions, 65536);
    fanout_add(stage.events, attend, NULL);
    stage.context.open_outside = open_outside;
    return 0;
}

static int teardown(void **state)
{
    text_finish(&person.decisions);
    return tool_stage_teardown(state);
}

#define TOUCH "{\"cmd\":\"touch made\",\"login\":false}"
#define TOUCH_OUTSIDE                                                                              \
    "{\"cmd\":\"touch made\",\"login\":false,\"sandbox_permissions\":\"require_escalated\","       \
    "\"justification\":\"I need it\",\"prefix_rule\":[\"touch\"]}"
#define REJECTED(why)                                                                              \
    "exec_command failed: CreateProcess { message: \"Rejected(\\\"" why "\\\")\" }"
#define COMMAND "/bin/bash -c 'touch made'"

static bool is_made(void **state)
{
    return access(temp_path(state, "made"), F_OK) == 0;
}

static void assert_decisions(const char *wanted)
{
    assert_string_equal(text_string(&person.decisions), wanted);
}

static void untrusted_asks_for_what_is_not_known(void **state)
{
    tool_stage_approve("untrusted", NULL);
    tool_stage_confine(SANDBOX_WORKSPACE_WRITE);
    assert_non_null(strstr(stage_run("exec_command", TOUCH), "exited with code 0"));
    assert_true(is_made(state));
    assert_string_equal(stage_seen(), "asked: " COMMAND "\nanswered: approved by person\n"
                                      "started: " COMMAND "\nfinished 0: \n");
    assert_null(strstr(text_string(&person.decisions), "in none"));
    assert_non_null(strstr(text_string(&person.decisions), "approved by person in "));
}

static void a_no_is_told_in_the_words_of_each_tool(void **state)
{
    person.says = DENIED;
    tool_stage_approve("untrusted", NULL);
    assert_string_equal(stage_run("exec_command", TOUCH), REJECTED("rejected by user"));
    assert_string_equal(stage_run("shell", "{\"command\":[\"touch\",\"made\"]}"),
                        "exec command rejected by user");
    assert_false(is_made(state));
    assert_string_equal(stage_seen(), "asked: " COMMAND "\nanswered: denied by person\n"
                                      "finished -1 declined: \n"
                                      "asked: touch made\nanswered: denied by person\n"
                                      "finished -1 declined: \n");
    assert_decisions("denied by person, asked\ndenied by person, asked\n");
}

static void what_was_approved_for_the_session_is_not_asked_again(void **state)
{
    (void)state;
    person.says = APPROVED_FOR_SESSION;
    tool_stage_approve("untrusted", NULL);
    (void)stage_run("exec_command", TOUCH);
    (void)stage_run("exec_command", TOUCH);
    assert_decisions(
        "approved_for_session by person in none, asked\napproved by session in none\n");
}

static void on_request_runs_in_the_sandbox_and_asks_to_leave_it(void **state)
{
    tool_stage_approve("on-request", NULL);
    tool_stage_confine(SANDBOX_READ_ONLY);
    assert_null(strstr(stage_run("exec_command", TOUCH), "exited with code 0"));
    assert_false(is_made(state));
    assert_null(strstr(stage_seen(), "asked"));
    assert_non_null(strstr(stage_run("exec_command", TOUCH_OUTSIDE), "exited with code 0"));
    assert_true(is_made(state));
    assert_non_null(strstr(stage_seen(), "asked to leave: " COMMAND "I need it\n"));
    assert_string_equal(person.prefix, "touch,");
    assert_non_null(
        strstr(text_string(&person.decisions), "approved by person in none, asked, escalated\n"));
}

static void an_approval_inside_is_none_outside(void **state)
{
    (void)state;
    person.says = APPROVED_FOR_SESSION;
    tool_stage_approve("untrusted", NULL);
    tool_stage_confine(SANDBOX_READ_ONLY);
    (void)stage_run("exec_command", TOUCH);
    person.says = DENIED;
    assert_string_equal(stage_run("exec_command", TOUCH_OUTSIDE), REJECTED("rejected by user"));
}

static void on_failure_asks_after_the_sandbox_stopped_it(void **state)
{
    tool_stage_approve("on-failure", NULL);
    tool_stage_confine(SANDBOX_READ_ONLY);
    assert_non_null(strstr(stage_run("exec_command", TOUCH), "exited with code 0"));
    assert_true(is_made(state));
    assert_non_null(strstr(stage_seen(), "asked to leave: " COMMAND));
    assert_non_null(strstr(text_string(&person.decisions), "approved by policy in "));
    assert_non_null(
        strstr(text_string(&person.decisions), "\napproved by person in none, asked, escalated\n"));
}

static void on_failure_keeps_the_output_after_a_no(void **state)
{
    person.says = DENIED;
    tool_stage_approve("on-failure", NULL);
    tool_stage_confine(SANDBOX_READ_ONLY);
    const char *answer = stage_run("exec_command", TOUCH);
    assert_non_null(strstr(answer, "Process exited with code 1"));
    assert_non_null(strstr(answer, "cannot touch"));
    assert_non_null(strstr(answer, "[the user does not let it run outside of the sandbox]"));
    assert_false(is_made(state));
}

static void on_failure_asks_nothing_of_an_ordinary_failure(void **state)
{
    (void)state;
    tool_stage_approve("on-failure", NULL);
    tool_stage_confine(SANDBOX_READ_ONLY);
    (void)stage_run("exec_command", "{\"cmd\":\"exit 3\",\"login\":false}");
    assert_null(strstr(stage_seen(), "asked"));
}

static void nobody_who_answers_means_no(void **state)
{
    person.is_away = true;
    stage.approval_timeout_ms = 1;
    tool_stage_approve("untrusted", NULL);
    assert_string_equal(stage_run("exec_command", TOUCH), REJECTED("rejected by user"));
    assert_false(is_made(state));
    assert_decisions("denied by timeout, asked\n");
}

static void a_cancelled_question_is_withdrawn(void **state)
{
    person.is_away = true;
    tool_stage_approve("untrusted", NULL);
    struct stage_call *call = stage_begin("exec_command", TOUCH);
    loop_run(stage.loop); /* until it is asked */
    stage_cancel(call);
    assert_string_equal(call->text, "aborted");
    assert_false(is_made(state));
    assert_decisions("abort by interrupt, asked\n");
    assert_non_null(strstr(stage_seen(), "answered: abort by interrupt\n"));
}

static void an_administrator_who_forbids_it_is_heard_before_the_person(void **state)
{
    stage.context.open_outside = forbid_outside;
    tool_stage_approve("on-request", NULL);
    tool_stage_confine(SANDBOX_READ_ONLY);
    assert_string_equal(stage_run("exec_command", TOUCH_OUTSIDE),
                        "exec_command failed: the policy (p.ini:3) forbids it (ask the "
                        "administrator)");
    assert_false(is_made(state));
    assert_decisions("denied by admin, escalated\n");
    assert_null(strstr(stage_seen(), "asked"));
}

static struct rules *rules_of(const char *text)
{
    struct rules *rules = rules_create();
    struct beacon_error err = {0};
    assert_ok(rules_add_text(rules, "/r/a.rules", text, strlen(text), RULE_USER, &err), &err);
    return rules;
}

static void a_forbidden_command_is_refused_with_the_reason_of_the_rule(void **state)
{
    struct rules *rules =
        rules_of("prefix_rule([\"touch\"], \"forbidden\", justification=\"no \\\"new\\\" files\")");
    tool_stage_approve("on-request", rules);
    assert_string_equal(stage_run("exec_command", TOUCH),
                        REJECTED("`" COMMAND "` rejected: no \\\\\\\"new\\\\\\\" files"));
    assert_string_equal(stage_run("shell", "{\"command\":[\"touch\",\"made\"]}"),
                        "exec command rejected: `touch made` rejected: no \"new\" files");
    assert_false(is_made(state));
    assert_decisions("denied by rule\ndenied by rule\n");
    tool_stage_approve("never", NULL);
    rules_destroy(rules);
}

static void an_allow_rule_lets_out_only_what_asks_to_leave(void **state)
{
    struct rules *rules = rules_of("prefix_rule([\"touch\"])");
    tool_stage_approve("never", rules);
    tool_stage_confine(SANDBOX_READ_ONLY);
    (void)stage_run("exec_command", TOUCH);
    assert_false(is_made(state));
    (void)stage_run("exec_command", TOUCH_OUTSIDE);
    assert_true(is_made(state));
    assert_non_null(
        strstr(text_string(&person.decisions), "approved by rule in none, escalated\n"));
    tool_stage_approve("never", NULL);
    rules_destroy(rules);
}

static void a_forced_rm_is_refused_where_nobody_is_asked(void **state)
{
    write_text(temp_path(state, "made"), "");
    assert_string_equal(
        stage_run("exec_command", "{\"cmd\":\"rm -f made\",\"login\":false}"),
        REJECTED("`/bin/bash -c 'rm -f made'` rejected: rm -f style commands are not permitted. "
                 "Use a safer approach"));
    assert_true(is_made(state));
}

/* ---- patches ---- */

#define PATCH "*** Begin Patch\n*** Add File: made\n+hello\n*** End Patch\n"

static void a_patch_where_nothing_may_be_written_is_asked_about(void **state)
{
    tool_stage_approve("on-request", NULL);
    tool_stage_confine(SANDBOX_READ_ONLY);
    assert_non_null(strstr(stage_run("apply_patch", PATCH), "Success."));
    assert_string_equal(read_text(temp_path(state, "made")), "hello\n");
    assert_non_null(strstr(person.diff, "+hello\n"));
    assert_decisions("approved by person in none, asked, escalated\n");
}

static void a_no_to_a_patch_writes_nothing(void **state)
{
    person.says = DENIED;
    tool_stage_approve("untrusted", NULL);
    tool_stage_confine(SANDBOX_READ_ONLY);
    assert_string_equal(stage_run("apply_patch", PATCH), "patch rejected by user");
    assert_string_equal(
        stage_run(
            "exec_command",
            "{\"cmd\":\"apply_patch <<'EOF'\\n*** Begin Patch\\n*** Add File: made\\n+hello\\n"
            "*** End Patch\\nEOF\"}"),
        "patch rejected by user");
    assert_false(is_made(state));
}

static void never_refuses_a_patch_outside_unasked(void **state)
{
    (void)state;
    tool_stage_confine(SANDBOX_WORKSPACE_WRITE);
    assert_string_equal(
        stage_run("apply_patch",
                  "*** Begin Patch\n*** Add File: /nowhere/made\n+x\n*** End Patch\n"),
        "patch rejected: writing outside of the project; rejected by user approval settings");
    assert_decisions("denied by policy\n");
}

static void a_patch_inside_is_not_asked_about(void **state)
{
    tool_stage_approve("on-request", NULL);
    tool_stage_confine(SANDBOX_WORKSPACE_WRITE);
    assert_non_null(strstr(stage_run("apply_patch", PATCH), "Success."));
    assert_true(is_made(state));
    assert_null(strstr(stage_seen(), "asked"));
}

static void a_path_through_a_link_is_refused_unasked(void **state)
{
    tool_stage_approve("on-request", NULL);
    tool_stage_confine(SANDBOX_READ_ONLY);
    assert_int_equal(mkdir(temp_path(state, "real"), 0700), 0);
    assert_int_equal(symlink("real", temp_path(state, "link")), 0);
    assert_memory_equal(
        stage_run("apply_patch", "*** Begin Patch\n*** Add File: link/x\n+x\n*** End Patch\n"),
        "patch rejected:", 15);
    assert_null(strstr(stage_seen(), "asked"));
    assert_int_equal(access(temp_path(state, "real/x"), F_OK), -1);
}

static void a_protected_name_is_refused_unasked(void **state)
{
    tool_stage_approve("on-request", NULL);
    tool_stage_confine(SANDBOX_READ_ONLY);
    assert_int_equal(mkdir(temp_path(state, ".git"), 0700), 0);
    assert_int_equal(mkdir(temp_path(state, ".git/hooks"), 0700), 0);
    static const char *const names[] = {".git/hooks/post-commit", "new/.GIT/config",
                                        ".code/config.toml"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char patch[256];
        (void)snprintf(patch, sizeof patch,
                       "*** Begin Patch\n*** Add File: %s\n+x\n*** End Patch\n", names[i]);
        assert_memory_equal(stage_run("apply_patch", patch), "patch rejected:", 15);
        assert_int_equal(access(temp_path(state, names[i]), F_OK), -1);
    }
    assert_null(strstr(stage_seen(), "asked"));
}

static void swap_folder(void **state)
{
    assert_int_equal(rename(temp_path(state, "d"), temp_path(state, "gone")), 0);
    assert_int_equal(symlink(temp_path(state, "secret"), temp_path(state, "d")), 0);
}

static void a_folder_swapped_while_the_person_reads_leads_nowhere(void **state)
{
    tool_stage_approve("on-request", NULL);
    tool_stage_confine(SANDBOX_READ_ONLY);
    assert_int_equal(mkdir(temp_path(state, "d"), 0700), 0);
    assert_int_equal(mkdir(temp_path(state, "secret"), 0700), 0);
    person.before = swap_folder;
    (void)stage_run("apply_patch", "*** Begin Patch\n*** Add File: d/x\n+x\n*** End Patch\n");
    assert_non_null(strstr(stage_seen(), "asked"));
    assert_int_equal(access(temp_path(state, "secret/x"), F_OK), -1);
}

static void change_file(void **state)
{
    write_text(temp_path(state, "made"), "one\nother\nthree\n");
}

static void files_that_changed_while_the_person_read_are_not_written(void **state)
{
    tool_stage_approve("on-request", NULL);
    tool_stage_confine(SANDBOX_READ_ONLY);
    write_text(temp_path(state, "made"), "one\ntwo\nthree\n");
    person.before = change_file;
    assert_string_equal(
        stage_run("apply_patch",
                  "*** Begin Patch\n*** Update File: made\n@@\n one\n+more\n*** End Patch\n"),
        "patch rejected: the files have changed since the user was asked");
    assert_string_equal(read_text(temp_path(state, "made")), "one\nother\nthree\n");
}

static void a_patch_approved_for_the_session_opens_its_folder(void **state)
{
    person.says = APPROVED_FOR_SESSION;
    tool_stage_approve("on-request", NULL);
    tool_stage_confine(SANDBOX_READ_ONLY);
    (void)stage_run("apply_patch", PATCH);
    assert_string_equal(person.grant_root, stage.dir);
    person.says = DENIED;
    assert_non_null(
        strstr(stage_run("apply_patch", "*** Begin Patch\n*** Add File: more\n+x\n*** End Patch\n"),
               "Success."));
    assert_string_equal(read_text(temp_path(state, "more")), "x\n");
    assert_non_null(strstr(text_string(&person.decisions), "\napproved by session in none"));
}

static void a_cancelled_patch_is_not_written(void **state)
{
    person.is_away = true;
    tool_stage_approve("on-request", NULL);
    tool_stage_confine(SANDBOX_READ_ONLY);
    struct stage_call *call = stage_begin("apply_patch", PATCH);
    loop_run(stage.loop);
    stage_cancel(call);
    assert_string_equal(call->text, "aborted");
    assert_false(is_made(state));
}

#define on_bench(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_bench(untrusted_asks_for_what_is_not_known),
        on_bench(a_no_is_told_in_the_words_of_each_tool),
        on_bench(what_was_approved_for_the_session_is_not_asked_again),
        on_bench(on_request_runs_in_the_sandbox_and_asks_to_leave_it),
        on_bench(an_approval_inside_is_none_outside),
        on_bench(on_failure_asks_after_the_sandbox_stopped_it),
        on_bench(on_failure_keeps_the_output_after_a_no),
        on_bench(on_failure_asks_nothing_of_an_ordinary_failure),
        on_bench(nobody_who_answers_means_no),
        on_bench(a_cancelled_question_is_withdrawn),
        on_bench(an_administrator_who_forbids_it_is_heard_before_the_person),
        on_bench(a_forbidden_command_is_refused_with_the_reason_of_the_rule),
        on_bench(an_allow_rule_lets_out_only_what_asks_to_leave),
        on_bench(a_forced_rm_is_refused_where_nobody_is_asked),
        on_bench(a_patch_where_nothing_may_be_written_is_asked_about),
        on_bench(a_no_to_a_patch_writes_nothing),
        on_bench(never_refuses_a_patch_outside_unasked),
        on_bench(a_patch_inside_is_not_asked_about),
        on_bench(a_path_through_a_link_is_refused_unasked),
        on_bench(a_protected_name_is_refused_unasked),
        on_bench(a_folder_swapped_while_the_person_reads_leads_nowhere),
        on_bench(files_that_changed_while_the_person_read_are_not_written),
        on_bench(a_patch_approved_for_the_session_opens_its_folder),
        on_bench(a_cancelled_patch_is_not_written),
    };
    return cmocka_run_group_tests_name("tools/approvals", tests, NULL, NULL);
}
