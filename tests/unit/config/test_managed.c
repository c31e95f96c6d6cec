/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include "config_case.h"

static struct config_request managed_by(void **state, const char *managed)
{
    struct config_request request = case_request(state);
    case_write(state, "managed.toml", managed);
    return request;
}

static void managed_values_win_over_every_other_layer(void **state)
{
    static const char *const override = "approval_policy=never";
    static const struct config_flag flag = {"sandbox_mode", "danger-full-access"};
    struct config_request request =
        managed_by(state, "approval_policy = 'untrusted'\nsandbox_mode = 'read-only'\n");
    case_write(state, "home/config.toml", "[profiles.p]\napproval_policy = 'on-failure'\n");
    request.profile = "p";
    request.overrides = &override;
    request.n_overrides = 1;
    request.flags = &flag;
    request.n_flags = 1;
    struct config *config = case_load(&request);
    assert_string_equal(config_string(config, "approval_policy"), "untrusted");
    assert_string_equal(config_string(config, "sandbox_mode"), "read-only");
    case_assert_origin(config, "sandbox_mode", CONFIG_LAYER_MANAGED, 2);
    config_destroy(config);
}

static void what_was_overridden_is_said(void **state)
{
    static const char *const override = "approval_policy=never";
    struct config_request request =
        managed_by(state, "approval_policy = 'untrusted'\nhide_agent_reasoning = true\n"
                          "[sandbox_workspace_write]\nnetwork_access = false\n"
                          "writable_roots = ['/a']\n");
    case_write(state, "home/config.toml",
               "hide_agent_reasoning = true\n[sandbox_workspace_write]\n"
               "network_access = true\nwritable_roots = ['/a', '/b']\n");
    request.overrides = &override;
    request.n_overrides = 1;
    struct config *config = case_load(&request);
    assert_int_equal(config_warning_count(config), 3);
    assert_true(case_has_warning(
        config, case_text(state, "`approval_policy` (-c) is overridden by $TMP/managed.toml")));
    assert_true(case_has_warning(
        config, case_text(state, "`sandbox_workspace_write.network_access` (user: "
                                 "$TMP/home/config.toml) is overridden by $TMP/managed.toml")));
    assert_true(case_has_warning(config, "`sandbox_workspace_write.writable_roots` (user: "));
    config_destroy(config);
}

static void the_same_value_is_not_spoken_of(void **state)
{
    struct config_request request =
        managed_by(state, "model = 'a'\nmodel_context_window = 5\n"
                          "[shell_environment_policy]\nexclude = ['X']\nset = {A = 'b'}\n");
    case_write(state, "home/config.toml",
               "model = 'a'\nmodel_context_window = 5\n"
               "[shell_environment_policy]\nexclude = ['X']\nset = {A = 'b', C = 'd'}\n");
    struct config *config = case_load(&request);
    assert_int_equal(config_warning_count(config), 0);
    assert_string_equal(config_string(config, "shell_environment_policy.set.C"), "d");
    config_destroy(config);
}

static void a_missing_managed_file_is_an_empty_one(void **state)
{
    struct config_request request = case_request(state);
    struct config *config = case_load(&request);
    assert_int_equal(config_warning_count(config), 0);
    config_destroy(config);
}

static void an_unknown_managed_key_is_an_error(void **state)
{
    struct config_request request = managed_by(state, "sandbox_mod = 'read-only'\n");
    case_refused(&request, BEACON_E_INVALID,
                 case_text(state, "$TMP/managed.toml:1:1: unknown key `sandbox_mod`; did you mean "
                                  "`sandbox_mode`?"));
}

static void a_malformed_managed_file_is_named(void **state)
{
    struct config_request request = managed_by(state, "a = \n");
    case_refused(&request, BEACON_E_INVALID,
                 case_text(state,
                           "failed to parse managed config $TMP/managed.toml:1:5: expected a "
                           "value, found the end of the line"));
}

static void an_unreadable_managed_file_is_an_error(void **state)
{
    struct config_request request = case_request(state);
    case_write(state, "managed.toml/x", "");
    case_refused(&request, BEACON_E_IO,
                 case_text(state, "failed to read managed config $TMP/managed.toml: not a regular "
                                  "file"));
}

static void a_managed_profile_is_the_one_used(void **state)
{
    struct config_request request =
        managed_by(state, "profile = 'strict'\n[profiles.strict]\nmodel = 'strict'\n");
    case_write(state, "home/config.toml",
               "model = 'top'\nprofile = 'mine'\n[profiles.mine]\nmodel = 'mine'\n");
    request.profile = "mine";
    struct config *config = case_load(&request);
    assert_string_equal(config_string(config, "model"), "strict");
    config_destroy(config);
}

static void a_managed_entry_for_the_folder_wins(void **state)
{
    static const char *const override = "sandbox_mode=danger-full-access";
    struct config_request request = managed_by(
        state, case_text(state, "[projects.\"$TMP/repo\"]\nsandbox_mode = 'read-only'\n"));
    request.overrides = &override;
    request.n_overrides = 1;
    struct config *config = case_load(&request);
    assert_string_equal(config_string(config, "sandbox_mode"), "read-only");
    assert_int_equal(config_warning_count(config), 1);
    config_destroy(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(managed_values_win_over_every_other_layer),
        in_temp_dir(what_was_overridden_is_said),
        in_temp_dir(the_same_value_is_not_spoken_of),
        in_temp_dir(a_missing_managed_file_is_an_empty_one),
        in_temp_dir(an_unknown_managed_key_is_an_error),
        in_temp_dir(a_malformed_managed_file_is_named),
        in_temp_dir(an_unreadable_managed_file_is_an_error),
        in_temp_dir(a_managed_profile_is_the_one_used),
        in_temp_dir(a_managed_entry_for_the_folder_wins),
    };
    return cmocka_run_group_tests_name("config/managed", tests, NULL, NULL);
}
