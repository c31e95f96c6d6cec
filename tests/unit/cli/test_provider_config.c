/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "cli/provider_config.h"
#include "config/provider_settings.h"
#include "credentials/bearer.h"

static struct json_object *config_of(const struct provider_settings *settings)
{
    AUTO_FREE char *text = provider_config_json(settings, "thread-1");
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
    AUTO_FREE char *text = provider_config_json(&settings, "thread-1");
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

static void assert_names(const struct provider_settings *settings, const char *const *names,
                         const char *asked)
{
    struct bearer bearer;
    provider_config_bearer(settings, &bearer);
    size_t n = 0;
    for (; names[n] != NULL; n++) {
        assert_string_equal(bearer.names[n], names[n]);
    }
    assert_null(bearer.names[n]);
    if (asked == NULL) {
        assert_null(bearer.asked_name);
    } else {
        assert_string_equal(bearer.asked_name, asked);
    }
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void openai_takes_the_key_from_the_names_people_know(void **state)
{
    (void)state;
    struct provider_settings settings = {
        .id = "openai", .env_key = "OPENAI_API_KEY", .requires_openai_auth = true};
    assert_names(&settings,
                 NAMES("CODE_API_KEY", "BEACON_API_KEY", "CODEX_API_KEY", "OPENAI_API_KEY"),
                 "OPENAI_API_KEY");
    settings.env_key = NULL;
    assert_names(&settings,
                 NAMES("CODE_API_KEY", "BEACON_API_KEY", "CODEX_API_KEY", "OPENAI_API_KEY"),
                 "OPENAI_API_KEY");
}

static void another_provider_takes_it_from_its_own_name_only(void **state)
{
    (void)state;
    struct provider_settings settings = {.id = "mine", .env_key = "MINE_KEY"};
    assert_names(&settings, NAMES("MINE_KEY"), "MINE_KEY");
    settings.env_key = "OPENAI_API_KEY";
    assert_names(&settings, NAMES("OPENAI_API_KEY"), "OPENAI_API_KEY");
    settings.env_key = NULL;
    assert_names(&settings, (const char *const[]){NULL}, NULL);
}

static void its_own_name_comes_before_those_of_openai(void **state)
{
    (void)state;
    struct provider_settings settings = {
        .id = "mine", .env_key = "MINE_KEY", .requires_openai_auth = true};
    assert_names(
        &settings,
        NAMES("MINE_KEY", "CODE_API_KEY", "BEACON_API_KEY", "CODEX_API_KEY", "OPENAI_API_KEY"),
        "MINE_KEY");
}

static void the_key_belongs_to_the_configured_server(void **state)
{
    (void)state;
    struct provider_settings settings = {.id = "mine",
                                         .base_url = "http://127.0.0.1/v1",
                                         .bearer = "sk-1",
                                         .env_key_instructions = "Ask Bob."};
    struct bearer bearer;
    provider_config_bearer(&settings, &bearer);
    assert_string_equal(bearer.base_url, "http://127.0.0.1/v1");
    assert_string_equal(bearer.token, "sk-1");
    assert_string_equal(bearer.instructions, "Ask Bob.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plugin_is_told_its_address_and_who_we_are),
        cmocka_unit_test(the_environment_may_name_the_originator),
        cmocka_unit_test(keys_and_their_names_stay_out_of_it),
        cmocka_unit_test(azure_is_known_by_name_or_address),
        cmocka_unit_test(openai_takes_the_key_from_the_names_people_know),
        cmocka_unit_test(another_provider_takes_it_from_its_own_name_only),
        cmocka_unit_test(its_own_name_comes_before_those_of_openai),
        cmocka_unit_test(the_key_belongs_to_the_configured_server),
    };
    return cmocka_run_group_tests_name("cli/provider_config", tests, NULL, NULL);
}
