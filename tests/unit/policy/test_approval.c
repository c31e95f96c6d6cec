/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "event/fanout.h"
#include "loop/loop.h"
#include "policy/approval.h"
#include "policy/rules.h"

#define NOBODY_COMES_MS 1 /* a person who never answers, without the wait */

/* A front door that writes down what it hears, and may do something at once. */
static struct bench {
    struct loop *loop;
    struct fanout *events;
    struct rules *rules;
    struct approvals *approvals;
    struct text seen, heard_last;
    void (*on_request)(const char *call_id);
    void (*on_answer)(const char *call_id);
    struct approval_open *open; /* of the request that was made last */
} bench;

static void listen(void *ctx, const struct event *event)
{
    (void)ctx;
    const struct event_approval *approval = &event->as.approval;
    if (event->kind == EVENT_APPROVAL_REQUESTED) {
        (void)text_addf(&bench.seen, "%s? ", approval->call_id);
        if (bench.on_request != NULL) {
            bench.on_request(approval->call_id);
        }
    } else if (event->kind == EVENT_APPROVAL_ANSWERED) {
        (void)text_addf(&bench.seen, "%s:%s/%s ", approval->call_id, approval->answer,
                        approval->by);
        if (bench.on_answer != NULL) {
            bench.on_answer(approval->call_id);
        }
    } else if (event->kind == EVENT_WARNING) {
        (void)text_addf(&bench.seen, "warning ");
    }
}

/* Hears everything after the one above. */
static void listen_last(void *ctx, const struct event *event)
{
    (void)ctx;
    if (event->kind == EVENT_APPROVAL_REQUESTED || event->kind == EVENT_APPROVAL_ANSWERED) {
        (void)text_addf(&bench.heard_last, "%s(%s) ", event->as.approval.call_id,
                        event->as.approval.command);
    }
}

static void open_approvals(void **state, uint64_t timeout_ms)
{
    approvals_destroy(bench.approvals);
    bench.approvals = approvals_create(&(struct approvals_settings){.loop = bench.loop,
                                                                    .events = bench.events,
                                                                    .rules = bench.rules,
                                                                    .home = temp_dir(state),
                                                                    .policy = APPROVAL_ON_REQUEST,
                                                                    .can_ask = true,
                                                                    .timeout_ms = timeout_ms});
}

static int setup(void **state)
{
    if (temp_dir_setup(state) != 0) {
        return -1;
    }
    bench = (struct bench){.loop = loop_create(), .events = fanout_create()};
    bench.rules = rules_create();
    text_init(&bench.seen, 65536);
    text_init(&bench.heard_last, 65536);
    fanout_add(bench.events, listen, NULL);
    fanout_add(bench.events, listen_last, NULL);
    open_approvals(state, 0);
    return 0;
}

static int teardown(void **state)
{
    approvals_destroy(bench.approvals);
    rules_destroy(bench.rules);
    fanout_destroy(bench.events);
    loop_destroy(bench.loop);
    text_finish(&bench.seen);
    text_finish(&bench.heard_last);
    return temp_dir_teardown(state);
}

static void on_answered(void *ctx, const struct approval_outcome *outcome)
{
    (void)text_addf(&bench.seen, "%s=%s%s ", (const char *)ctx,
                    approval_answer_name(outcome->answer),
                    outcome->rule_added[0] != '\0' ? "+rule" : "");
    loop_stop(bench.loop);
}

static const struct approval_asker asker_a = {"turn", on_answered, "a"};
static const char *const build[] = {"make", "install", NULL};
static const char *const make_prefix[] = {"make", NULL};

static int ask_of(const char *call_id, const char *const *prefix, struct beacon_error *err)
{
    const struct event_approval request = {.call_id = call_id,
                                           .kind = EVENT_APPROVE_COMMAND,
                                           .argv = build,
                                           .command = "make install",
                                           .cwd = "/w",
                                           .reason = "",
                                           .prefix = prefix};
    const struct approval_asker asker = {"turn", on_answered, (void *)call_id};
    return approvals_ask(bench.approvals, &request, &asker, &bench.open, err);
}

