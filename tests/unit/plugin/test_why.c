/* SPDX-License-Identifier: Apache-2.0 */
#include "installation.h"

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "plugin/why.h"

#define TOY GOOD_TOYS "/toy.so"

/* The answer as JSON, with `is_found`; the caller's. */
static struct json_object *why(const struct plugin_set *set, const char *name, bool is_found)
{
    struct beacon_error err = {0};
    struct json_object *document = NULL;
    AUTO_TEXT struct text out;
    bool found = false;
    text_init(&out, 1u << 20);
    assert_true(plugin_why_json(set, name, &out, &found));
    assert_int_equal(found, is_found);
    assert_ok(json_parse(text_string(&out), out.len, "why", &document, &err), &err);
    assert_int_equal(json_bool_of(document, "found", !is_found), is_found);
    return document;
}

static struct json_object *place(struct json_object *document, size_t i)
{
    return json_object_array_get_idx(json_member(document, "places"), i);
}

static struct json_object *entry_at(struct json_object *document, size_t at, size_t i)
{
    return json_object_array_get_idx(json_member(place(document, at), "entries"), i);
}

static void a_plugin_in_use_is_told_by_each_of_its_names(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "home/plugins/my_toy.so"));
    struct plugin_set *set = set_of_installation(state);
    const char *names[] = {"com.example.toy",     "toy",
                           "com.example.toy:toy", "my_toy",
                           "my_toy.so",           temp_path(state, "home/plugins/my_toy.so")};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        AUTO_JSON struct json_object *document = why(set, names[i], true);
        assert_true(json_bool_of(document, "used", false));
        assert_says(json_string_of(document, "verdict", ""), "com.example.toy 1.2.3 is used: ");
        assert_string_equal(json_string_of(document, "hint", "?"), "");
        assert_string_equal(json_string_of(entry_at(document, 3, 0), "state", ""), "usable");
        assert_true(json_bool_of(json_member(document, "load"), "ok", false));
    }
    plugin_set_close(set);
}

static void the_trail_shows_each_place_what_was_there_and_who_decided(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "opt/a.so"));
    copy_toy(TOY, temp_path(state, "extra/b.so"));
    write_dropin(state, "system/10.ini", "[com.example.toy]\npath = %s\n", "opt/a.so");
    struct plugin_set *set = set_of_installation(state);
    AUTO_JSON struct json_object *document = why(set, "toy", true);
    assert_string_equal(json_string_of(place(document, 0), "from", ""), "system drop-in");
    assert_string_equal(json_string_of(place(document, 0), "path", ""), temp_path(state, "system"));
    struct json_object *winner = entry_at(document, 0, 0);
    assert_string_equal(json_string_of(winner, "where", ""), temp_path(state, "system/10.ini:1"));
    assert_string_equal(json_string_of(winner, "state", ""), "usable");
    struct json_object *loser = entry_at(document, 2, 0);
    assert_string_equal(json_string_of(loser, "state", ""), "shadowed");
    assert_string_equal(json_string_of(loser, "decided_by", ""),
                        temp_path(state, "system/10.ini:1"));
    plugin_set_close(set);
}

static void what_is_nowhere_is_answered_with_the_places(void **state)
{
    make_installation(state);
    struct plugin_set *set = set_of_installation(state);
    AUTO_JSON struct json_object *document = why(set, "com.example.toy", false);
    assert_says(json_string_of(document, "verdict", ""),
                "Nothing called com.example.toy was found");
    assert_string_not_equal(json_string_of(document, "hint", ""), "");
    assert_int_equal(json_object_array_length(json_member(document, "places")), 6);
    plugin_set_close(set);
}

static void a_file_that_could_not_be_read_is_shown_when_nothing_is_used(void **state)
{
    make_installation(state);
    write_text(temp_path(state, "home/plugins/broken.so"), "");
    write_text(temp_path(state, "home/plugins.d/a.ini"), "nonsense\n");
    struct plugin_set *set = set_of_installation(state);
    AUTO_JSON struct json_object *document = why(set, "com.example.toy", false);
    assert_says(json_string_of(entry_at(document, 1, 0), "reason", ""), "a.ini:1");
    assert_says(json_string_of(entry_at(document, 3, 0), "reason", ""), "broken.so is empty");
    plugin_set_close(set);
}

