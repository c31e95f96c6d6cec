/* SPDX-License-Identifier: Apache-2.0 */
#include "installation.h"

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "plugin/show.h"

#define TOY GOOD_TOYS "/toy.so"

/* What is shown as text; the caller's to free. */
static char *shown_text(const struct plugin_set *set, const char *name)
{
    struct beacon_error err = {0};
    struct plugin_shown *shown = NULL;
    struct text out;
    text_init(&out, 1u << 20);
    assert_ok(plugin_shown_open(set, name, &shown, &err), &err);
    assert_true(plugin_shown_text(shown, &out));
    plugin_shown_close(shown);
    return text_take(&out);
}

static void an_installed_plugin_shows_its_manifest_and_its_file(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    struct plugin_set *set = set_of_installation(state);
    AUTO_FREE char *text = shown_text(set, "com.example.toy");
    assert_says(text, "com.example.toy 1.2.3\nA toy for the tests of the host\n");
    assert_says(text, "  State       usable, from: home\n");
    assert_says(text, temp_path(state, "home/plugins/toy.so"));
    assert_says(text, "mode 0600\n");
    assert_says(text, "  ABI         built for 1.0, needs 1.0; this host has 1.0\n");
    assert_says(text, "\nWhat it offers:\n  toy  provider  beacon.provider/1  sans-io\n");
    assert_says(text, "  net:https://toy.example.com  the host may send its requests to "
                      "https://toy.example.com\n");
    assert_says(text, "  own-transport                it makes its own network connections");
    plugin_set_close(set);
}

static void a_file_is_shown_without_being_installed(void **state)
{
    make_installation(state);
    copy_toy(GOOD_TOYS "/toy_kit.so", temp_path(state, "opt/kit.so"));
    struct plugin_set *set = set_of_installation(state);
    AUTO_FREE char *text = shown_text(set, temp_path(state, "opt/kit.so"));
    assert_says(text, "  State       not installed\n");
    assert_says(text, "  jail      sandbox    beacon.sandbox/1\n");
    assert_says(text, "  future    sandbox    beacon.sandbox/9    not spoken by this host\n");
    plugin_set_close(set);
}

static void a_plugin_that_is_not_used_shows_why(void **state)
{
    make_installation(state);
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    write_dropin(state, "home/plugins.d/a.ini", "[com.example.toy]\nenabled = no\n", NULL);
    struct plugin_set *set = set_of_installation(state);
    AUTO_FREE char *text = shown_text(set, "toy");
    assert_says(text, "  State       masked, from: home\n");
    assert_says(text, "disables com.example.toy\n  What to do  write enabled = yes there\n");
    plugin_set_close(set);
}

static void a_file_of_another_major_shows_what_can_be_known(void **state)
{
    make_installation(state);
    copy_toy(BAD_TOYS "/wrong_major.so", temp_path(state, "opt/next.so"));
    struct plugin_set *set = set_of_installation(state);
    AUTO_FREE char *text = shown_text(set, temp_path(state, "opt/next.so"));
    assert_says(text, "next.so speaks ABI major 2, this host speaks 1");
    assert_says(text, "The rest is written for another ABI major.");
    plugin_set_close(set);
}

static void the_json_has_the_hash_of_the_file(void **state)
{
    make_installation(state);
    struct beacon_error err = {0};
    struct plugin_shown *shown = NULL;
    struct json_object *document = NULL;
    AUTO_TEXT struct text out;
    const char *sums = NULL;
    text_init(&out, 1u << 20);
    copy_toy(TOY, temp_path(state, "opt/toy.so"));
    struct plugin_set *set = set_of_installation(state);
    assert_ok(plugin_shown_open(set, temp_path(state, "opt/toy.so"), &shown, &err), &err);
    assert_true(plugin_shown_json(shown, &out));
    assert_ok(json_parse(text_string(&out), out.len, "show", &document, &err), &err);
    assert_string_equal(json_string_of(document, "state", ""), "not installed");
    assert_string_equal(json_string_of(document, "id", ""), "com.example.toy");
    assert_string_equal(json_string_of(document, "mode", ""), "0600");
    const char *argv[] = {"sha256sum", temp_path(state, "opt/toy.so"), NULL};
    assert_int_equal(run_program(argv, NULL, &sums, NULL), 0);
    assert_int_equal(strncmp(sums, json_string_of(document, "sha256", "?"), 64), 0);
    json_object_put(document);
    plugin_shown_close(shown);
    plugin_set_close(set);
}

static void what_cannot_be_shown_is_refused_with_a_sentence(void **state)
{
    make_installation(state);
    struct beacon_error err = {0};
    struct plugin_shown *shown = NULL;
    write_text(temp_path(state, "opt/text.so"), "text");
    struct plugin_set *set = set_of_installation(state);
    assert_refused(plugin_shown_open(set, "nosuch", &shown, &err), BEACON_E_NOT_FOUND, &err);
    assert_refused(plugin_shown_open(set, temp_path(state, "opt/gone.so"), &shown, &err),
                   BEACON_E_NOT_FOUND, &err);
    assert_refused(plugin_shown_open(set, temp_path(state, "opt/text.so"), &shown, &err),
                   BEACON_E_INVALID, &err);
    assert_refused(plugin_shown_open(set, temp_path(state, "opt"), &shown, &err), BEACON_E_INVALID,
                   &err);
    assert_null(shown);
    plugin_shown_close(NULL);
    plugin_set_close(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(an_installed_plugin_shows_its_manifest_and_its_file),
        in_temp_dir(a_file_is_shown_without_being_installed),
        in_temp_dir(a_plugin_that_is_not_used_shows_why),
        in_temp_dir(a_file_of_another_major_shows_what_can_be_known),
        in_temp_dir(the_json_has_the_hash_of_the_file),
        in_temp_dir(what_cannot_be_shown_is_refused_with_a_sentence),
    };
    return cmocka_run_group_tests_name("plugin/show", tests, NULL, NULL);
}
