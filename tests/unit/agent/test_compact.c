/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "session/history.h"
#include "unit/agent/turn_stage.h"
#include "unit/tools/tool_stage.h"

#define RUN(script, tokens)                                                                        \
    "{\"calls\":[{\"name\":\"exec_command\",\"call_id\":\"c1\",\"arguments\":{\"cmd\":\"" script   \
    "\",\"login\":false}}],\"usage\":{\"input_tokens\":" tokens ",\"output_tokens\":0}}"
#define SAY(words, tokens)                                                                         \
    "{\"text\":\"" words "\",\"usage\":{\"input_tokens\":" tokens ",\"output_tokens\":0}}"
#define TOO_LONG                                                                                   \
    "{\"status\":400,\"body\":{\"error\":{\"message\":\"too long\",\"type\":"                      \
    "\"invalid_request_error\",\"code\":\"context_length_exceeded\"}}}"

static void conversation_over_the_limit_is_replaced_before_the_next_request(void **state)
{
    turn.compact_limit = 500;
    turn_stage_ask_server(state, "{\"responses\":[" RUN("echo one", "500") "," SAY(
                                     "THE NOTE", "510") "," SAY("done", "90") "]}");
    assert_turn("do it", AGENT_COMPLETED,
                "turn: do it\nusage: 500 in, 0 out\n"
                "run: /bin/bash -c 'echo one'\nran: 0\n"
                "usage: 510 in, 0 out\ncompacted: limit\n"
                "message: done\nusage: 90 in, 0 out\ncompleted\n");
    assert_int_equal(turn_request_count(), 3);
    assert_non_null(strstr(turn_request(1), "hand-over note"));
    assert_non_null(strstr(turn_request(1), "echo one"));
    const char *after = turn_request(2);
    assert_non_null(strstr(after, "do it"));
    assert_non_null(strstr(after, "## Summary (by the model)\\nTHE NOTE"));
    assert_non_null(strstr(after, "- echo one (exit 0)"));
    assert_null(strstr(after, "function_call\""));
    assert_null(strstr(after, "hand-over note"));
}

static void question_begins_with_the_bytes_of_the_request_before(void **state)
{
    turn.compact_limit = 500;
    turn_stage_ask_server(state, "{\"responses\":[" RUN("echo one", "500") "," SAY(
                                     "THE NOTE", "510") "," SAY("done", "90") "]}");
    (void)turn_stage_run("do it");
    AUTO_FREE char *first = alloc_string(turn_request(0));
    const char *end = strstr(first, "do it");
    assert_non_null(end);
    assert_memory_equal(turn_request(1), first, (size_t)(end - first));
}

static void resumed_session_has_the_same_conversation(void **state)
{
    turn.compact_limit = 500;
    turn_stage_ask_server(state, "{\"responses\":[" RUN("echo one", "500") "," SAY(
                                     "THE NOTE", "510") "," SAY("done", "90") "]}");
    (void)turn_stage_run("do it");
    assert_replay();
}

static void request_that_was_too_long_is_asked_again_with_less(void **state)
{
    turn_stage_ask_server(state, "{\"responses\":[" RUN("echo one", "9") "," TOO_LONG "," SAY(
                                     "THE NOTE", "5") "," SAY("done", "6") "]}");
    assert_turn("do it", AGENT_COMPLETED,
                "turn: do it\nusage: 9 in, 0 out\n"
                "run: /bin/bash -c 'echo one'\nran: 0\n"
                "usage: 5 in, 0 out\ncompacted: too_long\n"
                "message: done\nusage: 6 in, 0 out\ncompleted\n");
    assert_null(strstr(turn_request(2), "do it"));
    assert_non_null(strstr(turn_request(3), "do it"));
}

static void what_fits_nowhere_is_left_to_the_ledger(void **state)
{
    turn_stage_ask_server(state, "{\"responses\":[" RUN("echo one", "9") "," TOO_LONG "," TOO_LONG
                                                                         "," SAY("done", "6") "]}");
    (void)turn_stage_run("do it");
    assert_int_equal(turn.outcome, AGENT_COMPLETED);
    const char *last = turn_request(turn_request_count() - 1);
    assert_non_null(strstr(last, "do it"));
    assert_non_null(strstr(last, "There is none: the conversation did not fit any more."));
    assert_non_null(strstr(last, "- echo one (exit 0)"));
}

