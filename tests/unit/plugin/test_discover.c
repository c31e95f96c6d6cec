/* SPDX-License-Identifier: Apache-2.0 */
#include "installation.h"

#include <fcntl.h>
#include <stdlib.h>

#include "plugin/manifest.h"

static void plugins_beside_the_program_are_found(void **state)
{
    make_installation(state);
    copy_toy(GOOD_TOYS "/toy.so", temp_path(state, "lib/beacon/plugins/provider_toy.so"));
    struct plugin_set *set = set_of_installation(state);
    const struct plugin_entry *entry = entry_named(set, "provider_toy.so");
    assert_int_equal(entry->state, PLUGIN_USABLE);
    assert_int_equal(entry->place, PLUGIN_PLACE_BUNDLED);
    assert_string_equal(entry->manifest->id, "com.example.toy");
    assert_string_equal(entry->path, temp_path(state, "lib/beacon/plugins/provider_toy.so"));
    plugin_set_close(set);
}

static void the_env_path_goes_before_home_and_home_before_bundled(void **state)
{
    make_installation(state);
    copy_toy(GOOD_TOYS "/toy.so", temp_path(state, "lib/beacon/plugins/c.so"));
    copy_toy(GOOD_TOYS "/toy.so", temp_path(state, "home/plugins/b.so"));
    copy_toy(OTHER_TOYS "/toy_again.so", temp_path(state, "extra/a.so"));
    struct plugin_set *set = set_of_installation(state);
    assert_int_equal(entry_named(set, "a.so")->state, PLUGIN_USABLE);
    assert_int_equal(entry_named(set, "b.so")->state, PLUGIN_SHADOWED);
    assert_int_equal(entry_named(set, "c.so")->state, PLUGIN_SHADOWED);
    assert_says(entry_named(set, "c.so")->refusal.message, "com.example.toy was found earlier");
    assert_says(entry_named(set, "c.so")->refusal.message, temp_path(state, "extra/a.so"));
    plugin_set_close(set);
}

static void a_refused_file_does_not_shadow(void **state)
{
    make_installation(state);
    write_text(temp_path(state, "extra/toy.so"), "no plugin");
    copy_toy(GOOD_TOYS "/toy.so", temp_path(state, "lib/beacon/plugins/good.so"));
    struct plugin_set *set = set_of_installation(state);
    assert_int_equal(entry_named(set, "toy.so")->state, PLUGIN_REFUSED);
    assert_int_equal(entry_named(set, "good.so")->state, PLUGIN_USABLE);
    plugin_set_close(set);
}

static void a_bundled_id_is_not_replaced_from_home_or_env(void **state)
{
    make_installation(state);
    copy_toy(OTHER_TOYS "/bundled_toy.so", temp_path(state, "extra/mine.so"));
    copy_toy(OTHER_TOYS "/bundled_toy.so", temp_path(state, "home/plugins/also_mine.so"));
    copy_toy(OTHER_TOYS "/bundled_toy.so", temp_path(state, "lib/beacon/plugins/theirs.so"));
    struct plugin_set *set = set_of_installation(state);
    assert_int_equal(entry_named(set, "theirs.so")->state, PLUGIN_USABLE);
    assert_int_equal(entry_named(set, "mine.so")->state, PLUGIN_SHADOWED);
    assert_int_equal(entry_named(set, "also_mine.so")->state, PLUGIN_SHADOWED);
    assert_says(entry_named(set, "mine.so")->refusal.message,
                "com.beacon.provider-bundled is bundled and is not replaced");
    plugin_set_close(set);
}

static void a_bundled_id_that_is_not_installed_may_come_from_the_env_path(void **state)
{
    make_installation(state);
    copy_toy(OTHER_TOYS "/bundled_toy.so", temp_path(state, "extra/mine.so"));
    struct plugin_set *set = set_of_installation(state);
    assert_int_equal(entry_named(set, "mine.so")->state, PLUGIN_USABLE);
    plugin_set_close(set);
}

static void relative_folders_are_refused_and_empty_ones_skipped(void **state)
{
    (void)state;
    struct plugin_set *set = set_of("::plugins:" GOOD_TOYS ":");
    const struct plugin_entry *relative = plugin_set_entry(set, 0);
    assert_string_equal(relative->path, "plugins");
    assert_int_equal(relative->state, PLUGIN_REFUSED);
    assert_says(relative->refusal.hint, "absolute");
    assert_int_equal(entry_named(set, "toy.so")->state, PLUGIN_USABLE);
    plugin_set_close(set);
}

