/* SPDX-License-Identifier: Apache-2.0 */
#include "toys.h"

#include <stdio.h>

#include "base/text.h"
#include "plugin/host_api.h"
#include "plugin/provider.h"

/* A provider of the good toys, an exchange with it, and what it emitted as text. */
struct stage {
    struct plugin_set *set;
    struct provider *provider;
    struct provider_exchange *exchange;
    struct text seen;
    beacon_rc answer; /* what the sink returns */
    struct beacon_events events;
};

static void write_part(struct text *seen, const struct beacon_part *part)
{
    (void)text_addf(seen, "part[%u,%zu,%zu]", part->struct_size, part->blob.n, part->ns.n);
}

static beacon_rc take(const struct beacon_events *events, const struct beacon_event *ev)
{
    struct stage *stage = events->ctx;
    assert_true(ev->struct_size >= sizeof *ev);
    (void)text_addf(&stage->seen, "%u:%.*s", ev->type, (int)ev->text.n,
                    ev->text.p != NULL ? ev->text.p : "");
    if (ev->type != BEACON_EV_DELTA && ev->part != NULL) {
        write_part(&stage->seen, ev->part);
    }
    if (ev->type == BEACON_EV_USAGE) {
        (void)text_addf(&stage->seen, "usage[%lld,%lld,%lld]", (long long)ev->usage->input,
                        (long long)ev->usage->reasoning, (long long)ev->usage->cost_nano_usd);
    }
    (void)text_add_char(&stage->seen, ' ');
    return stage->answer;
}

static void stage_open(struct stage *stage, const char *name)
{
    struct beacon_error err = {0};
    memset(stage, 0, sizeof *stage);
    text_init(&stage->seen, 1u << 20);
    stage->events = (struct beacon_events){
        .struct_size = (uint32_t)sizeof stage->events, .ctx = stage, .emit = take};
    stage->set = set_of(GOOD_TOYS);
    assert_ok(provider_open(stage->set, name, NULL, &stage->provider, &err), &err);
}

static void stage_begin(struct stage *stage, const char *name)
{
    struct beacon_error err = {0};
    const struct beacon_turn turn = {.struct_size = (uint32_t)sizeof turn};
    stage_open(stage, name);
    assert_ok(provider_exchange_open(stage->provider, &turn, &stage->exchange, &err), &err);
}

static void stage_close(struct stage *stage)
{
    provider_exchange_close(stage->exchange);
    provider_close(stage->provider);
    plugin_set_close(stage->set);
    text_finish(&stage->seen);
}

static int frame(struct stage *stage, const char *data, struct beacon_error *err)
{
    const struct beacon_str event = {.p = "message", .n = 7};
    const struct beacon_bytes bytes = {.p = (const uint8_t *)data, .n = strlen(data)};
    return provider_exchange_on_frame(stage->exchange, event, bytes, &stage->events, err);
}

static void a_turn_goes_from_request_to_done(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct beacon_action action = {0};
    struct stage stage;
    stage_begin(&stage, "toy");
    assert_ok(provider_exchange_poll(stage.exchange, &action, &err), &err);
    assert_int_equal(action.kind, BEACON_ACT_HTTP);
    assert_string_equal(action.http->url.p, "https://toy.example.com/");
    assert_int_equal(action.http->auth, BEACON_AUTH_INSTANCE);
    const struct beacon_http_response response = {.struct_size = (uint32_t)sizeof response,
                                                  .status = 200};
    assert_ok(provider_exchange_on_response(stage.exchange, &response, &stage.events, &err), &err);
    assert_ok(frame(&stage, "hello", &err), &err);
    assert_ok(provider_exchange_on_end(stage.exchange, BEACON_END_OK, &stage.events, &err), &err);
    assert_ok(provider_exchange_poll(stage.exchange, &action, &err), &err);
    assert_int_equal(action.kind, BEACON_ACT_DONE);
    assert_null(action.http);
    assert_string_equal(text_string(&stage.seen), "3:hello 8: ");
    stage_close(&stage);
}