static void a_chosen_file_that_would_not_be_loaded_says_why(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    struct plugin_set *set = set_of_installation(state);
    write_text(temp_path(state, "home/plugins/toy.so"), "swapped after it was listed");
    AUTO_JSON struct json_object *document = why(set, "toy", true);
    assert_false(json_bool_of(document, "used", true));
    assert_says(json_string_of(document, "verdict", ""), "is chosen, but cannot be loaded");
    assert_string_not_equal(json_string_of(document, "hint", ""), "");
    assert_string_not_equal(json_string_of(json_member(document, "load"), "reason", ""), "");
    plugin_set_close(set);
}

static void a_mask_is_part_of_the_story_of_the_component(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    write_dropin(state, "system/10.ini", "[com.example.toy]\npath =\n", NULL);
    struct plugin_set *set = set_of_installation(state);
    AUTO_TEXT struct text out;
    bool is_found = false;
    text_init(&out, 1u << 20);
    assert_true(plugin_why_text(set, "toy", &out, &is_found));
    assert_true(is_found);
    assert_int_equal(strncmp(text_string(&out), "toy is not used, it is masked: ", 31), 0);
    assert_says(text_string(&out), "What to do: remove the section to have it again.");
    assert_says(text_string(&out), "system/10.ini:1 speaks of it");
    assert_says(text_string(&out), "toy.so: com.example.toy 1.2.3\n        masked: ");
    plugin_set_close(set);
}

static void a_plugin_that_is_required_and_missing_says_that_nothing_runs(void **state)
{
    make_installation(state);
    write_dropin(state, "system/10.ini", "[com.example.gone]\nrequired = yes\n", NULL);
    struct plugin_set *set = set_of_installation(state);
    AUTO_JSON struct json_object *document = why(set, "com.example.gone", true);
    assert_says(json_string_of(document, "verdict", ""), "; beacon does not run without it");
    plugin_set_close(set);
}

static void the_lines_of_the_policy_are_shown(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    struct plugin_policy *policy = policy_saying("[plugins]\ndeny = com.example.*\n");
    struct plugin_places places = places_of(state);
    places.policy = policy;
    struct plugin_set *set = set_at(&places);
    AUTO_JSON struct json_object *document = why(set, "toy", true);
    struct json_object *line = json_object_array_get_idx(json_member(document, "policy"), 0);
    assert_string_equal(json_string_of(line, "where", ""), "policy.ini:2");
    assert_string_equal(json_string_of(line, "value", ""), "com.example.*");
    assert_string_equal(json_string_of(entry_at(document, 3, 0), "code", ""), "policy");
    plugin_set_close(set);
    plugin_policy_destroy(policy);
}

static void hostile_names_are_shown_and_not_obeyed(void **state)
{
    make_installation(state);
    write_text(temp_path(state, "home/plugins/a\x1b]0;x\x07.so"), "");
    struct plugin_set *set = set_of_installation(state);
    AUTO_TEXT struct text out;
    bool is_found = true;
    text_init(&out, 1u << 20);
    assert_true(plugin_why_text(set, "\x1b[31m\xff\xc2\x9b", &out, &is_found));
    assert_false(is_found);
    assert_says(text_string(&out), "Nothing called \\x1b[31m\\xff\\xc2\\x9b was found");
    assert_null(strchr(text_string(&out), '\x1b'));
    plugin_set_close(set);
}

static void a_full_buffer_is_an_answer_not_a_crash(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    struct plugin_set *set = set_of_installation(state);
    for (size_t max = 1; max < 700; max += 13) {
        AUTO_TEXT struct text out;
        bool is_found = false;
        text_init(&out, max);
        assert_false(plugin_why_text(set, "toy", &out, &is_found));
        assert_false(plugin_why_json(set, "toy", &out, &is_found));
    }
    plugin_set_close(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_plugin_in_use_is_told_by_each_of_its_names),
        in_temp_dir(the_trail_shows_each_place_what_was_there_and_who_decided),
        in_temp_dir(what_is_nowhere_is_answered_with_the_places),
        in_temp_dir(a_file_that_could_not_be_read_is_shown_when_nothing_is_used),
        in_temp_dir(a_chosen_file_that_would_not_be_loaded_says_why),
        in_temp_dir(a_mask_is_part_of_the_story_of_the_component),
        in_temp_dir(a_plugin_that_is_required_and_missing_says_that_nothing_runs),
        in_temp_dir(the_lines_of_the_policy_are_shown),
        in_temp_dir(hostile_names_are_shown_and_not_obeyed),
        in_temp_dir(a_full_buffer_is_an_answer_not_a_crash),
    };
    return cmocka_run_group_tests_name("plugin/why", tests, NULL, NULL);
}