static void ask(const char *call_id)
{
    struct beacon_error err = {0};
    assert_ok(ask_of(call_id, NULL, &err), &err);
}

static void stop(void *ctx)
{
    (void)ctx;
    loop_stop(bench.loop);
}

/* Let everything happen that is due. */
static void turn_round(void)
{
    for (int i = 0; i < 3; i++) {
        struct loop_timer *due = loop_timer_create(bench.loop, stop, NULL);
        loop_timer_start(due, 0);
        loop_run(bench.loop);
        loop_timer_close(due);
    }
}

static void answer(const char *call_id, enum approval_answer word)
{
    struct beacon_error err = {0};
    assert_ok(approvals_answer(bench.approvals, call_id, word, &err), &err);
}

static void refuse_answer(const char *call_id)
{
    struct beacon_error err = {0};
    assert_refused(approvals_answer(bench.approvals, call_id, APPROVED, &err), BEACON_E_NOT_FOUND,
                   &err);
}

static void answers_in_any_order_reach_the_call_they_are_for(void **state)
{
    (void)state;
    ask("a");
    ask("b");
    ask("c");
    turn_round();
    assert_string_equal(text_string(&bench.seen), "a? b? c? ");
    text_reset(&bench.seen);
    answer("c", DENIED);
    answer("a", APPROVED);
    turn_round();
    answer("b", APPROVED_FOR_SESSION);
    turn_round();
    assert_string_equal(text_string(&bench.seen),
                        "c:denied/person a:approved/person c=denied a=approved "
                        "b:approved_for_session/person b=approved_for_session ");
}

static void an_answer_that_comes_twice_or_late_or_for_nobody_is_an_error(void **state)
{
    (void)state;
    ask("a");
    refuse_answer("a"); /* nobody can know of it yet */
    turn_round();
    refuse_answer("b");
    refuse_answer("");
    answer("a", APPROVED);
    refuse_answer("a");
    turn_round();
    refuse_answer("a");
    assert_string_equal(text_string(&bench.seen), "a? a:approved/person a=approved ");
}

static void without_an_answer_it_is_denied_in_the_end(void **state)
{
    open_approvals(state, NOBODY_COMES_MS);
    ask("a");
    loop_run(bench.loop);
    assert_string_equal(text_string(&bench.seen), "a? a:denied/timeout a=denied ");
    refuse_answer("a");
}

static void what_is_withdrawn_is_told_and_never_called_back(void **state)
{
    (void)state;
    ask("a");
    turn_round();
    assert_string_equal(approvals_withdraw(bench.open), "interrupt");
    turn_round();
    refuse_answer("a");
    assert_string_equal(text_string(&bench.seen), "a? a:abort/interrupt ");
    text_reset(&bench.seen);
    ask("b");
    assert_string_equal(approvals_withdraw(bench.open), "interrupt");
    turn_round();
    assert_string_equal(text_string(&bench.seen), ""); /* nobody had heard of it */
    ask("c");
    turn_round();
    answer("c", ABORT);
    turn_round();
    assert_string_equal(approvals_withdraw(bench.open), "person");
    assert_string_equal(text_string(&bench.seen), "c? c:abort/person ");
}

static void approve_at_once(const char *call_id)
{
    answer(call_id, APPROVED);
}

static void an_answer_may_come_from_inside_the_event(void **state)
{
    (void)state;
    bench.on_request = approve_at_once;
    ask("a");
    ask("b");
    turn_round();
    assert_string_equal(text_string(&bench.seen), "a? a:approved/person b? b:approved/person "
                                                  "a=approved b=approved ");
}

static void withdraw_at_once(const char *call_id)
{
    (void)call_id;
    (void)approvals_withdraw(bench.open);
}

static void abort_at_once(const char *call_id)
{
    answer(call_id, ABORT);
    (void)approvals_withdraw(bench.open);
}

