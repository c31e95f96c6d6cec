/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <json-c/json.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "config_case.h"

static void assert_refusal(void **state, const char *override, const char *message)
{
    struct beacon_error err = {0};
    struct config_request request = case_request(state);
    request.overrides = &override;
    request.n_overrides = 1;
    case_refused(&request, BEACON_E_INVALID, message);
    assert_refused(config_check_overrides(&override, 1, &err), BEACON_E_INVALID, &err);
    assert_string_equal(err.message, message);
}

static void assert_model(void **state, const char *override, const char *model)
{
    struct config *config = case_load_override(state, "", override);
    assert_string_equal(config_string(config, "model"), model);
    config_destroy(config);
}

static void what_is_no_toml_value_is_a_literal_string(void **state)
{
    assert_model(state, "model=o3", "o3");
    assert_model(state, "  model  = gpt 5 ", "gpt 5");
    assert_model(state, "model='a\"b", "'a\"b");
    assert_model(state, "model=", "");
    assert_model(state, "model=a=b", "a=b");
}

static void a_toml_value_is_read_as_one(void **state)
{
    assert_model(state, "model=\"1\"", "1");
    assert_model(state, "model='x\\y'", "x\\y");
    struct config *config = case_load_override(state, "", "hide_agent_reasoning=true");
    assert_true(config_bool(config, "hide_agent_reasoning"));
    config_destroy(config);
}

static void quotes_around_a_literal_are_removed(void **state)
{
    assert_model(state, "model=\"a\\d\"", "a\\d"); /* \d is no escape, so it is no TOML */
}

static void dots_make_tables(void **state)
{
    struct config *config =
        case_load_override(state, "", "sandbox_workspace_write.writable_roots=[\"/a\",'/b']");
    struct json_object *node = config_node(config, "sandbox_workspace_write.writable_roots");
    assert_int_equal(json_object_array_length(node), 2);
    assert_ptr_equal(node, config_node(config, "sandbox_workspace_write.writable_roots"));
    config_destroy(config);
}

static void a_part_with_dots_is_quoted(void **state)
{
    struct config *config =
        case_load_override(state, "", "projects.\"/a.b\".trust_level=\"untrusted\"");
    assert_string_equal(config_string(config, "projects.\"/a.b\".trust_level"), "untrusted");
    config_destroy(config);
}

static void a_later_override_wins_and_replaces_what_is_in_the_way(void **state)
{
    const char *const overrides[] = {"model=a", "shell_environment_policy=1",
                                     "shell_environment_policy.set.A=b", "model=c"};
    struct config_request request = case_request(state);
    request.overrides = overrides;
    request.n_overrides = 4;
    struct config *config = case_load(&request);
    assert_string_equal(config_string(config, "model"), "c");
    assert_string_equal(config_string(config, "shell_environment_policy.set.A"), "b");
    config_destroy(config);
}

static void an_override_merges_with_the_table_of_a_file(void **state)
{
    struct config *config =
        case_load_override(state, "[shell_environment_policy.set]\nA = 'a'\nB = 'b'\n",
                           "shell_environment_policy.set.B=c");
    assert_string_equal(config_string(config, "shell_environment_policy.set.A"), "a");
    assert_string_equal(config_string(config, "shell_environment_policy.set.B"), "c");
    case_assert_origin(config, "shell_environment_policy.set.A", CONFIG_LAYER_USER, 2);
    case_assert_origin(config, "shell_environment_policy.set.B", CONFIG_LAYER_OVERRIDE, 0);
    config_destroy(config);
}

static void malformed_overrides_are_named(void **state)
{
    assert_refusal(state, "foo", "Invalid override (missing '='): foo");
    assert_refusal(state, " =1", "Empty key in override:  =1");
    assert_refusal(state, "model=\xFF", "Invalid override (not UTF-8)");
    assert_refusal(state, "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=1",
                   "Invalid override (too many dots): a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=1");
}

static void a_wrong_type_says_that_it_came_from_the_option(void **state)
{
    const char *override = "model=3";
    struct config_request request = case_request(state);
    request.overrides = &override;
    request.n_overrides = 1;
    case_refused(&request, BEACON_E_INVALID, "-c: `model` must be a string, found an integer");
}

static void a_flag_for_text_is_taken_as_it_is(void **state)
{
    const struct config_flag flags[] = {{"model", "3"}, {"sandbox_mode", "workspace-write"}};
    struct config_request request = case_request(state);
    request.flags = flags;
    request.n_flags = 2;
    struct config *config = case_load(&request);
    assert_string_equal(config_string(config, "model"), "3");
    assert_string_equal(config_string(config, "sandbox_mode"), "workspace-write");
    case_assert_origin(config, "model", CONFIG_LAYER_FLAG, 0);
    config_destroy(config);
}

static void a_value_of_a_megabyte_is_taken(void **state)
{
    AUTO_FREE char *override = alloc_printf("model=%*s", 1 << 20, "x");
    assert_model(state, override, "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(what_is_no_toml_value_is_a_literal_string),
        in_temp_dir(a_toml_value_is_read_as_one),
        in_temp_dir(quotes_around_a_literal_are_removed),
        in_temp_dir(dots_make_tables),
        in_temp_dir(a_part_with_dots_is_quoted),
        in_temp_dir(a_later_override_wins_and_replaces_what_is_in_the_way),
        in_temp_dir(an_override_merges_with_the_table_of_a_file),
        in_temp_dir(malformed_overrides_are_named),
        in_temp_dir(a_wrong_type_says_that_it_came_from_the_option),
        in_temp_dir(a_flag_for_text_is_taken_as_it_is),
        in_temp_dir(a_value_of_a_megabyte_is_taken),
    };
    return cmocka_run_group_tests_name("config/override", tests, NULL, NULL);
}
