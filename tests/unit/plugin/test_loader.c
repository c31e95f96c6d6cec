/* SPDX-License-Identifier: Apache-2.0 */
#include "toys.h"

#include <stdlib.h>

#include "plugin/loader.h"
#include "plugin/provider.h"
#include "plugin/select.h"

/* Opening the bad toy `name` fails with a message that has `part` in it. */
static void assert_toy_refused(const char *name, int code, const char *part)
{
    struct beacon_error err = {0};
    struct provider *provider = NULL;
    struct plugin_set *set = set_of(BAD_TOYS);
    assert_refused(provider_open(set, name, NULL, &provider, &err), code, &err);
    assert_null(provider);
    assert_says(err.message, part);
    plugin_set_close(set);
}

static void a_missing_mandatory_slot_is_named(void **state)
{
    (void)state;
    assert_toy_refused("lacks_slot", BEACON_E_INVALID,
                       "the provider table of com.example.lacks-slot lacks the mandatory slot "
                       "on_frame");
    assert_toy_refused("lacks_stream", BEACON_E_INVALID, "lacks the mandatory slot stream");
}

static void code_that_disagrees_with_its_note_is_refused_with_both_values(void **state)
{
    (void)state;
    assert_toy_refused("wrong_id", BEACON_E_REFUSED,
                       "wrong_id.so disagrees with its note: the note says id "
                       "com.example.wrong-id, the code com.example.somebody-else");
    assert_toy_refused("wrong_component", BEACON_E_REFUSED,
                       "the note lists the provider wrong_component (beacon.provider/1), the code "
                       "does not");
}

static void a_file_without_our_entry_is_refused(void **state)
{
    (void)state;
    assert_toy_refused("no_entry", BEACON_E_INVALID,
                       "no_entry.so exports no beacon_plugin_entry_v1");
    assert_toy_refused("toy", BEACON_E_UNSUPPORTED,
                       "entry_v2.so speaks ABI major 2 (beacon_plugin_entry_v2), this host speaks "
                       "1");
    assert_toy_refused("declines", BEACON_E_UNSUPPORTED,
                       "declines.so declines to serve a host of ABI 1.0");
}

static void a_note_of_another_major_keeps_the_code_from_being_mapped(void **state)
{
    struct beacon_error err = {0};
    struct provider *provider = NULL;
    assert_int_equal(setenv("TOY_MARKER", temp_path(state, "marker"), 1), 0);
    copy_toy(BAD_TOYS "/wrong_major.so", temp_path(state, "provider_next.so"));
    struct plugin_set *set = set_of(temp_dir(state));
    assert_refused(provider_open(set, "next", NULL, &provider, &err), BEACON_E_REFUSED, &err);
    assert_string_equal(err.message, "the provider plugin next cannot be used: provider_next.so "
                                     "speaks ABI major 2, this host speaks 1");
    assert_int_equal(access(temp_path(state, "marker"), F_OK), -1);
    assert_int_equal(unsetenv("TOY_MARKER"), 0);
    plugin_set_close(set);
}

static void a_failed_load_is_reported_every_time_and_tried_once(void **state)
{
    assert_int_equal(setenv("TOY_MARKER", temp_path(state, "marker"), 1), 0);
    assert_toy_refused("load_fails", BEACON_E_IO, "toy cannot find its marbles");
    assert_toy_refused("load_fails", BEACON_E_IO, "toy cannot find its marbles");
    assert_string_equal(read_text(temp_path(state, "marker")), "constructed loaded ");
    assert_int_equal(unsetenv("TOY_MARKER"), 0);
}

static void a_plugin_is_loaded_when_selected_and_once_per_process(void **state)
{
    struct beacon_error err = {0};
    struct provider *first = NULL, *second = NULL;
    const char *marker = temp_path(state, "marker");
    assert_int_equal(setenv("TOY_MARKER", marker, 1), 0);
    struct plugin_set *set = set_of(GOOD_TOYS);
    struct plugin_set *again = set_of(GOOD_TOYS);
    assert_int_equal(access(marker, F_OK), -1);
    assert_ok(provider_open(set, "toy", NULL, &first, &err), &err);
    assert_ok(provider_open(again, "com.example.toy:toy", NULL, &second, &err), &err);
    assert_string_equal(read_text(marker), "constructed loaded ");
    provider_close(first);
    provider_close(second);
    plugin_set_close(set);
    plugin_set_close(again);
    assert_int_equal(unsetenv("TOY_MARKER"), 0);
}