static void an_older_plugin_is_completed_with_zeros(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct beacon_action action = {0};
    struct stage stage;
    stage_begin(&stage, "toy_old");
    assert_ok(provider_exchange_poll(stage.exchange, &action, &err), &err);
    assert_int_equal(action.http->struct_size, sizeof *action.http);
    assert_int_equal(action.http->auth, BEACON_AUTH_NONE);
    assert_null(action.http->tls_profile.p);
    assert_ok(frame(&stage, "hi", &err), &err);
    assert_ok(frame(&stage, "!item", &err), &err);
    assert_ok(frame(&stage, "!usage", &err), &err);
    char expected[128];
    (void)snprintf(expected, sizeof expected,
                   "3:hi 2:part[%zu,0,0] 4:part[%zu,0,0] 5:usage[7,-1,-1] ",
                   sizeof(struct beacon_part), sizeof(struct beacon_part));
    assert_string_equal(text_string(&stage.seen), expected);
    stage_close(&stage);
}

static void an_older_table_gets_defaults_and_a_newer_one_is_cut(void **state)
{
    (void)state;
    struct stage stage;
    const struct beacon_turn turn = {.struct_size = (uint32_t)sizeof turn};
    stage_open(&stage, "toy_old");
    assert_int_equal(provider_count_tokens(stage.provider, &turn), -1);
    assert_string_equal(provider_opaque_ns(stage.provider), "com.example.toy-old");
    stage_close(&stage);
    stage_open(&stage, "toy_new");
    assert_int_equal(provider_count_tokens(stage.provider, &turn), -1);
    assert_string_equal(provider_opaque_ns(stage.provider), "toys");
    stage_close(&stage);
}

static void an_unknown_event_is_left_out_unless_critical(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct stage stage;
    stage_begin(&stage, "toy");
    assert_ok(frame(&stage, "!unknown", &err), &err);
    assert_string_equal(text_string(&stage.seen), "");
    assert_refused(frame(&stage, "!critical", &err), BEACON_E_UNSUPPORTED, &err);
    assert_says(err.message, "plugin com.example.toy: it sent event 0x80000001");
    stage_close(&stage);
}

static void finish_comes_once_and_last(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct stage stage;
    stage_begin(&stage, "toy");
    assert_ok(frame(&stage, "!finish", &err), &err);
    assert_refused(frame(&stage, "late", &err), BEACON_E_PROTOCOL, &err);
    assert_says(err.message, "an event came after FINISH");
    assert_refused(frame(&stage, "!finish", &err), BEACON_E_PROTOCOL, &err);
    assert_string_equal(text_string(&stage.seen), "8: ");
    stage_close(&stage);
}

static void events_that_would_crash_a_reader_are_refused(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct stage stage;
    stage_begin(&stage, "toy");
    assert_refused(frame(&stage, "!void", &err), BEACON_E_PROTOCOL, &err);
    assert_refused(frame(&stage, "!partless", &err), BEACON_E_PROTOCOL, &err);
    assert_refused(frame(&stage, "!tiny", &err), BEACON_E_INVALID, &err);
    assert_string_equal(text_string(&stage.seen), "");
    assert_ok(frame(&stage, "still alive", &err), &err);
    stage_close(&stage);
}

static void a_refusal_by_the_sink_counts_even_if_the_plugin_ignores_it(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct stage stage;
    stage_begin(&stage, "toy");
    stage.answer = BEACON_E_CANCELLED;
    assert_refused(frame(&stage, "one", &err), BEACON_E_CANCELLED, &err);
    stage.answer = BEACON_OK;
    assert_ok(frame(&stage, "two", &err), &err);
    stage_close(&stage);
}

static void a_plugin_s_error_has_its_words_or_at_least_its_name(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct stage stage;
    stage_begin(&stage, "toy");
    assert_refused(frame(&stage, "!fail", &err), BEACON_E_PROTOCOL, &err);
    assert_string_equal(err.message, "toy was told to fail");
    assert_refused(frame(&stage, "!mute", &err), BEACON_E_PROTOCOL, &err);
    assert_string_equal(err.message, "plugin com.example.toy failed in on_frame() with code -8 and "
                                     "gave no reason");
    stage_close(&stage);
}

static void a_verdict_nobody_knows_is_final(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct beacon_verdict verdict = {0};
    struct stage stage;
    stage_begin(&stage, "toy");
    provider_exchange_judge(stage.exchange, &verdict);
    assert_int_equal(verdict.verdict, BEACON_VERDICT_RETRY);
    assert_int_equal(verdict.after_ms, 250);
    assert_int_equal(verdict.message.n, strlen("toy says no"));
    assert_ok(frame(&stage, "x", &err), &err);
    provider_exchange_judge(stage.exchange, &verdict);
    assert_int_equal(verdict.verdict, BEACON_VERDICT_FATAL);
    stage_close(&stage);
}