/* The sanitizers see to the strings. */
static void later_listeners_hear_of_what_an_earlier_one_ended(void **state)
{
    (void)state;
    bench.on_request = withdraw_at_once;
    ask("a");
    turn_round();
    assert_string_equal(text_string(&bench.heard_last), "a(make install) a(make install) ");
    text_reset(&bench.heard_last);
    bench.on_request = abort_at_once;
    ask("b");
    turn_round();
    assert_string_equal(text_string(&bench.heard_last), "b(make install) b(make install) ");
    text_reset(&bench.heard_last);
    bench.on_request = NULL;
    bench.on_answer = withdraw_at_once;
    ask("c");
    turn_round();
    answer("c", APPROVED);
    turn_round();
    assert_string_equal(text_string(&bench.heard_last), "c(make install) c(make install) ");
    assert_null(strstr(text_string(&bench.seen), "="));
}

static void a_second_request_of_an_open_id_is_refused(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    ask("a");
    struct approval_open *first = bench.open;
    assert_refused(ask_of("a", NULL, &err), BEACON_E_BUSY, &err);
    assert_ptr_equal(bench.open, first);
    (void)approvals_withdraw(first);
    ask("a");
    (void)approvals_withdraw(bench.open);
}

static void a_prefix_is_taken_only_where_one_was_offered(void **state)
{
    struct beacon_error err = {0};
    ask("a");
    turn_round();
    assert_refused(approvals_answer(bench.approvals, "a", APPROVED_WITH_PREFIX, &err),
                   BEACON_E_INVALID, &err);
    answer("a", DENIED);
    turn_round();
    text_reset(&bench.seen);
    assert_ok(ask_of("b", make_prefix, &err), &err);
    turn_round();
    answer("b", APPROVED_WITH_PREFIX);
    turn_round();
    assert_string_equal(text_string(&bench.seen),
                        "b? b:approved_with_prefix/person b=approved_with_prefix+rule ");
    assert_string_equal(read_text(temp_path(state, "rules/default.rules")),
                        "prefix_rule(pattern=[\"make\"], decision=\"allow\")\n");
}

static void a_rule_that_cannot_be_written_lasts_for_the_session(void **state)
{
    struct beacon_error err = {0};
    write_text(temp_path(state, "rules"), ""); /* where a folder should be */
    assert_ok(ask_of("a", make_prefix, &err), &err);
    turn_round();
    answer("a", APPROVED_WITH_PREFIX);
    turn_round();
    assert_string_equal(text_string(&bench.seen),
                        "a? warning a:approved_with_prefix/person a=approved_with_prefix ");
}

static enum approval_verdict verdict_on(const char *const *argv, const char *cwd, bool escalates)
{
    struct approval_case judged = {0};
    const struct approval_command command = {
        .argv = argv, .cwd = cwd, .wants_escalation = escalates, .justification = ""};
    approvals_judge_command(bench.approvals, &command, &judged);
    enum approval_verdict verdict = judged.ruling.verdict;
    approval_case_finish(&judged);
    return verdict;
}

static void an_approval_for_the_session_is_for_these_words_in_this_folder(void **state)
{
    (void)state;
    static const char *const longer[] = {"make", "install", "all", NULL};
    struct beacon_error err = {0};
    struct event_approval request = {.call_id = "a",
                                     .kind = EVENT_APPROVE_COMMAND,
                                     .argv = build,
                                     .cwd = "/w",
                                     .is_escalation = true};
    assert_int_equal(verdict_on(build, "/w", true), APPROVAL_ASK);
    assert_ok(approvals_ask(bench.approvals, &request, &asker_a, &bench.open, &err), &err);
    turn_round();
    answer("a", APPROVED_FOR_SESSION);
    turn_round();
    assert_int_equal(verdict_on(build, "/w", true), APPROVAL_RUN);
    assert_int_equal(verdict_on(build, "/elsewhere", true), APPROVAL_ASK);
    assert_int_equal(verdict_on(longer, "/w", true), APPROVAL_ASK);
    assert_int_equal(verdict_on(make_prefix, "/w", true), APPROVAL_ASK);
}

