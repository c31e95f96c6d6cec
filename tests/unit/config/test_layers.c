/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"
#include "config_case.h"

static void without_any_file_the_defaults_hold(void **state)
{
    struct config_request request = case_request(state);
    struct config *config = case_load(&request);
    assert_string_equal(config_string(config, "model"), "gpt-5.1-codex");
    assert_string_equal(config_string(config, "model_provider"), "openai");
    assert_string_equal(config_string(config, "sandbox_mode"), "read-only");
    assert_string_equal(config_string(config, "approval_policy"), "on-request");
    assert_int_equal(config_int(config, "project_doc_max_bytes"), 32768);
    assert_true(config_bool(config, "sandbox_workspace_write.allow_git_writes"));
    assert_false(config_is_set(config, "model"));
    assert_null(config_origin(config, "model"));
    assert_null(config_node(config, "model"));
    assert_int_equal(config_warning_count(config), 0);
    config_destroy(config);
}

static void a_key_nobody_knows_has_no_value(void **state)
{
    struct config *config = case_load_user(state, "model = 'a'\n");
    assert_null(config_string(config, "no.such.key"));
    assert_null(config_string(config, "model.below"));
    assert_null(config_string(config, ""));
    assert_int_equal(config_int(config, "nothing"), 0);
    assert_false(config_bool(config, "nothing"));
    config_destroy(config);
}

static void the_user_file_is_read_and_each_value_knows_its_place(void **state)
{
    struct config *config =
        case_load_user(state, "model = \"o3\"\n\n[tools]\n  view_image = false\n");
    const struct config_origin *origin = config_origin(config, "tools.view_image");
    assert_false(config_bool(config, "tools.view_image"));
    assert_string_equal(origin->file, temp_path(state, "home/config.toml"));
    assert_int_equal(origin->line, 4);
    assert_int_equal(origin->column, 16);
    case_assert_origin(config, "model", CONFIG_LAYER_USER, 1);
    config_destroy(config);
}

static void layers_win_in_their_order(void **state)
{
    static const char *const override = "openai_base_url=http://override";
    static const struct config_flag flag = {"openai_base_url", "http://flag"};
    struct config_request request = case_request(state);
    case_write(state, "home/config.toml",
               case_text(state, "openai_base_url = 'http://user'\n"
                                "[profiles.p]\nopenai_base_url = 'http://profile'\n"
                                "[projects.\"$TMP/repo\"]\ntrust_level = 'trusted'\n"));
    struct config *config = case_load(&request);
    case_assert_origin(config, "openai_base_url", CONFIG_LAYER_USER, 1);
    config_destroy(config);

    case_write(state, "repo/.code/config.toml", "openai_base_url = 'http://project'\n");
    config = case_load(&request);
    case_assert_origin(config, "openai_base_url", CONFIG_LAYER_PROJECT, 1);
    config_destroy(config);

    request.profile = "p";
    config = case_load(&request);
    case_assert_origin(config, "openai_base_url", CONFIG_LAYER_PROFILE, 3);
    config_destroy(config);

    assert_int_equal(setenv("OPENAI_BASE_URL", "http://environment", 1), 0);
    config = case_load(&request);
    case_assert_origin(config, "openai_base_url", CONFIG_LAYER_ENVIRONMENT, 0);
    assert_string_equal(config_origin(config, "openai_base_url")->file,
                        "environment variable OPENAI_BASE_URL");
    config_destroy(config);

    request.overrides = &override;
    request.n_overrides = 1;
    config = case_load(&request);
    case_assert_origin(config, "openai_base_url", CONFIG_LAYER_OVERRIDE, 0);
    config_destroy(config);

    request.flags = &flag;
    request.n_flags = 1;
    config = case_load(&request);
    case_assert_origin(config, "openai_base_url", CONFIG_LAYER_FLAG, 0);
    assert_string_equal(config_string(config, "openai_base_url"), "http://flag");
    config_destroy(config);

    case_write(state, "managed.toml", "openai_base_url = 'http://managed'\n");
    config = case_load(&request);
    case_assert_origin(config, "openai_base_url", CONFIG_LAYER_MANAGED, 1);
    assert_string_equal(config_string(config, "openai_base_url"), "http://managed");
    config_destroy(config);
}

static void a_blank_environment_variable_is_no_value(void **state)
{
    struct config_request request = case_request(state);
    assert_int_equal(setenv("OPENAI_BASE_URL", "  ", 1), 0);
    struct config *config = case_load(&request);
    assert_false(config_is_set(config, "openai_base_url"));
    config_destroy(config);
}

