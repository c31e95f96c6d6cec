/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/sayings.h"
#include "config/schema.h"
#include "config_case.h"

/* "user:1 profile(p):3 -c:0", with "!" behind those that are left out. */
static void assert_sayings(const struct config *config, const char *path, const char *wanted)
{
    struct config_saying saying;
    AUTO_TEXT struct text out;
    text_init(&out, 4096);
    for (size_t i = 0; config_saying(config, path, i, &saying); i++) {
        assert_true(
            text_addf(&out, "%s%s", i > 0 ? " " : "", config_layer_name(saying.origin.layer)));
        assert_true(saying.profile == NULL || text_addf(&out, "(%s)", saying.profile));
        assert_true(text_addf(&out, ":%u=%s%s", saying.origin.line,
                              json_object_to_json_string_ext(saying.value, JSON_C_TO_STRING_PLAIN),
                              saying.left_out != NULL ? "!" : ""));
    }
    assert_string_equal(text_string(&out), wanted);
}

static void every_layer_that_names_a_key_is_there_from_the_lowest(void **state)
{
    struct config_request request = case_request(state);
    case_write(state, "home/config.toml",
               case_text(state, "model = 'u'\nprofile = 'p'\n[profiles.p]\nmodel = 'p'\n"
                                "[projects.\"$TMP/repo\"]\ntrust_level = 'trusted'\n"));
    case_write(state, "repo/.code/config.toml", "\nmodel = 'r'\n");
    case_write(state, "managed.toml", "\n\nmodel = 'm'\n");
    static const char *const override = "model=c";
    request.overrides = &override;
    request.n_overrides = 1;
    struct config *config = case_load(&request);
    assert_sayings(config, "model",
                   "user:1=\"u\" project:2=\"r\" profile(p):4=\"p\" -c:0=\"c\" managed:3=\"m\"");
    assert_sayings(config, "model_provider", "");
    assert_sayings(config, "no.such.key", "");
    assert_sayings(config, "", "");
    config_destroy(config);
}

static void what_an_untrusted_project_says_is_there_but_left_out(void **state)
{
    struct config_request request = case_request(state);
    case_write(state, "home/config.toml", "sandbox_mode = 'workspace-write'\n");
    case_write(state, "repo/.code/config.toml", "sandbox_mode = 'read-only'\nmodel = 'r'\n");
    struct config *config = case_load(&request);
    assert_sayings(config, "model", "project:2=\"r\"!");
    assert_sayings(config, "sandbox_mode",
                   "user:1=\"workspace-write\" project:1=\"read-only\""); /* it tightens: counts */
    config_destroy(config);
}

static void a_question_may_be_asked_again(void **state)
{
    struct config *config = case_load_user(state, "[history]\nmax_bytes = 5\n");
    for (size_t i = 0; i < 3; i++) {
        assert_sayings(config, "history", "user:1={\"max_bytes\":5}");
        assert_sayings(config, "history.max_bytes", "user:2=5");
    }
    config_destroy(config);
}

static void a_written_path_leads_to_its_row(void **state)
{
    (void)state;
    static const struct lead {
        const char *path, *row;
    } leads[] = {
        {"model", "model"},
        {"model_instructions_file", "experimental_instructions_file"},
        {"model_providers.acme.base_url", "model_providers.*.base_url"},
        {"model_providers.\"a.b\".base_url", "model_providers.*.base_url"},
        {"model_providers.acme.http_headers.X-Key", "model_providers.*.http_headers"},
        {"profiles.fast.model", "model"},
        {"projects.\"/a b\".trust_level", "projects.*.trust_level"},
    };
    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++) {
        const struct schema_row *row = config_row_of(leads[i].path, NULL);
        assert_non_null(row);
        assert_string_equal(row->path, leads[i].row);
    }
}

static void an_unknown_path_leads_to_the_nearest_key(void **state)
{
    (void)state;
    const char *nearest = NULL;
    assert_null(config_row_of("modell", &nearest));
    assert_string_equal(nearest, "model");
    assert_null(config_row_of("model_providers.x.base_ulr", &nearest));
    assert_string_equal(nearest, "model_providers.*.base_url");
    assert_null(config_row_of("", &nearest));
    assert_null(config_row_of("model.below", &nearest));
    assert_null(config_row_of("..", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(every_layer_that_names_a_key_is_there_from_the_lowest),
        in_temp_dir(what_an_untrusted_project_says_is_there_but_left_out),
        in_temp_dir(a_question_may_be_asked_again),
        cmocka_unit_test(a_written_path_leads_to_its_row),
        cmocka_unit_test(an_unknown_path_leads_to_the_nearest_key),
    };
    return cmocka_run_group_tests_name("config/sayings", tests, NULL, NULL);
}
