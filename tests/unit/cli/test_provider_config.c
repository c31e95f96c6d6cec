/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/path.h"
#include "cli/provider_config.h"
#include "config/layers.h"
#include "config/provider_settings.h"

static struct json_object *config_of(const struct provider_settings *settings)
{
    AUTO_FREE char *text = provider_config_json(settings, "m", "thread-1");
    struct beacon_error err = {0};
    struct json_object *tree = NULL;
    assert_ok(json_parse(text, strlen(text), "config", &tree, &err), &err);
    return tree;
}

static void a_plugin_is_told_its_address_and_who_we_are(void **state)
{
    (void)state;
    struct provider_pair query[] = {{"api-version", "1"}}, headers[] = {{"X-Team", "a\"b"}};
    struct provider_settings settings = {.id = "mine",
                                         .name = "Mine",
                                         .base_url = "http://127.0.0.1/v1",
                                         .query = query,
                                         .n_query = 1,
                                         .headers = headers,
                                         .n_headers = 1,
                                         .stream_idle_timeout_ms = 4000000000u};
    assert_int_equal(unsetenv("CODEX_INTERNAL_ORIGINATOR_OVERRIDE"), 0);
    AUTO_JSON struct json_object *tree = config_of(&settings);
    assert_string_equal(json_string_of(tree, "base_url", ""), "http://127.0.0.1/v1");
    assert_string_equal(json_string_of(tree, "name", ""), "Mine");
    assert_string_equal(json_string_of(tree, "session_id", ""), "thread-1");
    assert_string_equal(json_string_of(tree, "originator", ""), "code_exec");
    assert_memory_equal(json_string_of(tree, "user_agent", ""), "code_exec/", 10);
    assert_string_equal(json_string_of(json_member(tree, "query_params"), "api-version", ""), "1");
    assert_string_equal(json_string_of(json_member(tree, "http_headers"), "X-Team", ""), "a\"b");
    assert_int_equal(json_int_of(tree, "stream_idle_timeout_ms", 0), 4000000000);
    assert_false(json_bool_of(tree, "is_azure", true));
    assert_null(json_member(tree, "recording"));
}

static void a_plugin_is_told_the_quirks_of_the_model(void **state)
{
    (void)state;
    struct model_profile models[] = {{.id = "m*", .quirks = "{\"usage\":\"none\"}"}};
    struct provider_settings settings = {.id = "mine",
                                         .quirks = "{\"usage\":\"always\"}",
                                         .extra = "{\"route\":\"fallback\"}",
                                         .models = models,
                                         .n_models = 1};
    AUTO_JSON struct json_object *tree = config_of(&settings);
    assert_string_equal(json_string_of(json_member(tree, "quirks"), "usage", ""), "none");
    assert_string_equal(json_string_of(json_member(tree, "extra"), "route", ""), "fallback");
    settings.n_models = 0;
    AUTO_JSON struct json_object *other = config_of(&settings);
    assert_string_equal(json_string_of(json_member(other, "quirks"), "usage", ""), "always");
}

static void a_key_may_have_a_header_of_its_own(void **state)
{
    (void)state;
    struct provider_settings settings = {.id = "mine", .env_key = "K", .auth_header = "x-api-key"};
    AUTO_FREE char *text = provider_config_auth_json(&settings);
    struct beacon_error err = {0};
    AUTO_JSON struct json_object *tree = NULL;
    assert_ok(json_parse(text, strlen(text), "config", &tree, &err), &err);
    assert_string_equal(json_string_of(tree, "header", ""), "x-api-key");
    assert_string_equal(json_string_of(tree, "scheme", "-"), "");
}

static void the_environment_may_name_the_originator(void **state)
{
    (void)state;
    struct provider_settings settings = {.id = "mine"};
    assert_int_equal(setenv("CODEX_INTERNAL_ORIGINATOR_OVERRIDE", "codex_sdk_ts", 1), 0);
    AUTO_JSON struct json_object *tree = config_of(&settings);
    assert_string_equal(json_string_of(tree, "originator", ""), "codex_sdk_ts");
    assert_memory_equal(json_string_of(tree, "user_agent", ""), "codex_sdk_ts/", 13);
    assert_int_equal(unsetenv("CODEX_INTERNAL_ORIGINATOR_OVERRIDE"), 0);
}