static enum approval_verdict verdict_on_path(const char *path)
{
    struct approval_case judged = {0};
    const struct event_change change = {.path = path, .kind = "add"};
    approvals_judge_patch(bench.approvals,
                          &(struct approval_patch){.changes = &change, .n_changes = 1}, &judged);
    enum approval_verdict verdict = judged.ruling.verdict;
    approval_case_finish(&judged);
    return verdict;
}

static void a_patch_allowed_for_the_session_opens_its_folder_but_no_hidden_name(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    const struct event_change change = {.path = "/out/a", .kind = "add"};
    const struct event_approval request = {.call_id = "a",
                                           .kind = EVENT_APPROVE_PATCH,
                                           .cwd = "/w",
                                           .changes = &change,
                                           .n_changes = 1,
                                           .grant_root = "/out"};
    assert_int_equal(verdict_on_path("/out/a"), APPROVAL_ASK);
    assert_ok(approvals_ask(bench.approvals, &request, &asker_a, &bench.open, &err), &err);
    turn_round();
    answer("a", APPROVED_FOR_SESSION);
    turn_round();
    assert_int_equal(verdict_on_path("/out/a"), APPROVAL_RUN);
    assert_int_equal(verdict_on_path("/out/deep/b"), APPROVAL_RUN);
    assert_int_equal(verdict_on_path("/out/.ssh/authorized_keys"), APPROVAL_ASK);
    assert_int_equal(verdict_on_path("/outer"), APPROVAL_ASK);
    assert_int_equal(verdict_on_path("/w/a"), APPROVAL_ASK);
}

static void assert_root(const char *const *paths, size_t n, const char *wanted)
{
    struct event_change changes[4] = {{0}};
    for (size_t i = 0; i < n; i++) {
        changes[i] = (struct event_change){.path = paths[i], .kind = "add"};
    }
    char *root = approval_grant_root(changes, n);
    if (wanted == NULL) {
        assert_null(root);
    } else {
        assert_string_equal(root, wanted);
    }
    free(root);
}

static void the_folder_to_open_is_the_deepest_with_all_in_it(void **state)
{
    (void)state;
    assert_root((const char *[]){"/a/b/c", "/a/b/d/e"}, 2, "/a/b");
    assert_root((const char *[]){"/a/b/c"}, 1, "/a/b");
    assert_root((const char *[]){"/a/bc/x", "/a/b/y"}, 2, "/a");
    assert_root((const char *[]){"/a/b", "/c/d"}, 2, NULL);
    assert_root((const char *[]){"/a"}, 1, NULL);
    assert_root((const char *[]){"/h/x/.ssh/config"}, 1, NULL);
    assert_root(NULL, 0, NULL);
}

#define on_bench(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_bench(answers_in_any_order_reach_the_call_they_are_for),
        on_bench(an_answer_that_comes_twice_or_late_or_for_nobody_is_an_error),
        on_bench(without_an_answer_it_is_denied_in_the_end),
        on_bench(what_is_withdrawn_is_told_and_never_called_back),
        on_bench(an_answer_may_come_from_inside_the_event),
        on_bench(later_listeners_hear_of_what_an_earlier_one_ended),
        on_bench(a_second_request_of_an_open_id_is_refused),
        on_bench(a_prefix_is_taken_only_where_one_was_offered),
        on_bench(a_rule_that_cannot_be_written_lasts_for_the_session),
        on_bench(an_approval_for_the_session_is_for_these_words_in_this_folder),
        on_bench(a_patch_allowed_for_the_session_opens_its_folder_but_no_hidden_name),
        on_bench(the_folder_to_open_is_the_deepest_with_all_in_it),
    };
    return cmocka_run_group_tests_name("policy/approval", tests, NULL, NULL);
}
