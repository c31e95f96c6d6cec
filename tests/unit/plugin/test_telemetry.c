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

static void an_encoding_exporter_does_not_write(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct plugin_set *set = set_of(GOOD_TOYS);
    struct telemetry *wire = open_exporter(set, "wire");
    const struct beacon_telemetry *table = telemetry_table(wire);
    void *inst = telemetry_instance(wire);
    assert_false(telemetry_is_blocking(wire));
    assert_ok(table->encode(inst, NULL, NULL, &err), &err);
    assert_refused(table->write(inst, NULL, NULL, &err), BEACON_E_UNSUPPORTED, &err);
    telemetry_close(wire);
    plugin_set_close(set);
}

static void a_writing_exporter_does_not_encode(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    const struct beacon_bytes nothing = {0};
    struct plugin_set *set = set_of(GOOD_TOYS);
    struct telemetry *paper = open_exporter(set, "paper");
    const struct beacon_telemetry *table = telemetry_table(paper);
    void *inst = telemetry_instance(paper);
    assert_true(telemetry_is_blocking(paper));
    assert_ok(table->write(inst, NULL, NULL, &err), &err);
    assert_refused(table->encode(inst, NULL, NULL, &err), BEACON_E_UNSUPPORTED, &err);
    assert_int_equal(table->reply(inst, NULL, nothing, NULL), BEACON_E_UNSUPPORTED);
    telemetry_close(paper);
    plugin_set_close(set);
}

static void an_exporter_without_a_queue_has_nothing_to_flush(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct plugin_set *set = set_of(GOOD_TOYS);
    struct telemetry *paper = open_exporter(set, "paper");
    assert_ok(telemetry_table(paper)->flush(telemetry_instance(paper), NULL, &err), &err);
    assert_ok(telemetry_table(paper)->shutdown(telemetry_instance(paper), NULL, &err), &err);
    telemetry_close(paper);
    plugin_set_close(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_encoding_exporter_does_not_write),
        cmocka_unit_test(a_writing_exporter_does_not_encode),
        cmocka_unit_test(an_exporter_without_a_queue_has_nothing_to_flush),
    };
    return cmocka_run_group_tests_name("plugin/telemetry", tests, NULL, NULL);
}
