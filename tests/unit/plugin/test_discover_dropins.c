/* SPDX-License-Identifier: Apache-2.0 */
#include "installation.h"

#include "base/auto.h"
#include "plugin/manifest.h"
#include "plugin/quarantine.h"

#define TOY         GOOD_TOYS "/toy.so"
#define BUNDLED_TOY OTHER_TOYS "/bundled_toy.so"
#define BUNDLED_ID  "com.beacon.provider-bundled"

static void a_dropin_finds_a_file_anywhere(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "opt/toy.so"));
    write_dropin(state, "home/plugins.d/a.ini", "[com.example.toy]\npath = %s\n", "opt/toy.so");
    struct plugin_set *set = set_of_installation(state);
    const struct plugin_entry *entry = entry_named(set, "toy.so");
    assert_int_equal(entry->state, PLUGIN_USABLE);
    assert_int_equal(entry->place, PLUGIN_PLACE_HOME_DROPIN);
    assert_string_equal(entry->path, temp_path(state, "opt/toy.so"));
    assert_string_equal(entry->where, temp_path(state, "home/plugins.d/a.ini:1"));
    assert_false(entry->is_required);
    plugin_set_close(set);
}

static void a_dropin_goes_before_every_folder(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "opt/a.so"));
    copy_toy(TOY, temp_path(state, "extra/b.so"));
    copy_toy(TOY, temp_path(state, "home/plugins/c.so"));
    write_dropin(state, "home/plugins.d/a.ini", "[com.example.toy]\npath = %s\n", "opt/a.so");
    struct plugin_set *set = set_of_installation(state);
    assert_int_equal(entry_named(set, "a.so")->state, PLUGIN_USABLE);
    assert_int_equal(entry_named(set, "b.so")->state, PLUGIN_SHADOWED);
    assert_string_equal(entry_named(set, "b.so")->decided_by,
                        temp_path(state, "home/plugins.d/a.ini:1"));
    assert_int_equal(entry_named(set, "c.so")->state, PLUGIN_SHADOWED);
    plugin_set_close(set);
}

static void a_mask_takes_the_id_out_of_every_place(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "extra/toy.so"));
    copy_toy(BUNDLED_TOY, temp_path(state, BUNDLED "bundled.so"));
    write_dropin(state, "home/plugins.d/a.ini",
                 "[com.example.toy]\npath =\n[" BUNDLED_ID "]\npath =\n", NULL);
    struct plugin_set *set = set_of_installation(state);
    const struct plugin_entry *toy = entry_named(set, "toy.so");
    assert_int_equal(toy->state, PLUGIN_MASKED);
    assert_string_equal(toy->decided_by, temp_path(state, "home/plugins.d/a.ini:2"));
    assert_says(toy->refusal.message, "a.ini:2 masks com.example.toy");
    assert_int_equal(entry_named(set, "bundled.so")->state, PLUGIN_MASKED);
    const struct plugin_entry *mask = entry_from(set, PLUGIN_PLACE_HOME_DROPIN, "com.example.toy");
    assert_string_equal(mask->path, "");
    assert_null(mask->manifest);
    plugin_set_close(set);
}

static void enabled_no_shows_the_plugin_and_does_not_use_it(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "opt/a.so"));
    copy_toy(TOY, temp_path(state, "home/plugins/b.so"));
    write_dropin(state, "home/plugins.d/a.ini", "[com.example.toy]\npath = %s\nenabled = no\n",
                 "opt/a.so");
    struct plugin_set *set = set_of_installation(state);
    assert_int_equal(entry_named(set, "a.so")->state, PLUGIN_MASKED);
    assert_non_null(entry_named(set, "a.so")->manifest);
    assert_says(entry_named(set, "a.so")->refusal.message, "a.ini:3 disables com.example.toy");
    assert_int_equal(entry_named(set, "b.so")->state, PLUGIN_MASKED);
    plugin_set_close(set);
}