static void a_broken_plugin_beside_it_does_not_hinder_a_good_one(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct provider *provider = NULL;
    struct plugin_set *set = set_of(BAD_TOYS ":" GOOD_TOYS);
    assert_int_not_equal(provider_open(set, "lacks_slot", NULL, &provider, &err), BEACON_OK);
    assert_int_not_equal(provider_open(set, "wrong_id", NULL, &provider, &err), BEACON_OK);
    assert_ok(provider_open(set, "toy_new", NULL, &provider, &err), &err);
    provider_close(provider);
    plugin_set_close(set);
}

static void an_unknown_name_lists_the_known_ones(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct provider *provider = NULL;
    struct plugin_set *set = set_of(GOOD_TOYS);
    assert_refused(provider_open(set, "tyo", NULL, &provider, &err), BEACON_E_NOT_FOUND, &err);
    assert_string_equal(err.message, "there is no provider plugin tyo; known are toy, "
                                     "toy_blocking, toy_new, toy_old");
    plugin_set_close(set);
}

static void a_name_that_a_refused_file_would_have_carried_gets_its_refusal(void **state)
{
    struct beacon_error err = {0};
    struct provider *provider = NULL;
    write_text(temp_path(state, "provider_open_ai.so"), "");
    struct plugin_set *set = set_of(temp_dir(state));
    assert_refused(provider_open(set, "open-ai", NULL, &provider, &err), BEACON_E_REFUSED, &err);
    assert_string_equal(err.message, "the provider plugin open-ai cannot be used: "
                                     "provider_open_ai.so is empty, not a plugin file");
    assert_refused(provider_open(set, "other", NULL, &provider, &err), BEACON_E_NOT_FOUND, &err);
    assert_says(err.message, "none of that kind");
    plugin_set_close(set);
}

static void a_name_that_two_plugins_carry_needs_the_id(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct provider *provider = NULL;
    struct plugin_set *set = set_of(GOOD_TOYS ":" OTHER_TOYS);
    assert_refused(provider_open(set, "toy", NULL, &provider, &err), BEACON_E_INVALID, &err);
    assert_string_equal(err.message, "two plugins carry the provider toy: com.example.toy:toy and "
                                     "com.example.toy-rival:toy");
    assert_ok(provider_open(set, "com.example.toy-rival:toy", NULL, &provider, &err), &err);
    provider_close(provider);
    plugin_set_close(set);
}

static void a_component_of_a_future_interface_is_refused_by_name(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    const struct plugin_entry *entry = NULL;
    const struct manifest_component *component = NULL;
    struct plugin_set *set = set_of(GOOD_TOYS);
    assert_refused(plugin_select(set, BEACON_KIND_SANDBOX, "future", &entry, &component, &err),
                   BEACON_E_UNSUPPORTED, &err);
    assert_string_equal(err.message, "the sandbox future of com.example.kit speaks "
                                     "beacon.sandbox/9, this host speaks beacon.sandbox/1");
    plugin_set_close(set);
}

static void unload_is_called_once_at_the_end(void **state)
{
    const char *marker = temp_path(state, "marker");
    assert_int_equal(setenv("TOY_MARKER", marker, 1), 0);
    struct beacon_error err = {0};
    struct provider *provider = NULL;
    struct plugin_set *set = set_of(GOOD_TOYS);
    assert_ok(provider_open(set, "toy", NULL, &provider, &err), &err);
    provider_close(provider);
    plugin_set_close(set);
    plugin_unload_all();
    plugin_unload_all();
    /* lacks_slot, lacks_stream, toy, toy_new and the rival were loaded; load_fails was not. */
    assert_string_equal(read_text(marker), "unloaded unloaded unloaded unloaded unloaded ");
    assert_int_equal(unsetenv("TOY_MARKER"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_mandatory_slot_is_named),
        cmocka_unit_test(code_that_disagrees_with_its_note_is_refused_with_both_values),
        cmocka_unit_test(a_file_without_our_entry_is_refused),
        in_temp_dir(a_note_of_another_major_keeps_the_code_from_being_mapped),
        in_temp_dir(a_failed_load_is_reported_every_time_and_tried_once),
        in_temp_dir(a_plugin_is_loaded_when_selected_and_once_per_process),
        cmocka_unit_test(a_broken_plugin_beside_it_does_not_hinder_a_good_one),
        cmocka_unit_test(an_unknown_name_lists_the_known_ones),
        in_temp_dir(a_name_that_a_refused_file_would_have_carried_gets_its_refusal),
        cmocka_unit_test(a_name_that_two_plugins_carry_needs_the_id),
        cmocka_unit_test(a_component_of_a_future_interface_is_refused_by_name),
        in_temp_dir(unload_is_called_once_at_the_end), /* last: nothing opens afterwards */
    };
    return cmocka_run_group_tests_name("plugin/loader", tests, NULL, NULL);
}