static void a_configuration_that_create_refuses_is_reported(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct provider *provider = NULL;
    struct plugin_set *set = set_of(GOOD_TOYS);
    assert_refused(provider_open(set, "toy", "[]", &provider, &err), BEACON_E_INVALID, &err);
    assert_string_equal(err.message, "the configuration of toy is not an object");
    assert_refused(provider_open(set, "toy", "{\"silent\": true}", &provider, &err),
                   BEACON_E_INTERNAL, &err);
    assert_says(err.message, "failed in create() with code -1234");
    assert_null(provider);
    plugin_set_close(set);
}

static void an_exchange_that_cannot_open_leaves_nothing(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct provider_exchange *exchange = NULL;
    struct stage stage;
    stage_open(&stage, "toy");
    assert_refused(provider_exchange_open(stage.provider, NULL, &exchange, &err),
                   BEACON_E_UNSUPPORTED, &err);
    assert_null(exchange);
    stage_close(&stage);
}

static beacon_rc take_model(const struct beacon_models_sink *sink, const struct beacon_model *model)
{
    (void)text_addf(sink->ctx, "%.*s ", (int)model->id.n, model->id.p);
    return BEACON_OK;
}

static void the_catalogue_reaches_the_caller(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, "toy");
    const struct beacon_models_sink sink = {
        .struct_size = (uint32_t)sizeof sink, .ctx = &stage.seen, .add = take_model};
    assert_int_equal(provider_models(stage.provider, &sink), BEACON_OK);
    assert_string_equal(text_string(&stage.seen), "toy-1 ");
    stage_close(&stage);
}

static void a_sans_io_provider_has_no_stream_and_the_other_no_exchanges(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct beacon_verdict verdict = {0};
    const struct beacon_turn turn = {.struct_size = (uint32_t)sizeof turn};
    struct stage stage;
    stage_open(&stage, "toy");
    assert_false(provider_is_blocking(stage.provider));
    assert_refused(provider_stream(stage.provider, &turn, &stage.events, NULL, &verdict, &err),
                   BEACON_E_UNSUPPORTED, &err);
    stage_close(&stage);
    stage_open(&stage, "toy_blocking");
    assert_true(provider_is_blocking(stage.provider));
    assert_refused(provider_exchange_open(stage.provider, &turn, &stage.exchange, &err),
                   BEACON_E_UNSUPPORTED, &err);
    stage_close(&stage);
}

static bool is_true(const void *ctx)
{
    return *(const bool *)ctx;
}

static void a_blocking_stream_emits_and_sees_the_cancel(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct beacon_verdict verdict = {0};
    bool is_cancelled = false;
    const struct beacon_cancel cancel = {.is_cancelled = is_true, .fd = -1, .ctx = &is_cancelled};
    const struct beacon_turn turn = {.struct_size = (uint32_t)sizeof turn};
    struct stage stage;
    stage_open(&stage, "toy_blocking");
    assert_ok(provider_stream(stage.provider, &turn, &stage.events, &cancel, &verdict, &err), &err);
    assert_string_equal(text_string(&stage.seen), "3:hello 8: ");
    is_cancelled = true;
    assert_refused(provider_stream(stage.provider, &turn, &stage.events, &cancel, &verdict, &err),
                   BEACON_E_CANCELLED, &err);
    assert_string_equal(err.message, "stopped as asked");
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turn_goes_from_request_to_done),
        cmocka_unit_test(an_older_plugin_is_completed_with_zeros),
        cmocka_unit_test(an_older_table_gets_defaults_and_a_newer_one_is_cut),
        cmocka_unit_test(an_unknown_event_is_left_out_unless_critical),
        cmocka_unit_test(finish_comes_once_and_last),
        cmocka_unit_test(events_that_would_crash_a_reader_are_refused),
        cmocka_unit_test(a_refusal_by_the_sink_counts_even_if_the_plugin_ignores_it),
        cmocka_unit_test(a_plugin_s_error_has_its_words_or_at_least_its_name),
        cmocka_unit_test(a_verdict_nobody_knows_is_final),
        cmocka_unit_test(a_configuration_that_create_refuses_is_reported),
        cmocka_unit_test(an_exchange_that_cannot_open_leaves_nothing),
        cmocka_unit_test(the_catalogue_reaches_the_caller),
        cmocka_unit_test(a_sans_io_provider_has_no_stream_and_the_other_no_exchanges),
        cmocka_unit_test(a_blocking_stream_emits_and_sees_the_cancel),
    };
    return cmocka_run_group_tests_name("plugin/provider", tests, NULL, NULL);
}