static void what_the_system_says_about_an_id_counts_and_the_users_word_does_not(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "opt/theirs.so"));
    copy_toy(TOY, temp_path(state, "opt/mine.so"));
    write_dropin(state, "system/10.ini", "[com.example.toy]\npath = %s\n", "opt/theirs.so");
    write_dropin(state, "home/plugins.d/a.ini",
                 "[com.example.toy]\npath = %s\noverride = yes\nrequired = yes\n", "opt/mine.so");
    struct plugin_set *set = set_of_installation(state);
    assert_int_equal(entry_named(set, "theirs.so")->state, PLUGIN_USABLE);
    const struct plugin_entry *mine = entry_named(set, "mine.so");
    assert_int_equal(mine->state, PLUGIN_SHADOWED);
    assert_false(mine->is_required);
    assert_string_equal(mine->decided_by, temp_path(state, "system/10.ini:1"));
    plugin_set_close(set);
}

static void a_mask_of_the_system_is_not_lifted_by_the_user(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    write_dropin(state, "system/10.ini", "[com.example.toy]\nenabled = no\n", NULL);
    write_dropin(state, "home/plugins.d/a.ini", "[com.example.toy]\nenabled = yes\n", NULL);
    struct plugin_set *set = set_of_installation(state);
    assert_int_equal(entry_named(set, "toy.so")->state, PLUGIN_MASKED);
    plugin_set_close(set);
}

static void a_bundled_id_is_replaced_only_with_override(void **state)
{
    make_installation(state);
    copy_toy(BUNDLED_TOY, temp_path(state, "opt/mine.so"));
    copy_toy(BUNDLED_TOY, temp_path(state, BUNDLED "theirs.so"));
    write_dropin(state, "home/plugins.d/a.ini", "[" BUNDLED_ID "]\npath = %s\n", "opt/mine.so");
    struct plugin_set *set = set_of_installation(state);
    assert_int_equal(entry_named(set, "theirs.so")->state, PLUGIN_USABLE);
    assert_int_equal(entry_named(set, "mine.so")->state, PLUGIN_SHADOWED);
    assert_says(entry_named(set, "mine.so")->refusal.hint, "override = yes");
    plugin_set_close(set);
    write_dropin(state, "home/plugins.d/a.ini", "[" BUNDLED_ID "]\npath = %s\noverride = yes\n",
                 "opt/mine.so");
    set = set_of_installation(state);
    assert_int_equal(entry_named(set, "mine.so")->state, PLUGIN_USABLE);
    assert_int_equal(entry_named(set, "theirs.so")->state, PLUGIN_SHADOWED);
    plugin_set_close(set);
}

static void the_policy_must_permit_the_override(void **state)
{
    make_installation(state);
    copy_toy(BUNDLED_TOY, temp_path(state, "opt/mine.so"));
    copy_toy(BUNDLED_TOY, temp_path(state, BUNDLED "theirs.so"));
    write_dropin(state, "home/plugins.d/a.ini", "[" BUNDLED_ID "]\npath = %s\noverride = yes\n",
                 "opt/mine.so");
    struct plugin_policy *policy = policy_saying("[plugins]\nallow = com.*\n");
    struct plugin_places places = places_of(state);
    places.policy = policy;
    struct plugin_set *set = set_at(&places);
    assert_int_equal(entry_named(set, "theirs.so")->state, PLUGIN_USABLE);
    assert_int_equal(entry_named(set, "mine.so")->state, PLUGIN_REFUSED);
    assert_int_equal(entry_named(set, "mine.so")->refusal.code, BEACON_E_POLICY);
    plugin_set_close(set);
    plugin_policy_destroy(policy);
}

static void what_the_policy_keeps_out_is_refused_with_its_line(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    copy_toy(BUNDLED_TOY, temp_path(state, BUNDLED "bundled.so"));
    copy_toy(GOOD_TOYS "/toy_kit.so", temp_path(state, BUNDLED "kit.so"));
    AUTO_FREE char *rules = alloc_printf(
        "[plugins]\nsources = bundled, %s\ndeny = com.example.kit\n", temp_path(state, "lib"));
    struct plugin_policy *policy = policy_saying(rules);
    struct plugin_places places = places_of(state);
    places.policy = policy;
    struct plugin_set *set = set_at(&places);
    const struct plugin_entry *toy = entry_named(set, "toy.so");
    assert_int_equal(toy->state, PLUGIN_REFUSED);
    assert_int_equal(toy->refusal.code, BEACON_E_POLICY);
    assert_says(toy->refusal.message, "policy.ini:2");
    assert_string_equal(toy->id, "com.example.toy");
    assert_int_equal(entry_named(set, "kit.so")->refusal.code, BEACON_E_POLICY);
    assert_says(entry_named(set, "kit.so")->refusal.message, "policy.ini:3");
    assert_int_equal(entry_named(set, "bundled.so")->state, PLUGIN_USABLE);
    plugin_set_close(set);
    plugin_policy_destroy(policy);
}

