/* SPDX-License-Identifier: Apache-2.0 */
#include "toys.h"

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "plugin/list.h"

static void the_table_is_aligned_and_shows_each_component(void **state)
{
    copy_toy(GOOD_TOYS "/toy.so", temp_path(state, "a.so"));
    copy_toy(GOOD_TOYS "/toy_kit.so", temp_path(state, "b.so"));
    AUTO_TEXT struct text out;
    text_init(&out, 1u << 20);
    struct plugin_set *set = set_of(temp_dir(state));
    assert_true(plugin_list_table(set, &out));
    assert_string_equal(
        text_string(&out),
        "COMPONENT  KIND       PLUGIN           VERSION     FROM                FORM\n"
        "toy        provider   com.example.toy  1.2.3       BEACON_PLUGIN_PATH  sans-io\n"
        "jail       sandbox    com.example.kit  2.0.0-rc.1  BEACON_PLUGIN_PATH  -\n"
        "old_jail   sandbox    com.example.kit  2.0.0-rc.1  BEACON_PLUGIN_PATH  -\n"
        "key        auth       com.example.kit  2.0.0-rc.1  BEACON_PLUGIN_PATH  -\n"
        "wire       telemetry  com.example.kit  2.0.0-rc.1  BEACON_PLUGIN_PATH  sans-io\n"
        "paper      telemetry  com.example.kit  2.0.0-rc.1  BEACON_PLUGIN_PATH  own-transport\n"
        "\n"
        "Not in use:\n"
        "\n"
        "  com.example.kit:future\n"
        "    skipped: it speaks beacon.sandbox/9, which this host does not\n");
    plugin_set_close(set);
}

static void a_refused_file_shows_its_path_reason_and_remedy(void **state)
{
    write_text(temp_path(state, "evil\x1b[31m.so"), "");
    AUTO_TEXT struct text out;
    text_init(&out, 1u << 20);
    struct plugin_set *set = set_of(temp_dir(state));
    assert_true(plugin_list_table(set, &out));
    assert_says(text_string(&out), "No usable plugin was found.\n\nNot in use:");
    assert_says(text_string(&out), "/evil\\x1b[31m.so\n    refused: evil?[31m.so is empty, not a "
                                   "plugin file\n    what to do: copy the file again");
    assert_null(strchr(text_string(&out), '\x1b'));
    plugin_set_close(set);
}

static struct json_object *listed(const struct plugin_set *set)
{
    struct beacon_error err = {0};
    struct json_object *list = NULL;
    AUTO_TEXT struct text out;
    text_init(&out, 1u << 20);
    assert_true(plugin_list_json(set, &out));
    assert_ok(json_parse(text_string(&out), out.len, "the list", &list, &err), &err);
    return list;
}

static void the_json_has_an_object_per_file(void **state)
{
    copy_toy(GOOD_TOYS "/toy.so", temp_path(state, "a.so"));
    write_text(temp_path(state, "b.so"), "text");
    struct plugin_set *set = set_of(temp_dir(state));
    AUTO_JSON struct json_object *list = listed(set);
    assert_int_equal(json_object_array_length(list), 2);
    struct json_object *good = json_object_array_get_idx(list, 0);
    struct json_object *bad = json_object_array_get_idx(list, 1);
    assert_string_equal(json_string_of(good, "state", ""), "usable");
    assert_string_equal(json_string_of(good, "id", ""), "com.example.toy");
    assert_null(json_member(good, "reason"));
    struct json_object *component = json_object_array_get_idx(json_member(good, "components"), 0);
    assert_string_equal(json_string_of(component, "name", ""), "toy");
    assert_string_equal(json_string_of(bad, "state", ""), "refused");
    assert_says(json_string_of(bad, "reason", ""), "b.so is not an ELF file");
    assert_string_not_equal(json_string_of(bad, "hint", ""), "");
    plugin_set_close(set);
}

static void a_full_buffer_is_an_answer_not_a_crash(void **state)
{
    (void)state;
    struct plugin_set *set = set_of(GOOD_TOYS ":" BAD_TOYS);
    for (size_t max = 1; max < 2000; max += 7) {
        AUTO_TEXT struct text out;
        text_init(&out, max);
        assert_false(plugin_list_table(set, &out));
    }
    plugin_set_close(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(the_table_is_aligned_and_shows_each_component),
        in_temp_dir(a_refused_file_shows_its_path_reason_and_remedy),
        in_temp_dir(the_json_has_an_object_per_file),
        cmocka_unit_test(a_full_buffer_is_an_answer_not_a_crash),
    };
    return cmocka_run_group_tests_name("plugin/list", tests, NULL, NULL);
}