static void keys_and_their_names_stay_out_of_it(void **state)
{
    (void)state;
    assert_int_equal(setenv("MY_SECRET_KEY", "sk-from-the-environment", 1), 0);
    struct provider_settings settings = {.id = "openai",
                                         .base_url = "http://127.0.0.1/v1",
                                         .env_key = "MY_SECRET_KEY",
                                         .bearer = "sk-from-the-file",
                                         .requires_openai_auth = true};
    AUTO_FREE char *text = provider_config_json(&settings, NULL, "thread-1");
    assert_null(strstr(text, "sk-from"));
    assert_null(strstr(text, "SECRET"));
    assert_int_equal(unsetenv("MY_SECRET_KEY"), 0);
}

static void azure_is_known_by_name_or_address(void **state)
{
    (void)state;
    struct provider_settings rows[] = {
        {.id = "my-AZURE"},
        {.id = "mine", .name = "Azure OpenAI"},
        {.id = "mine", .base_url = "https://x.openai.azure.com/openai"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO_JSON struct json_object *tree = config_of(&rows[i]);
        assert_true(json_bool_of(tree, "is_azure", false));
    }
}

static void assert_names(const struct provider_settings *settings, const char *const *names)
{
    const char *found[PROVIDER_KEY_NAMES_MAX + 1];
    provider_config_key_names(settings, found);
    size_t n = 0;
    for (; names[n] != NULL; n++) {
        assert_string_equal(found[n], names[n]);
    }
    assert_null(found[n]);
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void openai_takes_the_key_from_the_names_people_know(void **state)
{
    (void)state;
    struct provider_settings settings = {
        .id = "openai", .env_key = "OPENAI_API_KEY", .requires_openai_auth = true};
    assert_names(&settings,
                 NAMES("CODE_API_KEY", "BEACON_API_KEY", "CODEX_API_KEY", "OPENAI_API_KEY"));
    settings.env_key = NULL;
    assert_names(&settings,
                 NAMES("CODE_API_KEY", "BEACON_API_KEY", "CODEX_API_KEY", "OPENAI_API_KEY"));
}

static void another_provider_takes_it_from_its_own_name_only(void **state)
{
    (void)state;
    struct provider_settings settings = {.id = "mine", .env_key = "MINE_KEY"};
    assert_names(&settings, NAMES("MINE_KEY"));
    settings.env_key = "OPENAI_API_KEY";
    assert_names(&settings, NAMES("OPENAI_API_KEY"));
    settings.env_key = NULL;
    assert_names(&settings, (const char *const[]){NULL});
}

static void its_own_name_comes_before_those_of_openai(void **state)
{
    (void)state;
    struct provider_settings settings = {
        .id = "mine", .env_key = "MINE_KEY", .requires_openai_auth = true};
    assert_names(&settings, NAMES("MINE_KEY", "CODE_API_KEY", "BEACON_API_KEY", "CODEX_API_KEY",
                                  "OPENAI_API_KEY"));
}

static void assert_auth_json(const struct provider_settings *settings, const char *wanted)
{
    AUTO_FREE char *text = provider_config_auth_json(settings);
    assert_string_equal(text, wanted);
}

static void the_auth_plugin_is_told_where_to_look_and_what_to_say(void **state)
{
    (void)state;
    struct provider_settings mine = {.id = "mine",
                                     .base_url = "http://127.0.0.1/v1",
                                     .env_key = "MINE_KEY",
                                     .bearer = "sk-1",
                                     .env_key_instructions = "Ask Bob."};
    assert_auth_json(&mine, "{\"provider\":\"mine\",\"base_url\":\"http:\\/\\/127.0.0.1\\/v1\","
                            "\"env_keys\":[\"MINE_KEY\"],\"env_keys_after\":[],\"login\":false,"
                            "\"ask_for\":\"MINE_KEY\",\"instructions\":\"Ask Bob.\"}");
    struct provider_settings openai = {
        .id = "openai", .env_key = "OPENAI_API_KEY", .requires_openai_auth = true};
    assert_auth_json(&openai, "{\"provider\":\"openai\","
                              "\"env_keys\":[\"CODE_API_KEY\",\"BEACON_API_KEY\","
                              "\"CODEX_API_KEY\"],\"env_keys_after\":[\"OPENAI_API_KEY\"],"
                              "\"login\":true,\"ask_for\":\"OPENAI_API_KEY\"}");
}

static struct config *config_with(void **state, const char *text)
{
    struct beacon_error err = {0};
    struct config *config = NULL;
    write_text(temp_path(state, "config.toml"), text);
    assert_ok(config_load(&(struct config_request){.home = temp_dir(state)}, &config, &err), &err);
    return config;
}

static void a_provider_names_its_auth_plugin_or_takes_the_common_one(void **state)
{
    struct provider_settings local = {.id = "local"};
    struct provider_settings keyed = {.id = "mine", .env_key = "MINE_KEY"};
    struct provider_settings own = {.id = "mine", .auth = "acme"};
    struct provider_settings none = {.id = "mine", .env_key = "MINE_KEY", .auth = "none"};
    struct config *config = config_with(state, "");
    assert_null(provider_config_auth(config, &local));
    assert_string_equal(provider_config_auth(config, &keyed), "api_key");
    assert_string_equal(provider_config_auth(config, &own), "acme");
    assert_null(provider_config_auth(config, &none));
    config_destroy(config);
    config = config_with(state, "auth = \"sso\"\n");
    assert_null(provider_config_auth(config, &local));
    assert_string_equal(provider_config_auth(config, &keyed), "sso");
    assert_string_equal(provider_config_auth(config, &own), "acme");
    config_destroy(config);
}

static void a_forced_login_method_says_who_forces_it(void **state)
{
    struct config *config = config_with(state, "\nforced_login_method = \"chatgpt\"\n");
    assert_null(provider_config_forced(config, "chatgpt"));
    AUTO_FREE char *why = provider_config_forced(config, "api_key");
    AUTO_FREE char *place = path_join(temp_dir(state), "config.toml:2)");
    assert_memory_equal(why, "API key login is disabled: forced_login_method is \"chatgpt\" (", 61);
    assert_string_equal(why + 61, place);
    config_destroy(config);
    config = config_with(state, "forced_login_method = \"api\"\n");
    assert_null(provider_config_forced(config, "api_key"));
    AUTO_FREE char *other = provider_config_forced(config, "chatgpt");
    assert_non_null(other);
    config_destroy(config);
    config = config_with(state, "");
    assert_null(provider_config_forced(config, "api_key"));
    config_destroy(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plugin_is_told_its_address_and_who_we_are),
        cmocka_unit_test(a_plugin_is_told_the_quirks_of_the_model),
        cmocka_unit_test(a_key_may_have_a_header_of_its_own),
        cmocka_unit_test(the_environment_may_name_the_originator),
        cmocka_unit_test(keys_and_their_names_stay_out_of_it),
        cmocka_unit_test(azure_is_known_by_name_or_address),
        cmocka_unit_test(openai_takes_the_key_from_the_names_people_know),
        cmocka_unit_test(another_provider_takes_it_from_its_own_name_only),
        cmocka_unit_test(its_own_name_comes_before_those_of_openai),
        cmocka_unit_test(the_auth_plugin_is_told_where_to_look_and_what_to_say),
        in_temp_dir(a_provider_names_its_auth_plugin_or_takes_the_common_one),
        in_temp_dir(a_forced_login_method_says_who_forces_it),
    };
    return cmocka_run_group_tests_name("cli/provider_config", tests, NULL, NULL);
}
