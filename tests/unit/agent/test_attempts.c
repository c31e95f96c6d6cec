/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <beacon/provider.h>

#include "agent/attempts.h"
#include "agent/stream.h"

#define MIDDLE 0.5 /* of the dice: waits are not spread then */

static struct stream_outcome failure(enum stream_phase phase)
{
    return (struct stream_outcome){.phase = phase,
                                   .verdict = BEACON_VERDICT_RETRY,
                                   .after_ms = -1,
                                   .code = BEACON_E_IO,
                                   .message = "",
                                   .hint = ""};
}

static void assert_attempt(struct attempts *attempts, const struct stream_outcome *outcome,
                           uint32_t n, uint32_t max, uint32_t wait_ms)
{
    struct attempt attempt = {0};
    assert_true(attempts_next(attempts, outcome, MIDDLE, &attempt));
    assert_int_equal(attempt.n, n);
    assert_int_equal(attempt.max, max);
    assert_int_equal(attempt.wait_ms, wait_ms);
}

static void assert_given_up(struct attempts *attempts, const struct stream_outcome *outcome)
{
    struct attempt attempt = {0};
    assert_false(attempts_next(attempts, outcome, MIDDLE, &attempt));
}

static void waits_double_from_a_fifth_of_a_second(void **state)
{
    (void)state;
    struct attempts attempts = {.stream_max = 5};
    struct stream_outcome outcome = failure(STREAM_ANSWERING);
    for (uint32_t n = 1; n <= 5; n++) {
        assert_attempt(&attempts, &outcome, n, 5, 200u << (n - 1));
    }
    assert_given_up(&attempts, &outcome);
}

static void a_broken_stream_is_no_failure_of_the_request(void **state)
{
    (void)state;
    struct attempts attempts = {.request_max = 4, .stream_max = 1};
    struct stream_outcome outcome = failure(STREAM_ANSWERING);
    assert_attempt(&attempts, &outcome, 1, 1, 200);
    assert_given_up(&attempts, &outcome);
}

static void the_request_level_gives_up_to_the_stream_level_and_begins_again(void **state)
{
    (void)state;
    struct attempts attempts = {.request_max = 2, .stream_max = 1};
    struct stream_outcome outcome = failure(STREAM_ASKING);
    assert_attempt(&attempts, &outcome, 1, 2, 200);
    assert_attempt(&attempts, &outcome, 2, 2, 400);
    assert_attempt(&attempts, &outcome, 1, 1, 200);
    assert_attempt(&attempts, &outcome, 1, 2, 200);
    assert_attempt(&attempts, &outcome, 2, 2, 400);
    assert_given_up(&attempts, &outcome);
}

static void a_rate_limit_ends_with_the_request_level(void **state)
{
    (void)state;
    struct attempts attempts = {.request_max = 1, .stream_max = 5};
    struct stream_outcome outcome = failure(STREAM_ASKING);
    outcome.code = BEACON_E_LIMIT;
    assert_attempt(&attempts, &outcome, 1, 1, 200);
    assert_given_up(&attempts, &outcome);
}

static void a_rate_limit_within_a_stream_is_repeated_there(void **state)
{
    (void)state;
    struct attempts attempts = {.request_max = 1, .stream_max = 5};
    struct stream_outcome outcome = failure(STREAM_ANSWERING);
    outcome.code = BEACON_E_LIMIT;
    assert_attempt(&attempts, &outcome, 1, 5, 200);
}

static void what_the_server_asks_for_wins(void **state)
{
    (void)state;
    struct attempts attempts = {.request_max = 4, .stream_max = 5};
    struct stream_outcome outcome = failure(STREAM_ASKING);
    outcome.after_ms = 1500;
    assert_attempt(&attempts, &outcome, 1, 4, 1500);
    outcome.after_ms = 0;
    assert_attempt(&attempts, &outcome, 2, 4, 0);
}

static void a_server_that_asks_for_hours_is_not_waited_for(void **state)
{
    (void)state;
    struct attempts attempts = {.request_max = 4, .stream_max = 5};
    struct stream_outcome outcome = failure(STREAM_ANSWERING);
    outcome.after_ms = 12720000;
    assert_given_up(&attempts, &outcome);
}

static void nothing_but_a_retry_is_repeated(void **state)
{
    (void)state;
    static const uint32_t verdicts[] = {BEACON_VERDICT_FATAL, BEACON_VERDICT_REAUTH,
                                        BEACON_VERDICT_TOO_LONG, BEACON_VERDICT_FALLBACK, 99};
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        struct attempts attempts = {.request_max = 4, .stream_max = 5};
        struct stream_outcome outcome = failure(STREAM_ANSWERING);
        outcome.verdict = verdicts[i];
        assert_given_up(&attempts, &outcome);
    }
}

static void none_allowed_means_none_made(void **state)
{
    (void)state;
    struct attempts attempts = {0};
    struct stream_outcome asking = failure(STREAM_ASKING), answering = failure(STREAM_ANSWERING);
    assert_given_up(&attempts, &asking);
    assert_given_up(&attempts, &answering);
}

static void a_hundred_attempts_never_wait_longer_than_a_minute(void **state)
{
    (void)state;
    struct attempts attempts = {.stream_max = 100};
    struct stream_outcome outcome = failure(STREAM_ANSWERING);
    struct attempt attempt = {0};
    for (int i = 0; i < 100; i++) {
        assert_true(attempts_next(&attempts, &outcome, 1.0, &attempt));
        assert_in_range(attempt.wait_ms, 200, 66000);
    }
    assert_given_up(&attempts, &outcome);
}

static void an_answer_that_completed_starts_the_count_anew(void **state)
{
    (void)state;
    struct attempts attempts = {.request_max = 1, .stream_max = 1};
    struct stream_outcome outcome = failure(STREAM_ANSWERING);
    assert_attempt(&attempts, &outcome, 1, 1, 200);
    attempts_reset(&attempts);
    assert_attempt(&attempts, &outcome, 1, 1, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_double_from_a_fifth_of_a_second),
        cmocka_unit_test(a_broken_stream_is_no_failure_of_the_request),
        cmocka_unit_test(the_request_level_gives_up_to_the_stream_level_and_begins_again),
        cmocka_unit_test(a_rate_limit_ends_with_the_request_level),
        cmocka_unit_test(a_rate_limit_within_a_stream_is_repeated_there),
        cmocka_unit_test(what_the_server_asks_for_wins),
        cmocka_unit_test(a_server_that_asks_for_hours_is_not_waited_for),
        cmocka_unit_test(nothing_but_a_retry_is_repeated),
        cmocka_unit_test(none_allowed_means_none_made),
        cmocka_unit_test(a_hundred_attempts_never_wait_longer_than_a_minute),
        cmocka_unit_test(an_answer_that_completed_starts_the_count_anew),
    };
    return cmocka_run_group_tests_name("agent/attempts", tests, NULL, NULL);
}
