/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include "agent/truncation.h"

static void prompt_that_is_read_as_it_grows_is_whole(void **state)
{
    (void)state;
    struct truncation seen = {0};
    for (int64_t n = 100; n < 100000; n += n / 3) {
        assert_false(truncation_is_seen(&seen, n, n * 7 / 10));
    }
}

static void count_that_stays_while_the_prompt_grows_is_told_once(void **state)
{
    (void)state;
    struct truncation seen = {0};
    assert_false(truncation_is_seen(&seen, 4000, 3900));
    assert_false(truncation_is_seen(&seen, 4300, 4096));
    assert_false(truncation_is_seen(&seen, 5000, 4096));
    assert_true(truncation_is_seen(&seen, 6100, 4096));
    assert_false(truncation_is_seen(&seen, 9000, 4096));
}

static void count_far_below_the_text_is_told_at_once(void **state)
{
    (void)state;
    struct truncation seen = {0};
    assert_true(truncation_is_seen(&seen, 20000, 4096));
}

static void first_long_output_that_is_cut_is_told(void **state)
{
    (void)state;
    struct truncation seen = {0};
    assert_false(truncation_is_seen(&seen, 600, 450));
    assert_true(truncation_is_seen(&seen, 12600, 4096));
}

static void small_or_uncounted_prompts_say_nothing(void **state)
{
    (void)state;
    struct truncation seen = {0};
    assert_false(truncation_is_seen(&seen, 1500, 10));
    assert_false(truncation_is_seen(&seen, 90000, -1));
    assert_false(truncation_is_seen(&seen, 90000, 80000));
}

static void prompt_after_a_compaction_may_be_smaller(void **state)
{
    (void)state;
    struct truncation seen = {0};
    assert_false(truncation_is_seen(&seen, 40000, 39000));
    assert_false(truncation_is_seen(&seen, 5000, 4000));
    truncation_forget(&seen);
    assert_false(truncation_is_seen(&seen, 5000, 4000));
    assert_true(truncation_is_seen(&seen, 9000, 4096));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prompt_that_is_read_as_it_grows_is_whole),
        cmocka_unit_test(count_that_stays_while_the_prompt_grows_is_told_once),
        cmocka_unit_test(count_far_below_the_text_is_told_at_once),
        cmocka_unit_test(first_long_output_that_is_cut_is_told),
        cmocka_unit_test(small_or_uncounted_prompts_say_nothing),
        cmocka_unit_test(prompt_after_a_compaction_may_be_smaller),
    };
    return cmocka_run_group_tests_name("agent/truncation", tests, NULL, NULL);
}
