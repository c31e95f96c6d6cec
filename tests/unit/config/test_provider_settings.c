/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdlib.h>
#include <string.h>

#include "config/provider_settings.h"
#include "config_case.h"

static struct provider_settings settings_of(const struct config *config, const char *id)
{
    struct beacon_error err = {0};
    struct provider_settings settings = {0};
    assert_ok(config_provider(config, id, &settings, &err), &err);
    return settings;
}

static void assert_provider_refused(void **state, const char *file, int code, const char *message)
{
    struct beacon_error err = {0};
    struct provider_settings settings = {0};
    struct config *config = case_load_user(state, file);
    assert_refused(config_provider(config, "x", &settings, &err), code, &err);
    assert_string_equal(err.message, message);
    assert_null(settings.id);
    config_destroy(config);
}

static void openai_needs_no_configuration(void **state)
{
    struct config *config = case_load_user(state, "");
    struct provider_settings settings = settings_of(config, "openai");
    assert_string_equal(settings.name, "OpenAI");
    assert_string_equal(settings.base_url, "https://api.openai.com/v1");
    assert_string_equal(settings.env_key, "OPENAI_API_KEY");
    assert_string_equal(settings.wire_api, "responses");
    assert_string_equal(settings.plugin, "responses");
    assert_int_equal(settings.request_max_retries, 4);
    assert_int_equal(settings.stream_max_retries, 5);
    assert_int_equal(settings.stream_idle_timeout_ms, 300000);
    assert_int_equal(settings.connect_timeout_ms, 10000);
    assert_int_equal(settings.first_byte_timeout_ms, 300000);
    assert_true(settings.requires_openai_auth);
    assert_int_equal(settings.n_headers, 0);
    assert_null(settings.bearer);
    provider_settings_finish(&settings);
    config_destroy(config);
}

static void the_address_of_openai_may_be_set(void **state)
{
    struct config *config = case_load_user(state, "openai_base_url = 'http://127.0.0.1:1/v1'\n");
    struct provider_settings settings = settings_of(config, "openai");
    assert_string_equal(settings.base_url, "http://127.0.0.1:1/v1");
    provider_settings_finish(&settings);
    config_destroy(config);
}

static void headers_of_openai_come_from_the_environment(void **state)
{
    struct config *config = case_load_user(state, "");
    assert_int_equal(setenv("OPENAI_ORGANIZATION", "org-1", 1), 0);
    assert_int_equal(setenv("OPENAI_PROJECT", " ", 1), 0);
    struct provider_settings settings = settings_of(config, "openai");
    assert_int_equal(settings.n_headers, 1);
    assert_string_equal(settings.headers[0].name, "OpenAI-Organization");
    assert_string_equal(settings.headers[0].value, "org-1");
    provider_settings_finish(&settings);
    config_destroy(config);
}

static void oss_is_a_server_on_this_machine(void **state)
{
    struct beacon_error err = {0};
    struct config *config = case_load_user(state, "");
    struct provider_settings settings = settings_of(config, "oss");
    assert_string_equal(settings.base_url, "http://localhost:11434/v1");
    assert_null(settings.env_key);
    provider_settings_finish(&settings);

    assert_int_equal(setenv("CODEX_OSS_PORT", "8080", 1), 0);
    settings = settings_of(config, "oss");
    assert_string_equal(settings.base_url, "http://localhost:8080/v1");
    provider_settings_finish(&settings);

    assert_int_equal(setenv("CODEX_OSS_PORT", "80a", 1), 0);
    assert_refused(config_provider(config, "oss", &settings, &err), BEACON_E_INVALID, &err);

    assert_int_equal(unsetenv("CODEX_OSS_PORT"), 0);
    assert_int_equal(setenv("CODEX_OSS_BASE_URL", "http://host/v1", 1), 0);
    settings = settings_of(config, "oss");
    assert_string_equal(settings.base_url, "http://host/v1");
    provider_settings_finish(&settings);
    config_destroy(config);
}

static void replay_takes_a_recording(void **state)
{
    struct config *config =
        case_load_user(state, "[model_providers.replay]\nrecording = '/tmp/a.jsonl'\n");
    struct provider_settings settings = settings_of(config, "replay");
    assert_string_equal(settings.plugin, "replay");
    assert_string_equal(settings.recording, "/tmp/a.jsonl");
    assert_null(settings.base_url);
    provider_settings_finish(&settings);
    config_destroy(config);
}