static void the_legacy_file_is_read_with_the_default_home_only(void **state)
{
    struct config_request request = case_request(state);
    case_write(state, "old/config.toml", "model = 'old'\n");
    request.legacy_home = temp_path(state, "old");
    struct config *config = case_load(&request);
    assert_false(config_is_set(config, "model"));
    config_destroy(config);

    request.is_default_home = true;
    config = case_load(&request);
    assert_string_equal(config_string(config, "model"), "old");
    config_destroy(config);

    case_write(state, "home/config.toml", "");
    config = case_load(&request);
    assert_false(config_is_set(config, "model"));
    config_destroy(config);
}

static void an_unknown_key_is_a_warning_with_the_nearest_one(void **state)
{
    struct config *config = case_load_user(
        state, "modle = 'x'\n[profiles.a]\nmodel_provder = 'y'\n[zzzzqqqq]\nx = 1\n");
    assert_int_equal(config_warning_count(config), 3);
    assert_true(case_has_warning(config, "unknown key `modle` in "));
    assert_true(case_has_warning(config, "config.toml:1:1; did you mean `model`?"));
    assert_true(case_has_warning(config, "unknown key `profiles.a.model_provder`"));
    assert_true(case_has_warning(config, "did you mean `model_provider`?"));
    assert_true(case_has_warning(config, "config.toml:4:2"));
    assert_false(config_is_set(config, "modle"));
    config_destroy(config);
}

static void keys_of_other_versions_load_without_a_word(void **state)
{
    struct config *config = case_load_user(
        state,
        "notify = ['x']\ndisable_response_storage = true\nmodel_auto_compact_token_limit = 1\n"
        "[mcp_servers.a]\ncommand = 'b'\nargs = ['c']\n[tui]\ntheme = {name = 'x'}\n"
        "[otel.exporter.\"otlp-grpc\".headers]\n[notice]\n\"hide_gpt-5.1\" = true\n"
        "[features]\nunified_exec = true\n[tools]\nweb_search = true\n"
        "[[subagents.commands]]\nname = 'plan'\n");
    assert_int_equal(config_warning_count(config), 0);
    assert_string_equal(config_string(config, "mcp_servers.a.command"), "b");
    config_destroy(config);
}

static void settings_of_an_exporter_are_left_to_its_plugin(void **state)
{
    struct config *config = case_load_user(
        state, "[otel]\nenvironment = 'prod'\n[otel.exporter.file]\nmax_bytes = 5000\n"
               "deep = {a = [1, {b = -1.5}]}\n");
    assert_int_equal(config_warning_count(config), 0);
    assert_string_equal(config_string(config, "otel.environment"), "prod");
    assert_string_equal(json_object_to_json_string_ext(config_node(config, "otel.exporter"),
                                                       JSON_C_TO_STRING_PLAIN),
                        "{\"file\":{\"max_bytes\":5000,\"deep\":{\"a\":[1,{\"b\":-1.5}]}}}");
    config_destroy(config);
}

static void both_spellings_of_a_key_are_one(void **state)
{
    struct config *config = case_load_user(state, "model_verbosity = 'low'\n");
    assert_string_equal(config_string(config, "model_text_verbosity"), "low");
    config_destroy(config);
    config = case_load_user(state, "model_text_verbosity = 'high'\nmodel_verbosity = 'low'\n");
    assert_string_equal(config_string(config, "model_text_verbosity"), "high");
    config_destroy(config);
    config = case_load_user(state, "model_verbosity = 'low'\nmodel_text_verbosity = 'high'\n");
    assert_string_equal(config_string(config, "model_text_verbosity"), "high");
    config_destroy(config);
}

static void effort_none_means_minimal(void **state)
{
    struct config *config = case_load_user(state, "model_reasoning_effort = 'none'\n");
    assert_string_equal(config_string(config, "model_reasoning_effort"), "minimal");
    config_destroy(config);
}

static void assert_user_refused(void **state, const char *file, const char *message)
{
    struct config_request request = case_request(state);
    case_write(state, "home/config.toml", file);
    case_refused(&request, BEACON_E_INVALID, case_text(state, message));
}

