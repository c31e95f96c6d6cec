/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include "config_case.h"

#define TRUST "[projects.\"$TMP/repo\"]\ntrust_level = \"trusted\"\n"

static double limit(const struct config *config, const char *path)
{
    double number = -1;
    return config_number(config, path, &number) ? number : -1;
}

static struct config *load(void **state, const char *user, const char *project)
{
    struct config_request request = case_request(state);
    case_write(state, "home/config.toml", case_text(state, user));
    case_write(state, "repo/.code/config.toml", project);
    return case_load(&request);
}

static void a_trusted_project_lowers_a_limit_and_cannot_raise_one(void **state)
{
    struct config *config =
        load(state, "[budget]\nmax_tokens = 100\nmax_cost_usd = 1.5\n" TRUST,
             "[budget]\nmax_tokens = 1000\nmax_cost_usd = 0.5\nmax_turns = 7\n");
    assert_true(limit(config, "budget.max_tokens") == 100);
    assert_true(limit(config, "budget.max_cost_usd") == 0.5);
    assert_true(limit(config, "budget.max_turns") == 7);
    case_assert_origin(config, "budget.max_tokens", CONFIG_LAYER_USER, 2);
    case_assert_origin(config, "budget.max_cost_usd", CONFIG_LAYER_PROJECT, 3);
    assert_true(case_has_warning(config, "a project cannot raise one"));
    config_destroy(config);
}

static void the_person_raises_on_the_command_line_what_a_project_lowered(void **state)
{
    struct config_request request = case_request(state);
    static const char *const overrides[] = {"budget.max_tokens=500"};
    case_write(state, "home/config.toml", case_text(state, "[budget]\nmax_tokens = 100\n" TRUST));
    case_write(state, "repo/.code/config.toml", "[budget]\nmax_tokens = 10\n");
    request.overrides = overrides;
    request.n_overrides = 1;
    struct config *config = case_load(&request);
    assert_true(limit(config, "budget.max_tokens") == 500);
    assert_int_equal(config_warning_count(config), 0);
    config_destroy(config);
}

static void a_profile_of_a_project_has_no_budget(void **state)
{
    struct config_request request = case_request(state);
    case_write(state, "home/config.toml",
               case_text(state, "[profiles.p]\nmodel = 'm'\n[profiles.p.budget]\nmax_turns = 2\n" //
                         TRUST));
    case_write(state, "repo/.code/config.toml",
               "[profiles.p]\nmodel_text_verbosity = 'low'\n[profiles.p.budget]\nmax_turns = 9\n");
    request.profile = "p";
    struct config *config = case_load(&request);
    assert_true(limit(config, "budget.max_turns") == 2);
    assert_string_equal(config_string(config, "model_text_verbosity"), "low");
    assert_true(case_has_warning(config, "not in profiles"));
    config_destroy(config);
}

static void an_untrusted_project_lowers_too_and_breaks_nothing(void **state)
{
    struct config *config =
        load(state, "[budget]\nmax_tokens = 100\n", "[budget]\nmax_tokens = 50\nmax_seconds = 3\n");
    assert_true(limit(config, "budget.max_tokens") == 50);
    assert_true(limit(config, "budget.max_seconds") == 3);
    assert_int_equal(config_warning_count(config), 0);
    config_destroy(config);

    config = load(state, "[budget]\nmax_tokens = 100\n",
                  "[budget]\nmax_tokens = 101\nmax_turns = -1\nmax_cost_usd = 'all'\n"
                  "max_seconds = nan\nmore = 1\n");
    assert_true(limit(config, "budget.max_tokens") == 100);
    assert_true(limit(config, "budget.max_turns") == -1);
    assert_true(limit(config, "budget.max_cost_usd") == -1);
    assert_true(limit(config, "budget.max_seconds") == -1);
    assert_int_equal(config_warning_count(config), 1);
    config_destroy(config);

    config = load(state, "[budget]\nmax_tokens = 100\n", "budget = 3\n");
    assert_true(limit(config, "budget.max_tokens") == 100);
    config_destroy(config);
}

static void a_folder_further_down_can_only_lower_what_the_one_above_said(void **state)
{
    struct config_request request = case_request(state);
    case_write(state, "home/config.toml", case_text(state, TRUST));
    case_write(state, "repo/.code/config.toml", "[budget]\nmax_turns = 5\nmax_tokens = 5\n");
    case_write(state, "repo/sub/.code/config.toml", "[budget]\nmax_turns = 6\nmax_tokens = 4\n");
    request.cwd = temp_path(state, "repo/sub");
    struct config *config = case_load(&request);
    assert_true(limit(config, "budget.max_turns") == 5);
    assert_true(limit(config, "budget.max_tokens") == 4);
    config_destroy(config);
}

static void a_limit_of_another_type_is_refused(void **state)
{
    struct config_request request = case_request(state);
    case_write(state, "home/config.toml", "[budget]\nmax_tokens = 1.5\n");
    case_refused(&request, BEACON_E_INVALID,
                 case_text(state, "$TMP/home/config.toml:2:14: `budget.max_tokens` must be an "
                                  "integer that is not negative, found a float"));
    case_write(state, "home/config.toml", "[budget]\nmax_cost_usd = '1'\n");
    case_refused(&request, BEACON_E_INVALID,
                 case_text(state, "$TMP/home/config.toml:2:16: `budget.max_cost_usd` must be an "
                                  "integer that is not negative or a number, found a string"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_trusted_project_lowers_a_limit_and_cannot_raise_one),
        in_temp_dir(the_person_raises_on_the_command_line_what_a_project_lowered),
        in_temp_dir(a_profile_of_a_project_has_no_budget),
        in_temp_dir(an_untrusted_project_lowers_too_and_breaks_nothing),
        in_temp_dir(a_folder_further_down_can_only_lower_what_the_one_above_said),
        in_temp_dir(a_limit_of_another_type_is_refused),
    };
    return cmocka_run_group_tests_name("config/project_budget", tests, NULL, NULL);
}
