/* SPDX-License-Identifier: Apache-2.0 */
#include "toys.h"

#include "plugin/telemetry.h"

static struct telemetry *open_exporter(struct plugin_set *set, const char *name)
{
    struct beacon_error err = {0};
    struct telemetry *telemetry = NULL;
    assert_ok(telemetry_open(set, name, "{}", &telemetry, &err), &err);
    return telemetry;
}

static beacon_rc take(const struct beacon_http_out *out, const struct beacon_http_request *request)
{
    (void)request;
    ++*(int *)out->ctx;
    return BEACON_OK;
}

static void an_encoding_exporter_does_not_write(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct beacon_export_result result = {0};
    const struct beacon_bytes nothing = {0};
    struct plugin_set *set = set_of(GOOD_TOYS);
    struct telemetry *wire = open_exporter(set, "wire");
    assert_false(telemetry_is_blocking(wire));
    assert_ok(telemetry_reply(wire, NULL, nothing, &result, &err), &err);
    assert_int_equal(result.retry, 1);
    assert_refused(telemetry_write(wire, NULL, NULL, &err), BEACON_E_UNSUPPORTED, &err);
    telemetry_close(wire);
    plugin_set_close(set);
}

static void an_exporter_that_describes_no_request_has_failed(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    int n_requests = 0;
    const struct beacon_http_out out = {
        .struct_size = (uint32_t)sizeof out, .ctx = &n_requests, .request = take};
    struct plugin_set *set = set_of(GOOD_TOYS);
    struct telemetry *wire = open_exporter(set, "wire");
    assert_refused(telemetry_encode(wire, NULL, &out, &err), BEACON_E_PROTOCOL, &err);
    assert_says(err.message, telemetry_plugin_id(wire));
    assert_int_equal(n_requests, 0);
    telemetry_close(wire);
    plugin_set_close(set);
}

static void a_writing_exporter_does_not_encode(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct beacon_export_result result = {0};
    const struct beacon_bytes nothing = {0};
    int n_requests = 1;
    const struct beacon_http_out out = {
        .struct_size = (uint32_t)sizeof out, .ctx = &n_requests, .request = take};
    struct plugin_set *set = set_of(GOOD_TOYS);
    struct telemetry *paper = open_exporter(set, "paper");
    assert_true(telemetry_is_blocking(paper));
    assert_ok(telemetry_write(paper, NULL, NULL, &err), &err);
    assert_refused(telemetry_encode(paper, NULL, &out, &err), BEACON_E_UNSUPPORTED, &err);
    assert_refused(telemetry_reply(paper, NULL, nothing, &result, &err), BEACON_E_UNSUPPORTED,
                   &err);
    telemetry_close(paper);
    plugin_set_close(set);
}

static void an_exporter_without_a_queue_has_nothing_to_flush(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct plugin_set *set = set_of(GOOD_TOYS);
    struct telemetry *paper = open_exporter(set, "paper");
    assert_ok(telemetry_flush(paper, NULL, &err), &err);
    assert_ok(telemetry_shutdown(paper, NULL, &err), &err);
    telemetry_close(paper);
    plugin_set_close(set);
}

static void an_exporter_that_names_no_signal_wants_all(void **state)
{
    (void)state;
    struct plugin_set *set = set_of(GOOD_TOYS);
    struct telemetry *paper = open_exporter(set, "paper");
    assert_true(telemetry_wants(paper, BEACON_REC_LOG));
    assert_true(telemetry_wants(paper, BEACON_REC_METRIC));
    assert_string_equal(telemetry_name(paper), "paper");
    telemetry_close(paper);
    plugin_set_close(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_encoding_exporter_does_not_write),
        cmocka_unit_test(an_exporter_that_describes_no_request_has_failed),
        cmocka_unit_test(a_writing_exporter_does_not_encode),
        cmocka_unit_test(an_exporter_without_a_queue_has_nothing_to_flush),
        cmocka_unit_test(an_exporter_that_names_no_signal_wants_all),
    };
    return cmocka_run_group_tests_name("plugin/telemetry", tests, NULL, NULL);
}