static void an_unknown_variant_names_those_there_are(void **state)
{
    assert_user_refused(state, "sandbox_mode = 'bogus'\n",
                        "unknown variant `bogus`, expected one of `read-only`, `workspace-write`, "
                        "`danger-full-access` in `sandbox_mode`");
    assert_user_refused(
        state, "[profiles.p]\nmodel_reasoning_effort = 'max'\n",
        "unknown variant `max`, expected one of `minimal`, `low`, `medium`, `high`, "
        "`xhigh` in `profiles.p.model_reasoning_effort`");
    assert_user_refused(state, "[sandbox_workspace_write]\nnetwork_access = 'bogus'\n",
                        "unknown variant `bogus`, expected one of `true`, `false`, `allow-list` in "
                        "`sandbox_workspace_write.network_access`");
}

static void a_wrong_type_names_place_key_and_both_types(void **state)
{
    assert_user_refused(state, "\nmodel = 3\n",
                        "$TMP/home/config.toml:2:9: `model` must be a string, found an integer");
    assert_user_refused(state, "tools = []\n",
                        "$TMP/home/config.toml:1:9: `tools` must be a table, found an array");
    assert_user_refused(state, "project_doc_max_bytes = -1\n",
                        "$TMP/home/config.toml:1:25: `project_doc_max_bytes` must be an integer "
                        "that is not negative, found a negative integer");
    assert_user_refused(state, "[sandbox_workspace_write]\nnetwork_access = 1\n",
                        "$TMP/home/config.toml:2:18: `sandbox_workspace_write.network_access` must "
                        "be a string or a boolean, found an integer");
    assert_user_refused(state, "[shell_environment_policy]\nexclude = ['a', 1]\n",
                        "$TMP/home/config.toml:2:11: `shell_environment_policy.exclude` must be an "
                        "array of strings, found an array");
    assert_user_refused(
        state, "[projects.\"/a\"]\nalways_allow_commands = [[\"ls\"]]",
        "$TMP/home/config.toml:2:25: `projects.\"/a\".always_allow_commands` must be "
        "an array of tables, found an array");
}

static void a_string_with_a_nul_is_refused(void **state)
{
    assert_user_refused(state, "model = \"a\\u0000b\"\n", "`model` contains a NUL character");
    assert_user_refused(state, "sandbox_workspace_write.writable_roots = [\"/a\\u0000\"]\n",
                        "`sandbox_workspace_write.writable_roots` contains a NUL character");
}

static void a_syntax_error_is_shown_with_its_line(void **state)
{
    struct beacon_error err = {0};
    struct config *config = NULL;
    AUTO_TEXT struct text display = {0};
    text_init(&display, 4096);
    struct config_request request = case_request(state);
    request.display = &display;
    case_write(state, "home/config.toml", "# one\n# two\nmodel = \"\n");
    assert_refused(config_load(&request, &config, &err), BEACON_E_INVALID, &err);
    assert_string_equal(err.message,
                        case_text(state, "$TMP/home/config.toml:3:9: unterminated string"));
    assert_non_null(strstr(text_string(&display), "    3 | model = \"\n      |         ^\n"));
}

static void a_file_that_is_no_file_is_refused(void **state)
{
    struct config_request request = case_request(state);
    case_write(state, "home/config.toml/x", "");
    case_refused(&request, BEACON_E_IO,
                 case_text(state, "failed to read config file $TMP/home/config.toml: not a regular "
                                  "file"));
}

static void a_pipe_in_place_of_the_file_does_not_block(void **state)
{
    struct config_request request = case_request(state);
    case_write(state, "home/x", "");
    assert_int_equal(mkfifo(temp_path(state, "home/config.toml"), 0600), 0);
    case_refused(&request, BEACON_E_IO,
                 case_text(state, "failed to read config file $TMP/home/config.toml: not a regular "
                                  "file"));
}

static void a_file_over_the_limit_is_refused(void **state)
{
    struct config_request request = case_request(state);
    AUTO_FREE char *text = alloc_printf("#%*s", (int)CONFIG_FILE_MAX, "x");
    case_write(state, "home/config.toml", text);
    case_refused(&request, BEACON_E_LIMIT,
                 case_text(state, "$TMP/home/config.toml is over 1048576 bytes"));
}

static void of_many_unknown_keys_only_the_first_are_named(void **state)
{
    struct text text = {0};
    text_init(&text, CONFIG_FILE_MAX);
    for (int i = 0; i < 50000; i++) {
        assert_true(text_addf(&text, "unknown_%d = 1\n", i));
    }
    struct config *config = case_load_user(state, text_string(&text));
    assert_true(config_warning_count(config) < 40);
    assert_true(case_has_warning(config, "more warnings about the configuration"));
    config_destroy(config);
    text_finish(&text);
}