/* Everybody can write to the folder the test is in, as somebody can to that of a copied program. */
static void a_folder_that_others_can_change_is_not_bundled_under_a_policy(void **state)
{
    make_installation(state);
    copy_toy(GOOD_TOYS "/toy_kit.so", temp_path(state, BUNDLED "kit.so"));
    struct plugin_policy *policy = policy_saying("[plugins]\nsources = bundled\n");
    struct plugin_places places = places_of(state);
    struct plugin_set *set = set_at(&places);
    assert_int_equal(entry_named(set, "kit.so")->state, PLUGIN_USABLE);
    plugin_set_close(set);
    places.policy = policy;
    set = set_at(&places);
    assert_int_equal(entry_named(set, "kit.so")->refusal.code, BEACON_E_POLICY);
    assert_says(entry_named(set, "kit.so")->refusal.message, "(policy.ini:2)");
    assert_says(entry_named(set, "kit.so")->refusal.message, "others than root can change");
    plugin_set_close(set);
    plugin_policy_destroy(policy);
}

static void a_dropin_of_another_id_than_its_file_is_refused_and_holds_its_id(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "opt/toy.so"));
    write_dropin(state, "home/plugins.d/a.ini", "[com.example.other]\npath = %s\n", "opt/toy.so");
    struct plugin_set *set = set_of_installation(state);
    const struct plugin_entry *entry = entry_named(set, "toy.so");
    assert_int_equal(entry->state, PLUGIN_REFUSED);
    assert_string_equal(entry->id, "com.example.other");
    assert_says(entry->refusal.message, "[com.example.other] points to toy.so, which is "
                                        "com.example.toy");
    plugin_set_close(set);
}

static void a_file_that_is_named_and_broken_is_not_replaced_by_another(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    write_dropin(state, "home/plugins.d/a.ini", "[com.example.toy]\npath = %s\n", "opt/gone.so");
    struct plugin_set *set = set_of_installation(state);
    assert_int_equal(entry_named(set, "gone.so")->state, PLUGIN_REFUSED);
    assert_int_equal(entry_named(set, "gone.so")->refusal.code, BEACON_E_NOT_FOUND);
    assert_int_equal(entry_named(set, "toy.so")->state, PLUGIN_SHADOWED);
    plugin_set_close(set);
}

static void a_required_plugin_that_cannot_be_used_stops_the_program(void **state)
{
    make_installation(state);
    struct beacon_error err = {0};
    struct plugin_set *set = NULL;
    struct plugin_places places = places_of(state);
    places.is_inspection = false;
    write_dropin(state, "system/a.ini", "[com.example.toy]\nrequired = yes\n", NULL);
    assert_refused(plugin_set_open(&places, &set, &err), BEACON_E_NOT_FOUND, &err);
    assert_null(set);
    assert_says(err.message, "the required plugin com.example.toy cannot be used");
    assert_says(err.message, temp_path(state, "system/a.ini:2"));
    write_text(temp_path(state, "opt/toy.so"), "no plugin");
    write_dropin(state, "system/a.ini", "[com.example.toy]\npath = %s\nrequired = yes\n",
                 "opt/toy.so");
    assert_refused(plugin_set_open(&places, &set, &err), BEACON_E_INVALID, &err);
    places.is_inspection = true;
    set = set_at(&places);
    assert_true(entry_named(set, "toy.so")->is_required);
    plugin_set_close(set);
}

