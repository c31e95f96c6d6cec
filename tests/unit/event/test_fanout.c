/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <string.h>

#include "event/event.h"
#include "event/fanout.h"

static char heard[64];

static void note(char who, const struct event *event)
{
    size_t n = strlen(heard);
    heard[n] = who;
    heard[n + 1] = (char)('0' + (int)event->kind);
    heard[n + 2] = '\0';
}

static void journal(void *ctx, const struct event *event)
{
    assert_string_equal(ctx, "the journal's own");
    note('j', event);
}

static void front_door(void *ctx, const struct event *event)
{
    assert_null(ctx);
    note('f', event);
}

static void listeners_hear_each_event_in_the_order_they_came(void **state)
{
    (void)state;
    static char own[] = "the journal's own";
    struct fanout *fanout = fanout_create();
    fanout_add(fanout, journal, own);
    fanout_add(fanout, front_door, NULL);
    heard[0] = '\0';
    fanout_emit(fanout, &(struct event){.kind = EVENT_WARNING});
    fanout_emit(fanout, &(struct event){.kind = EVENT_TURN_STARTED});
    assert_string_equal(heard, "j1f1j2f2");
    fanout_destroy(fanout);
}

static void deltas_pass_by_those_who_do_not_want_them(void **state)
{
    (void)state;
    static char own[] = "the journal's own";
    struct fanout *fanout = fanout_create();
    fanout_add_without_deltas(fanout, journal, own);
    assert_false(fanout_hears_deltas(fanout));
    fanout_add(fanout, front_door, NULL);
    assert_true(fanout_hears_deltas(fanout));
    heard[0] = '\0';
    fanout_emit(fanout, &(struct event){.kind = EVENT_TEXT_DELTA});
    fanout_emit(fanout, &(struct event){.kind = EVENT_REASONING_DELTA});
    fanout_emit(fanout, &(struct event){.kind = EVENT_AGENT_MESSAGE});
    assert_string_equal(heard, "f3f4j5f5");
    fanout_destroy(fanout);
}

static void frames_are_for_those_who_asked_for_them(void **state)
{
    (void)state;
    static char own[] = "the journal's own";
    struct fanout *fanout = fanout_create();
    fanout_add_with_frames(fanout, journal, own);
    assert_true(fanout_hears_frames(fanout));
    assert_false(fanout_hears_deltas(fanout));
    fanout_add(fanout, front_door, NULL);
    heard[0] = '\0';
    fanout_emit(fanout, &(struct event){.kind = EVENT_TURN_STARTED});
    fanout_emit(fanout, &(struct event){.kind = EVENT_TEXT_DELTA});
    fanout_emit(fanout, &(struct event){.kind = EVENT_FRAME});
    assert_string_equal(heard, "j2f2f3jD"); /* D is the 20th from 0 */
    fanout_destroy(fanout);
}

static void an_event_nobody_listens_to_is_fine(void **state)
{
    (void)state;
    struct fanout *fanout = fanout_create();
    heard[0] = '\0';
    fanout_emit(fanout, &(struct event){.kind = EVENT_WARNING});
    assert_string_equal(heard, "");
    fanout_destroy(fanout);
    fanout_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listeners_hear_each_event_in_the_order_they_came),
        cmocka_unit_test(deltas_pass_by_those_who_do_not_want_them),
        cmocka_unit_test(frames_are_for_those_who_asked_for_them),
        cmocka_unit_test(an_event_nobody_listens_to_is_fine),
    };
    return cmocka_run_group_tests_name("event/fanout", tests, NULL, NULL);
}
