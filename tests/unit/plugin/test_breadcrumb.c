/* SPDX-License-Identifier: Apache-2.0 */
#include "toys.h"

#include "plugin/breadcrumb.h"
#include "plugin/provider.h"

/* Where the thread is said to be while a toy's slot calls back into the host. */
static struct breadcrumb seen_in_host;
static struct breadcrumb_view view;

static beacon_rc look(const struct beacon_events *events, const struct beacon_event *event)
{
    uint32_t call = 0;
    (void)events;
    (void)event;
    seen_in_host = breadcrumb_look(view, &call);
    return BEACON_OK;
}

static void a_call_is_named_until_it_returns(void **state)
{
    (void)state;
    const struct breadcrumb before = breadcrumb_enter("com.example.a", "poll");
    assert_string_equal(breadcrumb_now.plugin_id, "com.example.a");
    assert_string_equal(breadcrumb_now.slot, "poll");
    breadcrumb_leave(before);
    assert_null(breadcrumb_now.plugin_id);
}

static void calls_nest(void **state)
{
    (void)state;
    const struct breadcrumb outer = breadcrumb_enter("com.example.a", "stream");
    const struct breadcrumb inner = breadcrumb_enter("com.example.b", "acquire");
    assert_string_equal(breadcrumb_now.plugin_id, "com.example.b");
    breadcrumb_leave(inner);
    assert_string_equal(breadcrumb_now.plugin_id, "com.example.a");
    assert_string_equal(breadcrumb_now.slot, "stream");
    breadcrumb_leave(outer);
}

static void two_calls_of_one_slot_can_be_told_apart(void **state)
{
    (void)state;
    uint32_t first = 0, second = 0;
    view = breadcrumb_view();
    struct breadcrumb before = breadcrumb_enter("com.example.a", "poll");
    (void)breadcrumb_look(view, &first);
    breadcrumb_leave(before);
    before = breadcrumb_enter("com.example.a", "poll");
    (void)breadcrumb_look(view, &second);
    breadcrumb_leave(before);
    assert_int_not_equal(first, second);
}

static void the_host_is_not_blamed_on_the_plugin_that_calls_it(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct plugin_set *set = set_of(GOOD_TOYS);
    struct provider *provider = NULL;
    struct provider_exchange *exchange = NULL;
    const struct beacon_turn turn = {.struct_size = (uint32_t)sizeof turn};
    const struct beacon_events events = {.struct_size = (uint32_t)sizeof events, .emit = look};
    const struct beacon_str event = {.p = "", .n = 0};
    const struct beacon_bytes data = {.p = (const uint8_t *)"hi", .n = 2};
    view = breadcrumb_view();
    seen_in_host.plugin_id = "nobody has looked";
    assert_ok(provider_open(set, "toy", NULL, &provider, &err), &err);
    assert_string_equal(provider_plugin_id(provider), "com.example.toy");
    assert_ok(provider_exchange_open(provider, &turn, &exchange, &err), &err);
    assert_ok(provider_exchange_on_frame(exchange, event, data, &events, &err), &err);
    assert_null(seen_in_host.plugin_id);
    assert_null(breadcrumb_now.plugin_id);
    provider_exchange_close(exchange);
    provider_close(provider);
    plugin_set_close(set);
    assert_null(breadcrumb_now.plugin_id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_named_until_it_returns),
        cmocka_unit_test(calls_nest),
        cmocka_unit_test(two_calls_of_one_slot_can_be_told_apart),
        cmocka_unit_test(the_host_is_not_blamed_on_the_plugin_that_calls_it),
    };
    return cmocka_run_group_tests_name("plugin/breadcrumb", tests, NULL, NULL);
}