static void a_required_plugin_may_be_found_by_the_folders(void **state)
{
    make_installation(state);
    struct plugin_places places = places_of(state);
    places.is_inspection = false;
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    write_dropin(state, "system/a.ini", "[com.example.toy]\nrequired = yes\n", NULL);
    struct plugin_set *set = set_at(&places);
    assert_int_equal(plugin_set_count(set), 1);
    assert_true(plugin_set_entry(set, 0)->is_required);
    assert_string_equal(plugin_set_entry(set, 0)->decided_by, temp_path(state, "system/a.ini:2"));
    plugin_set_close(set);
}

static void safe_mode_knows_bundled_plugins_and_the_masks_of_the_system_only(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "opt/toy.so"));
    copy_toy(TOY, temp_path(state, "extra/a.so"));
    copy_toy(TOY, temp_path(state, "home/plugins/b.so"));
    copy_toy(BUNDLED_TOY, temp_path(state, BUNDLED "bundled.so"));
    copy_toy(GOOD_TOYS "/toy_kit.so", temp_path(state, BUNDLED "kit.so"));
    write_dropin(state, "system/a.ini",
                 "[com.example.kit]\nenabled = no\n[com.example.toy]\npath = %s\n", "opt/toy.so");
    struct plugin_places places = places_of(state);
    places.is_safe_mode = true;
    struct plugin_set *set = set_at(&places);
    assert_int_equal(entry_named(set, "bundled.so")->state, PLUGIN_USABLE);
    assert_int_equal(entry_named(set, "kit.so")->state, PLUGIN_MASKED);
    assert_int_equal(entry_named(set, "toy.so")->state, PLUGIN_REFUSED);
    assert_says(entry_named(set, "toy.so")->refusal.message, "safe mode");
    assert_int_equal(plugin_set_count(set), 4);
    assert_true(plugin_set_is_safe_mode(set));
    plugin_set_close(set);
}

static void what_is_in_quarantine_is_left_out_with_its_reason(void **state)
{
    make_installation(state);
    struct beacon_error err = {0};
    struct quarantine *quarantine = NULL;
    const char *home = temp_path(state, "home");
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    assert_ok(quarantine_put(home, "com.example.toy", "it was seen misbehaving", &err), &err);
    assert_ok(quarantine_load(home, &quarantine, &err), &err);
    struct plugin_places places = places_of(state);
    places.quarantine = quarantine;
    struct plugin_set *set = set_at(&places);
    const struct plugin_entry *toy = entry_named(set, "toy.so");
    assert_int_equal(toy->state, PLUGIN_QUARANTINED);
    assert_says(toy->refusal.message, "it was seen misbehaving");
    assert_says(toy->refusal.hint, "beacon plugin quarantine com.example.toy --lift");
    plugin_set_close(set);
    quarantine_destroy(quarantine);
}

static void a_file_that_others_can_change_is_refused_in_the_listing(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    assert_int_equal(chmod(temp_path(state, "home/plugins/toy.so"), 0666), 0);
    assert_int_equal(symlink(TOY, temp_path(state, "home/plugins/link.so")), 0);
    struct plugin_set *set = set_of_installation(state);
    assert_int_equal(entry_named(set, "toy.so")->state, PLUGIN_REFUSED);
    assert_int_equal(entry_named(set, "toy.so")->refusal.code, BEACON_E_REFUSED);
    assert_says(entry_named(set, "toy.so")->refusal.hint, "chmod");
    assert_int_equal(entry_named(set, "link.so")->state, PLUGIN_REFUSED);
    assert_says(entry_named(set, "link.so")->refusal.message, "symbolic link");
    plugin_set_close(set);
}

static void a_refused_dropin_file_is_an_entry_with_its_line(void **state)
{
    make_installation(state);
    write_dropin(state, "home/plugins.d/a.ini", "[com.example.toy]\ncolour = red\n", NULL);
    struct plugin_set *set = set_of_installation(state);
    const struct plugin_entry *entry = entry_named(set, "a.ini");
    assert_int_equal(entry->state, PLUGIN_REFUSED);
    assert_int_equal(entry->place, PLUGIN_PLACE_HOME_DROPIN);
    assert_says(entry->refusal.message, "a.ini:2: there is no key \"colour\"");
    plugin_set_close(set);
}