static void a_profile_is_taken_by_flag_else_by_key(void **state)
{
    static const char file[] = "model = 'top'\nprofile = 'a'\n[profiles.a]\nmodel = 'a'\n"
                               "[profiles.b]\nmodel = 'b'\n";
    struct config *config = case_load_user(state, file);
    assert_string_equal(config_string(config, "model"), "a");
    config_destroy(config);

    struct config_request request = case_request(state);
    request.profile = "b";
    config = case_load(&request);
    assert_string_equal(config_string(config, "model"), "b");
    config_destroy(config);

    config = case_load_override(state, file, "profile=b");
    assert_string_equal(config_string(config, "model"), "b");
    config_destroy(config);
}

static void a_profile_may_be_given_by_option(void **state)
{
    struct config *config = case_load_override(state, "profile = 'x'\n", "profiles.x.model=m");
    assert_string_equal(config_string(config, "model"), "m");
    case_assert_origin(config, "model", CONFIG_LAYER_PROFILE, 0);
    config_destroy(config);
}

static void a_profile_that_is_not_there_is_named(void **state)
{
    struct config_request request = case_request(state);
    request.profile = "x";
    case_refused(&request, BEACON_E_NOT_FOUND, "config profile `x` not found");
}

static void a_profile_cannot_set_everything(void **state)
{
    struct config *config = case_load_user(state, "profile = 'p'\n[profiles.p]\nmodel = 'm'\n"
                                                  "[profiles.p.projects.\"/x\"]\n");
    assert_true(case_has_warning(config, "`profiles.p.projects` in "));
    assert_true(case_has_warning(config, "is ignored: it cannot be set in a profile"));
    assert_string_equal(config_string(config, "model"), "m");
    config_destroy(config);
}

static void a_built_in_provider_cannot_be_replaced(void **state)
{
    struct config *config = case_load_user(
        state, "[model_providers.openai]\nbase_url = 'http://evil'\n[model_providers.mine]\n");
    assert_true(case_has_warning(config, "`model_providers.openai` in "));
    assert_false(config_is_set(config, "model_providers.openai"));
    assert_true(config_is_set(config, "model_providers.mine"));
    config_destroy(config);
}

static void a_table_is_given_as_json(void **state)
{
    struct config *config = case_load_user(
        state, "[shell_environment_policy]\ninherit = 'core'\nset = {A = 'b'}\nexclude = ['X*']\n");
    struct json_object *node = config_node(config, "shell_environment_policy");
    assert_string_equal(json_object_to_json_string_ext(node, JSON_C_TO_STRING_PLAIN),
                        "{\"inherit\":\"core\",\"set\":{\"A\":\"b\"},\"exclude\":[\"X*\"]}");
    config_destroy(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(without_any_file_the_defaults_hold),
        in_temp_dir(a_key_nobody_knows_has_no_value),
        in_temp_dir(the_user_file_is_read_and_each_value_knows_its_place),
        in_temp_dir(layers_win_in_their_order),
        in_temp_dir(a_blank_environment_variable_is_no_value),
        in_temp_dir(the_legacy_file_is_read_with_the_default_home_only),
        in_temp_dir(an_unknown_key_is_a_warning_with_the_nearest_one),
        in_temp_dir(keys_of_other_versions_load_without_a_word),
        in_temp_dir(settings_of_an_exporter_are_left_to_its_plugin),
        in_temp_dir(both_spellings_of_a_key_are_one),
        in_temp_dir(effort_none_means_minimal),
        in_temp_dir(an_unknown_variant_names_those_there_are),
        in_temp_dir(a_wrong_type_names_place_key_and_both_types),
        in_temp_dir(a_string_with_a_nul_is_refused),
        in_temp_dir(a_syntax_error_is_shown_with_its_line),
        in_temp_dir(a_file_that_is_no_file_is_refused),
        in_temp_dir(a_pipe_in_place_of_the_file_does_not_block),
        in_temp_dir(a_file_over_the_limit_is_refused),
        in_temp_dir(of_many_unknown_keys_only_the_first_are_named),
        in_temp_dir(a_profile_is_taken_by_flag_else_by_key),
        in_temp_dir(a_profile_may_be_given_by_option),
        in_temp_dir(a_profile_that_is_not_there_is_named),
        in_temp_dir(a_profile_cannot_set_everything),
        in_temp_dir(a_built_in_provider_cannot_be_replaced),
        in_temp_dir(a_table_is_given_as_json),
    };
    return cmocka_run_group_tests_name("config/layers", tests, NULL, NULL);
}
