/* SPDX-License-Identifier: Apache-2.0 */
#include "installation.h"

#include <beacon/plugin.h>

#include "plugin/manifest.h"
#include "plugin/quarantine.h"
#include "plugin/select.h"

#define TOY GOOD_TOYS "/toy.so"

/* Selecting the provider `name` fails with this code; returns what is said. */
static const char *refusal_of(const struct plugin_set *set, const char *name, int code)
{
    static struct beacon_error err;
    const struct plugin_entry *entry = NULL;
    const struct manifest_component *component = NULL;
    assert_refused(plugin_select(set, BEACON_KIND_PROVIDER, name, &entry, &component, &err), code,
                   &err);
    assert_null(entry);
    return err.message;
}

static void assert_selects(const struct plugin_set *set, const char *name, const char *id)
{
    struct beacon_error err = {0};
    const struct plugin_entry *entry = NULL;
    const struct manifest_component *component = NULL;
    assert_ok(plugin_select(set, BEACON_KIND_PROVIDER, name, &entry, &component, &err), &err);
    assert_string_equal(entry->manifest->id, id);
}

static void a_component_is_found_by_its_name_and_by_id_and_name(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    struct plugin_set *set = set_of_installation(state);
    assert_selects(set, "toy", "com.example.toy");
    assert_selects(set, "com.example.toy:toy", "com.example.toy");
    (void)refusal_of(set, "com.example:toy", BEACON_E_NOT_FOUND);
    (void)refusal_of(set, "com.example.toy:", BEACON_E_NOT_FOUND);
    (void)refusal_of(set, "", BEACON_E_NOT_FOUND);
    plugin_set_close(set);
}

static void two_plugins_with_one_component_must_be_told_apart(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    copy_toy(OTHER_TOYS "/toy_rival.so", temp_path(state, "home/plugins/rival.so"));
    struct plugin_set *set = set_of_installation(state);
    assert_string_equal(refusal_of(set, "toy", BEACON_E_INVALID),
                        "two plugins carry the provider toy: com.example.toy-rival:toy and "
                        "com.example.toy:toy");
    assert_selects(set, "com.example.toy-rival:toy", "com.example.toy-rival");
    plugin_set_close(set);
}

static void what_is_not_there_is_answered_with_what_is(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    struct plugin_set *set = set_of_installation(state);
    assert_string_equal(refusal_of(set, "nosuch", BEACON_E_NOT_FOUND),
                        "there is no provider plugin nosuch; known are toy");
    plugin_set_close(set);
}

static void a_masked_component_is_refused_with_the_line_that_masks_it(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    write_dropin(state, "home/plugins.d/a.ini", "[com.example.toy]\nenabled = no\n", NULL);
    struct plugin_set *set = set_of_installation(state);
    assert_says(refusal_of(set, "toy", BEACON_E_REFUSED), "a.ini:2 disables com.example.toy");
    plugin_set_close(set);
}

static void a_mask_answers_for_an_id_that_is_nowhere_else(void **state)
{
    make_installation(state);
    write_dropin(state, "home/plugins.d/a.ini", "[com.example.toy]\npath =\n", NULL);
    struct plugin_set *set = set_of_installation(state);
    assert_says(refusal_of(set, "com.example.toy:toy", BEACON_E_REFUSED),
                "a.ini:2 masks com.example.toy");
    plugin_set_close(set);
}

static void what_the_policy_forbids_is_refused_as_policy(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    struct plugin_policy *policy = policy_saying("[plugins]\ndeny = com.example.*\n");
    struct plugin_places places = places_of(state);
    places.policy = policy;
    struct plugin_set *set = set_at(&places);
    assert_says(refusal_of(set, "toy", BEACON_E_POLICY), "policy.ini:2");
    plugin_set_close(set);
    plugin_policy_destroy(policy);
}

static void quarantine_is_the_reason_that_is_given(void **state)
{
    make_installation(state);
    struct beacon_error err = {0};
    struct quarantine *quarantine = NULL;
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    assert_ok(quarantine_put(temp_path(state, "home"), "com.example.toy", "it hung", &err), &err);
    assert_ok(quarantine_load(temp_path(state, "home"), &quarantine, &err), &err);
    struct plugin_places places = places_of(state);
    places.quarantine = quarantine;
    struct plugin_set *set = set_at(&places);
    assert_says(refusal_of(set, "toy", BEACON_E_REFUSED), "is in quarantine since");
    plugin_set_close(set);
    quarantine_destroy(quarantine);
}

static void the_fault_of_a_file_is_told_before_that_another_is_shadowed(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    copy_toy(TOY, temp_path(state, "opt/toy.so"));
    assert_int_equal(chmod(temp_path(state, "opt/toy.so"), 0666), 0);
    write_dropin(state, "home/plugins.d/a.ini", "[com.example.toy]\npath = %s\n", "opt/toy.so");
    struct plugin_set *set = set_of_installation(state);
    assert_says(refusal_of(set, "com.example.toy:toy", BEACON_E_REFUSED),
                "can be changed by others");
    plugin_set_close(set);
}

static void a_place_that_was_not_searched_is_mentioned(void **state)
{
    make_installation(state);
    struct beacon_error err = {0};
    const struct plugin_entry *entry = NULL;
    const struct manifest_component *component = NULL;
    copy_toy(OTHER_TOYS "/bundled_toy.so", temp_path(state, BUNDLED "b.so"));
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    struct plugin_places places = places_of(state);
    places.is_safe_mode = true;
    struct plugin_set *set = set_at(&places);
    assert_refused(plugin_select(set, BEACON_KIND_PROVIDER, "toy", &entry, &component, &err),
                   BEACON_E_NOT_FOUND, &err);
    assert_says(err.hint, "safe mode");
    plugin_set_close(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_component_is_found_by_its_name_and_by_id_and_name),
        in_temp_dir(two_plugins_with_one_component_must_be_told_apart),
        in_temp_dir(what_is_not_there_is_answered_with_what_is),
        in_temp_dir(a_masked_component_is_refused_with_the_line_that_masks_it),
        in_temp_dir(a_mask_answers_for_an_id_that_is_nowhere_else),
        in_temp_dir(what_the_policy_forbids_is_refused_as_policy),
        in_temp_dir(quarantine_is_the_reason_that_is_given),
        in_temp_dir(the_fault_of_a_file_is_told_before_that_another_is_shadowed),
        in_temp_dir(a_place_that_was_not_searched_is_mentioned),
    };
    return cmocka_run_group_tests_name("plugin/select", tests, NULL, NULL);
}