static void compaction_that_leads_nowhere_ends(void **state)
{
    turn_stage_ask_server(
        state,
        "{\"responses\":[" RUN("echo one", "9") "," RUN("echo one", "9") "," TOO_LONG "," SAY(
            "A", "5") "," RUN("echo one",
                              "9") "," TOO_LONG
                                   "," SAY("A", "5") "," RUN("echo one", "9") "," TOO_LONG "," SAY(
                                       "A", "5") "," RUN("echo one", "9") "," TOO_LONG "]}");
    assert_int_equal(turn_stage_run("do it"), AGENT_FAILED);
    assert_non_null(strstr(turn.failure.message, "was compacted 3 times"));
    assert_non_null(strstr(turn.failure.message, "nothing new was done"));
}

static void question_alone_that_is_too_long_is_the_end(void **state)
{
    turn_stage_ask_server(state, "{\"responses\":[" TOO_LONG "],\"repeat_last\":true}");
    assert_int_equal(turn_stage_run("do it"), AGENT_FAILED);
    assert_non_null(strstr(turn.failure.message, "too long"));
    assert_int_equal(turn_request_count(), 1);
}

static void answer_without_words_is_asked_for_once_more(void **state)
{
    turn.compact_limit = 500;
    turn_stage_ask_server(
        state, "{\"responses\":[" RUN("echo one", "500") "," RUN("echo two", "510") "," SAY(
                   "THE NOTE", "510") "," SAY("done", "90") "]}");
    (void)turn_stage_run("do it");
    assert_int_equal(turn.outcome, AGENT_COMPLETED);
    assert_null(strstr(turn_seen(), "echo two"));
    assert_non_null(strstr(turn_request(1), "\"tool_choice\":\"auto\""));
    assert_non_null(strstr(turn_request(2), "\"tool_choice\":\"none\""));
    assert_non_null(strstr(turn_request(3), "THE NOTE"));
}

static void compaction_that_is_asked_for_is_a_turn_of_its_own(void **state)
{
    struct beacon_error err = {.struct_size = sizeof err};
    turn_stage_ask_server(state,
                          "{\"responses\":[" SAY("hello", "9") "," SAY("THE NOTE", "20") "]}");
    assert_int_equal(agent_compact(turn.agent, &err), BEACON_E_INVALID);
    (void)turn_stage_run("hi");
    text_reset(&turn.seen);
    assert_int_equal(turn_stage_compact(), AGENT_COMPLETED);
    assert_string_equal(turn_seen(),
                        "turn: /compact\nusage: 20 in, 0 out\ncompacted: asked\ncompleted\n");
    assert_int_equal(history_count(turn.history), 2);
}

static void interrupted_compaction_leaves_everything_as_it_was(void **state)
{
    turn.compact_limit = 500;
    turn_stage_ask_server(state, "{\"responses\":[" SAY("hello", "600") ",{\"hang\":true}]}");
    (void)turn_stage_run("hi");
    const size_t before = history_count(turn.history);
    interrupt_on(EVENT_REQUEST_STARTED);
    assert_int_equal(turn_stage_run("more"), AGENT_INTERRUPTED);
    assert_int_equal(history_count(turn.history), before + 1);
    assert_null(strstr(turn_journal(), "\"compacted\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_turn_stage(conversation_over_the_limit_is_replaced_before_the_next_request),
        on_turn_stage(question_begins_with_the_bytes_of_the_request_before),
        on_turn_stage(resumed_session_has_the_same_conversation),
        on_turn_stage(request_that_was_too_long_is_asked_again_with_less),
        on_turn_stage(what_fits_nowhere_is_left_to_the_ledger),
        on_turn_stage(compaction_that_leads_nowhere_ends),
        on_turn_stage(question_alone_that_is_too_long_is_the_end),
        on_turn_stage(answer_without_words_is_asked_for_once_more),
        on_turn_stage(compaction_that_is_asked_for_is_a_turn_of_its_own),
        on_turn_stage(interrupted_compaction_leaves_everything_as_it_was),
    };
    return cmocka_run_group_tests_name("agent/compact", tests, NULL, NULL);
}