static void a_missing_folder_is_reported_only_when_it_was_named(void **state)
{
    struct beacon_error err = {0};
    struct plugin_set *set = NULL;
    const struct plugin_places places = {
        .home = temp_path(state, "nowhere"),
        .executable_dir = temp_path(state, "nowhere"),
        .env_path = temp_path(state, "misspelt"),
    };
    assert_ok(plugin_set_open(&places, &set, &err), &err);
    assert_int_equal(plugin_set_count(set), 1);
    assert_string_equal(plugin_set_entry(set, 0)->path, temp_path(state, "misspelt"));
    assert_says(plugin_set_entry(set, 0)->refusal.message, "No such file or directory");
    plugin_set_close(set);
}

static void a_folder_reached_twice_is_read_once(void **state)
{
    (void)state;
    struct plugin_set *once = set_of(GOOD_TOYS);
    struct plugin_set *twice = set_of(GOOD_TOYS ":" GOOD_TOYS "/../good");
    assert_int_equal(plugin_set_count(once), plugin_set_count(twice));
    plugin_set_close(once);
    plugin_set_close(twice);
}

static void only_visible_files_called_so_are_looked_at(void **state)
{
    make_installation(state);
    write_text(temp_path(state, "extra/README"), "");
    write_text(temp_path(state, "extra/.hidden.so"), "");
    write_text(temp_path(state, "extra/.so"), "");
    write_text(temp_path(state, "extra/old.so.bak"), "");
    struct plugin_set *set = set_of_installation(state);
    assert_int_equal(plugin_set_count(set), 0);
    plugin_set_close(set);
}

static void secure_mode_ignores_the_env_path(void **state)
{
    (void)state;
    assert_int_equal(setenv("CODE_SECURE_MODE", "1", 1), 0);
    struct plugin_set *set = set_of(GOOD_TOYS);
    assert_int_equal(unsetenv("CODE_SECURE_MODE"), 0);
    assert_int_equal(plugin_set_count(set), 0);
    plugin_set_close(set);
}

static void bad_files_have_a_sentence_each_and_the_others_work(void **state)
{
    (void)state;
    struct plugin_set *set = set_of(BAD_TOYS ":" GOOD_TOYS);
    assert_int_equal(entry_named(set, "wrong_major.so")->state, PLUGIN_REFUSED);
    assert_int_equal(entry_named(set, "wants_newer_host.so")->state, PLUGIN_REFUSED);
    assert_int_equal(entry_named(set, "no_note.so")->state, PLUGIN_REFUSED);
    for (size_t i = 0; i < plugin_set_count(set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(set, i);
        bool is_usable = entry->state == PLUGIN_USABLE;
        assert_int_equal(entry->refusal.message[0] == '\0', is_usable);
        assert_int_equal(entry->refusal.hint[0] == '\0', is_usable);
    }
    assert_int_equal(entry_named(set, "toy_kit.so")->state, PLUGIN_USABLE);
    plugin_set_close(set);
}

static void finding_plugins_runs_no_plugin_code(void **state)
{
    assert_int_equal(setenv("TOY_MARKER", temp_path(state, "marker"), 1), 0);
    struct plugin_set *set = set_of(GOOD_TOYS ":" BAD_TOYS);
    assert_true(plugin_set_count(set) > 8);
    plugin_set_close(set);
    assert_int_equal(access(temp_path(state, "marker"), F_OK), -1);
    assert_int_equal(unsetenv("TOY_MARKER"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(plugins_beside_the_program_are_found),
        in_temp_dir(the_env_path_goes_before_home_and_home_before_bundled),
        in_temp_dir(a_refused_file_does_not_shadow),
        in_temp_dir(a_bundled_id_is_not_replaced_from_home_or_env),
        in_temp_dir(a_bundled_id_that_is_not_installed_may_come_from_the_env_path),
        cmocka_unit_test(relative_folders_are_refused_and_empty_ones_skipped),
        in_temp_dir(a_missing_folder_is_reported_only_when_it_was_named),
        cmocka_unit_test(a_folder_reached_twice_is_read_once),
        in_temp_dir(only_visible_files_called_so_are_looked_at),
        cmocka_unit_test(secure_mode_ignores_the_env_path),
        cmocka_unit_test(bad_files_have_a_sentence_each_and_the_others_work),
        in_temp_dir(finding_plugins_runs_no_plugin_code),
    };
    return cmocka_run_group_tests_name("plugin/discover", tests, NULL, NULL);
}