static void every_place_is_told_in_its_order(void **state)
{
    make_installation(state);
    static const enum plugin_place order[] = {
        PLUGIN_PLACE_SYSTEM_DROPIN, PLUGIN_PLACE_HOME_DROPIN, PLUGIN_PLACE_ENV,
        PLUGIN_PLACE_HOME,          PLUGIN_PLACE_BUNDLED,     PLUGIN_PLACE_LIBDIR,
    };
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    struct plugin_set *set = set_of_installation(state);
    assert_int_equal(plugin_set_visit_count(set), sizeof order / sizeof order[0]);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        assert_int_equal(plugin_set_visit(set, i)->place, order[i]);
    }
    assert_int_equal(plugin_set_visit(set, 3)->n_entries, 1);
    assert_int_equal(entry_named(set, "toy.so")->visit, 3);
    plugin_set_close(set);
}

static void an_ignored_env_path_is_told(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "extra/toy.so"));
    assert_int_equal(setenv("CODE_SECURE_MODE", "1", 1), 0);
    struct plugin_set *set = set_of_installation(state);
    assert_int_equal(unsetenv("CODE_SECURE_MODE"), 0);
    assert_int_equal(plugin_set_count(set), 0);
    assert_int_equal(plugin_set_visit(set, 2)->state, PLUGIN_VISIT_LEFT_OUT);
    assert_says(plugin_set_visit(set, 2)->reason.message, "CODE_SECURE_MODE=1");
    plugin_set_close(set);
}

static void a_folder_with_too_many_files_says_so_and_hides_no_other_place(void **state)
{
    make_installation(state);
    for (int i = 0; i < PLUGIN_FOLDER_MAX_FILES + 2; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "extra/%04d.so", i);
        write_text(temp_path(state, name), "");
    }
    copy_toy(BUNDLED_TOY, temp_path(state, BUNDLED "bundled.so"));
    struct plugin_set *set = set_of_installation(state);
    assert_int_equal(plugin_set_count(set), PLUGIN_FOLDER_MAX_FILES + 2);
    assert_int_equal(entry_named(set, "0512.so")->refusal.code, BEACON_E_LIMIT);
    assert_int_equal(entry_named(set, "bundled.so")->state, PLUGIN_USABLE);
    plugin_set_close(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_dropin_finds_a_file_anywhere),
        in_temp_dir(a_dropin_goes_before_every_folder),
        in_temp_dir(a_mask_takes_the_id_out_of_every_place),
        in_temp_dir(enabled_no_shows_the_plugin_and_does_not_use_it),
        in_temp_dir(what_the_system_says_about_an_id_counts_and_the_users_word_does_not),
        in_temp_dir(a_mask_of_the_system_is_not_lifted_by_the_user),
        in_temp_dir(a_bundled_id_is_replaced_only_with_override),
        in_temp_dir(the_policy_must_permit_the_override),
        in_temp_dir(what_the_policy_keeps_out_is_refused_with_its_line),
        in_temp_dir(a_folder_that_others_can_change_is_not_bundled_under_a_policy),
        in_temp_dir(a_dropin_of_another_id_than_its_file_is_refused_and_holds_its_id),
        in_temp_dir(a_file_that_is_named_and_broken_is_not_replaced_by_another),
        in_temp_dir(a_required_plugin_that_cannot_be_used_stops_the_program),
        in_temp_dir(a_required_plugin_may_be_found_by_the_folders),
        in_temp_dir(safe_mode_knows_bundled_plugins_and_the_masks_of_the_system_only),
        in_temp_dir(what_is_in_quarantine_is_left_out_with_its_reason),
        in_temp_dir(a_file_that_others_can_change_is_refused_in_the_listing),
        in_temp_dir(a_refused_dropin_file_is_an_entry_with_its_line),
        in_temp_dir(every_place_is_told_in_its_order),
        in_temp_dir(an_ignored_env_path_is_told),
        in_temp_dir(a_folder_with_too_many_files_says_so_and_hides_no_other_place),
    };
    return cmocka_run_group_tests_name("plugin/discover_dropins", tests, NULL, NULL);
}