static void every_key_of_a_provider_is_read(void **state)
{
    struct config *config = case_load_user(
        state,
        "[model_providers.lab]\nname = 'Lab'\nbase_url = 'http://lab/v1'\nenv_key = 'LAB_KEY'\n"
        "env_key_instructions = 'ask'\nexperimental_bearer_token = 't'\nwire_api = 'chat'\n"
        "query_params = {api-version = '2'}\nhttp_headers = {X-A = 'a'}\n"
        "env_http_headers = {X-B = 'LAB_B', X-C = 'LAB_C'}\nrequest_max_retries = 1000\n"
        "stream_max_retries = 0\nstream_idle_timeout_ms = 7\nconnect_timeout_ms = 99999999999\n"
        "first_byte_timeout_ms = 9\nrequires_openai_auth = true\n");
    assert_int_equal(setenv("LAB_B", "b", 1), 0);
    assert_int_equal(unsetenv("LAB_C"), 0);
    struct provider_settings settings = settings_of(config, "lab");
    assert_string_equal(settings.id, "lab");
    assert_string_equal(settings.name, "Lab");
    assert_string_equal(settings.env_key, "LAB_KEY");
    assert_string_equal(settings.env_key_instructions, "ask");
    assert_string_equal(settings.bearer, "t");
    assert_string_equal(settings.wire_api, "chat");
    assert_string_equal(settings.plugin, "chat");
    assert_int_equal(settings.n_query, 1);
    assert_string_equal(settings.query[0].name, "api-version");
    assert_int_equal(settings.n_headers, 2);
    assert_string_equal(settings.headers[0].name, "X-A");
    assert_string_equal(settings.headers[1].value, "b");
    assert_int_equal(settings.request_max_retries, 100);
    assert_int_equal(settings.stream_max_retries, 0);
    assert_int_equal(settings.stream_idle_timeout_ms, 7);
    assert_int_equal(settings.connect_timeout_ms, UINT32_MAX);
    assert_int_equal(settings.first_byte_timeout_ms, 9);
    assert_true(settings.requires_openai_auth);
    provider_settings_finish(&settings);
    config_destroy(config);
}

static void a_provider_with_nothing_set_has_the_defaults(void **state)
{
    struct config *config =
        case_load_user(state, "[model_providers.x]\nstream_idle_timeout_ms = 50\n");
    struct provider_settings settings = settings_of(config, "x");
    assert_string_equal(settings.name, "x");
    assert_null(settings.base_url);
    assert_string_equal(settings.plugin, "responses");
    assert_int_equal(settings.first_byte_timeout_ms, 50);
    assert_false(settings.requires_openai_auth);
    provider_settings_finish(&settings);
    config_destroy(config);
}

static void a_provider_that_is_not_there_is_named(void **state)
{
    assert_provider_refused(state, "", BEACON_E_NOT_FOUND, "Model provider `x` not found");
}

static void a_header_cannot_smuggle_another_one(void **state)
{
    static const char message[] = "header `X-A` of model provider `x` is not a valid header";
    assert_provider_refused(state, "[model_providers.x.http_headers]\nX-A = \"a\\r\\nEvil: 1\"\n",
                            BEACON_E_INVALID, message);
    assert_provider_refused(state, "[model_providers.x.http_headers]\n\"X A\" = \"a\"\n",
                            BEACON_E_INVALID,
                            "header `X A` of model provider `x` is not a valid header");
    assert_int_equal(setenv("LAB_B", "b\nEvil: 1", 1), 0);
    assert_provider_refused(state, "[model_providers.x.env_http_headers]\nX-A = 'LAB_B'\n",
                            BEACON_E_INVALID, message);
}

static void a_key_in_place_of_the_name_of_its_variable_is_not_repeated(void **state)
{
    static const char message[] =
        "env_key of model provider `x` is not the name of an environment variable";
    assert_provider_refused(state, "[model_providers.x]\nenv_key = 'sk-1'\n", BEACON_E_INVALID,
                            message);
    assert_provider_refused(state, "[model_providers.x]\nenv_key = '1A'\n", BEACON_E_INVALID,
                            message);
}

static void an_address_must_be_one(void **state)
{
    assert_provider_refused(state, "[model_providers.x]\nbase_url = 'file:///etc/passwd'\n",
                            BEACON_E_INVALID,
                            "base_url of model provider `x` is not an address: file:///etc/passwd");
    assert_provider_refused(state, "[model_providers.x]\nbase_url = 'http://a b'\n",
                            BEACON_E_INVALID,
                            "base_url of model provider `x` is not an address: http://a b");
}

static void a_time_limit_of_nothing_is_refused(void **state)
{
    assert_provider_refused(state, "[model_providers.x]\nconnect_timeout_ms = 0\n",
                            BEACON_E_INVALID,
                            "`model_providers.x.connect_timeout_ms` must not be 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(openai_needs_no_configuration),
        in_temp_dir(the_address_of_openai_may_be_set),
        in_temp_dir(headers_of_openai_come_from_the_environment),
        in_temp_dir(oss_is_a_server_on_this_machine),
        in_temp_dir(replay_takes_a_recording),
        in_temp_dir(every_key_of_a_provider_is_read),
        in_temp_dir(a_provider_with_nothing_set_has_the_defaults),
        in_temp_dir(a_provider_that_is_not_there_is_named),
        in_temp_dir(a_header_cannot_smuggle_another_one),
        in_temp_dir(a_key_in_place_of_the_name_of_its_variable_is_not_repeated),
        in_temp_dir(an_address_must_be_one),
        in_temp_dir(a_time_limit_of_nothing_is_refused),
    };
    return cmocka_run_group_tests_name("config/provider_settings", tests, NULL, NULL);
}
